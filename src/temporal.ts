// Texts of FHIR's date, dateTime and instant → days, microseconds and zone. Imports nothing: the engine asks whether a
// value fits a column, and the sinks turn the same texts into numbers; both by this file, so that they cannot disagree.

/** What a text tells of a moment. Filled by {@link readTemporal}; reused, since a run reads millions. */
export class Temporal {
  /** Since 1970-01-01, in the proleptic Gregorian calendar; the first day of a month or year that stands alone. */
  day = 0;
  /** Of the day as the clock on the wall shows it. */
  microsecond = 0;
  precision: TemporalPrecision = 'day';
  /** Where the zone (`Z`, `+01:00`) begins in the text; -1 without one. */
  zoneStart = -1;
  /** The wall clock is so far ahead of UTC. */
  offsetMinutes = 0;
  fraction: FractionFit = 'exact';
}

/** `time` is hours and minutes at least. */
export type TemporalPrecision = 'year' | 'month' | 'day' | 'time';

/** Digits of seconds and microseconds: `notation` when some zeros are lost, `digits` when some others are. */
export type FractionFit = 'exact' | 'notation' | 'digits';

const microsecondsPerMinute = 60_000_000;
const microsecondsPerDay = 24 * 60 * microsecondsPerMinute;

/** Year 1 and year 9999, all that FHIR has: https://hl7.org/fhir/R4/datatypes.html#date */
export const firstDay = dayOf(1, 1, 1);
export const lastDay = dayOf(9999, 12, 31);

/**
 * Reads `YYYY`, `YYYY-MM`, `YYYY-MM-DD`, or a date and time with or without seconds, fraction and zone: false when the
 * text is none of them, or no such moment exists. Leap seconds (`:60`) and `24:00` have no place on a timestamp's line.
 */
export function readTemporal(text: string, into: Temporal): boolean {
  const { length } = text;
  const year = digits(text, 0, 4, length);
  if (year < 1) return false;
  into.microsecond = 0;
  into.zoneStart = -1;
  into.offsetMinutes = 0;
  into.fraction = 'exact';
  if (length === 4) {
    into.precision = 'year';
    into.day = dayOf(year, 1, 1);
    return true;
  }
  const month = text.charCodeAt(4) === dash ? digits(text, 5, 2, length) : -1;
  if (month < 1 || month > 12) return false;
  if (length === 7) {
    into.precision = 'month';
    into.day = dayOf(year, month, 1);
    return true;
  }
  const dayOfMonth = text.charCodeAt(7) === dash ? digits(text, 8, 2, length) : -1;
  if (dayOfMonth < 1 || dayOfMonth > daysIn(year, month)) return false;
  into.day = dayOf(year, month, dayOfMonth);
  into.precision = 'day';
  return length === 10 || readTime(text, length, into);
}

/** True for what fits a timestamp in UTC: with a zone or without a time, and still between year 1 and year 9999. */
export function fitsUtc(temporal: Temporal): boolean {
  if (temporal.precision !== 'time') return true;
  if (temporal.zoneStart < 0) return false;
  const day = temporal.day + Math.floor((temporal.microsecond - temporal.offsetMinutes * microsecondsPerMinute) / microsecondsPerDay);
  return day >= firstDay && day <= lastDay;
}

/** `+01:00`, `Z`; `day`, `month` or `year` when there is no time; undefined for a time without zone. */
export function zoneOf(text: string, temporal: Temporal): string | undefined {
  if (temporal.precision !== 'time') return temporal.precision;
  return temporal.zoneStart < 0 ? undefined : text.slice(temporal.zoneStart);
}

const dash = 0x2d;
const plus = 0x2b;
const colon = 0x3a;
const point = 0x2e;
const zero = 0x30;
const capitalT = 0x54;
const capitalZ = 0x5a;

/** Reads from the `T` at 10 to the end. */
function readTime(text: string, length: number, into: Temporal): boolean {
  if (text.charCodeAt(10) !== capitalT || text.charCodeAt(13) !== colon) return false;
  const hour = digits(text, 11, 2, length);
  const minute = digits(text, 14, 2, length);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return false;
  let second = 0;
  let fraction = 0;
  let position = 16;
  if (position < length && text.charCodeAt(position) === colon) {
    second = digits(text, 17, 2, length);
    if (second < 0 || second > 59) return false;
    position = 19;
    if (position < length && text.charCodeAt(position) === point) {
      const start = position + 1;
      let last = 0;
      let isCut = false;
      for (position = start; position < length; position++) {
        const digit = text.charCodeAt(position) - zero;
        if (digit < 0 || digit > 9) break;
        if (position - start < 6) fraction = fraction * 10 + digit;
        else if (digit !== 0) isCut = true;
        last = digit;
      }
      if (position === start) return false;
      for (let count = position - start; count < 6; count++) fraction *= 10;
      into.fraction = isCut ? 'digits' : last === 0 ? 'notation' : 'exact';
    }
  }
  into.precision = 'time';
  into.microsecond = (hour * 60 + minute) * microsecondsPerMinute + second * 1_000_000 + fraction;
  return position === length || readZone(text, position, length, into);
}

/** https://hl7.org/fhir/R4/datatypes.html#dateTime: offsets end at 14:00. */
function readZone(text: string, position: number, length: number, into: Temporal): boolean {
  into.zoneStart = position;
  const sign = text.charCodeAt(position);
  if (sign === capitalZ) return length === position + 1;
  if ((sign !== plus && sign !== dash) || length !== position + 6 || text.charCodeAt(position + 3) !== colon) return false;
  const hours = digits(text, position + 1, 2, length);
  const minutes = digits(text, position + 4, 2, length);
  if (hours < 0 || minutes < 0 || minutes > 59 || hours * 60 + minutes > 14 * 60) return false;
  into.offsetMinutes = (sign === dash ? -1 : 1) * (hours * 60 + minutes);
  return true;
}

/** The number that `count` digits stand for; -1 when one of them is none. */
function digits(text: string, start: number, count: number, length: number): number {
  if (start + count > length) return -1;
  let value = 0;
  for (let position = start; position < start + count; position++) {
    const digit = text.charCodeAt(position) - zero;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

const monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysIn(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : (monthLengths[month - 1] as number);
}

/** Days since 1970-01-01: years run from March, so that the leap day is the last of a year. */
function dayOf(year: number, month: number, dayOfMonth: number): number {
  const fromMarch = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + dayOfMonth - 1;
  // 719468 days from 0000-03-01 to 1970-01-01.
  return fromMarch * 365 + Math.floor(fromMarch / 4) - Math.floor(fromMarch / 100) + Math.floor(fromMarch / 400) + dayOfYear - 719_468;
}
