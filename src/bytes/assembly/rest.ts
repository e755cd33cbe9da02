// The JSON text of what no cell shows, written as JSON.stringify would: compact, strings and numbers as they stand.

import { endOf, isRefused, kindOf, nextOf, refuse, startOf } from './cells';
import { restEnd, restStart } from './memory';
import { KIND_ARRAY, KIND_NULL, KIND_OBJECT, KIND_STRING } from './tape';

/** Where the next byte goes. */
export let restAt: usize = restStart;
/** Key → address and length of its text. */
let keyTexts: usize = 0;
/** Key whose items are counted wherever they are kept: not by this engine. 0 for none. */
let refusedKey: u32 = 0;

export function setKeyTexts(address: usize): void {
  keyTexts = address;
}

export function setRefusedKey(key: u32): void {
  refusedKey = key;
}

// @ts-ignore
@inline
export function keyTextAt(key: u32): usize {
  return load<u32>(keyTexts + (key << 3));
}

// @ts-ignore
@inline
export function keyTextLength(key: u32): u32 {
  return load<u32>(keyTexts + (key << 3), 4);
}

export function rewindRest(to: usize): void {
  restAt = to;
}

/** False, and the record is refused, when there is no room for so many bytes more. */
export function hasRoom(byteCount: usize): bool {
  if (restAt + byteCount + 16 <= restEnd) return true;
  refuse();
  return false;
}

export function put(byte: u8): void {
  store<u8>(restAt++, byte);
}

/** `{"key":`, or `,"key":` for a key that is not the first. */
export function putKey(isFirst: bool, key: u32): void {
  const length = keyTextLength(key);
  if (key == refusedKey) refuse();
  if (!hasRoom(length + 8)) return;
  store<u8>(restAt, isFirst ? 0x7b : 0x2c);
  store<u8>(restAt, 0x22, 1);
  memory.copy(restAt + 2, keyTextAt(key), length);
  store<u16>(restAt + 2 + length, 0x3a22);
  restAt += length + 4;
}

export function putNull(): void {
  if (!hasRoom(4)) return;
  store<u32>(restAt, 0x6c6c756e);
  restAt += 4;
}

/** A value with all it holds. */
export function putValue(token: usize): void {
  const kind = kindOf(token);
  const start = startOf(token);
  const end = endOf(token);
  switch (kind) {
    case KIND_STRING: {
      const length = end - start + 2;
      if (!hasRoom(length)) return;
      memory.copy(restAt, start - 1, length);
      restAt += length;
      return;
    }
    case KIND_ARRAY: {
      if (!hasRoom(2)) return;
      put(0x5b);
      const next = nextOf(token);
      let isFirst = true;
      for (let item = token + 16; item < next; item = nextOf(item)) {
        if (!isFirst) put(0x2c);
        isFirst = false;
        putValue(item);
        if (isRefused || !hasRoom(2)) return;
      }
      put(0x5d);
      return;
    }
    case KIND_OBJECT: {
      if (!hasRoom(2)) return;
      const next = nextOf(token);
      let isFirst = true;
      for (let item = token + 16; item < next; item = nextOf(item)) {
        const key = <u32>load<u16>(item, 2);
        putKey(isFirst, key);
        isFirst = false;
        putValue(item);
        if (isRefused || !hasRoom(2)) return;
      }
      if (isFirst) put(0x7b);
      put(0x7d);
      return;
    }
    default: {
      const length = end - start;
      if (!hasRoom(length)) return;
      memory.copy(restAt, start, length);
      restAt += length;
    }
  }
}

/** Leaf values that are not null. */
export function leafCount(token: usize): u32 {
  const kind = kindOf(token);
  if (kind == KIND_NULL) return 0;
  if (kind != KIND_ARRAY && kind != KIND_OBJECT) return 1;
  const next = nextOf(token);
  let count: u32 = 0;
  for (let item = token + 16; item < next; item = nextOf(item)) count += leafCount(item);
  return count;
}
