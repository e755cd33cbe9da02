// Opens a Parquet file that is encoded in this thread. What that takes is loaded only then.

import type { RowGroupWriter } from '../typed/row-groups.ts';
import type { ParquetTable } from './encode-row-group.ts';

export type Append = (bytes: Uint8Array) => Promise<void>;

export async function openFile(table: ParquetTable, append: Append): Promise<RowGroupWriter> {
  const { ParquetFile } = await import('./parquet-file.ts');
  return new ParquetFile(table, append);
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
