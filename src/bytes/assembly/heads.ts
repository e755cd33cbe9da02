// The members of a record that everybody asks for who takes it: those of a Bundle's entry, and those of a resource that
// tell what it is. And the shape of an entry without its resource: nearly all of a Bundle have the same.

import { endOf, kindOf, member, nextOf, startOf } from './cells';
import { KIND_OBJECT, KIND_STRING, TOKEN_BYTES } from './tape';

/** The numbers that src/bytes/key-names.ts gives them. */
const KEY_RESOURCE_TYPE: u32 = 1;
const KEY_ID: u32 = 3;
const KEY_META: u32 = 5;
const KEY_CONTAINED: u32 = 7;
const KEY_IDENTIFIER: u32 = 9;
const KEY_RESOURCE: u32 = 17;
const KEY_REQUEST: u32 = 19;
const KEY_METHOD: u32 = 21;
const KEY_FULL_URL: u32 = 23;

/** Words of what was found, each a token or 0; src/bytes/record-tape.ts has the same order. */
const found: usize = memory.data(28, 4);
const RESOURCE_TYPE: usize = found;
const ID: usize = found + 4;
const META: usize = found + 8;
const CONTAINED: usize = found + 12;
const IDENTIFIER: usize = found + 16;
const RESOURCE: usize = found + 20;
const FULL_URL: usize = found + 24;

/** "DELETE" in two pieces, little-endian. */
const DELE: u32 = 0x454c4544;
const TE: u16 = 0x4554;

const mostShapeTokens: u32 = 64;
/** Two words a token: its kind and key, and how many bytes of tokens it and what it holds have. */
const shape: usize = memory.data(512, 8);
let shapeLength: u32 = 0;
let shapeNumber: u32 = 0;

export function foundAddress(): usize {
  return found;
}

/** The members of a resource that are asked for. False for what is no object. */
export function readHead(resource: usize): bool {
  memory.fill(found, 0, 20);
  if (kindOf(resource) != KIND_OBJECT) return false;
  const end = nextOf(resource);
  for (let token = resource + TOKEN_BYTES; token < end; token = nextOf(token)) {
    switch (<u32>load<u16>(token, 2)) {
      case KEY_RESOURCE_TYPE:
        store<u32>(RESOURCE_TYPE, <u32>token);
        break;
      case KEY_ID:
        store<u32>(ID, <u32>token);
        break;
      case KEY_META:
        store<u32>(META, <u32>token);
        break;
      case KEY_CONTAINED:
        store<u32>(CONTAINED, <u32>token);
        break;
      case KEY_IDENTIFIER:
        store<u32>(IDENTIFIER, <u32>token);
        break;
    }
  }
  return true;
}

/** The resource and the fullUrl of an entry, and the same of the resource. False for an entry without one, or that deletes one. */
export function readEntry(entry: usize): bool {
  memory.fill(RESOURCE, 0, 8);
  if (kindOf(entry) != KIND_OBJECT) return false;
  const end = nextOf(entry);
  for (let token = entry + TOKEN_BYTES; token < end; token = nextOf(token)) {
    const key = <u32>load<u16>(token, 2);
    if (key == KEY_RESOURCE) store<u32>(RESOURCE, <u32>token);
    else if (key == KEY_FULL_URL) store<u32>(FULL_URL, <u32>token);
    else if (key == KEY_REQUEST && isDeletion(token)) return false;
  }
  const resource = <usize>load<u32>(RESOURCE);
  return resource != 0 && readHead(resource);
}

function isDeletion(request: usize): bool {
  if (kindOf(request) != KIND_OBJECT) return false;
  const method = member(request, KEY_METHOD);
  if (method == 0 || kindOf(method) != KIND_STRING) return false;
  const start = startOf(method);
  return endOf(method) - start == 6 && load<u32>(start) == DELE && load<u16>(start, 4) == TE;
}

/**
 * A number for the shape of a record without one of its members: its keys and kinds of values, not the values. The same as for
 * the record before where the shape is; never the same for two shapes. 0 for one that is too large to be kept.
 */
export function shapeWithout(record: usize, leftOut: usize): u32 {
  const end = nextOf(record);
  let length: u32 = 0;
  let isSame = true;
  for (let token = record + TOKEN_BYTES; token < end; ) {
    const next = nextOf(token);
    if (token == leftOut) {
      token = next;
      continue;
    }
    if (length == mostShapeTokens) {
      shapeLength = u32.MAX_VALUE;
      return 0;
    }
    const at = shape + (<usize>length << 3);
    const look = (<u64>(next - token) << 32) | (<u64>load<u16>(token, 2) << 16) | <u64>kindOf(token);
    if (load<u64>(at) != look) {
      store<u64>(at, look);
      isSame = false;
    }
    length++;
    token += TOKEN_BYTES;
  }
  if (!isSame || length != shapeLength || shapeNumber == 0) shapeNumber++;
  shapeLength = length;
  return shapeNumber;
}
