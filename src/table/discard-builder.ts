// Takes cells and writes none: for tables of a flattener that were not asked for. The last row can be read back, since
// other tables may repeat what it holds.

import type { Batch, CellValue, TableBuilder, TableSchema } from '../types.ts';

/** A builder that never has rows to write. */
export function createDiscardBuilder(schema: TableSchema): TableBuilder {
  const cells: (CellValue | undefined)[] = new Array(schema.columns.length);
  return {
    schema,
    rowCount: 0,
    byteCount: 0,
    addRow() {
      cells.fill(undefined);
      return 0;
    },
    set(_rowIndex, columnIndex, value) {
      cells[columnIndex] = value;
    },
    get: (_rowIndex, columnIndex) => cells[columnIndex],
    truncate() {},
    take(): Batch {
      return { schema, rowCount: 0, vectors: schema.columns.map(() => ({ storage: 'text', isAllNull: true, values: [] })) };
    },
  };
}
