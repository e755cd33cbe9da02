// Batches of one table → its physical columns, until they are taken as a row group.

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
  appendNulls(rowCount: number): void;
  take(): readonly ColumnData[];
}

export class TableBuffers {
  rowCount = 0;
  byteCount = 0;
  readonly #columns: readonly ColumnBuffers[];

  constructor(schema: TableSchema, storage: TypedStorage) {
    this.#columns = schema.columns.map((column) => createBuffers(column, storage));
  }

  append(batch: Batch): void {
    let byteCount = 0;
    for (const [index, column] of this.#columns.entries()) {
      const vector = batch.vectors[index];
      if (vector === undefined || vector.isAllNull) column.appendNulls(batch.rowCount);
      else column.append(vector.values, batch.rowCount);
      byteCount += column.byteCount;
    }
    this.rowCount += batch.rowCount;
    this.byteCount = byteCount;
  }

  take(): { readonly rowCount: number; readonly columns: readonly ColumnData[] } {
    const taken = { rowCount: this.rowCount, columns: this.#columns.flatMap((column) => column.take()) };
    this.rowCount = 0;
    this.byteCount = 0;
    return taken;
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
    appendNulls: (rowCount) => buffer.appendNulls(rowCount),
    take: () => [buffer.take()],
  };
}
