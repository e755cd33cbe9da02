// Texts of booleans, integers and decimals → values, as src/write/typed/read-cells.ts has them, where they are plain and
// have so few digits that they fit.

import { MINUS, POINT } from './characters';

/** Whether the last text was read; else it is the host's. */
export let isNumberRead: bool = false;

export function setNumberRead(isRead: bool): void {
  isNumberRead = isRead;
}

export function readBoolean(address: usize, byteCount: u32): bool {
  const isTrue = byteCount == 4 && load<u32>(address) == 0x65757274;
  isNumberRead = isTrue || (byteCount == 5 && load<u8>(address) == 0x66 && load<u32>(address, 1) == 0x65736c61);
  return isTrue;
}

export function readInteger(address: usize, byteCount: u32, mostDigits: u32): i64 {
  const isNegative = byteCount > 1 && load<u8>(address) == MINUS;
  const end = address + byteCount;
  let at = isNegative ? address + 1 : address;
  isNumberRead = false;
  if (at == end || end - at > <usize>mostDigits) return 0;
  let value: i64 = 0;
  for (; at < end; at++) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) return 0;
    value = value * 10 + digit;
  }
  isNumberRead = true;
  return isNegative ? -value : value;
}

/** Digits that 64 bits hold for sure. */
const mostDigits: u32 = 18;

/** A number without exponent, times ten to the `scale`. Zeros that say nothing count as no digits. */
export function readDecimal(address: usize, byteCount: u32, mostWholeDigits: u32, scale: u32): i64 {
  const isNegative = byteCount > 1 && load<u8>(address) == MINUS;
  const end = address + byteCount;
  let at = isNegative ? address + 1 : address;
  const start = at;
  isNumberRead = false;
  let value: i64 = 0;
  let digitCount: u32 = 0;
  for (; at < end; at++) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) break;
    value = value * 10 + digit;
    if (value != 0 && ++digitCount > mostWholeDigits) return 0;
    if (digitCount > mostDigits) return 0;
  }
  if (at == start || digitCount + scale > mostDigits) return 0;
  let left = scale;
  if (at < end) {
    if (load<u8>(at++) != POINT || at == end) return 0;
    for (; at < end; at++) {
      const digit = <u32>load<u8>(at) - 0x30;
      if (digit > 9) return 0;
      if (left > 0) {
        value = value * 10 + digit;
        left--;
      } else if (digit != 0) {
        return 0;
      }
    }
  }
  for (; left > 0; left--) value *= 10;
  isNumberRead = true;
  return isNegative ? -value : value;
}
