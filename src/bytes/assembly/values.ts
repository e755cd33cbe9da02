// Values of expressions, and the lists of them that are under way. A value is a token: one of the tape, or one made for what
// is computed; 0 is empty.

import { isRefused, refuse, textAt, textLength, writeNumber } from './cells';
import { allocateArena, allocateHeap } from './memory';
import { HAS_NON_ASCII } from './strings';
import { KIND_FALSE, KIND_NUMBER, KIND_STRING, KIND_TRUE } from './tape';

/** A primitive element with extensions only; no token of a tape is of this kind. */
export const KIND_NO_VALUE: u8 = 7;
/** In place of a token: the host leaves the resource to the other engine. */
export const refusal: usize = 0xffffffff;

export const tokenBytes: usize = 16;
const stackByteCount: u32 = 1 << 18;
const trueText: usize = memory.data<u8>([0x74, 0x72, 0x75, 0x65]);
const falseText: usize = memory.data<u8>([0x66, 0x61, 0x6c, 0x73, 0x65]);

/** Lists of values under way, one after the other. */
export let stackTop: usize = 0;
let stackStart: usize = 0;
let stackEnd: usize = 0;
export let trueToken: usize = 0;
export let falseToken: usize = 0;
export let noValueToken: usize = 0;
export let idToken: usize = 0;
export let resource: usize = 0;
/** `%rowIndex` and `$index`. */
export let rowIndex: u32 = 0;
export let itemIndex: u32 = 0;

/** To be called once. Returns where the tokens for true, for false and for no value stand, one after the other. */
export function prepareValues(): usize {
  const tokens = allocateHeap(<u32>tokenBytes * 4);
  stackStart = allocateHeap(stackByteCount);
  if (tokens == 0 || stackStart == 0) return 0;
  stackEnd = stackStart + stackByteCount;
  trueToken = tokens;
  falseToken = tokens + tokenBytes;
  noValueToken = tokens + tokenBytes * 2;
  idToken = tokens + tokenBytes * 3;
  setToken(trueToken, KIND_TRUE, trueText, trueText + 4);
  setToken(falseToken, KIND_FALSE, falseText, falseText + 5);
  setToken(noValueToken, KIND_NO_VALUE, 0, 0);
  return tokens;
}

export function beginValues(token: usize, id: usize, idByteCount: u32): void {
  resource = token;
  rowIndex = 0;
  itemIndex = 0;
  stackTop = stackStart;
  setToken(idToken, KIND_STRING, id, id + idByteCount);
}

export function setItemIndex(index: u32): void {
  itemIndex = index;
}

export function setRowIndex(index: u32): void {
  rowIndex = index;
}

/** Forgets the values from here on. */
export function popTo(top: usize): void {
  stackTop = top;
}

/** A text computed is taken for one with any characters, and without escapes. */
function setToken(token: usize, kind: u8, start: usize, end: usize): void {
  store<u32>(token, (<u32>kind) | (kind == KIND_STRING ? (<u32>HAS_NON_ASCII) << 8 : 0));
  store<u32>(token, <u32>start, 4);
  store<u32>(token, <u32>end, 8);
  store<u32>(token, <u32>(token + tokenBytes), 12);
}

export function makeToken(kind: u8, start: usize, byteCount: u32): usize {
  const token = allocateArena(<u32>tokenBytes);
  if (token == 0) refuse();
  else setToken(token, kind, start, start + byteCount);
  return token;
}

export function makeNumber(number: u32): usize {
  writeNumber(number);
  return isRefused ? 0 : makeToken(KIND_NUMBER, textAt, textLength);
}

// @ts-ignore
@inline
export function toBoolean(value: bool): usize {
  return value ? trueToken : falseToken;
}

export function push(value: usize): void {
  if (stackTop == stackEnd) {
    refuse();
    return;
  }
  store<u32>(stackTop, <u32>value);
  stackTop += 4;
}

/** What was pushed from `from` on takes the place of what was pushed from `base` on. */
export function moveDown(base: usize, from: usize): void {
  const byteCount = stackTop - from;
  memory.copy(base, from, byteCount);
  stackTop = base + byteCount;
}
