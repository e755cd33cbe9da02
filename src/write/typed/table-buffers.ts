// Batches of one table → its physical columns, until they are cleared: then their memory takes the next ones.

import { type ColumnRows, filledColumnsOf } from '../../bytes/column-rows.ts';
import { RowBatch } from '../../bytes/row-batch.ts';
import { physicalTypeOf } from '../../physical-type.ts';
import type { Batch, Column, TableSchema, TypedStorage } from '../../types.ts';
import { createColumnBuffer } from './column-buffers.ts';
import type { CellCounts, Cells, ColumnData } from './column-data.ts';
import { TemporalBuffers, type TemporalKind } from './temporal-buffers.ts';

/** Of one column of the schema: the buffers of its physical columns. */
interface ColumnBuffers {
  readonly byteCount: number;
  readonly counts: CellCounts;
  append(cells: Cells, rowCount: number): void;
  appendRows(rows: ColumnRows): void;
  appendNulls(rowCount: number): void;
  view(): readonly ColumnData[];
  clear(): void;
}

export class TableBuffers {
  rowCount = 0;
  byteCount = 0;
  readonly #columns: readonly ColumnBuffers[];
  /** Column → its rows so far: it gets its last nulls when a value comes, or when it is taken. */
  readonly #rowCounts: number[];
  /** Column → its part of `byteCount`. */
  readonly #byteCounts: number[];

  constructor(schema: TableSchema, storage: TypedStorage) {
    this.#columns = schema.columns.map((column) => createBuffers(column, storage));
    this.#rowCounts = this.#columns.map(() => 0);
    this.#byteCounts = this.#columns.map(() => 0);
  }

  append(batch: Batch): void {
    if (batch instanceof RowBatch && batch.isInStore) {
      for (const rows of filledColumnsOf(batch)) this.#fill(rows.index, batch.rowCount, (column) => column.appendRows(rows));
    } else {
      for (const [index, vector] of batch.vectors.entries()) {
        if (!vector.isAllNull) this.#fill(index, batch.rowCount, (column) => column.append(vector.values, batch.rowCount));
      }
    }
    this.rowCount += batch.rowCount;
  }

  #fill(index: number, rowCount: number, add: (column: ColumnBuffers) => void): void {
    const column = this.#columns[index] as ColumnBuffers;
    this.#catchUp(index);
    add(column);
    this.#rowCounts[index] = this.rowCount + rowCount;
    const { byteCount } = column;
    this.byteCount += byteCount - (this.#byteCounts[index] as number);
    this.#byteCounts[index] = byteCount;
  }

  #catchUp(index: number): void {
    const missing = this.rowCount - (this.#rowCounts[index] as number);
    if (missing > 0) this.#columns[index]?.appendNulls(missing);
  }

  /** The rows so far; good until `append` or `clear`. */
  view(): { readonly rowCount: number; readonly columns: readonly ColumnData[] } {
    const columns = this.#columns.flatMap((column, index) => {
      this.#catchUp(index);
      return column.view();
    });
    return { rowCount: this.rowCount, columns };
  }

  clear(): void {
    for (const column of this.#columns) column.clear();
    this.#rowCounts.fill(0);
    this.#byteCounts.fill(0);
    this.rowCount = 0;
    this.byteCount = 0;
  }

  /** Over all columns, since the buffers were made. */
  counts(): CellCounts {
    const sum: CellCounts = { unfit: 0, replacedCharacters: 0 };
    for (const { counts } of this.#columns) {
      sum.unfit += counts.unfit;
      sum.replacedCharacters += counts.replacedCharacters;
    }
    return sum;
  }
}

function createBuffers({ type }: Column, storage: TypedStorage): ColumnBuffers {
  const physical = physicalTypeOf(type, storage);
  if (physical.kind === 'date') return new TemporalBuffers('date');
  if (physical.kind === 'timestamp') return new TemporalBuffers((physical.isUtc ? 'utc' : 'local') satisfies TemporalKind);
  const buffer = createColumnBuffer(physical);
  return {
    get byteCount() {
      return buffer.byteCount;
    },
    counts: buffer.counts,
    append: (cells, rowCount) => buffer.append(cells, rowCount),
    appendRows: (rows) => buffer.appendRows(rows),
    appendNulls: (rowCount) => buffer.appendNulls(rowCount),
    view: () => [buffer.view()],
    clear: () => buffer.clear(),
  };
}
