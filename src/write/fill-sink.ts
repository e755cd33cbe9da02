// Counts the cells that hold something, by table and column, and writes nothing: for `inspect`.

import type { Batch, CellStorage, PartSink, PublishedOutput, Sink, TableFacts, TableSchema, TableWriter } from '../types.ts';

/** One table that has rows. */
export interface TableFill {
  readonly schema: TableSchema;
  rowCount: number;
  /** `filledCounts[i]`: the rows that have a value in `schema.columns[i]`. */
  readonly filledCounts: number[];
}

/** `fills` is complete when the run has ended. */
export function createFillSink(fills: Map<string, TableFill>): Sink {
  const storage: CellStorage = { kind: 'text' };
  const part: PartSink = {
    storage,
    async open(schema): Promise<TableWriter> {
      const fill: TableFill = { schema, rowCount: 0, filledCounts: schema.columns.map(() => 0) };
      fills.set(schema.name, fill);
      return {
        async write(batch: Batch): Promise<void> {
          fill.rowCount += batch.rowCount;
          for (const [column, vector] of batch.vectors.entries()) {
            if (!vector.isAllNull) fill.filledCounts[column] = (fill.filledCounts[column] ?? 0) + countFilled(vector.values, batch.rowCount);
          }
        },
        async close(): Promise<TableFacts> {
          return { rowCount: fill.rowCount, replacedCharacterCount: 0 };
        },
      };
    },
    reject() {},
    async restart() {
      fills.clear();
    },
    async finish() {},
  };
  return {
    storage,
    canRestart: true,
    async start() {},
    part: () => part,
    place: () => undefined,
    async commit(): Promise<PublishedOutput> {
      return { files: [] };
    },
    abort() {},
  };
}

function countFilled(values: readonly unknown[], rowCount: number): number {
  let count = 0;
  for (let row = 0; row < rowCount; row++) if (values[row] !== undefined) count++;
  return count;
}
