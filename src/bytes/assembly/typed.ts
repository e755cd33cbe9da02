// Whether a value fits a typed column, as plan/engine/typed-primitives.ts has it: the usual values at a glance, all
// others by the host. A check is what a column takes (8 bits) and the number of the host's own check; 0: any text.

import { endOf, kindOf, refuse, startOf, textAt, textLength } from './cells';
import { countTimeDifference, fitsColumn, showsValue } from './host';
import { POINT } from './characters';
import { HAS_ESCAPE } from './strings';
import { KIND_NUMBER, KIND_STRING, MAY_BE_ODD } from './tape';
import { FRACTION_DIGITS, FRACTION_EXACT, fractionFit, PRECISION_NONE, PRECISION_TIME, readTemporal, zoneStart } from './temporal';

const CHECK_INT32: u32 = 1;
const CHECK_INT64: u32 = 2;
const CHECK_DOUBLE: u32 = 3;
const CHECK_NUMERIC: u32 = 4;
const CHECK_DATE: u32 = 6;
const CHECK_TIMESTAMP: u32 = 7;
const CHECK_TIMESTAMP_UTC: u32 = 8;

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
    case CHECK_DATE: {
      const precision = readTemporal(textAt, textLength);
      return precision != PRECISION_NONE && precision != PRECISION_TIME;
    }
    case CHECK_TIMESTAMP:
      return readTemporal(textAt, textLength) != PRECISION_NONE;
    case CHECK_TIMESTAMP_UTC:
      if (isPlainUtc(readTemporal(textAt, textLength))) return true;
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
    if ((load<u8>(token, 1) & HAS_ESCAPE) == 0) return isTimeShown(token, check);
  } else if (kindOf(token) == KIND_NUMBER && (load<u8>(token, 1) & MAY_BE_ODD) == 0) return true;
  return showsValue(check >> 8, token) != 0;
}

function isTimeShown(token: usize, check: u32): bool {
  const start = startOf(token);
  const byteCount = <u32>(endOf(token) - start);
  // Most have no fraction.
  if (byteCount <= 19 || load<u8>(start, 19) != POINT || readTemporal(start, byteCount) == PRECISION_NONE) return true;
  const fit = fractionFit(start, byteCount);
  if (fit == FRACTION_EXACT) return true;
  const isCut = fit == FRACTION_DIGITS;
  countTimeDifference(check >> 8, isCut ? 1 : 0);
  return !isCut;
}

/** An integer as it would be written anew, of so few digits that 32 bits hold it. */
export function isPlainInteger(token: usize): bool {
  if (kindOf(token) != KIND_NUMBER || (load<u8>(token, 1) & MAY_BE_ODD) != 0) return false;
  return endOf(token) - startOf(token) <= 9 && areDigits(startOf(token), endOf(token));
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

/** True for a moment whose zone is told, or that is a day, in years that leave room for any zone. */
function isPlainUtc(precision: u32): bool {
  if (precision != PRECISION_TIME) return precision != PRECISION_NONE;
  const isInnerYear = load<u32>(textAt) != 0x31303030 && load<u32>(textAt) != 0x39393939;
  return zoneStart >= 0 && isInnerYear;
}
