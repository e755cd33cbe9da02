// Where the rows of one table stand during a run, and the writer that puts them there.

import type { TableWriter } from '../../types.ts';
import { CopyEncoder } from './copy-encoder.ts';
import { type LoadTable, listColumns } from './load-table.ts';
import { placeOf, type StagedKind } from './merge-table.ts';
import type { RowQueue } from './row-queue.ts';

export interface StagedTableOptions {
  readonly table: LoadTable;
  /** The temporary table, or the target itself. */
  readonly relation: string;
  readonly kind: StagedKind;
  readonly queue: RowQueue;
  /** Resolves when more rows may come. */
  readonly relieve: () => Promise<void>;
}

export class StagedTable {
  readonly table: LoadTable;
  readonly relation: string;
  readonly kind: StagedKind;
  rowCount = 0;
  readonly #queue: RowQueue;
  readonly #relieve: () => Promise<void>;
  readonly #copy: string;
  readonly #encoder: CopyEncoder;

  constructor({ kind, queue, relation, relieve, table }: StagedTableOptions) {
    this.table = table;
    this.relation = relation;
    this.kind = kind;
    this.#queue = queue;
    this.#relieve = relieve;
    // Frozen rows need no second visit by the server later; nobody can see the table before it is committed.
    this.#copy = `COPY ${relation} (${listColumns(table.columns)}) FROM STDIN${kind === 'made' ? ' WITH (FREEZE)' : ''}`;
    this.#encoder = new CopyEncoder(table);
  }

  get replacedCharacterCount(): number {
    return this.#encoder.replacedCharacterCount;
  }

  get unfitCount(): number {
    return this.#encoder.unfitCount;
  }

  writer(): TableWriter {
    const { table } = this;
    let rowCount = 0;
    return {
      write: async (batch) => {
        rowCount += batch.rowCount;
        this.rowCount += batch.rowCount;
        this.#queue.add(table.schema.name, this.#copy, placeOf(this), this.#encoder.encode(batch));
        await this.#relieve();
      },
      // What was replaced is told in words of its own.
      close: async () => ({ rowCount, replacedCharacterCount: 0 }),
    };
  }
}
