// Counts rows and writes nothing: for --dry-run.

import type { Batch, CellStorage, PartPlace, PartSink, PublishedOutput, Sink, TableFacts, TableWriter } from '../types.ts';

export function createDiscardSink(storage: CellStorage): Sink {
  return {
    storage,
    canRestart: true,
    async start() {},
    part: () => createDiscardPart(storage),
    place: (): PartPlace => ({ kind: 'discard' }),
    async commit(): Promise<PublishedOutput> {
      return { files: [] };
    },
    abort() {},
  };
}

export function createDiscardPart(storage: CellStorage): PartSink {
  return {
    storage,
    async open(): Promise<TableWriter> {
      let rowCount = 0;
      return {
        async write(batch: Batch): Promise<void> {
          rowCount += batch.rowCount;
        },
        async close(): Promise<TableFacts> {
          return { rowCount, replacedCharacterCount: 0 };
        },
      };
    },
    reject() {},
    async restart() {},
    async finish() {},
  };
}
