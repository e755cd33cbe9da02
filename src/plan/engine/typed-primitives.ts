// One JSON value of a FHIR primitive type → the cell of a typed column, or undefined when the value does not fit it:
// a month 13, a number given as text, an integer of 40 bits.

import { fitsDecimal, significandOf } from '../../decimal-text.ts';
import { type JsonValue, NumberText, numberText } from '../../json.ts';
import type { PhysicalType } from '../../physical-type.ts';
import { fitsUtc, readTemporal, Temporal } from '../../temporal.ts';
import type { CellValue, NormaliseRule } from '../../types.ts';
import type { PrimitiveReader } from './primitives.ts';

/** `asText` reads the value's own type: a column of text may show values of any. */
export function readAsTyped(physical: PhysicalType, asText: PrimitiveReader): PrimitiveReader {
  switch (physical.kind) {
    case 'text':
    case 'json':
      return asText;
    case 'boolean':
      return { read: (value) => (typeof value === 'boolean' ? value : undefined), judge: undefined };
    case 'int32':
      return { read: readInt32, judge: undefined };
    case 'int64':
      return { read: (value) => readInt64(asText.read(value)), judge: undefined };
    case 'double':
      return { read: readDouble, judge: judgeDouble };
    case 'numeric':
      return { read: readNumeric, judge: undefined };
    case 'decimal':
      return { read: readDecimal(physical), judge: judgeScale };
    case 'date':
      return { read: readDate, judge: undefined };
    case 'timestamp':
      return { read: physical.isUtc ? readUtc : readLocal, judge: judgeTimestamp };
    case 'list':
      return readAsTyped(physical.item, asText);
    default:
      return physical satisfies never;
  }
}

function readInt32(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return (value | 0) === value ? value : undefined;
  // What a double does not reproduce is out of range, or "-0".
  return value instanceof NumberText && value.text === '-0' ? 0 : undefined;
}

function readInt64(text: CellValue | undefined): bigint | undefined {
  if (typeof text !== 'string' || text.length > 20) return undefined;
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

function readDouble(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return value;
  if (!(value instanceof NumberText)) return undefined;
  const nearest = Number(value.text);
  // 1e400 and 1e-400 have no double near them.
  return Number.isFinite(nearest) && (nearest !== 0 || isZero(value.text)) ? nearest : undefined;
}

function judgeDouble(value: JsonValue): NormaliseRule | undefined {
  if (!(value instanceof NumberText)) return undefined;
  return plainDigits(value.text) === plainDigits(String(Number(value.text))) ? 'number-notation' : 'number-digits';
}

/** Postgres takes far more digits; nobody measures with as many. https://www.postgresql.org/docs/current/datatype-numeric.html */
const maxNumericExponent = 1000;

function readNumeric(value: JsonValue | undefined): string | undefined {
  const text = numberText(value);
  if (text === undefined) return undefined;
  const exponent = /[eE]([+-]?\d+)$/.exec(text)?.[1];
  return text.length <= maxNumericExponent && Math.abs(Number(exponent ?? 0)) <= maxNumericExponent ? text : undefined;
}

function readDecimal(limits: { readonly precision: number; readonly scale: number }): PrimitiveReader['read'] {
  return (value) => {
    const text = numberText(value);
    return text !== undefined && fitsDecimal(significandOf(text), limits) ? text : undefined;
  };
}

/** A decimal column writes as many digits as its scale says. */
function judgeScale(value: JsonValue): NormaliseRule | undefined {
  return value instanceof NumberText ? 'number-notation' : undefined;
}

/** Shared: what it holds is used before the next value is read. */
const temporal = new Temporal();

function readDate(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && readTemporal(value, temporal) && temporal.precision !== 'time' ? value : undefined;
}

function readLocal(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && readTemporal(value, temporal) ? value : undefined;
}

function readUtc(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && readTemporal(value, temporal) && fitsUtc(temporal) ? value : undefined;
}

const pointPosition = '2024-01-01T00:00:00'.length;

function judgeTimestamp(value: JsonValue): NormaliseRule | undefined {
  // Most have no fraction.
  if (typeof value !== 'string' || value.charAt(pointPosition) !== '.' || !readTemporal(value, temporal)) return undefined;
  return temporal.fraction === 'exact' ? undefined : temporal.fraction === 'digits' ? 'time-digits' : 'time-notation';
}

/** The same text for the same number, however it is written; zero has no sign. */
function plainDigits(text: string): string {
  const { digits, exponent, isNegative } = significandOf(text);
  return digits === '' ? '0' : `${isNegative ? '-' : ''}${digits}e${exponent}`;
}

function isZero(text: string): boolean {
  return significandOf(text).digits === '';
}
