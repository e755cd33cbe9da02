// Opens a Parquet file that is encoded in this thread. What that takes is loaded only then.

import type { RowGroupWriter } from '../typed/row-groups.ts';
import type { ParquetTable } from './encode-row-group.ts';
import type { IpcTaker } from './ipc-row-groups.ts';
import type { Allocate, IpcColumn } from './ipc-stream.ts';

export type Append = (bytes: Uint8Array) => Promise<void>;

export async function openFile(columns: readonly IpcColumn[], table: ParquetTable, append: Append): Promise<RowGroupWriter> {
  const { ParquetFile } = await import('./parquet-file.ts');
  return await openWriter(columns, new ParquetFile(table, append));
}

/** @param taker - encodes the rows that are written; `allocate` gives the memory that they come to it in */
export async function openWriter(columns: readonly IpcColumn[], taker: IpcTaker, allocate?: Allocate): Promise<RowGroupWriter> {
  const { IpcRowGroups } = await import('./ipc-row-groups.ts');
  return new IpcRowGroups(columns, taker, allocate);
}

/** A writer that can be given rows before it is there. */
export function whenOpen(opened: Promise<RowGroupWriter>): RowGroupWriter {
  // Whoever writes gets the error; without this, Node would call it unhandled until then.
  opened.catch(() => {});
  return {
    addPiece: async (piece) => await (await opened).addPiece(piece),
    endGroup: async (rest) => await (await opened).endGroup(rest),
    close: async () => await (await opened).close(),
  };
}
