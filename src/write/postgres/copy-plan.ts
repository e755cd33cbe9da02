// The columns of a table as Postgres has them → what the module's encoder does with each cell.

import type { RowStore } from '../../bytes/row-store.ts';
import type { LoadTable, SqlColumn } from './load-table.ts';

/** bytes/assembly/copy.ts has the same numbers. */
const kinds = { text: 0, indexed: 1, json: 2, boolean: 3, int32: 4, int64: 5, numeric: 6, date: 7, local: 8, utc: 9, zone: 10, host: 11 } as const;

const cellByteCount = 8;

export interface CopyPlan {
  readonly store: RowStore;
  /** In the store's memory. */
  readonly address: number;
  columnCount: number;
  /** Those after them, which are not written. */
  leftOutCount: number;
}

/** Room for all columns of a table, and none of them yet; undefined when there is no memory for it. */
export function placeCopyPlan(store: RowStore, { columns }: LoadTable): CopyPlan | undefined {
  const address = store.functions.allocateHeap(columns.length * 8);
  return address === 0 ? undefined : { store, address, columnCount: 0, leftOutCount: 0 };
}

/** These columns are written from now on; `leftOut` are all others of the table. */
export function writeCopyPlan(plan: CopyPlan, columns: readonly SqlColumn[], leftOut: readonly SqlColumn[], { joinColumns }: LoadTable): void {
  const { words } = plan.store;
  let word = plan.address >> 2;
  const write = (column: SqlColumn): void => {
    words[word++] = column.sourceIndex * cellByteCount;
    words[word++] = joinColumns.includes(column) ? kinds.indexed : kindOf(column);
  };
  columns.forEach(write);
  leftOut.forEach(write);
  plan.columnCount = columns.length;
  plan.leftOutCount = leftOut.length;
}

function kindOf({ part, type }: SqlColumn): number {
  if (part !== 'value') return kinds.zone;
  switch (type.kind) {
    case 'text':
    // As literals of arrays already.
    case 'list':
      return kinds.text;
    case 'json':
    case 'boolean':
    case 'int32':
    case 'int64':
    case 'numeric':
    case 'date':
      return kinds[type.kind];
    case 'timestamp':
      return type.isUtc ? kinds.utc : kinds.local;
    case 'double':
    case 'decimal':
      return kinds.host;
    default:
      return type satisfies never;
  }
}
