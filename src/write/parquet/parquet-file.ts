// The row groups of one table → the bytes of a Parquet file, as they come: each group's pages, the metadata at the end.

import type { RowGroup, RowGroupWriter } from '../typed/row-groups.ts';
import { loadParquet, type ParquetTable, RowGroupEncoder } from './encode-row-group.ts';
import { FileMetaData, magic, takeApart } from './row-group-file.ts';

export class ParquetFile implements RowGroupWriter {
  readonly #encoder: Promise<RowGroupEncoder>;
  readonly #append: (bytes: Uint8Array) => Promise<void>;
  readonly #metaData = new FileMetaData();
  /** Bytes written so far. */
  #offset = 0;

  /** @param append - takes the bytes, which are its own from then on */
  constructor(table: ParquetTable, append: (bytes: Uint8Array) => Promise<void>) {
    this.#encoder = loadParquet().then((library) => new RowGroupEncoder(library, table));
    this.#encoder.catch(() => {});
    this.#append = append;
  }

  async addPiece(piece: RowGroup): Promise<void> {
    await (await this.#encoder).addPiece(piece);
  }

  async endGroup(rest: RowGroup | undefined): Promise<void> {
    const file = takeApart(await (await this.#encoder).end(rest));
    if (this.#offset === 0) await this.#write(magic);
    this.#metaData.add(file.metaData, this.#offset);
    if (file.pages.length > 0) await this.#write(file.pages);
  }

  async close(): Promise<void> {
    // The schema of a table without rows comes from a file without rows.
    if (this.#offset === 0) await this.endGroup(undefined);
    await this.#write(this.#metaData.footer());
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#offset += bytes.length;
    await this.#append(bytes);
  }
}
