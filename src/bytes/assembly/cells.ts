// Tokens → the text of cells: where it stands, in the record or written anew in the arena.

import { allocateArena } from './memory';
import { HAS_ESCAPE } from './strings';
import { KIND_ARRAY, KIND_FALSE, KIND_NULL, KIND_NUMBER, KIND_OBJECT, KIND_STRING, KIND_TRUE } from './tape';

/** How a primitive's text is read; see plan/engine/primitives.ts. */
export const READ_STRING: u32 = 1;
export const READ_BOOLEAN: u32 = 2;
export const READ_DECIMAL: u32 = 3;
export const READ_INTEGER: u32 = 4;
export const READ_INTEGER64: u32 = 5;

/** The text found last: its address and its length in bytes. */
export let textAt: usize = 0;
export let textLength: u32 = 0;

/** The resource is not for this engine: another one takes it. */
export let isRefused: bool = false;

export function refuse(): void {
  isRefused = true;
}

export function accept(): void {
  isRefused = false;
}

// @ts-ignore
@inline
export function kindOf(token: usize): u8 {
  return load<u8>(token);
}

// @ts-ignore
@inline
export function nextOf(token: usize): usize {
  return load<u32>(token, 12);
}

// @ts-ignore
@inline
export function startOf(token: usize): usize {
  return load<u32>(token, 4);
}

// @ts-ignore
@inline
export function endOf(token: usize): usize {
  return load<u32>(token, 8);
}

/** The value under a key of an object, or 0. */
export function member(object: usize, key: u32): usize {
  const end = nextOf(object);
  let token = object + 16;
  while (token < end) {
    if (<u32>load<u16>(token, 2) == key) return token;
    token = nextOf(token);
  }
  return 0;
}

export function itemCount(list: usize): u32 {
  const end = nextOf(list);
  let count: u32 = 0;
  for (let token = list + 16; token < end; token = nextOf(token)) count++;
  return count;
}

export function setText(address: usize, byteCount: u32): void {
  textAt = address;
  textLength = byteCount;
}

/** Sets the text of a string. */
export function readString(token: usize): void {
  const start = startOf(token);
  const end = endOf(token);
  textAt = start;
  textLength = <u32>(end - start);
  if (load<u8>(token, 1) & HAS_ESCAPE) unescape(start, end);
}

function unescape(start: usize, end: usize): void {
  const to = allocateArena(<u32>(end - start));
  textAt = to;
  textLength = 0;
  if (to == 0) {
    refuse();
    return;
  }
  let out = to;
  for (let at = start; at < end; at++) {
    let byte = load<u8>(at);
    if (byte == 0x5c) {
      byte = load<u8>(++at);
      if (byte == 0x6e) byte = 0x0a;
      else if (byte == 0x74) byte = 0x09;
      else if (byte == 0x72) byte = 0x0d;
      else if (byte == 0x62) byte = 0x08;
      else if (byte == 0x66) byte = 0x0c;
    }
    store<u8>(out++, byte);
  }
  textLength = <u32>(out - to);
}

/** UTF-16 code units of a string, as JavaScript counts them. */
export function unitCount(token: usize): u32 {
  const start = startOf(token);
  const end = endOf(token);
  const flags = load<u8>(token, 1);
  let count = <u32>(end - start);
  if (flags == 0) return count;
  for (let at = start; at < end; at++) {
    const byte = load<u8>(at);
    if (byte == 0x5c) {
      count--;
      at++;
    } else if ((byte & 0xc0) == 0x80) count--;
    else if (byte >= 0xf0) count++;
  }
  return count;
}

const trueText: usize = memory.data<u8>([0x74, 0x72, 0x75, 0x65]);
const falseText: usize = memory.data<u8>([0x66, 0x61, 0x6c, 0x73, 0x65]);

/** Sets the text of a boolean. */
export function setBoolean(isTrue: bool): void {
  if (isTrue) setText(trueText, 4);
  else setText(falseText, 5);
}

function isInteger(start: usize, end: usize): bool {
  let at = start;
  if (at < end && load<u8>(at) == 0x2d) at++;
  if (at == end) return false;
  for (; at < end; at++) {
    const byte = load<u8>(at);
    if (byte < 0x30 || byte > 0x39) return false;
  }
  return true;
}

/** Sets the text of a value of a primitive type; false when it does not fit the type. */
export function readPrimitive(token: usize, how: u32): bool {
  if (token == 0) return false;
  const kind = kindOf(token);
  if (how == READ_STRING) {
    if (kind != KIND_STRING) return false;
    readString(token);
    return true;
  }
  if (how == READ_BOOLEAN) {
    if (kind != KIND_TRUE && kind != KIND_FALSE) return false;
    setBoolean(kind == KIND_TRUE);
    return true;
  }
  const start = startOf(token);
  const end = endOf(token);
  if (kind == KIND_NUMBER) {
    if (how != READ_DECIMAL && !isInteger(start, end)) return false;
  } else if (how != READ_INTEGER64 || kind != KIND_STRING || !isInteger(start, end)) return false;
  setText(start, <u32>(end - start));
  return true;
}

/** Sets the text of a number that is no value of the input. */
export function writeNumber(number: u32): void {
  let digits: u32 = 1;
  for (let rest = number; rest >= 10; rest /= 10) digits++;
  const to = allocateArena(digits);
  if (to == 0) {
    refuse();
    return;
  }
  let rest = number;
  for (let at = to + digits; at > to; rest /= 10) store<u8>(--at, <u8>(0x30 + (rest % 10)));
  setText(to, digits);
}

export function isSame(a: usize, b: usize, byteCount: u32): bool {
  let at: u32 = 0;
  for (; at + 8 <= byteCount; at += 8) if (load<u64>(a + at) != load<u64>(b + at)) return false;
  for (; at < byteCount; at++) if (load<u8>(a + at) != load<u8>(b + at)) return false;
  return true;
}

/** True for a string of exactly this text, which holds nothing that would be escaped. */
export function isText(token: usize, address: usize, byteCount: u32): bool {
  if (token == 0 || kindOf(token) != KIND_STRING || load<u8>(token, 1) & HAS_ESCAPE) return false;
  return <u32>(endOf(token) - startOf(token)) == byteCount && isSame(startOf(token), address, byteCount);
}

function contains(start: usize, byteCount: u32, part: usize, partLength: u32): bool {
  if (partLength > byteCount) return false;
  const first = load<u8>(part);
  const last = start + byteCount - partLength;
  for (let at = start; at <= last; at++) if (load<u8>(at) == first && isSame(at, part, partLength)) return true;
  return false;
}

/** See isSeparable of plan/engine/contributions.ts: the text found last can be told from others it is joined with. */
export function isSeparable(separator: usize, separatorLength: u32, count: u32): bool {
  if (load<u8>(separator) == 0x3b) return !contains(textAt, textLength, separator, 1);
  return count == 1 || !contains(textAt, textLength, separator, separatorLength);
}

/**
 * Sets the text of a list's items that fit, joined; false when there are none. With `itemKey`, of the strings that the
 * items have under it.
 */
export function joinList(list: usize, how: u32, itemKey: u32, separator: usize, separatorLength: u32): bool {
  if (list == 0 || kindOf(list) != KIND_ARRAY) return false;
  const end = nextOf(list);
  let count: u32 = 0;
  let byteCount: u32 = 0;
  // The usual list has one item, whose text is taken as it stands.
  for (let token = list + 16; token < end; token = nextOf(token)) {
    if (!readItem(token, how, itemKey)) continue;
    count++;
    byteCount += textLength;
  }
  if (count == 0 || isRefused) return false;
  const total = byteCount + (count - 1) * separatorLength;
  if (count == 1) {
    for (let token = list + 16; token < end; token = nextOf(token)) if (readItem(token, how, itemKey)) return true;
    return false;
  }
  const to = allocateArena(total);
  if (to == 0) {
    refuse();
    return false;
  }
  let at = to;
  let isFirst = true;
  for (let token = list + 16; token < end; token = nextOf(token)) {
    if (!readItem(token, how, itemKey)) continue;
    if (!isFirst) {
      memory.copy(at, separator, separatorLength);
      at += separatorLength;
    }
    isFirst = false;
    memory.copy(at, textAt, textLength);
    at += textLength;
  }
  setText(to, total);
  return true;
}

function readItem(token: usize, how: u32, itemKey: u32): bool {
  if (itemKey == 0) return readPrimitive(token, how);
  return kindOf(token) == KIND_OBJECT && readPrimitive(member(token, itemKey), how);
}

/** True when every item that is not null fits, and can be told from the joined text. */
export function isListShown(list: usize, how: u32, separator: usize, separatorLength: u32): bool {
  if (kindOf(list) != KIND_ARRAY) return false;
  const end = nextOf(list);
  const count = itemCount(list);
  for (let token = list + 16; token < end; token = nextOf(token)) {
    if (kindOf(token) == KIND_NULL) continue;
    if (!readPrimitive(token, how) || !isSeparable(separator, separatorLength, count)) return false;
  }
  return true;
}

export function isListFit(list: usize, how: u32): bool {
  if (kindOf(list) != KIND_ARRAY) return false;
  const end = nextOf(list);
  for (let token = list + 16; token < end; token = nextOf(token)) {
    if (kindOf(token) != KIND_NULL && !readPrimitive(token, how)) return false;
  }
  return true;
}

/** Length of the text found last, for the host. */
export function textByteCount(): u32 {
  return textLength;
}
