// Rows of one table → streams of Arrow's IPC format for whoever encodes them: its memory is others' then, and rows are lent.

import type { RowGroup, RowGroupWriter } from '../typed/row-groups.ts';
import { type ColumnEncodings, chooseEncodings } from './column-encodings.ts';
import { type Allocate, type IpcColumn, IpcStreams } from './ipc-stream.ts';

/** Rows of a row group. Plain data, so that it can go to another thread. */
export interface IpcRows {
  readonly stream: Uint8Array;
  /** With the first rows of a group. */
  readonly encodings: ColumnEncodings | undefined;
}

/** Encodes the row groups of a table. */
export interface IpcTaker {
  addPiece(rows: IpcRows): Promise<void>;
  endGroup(rest: IpcRows | undefined): Promise<void>;
  close(): Promise<void>;
}

export class IpcRowGroups implements RowGroupWriter {
  readonly #columns: readonly IpcColumn[];
  readonly #streams: IpcStreams;
  readonly #taker: IpcTaker;
  readonly #allocate: Allocate | undefined;
  #hasGroups = false;
  #isInGroup = false;

  /** @param allocate - gives the memory of the streams; without it, they are valid until the next one is made, of whatever table */
  constructor(columns: readonly IpcColumn[], taker: IpcTaker, allocate?: Allocate) {
    this.#columns = columns;
    this.#streams = new IpcStreams(columns);
    this.#taker = taker;
    this.#allocate = allocate;
  }

  async addPiece(piece: RowGroup): Promise<void> {
    const rows = this.#write(piece, false);
    this.#isInGroup = true;
    await this.#taker.addPiece(rows);
  }

  async endGroup(rest: RowGroup | undefined): Promise<void> {
    const rows = rest === undefined ? undefined : this.#write(rest, true);
    this.#isInGroup = false;
    this.#hasGroups = true;
    await this.#taker.endGroup(rows);
  }

  async close(): Promise<void> {
    // The schema of a table without rows comes from a group without rows.
    if (!this.#hasGroups) await this.#taker.endGroup({ stream: this.#streams.write(undefined, this.#allocate), encodings: undefined });
    await this.#taker.close();
  }

  #write(rows: RowGroup, isLast: boolean): IpcRows {
    const encodings = this.#isInGroup ? undefined : chooseEncodings(this.#columns, rows, isLast);
    return { stream: this.#streams.write(rows, this.#allocate), encodings };
  }
}
