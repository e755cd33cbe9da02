// Tells from the bytes (or text) of a number whether JSON.parse and String give the same text back.

import { MINUS, NINE, POINT, ZERO } from './byte-codes.ts';

/** True when a double gives the text of the token in [from, to) back. */
export function isNumberReproduced(bytes: Buffer, from: number, to: number): boolean {
  return isPlainNumber(bytes, from, to) || isReproduced(bytes.toString('latin1', from, to));
}

/** The quick test, which errs to false: up to 15 significant digits always survive a double. */
function isPlainNumber(bytes: Uint8Array, from: number, to: number): boolean {
  let index = bytes[from] === MINUS ? from + 1 : from;
  if (to - index > 17) return false;
  const isZeroFirst = bytes[index] === ZERO;
  let digitCount = 0;
  let pointIndex = -1;
  let isLeading = true;
  let leadingZeroCount = 0;
  for (; index < to; index++) {
    const byte = bytes[index] as number;
    if (byte >= ZERO && byte <= NINE) {
      if (isLeading && byte === ZERO) leadingZeroCount++;
      else {
        isLeading = false;
        digitCount++;
      }
    } else if (byte === POINT && pointIndex < 0) pointIndex = index;
    else return false;
  }
  if (digitCount > 15) return false;
  if (digitCount === 0) return bytes[from] === ZERO && to - from === 1;
  if (pointIndex < 0) return !isZeroFirst;
  if (bytes[to - 1] === ZERO || pointIndex === to - 1) return false;
  // String() writes 0.000001 as it stands and everything smaller with an exponent.
  return leadingZeroCount <= 6;
}

/** True when a double gives the number's text back. Exact. */
export function isReproduced(text: string): boolean {
  return String(Number(text)) === text;
}

/** https://www.rfc-editor.org/rfc/rfc8259#section-6 */
export const JSON_NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
