// Batches → rows as objects, for programs and for formats of plugins.

import type { Batch, CellStorage, CellValue, Column, ColumnType } from '../types.ts';
import { booleanOf, doubleOf, int32Of, int64Of } from '../write/typed/read-cells.ts';

/** A cell of a row. */
export type RowValue = string | number | bigint | boolean | null | readonly (string | number | bigint | boolean | null)[];

/** By column name; absent values are null. */
export type RowObject = Readonly<Record<string, RowValue>>;

/**
 * `typed`: booleans, numbers (bigint for integer64), lists; dates and times as FHIR writes them, JSON as text.
 * `text`: the literal text of the input, so that `1.00` stays `1.00`; lists joined with `; `.
 */
export type CellKind = 'typed' | 'text';

export function storageOf(cells: CellKind): CellStorage {
  return cells === 'text' ? { kind: 'text' } : { kind: 'typed', timestamps: 'text', decimals: 'double' };
}

export function* rowsOf({ rowCount, schema, vectors }: Batch): Generator<RowObject, void, undefined> {
  const filled = schema.columns.flatMap((column, index) => {
    const vector = vectors[index];
    if (vector === undefined || vector.isAllNull) return [];
    const read = vector.storage === 'typed' ? readerOf(column.type) : (cell: CellValue) => String(cell);
    return [{ name: column.name, values: vector.values, read }];
  });
  // A copy of an object that has all columns is made several times faster than an object column by column; and what
  // JSON.parse makes stays of the fast kind.
  const nulls = JSON.parse(`{${schema.columns.map(({ name }) => `${JSON.stringify(name)}:null`).join(',')}}`) as Record<string, RowValue>;
  for (let row = 0; row < rowCount; row++) {
    const object = { ...nulls };
    for (let index = 0; index < filled.length; index++) {
      const { name, read, values } = filled[index] as (typeof filled)[number];
      const cell = values[row];
      if (cell !== undefined) object[name] = read(cell) ?? null;
    }
    yield object;
  }
}

type ReadCell = (cell: CellValue) => RowValue | undefined;

/** Flatteners may set text that says the same. */
function readerOf(type: ColumnType): ReadCell {
  switch (type.kind) {
    case 'json':
      return String;
    case 'primitive':
      return primitiveReader(type.fhirType);
    case 'list': {
      const read = primitiveReader(type.fhirType) as (cell: CellValue) => string | number | bigint | boolean | undefined;
      return (cell) => (Array.isArray(cell) ? (cell as readonly (CellValue | null)[]).map((item) => (item === null ? null : (read(item) ?? null))) : undefined);
    }
    default:
      return type satisfies never;
  }
}

function primitiveReader(fhirType: Extract<Column['type'], { kind: 'primitive' }>['fhirType']): ReadCell {
  switch (fhirType) {
    case 'boolean':
      return booleanOf;
    case 'integer':
    case 'positiveInt':
    case 'unsignedInt':
      return int32Of;
    case 'integer64':
      return int64Of;
    case 'decimal':
      return doubleOf;
    default:
      return String;
  }
}
