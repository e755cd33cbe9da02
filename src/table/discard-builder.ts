// Takes cells and keeps none: for tables of a flattener that were not asked for.

import type { Batch, TableBuilder, TableSchema } from '../types.ts';

/** A builder that is always empty. */
export function createDiscardBuilder(schema: TableSchema): TableBuilder {
  return {
    schema,
    rowCount: 0,
    byteCount: 0,
    addRow: () => 0,
    set() {},
    get: () => undefined,
    truncate() {},
    take(): Batch {
      return { schema, rowCount: 0, vectors: schema.columns.map(() => ({ storage: 'text', isAllNull: true, values: [] })) };
    },
  };
}
