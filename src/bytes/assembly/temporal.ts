// Texts of FHIR's date, dateTime and instant, taken apart by the rules of src/temporal.ts.

export const PRECISION_NONE: u32 = 0;
export const PRECISION_YEAR: u32 = 1;
export const PRECISION_MONTH: u32 = 2;
export const PRECISION_DAY: u32 = 3;
export const PRECISION_TIME: u32 = 4;

/** Digits of seconds and microseconds: some zeros are lost, or some others. */
export const FRACTION_EXACT: u32 = 0;
export const FRACTION_NOTATION: u32 = 1;
export const FRACTION_DIGITS: u32 = 2;

/** Where the zone begins in the text last read; -1 without one. */
export let zoneStart: i32 = -1;

/** The number that two digits stand for; 255 when one of them is none. */
// @ts-ignore
@inline
function twoDigits(at: usize): u32 {
  const high = <u32>load<u8>(at) - 0x30;
  const low = <u32>load<u8>(at, 1) - 0x30;
  return high > 9 || low > 9 ? 255 : high * 10 + low;
}

function daysIn(year: u32, month: u32): u32 {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/** How precise it is; none when it is no moment. */
export function readTemporal(address: usize, byteCount: u32): u32 {
  zoneStart = -1;
  if (byteCount < 4) return PRECISION_NONE;
  const century = twoDigits(address);
  const rest = twoDigits(address + 2);
  if (century == 255 || rest == 255 || century + rest == 0) return PRECISION_NONE;
  if (byteCount == 4) return PRECISION_YEAR;
  if (byteCount < 7 || load<u8>(address, 4) != 0x2d) return PRECISION_NONE;
  const month = twoDigits(address + 5);
  if (month < 1 || month > 12) return PRECISION_NONE;
  if (byteCount == 7) return PRECISION_MONTH;
  if (byteCount < 10 || load<u8>(address, 7) != 0x2d) return PRECISION_NONE;
  const day = twoDigits(address + 8);
  if (day < 1 || day > daysIn(century * 100 + rest, month)) return PRECISION_NONE;
  if (byteCount == 10) return PRECISION_DAY;
  return isTime(address, byteCount) ? PRECISION_TIME : PRECISION_NONE;
}

function isTime(address: usize, byteCount: u32): bool {
  if (byteCount < 16 || load<u8>(address, 10) != 0x54 || load<u8>(address, 13) != 0x3a) return false;
  if (twoDigits(address + 11) > 23 || twoDigits(address + 14) > 59) return false;
  let at: u32 = 16;
  if (at < byteCount && load<u8>(address + at) == 0x3a) {
    if (byteCount < 19 || twoDigits(address + 17) > 59) return false;
    at = 19;
    if (at < byteCount && load<u8>(address + at) == 0x2e) {
      const start = ++at;
      while (at < byteCount && load<u8>(address + at) - 0x30 < 10) at++;
      if (at == start) return false;
    }
  }
  return at == byteCount || isZone(address, at, byteCount);
}

/** Of a moment whose seconds have a fraction, from 20 on. */
export function fractionFit(address: usize, byteCount: u32): u32 {
  let last: u32 = 0;
  let isCut = false;
  for (let at: u32 = 20; at < byteCount; at++) {
    const digit = <u32>load<u8>(address + at) - 0x30;
    if (digit > 9) break;
    if (at >= 26 && digit != 0) isCut = true;
    last = digit;
  }
  return isCut ? FRACTION_DIGITS : last == 0 ? FRACTION_NOTATION : FRACTION_EXACT;
}

function isZone(address: usize, at: u32, byteCount: u32): bool {
  zoneStart = <i32>at;
  const sign = load<u8>(address + at);
  if (sign == 0x5a) return byteCount == at + 1;
  if ((sign != 0x2b && sign != 0x2d) || byteCount != at + 6 || load<u8>(address + at, 3) != 0x3a) return false;
  const hours = twoDigits(address + at + 1);
  const minutes = twoDigits(address + at + 4);
  return hours <= 14 && minutes <= 59 && hours * 60 + minutes <= 840;
}

/** What `readMoment` has found; none when the text is no such moment. */
export let momentPrecision: u32 = PRECISION_NONE;

const microsecondsPerMinute: i64 = 60_000_000;
const microsecondsPerDay: i64 = 1440 * microsecondsPerMinute;
/** The first microsecond of year 1, and that after year 9999. */
const firstMicrosecond: i64 = -719_162 * microsecondsPerDay;
const endMicrosecond: i64 = 2_932_897 * microsecondsPerDay;

/** Days since 1970 of a date, which has no time; else microseconds, of the wall clock or in UTC. */
export function readMoment(address: usize, byteCount: u32, isDate: bool, isUtc: bool): i64 {
  const precision = readTemporal(address, byteCount);
  momentPrecision = isDate && precision == PRECISION_TIME ? PRECISION_NONE : precision;
  if (momentPrecision == PRECISION_NONE) return 0;
  const month: u32 = precision == PRECISION_YEAR ? 1 : twoDigits(address + 5);
  const days = dayOf(twoDigits(address) * 100 + twoDigits(address + 2), month, precision <= PRECISION_MONTH ? 1 : twoDigits(address + 8));
  if (isDate) return <i64>days;
  if (precision != PRECISION_TIME) return <i64>days * microsecondsPerDay;
  const local = <i64>days * microsecondsPerDay + readClock(address, byteCount);
  if (!isUtc) return local;
  const inUtc = local - readOffset(address);
  if (zoneStart < 0 || inUtc < firstMicrosecond || inUtc >= endMicrosecond) momentPrecision = PRECISION_NONE;
  return inUtc;
}

/** Days since 1970-01-01: years run from March, so that the leap day is the last of a year. */
function dayOf(year: u32, month: u32, dayOfMonth: u32): i32 {
  const fromMarch = month > 2 ? year : year - 1;
  const dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + dayOfMonth - 1;
  return <i32>(fromMarch * 365 + fromMarch / 4 - fromMarch / 100 + fromMarch / 400 + dayOfYear) - 719_468;
}

/** Microseconds since midnight; further digits are cut. */
function readClock(address: usize, byteCount: u32): i64 {
  const minutes = <i64>(twoDigits(address + 11) * 60 + twoDigits(address + 14)) * microsecondsPerMinute;
  if (byteCount < 19 || load<u8>(address, 16) != 0x3a) return minutes;
  let fraction: u32 = 0;
  if (byteCount > 19 && load<u8>(address, 19) == 0x2e) {
    let scale: u32 = 100_000;
    for (let at: u32 = 20; at < byteCount && scale > 0; at++) {
      const digit = <u32>load<u8>(address + at) - 0x30;
      if (digit > 9) break;
      fraction += digit * scale;
      scale /= 10;
    }
  }
  return minutes + <i64>twoDigits(address + 17) * 1_000_000 + <i64>fraction;
}

/** Microseconds that the wall clock is ahead of UTC. */
function readOffset(address: usize): i64 {
  if (zoneStart < 0 || load<u8>(address + zoneStart) == 0x5a) return 0;
  const minutes = <i64>(twoDigits(address + zoneStart + 1) * 60 + twoDigits(address + zoneStart + 4)) * microsecondsPerMinute;
  return load<u8>(address + zoneStart) == 0x2d ? -minutes : minutes;
}
