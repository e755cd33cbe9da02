// The row groups of one table → the bytes of a Parquet file, as they come: each group's pages, the metadata at the end.

import { loadParquet, type ParquetTable, RowGroupEncoder } from './encode-row-group.ts';
import type { IpcRows, IpcTaker } from './ipc-row-groups.ts';
import { FileMetaData, findMetaData, magic, startOfMetaData, takeApart } from './row-group-file.ts';
import { readStruct } from './thrift.ts';

export class ParquetFile implements IpcTaker {
  readonly #encoder: Promise<RowGroupEncoder>;
  readonly #append: (bytes: Uint8Array) => Promise<void>;
  /** Of the first row group, while there is no other: what comes behind its pages. */
  #tail: Uint8Array | undefined;
  /** Of all row groups, once there are several. */
  readonly #metaData = new FileMetaData();
  /** Bytes written so far. */
  #offset = 0;

  /** @param append - takes the bytes, which are its own from then on */
  constructor(table: ParquetTable, append: (bytes: Uint8Array) => Promise<void>) {
    this.#encoder = loadParquet().then((library) => new RowGroupEncoder(library, table));
    this.#encoder.catch(() => {});
    this.#append = append;
  }

  async addPiece(piece: IpcRows): Promise<void> {
    await (await this.#encoder).addPiece(piece);
  }

  async endGroup(rest: IpcRows | undefined): Promise<void> {
    const file = await (await this.#encoder).end(rest);
    if (this.#offset === 0) await this.#writeFirst(file);
    else await this.#writeAnother(file);
  }

  async close(): Promise<void> {
    await this.#write(this.#tail ?? this.#metaData.footer());
  }

  /** As it stands: most tables have no other, and nothing in it has to move. */
  async #writeFirst(file: Uint8Array): Promise<void> {
    const end = startOfMetaData(file);
    // A copy: the file's memory goes with its bytes.
    this.#tail = new Uint8Array(file.subarray(end));
    await this.#write(file.subarray(0, end));
  }

  async #writeAnother(file: Uint8Array): Promise<void> {
    if (this.#tail !== undefined) this.#metaData.add(readStruct(findMetaData(this.#tail) ?? new Uint8Array()), magic.length);
    this.#tail = undefined;
    const { metaData, pages } = takeApart(file);
    this.#metaData.add(metaData, this.#offset);
    if (pages.length > 0) await this.#write(pages);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#offset += bytes.length;
    await this.#append(bytes);
  }
}
