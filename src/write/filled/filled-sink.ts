// A sink before another one: rows wait in temporary files until all are there, then go on without the columns that have
// no value in any of them. Works for every sink, also for one that cannot take back what it was given.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Column, JoinedTable, PartPlace, PartSink, PublishedOutput, RejectedRecord, RunOutput, Sink, TableSchema, TableWriter } from '../../types.ts';
import type { FolderSink } from '../files/folder-sink.ts';
import { outputError } from '../files/output-error.ts';
import { PartFiles, tablePath } from '../files/part-files.ts';
import { createFrameFormat, findFilledColumns, readFrames } from './row-frames.ts';

/** `inner` gets what is kept. Beside a folder the temporary files are in it, else where the system has such files. */
export function createFilledSink(inner: Sink | FolderSink): FolderSink {
  return new FilledSink(inner);
}

/** The part of a thread: rows into its own files, everything else into the part that the inner sink has for it. */
export function createFilledPart(inner: PartSink, folder: string, number: number): PartSink {
  return new FilledPart(inner, new PartFiles(folder, number, createFrameFormat(inner.storage)), true);
}

class FilledSink implements FolderSink {
  readonly storage;
  /** Nothing is given on before the last reading has ended. */
  readonly canRestart = true;
  readonly #inner: Sink | FolderSink;
  readonly #parts = new Map<number, FilledPart>();
  #folder = '';
  /** Made here and to be removed here. */
  #ownFolder: string | undefined;

  constructor(inner: Sink | FolderSink) {
    this.storage = inner.storage;
    this.#inner = inner;
  }

  async start(): Promise<void> {
    await this.#inner.start();
    try {
      if ('scratchPath' in this.#inner) this.#folder = this.#inner.scratchPath('rows');
      else this.#folder = this.#ownFolder = mkdtempSync(join(tmpdir(), 'fhir-flatten-'));
      mkdirSync(join(this.#folder, 'tables'), { recursive: true });
    } catch (error) {
      throw outputError(error, this.#folder === '' ? tmpdir() : this.#folder);
    }
  }

  scratchPath(name: string): string {
    return 'scratchPath' in this.#inner ? this.#inner.scratchPath(name) : join(this.#folder, name);
  }

  part(number: number): FilledPart {
    let part = this.#parts.get(number);
    if (part === undefined) {
      part = new FilledPart(this.#inner.part(number), new PartFiles(this.#folder, number, createFrameFormat(this.storage)), this.#inner.canRestart);
      this.#parts.set(number, part);
    }
    return part;
  }

  place(): PartPlace | undefined {
    const inner = this.#inner.place();
    return inner && { kind: 'filled', folder: this.#folder, inner };
  }

  async settle(tables: readonly JoinedTable[]): Promise<readonly JoinedTable[]> {
    const settled: JoinedTable[] = [];
    for (const part of this.#parts.values()) await part.files.queue.drop();
    for (const table of tables) settled.push(await this.#giveOn(table));
    await this.#inner.part(0).finish();
    return settled;
  }

  async commit(output: RunOutput): Promise<PublishedOutput> {
    const published = await this.#inner.commit(output);
    this.#removeOwnFolder();
    return published;
  }

  abort(): void {
    for (const part of this.#parts.values()) part.files.abort();
    this.#inner.abort();
    this.#removeOwnFolder();
  }

  /** Writes the rows of a table that waited. */
  async #giveOn({ parts, schema }: JoinedTable): Promise<JoinedTable> {
    const paths = [...parts].sort((a, b) => a - b).map((part) => tablePath(this.#folder, `${schema.name}.frames`, part));
    try {
      const filled = await findFilledColumns(paths, schema.columns.length);
      const kept = [...schema.columns.keys()].filter((index) => filled.has(index) || isKept(schema, schema.columns[index] as Column));
      const narrowed: TableSchema = { ...schema, columns: kept.map((index) => schema.columns[index] as Column) };
      const writer = await this.#inner.part(0).open(narrowed);
      for (const path of paths) {
        for await (const batch of readFrames(path, schema, kept, narrowed, this.storage)) await writer.write(batch);
        rmSync(path, { force: true });
      }
      return { schema: narrowed, facts: await writer.close(), parts: [0] };
    } catch (error) {
      // A fault of the files here, not what the inner sink throws.
      throw error instanceof Error && 'syscall' in error ? outputError(error, this.#folder) : error;
    }
  }

  #removeOwnFolder(): void {
    if (this.#ownFolder !== undefined) rmSync(this.#ownFolder, { recursive: true, force: true });
    this.#ownFolder = undefined;
  }
}

/** Keys stay, and so do all columns of views, whose author has chosen them. */
function isKept(schema: TableSchema, column: Column): boolean {
  const isKey = !column.isNullable || schema.key?.includes(column.name) === true;
  return schema.role === 'view' || isKey || column.name === 'idx' || column.name.endsWith('_idx');
}

class FilledPart implements PartSink {
  readonly storage;
  readonly files: PartFiles;
  readonly #inner: PartSink;
  readonly #canInnerRestart: boolean;

  constructor(inner: PartSink, files: PartFiles, canInnerRestart: boolean) {
    this.storage = files.storage;
    this.files = files;
    this.#inner = inner;
    this.#canInnerRestart = canInnerRestart;
  }

  async open(schema: TableSchema): Promise<TableWriter> {
    return await this.files.open(schema);
  }

  reject(record: RejectedRecord): void {
    this.#inner.reject(record);
  }

  saveFile(name: string, bytes: Uint8Array): void {
    this.#inner.saveFile?.(name, bytes);
  }

  async restart(): Promise<void> {
    await this.files.restart();
    // What was given on so far: rejects and files, never rows.
    if (this.#canInnerRestart) await this.#inner.restart();
  }

  async finish(): Promise<void> {
    await this.files.finish();
    // They are read again when all parts are done.
    await this.files.whenWritten();
    // Part 0 of the inner sink gets the rows of all, later.
    if (this.files.number > 0) await this.#inner.finish();
  }
}
