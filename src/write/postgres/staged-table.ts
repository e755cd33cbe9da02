// Where the rows of one table stand during a run, and the writer that puts them there.

import type { TableWriter } from '../../types.ts';
import { CopyEncoder } from './copy-encoder.ts';
import { type LoadTable, listColumns, type SqlColumn } from './load-table.ts';
import { placeOf, type StagedKind } from './merge-table.ts';
import type { RowQueue } from './row-queue.ts';

export interface StagedTableOptions {
  readonly table: LoadTable;
  /** The temporary table, or the target itself. */
  readonly relation: string;
  readonly kind: StagedKind;
  /** Columns with another default than null. */
  readonly defaulted: ReadonlySet<string>;
  readonly queue: RowQueue;
}

export class StagedTable {
  readonly table: LoadTable;
  readonly relation: string;
  readonly kind: StagedKind;
  rowCount = 0;
  /** Of the rows, as COPY has them. */
  byteCount = 0;
  /** False while a table that the run makes has yet to get its indexes, besides that of its key. */
  hasIndexes: boolean;
  readonly #queue: RowQueue;
  readonly #encoder: CopyEncoder;
  #columns: readonly SqlColumn[] = [];
  #copy = '';

  constructor({ defaulted, kind, queue, relation, table }: StagedTableOptions) {
    this.table = table;
    this.relation = relation;
    this.kind = kind;
    this.hasIndexes = kind !== 'made';
    this.#queue = queue;
    this.#encoder = new CopyEncoder(
      table,
      table.columns.filter(({ name }) => defaulted.has(name)),
    );
  }

  get replacedCharacterCount(): number {
    return this.#encoder.replacedCharacterCount;
  }

  get unfitCount(): number {
    return this.#encoder.unfitCount;
  }

  #copyStatement(): string {
    const { columns } = this.#encoder;
    if (this.#columns !== columns) {
      this.#columns = columns;
      // Frozen rows need no second visit by the server later; nobody can see the table before it is committed.
      this.#copy = `COPY ${this.relation} (${listColumns(columns)}) FROM STDIN${this.kind === 'made' ? ' WITH (FREEZE)' : ''}`;
    }
    return this.#copy;
  }

  writer(): TableWriter {
    const { table } = this;
    let rowCount = 0;
    return {
      write: async (batch) => {
        rowCount += batch.rowCount;
        this.rowCount += batch.rowCount;
        this.#encoder.encode(batch, (bytes) => {
          this.byteCount += bytes.length;
          this.#queue.add(table.schema.name, this.#copyStatement(), placeOf(this), bytes);
        });
        await this.#queue.relieve();
      },
      // What was replaced is told in words of its own.
      close: async () => ({ rowCount, replacedCharacterCount: 0 }),
    };
  }
}
