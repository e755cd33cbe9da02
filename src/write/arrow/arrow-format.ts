// Arrow as a table format: IPC files, or an IPC stream where somebody reads it as it comes.
// https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc

import { open } from 'node:fs/promises';
import type * as Arrow from 'apache-arrow';
import type { EncodedTarget, TableFormat, TableSchema, TypedOptions, TypedStorage } from '../../types.ts';
import { outputError } from '../files/output-error.ts';
import { listText } from '../typed/list-text.ts';
import type { PhysicalColumn } from '../typed/physical-columns.ts';
import { createTypedEncoders, type RowGroup, type RowGroupWriter, shareLimits } from '../typed/row-groups.ts';
import { type ArrowLibrary, loadArrow, makeCollector, RecordBatches } from './record-batches.ts';

/** Readers take a record batch at a time into memory. */
const limits = { rowCount: 60_000, byteCount: 8 * 1024 * 1024, totalByteCount: 48 * 1024 * 1024 };

/** The format `arrow` with these options. */
export function createArrowFormat(options: TypedOptions): TableFormat {
  const storage: TypedStorage = { kind: 'typed', ...options, lists: listText };
  return {
    name: 'arrow',
    extension: 'arrow',
    storage,
    join: joinIpcFiles,
    start: (partCount) => createTypedEncoders(storage, shareLimits(limits, partCount), (schema, columns, target) => new IpcWriter(schema, columns, target)),
  };
}

interface OpenedWriter {
  readonly batches: RecordBatches;
  readonly writer: Arrow.RecordBatchWriter;
  takeBytes(): Uint8Array;
}

class IpcWriter implements RowGroupWriter {
  readonly #schema: TableSchema;
  readonly #columns: readonly PhysicalColumn[];
  readonly #target: EncodedTarget;
  #opened: OpenedWriter | undefined;

  constructor(schema: TableSchema, columns: readonly PhysicalColumn[], target: EncodedTarget) {
    this.#schema = schema;
    this.#columns = columns;
    this.#target = target;
  }

  /** A record batch, as groups are. */
  async addPiece(piece: RowGroup): Promise<void> {
    await this.endGroup(piece);
  }

  async endGroup(rest: RowGroup | undefined): Promise<void> {
    if (rest === undefined) return;
    const { batches, takeBytes, writer } = this.#open(await loadArrow());
    writer.write(batches.make(rest));
    await this.#target.append(takeBytes());
  }

  async close(): Promise<void> {
    const { takeBytes, writer } = this.#open(await loadArrow());
    writer.finish();
    await this.#target.append(takeBytes());
  }

  #open(arrow: ArrowLibrary): OpenedWriter {
    if (this.#opened !== undefined) return this.#opened;
    const batches = new RecordBatches(arrow, this.#schema, this.#columns);
    const { sink, takeBytes } = makeCollector(arrow);
    const writer = this.#target.isPipe ? new arrow.RecordBatchStreamWriter() : makeFileWriter(arrow);
    // Writes the head also where no batch will come.
    writer.reset(sink, batches.schema);
    this.#opened = { batches, writer, takeBytes };
    return this.#opened;
  }
}

/** IPC files of one table that this tool wrote → one file with the batches of all. */
async function joinIpcFiles(paths: readonly string[], target: EncodedTarget): Promise<void> {
  const arrow = await loadArrow();
  const { sink, takeBytes } = makeCollector(arrow);
  const writer = makeFileWriter(arrow);
  for (const [index, path] of paths.entries()) {
    const file = await open(path).catch((error: unknown) => {
      throw outputError(error, path);
    });
    try {
      const reader = await arrow.RecordBatchReader.from(file);
      await reader.open();
      if (index === 0) writer.reset(sink, reader.schema);
      for await (const batch of reader) {
        writer.write(batch);
        await target.append(takeBytes());
      }
    } finally {
      await file.close();
    }
  }
  writer.finish();
  await target.append(takeBytes());
}

/** The library's own begins a file with the first batch; a file is a stream between a head and a footer, with the schema first. */
function makeFileWriter(arrow: ArrowLibrary): Arrow.RecordBatchWriter {
  class FileWriter extends arrow.RecordBatchFileWriter {
    protected override _writeSchema(schema: Arrow.Schema): this {
      return this._writeMagic()._writePadding(2)._writeMessage(arrow.Message.from(schema));
    }
  }
  return new FileWriter();
}
