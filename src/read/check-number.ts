// Tells from the bytes (or text) of a number whether JSON.parse and String give the same text back.

import { MINUS, NINE, POINT, ZERO } from './byte-codes.ts';

/** 15 significant digits always survive a double. */
const SAFE_DIGITS = 15;

/**
 * Reads the number that begins at `from`. Returns the index after it, negated when a double does not give its text
 * back.
 */
export function readNumber(bytes: Buffer, from: number, to: number): number {
  const start = bytes[from] === MINUS ? from + 1 : from;
  let index = start;
  let pointIndex = -1;
  let isPlain = true;
  for (; index < to; index++) {
    const byte = bytes[index] as number;
    if (byte >= ZERO && byte <= NINE) continue;
    if (byte === POINT && pointIndex < 0) pointIndex = index;
    else if (isNumberByte(byte)) isPlain = false;
    else break;
  }
  isPlain &&= pointIndex < 0 ? isPlainInteger(bytes, from, start, index) : isPlainDecimal(bytes, start, pointIndex, index);
  return isPlain || isReproduced(bytes.toString('latin1', from, index)) ? index : -index;
}

/** These quick tests err to false. */
function isPlainInteger(bytes: Buffer, from: number, start: number, end: number): boolean {
  if (bytes[start] === ZERO) return end === from + 1;
  return end > start && end - start <= SAFE_DIGITS;
}

function isPlainDecimal(bytes: Buffer, start: number, pointIndex: number, end: number): boolean {
  // Zeros after the point are left to the exact test: String() writes 0.000001 as it stands, and less with an exponent.
  if (bytes[start] === ZERO && (pointIndex !== start + 1 || bytes[start + 2] === ZERO)) return false;
  return pointIndex > start && pointIndex < end - 1 && bytes[end - 1] !== ZERO && end - start - 1 <= SAFE_DIGITS;
}

/** Digits and `+ - . / e E`: every byte that can stand in a number. */
function isNumberByte(byte: number): boolean {
  return (byte >= 0x2b && byte <= NINE && byte !== 0x2c) || byte === 0x65 || byte === 0x45;
}

/** True when a double gives the number's text back. Exact. */
export function isReproduced(text: string): boolean {
  return String(Number(text)) === text;
}

/** https://www.rfc-editor.org/rfc/rfc8259#section-6 */
export const JSON_NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
