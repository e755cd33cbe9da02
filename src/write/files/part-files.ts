// The tables of one part of the sources → files of a temporary folder. Part 0's are those that will be published; the
// others' lie beside them until they are appended to it, so they have rows only and no heads.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../diagnostics.ts';
import type { PartSink, RejectedRecord, TableEncoders, TableFormat, TableSchema, TableWriter } from '../../types.ts';
import { AppendQueue } from './append-queue.ts';
import { outputError } from './output-error.ts';
import { RejectsFile } from './rejects-file.ts';
import { SavedFiles } from './saved-files.ts';

/** The second wall against names that lead elsewhere; the first is the check of resourceType. */
const tableName = /^[A-Za-z][A-Za-z0-9_]*$/;

export class PartFiles implements PartSink {
  readonly storage;
  readonly queue: AppendQueue;
  readonly number: number;
  readonly #folder: string;
  readonly #format: TableFormat;
  #encoders: TableEncoders;
  /** Of the files of tables, so far. */
  #paths: string[] = [];
  /** The last bytes of the tables. */
  #encoded: Promise<void> | undefined;
  readonly #saved: SavedFiles;
  #rejects: RejectsFile;

  readonly #partCount: number;

  /** @param folder - of a run's temporary files; it holds a folder `tables`. */
  constructor(folder: string, number: number, format: TableFormat, partCount = 1) {
    this.storage = format.storage;
    this.#folder = folder;
    this.number = number;
    this.#format = format;
    this.#partCount = partCount;
    this.queue = new AppendQueue(partCount);
    this.#encoders = format.start(partCount);
    this.#saved = new SavedFiles(folder, number);
    this.#rejects = this.#makeRejects();
  }

  get rejects(): RejectsFile {
    return this.#rejects;
  }

  async open(schema: TableSchema): Promise<TableWriter> {
    if (!tableName.test(schema.name)) throw new UserError('TABLE_NAME_INVALID');
    const path = tablePath(this.#folder, `${schema.name}.${this.#format.extension}`, this.number);
    this.#paths.push(path);
    return this.#encoders.open(schema, { append: (bytes) => this.queue.append(path, bytes), hasHead: this.number === 0, isPipe: false });
  }

  reject(record: RejectedRecord): void {
    this.#rejects.add(record);
  }

  saveFile(name: string, bytes: Uint8Array): void {
    this.#saved.save(name, bytes);
  }

  async restart(): Promise<void> {
    this.#encoders.abort?.();
    await this.queue.drop();
    this.#rejects.close();
    try {
      for (const path of [...this.#paths, this.#rejects.path]) rmSync(path, { force: true });
      this.#saved.restart();
    } catch (error) {
      throw outputError(error, this.#folder);
    }
    this.#paths = [];
    this.#encoders = this.#format.start(this.#partCount);
    this.#rejects = this.#makeRejects();
  }

  async finish(): Promise<void> {
    this.#encoded = this.#encoders.finish?.();
    // Whoever waits for it gets the error; without this, Node would call it unhandled until then.
    this.#encoded?.catch(() => {});
    // Part 0's files stay open: the others' rows are appended to them. What is left to encode goes on beside the rest of the run.
    if (this.number > 0) await this.whenWritten();
    this.#rejects.flush();
    this.#saved.check();
    if (this.number === 0) return;
    await this.queue.drop();
    this.#rejects.close();
  }

  /** After `finish`: all is in the files. */
  async whenWritten(): Promise<void> {
    await this.#encoded;
    await this.queue.flush();
  }

  /** No file is opened or written from now on. */
  abort(): void {
    this.#encoders.abort?.();
    this.queue.abort();
    this.#saved.abort();
    this.#rejects.close();
  }

  #makeRejects(): RejectsFile {
    return new RejectsFile(rejectsPath(this.#folder, this.number));
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
