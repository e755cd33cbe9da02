// Dates, dateTimes and times by their text: comparison with regard to precision and zone, and their boundaries.
// https://hl7.org/fhirpath/N1/#datetime-equality, https://hl7.org/fhirpath/N1/#comparison

/** The span of time that a text may mean, in milliseconds; both ends the same from seconds on. */
interface Span {
  readonly low: number;
  readonly high: number;
  /** 1 year … 5 minutes, 6 seconds and what is below. */
  readonly precision: number;
  readonly hasZone: boolean;
}

const datePattern = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(?:(\d\d)(?::(\d\d)(?::(\d\d)(\.\d+)?)?)?(Z|[+-]\d\d:\d\d)?)?)?)?)?T?$/;
const timePattern = /^(\d\d)(?::(\d\d)(?::(\d\d)(\.\d+)?)?)?$/;
const minuteMs = 60_000;
/** Zones reach from -12:00 to +14:00: what has none may mean a time that much earlier or later in UTC. */
const earliestZoneMs = -14 * 60 * minuteMs;
const latestZoneMs = 12 * 60 * minuteMs;

/** -1, 0, 1, or undefined where precision or a missing zone leaves it open, or a text is no date. */
export function compareMoments(a: string, b: string): number | undefined {
  if (a === b) return isMoment(a) ? 0 : undefined;
  const left = readMoment(a);
  const right = readMoment(b);
  if (left === undefined || right === undefined) return undefined;
  if (left.hasZone === right.hasZone) return compareSpans(left, right);
  return compareSpans(left.hasZone ? left : widen(left), right.hasZone ? right : widen(right));
}

/** As {@link compareMoments}, for times of day. */
export function compareTimes(a: string, b: string): number | undefined {
  const left = readTime(a);
  const right = readTime(b);
  return left && right && compareSpans(left, right);
}

export function isMoment(text: string): boolean {
  return readMoment(text) !== undefined;
}

export function isTime(text: string): boolean {
  return readTime(text) !== undefined;
}

/**
 * The earliest or latest that a text may mean, in full precision. A dateTime without zone may be anywhere.
 * https://hl7.org/fhirpath/#lowboundaryprecision-integer-decimal--date--datetime--time
 */
export function boundaryOf(text: string, side: 'low' | 'high', as: 'date' | 'dateTime' | 'time'): string | undefined {
  if (as === 'time') {
    const parts = timePattern.exec(text);
    return parts === null || readTime(text) === undefined ? undefined : boundTime(parts.slice(1), side);
  }
  const parts = datePattern.exec(text);
  if (parts === null || readMoment(text) === undefined) return undefined;
  const [, year = '', month = side === 'low' ? '01' : '12'] = parts;
  const day = parts[3] ?? (side === 'low' ? '01' : String(lastDay(Number(year), Number(month))));
  const date = `${year}-${month}-${day.padStart(2, '0')}`;
  if (as === 'date') return date;
  return `${date}T${boundTime(parts.slice(4, 8), side)}${parts[8] ?? (side === 'low' ? '+14:00' : '-12:00')}`;
}

function boundTime([hour, minute, second, fraction]: readonly (string | undefined)[], side: 'low' | 'high'): string {
  const [latestHour, latest, digit] = side === 'low' ? ['00', '00', '0'] : ['23', '59', '9'];
  // A fraction that is there is as exact as it gets.
  const rest = fraction === undefined ? digit.repeat(3) : fraction.slice(1).padEnd(3, '0');
  return `${hour ?? latestHour}:${minute ?? latest}:${second ?? latest}.${rest}`;
}

function readMoment(text: string): Span | undefined {
  const parts = datePattern.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = parts;
  const precision = second !== undefined ? 6 : minute !== undefined ? 5 : hour !== undefined ? 4 : day !== undefined ? 3 : month !== undefined ? 2 : 1;
  const [y, m, d] = [Number(year), Number(month ?? 1), Number(day ?? 1)];
  if (m < 1 || m > 12 || d < 1 || d > lastDay(y, m) || !isTimeOfDay(hour, minute, second)) return undefined;
  const offset = zone === undefined || zone === 'Z' ? 0 : offsetMs(zone);
  const low = utc(y, m, d, hour, minute, second) + milliseconds(fraction) - offset;
  return { low, high: low + spanMs(precision, y, m), precision, hasZone: zone !== undefined };
}

function readTime(text: string): Span | undefined {
  const parts = timePattern.exec(text);
  if (parts === null) return undefined;
  const [, hour, minute, second, fraction] = parts;
  if (!isTimeOfDay(hour, minute, second)) return undefined;
  const precision = second !== undefined ? 6 : minute !== undefined ? 5 : 4;
  const low = utc(1970, 1, 1, hour, minute, second) + milliseconds(fraction);
  return { low, high: low + spanMs(precision, 1970, 1), precision, hasZone: false };
}

function compareSpans(a: Span, b: Span): number | undefined {
  if (a.high < b.low) return -1;
  if (a.low > b.high) return 1;
  return a.precision === b.precision && a.low === b.low && a.high === b.high ? 0 : undefined;
}

function widen(span: Span): Span {
  return { ...span, low: span.low + earliestZoneMs, high: span.high + latestZoneMs, precision: 0 };
}

function isTimeOfDay(hour = '0', minute = '0', second = '0'): boolean {
  return Number(hour) < 24 && Number(minute) < 60 && Number(second) < 61;
}

/** Years below 100 mean themselves. */
function utc(year: number, month: number, day: number, hour = '0', minute = '0', second = '0'): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  return date.getTime();
}

function milliseconds(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Number(`0${fraction}`) * 1000;
}

function offsetMs(zone: string): number {
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4));
  return (zone.startsWith('-') ? -minutes : minutes) * minuteMs;
}

/** How long the last given part lasts, less one millisecond; 0 from seconds on, which are compared as decimals. */
function spanMs(precision: number, year: number, month: number): number {
  const dayMs = 24 * 60 * minuteMs;
  switch (precision) {
    case 1:
      return (lastDay(year, 2) === 29 ? 366 : 365) * dayMs - 1;
    case 2:
      return lastDay(year, month) * dayMs - 1;
    case 3:
      return dayMs - 1;
    case 4:
      return 60 * minuteMs - 1;
    case 5:
      return minuteMs - 1;
    default:
      return 0;
  }
}

function lastDay(year: number, month: number): number {
  return month === 2 ? (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}
