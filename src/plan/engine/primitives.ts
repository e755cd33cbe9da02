// One JSON value of a FHIR primitive type → cell, or undefined when the value does not fit the type. Cells and
// otherJson use the same functions, so that a value that no cell shows is kept there.

import { type JsonValue, NumberText } from '../../json.ts';
import { physicalTypeOf } from '../../physical-type.ts';
import type { CellStorage, CellValue, ColumnType, NormaliseRule, PrimitiveTypeName } from '../../types.ts';
import { readAsTyped } from './typed-primitives.ts';

export type ReadPrimitive = (value: JsonValue | undefined) => CellValue | undefined;

export interface PrimitiveReader {
  readonly read: ReadPrimitive;
  /** How the cell differs from the value that it was read from; undefined where it never does. */
  readonly judge: ((value: JsonValue) => NormaliseRule | undefined) | undefined;
}

/** What is to be kept besides the cell. */
export function losesDigits(rule: NormaliseRule): boolean {
  return rule === 'number-digits' || rule === 'time-digits';
}

/** Reads values of a type for a column of a type, which may be another one: labels are text whatever they show. */
export function readPrimitiveAs(type: PrimitiveTypeName, column: ColumnType, storage: CellStorage): PrimitiveReader {
  const asText: PrimitiveReader = { read: readAsText(type), judge: undefined };
  switch (storage.kind) {
    case 'text':
      return asText;
    case 'typed':
      return readAsTyped(physicalTypeOf(column, storage), asText);
    default:
      return storage satisfies never;
  }
}

/** https://hl7.org/fhir/R4/json.html#primitive: which JSON type a primitive has. */
function readAsText(type: PrimitiveTypeName): ReadPrimitive {
  switch (type) {
    case 'boolean':
      return readBoolean;
    case 'decimal':
      return readDecimal;
    case 'integer':
    case 'positiveInt':
    case 'unsignedInt':
      return readInteger;
    case 'integer64':
      return readInteger64;
    case 'base64Binary':
    case 'canonical':
    case 'code':
    case 'date':
    case 'dateTime':
    case 'id':
    case 'instant':
    case 'markdown':
    case 'oid':
    case 'string':
    case 'time':
    case 'uri':
    case 'url':
    case 'uuid':
    case 'xhtml':
      return readString;
    default:
      return type satisfies never;
  }
}

function readString(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function readBoolean(value: JsonValue | undefined): string | undefined {
  return value === true ? 'true' : value === false ? 'false' : undefined;
}

function readDecimal(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'number') return String(value);
  return value instanceof NumberText ? value.text : undefined;
}

function readInteger(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : undefined;
  return value instanceof NumberText && /^-?\d+$/.test(value.text) ? value.text : undefined;
}

/** https://hl7.org/fhir/R5/json.html#primitive: integer64 is written as a string. */
function readInteger64(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && /^-?\d+$/.test(value) ? value : readInteger(value);
}
