// The tables of one part of the sources → files of a temporary folder. Part 0's are those that will be published; the
// others' lie beside them until they are appended to it, so they have rows only and no heads.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../diagnostics.ts';
import type { Batch, PartSink, RejectedRecord, TableEncoder, TableFacts, TableFormat, TableSchema, TableWriter } from '../../types.ts';
import { AppendQueue } from './append-queue.ts';
import { outputError } from './output-error.ts';
import { RejectsFile } from './rejects-file.ts';

/** The second wall against names that lead elsewhere; the first is the check of resourceType. */
const tableName = /^[a-z][a-z0-9_]*$/;

export class PartFiles implements PartSink {
  readonly storage;
  readonly queue = new AppendQueue();
  readonly #folder: string;
  readonly #number: number;
  readonly #format: TableFormat;
  #writers: FileTableWriter[] = [];
  #rejects: RejectsFile;

  /** @param folder - of a run's temporary files; it holds a folder `tables`. */
  constructor(folder: string, number: number, format: TableFormat) {
    this.storage = format.storage;
    this.#folder = folder;
    this.#number = number;
    this.#format = format;
    this.#rejects = this.#makeRejects();
  }

  get rejects(): RejectsFile {
    return this.#rejects;
  }

  async open(schema: TableSchema): Promise<TableWriter> {
    if (!tableName.test(schema.name)) throw new UserError('TABLE_NAME_INVALID');
    const path = tablePath(this.#folder, `${schema.name}.${this.#format.extension}`, this.#number);
    const writer = new FileTableWriter(schema, path, this.#format.encoder(schema), this.queue, this.#number === 0);
    this.#writers.push(writer);
    return writer;
  }

  reject(record: RejectedRecord): void {
    this.#rejects.add(record);
  }

  async restart(): Promise<void> {
    await this.queue.drop();
    this.#rejects.close();
    try {
      for (const { path } of [...this.#writers, this.#rejects]) rmSync(path, { force: true });
    } catch (error) {
      throw outputError(error, this.#folder);
    }
    this.#writers = [];
    this.#rejects = this.#makeRejects();
  }

  async finish(): Promise<void> {
    await this.queue.flush();
    this.#rejects.flush();
    // Part 0's files stay open: the others' rows are appended to them.
    if (this.#number === 0) return;
    await this.queue.drop();
    this.#rejects.close();
  }

  /** No file is opened or written from now on. */
  abort(): void {
    this.queue.abort();
    this.#rejects.close();
  }

  #makeRejects(): RejectsFile {
    return new RejectsFile(rejectsPath(this.#folder, this.#number));
  }
}

/** The temporary path of a part's table; of a file to be published, with part 0. */
export function tablePath(folder: string, file: string, part: number): string {
  return join(folder, 'tables', withPart(file, part));
}

export function rejectsPath(folder: string, part: number): string {
  return join(folder, withPart('rejects.ndjson', part));
}

function withPart(file: string, part: number): string {
  return part === 0 ? file : `${file}.part${part}`;
}

class FileTableWriter implements TableWriter {
  readonly schema: TableSchema;
  readonly path: string;
  readonly #encoder: TableEncoder;
  readonly #queue: AppendQueue;
  /** False while the head is to be written yet. */
  #hasBegun: boolean;
  #rowCount = 0;

  constructor(schema: TableSchema, path: string, encoder: TableEncoder, queue: AppendQueue, hasHead: boolean) {
    this.schema = schema;
    this.path = path;
    this.#encoder = encoder;
    this.#queue = queue;
    this.#hasBegun = !hasHead;
  }

  async write(batch: Batch): Promise<void> {
    await this.#begin();
    this.#rowCount += batch.rowCount;
    // Encoded before the first wait, so the batch is free again; the bytes are written while the next rows are made.
    await this.#queue.append(this.path, this.#encoder.encode(batch));
  }

  async close(): Promise<TableFacts> {
    await this.#begin();
    const bytes = this.#encoder.end();
    if (bytes !== undefined) await this.#queue.append(this.path, bytes);
    return { rowCount: this.#rowCount, replacedCharacterCount: this.#encoder.replacedCharacterCount };
  }

  async #begin(): Promise<void> {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    await this.#queue.append(this.path, this.#encoder.begin() ?? new Uint8Array(0));
  }
}
