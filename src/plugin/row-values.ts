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
  const readers = schema.columns.map((column, index) => {
    const vector = vectors[index];
    const read = vector?.storage === 'typed' ? readerOf(column.type) : (cell: CellValue) => String(cell);
    return { name: column.name, values: vector === undefined || vector.isAllNull ? [] : vector.values, read };
  });
  for (let row = 0; row < rowCount; row++) {
    const object: Record<string, RowValue> = {};
    for (const { name, read, values } of readers) {
      const cell = values[row];
      object[name] = cell === undefined ? null : (read(cell) ?? null);
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
