// Whether a value fits a typed column, as plan/engine/typed-primitives.ts has it: the usual values at a glance, all
// others by the host. A check is what a column takes (8 bits) and the number of the host's own check; 0: any text.

import { endOf, kindOf, refuse, startOf, textAt, textLength } from './cells';
import { fitsColumn, showsValue } from './host';
import { HAS_ESCAPE, KIND_NUMBER, KIND_STRING } from './tape';

const CHECK_INT32: u32 = 1;
const CHECK_INT64: u32 = 2;
const CHECK_DOUBLE: u32 = 3;
const CHECK_NUMERIC: u32 = 4;
const CHECK_DATE: u32 = 6;
const CHECK_TIMESTAMP: u32 = 7;
const CHECK_TIMESTAMP_UTC: u32 = 8;

/** Flag of a number that may not be what a double makes of it. */
const MAY_BE_ODD: u8 = 4;

/** True when the value fits; its text has been set. */
export function isTypeFit(token: usize, check: u32): bool {
  const kind = kindOf(token);
  const isOdd = kind == KIND_NUMBER && (load<u8>(token, 1) & MAY_BE_ODD) != 0;
  switch (check & 0xff) {
    case CHECK_INT32:
      if (!isOdd && textLength <= 9 && areDigits(textAt, textAt + textLength)) return true;
      break;
    case CHECK_INT64:
      if (kind == KIND_NUMBER && !isOdd && textLength <= 15 && areDigits(textAt, textAt + textLength)) return true;
      // Written otherwise than it is read.
      if (kind == KIND_STRING) refuse();
      break;
    case CHECK_DOUBLE:
      if (!isOdd) return true;
      break;
    case CHECK_NUMERIC:
      if (textLength <= 300 && !hasExponent()) return true;
      break;
    case CHECK_DATE:
      if (isDate() && textLength == 10) return true;
      break;
    case CHECK_TIMESTAMP:
      if (isDate() && (textLength == 10 || isTime(false))) return true;
      break;
    case CHECK_TIMESTAMP_UTC:
      if (isDate() && (textLength == 10 || isTime(true))) return true;
      break;
    default:
      break;
  }
  const at = textAt;
  const length = textLength;
  const isFit = fitsColumn(check >> 8, token) != 0;
  // The same number, but another text.
  if (isFit && (check & 0xff) <= CHECK_INT64 && load<u8>(at) == 0x2d && load<u8>(at, 1) == 0x30 && length == 2) refuse();
  return isFit;
}

/** False when a cell that holds the value does not tell all of it; differences are counted. */
export function isTypeShown(token: usize, check: u32): bool {
  const kind = check & 0xff;
  if (kind == CHECK_INT32 || kind == CHECK_INT64 || kind == CHECK_NUMERIC || kind == CHECK_DATE) return true;
  if (kind == CHECK_TIMESTAMP || kind == CHECK_TIMESTAMP_UTC) {
    if (endOf(token) - startOf(token) <= 19 || (load<u8>(startOf(token), 19) != 0x2e && (load<u8>(token, 1) & HAS_ESCAPE) == 0)) return true;
  } else if (kindOf(token) == KIND_NUMBER && (load<u8>(token, 1) & MAY_BE_ODD) == 0) return true;
  return showsValue(check >> 8, token) != 0;
}

function areDigits(start: usize, end: usize): bool {
  let at = start;
  if (load<u8>(at) == 0x2d) at++;
  if (at == end || (load<u8>(at) == 0x30 && end - at > 1)) return false;
  if (load<u8>(at) == 0x30 && at > start) return false;
  for (; at < end; at++) if (<u32>load<u8>(at) - 0x30 > 9) return false;
  return true;
}

function hasExponent(): bool {
  for (let at = textAt; at < textAt + textLength; at++) if ((load<u8>(at) | 0x20) == 0x65) return true;
  return false;
}

/** The number that two digits stand for; a large one when they are none. */
function two(at: usize): u32 {
  const tens = <u32>load<u8>(at) - 0x30;
  const ones = <u32>load<u8>(at, 1) - 0x30;
  return tens > 9 || ones > 9 ? 1000 : tens * 10 + ones;
}

/** `YYYY-MM-DD`, of years that leave room on both ends, and days that every month has; the others are for the host. */
function isDate(): bool {
  if (textLength < 10 || load<u8>(textAt, 4) != 0x2d || load<u8>(textAt, 7) != 0x2d) return false;
  const century = two(textAt);
  const year = two(textAt + 2);
  const month = two(textAt + 5);
  const day = two(textAt + 8);
  if (century < 1 || century > 98 || year > 99 || month < 1 || month > 12 || day < 1) return false;
  return day <= 28 || (day <= 30 && month != 2) || (day == 31 && month != 2 && month != 4 && month != 6 && month != 9 && month != 11);
}

/** `Thh:mm:ss` with a zone or, unless one is needed, without. */
function isTime(needsZone: bool): bool {
  if (textLength < 19 || load<u8>(textAt, 10) != 0x54 || load<u8>(textAt, 13) != 0x3a || load<u8>(textAt, 16) != 0x3a) return false;
  if (two(textAt + 11) > 23 || two(textAt + 14) > 59 || two(textAt + 17) > 59) return false;
  if (textLength == 19) return !needsZone;
  const sign = load<u8>(textAt, 19);
  if (sign == 0x5a) return textLength == 20;
  if ((sign != 0x2b && sign != 0x2d) || textLength != 25 || load<u8>(textAt, 22) != 0x3a) return false;
  return two(textAt + 20) <= 13 && two(textAt + 23) <= 59;
}
