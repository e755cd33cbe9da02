// Parquet as a table format: https://parquet.apache.org/docs/file-format/. Row groups are encoded one by one and written
// as they come, the metadata at the end.

import type { EncodedTarget, TableFormat, TableSchema, TypedOptions, TypedStorage } from '../../types.ts';
import { listText } from '../typed/list-text.ts';
import type { PhysicalColumn } from '../typed/physical-columns.ts';
import { createTypedEncoders, type RowGroup, type RowGroupWriter, shareLimits } from '../typed/row-groups.ts';
import { loadParquet, RowGroupEncoder } from './encode-row-group.ts';
import { joinParquetFiles } from './join-parquet-files.ts';
import type { ParquetOptions } from './parquet-options.ts';
import { FileMetaData, magic, takeApart } from './row-group-file.ts';

const limits = { rowCount: 60_000, byteCount: 16 * 1024 * 1024, totalByteCount: 48 * 1024 * 1024 };

/** The format `parquet` with these options. */
export function createParquetFormat(typed: TypedOptions, options: ParquetOptions): TableFormat {
  const storage: TypedStorage = { kind: 'typed', ...typed, lists: listText };
  return {
    name: 'parquet',
    extension: 'parquet',
    storage,
    join: joinParquetFiles,
    start: (partCount) =>
      createTypedEncoders(storage, shareLimits(limits, partCount), (schema, columns, target) => new ParquetWriter(schema, columns, target, options)),
  };
}

class ParquetWriter implements RowGroupWriter {
  readonly #target: EncodedTarget;
  readonly #makeEncoder: () => Promise<RowGroupEncoder>;
  #encoder: RowGroupEncoder | undefined;
  readonly #metaData = new FileMetaData();
  /** Bytes written so far. */
  #offset = 0;

  constructor(schema: TableSchema, columns: readonly PhysicalColumn[], target: EncodedTarget, options: ParquetOptions) {
    this.#target = target;
    this.#makeEncoder = async () => new RowGroupEncoder(await loadParquet(), schema, columns, options);
  }

  async write(group: RowGroup): Promise<void> {
    await this.#encode(group);
  }

  async close(): Promise<void> {
    // The schema of a table without rows comes from a file without rows.
    if (this.#offset === 0) await this.#encode(undefined);
    await this.#append(this.#metaData.footer());
  }

  async #encode(group: RowGroup | undefined): Promise<void> {
    this.#encoder ??= await this.#makeEncoder();
    const file = takeApart(await this.#encoder.encode(group));
    if (this.#offset === 0) await this.#append(magic);
    this.#metaData.add(file.metaData, this.#offset);
    await this.#append(file.pages);
  }

  async #append(bytes: Uint8Array): Promise<void> {
    this.#offset += bytes.length;
    await this.#target.append(bytes);
  }
}
