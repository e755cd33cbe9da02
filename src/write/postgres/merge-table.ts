// What a load knows of a table of the database: where the rows of the run stand, and what else may be in it.

import type { LoadTable } from './load-table.ts';

/** A table of this run, one that was there without rows, or a temporary one, whose rows have yet to get to where they belong. */
export type StagedKind = 'made' | 'empty' | 'temporary';

/** A table of the database that the run may have to do with. */
export interface MergeTable {
  readonly table: LoadTable;
  /** Quoted, with the schema. */
  readonly target: string;
  /** Where the rows of this run are; undefined when it has none. The table itself where it has no others. */
  readonly staged: string | undefined;
  readonly kind: StagedKind;
  readonly isPartitioned: boolean;
  readonly hasIndexes: boolean;
  /** Rows of this run. */
  readonly rowCount: number;
}

/** True where all rows of a table are of this run: it was empty, or not there. */
export function hasOursOnly({ kind }: Pick<MergeTable, 'kind'>): boolean {
  return kind !== 'temporary';
}

export function placeOf({ table }: { readonly table: LoadTable }): string {
  return `table ${table.schema.name}`;
}
