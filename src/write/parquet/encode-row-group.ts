// A row group → a whole Parquet file of it, by parquet-wasm, which takes Arrow's IPC. Both libraries are loaded when the
// first row group comes.

import type * as Arrow from 'apache-arrow';
import type * as Parquet from 'parquet-wasm';
import type { TableSchema } from '../../types.ts';
import { toolVersion } from '../../version.ts';
import { type ArrowLibrary, describeColumns, describeTable, loadArrow, makeCollector, RecordBatches } from '../arrow/record-batches.ts';
import type { PhysicalColumn } from '../typed/physical-columns.ts';
import type { RowGroup } from '../typed/row-groups.ts';
import type { ParquetOptions } from './parquet-options.ts';

/** A multiple of eight, so that validity bits need no shifting. */
const pieceRows = 8192;

type ParquetLibrary = typeof Parquet;

let libraries: Promise<{ readonly arrow: ArrowLibrary; readonly parquet: ParquetLibrary }> | undefined;

export function loadParquet(): Promise<{ readonly arrow: ArrowLibrary; readonly parquet: ParquetLibrary }> {
  libraries ??= Promise.all([loadArrow(), import('parquet-wasm')]).then(([arrow, parquet]) => ({ arrow, parquet }));
  return libraries;
}

/** Encodes the row groups of one table. */
export class RowGroupEncoder {
  readonly #arrow: ArrowLibrary;
  readonly #parquet: ParquetLibrary;
  readonly #options: ParquetOptions;
  readonly #batches: RecordBatches;
  readonly #metadata: Map<string, string>;

  constructor({ arrow, parquet }: Awaited<ReturnType<typeof loadParquet>>, schema: TableSchema, columns: readonly PhysicalColumn[], options: ParquetOptions) {
    this.#arrow = arrow;
    this.#parquet = parquet;
    this.#options = options;
    // The library keeps Arrow's schema in the file beside these: it is not to say the same again.
    this.#batches = new RecordBatches(arrow, schema, columns, false);
    this.#metadata = describeTable(schema).set('fhir_flatten_columns', describeColumns(columns));
  }

  /** A file with one row group; with none, where nothing is given. */
  async encode(group: RowGroup | undefined): Promise<Uint8Array> {
    const batch = group && this.#batches.make(group);
    return batch !== undefined && batch.numRows > pieceRows ? await this.#encodeInPieces(batch) : this.#encodeWhole(batch);
  }

  #encodeWhole(batch: Arrow.RecordBatch | undefined): Uint8Array {
    // Both are the callee's from here on.
    return this.#parquet.writeParquet(this.#parquet.Table.fromIPCStream(this.#toIpc(batch)), this.#properties());
  }

  /** Of what the library does not hold encoded it holds a piece only: null columns too take four bytes a row in IPC. */
  async #encodeInPieces(batch: Arrow.RecordBatch): Promise<Uint8Array> {
    let row = 0;
    const pieces = new ReadableStream<Parquet.RecordBatch>(
      {
        pull: (controller) => {
          if (row >= batch.numRows) {
            controller.close();
            return;
          }
          const table = this.#parquet.Table.fromIPCStream(this.#toIpc(batch.slice(row, Math.min(row + pieceRows, batch.numRows))));
          for (const piece of table.recordBatches()) controller.enqueue(piece);
          table.free();
          row += pieceRows;
        },
      },
      { highWaterMark: 0 },
    );
    const encoded: Uint8Array[] = [];
    for await (const bytes of await this.#parquet.transformParquetStream(pieces, this.#properties())) encoded.push(bytes as Uint8Array);
    return Buffer.concat(encoded);
  }

  /** Valid until the next call. */
  #toIpc(batch: Arrow.RecordBatch | undefined): Uint8Array {
    const { sink, takePieces } = makeCollector(this.#arrow);
    const writer = new this.#arrow.RecordBatchStreamWriter();
    writer.reset(sink, this.#batches.schema);
    if (batch !== undefined) writer.write(batch);
    writer.finish();
    return joinPieces(takePieces());
  }

  #properties(): Parquet.WriterProperties {
    const { Compression, EnabledStatistics, WriterPropertiesBuilder } = this.#parquet;
    const codecs = { zstd: Compression.ZSTD, snappy: Compression.SNAPPY, none: Compression.UNCOMPRESSED };
    return (
      new WriterPropertiesBuilder()
        .setCompression(codecs[this.#options.compression])
        // Of row groups; those of pages would be indexes, which are not kept.
        .setStatisticsEnabled(EnabledStatistics.Chunk)
        .setMaxRowGroupSize(2 ** 31 - 1)
        .setKeyValueMetadata(this.#metadata)
        .setCreatedBy(`fhir-flatten version ${toolVersion}`)
        .build()
    );
  }
}

let joined = Buffer.alloc(0);

/** Into the same memory each time: the library takes a copy at once, and megabytes of garbage a batch would pile up. */
function joinPieces(pieces: readonly Uint8Array[]): Uint8Array {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (length > joined.length) joined = Buffer.allocUnsafeSlow(Math.ceil(length * 1.25));
  let position = 0;
  for (const piece of pieces) {
    joined.set(piece, position);
    position += piece.length;
  }
  return joined.subarray(0, position);
}
