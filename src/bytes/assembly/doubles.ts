// The text of a number → the double that is nearest to it, for numbers of up to 19 digits of which few are far from the
// point: all that are not of a calculation's making. Others are the host's.

import { MINUS, PLUS, POINT } from './characters';
import { setNumberRead } from './column-numbers';

/** The powers of five that 64 bits hold. */
const mostPower: u32 = 27;
/** Of these, those that a double holds: there the power of ten is exact too. */
const mostExactPower: u32 = 22;
const mostExactInteger: u64 = 1 << 53;
const mostDigits: u32 = 19;
/** More digits than an exponent needs. */
const mostExponentDigits: usize = 4;

// Of the number at hand; zeros before the first other digit are not counted.
let digits: u64 = 0;
let digitCount: u32 = 0;

/** Takes digits, and returns where they end; 0 where there are none, or too many in all. */
// @ts-ignore
@inline
function takeDigits(start: usize, end: usize): usize {
  let at = start;
  for (; at < end; at++) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) break;
    digits = digits * 10 + digit;
    if (digits != 0 && ++digitCount > mostDigits) return 0;
  }
  return at == start ? 0 : at;
}

/** As the pattern in src/write/typed/read-cells.ts. */
export function readDouble(address: usize, byteCount: u32): f64 {
  const end = address + byteCount;
  const isNegative = byteCount > 1 && load<u8>(address) == MINUS;
  setNumberRead(false);
  digits = 0;
  digitCount = 0;
  let at = takeDigits(isNegative ? address + 1 : address, end);
  if (at == 0) return 0;
  let exponent: i32 = 0;
  if (at < end && load<u8>(at) == POINT) {
    const start = at + 1;
    at = takeDigits(start, end);
    if (at == 0) return 0;
    exponent = -(<i32>(at - start));
  }
  if (at < end) {
    if ((load<u8>(at++) | 0x20) != 0x65 || at == end) return 0;
    const sign = load<u8>(at);
    if (sign == MINUS || sign == PLUS) at++;
    if (at == end || end - at > mostExponentDigits) return 0;
    let power: i32 = 0;
    for (; at < end; at++) {
      const digit = <u32>load<u8>(at) - 0x30;
      if (digit > 9) return 0;
      power = power * 10 + <i32>digit;
    }
    exponent += sign == MINUS ? -power : power;
  }
  const value = digits == 0 ? 0 : scale(exponent);
  // Nothing but this is not a number.
  if (value != value) return 0;
  setNumberRead(true);
  return isNegative ? -value : value;
}

/** NaN: not to be had here. */
function scale(exponent: i32): f64 {
  if (exponent == 0) return <f64>digits;
  const power = <u32>(exponent < 0 ? -exponent : exponent);
  if (digits <= mostExactInteger && power <= mostExactPower) {
    const ten = <f64>powerOfFive(power) * powerOfTwo(power);
    return exponent < 0 ? <f64>digits / ten : <f64>digits * ten;
  }
  return exponent < 0 && power <= mostPower ? divide(power) : NaN;
}

function powerOfFive(power: u32): u64 {
  let value: u64 = 1;
  for (let left = power; left > 0; left--) value *= 5;
  return value;
}

// @ts-ignore
@inline
function powerOfTwo(power: i32): f64 {
  return reinterpret<f64>((<u64>(power + 1023)) << 52);
}

/** `digits` / 10^power to the nearest double: a quotient of 63 bits or more, of which the rest only says that there is one. */
function divide(power: u32): f64 {
  const divisor = powerOfFive(power);
  const digitsShift = clz(digits);
  const divisorShift = clz(divisor);
  const shifted = digits << digitsShift;
  const quotient = divideWords(shifted >> 1, shifted << 63, divisor << divisorShift);
  const shift = <i32>divisorShift - <i32>digitsShift - 63 - <i32>power;
  return <f64>(quotient | <u64>(remainder != 0)) * powerOfTwo(shift);
}

let remainder: u64 = 0;

/** 128 bits by 64, the divisor's first bit being set and greater than `high`: Knuth's algorithm D, by halves of 32 bits. */
function divideWords(high: u64, low: u64, divisor: u64): u64 {
  const divisorHigh = divisor >> 32;
  const divisorLow = divisor & 0xffffffff;
  const lowHigh = low >> 32;
  const lowLow = low & 0xffffffff;
  let first = high / divisorHigh;
  let left = high - first * divisorHigh;
  while (first >> 32 != 0 || first * divisorLow > ((left << 32) | lowHigh)) {
    first--;
    left += divisorHigh;
    if (left >> 32 != 0) break;
  }
  const middle = (high << 32) + lowHigh - first * divisor;
  let second = middle / divisorHigh;
  left = middle - second * divisorHigh;
  while (second >> 32 != 0 || second * divisorLow > ((left << 32) | lowLow)) {
    second--;
    left += divisorHigh;
    if (left >> 32 != 0) break;
  }
  remainder = (middle << 32) + lowLow - second * divisor;
  return (first << 32) + second;
}
