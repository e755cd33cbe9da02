// Whether two values of an expression are equal, as plan/view-engine/equality.ts has it.

import { endOf, isSame, kindOf, readString, refuse, startOf, textAt, textLength } from './cells';
import { evaluateOperation } from './host';
import { HAS_ESCAPE } from './strings';
import { KIND_FALSE, KIND_NUMBER, KIND_STRING, KIND_TRUE } from './tape';
import { refusal } from './values';

/** What two values may be. */
export const OTHER: i32 = 0;
export const SAME: i32 = 1;
/** It cannot be told. */
export const OPEN: i32 = 2;

export const AS_TEXT: u32 = 1;
const AS_NUMBER: u32 = 2;
const AS_MOMENT: u32 = 4;
const AS_TIME: u32 = 5;

/** The host's operations that tell moments apart, and times. */
const momentOperation: u32 = 0;
const timeOperation: u32 = 1;

// @ts-ignore
@inline
export function isTrue(value: usize): bool {
  return value != 0 && kindOf(value) == KIND_TRUE;
}

/** @param as - the kind of values that both should be: 1 text, 2 number, 3 boolean, 4 moment, 5 time */
export function isEqual(as: u32, a: usize, b: usize): i32 {
  const aKind = kindOf(a);
  const bKind = kindOf(b);
  if (as == AS_MOMENT || as == AS_TIME) {
    if (aKind == KIND_STRING && bKind == KIND_STRING) return isSameTime(as, a, b);
    refuse();
    return OPEN;
  }
  if (as == AS_NUMBER) {
    if (aKind == KIND_NUMBER && bKind == KIND_NUMBER) return isSameNumber(startOf(a), endOf(a), startOf(b), endOf(b)) ? SAME : OTHER;
    return OTHER;
  }
  if (aKind != bKind) return OTHER;
  if (aKind == KIND_STRING) return isSameText(a, b) ? SAME : OTHER;
  if (aKind == KIND_NUMBER) refuse();
  return aKind == KIND_TRUE || aKind == KIND_FALSE ? SAME : OTHER;
}

function isSameText(a: usize, b: usize): bool {
  if ((load<u8>(a, 1) | load<u8>(b, 1)) & HAS_ESCAPE) {
    readString(a);
    const start = textAt;
    const length = textLength;
    readString(b);
    return length == textLength && isSame(start, textAt, length);
  }
  const length = <u32>(endOf(a) - startOf(a));
  return length == <u32>(endOf(b) - startOf(b)) && isSame(startOf(a), startOf(b), length);
}

function isSameTime(as: u32, a: usize, b: usize): i32 {
  const value = evaluateOperation(as == AS_MOMENT ? momentOperation : timeOperation, a, b);
  if (value == refusal) refuse();
  if (value == 0 || value == refusal) return OPEN;
  return isTrue(value) ? SAME : OTHER;
}

/** Compares two decimals by their digits: zeros at either end do not count. Exponents are the other engine's. */
function isSameNumber(a: usize, aEnd: usize, b: usize, bEnd: usize): bool {
  if (hasExponent(a, aEnd) || hasExponent(b, bEnd)) {
    refuse();
    return false;
  }
  const isANegative = load<u8>(a) == 0x2d;
  const isBNegative = load<u8>(b) == 0x2d;
  let at = skipZeros(isANegative ? a + 1 : a, aEnd);
  let other = skipZeros(isBNegative ? b + 1 : b, bEnd);
  const end = digitsEnd(at, aEnd);
  const otherEnd = digitsEnd(other, bEnd);
  if (end - at != otherEnd - other || !isSame(at, other, <u32>(end - at))) return false;
  return at == end || isANegative == isBNegative;
}

function hasExponent(start: usize, end: usize): bool {
  for (let at = start; at < end; at++) if ((load<u8>(at) | 0x20) == 0x65) return true;
  return false;
}

function skipZeros(start: usize, end: usize): usize {
  let at = start;
  while (at < end && load<u8>(at) == 0x30) at++;
  return at;
}

/** The end without zeros after a point, and without a point that nothing comes after. */
function digitsEnd(start: usize, end: usize): usize {
  let point = start;
  while (point < end && load<u8>(point) != 0x2e) point++;
  if (point == end) return end;
  let last = end;
  while (last > point + 1 && load<u8>(last - 1) == 0x30) last--;
  return last == point + 1 ? point : last;
}
