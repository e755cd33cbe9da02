// FHIR type of a column → what a typed sink (Parquet, Arrow, Postgres) stores. The engine asks it what fits a cell, the
// sinks what to write.

import type { ColumnType, PrimitiveTypeName, TypedStorage } from './types.ts';

/** What a cell of a typed sink is. A timestamp counts microseconds. */
export type PhysicalType =
  | { readonly kind: 'text' | 'json' | 'boolean' | 'int32' | 'int64' | 'double' | 'date' }
  /** Any number of digits, as written. */
  | { readonly kind: 'numeric' }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  /** `isUtc` false: the wall clock as written, without zone. */
  | { readonly kind: 'timestamp'; readonly isUtc: boolean }
  | { readonly kind: 'list'; readonly item: PhysicalType };

export function physicalTypeOf(type: ColumnType, storage: TypedStorage): PhysicalType {
  switch (type.kind) {
    case 'json':
      return { kind: 'json' };
    case 'primitive':
      return physicalTypeOfPrimitive(type.fhirType, storage);
    case 'list': {
      const item = physicalTypeOfPrimitive(type.fhirType, storage);
      // Items have no second column for what a date leaves open, or for the zone: they stay as written.
      return { kind: 'list', item: item.kind === 'date' || item.kind === 'timestamp' ? { kind: 'text' } : item };
    }
    default:
      return type satisfies never;
  }
}

function physicalTypeOfPrimitive(type: PrimitiveTypeName, { decimals, timestamps }: TypedStorage): PhysicalType {
  switch (type) {
    case 'boolean':
      return { kind: 'boolean' };
    case 'integer':
    case 'positiveInt':
    case 'unsignedInt':
      return { kind: 'int32' };
    case 'integer64':
      return { kind: 'int64' };
    case 'decimal':
      return typeof decimals === 'object' ? { kind: 'decimal', ...decimals } : { kind: decimals };
    case 'date':
      return { kind: 'date' };
    case 'dateTime':
    case 'instant':
      return timestamps === 'text' ? { kind: 'text' } : { kind: 'timestamp', isUtc: timestamps === 'utc' };
    case 'base64Binary':
    case 'canonical':
    case 'code':
    case 'id':
    case 'markdown':
    case 'oid':
    case 'string':
    // https://hl7.org/fhir/R4/datatypes.html#time: a time of day has no type in Arrow that all readers know.
    case 'time':
    case 'uri':
    case 'url':
    case 'uuid':
    case 'xhtml':
      return { kind: 'text' };
    default:
      return type satisfies never;
  }
}

/** `timestamp`, `list of int32`, `decimal(18,4)`, for people and _schema.json. */
export function namePhysicalType(type: PhysicalType): string {
  switch (type.kind) {
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`;
    case 'timestamp':
      return type.isUtc ? 'timestamp UTC' : 'timestamp';
    case 'list':
      return `list of ${namePhysicalType(type.item)}`;
    default:
      return type.kind;
  }
}
