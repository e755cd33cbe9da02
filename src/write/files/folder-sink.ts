// Tables of a run → files of one folder, with _schema.json, _report.json and rejects.ndjson beside them; or → one file
// of the user's naming. All appear at the end, at once.

import { basename, dirname, join } from 'node:path';
import { UserError } from '../../diagnostics.ts';
import type { Batch, PublishedOutput, RejectedRecord, RunReport, Sink, TableEncoder, TableFacts, TableFormat, TableSchema, TableWriter } from '../../types.ts';
import { AppendQueue } from './append-queue.ts';
import { type EarlierOutput, readEarlierOutput } from './earlier-output.ts';
import { OutputFolder } from './output-folder.ts';
import { RejectsFile } from './rejects-file.ts';
import { describeTable, type TableEntry } from './schema-file.ts';

/** The second wall against names that lead elsewhere; the first is the check of resourceType. */
const tableName = /^[a-z][a-z0-9_]*$/;

export interface FolderSinkOptions {
  readonly format: TableFormat;
  /** Goes to the head of _schema.json. */
  readonly about: Readonly<Record<string, string>>;
  /** True when only some tables were asked for: those of an earlier run stay. */
  readonly keepsOtherTables: boolean;
}

export interface FolderSink extends Sink {
  /** A path in the temporary folder, for a copy of standard input. Valid between `start` and `commit`. */
  scratchPath(name: string): string;
}

/** A sink that writes `<folder>/<table>.<ext>`, detail tables into `<folder>/details/`. */
export function createFolderSink(folder: string, options: FolderSinkOptions): FolderSink {
  return new FilesSink(new OutputFolder(folder), options, undefined);
}

/** A sink that writes one table into the file `path`, and rejects into `<path>.rejects.ndjson`. */
export function createFileSink(path: string, options: FolderSinkOptions): FolderSink {
  return new FilesSink(new OutputFolder(dirname(path)), options, path);
}

class FilesSink implements FolderSink {
  readonly storage;
  readonly canRestart = true;
  readonly #folder: OutputFolder;
  readonly #options: FolderSinkOptions;
  /** The file of the only table, when the user named one. */
  readonly #singlePath: string | undefined;
  readonly #queue = new AppendQueue();
  #writers: FileTableWriter[] = [];
  #rejects: RejectsFile | undefined;

  constructor(folder: OutputFolder, options: FolderSinkOptions, singlePath: string | undefined) {
    this.storage = options.format.storage;
    this.#folder = folder;
    this.#options = options;
    this.#singlePath = singlePath;
  }

  async start(): Promise<void> {
    this.#folder.start();
    this.#rejects = new RejectsFile(this.#folder.scratchPath('rejects.ndjson'));
  }

  scratchPath(name: string): string {
    return this.#folder.scratchPath(name);
  }

  async open(schema: TableSchema): Promise<TableWriter> {
    if (!tableName.test(schema.name)) throw new UserError('TABLE_NAME_INVALID');
    if (this.#singlePath !== undefined && this.#writers.length > 0) {
      throw new UserError('OUTPUT_ONE_TABLE', { parameters: { path: this.#singlePath, count: this.#writers.length + 1 }, exitCode: 2 });
    }
    const path = this.#folder.filePath(`${schema.name}.${this.#options.format.extension}`);
    const writer = new FileTableWriter(schema, path, this.#options.format.encoder(schema), this.#queue);
    this.#writers.push(writer);
    return writer;
  }

  reject(record: RejectedRecord): void {
    this.#rejects?.add(record);
  }

  async restart(): Promise<void> {
    await this.#queue.drop();
    this.#rejects?.close();
    this.#folder.restart();
    this.#writers = [];
    this.#rejects = new RejectsFile(this.#folder.scratchPath('rejects.ndjson'));
  }

  async commit(report: RunReport): Promise<PublishedOutput> {
    const rejects = this.#rejects;
    if (rejects === undefined) throw new UserError('STOPPED');
    const isSingle = this.#singlePath !== undefined;
    const moves = this.#writers.map((writer) => ({ from: writer.path, to: this.#finalPath(writer.schema) }));
    const removals: string[] = [];
    const earlier = isSingle ? { exists: true, tables: {} } : readEarlierOutput(this.#folder.path);
    rejects.finish();
    const rejectsPath = isSingle ? `${this.#singlePath}.rejects.ndjson` : join(this.#folder.path, 'rejects.ndjson');
    if (!rejects.isEmpty) moves.push({ from: this.#folder.scratchPath('rejects.ndjson'), to: rejectsPath });
    else if (earlier.exists) removals.push(rejectsPath);
    if (!isSingle) {
      removals.push(...this.#staleFiles(earlier));
      moves.push(await this.#addJson('_schema.json', this.#schemaContent(earlier)), await this.#addJson('_report.json', report));
    }
    await this.#queue.finish();
    await this.#folder.publish({ moves, removals });
    return { files: moves.map(({ to }) => to) };
  }

  abort(): void {
    this.#queue.abort();
    this.#rejects?.close();
    this.#folder.remove();
  }

  #relativePath(schema: TableSchema): string {
    const file = `${schema.name}.${this.#options.format.extension}`;
    return schema.role === 'detail' ? `details/${file}` : file;
  }

  #finalPath(schema: TableSchema): string {
    if (this.#singlePath !== undefined) return join(dirname(this.#singlePath), basename(this.#singlePath));
    return join(this.#folder.path, this.#relativePath(schema));
  }

  /** Files of tables that an earlier run wrote and this one did not. */
  #staleFiles(earlier: EarlierOutput): string[] {
    if (this.#options.keepsOtherTables) return [];
    const written = new Set(this.#writers.map(({ schema }) => this.#relativePath(schema)));
    return Object.values(earlier.tables)
      .filter(({ file }) => !written.has(file))
      .map(({ file }) => join(this.#folder.path, file));
  }

  #schemaContent(earlier: EarlierOutput): Record<string, unknown> {
    const tables: [string, TableEntry][] = this.#options.keepsOtherTables ? Object.entries(earlier.tables) : [];
    for (const { schema, rowCount } of this.#writers) tables.push([schema.name, describeTable(schema, this.#relativePath(schema), rowCount)]);
    const sorted = tables.sort(([a], [b]) => (a < b ? -1 : 1));
    return { tool: 'fhir-flatten', ...this.#options.about, tables: Object.fromEntries(sorted) };
  }

  async #addJson(name: string, content: unknown): Promise<{ from: string; to: string }> {
    const from = this.#folder.filePath(name);
    await this.#queue.append(from, Buffer.from(`${JSON.stringify(content, undefined, 2)}\n`));
    return { from, to: join(this.#folder.path, name) };
  }
}

class FileTableWriter implements TableWriter {
  readonly schema: TableSchema;
  readonly path: string;
  rowCount = 0;
  readonly #encoder: TableEncoder;
  readonly #queue: AppendQueue;
  #hasBegun = false;

  constructor(schema: TableSchema, path: string, encoder: TableEncoder, queue: AppendQueue) {
    this.schema = schema;
    this.path = path;
    this.#encoder = encoder;
    this.#queue = queue;
  }

  async write(batch: Batch): Promise<void> {
    await this.#begin();
    this.rowCount += batch.rowCount;
    // Encoded before the first wait, so the batch is free again; the bytes are written while the next rows are made.
    await this.#queue.append(this.path, this.#encoder.encode(batch));
  }

  async close(): Promise<TableFacts> {
    await this.#begin();
    const bytes = this.#encoder.end();
    if (bytes !== undefined) await this.#queue.append(this.path, bytes);
    return { rowCount: this.rowCount, replacedCharacterCount: this.#encoder.replacedCharacterCount };
  }

  async #begin(): Promise<void> {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    await this.#queue.append(this.path, this.#encoder.begin() ?? new Uint8Array(0));
  }
}
