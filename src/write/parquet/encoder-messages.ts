// What a run and the thread that encodes its Parquet files say to each other. Memory of rows and of bytes goes over
// without a copy.

import type { ParquetTable } from './encode-row-group.ts';
import type { IpcRows } from './ipc-row-groups.ts';

/** Tables are numbered as they are opened. All but `open` are answered by `done`, in their order. */
export type ToEncoder =
  | { readonly kind: 'open'; readonly number: number; readonly table: ParquetTable }
  | { readonly kind: 'add-piece'; readonly number: number; readonly rows: IpcRows }
  | { readonly kind: 'end-group'; readonly number: number; readonly rows: IpcRows | undefined }
  | { readonly kind: 'close'; readonly number: number };

export type FromEncoder =
  | { readonly kind: 'ready' }
  /** The next ones of a file. */
  | { readonly kind: 'bytes'; readonly number: number; readonly bytes: Uint8Array }
  /** With the memory that the rows were in. */
  | { readonly kind: 'done'; readonly memory: ArrayBuffer | undefined }
  /** The kind of an unexpected error, whose message may show a value of the input, and where it was thrown. */
  | { readonly kind: 'failed'; readonly reason: string; readonly stack: string | undefined };
