// Tables of a run → files of one folder, with _schema.json, _report.json and rejects.ndjson beside them; or → one file
// of the user's naming. All appear at the end, at once.

import { rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../../diagnostics.ts';
import type { JoinedTable, PartPlace, PublishedOutput, RunOutput, Sink, TableFormat, TableSchema } from '../../types.ts';
import { type EarlierOutput, readEarlierOutput } from './earlier-output.ts';
import { moveBytes } from './move-bytes.ts';
import { OutputFolder } from './output-folder.ts';
import { PartFiles, rejectsPath, tablePath } from './part-files.ts';
import { collectSaved, listSaved, savedFolder } from './saved-files.ts';
import { describeTable, type TableEntry } from './schema-file.ts';

export interface FolderSinkOptions {
  readonly format: TableFormat;
  /** Goes to the head of _schema.json. */
  readonly about: Readonly<Record<string, string>>;
  /** True when only some tables were asked for: those of an earlier run stay. */
  readonly keepsOtherTables: boolean;
  /** How many parts are filled at the same time, at most. */
  readonly partCount?: number;
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
  /** Those that are filled by this thread. */
  readonly #parts = new Map<number, PartFiles>();

  constructor(folder: OutputFolder, options: FolderSinkOptions, singlePath: string | undefined) {
    this.storage = options.format.storage;
    this.#folder = folder;
    this.#options = options;
    this.#singlePath = singlePath;
  }

  async start(): Promise<void> {
    this.#folder.start();
  }

  scratchPath(name: string): string {
    return this.#folder.scratchPath(name);
  }

  part(number: number): PartFiles {
    const part = this.#parts.get(number) ?? new PartFiles(this.#folder.temporaryPath, number, this.#options.format, this.#options.partCount);
    this.#parts.set(number, part);
    return part;
  }

  place(): PartPlace | undefined {
    const { isJoinable, join } = this.#options.format;
    return isJoinable === true || join !== undefined ? { kind: 'files', folder: this.#folder.temporaryPath } : undefined;
  }

  async commit({ partCount, rejectParts, report, tables }: RunOutput): Promise<PublishedOutput> {
    if (this.#singlePath !== undefined && tables.length > 1) {
      throw new UserError('OUTPUT_ONE_TABLE', { parameters: { path: this.#singlePath, count: tables.length }, exitCode: 2 });
    }
    const first = this.part(0);
    const { queue } = first;
    // Those who join files read what was written.
    if (partCount > 1) await first.whenWritten();
    const moves: { from: string; to: string }[] = [];
    for (const table of tables) moves.push({ from: await this.#join(table), to: this.#finalPath(table.schema) });
    const removals: string[] = [];
    const isSingle = this.#singlePath !== undefined;
    const earlier = isSingle ? { exists: true, hasSavedFiles: false, tables: {} } : readEarlierOutput(this.#folder.path);
    const rejectsTarget = isSingle ? `${this.#singlePath}.rejects.ndjson` : join(this.#folder.path, 'rejects.ndjson');
    if (rejectParts.length > 0) moves.push({ from: this.#finishRejects(rejectParts), to: rejectsTarget });
    else if (earlier.exists) removals.push(rejectsTarget);
    const saved = isSingle ? [] : collectSaved(this.#folder.temporaryPath, partCount, this.#folder.path);
    if (!isSingle) {
      removals.push(...this.#staleFiles(earlier, tables), ...this.#staleSaved(earlier, saved));
      moves.push(await this.#addJson('_schema.json', this.#schemaContent(earlier, tables, saved.length)), await this.#addJson('_report.json', report));
    }
    await first.whenWritten();
    await queue.finish();
    // What rows point to is there before them.
    await this.#folder.publish({ moves: [...saved, ...moves], removals });
    return { files: [...moves.map(({ to }) => to), ...(saved.length > 0 ? [join(this.#folder.path, savedFolder)] : [])] };
  }

  abort(): void {
    for (const part of this.#parts.values()) part.abort();
    this.#folder.remove();
  }

  /** Puts the rows of all parts into one file; returns its path. */
  async #join({ parts, schema }: JoinedTable): Promise<string> {
    const first = this.part(0);
    const path = this.#temporaryPath(schema, 0);
    const { format } = this.#options;
    const others = parts.filter((part) => part !== 0);
    if (format.join !== undefined && others.length > 0) {
      const joined = `${path}.joined`;
      const append = (bytes: Uint8Array) => first.queue.append(joined, bytes);
      await format.join(
        parts.map((part) => this.#temporaryPath(schema, part)),
        { append, hasHead: true, isPipe: false },
      );
      for (const part of others) rmSync(this.#temporaryPath(schema, part));
      return joined;
    }
    // Its head is part 0's to write, also where it has no rows.
    if (!parts.includes(0)) await (await first.open(schema)).close();
    for (const part of others) await moveBytes(this.#temporaryPath(schema, part), path, first.queue);
    return path;
  }

  #finishRejects(parts: readonly number[]): string {
    const { rejects } = this.part(0);
    for (const part of parts) if (part !== 0) rejects.join(rejectsPath(this.#folder.temporaryPath, part));
    rejects.finish();
    return rejects.path;
  }

  #temporaryPath(schema: TableSchema, part: number): string {
    return tablePath(this.#folder.temporaryPath, `${schema.name}.${this.#options.format.extension}`, part);
  }

  #relativePath(schema: TableSchema): string {
    const file = `${schema.name}.${this.#options.format.extension}`;
    return schema.role === 'detail' ? `details/${file}` : file;
  }

  #finalPath(schema: TableSchema): string {
    if (this.#singlePath !== undefined) return join(dirname(this.#singlePath), basename(this.#singlePath));
    return join(this.#folder.path, this.#relativePath(schema));
  }

  /** Files of tables that an earlier run wrote and this one did not, or did in another format. */
  #staleFiles(earlier: EarlierOutput, tables: readonly JoinedTable[]): string[] {
    const written = new Map(tables.map(({ schema }) => [schema.name, this.#relativePath(schema)]));
    return Object.entries(earlier.tables)
      .filter(([name, { file }]) => (this.#options.keepsOtherTables ? written.has(name) && written.get(name) !== file : written.get(name) !== file))
      .map(([, { file }]) => join(this.#folder.path, file));
  }

  /** Attachments that an earlier run wrote and this one did not; where other tables stay, their files do. */
  #staleSaved(earlier: EarlierOutput, saved: readonly { readonly to: string }[]): string[] {
    if (this.#options.keepsOtherTables || !earlier.hasSavedFiles) return [];
    const written = new Set(saved.map(({ to }) => to));
    return listSaved(this.#folder.path).filter((path) => !written.has(path));
  }

  #schemaContent(earlier: EarlierOutput, tables: readonly JoinedTable[], savedCount: number): Record<string, unknown> {
    const entries: [string, TableEntry][] = this.#options.keepsOtherTables ? Object.entries(earlier.tables) : [];
    for (const { schema, facts } of tables) entries.push([schema.name, describeTable(schema, this.storage, this.#relativePath(schema), facts.rowCount)]);
    const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
    const hasSavedFiles = savedCount > 0 || (this.#options.keepsOtherTables && earlier.hasSavedFiles);
    return { tool: 'fhir-flatten', ...this.#options.about, ...(hasSavedFiles && { attachments: savedFolder }), tables: Object.fromEntries(sorted) };
  }

  async #addJson(name: string, content: unknown): Promise<{ from: string; to: string }> {
    const from = tablePath(this.#folder.temporaryPath, name, 0);
    await this.part(0).queue.append(from, Buffer.from(`${JSON.stringify(content, undefined, 2)}\n`));
    return { from, to: join(this.#folder.path, name) };
  }
}
