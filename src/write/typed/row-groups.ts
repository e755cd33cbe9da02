// Batches of many tables → row groups: so many rows, or so many bytes, of one table. What all tables hold together is
// bounded too: with details there are hundreds of them, and most stay small to the end.

import type { Batch, EncodedTarget, TableEncoders, TableFacts, TableSchema, TableWriter, TypedStorage } from '../../types.ts';
import type { ColumnData } from './column-data.ts';
import { expandColumns, type PhysicalColumn } from './physical-columns.ts';
import { TableBuffers } from './table-buffers.ts';

/** Rows of one table in Arrow's memory layout: a row group, or a piece of one. */
export interface RowGroup {
  readonly rowCount: number;
  /** In the order of the physical columns. */
  readonly columns: readonly ColumnData[];
}

/** Turns the row groups of one table into bytes. Rows are lent: when a promise is fulfilled, others take their memory. */
export interface RowGroupWriter {
  /** Rows of the group at work, not the last ones of it. */
  addPiece(piece: RowGroup): Promise<void>;
  /** @param rest - the last rows of the group, or all; undefined where its pieces were all */
  endGroup(rest: RowGroup | undefined): Promise<void>;
  /** After the last group; there may have been none. */
  close(): Promise<void>;
}

export type OpenRowGroupWriter = (schema: TableSchema, columns: readonly PhysicalColumn[], target: EncodedTarget) => RowGroupWriter;

/** From which size on a row group is written: the last batch is over it. */
export interface RowGroupLimits {
  readonly rowCount: number;
  readonly byteCount: number;
  /** Over all tables. */
  readonly totalByteCount: number;
  /** From which size on rows are given to the writer before their group is whole; else they wait for that. */
  readonly pieceByteCount?: (tableCount: number, givenByteCount: number) => number;
}

/** The limits of one of several parts that are filled at the same time. */
export function shareLimits({ byteCount, totalByteCount, ...others }: RowGroupLimits, partCount: number): RowGroupLimits {
  const share = totalByteCount / partCount;
  return { ...others, byteCount: Math.min(byteCount, share / 2), totalByteCount: share };
}

export function createTypedEncoders(storage: TypedStorage, limits: RowGroupLimits, openWriter: OpenRowGroupWriter): Pick<TableEncoders, 'open'> {
  const tables = new Set<TypedTableWriter>();
  /** Writes the largest tables until a half of the memory is free: not each time a little. */
  async function relieve(): Promise<void> {
    let held = sumBytes(tables);
    if (held <= limits.totalByteCount) return;
    for (const table of [...tables].sort((a, b) => b.byteCount - a.byteCount)) {
      held -= table.byteCount;
      await table.flush();
      if (held <= limits.totalByteCount / 2) return;
    }
  }
  return {
    open(schema, target) {
      const columns = expandColumns(schema, storage);
      const table = new TypedTableWriter(new TableBuffers(schema, storage), openWriter(schema, columns, target), { limits, tables, relieve });
      tables.add(table);
      return table;
    },
  };
}

function sumBytes(tables: Iterable<TypedTableWriter>): number {
  let byteCount = 0;
  for (const table of tables) byteCount += table.byteCount;
  return byteCount;
}

/** The writers of a part, which share its memory. */
interface WriterSet {
  readonly limits: RowGroupLimits;
  readonly tables: Set<TypedTableWriter>;
  readonly relieve: () => Promise<void>;
}

class TypedTableWriter implements TableWriter {
  readonly #buffers: TableBuffers;
  readonly #writer: RowGroupWriter;
  readonly #set: WriterSet;
  #rowCount = 0;
  /** Of the group at work: what the writer has. */
  #given = { rowCount: 0, byteCount: 0 };

  constructor(buffers: TableBuffers, writer: RowGroupWriter, set: WriterSet) {
    this.#buffers = buffers;
    this.#writer = writer;
    this.#set = set;
  }

  /** Of the group at work. What the writer has of it takes no more than before. */
  get byteCount(): number {
    return this.#given.byteCount + this.#buffers.byteCount;
  }

  async write(batch: Batch): Promise<void> {
    this.#rowCount += batch.rowCount;
    // Before any wait: while others of its rows move on, a resource with contained ones may add more.
    this.#buffers.append(batch);
    const { byteCount, pieceByteCount, rowCount } = this.#set.limits;
    if (this.#given.rowCount + this.#buffers.rowCount >= rowCount || this.byteCount >= byteCount) {
      await this.flush();
      return;
    }
    const least = pieceByteCount?.(this.#set.tables.size, this.#given.byteCount);
    if (least !== undefined && this.#buffers.byteCount >= least) await this.#givePiece();
    await this.#set.relieve();
  }

  async close(): Promise<TableFacts> {
    await this.flush();
    await this.#writer.close();
    this.#set.tables.delete(this);
    const { replacedCharacters, unfit } = this.#buffers.counts();
    return { rowCount: this.#rowCount, replacedCharacterCount: replacedCharacters, unfitCellCount: unfit };
  }

  /** Ends the group at work. */
  async flush(): Promise<void> {
    const hasPieces = this.#given.rowCount > 0;
    this.#given = { rowCount: 0, byteCount: 0 };
    if (this.#buffers.rowCount > 0) await this.#lend((rows) => this.#writer.endGroup(rows));
    else if (hasPieces) await this.#writer.endGroup(undefined);
  }

  async #givePiece(): Promise<void> {
    const { byteCount, rowCount } = this.#given;
    this.#given = { rowCount: rowCount + this.#buffers.rowCount, byteCount: byteCount + this.#buffers.byteCount };
    await this.#lend((rows) => this.#writer.addPiece(rows));
  }

  async #lend(give: (rows: RowGroup) => Promise<void>): Promise<void> {
    const rows = this.#buffers.view();
    await give(rows);
    if (this.#buffers.rowCount !== rows.rowCount) throw new Error('rows came while others of their table were written');
    this.#buffers.clear();
  }
}
