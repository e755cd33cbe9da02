// The pieces of a row group → a whole Parquet file of it, by parquet-wasm, which takes Arrow's IPC. The library is loaded
// when the first table is opened.

import type * as Parquet from 'parquet-wasm';
import { toolVersion } from '../../version.ts';
import type { RowGroup } from '../typed/row-groups.ts';
import { type IpcColumn, IpcStreams } from './ipc-stream.ts';
import type { ParquetOptions } from './parquet-options.ts';

export type ParquetLibrary = typeof Parquet;

/** What is to be known of a table. Plain data, so that it can go to another thread. */
export interface ParquetTable {
  readonly columns: readonly IpcColumn[];
  /** What the file says of itself, by key. */
  readonly metaData: readonly (readonly [key: string, value: string])[];
  readonly options: ParquetOptions;
}

let library: Promise<ParquetLibrary> | undefined;

export function loadParquet(): Promise<ParquetLibrary> {
  library ??= import('parquet-wasm');
  return library;
}

/** Encodes the row groups of one table, one after another. */
export class RowGroupEncoder {
  readonly #parquet: ParquetLibrary;
  readonly #table: ParquetTable;
  readonly #streams: IpcStreams;
  /** The group at work, once it has a piece that is not its last. */
  #open: OpenRowGroup | undefined;

  constructor(parquet: ParquetLibrary, table: ParquetTable) {
    this.#parquet = parquet;
    this.#table = table;
    this.#streams = new IpcStreams(table.columns);
  }

  /** Encodes rows that are not the last of their group: what is left of them takes less memory. */
  async addPiece(piece: RowGroup): Promise<void> {
    this.#open ??= new OpenRowGroup(this.#parquet, this.#properties());
    await this.#open.add(this.#read(piece));
  }

  /** A file with one row group: of the pieces, then these rows. With none at all, where nothing is given. */
  async end(rest: RowGroup | undefined): Promise<Uint8Array> {
    const open = this.#open;
    this.#open = undefined;
    // The table and the properties are the callee's from here on.
    if (open === undefined) return this.#parquet.writeParquet(this.#read(rest), this.#properties());
    if (rest !== undefined) await open.add(this.#read(rest));
    return await open.end();
  }

  #read(rows: RowGroup | undefined): Parquet.Table {
    return this.#parquet.Table.fromIPCStream(this.#streams.write(rows));
  }

  #properties(): Parquet.WriterProperties {
    const { Compression, EnabledStatistics, WriterPropertiesBuilder } = this.#parquet;
    const codecs = { zstd: Compression.ZSTD, snappy: Compression.SNAPPY, none: Compression.UNCOMPRESSED };
    return (
      new WriterPropertiesBuilder()
        .setCompression(codecs[this.#table.options.compression])
        // Of row groups; those of pages would be indexes, which are not kept.
        .setStatisticsEnabled(EnabledStatistics.Chunk)
        .setMaxRowGroupSize(2 ** 31 - 1)
        .setKeyValueMetadata(new Map(this.#table.metaData))
        .setCreatedBy(`fhir-flatten version ${toolVersion}`)
        .build()
    );
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
