// The pieces of a row group, in Arrow's IPC format → a whole Parquet file of it, by parquet-wasm. The library is loaded when
// the first table is opened.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as Parquet from 'parquet-wasm/esm';
import { compileModule } from '../../compiled-module.ts';
import { toolVersion } from '../../version.ts';
import type { ColumnEncodings } from './column-encodings.ts';
import type { IpcRows } from './ipc-row-groups.ts';
import type { ParquetOptions } from './parquet-options.ts';

const require = createRequire(import.meta.url);

export type ParquetLibrary = typeof Parquet;

/** What is to be known of a table. Plain data, so that it can go to another thread. */
export interface ParquetTable {
  /** What the file says of itself, by key. */
  readonly metaData: readonly (readonly [key: string, value: string])[];
  readonly options: ParquetOptions;
}

let library: Promise<ParquetLibrary> | undefined;

export function loadParquet(): Promise<ParquetLibrary> {
  library ??= load();
  return library;
}

async function load(): Promise<ParquetLibrary> {
  const parquet = await import('parquet-wasm/esm');
  parquet.initSync({ module: compileModule(readFileSync(require.resolve('parquet-wasm/esm/parquet_wasm_bg.wasm'))) });
  return parquet;
}

/** Encodes the row groups of one table, one after another. */
export class RowGroupEncoder {
  readonly #parquet: ParquetLibrary;
  readonly #table: ParquetTable;
  /** The group at work, once it has a piece that is not its last. */
  #open: OpenRowGroup | undefined;

  constructor(parquet: ParquetLibrary, table: ParquetTable) {
    this.#parquet = parquet;
    this.#table = table;
  }

  /** Encodes rows that are not the last of their group: what is left of them takes less memory. */
  async addPiece(piece: IpcRows): Promise<void> {
    this.#open ??= new OpenRowGroup(this.#parquet, this.#properties(piece.encodings));
    await this.#open.add(this.#read(piece));
  }

  /** A file with one row group: of the pieces, then these rows. With none at all, where they have none. */
  async end(rest: IpcRows | undefined): Promise<Uint8Array> {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) {
      if (rest === undefined) throw new Error('a row group has rows, or a schema');
      // The table and the properties are the callee's from here on.
      return this.#parquet.writeParquet(this.#read(rest), this.#properties(rest.encodings));
    }
    if (rest !== undefined) await open.add(this.#read(rest));
    return await open.end();
  }

  /** Takes a copy. */
  #read({ stream }: IpcRows): Parquet.Table {
    return this.#parquet.Table.fromIPCStream(stream);
  }

  #properties({ empty, plain }: ColumnEncodings = { plain: [], empty: [] }): Parquet.WriterProperties {
    const { Compression, EnabledStatistics, WriterPropertiesBuilder } = this.#parquet;
    const codecs = { zstd: Compression.ZSTD, snappy: Compression.SNAPPY, none: Compression.UNCOMPRESSED };
    let builder = new WriterPropertiesBuilder()
      .setCompression(codecs[this.#table.options.compression])
      // Of row groups; those of pages would be indexes, which are not kept.
      .setStatisticsEnabled(EnabledStatistics.Chunk)
      .setMaxRowGroupSize(2 ** 31 - 1)
      .setKeyValueMetadata(new Map(this.#table.metaData))
      .setCreatedBy(`fhir-flatten version ${toolVersion}`);
    for (const name of [...plain, ...empty]) builder = builder.setColumnDictionaryEnabled(name, false);
    for (const name of empty) builder = builder.setColumnCompression(name, Compression.UNCOMPRESSED);
    return builder.build();
  }
}

/** A row group that the library encodes piece by piece. */
class OpenRowGroup {
  readonly #writer: WritableStreamDefaultWriter<Parquet.RecordBatch>;
  readonly #encoded: Promise<Uint8Array>;

  constructor(parquet: ParquetLibrary, properties: Parquet.WriterProperties) {
    // No queue: a piece is taken when the library asks for it.
    const { readable, writable } = new TransformStream<Parquet.RecordBatch, Parquet.RecordBatch>(undefined, undefined, { highWaterMark: 0 });
    this.#writer = writable.getWriter();
    this.#encoded = collect(parquet.transformParquetStream(readable, properties));
    // Whoever adds or ends next gets the error; without this, Node would call it unhandled until then.
    this.#encoded.catch(() => {});
  }

  async add(table: Parquet.Table): Promise<void> {
    const batches = table.recordBatches();
    table.free();
    for (const batch of batches) await this.#whileEncoding(this.#writer.write(batch));
  }

  async end(): Promise<Uint8Array> {
    await this.#whileEncoding(this.#writer.close());
    return await this.#encoded;
  }

  /** An error of the encoder need not show in the stream that it reads. */
  async #whileEncoding(step: Promise<void>): Promise<void> {
    step.catch(() => {});
    await Promise.race([step, this.#encoded]);
  }
}

async function collect(encoded: Promise<ReadableStream>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const bytes of await encoded) pieces.push(bytes as Uint8Array);
  return Buffer.concat(pieces);
}
