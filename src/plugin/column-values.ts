// The types of a plugin's columns, and the values that fit into them: for the compiler, and at run time for plugins in
// plain JavaScript.

import { isJsonObject, type JsonValue, NumberText, stringifyJson } from '../json.ts';
import type { CellStorage, CellValue, ColumnType, PrimitiveTypeName } from '../types.ts';

/** A FHIR primitive type, a list of one (`string[]`), or JSON text. */
export type ColumnTypeName = PrimitiveTypeName | `${PrimitiveTypeName}[]` | 'json';

/** Numbers as JSON writes them, so that `1.00` can stay `1.00`. */
export type Decimal = number | `${number}` | NumberText;

/** What a column takes of each primitive type. Text of dates and times is as FHIR writes them: `2024-03`, `2024-03-14T09:00:00+01:00`. */
export type PrimitiveValue<T extends PrimitiveTypeName> = T extends 'boolean'
  ? boolean
  : T extends 'integer' | 'positiveInt' | 'unsignedInt'
    ? number
    : T extends 'integer64'
      ? number | bigint | `${bigint}`
      : T extends 'decimal'
        ? Decimal
        : T extends 'dateTime' | 'instant'
          ? string | Date
          : string;

/** What a column takes. JSON is anything that JSON can say. */
export type ColumnValue<T extends ColumnTypeName> = T extends 'json'
  ? unknown
  : T extends `${infer Item extends PrimitiveTypeName}[]`
    ? readonly (PrimitiveValue<Item> | null | undefined)[]
    : T extends PrimitiveTypeName
      ? PrimitiveValue<T>
      : never;

/** A value → its cell; undefined when the value does not fit. */
export type CellMaker = (value: unknown) => CellValue | undefined;

const digits = /^-?\d+$/;
/** https://www.rfc-editor.org/rfc/rfc8259#section-6 */
const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const day = String.raw`\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])`;
const clock = String.raw`(?:[01]\d|2[0-3]):[0-5]\d`;
const seconds = String.raw`:(?:[0-5]\d|60)(?:\.\d+)?`;
const zone = String.raw`(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)`;

/** https://hl7.org/fhir/R4/datatypes.html#primitive; a dateTime may lack seconds and zone, as many do. */
const patterns = {
  date: new RegExp(String.raw`^(?:\d{4}|\d{4}-(?:0[1-9]|1[0-2])|${day})$`),
  dateTime: new RegExp(String.raw`^(?:\d{4}|\d{4}-(?:0[1-9]|1[0-2])|${day}(?:T${clock}(?:${seconds})?${zone}?)?)$`),
  instant: new RegExp(`^${day}T${clock}${seconds}${zone}$`),
  time: new RegExp(`^${clock}${seconds}$`),
};

const primitiveCells: Readonly<Record<PrimitiveTypeName, CellMaker>> = {
  base64Binary: textCell,
  boolean: (value) => (typeof value === 'boolean' ? String(value) : undefined),
  canonical: textCell,
  code: textCell,
  date: (value) => onCalendar(matching(value, patterns.date)),
  dateTime: (value) => onCalendar(matching(dateText(value), patterns.dateTime)),
  decimal: decimalCell,
  id: textCell,
  instant: (value) => onCalendar(matching(dateText(value), patterns.instant)),
  integer: (value) => integerCell(value, -2_147_483_648),
  integer64: integer64Cell,
  markdown: textCell,
  oid: textCell,
  positiveInt: (value) => integerCell(value, 1),
  string: textCell,
  time: (value) => matching(value, patterns.time),
  unsignedInt: (value) => integerCell(value, 0),
  uri: textCell,
  url: textCell,
  uuid: textCell,
  xhtml: textCell,
};

/** Undefined when there is no such type. */
export function parseColumnType(name: unknown): ColumnType | undefined {
  if (typeof name !== 'string') return undefined;
  if (name === 'json') return { kind: 'json' };
  const isList = name.endsWith('[]');
  const fhirType = isList ? name.slice(0, -2) : name;
  if (!Object.hasOwn(primitiveCells, fhirType)) return undefined;
  return { kind: isList ? 'list' : 'primitive', fhirType: fhirType as PrimitiveTypeName };
}

/** `original` gives the lossless form of an object that stands for another one; for JSON columns. */
export function makeCell(type: ColumnType, storage: CellStorage['kind'], original: (value: object) => unknown): CellMaker {
  switch (type.kind) {
    case 'primitive':
      return storage === 'text' ? primitiveCells[type.fhirType] : typedCell(type.fhirType);
    case 'list': {
      if (storage === 'typed') return (value) => listCell(value, typedCell(type.fhirType));
      const itemCell = primitiveCells[type.fhirType];
      return (value) => (listCell(value, itemCell) as string[] | undefined)?.join('; ');
    }
    case 'json':
      return (value) => jsonCell(value, original);
    default:
      return type satisfies never;
  }
}

/** Numbers and booleans as such; a decimal stays text where a double would say it otherwise. */
function typedCell(fhirType: PrimitiveTypeName): CellMaker {
  const read = primitiveCells[fhirType];
  const convert = conversions[fhirType];
  if (convert === undefined) return read;
  return (value) => {
    const text = read(value) as string | undefined;
    return text === undefined ? undefined : convert(text);
  };
}

const conversions: Readonly<Partial<Record<PrimitiveTypeName, (text: string) => CellValue>>> = {
  boolean: (text) => text === 'true',
  decimal: (text) => (String(Number(text)) === text ? Number(text) : text),
  integer: Number,
  integer64: BigInt,
  positiveInt: Number,
  unsignedInt: Number,
};

function textCell(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function matching(value: unknown, pattern: RegExp): string | undefined {
  return typeof value === 'string' && pattern.test(value) ? value : undefined;
}

/** Undefined for a day that its month does not have. */
function onCalendar(text: string | undefined): string | undefined {
  if (text === undefined || text.length < 10) return text;
  const day = Number(text.slice(8, 10));
  return day <= 28 || day <= new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate() ? text : undefined;
}

function dateText(value: unknown): unknown {
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : value;
}

function decimalCell(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  if (value instanceof NumberText) return value.text;
  return matching(value, jsonNumber);
}

function integerCell(value: unknown, min: number): string | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= 2_147_483_647 ? String(value) : undefined;
}

function integer64Cell(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined;
  if (typeof value === 'string' && !digits.test(value)) return undefined;
  if (typeof value !== 'bigint' && typeof value !== 'string') return undefined;
  const integer = BigInt(value);
  return integer === BigInt.asIntN(64, integer) ? String(integer) : undefined;
}

/** Absent items keep their place, as in FHIR's lists of primitives. */
function listCell(value: unknown, itemCell: CellMaker): CellValue | undefined {
  if (!Array.isArray(value)) return undefined;
  const cells: CellValue[] = [];
  for (const item of value as unknown[]) {
    if (item === null || item === undefined) continue;
    const cell = itemCell(item);
    if (cell === undefined) return undefined;
    cells.push(cell);
  }
  return cells;
}

function jsonCell(value: unknown, original: (value: object) => unknown): string | undefined {
  const json = toJson(value, original);
  return json === undefined ? undefined : stringifyJson(json);
}

/** Undefined when JSON cannot say it. Absent members of objects are left out. */
function toJson(value: unknown, original: (value: object) => unknown): JsonValue | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : undefined;
    case 'bigint':
      return new NumberText(String(value));
    case 'object':
      break;
    default:
      return undefined;
  }
  if (value === null) return null;
  if (value instanceof NumberText) return value;
  const known = original(value);
  if (known !== undefined) return known as JsonValue;
  if (value instanceof Date) return dateText(value) as string;
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => (item === undefined ? null : toJson(item, original)));
    return items.includes(undefined) ? undefined : (items as JsonValue[]);
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  // Without a prototype, `__proto__` is a key like any other.
  const copy = Object.create(null) as Record<string, JsonValue>;
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const json = toJson(member, original);
    if (json === undefined) return undefined;
    copy[key] = json;
  }
  return isJsonObject(copy) ? copy : undefined;
}
