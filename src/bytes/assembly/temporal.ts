// Texts of FHIR's date, dateTime and instant, taken apart by the rules of src/temporal.ts.

export const PRECISION_NONE: u32 = 0;
export const PRECISION_YEAR: u32 = 1;
export const PRECISION_MONTH: u32 = 2;
export const PRECISION_DAY: u32 = 3;
export const PRECISION_TIME: u32 = 4;

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

function isZone(address: usize, at: u32, byteCount: u32): bool {
  zoneStart = <i32>at;
  const sign = load<u8>(address + at);
  if (sign == 0x5a) return byteCount == at + 1;
  if ((sign != 0x2b && sign != 0x2d) || byteCount != at + 6 || load<u8>(address + at, 3) != 0x3a) return false;
  const hours = twoDigits(address + at + 1);
  const minutes = twoDigits(address + at + 4);
  return hours <= 14 && minutes <= 59 && hours * 60 + minutes <= 840;
}
