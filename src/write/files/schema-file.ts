// Tables of a run → the content of _schema.json: what each file holds, for people and for programs that load it.

import { nameColumnType } from '../../column-type.ts';
import { namePhysicalType } from '../../physical-type.ts';
import type { CellStorage, TableSchema } from '../../types.ts';
import { describePart, expandColumns } from '../typed/physical-columns.ts';

export interface TableEntry {
  /** Relative to the output folder, with "/". */
  readonly file: string;
  readonly description: string;
  readonly resourceType: string;
  readonly rowCount: number;
  readonly columns: readonly ColumnEntry[];
}

interface ColumnEntry {
  readonly name: string;
  /** FHIR's. */
  readonly type: string;
  /** What a format with types stores; undefined in text. */
  readonly storedAs?: string;
  readonly path: string | undefined;
  readonly description: string;
}

export function describeTable(schema: TableSchema, storage: CellStorage, file: string, rowCount: number): TableEntry {
  const { description, resourceType } = schema;
  return { file, description, resourceType, rowCount, columns: describeColumns(schema, storage) };
}

/** The columns that the table has in a format, in their order. */
export function describeColumns(schema: TableSchema, storage: CellStorage): readonly ColumnEntry[] {
  if (storage.kind === 'text') {
    return schema.columns.map(({ name, type, fhirPath, description }) => ({ name, type: nameColumnType(type), path: fhirPath, description }));
  }
  return expandColumns(schema, storage).map((physical) => ({
    name: physical.name,
    type: physical.part === 'value' ? nameColumnType(physical.column.type) : 'string',
    storedAs: namePhysicalType(physical.type),
    path: physical.column.fhirPath,
    description: describePart(physical),
  }));
}
