// Steps along the elements of a resource, as plan/view-engine/compile-members.ts takes them.

import { kindOf, member, nextOf, refuse } from './cells';
import { AS_TEXT, SAME, isEqual } from './equality';
import { KIND_ARRAY, KIND_NULL, KIND_OBJECT, KIND_STRING } from './tape';
import { noValueToken, push, tokenBytes } from './values';

let extensionKey: u32 = 0;
let urlKey: u32 = 0;
export let resourceTypeKey: u32 = 0;

export function setMemberKeys(extension: u32, url: u32, resourceType: u32): void {
  extensionKey = extension;
  urlKey = url;
  resourceTypeKey = resourceType;
}

/** The value under the first of the keys that has one; a key is its number and that of the key beside it with `_`, or 0. */
export function readMember(parent: usize, count: u32, keys: usize): usize {
  if (parent == 0 || kindOf(parent) != KIND_OBJECT) return 0;
  let key = keys;
  for (let index: u32 = 0; index < count; index++, key += 8) {
    const value = valueOf(member(parent, load<u32>(key)));
    if (value != 0) return value;
    const elementKey = load<u32>(key, 4);
    if (elementKey == 0) continue;
    const element = member(parent, elementKey);
    if (element != 0 && kindOf(element) == KIND_OBJECT) return noValueToken;
  }
  return 0;
}

/** The one value of an element that FHIR does not let repeat. */
function valueOf(token: usize): usize {
  let value = token;
  while (value != 0 && kindOf(value) == KIND_ARRAY) {
    const end = nextOf(value);
    const first = value + tokenBytes;
    if (first < end && nextOf(first) != end) {
      refuse();
      return 0;
    }
    value = first < end ? first : 0;
  }
  return value == 0 || kindOf(value) == KIND_NULL ? 0 : value;
}

/** Pushes what stands under keys, which are as for `readMember`. */
export function pushMembers(parent: usize, count: u32, keys: usize): void {
  if (parent == 0 || kindOf(parent) != KIND_OBJECT) return;
  let key = keys;
  for (let index: u32 = 0; index < count; index++, key += 8) {
    const child = member(parent, load<u32>(key));
    const elementKey = load<u32>(key, 4);
    const element = elementKey == 0 ? 0 : member(parent, elementKey);
    if (element != 0) pushWithElements(child, element);
    else if (child == 0) continue;
    else if (kindOf(child) == KIND_ARRAY) {
      const end = nextOf(child);
      for (let item = child + tokenBytes; item < end; item = nextOf(item)) if (kindOf(item) != KIND_NULL && kindOf(item) != KIND_ARRAY) push(item);
    } else if (kindOf(child) != KIND_NULL) push(child);
  }
}

/** See pushChildren of plan/view-engine/values.ts. */
function pushWithElements(child: usize, element: usize): void {
  const isList = child != 0 && kindOf(child) == KIND_ARRAY;
  if (!isList && kindOf(element) != KIND_ARRAY) {
    if (child != 0 && kindOf(child) != KIND_NULL) push(child);
    else if (kindOf(element) == KIND_OBJECT) push(noValueToken);
    return;
  }
  const end = isList ? nextOf(child) : 0;
  const elementsEnd = kindOf(element) == KIND_ARRAY ? nextOf(element) : 0;
  let item = child + tokenBytes;
  let beside = element + tokenBytes;
  while (item < end || beside < elementsEnd) {
    if (item < end && kindOf(item) != KIND_NULL && kindOf(item) != KIND_ARRAY) push(item);
    else if (beside < elementsEnd && kindOf(beside) == KIND_OBJECT) push(noValueToken);
    if (item < end) item = nextOf(item);
    if (beside < elementsEnd) beside = nextOf(beside);
  }
}

/** Pushes the extensions that have a url. */
export function pushExtensions(item: usize, url: usize): void {
  if (url == 0 || kindOf(url) != KIND_STRING || kindOf(item) != KIND_OBJECT) return;
  const list = member(item, extensionKey);
  if (list == 0 || kindOf(list) != KIND_ARRAY) return;
  const end = nextOf(list);
  for (let extension = list + tokenBytes; extension < end; extension = nextOf(extension)) {
    if (kindOf(extension) != KIND_OBJECT) continue;
    const own = member(extension, urlKey);
    if (own != 0 && kindOf(own) == KIND_STRING && isEqual(AS_TEXT, own, url) == SAME) push(extension);
  }
}

/** Pushes the objects with id and extensions beside primitives. */
export function pushElements(item: usize, count: u32, keys: usize): void {
  if (kindOf(item) != KIND_OBJECT) return;
  for (let index: u32 = 0; index < count; index++) {
    const element = member(item, load<u32>(keys + (index << 2)));
    if (element == 0) continue;
    if (kindOf(element) == KIND_OBJECT) push(element);
    if (kindOf(element) != KIND_ARRAY) continue;
    const end = nextOf(element);
    for (let inner = element + tokenBytes; inner < end; inner = nextOf(inner)) if (kindOf(inner) == KIND_OBJECT) push(inner);
  }
}

/** True for a resource of one of the types, which are tokens. */
export function isResourceOf(value: usize, count: u32, types: usize): bool {
  if (value == 0 || kindOf(value) != KIND_OBJECT) return false;
  const type = member(value, resourceTypeKey);
  if (type == 0 || kindOf(type) != KIND_STRING) return false;
  for (let index: u32 = 0; index < count; index++) if (isEqual(AS_TEXT, type, load<u32>(types + (index << 2))) == SAME) return true;
  return false;
}
