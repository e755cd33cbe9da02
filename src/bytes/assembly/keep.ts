// Values that no column is about → the JSON text of what is kept, but for what has rows of its own.

import { isRefused, kindOf, nextOf, refuse } from './cells';
import { addExtensions } from './host';
import { restEnd } from './memory';
import { KEY_ID, KEY_ROLE, KEY_SEARCH, ROLE_CONTAINED, ROLE_PRIMITIVE_ELEMENT } from './plan-words';
import { CONTAINMENT_HAS_UNPACKED } from './reference-words';
import { hasRoom, put, putKey, putNull, putValue, restAt, rewindRest } from './rest';
import { KIND_ARRAY, KIND_NULL, KIND_OBJECT } from './tape';
import { containment, hasExtensions, isUnpacked } from './this-resource';
import { walkArray, walkChild } from './walk';
import { IS_INDEX, popPath, pushPath } from './walk-path';

let modifierExtensionKey: u32 = 0;
let extensionKey: u32 = 0;

export function setKeepKeys(modifierExtension: u32, extension: u32): void {
  modifierExtensionKey = modifierExtension;
  extensionKey = extension;
}

/** A value that no column is about. */
export function keep(key: usize, value: usize, owner: usize, isFirst: bool): bool {
  const role = load<u32>(key, KEY_ROLE);
  const kind = kindOf(value);
  const id = load<u32>(key, KEY_ID);
  if (role == ROLE_PRIMITIVE_ELEMENT && hasExtensions) return keepPrimitiveElement(id, value, isFirst);
  if (role == ROLE_CONTAINED && kind == KIND_ARRAY) return keepContained(id, value, isFirst);
  const search = <usize>load<u32>(key, KEY_SEARCH);
  if (search != 0) {
    if (kind == KIND_ARRAY) return walkArray(key, value, owner, isFirst);
    if (kind == KIND_OBJECT) return walkChild(key, search, value, isFirst);
  }
  if (id == modifierExtensionKey) {
    refuse();
    return false;
  }
  putKey(isFirst, id);
  putValue(value);
  return true;
}

/** Contained resources with rows of their own leave a `null` where others are kept beside them. */
function keepContained(id: u32, list: usize, isFirst: bool): bool {
  const mark = restAt;
  putKey(isFirst, id);
  if (isRefused) return false;
  if (containment == 0 || load<u32>(containment, CONTAINMENT_HAS_UNPACKED) == 0) {
    putValue(list);
    return true;
  }
  let isAnyKept = false;
  const end = nextOf(list);
  let index: u32 = 0;
  for (let item = list + 16; item < end && !isRefused; item = nextOf(item), index++) {
    if (!hasRoom(2)) break;
    put(index == 0 ? 0x5b : 0x2c);
    if (isUnpacked(index)) putNull();
    else {
      isAnyKept = true;
      putValue(item);
    }
  }
  if (!isAnyKept) {
    rewindRest(mark);
    return false;
  }
  put(0x5d);
  return true;
}

/** `_birthDate`, or `_given` beside an array: https://hl7.org/fhir/R4/json.html#primitive */
function keepPrimitiveElement(id: u32, value: usize, isFirst: bool): bool {
  const mark = restAt;
  putKey(isFirst, id);
  // The number of a name is that before the one with `_`.
  pushPath(id - 1);
  if (isRefused) return false;
  let isKept = false;
  if (kindOf(value) == KIND_ARRAY) {
    const end = nextOf(value);
    let index: u32 = 0;
    for (let item = value + 16; item < end && !isRefused; item = nextOf(item), index++) {
      if (!hasRoom(2)) break;
      put(index == 0 ? 0x5b : 0x2c);
      pushPath(index | IS_INDEX);
      if (keepElement(item)) isKept = true;
      else putNull();
      popPath();
    }
    if (isKept && hasRoom(1)) put(0x5d);
  } else {
    isKept = keepElement(value);
  }
  popPath();
  if (!isKept) rewindRest(mark);
  return isKept;
}

/** What stands beside a primitive: its extensions have rows. */
function keepElement(element: usize): bool {
  const kind = kindOf(element);
  if (kind == KIND_NULL) return false;
  if (kind != KIND_OBJECT) {
    putValue(element);
    return true;
  }
  let isAnyKept = false;
  const end = nextOf(element);
  for (let value = element + 16; value < end && !isRefused; value = nextOf(value)) {
    const key = <u32>load<u16>(value, 2);
    if (key == modifierExtensionKey) refuse();
    else if (key == extensionKey && kindOf(value) == KIND_ARRAY) {
      if (keepExtensions(key, value, !isAnyKept)) isAnyKept = true;
    } else {
      putKey(!isAnyKept, key);
      putValue(value);
      isAnyKept = true;
    }
  }
  if (isAnyKept && hasRoom(1)) put(0x7d);
  return isAnyKept;
}

export function keepExtensions(id: u32, list: usize, isFirst: bool): bool {
  const mark = restAt;
  putKey(isFirst, id);
  if (isRefused) return false;
  const byteCount = addExtensions(list, 0, restAt, restEnd);
  if (byteCount < 0) {
    refuse();
    return false;
  }
  if (byteCount == 0) {
    rewindRest(mark);
    return false;
  }
  rewindRest(restAt + byteCount);
  return true;
}
