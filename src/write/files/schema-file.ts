// Tables of a run → the content of _schema.json: what each file holds, for people and for programs that load it.

import { nameColumnType } from '../../column-type.ts';
import type { TableSchema } from '../../types.ts';

export interface TableEntry {
  /** Relative to the output folder, with "/". */
  readonly file: string;
  readonly description: string;
  readonly resourceType: string;
  readonly rowCount: number;
  readonly columns: readonly { name: string; type: string; path: string | undefined; description: string }[];
}

export function describeTable(schema: TableSchema, file: string, rowCount: number): TableEntry {
  return {
    file,
    description: schema.description,
    resourceType: schema.resourceType,
    rowCount,
    columns: schema.columns.map(({ name, type, fhirPath, description }) => ({ name, type: nameColumnType(type), path: fhirPath, description })),
  };
}
