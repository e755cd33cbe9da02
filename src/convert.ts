// Inputs and options → a finished run: finds the sources, chooses output and tables, runs the pipeline. What the
// command line and the library's users have in common.

import { availableParallelism } from 'node:os';
import {
  BothSinks,
  type CsvOptions,
  createBuilder,
  createDiscardBuilder,
  createDiscardSink,
  createFileSink,
  createFilledSink,
  createFolderSink,
  createStreamSink,
  type DefaultTableOptions,
  type FhirVersion,
  type FolderSink,
  fhirVersions,
  findSources,
  isFileSource,
  loadViews,
  outputError,
  type ParquetOptions,
  type PostgresSink,
  postgresStorage,
  readSource,
  spoolSource,
  type WrittenView,
} from './builtin.ts';
import { chooseOutput, isFolder, isSingleOutput, type Output } from './choose-output.ts';
import { chooseVersion, versionLabel } from './detect-sources.ts';
import { type Diagnostic, UserError } from './diagnostics.ts';
import { makeOptionHints } from './hint-options.ts';
import { loadRegistry } from './load-registry.ts';
import { WorkerThread } from './part-thread.ts';
import { type RunResult, run } from './pipeline.ts';
import { leaveOutLoaded, openPostgres, type PostgresTarget } from './postgres-target.ts';
import type { Registry } from './registry.ts';
import type { Progress } from './run/read-resources.ts';
import { usefulThreads } from './run/split-sources.ts';
import type { PartPlace, Plugin, ReadLimits, Sink, Source, TableSchema, TypedOptions } from './types.ts';
import { toolVersion } from './version.ts';

export interface ConvertOptions {
  /** Files, folders, `-` for standard input; sources of the program's own. */
  readonly inputs: readonly (string | Source)[];
  /** A folder, a file name (one table), or `-` for standard output (one table). Default `fhir-tables`. */
  readonly out?: string;
  /** Default `csv`. */
  readonly format?: string;
  /** A database to load into, besides `out` or instead of it. */
  readonly postgres?: PostgresTarget;
  /** Names of tables; all when undefined. */
  readonly tables?: readonly string[];
  /** ViewDefinitions, each of which adds a table: files or folders, or their JSON. */
  readonly views?: readonly (string | object)[];
  /** Default true. False: only the tables of views and plugins. */
  readonly hasDefaultTables?: boolean;
  /** Warnings about views are errors. */
  readonly isStrict?: boolean;
  /** Default `auto`: by the keys of the first resources. */
  readonly fhirVersion?: 'auto' | FhirVersion;
  readonly csv?: Partial<CsvOptions>;
  /** Types of the columns in Parquet and Arrow. */
  readonly typed?: Partial<TypedOptions>;
  readonly parquet?: Partial<ParquetOptions>;
  /** What the default tables show; see each option. */
  readonly defaultTables?: Partial<DefaultTableOptions>;
  /** Columns that are empty in all rows are left out, but for keys. Headers then depend on the data. */
  readonly hasFilledColumnsOnly?: boolean;
  /** Tables without rows are written too: all there are, or those of `tables`. */
  readonly hasAllTables?: boolean;
  readonly limits?: Partial<ReadLimits>;
  /** Besides the built-in one: plugins, or names of modules that export one (paths, packages). */
  readonly plugins?: readonly (Plugin | string)[];
  readonly isFailFast?: boolean;
  /** Every leaf value is accounted for in `_report.json`. */
  readonly isAudited?: boolean;
  /** Reads and flattens, writes nothing. */
  readonly isDryRun?: boolean;
  /** How many threads work at most, this one included. Default: as many as help. One where plugins are given as objects. */
  readonly threads?: number;
  readonly onDiagnostic?: (diagnostic: Diagnostic, countOfCode: number) => void;
  readonly onProgress?: (progress: Progress) => void;
  readonly onStage?: (stage: string) => void;
  /** Given before anything is written: how to take everything back, at once and synchronously. */
  readonly onAbortable?: (abort: () => void) => void;
  /** Told before reading: size of all inputs, undefined when one has no size. */
  readonly onStart?: (start: { readonly byteCount: number | undefined; readonly output: Output | undefined }) => void;
  /** Names near a misspelt table's, for the message. */
  readonly suggest?: (name: string, known: readonly string[]) => readonly string[];
}

export interface ConvertResult extends RunResult {
  /** Undefined where no files are written. */
  readonly destination: Output | undefined;
  /** Files that an earlier run has loaded. */
  readonly skippedCount: number;
}

/** Where the rows of a conversion go that writes no files. */
export interface DirectOutput {
  readonly sink: Sink;
}

export const defaultLimits: ReadLimits = { recordBytes: 64 * 1024 * 1024, depth: 1000, expansion: 200 };
export const defaultOut = 'fhir-tables';

/** Converts. Throws a UserError when nothing is published; then nothing is left behind either. */
export async function convert(options: ConvertOptions): Promise<ConvertResult> {
  return await convertInto(options, undefined);
}

/** Converts into the sink of `direct`, else into what the options say. */
export async function convertInto(options: ConvertOptions, direct: DirectOutput | undefined): Promise<ConvertResult> {
  const limits = { ...defaultLimits, ...options.limits };
  const asked = options.fhirVersion ?? 'auto';
  const views = await readViews(options.views);
  const { registry: assumed, version: assumedVersion } = await assumeVersion(asked, { ...options, views });
  if (options.hasDefaultTables === false && assumed.allTables().length === 0) throw new UserError('NO_TABLES_LEFT', { exitCode: 2 });
  const tables = options.tables ?? impliedTables(options, assumed);
  if (tables !== undefined) await checkTableNamesEarly(tables, assumed, { ...options, views });
  const destination = direct === undefined ? chooseDestination(options, assumed, tables) : undefined;
  if (options.defaultTables?.attachments === 'files' && destination?.kind !== 'folder') throw new UserError('ATTACHMENTS_NEED_FOLDER', { exitCode: 2 });
  const found = findSources(options.inputs, destination?.kind === 'folder' && isFolder(destination.path) ? { excludedPath: destination.path } : {});
  // What depends on the input's version, which is known when the output is ready: standard input may take its time.
  const settled = { version: assumedVersion as FhirVersion, registry: assumed, tableNames: undefined as ReadonlySet<string> | undefined };
  const about = { version: toolVersion, fhirVersion: '' };
  const database = options.postgres && !options.isDryRun ? await openPostgres(options.postgres, options) : undefined;
  const threadCount = countThreads(found.sources, destination, options);
  const sink: Sink | FolderSink = direct?.sink ?? createSink(destination, database, about, options, threadCount);
  const isFailFast = options.isFailFast ?? false;
  const isAudited = options.isAudited ?? false;
  const keepsVersions = options.defaultTables?.hasVersions ?? false;
  const threads = Array.from({ length: threadCount - 1 }, () => {
    return new WorkerThread(() => ({
      fhirVersion: settled.version,
      place: placeOf(sink),
      formatName: destination?.format?.name ?? '',
      csv: options.csv,
      typed: options.typed,
      parquet: options.parquet,
      defaultTables: options.defaultTables,
      hasDefaultTables: options.hasDefaultTables ?? true,
      views,
      limits,
      tableNames: settled.tableNames,
      isFailFast,
      isAudited,
      // Others than modules do not travel, and are there only where there is one thread.
      plugins: options.plugins?.filter((plugin) => typeof plugin === 'string') ?? [],
      keepsVersions,
    }));
  });
  options.onAbortable?.(() => sink.abort());
  options.onStart?.({ byteCount: totalByteCount(found.sources), output: destination });
  try {
    await sink.start();
    const isIncremental = database !== undefined && options.postgres?.isIncremental === true;
    const choice = isIncremental ? await leaveOutLoaded(found.sources, database, { ...options, views }) : { sources: found.sources, skippedCount: 0 };
    options.onStage?.('finding the FHIR version');
    const { checkLate, version, sources: once } = await chooseVersion(asked, { sources: choice.sources, readers: assumed.readers, limits });
    about.fhirVersion = versionLabel(version);
    settled.version = version;
    if (version !== assumedVersion) settled.registry = await loadRegistry({ ...options, views, fhirVersion: version });
    if (tables !== undefined) settled.tableNames = checkTableNames(tables, settled.registry, options.suggest);
    if (database !== undefined && choice.sources.length > 0) checkTables(database, settled.registry, settled.tableNames, options);
    const scratch = database ?? (isFolderSink(sink) ? sink : undefined);
    const sources = scratch === undefined ? once : once.map((source, index) => readableTwice(source, scratch, index));
    const result = await run({
      sources,
      findings: [...settled.registry.findings, ...found.problems],
      canReadTwice: sources.every((source, index) => source.byteSize !== undefined || source !== once[index]),
      registry: settled.registry,
      readSource,
      createBuilder,
      createDiscardBuilder,
      sink,
      mayBeEmpty: isIncremental,
      threads,
      limits,
      tableNames: settled.tableNames,
      opensAllTables: options.hasAllTables ?? false,
      isFailFast,
      isAudited,
      keepsVersions,
      beforePublishing: ({ sources: counted }) => checkLate((index) => (counted[index]?.oddCount ?? 0) > 0),
      ...(isAudited && { hintOption: await makeOptionHints(version, options.defaultTables) }),
      about: { ...aboutRun(options, version), inputs: options.inputs.map((input) => (typeof input === 'string' ? input : input.name)) },
      acceptsNothing: direct !== undefined,
      onDiagnostic: options.onDiagnostic ?? (() => {}),
      onProgress: options.onProgress ?? (() => {}),
      onStage: options.onStage ?? (() => {}),
    });
    return { ...result, destination, skippedCount: choice.skippedCount };
  } catch (error) {
    await Promise.all(threads.map((thread) => thread.end()));
    sink.abort();
    throw error;
  }
}

/** Undefined where a database is named, and no place for files. */
function chooseDestination(options: ConvertOptions, registry: Registry, tables: readonly string[] | undefined): Output | undefined {
  const { format, out, postgres } = options;
  if (postgres !== undefined && out === undefined) {
    if (format !== undefined) throw new UserError('PG_FORMAT', { exitCode: 2 });
    return undefined;
  }
  if (postgres?.isIncremental) throw new UserError('PG_INCREMENTAL_FILES', { exitCode: 2 });
  const tableCount = tables === undefined ? countTables(options, registry) : new Set(tables).size;
  return chooseOutput(out ?? defaultOut, format, registry, tableCount);
}

/** Throws a UserError where a table is there that does not fit, or is to have a key that it cannot have. */
function checkTables(database: PostgresSink, registry: Registry, tableNames: ReadonlySet<string> | undefined, { postgres, suggest }: ConvertOptions): void {
  const withKeys = Object.keys(postgres?.keys ?? {});
  checkTableNames(withKeys, registry, suggest);
  const concerned = findTables([...database.names, ...withKeys], registry);
  database.check([...concerned.values()].filter(({ name }) => tableNames?.has(name) ?? true));
}

type LoadOptions = Omit<ConvertOptions, 'views'> & { readonly views: readonly WrittenView[] };

/** Throws a UserError (usage) for a file that cannot be read. */
async function readViews(views: ConvertOptions['views'] = []): Promise<readonly WrittenView[]> {
  if (views.length === 0) return [];
  const { readViewFiles } = await loadViews();
  return views.flatMap((view, index) => (typeof view === 'string' ? readViewFiles([view]) : [describeView(view, index)]));
}

/** A view that comes as JSON. */
function describeView(view: object, index: number): WrittenView {
  const name = 'name' in view && typeof view.name === 'string' ? view.name : undefined;
  return { view, origin: `views[${index}]`, defaultName: `view_${index + 1}`, label: name ?? `number ${index + 1}` };
}

/** While the version is open, the first one that the views fit; R4 where none does, with what is wrong then. */
async function assumeVersion(asked: 'auto' | FhirVersion, options: LoadOptions): Promise<{ registry: Registry; version: FhirVersion }> {
  const [first, ...others] = asked === 'auto' ? fhirVersions : [asked];
  try {
    return { registry: await loadRegistry({ ...options, fhirVersion: first as FhirVersion }), version: first as FhirVersion };
  } catch (error) {
    if (options.views.length === 0) throw error;
    for (const version of others) {
      const registry = await loadRegistry({ ...options, fhirVersion: version }).catch(() => undefined);
      if (registry !== undefined) return { registry, version };
    }
    throw error;
  }
}

/** One view into one file, or onto stdout: then it is the table that is meant. */
function impliedTables({ out = defaultOut, views = [] }: ConvertOptions, registry: Registry): readonly string[] | undefined {
  if (views.length === 0 || !isSingleOutput(out, registry.formats)) return undefined;
  const names = registry.viewTables().map(({ name }) => name);
  return names.length === 1 ? names : undefined;
}

/** Undefined: as many as the input has types for. */
function countTables({ hasDefaultTables = true }: ConvertOptions, registry: Registry): number | undefined {
  return hasDefaultTables ? undefined : registry.viewTables().length;
}

/** While the version is open, a name is wrong when no version has a table of it. */
async function checkTableNamesEarly(names: readonly string[], assumed: Registry, options: LoadOptions): Promise<void> {
  try {
    checkTableNames(names, assumed, options.suggest);
  } catch (error) {
    if (options.fhirVersion !== undefined && options.fhirVersion !== 'auto') throw error;
    for (const fhirVersion of fhirVersions) {
      const known = (await loadRegistry({ ...options, fhirVersion })).allTables().map((table) => table.name);
      if (names.every((name) => known.includes(name))) return;
    }
    throw error;
  }
}

/** Throws a UserError (usage) for a name that no table has. */
export function checkTableNames(names: readonly string[], registry: Registry, suggest: ConvertOptions['suggest'] = () => []): Set<string> {
  const found = findTables(names, registry);
  for (const name of names) {
    if (found.has(name)) continue;
    const known = registry.allTables().map((table) => table.name);
    const near = suggest(name, known);
    const suggestion = near.length > 0 ? `did you mean ${near.join(', ')}?` : 'fhir-flatten tables lists them';
    throw new UserError('TABLE_UNKNOWN', { parameters: { name, suggestion }, exitCode: 2 });
  }
  return new Set(names);
}

/** Which of the names are tables. Types whose name they begin with are asked first: making the tables of all takes its time. */
function findTables(names: readonly string[], registry: Registry): ReadonlyMap<string, TableSchema> {
  const plainNames = names.map((name) => name.replaceAll('_', ''));
  const isLikely = (resourceType: string) => plainNames.some((name) => name.startsWith(resourceType.toLowerCase()));
  const types = [...registry.resourceTypes];
  const missing = new Set(names);
  const found = new Map<string, TableSchema>();
  for (const resourceType of [...types.filter(isLikely), ...types.filter((type) => !isLikely(type))]) {
    if (missing.size === 0) break;
    for (const table of registry.flattenersFor(resourceType).flatMap(({ tables }) => tables)) if (missing.delete(table.name)) found.set(table.name, table);
  }
  return found;
}

function createSink(
  output: Output | undefined,
  database: PostgresSink | undefined,
  about: Readonly<Record<string, string>>,
  options: ConvertOptions,
  partCount: number,
): Sink | FolderSink {
  if (options.isDryRun) return createDiscardSink(output?.format?.storage ?? postgresStorage(options.typed?.timestamps ?? 'local'));
  const files = output && createFiles(output, about, options, partCount);
  // A database keeps its columns, filled or not.
  const sink = files !== undefined && options.hasFilledColumnsOnly === true ? createFilledSink(files) : files;
  if (database === undefined) return sink as Sink;
  return sink === undefined ? database : new BothSinks(sink, database);
}

function createFiles(output: Output, about: Readonly<Record<string, string>>, options: ConvertOptions, partCount: number): Sink | FolderSink {
  if (output.kind === 'sink') return output.sink.create(output.path);
  const sinkOptions = { format: output.format, about, partCount, keepsOtherTables: options.tables !== undefined || options.hasDefaultTables === false };
  switch (output.kind) {
    case 'folder':
      return createFolderSink(output.path, sinkOptions);
    case 'file':
      return createFileSink(output.path, sinkOptions);
    case 'stdout':
      return createStreamSink(process.stdout, 'stdout', output.format);
    default:
      return output satisfies never;
  }
}

/** Several threads need files that each can open, a place that each can write to, and tables that each can make. */
function countThreads(sources: readonly Source[], destination: Output | undefined, options: ConvertOptions): number {
  const { isDryRun = false, plugins = [], threads } = options;
  const isPossible =
    sources.every(isFileSource) &&
    options.postgres === undefined &&
    (destination?.format?.isJoinable === true || destination?.format?.join !== undefined) &&
    (destination.kind !== 'stdout' || isDryRun) &&
    plugins.every((plugin) => typeof plugin === 'string');
  if (!isPossible) return 1;
  return Math.max(1, Math.min(threads ?? usefulThreads(sources, availableParallelism()), sources.length));
}

function placeOf(sink: Sink): PartPlace {
  const place = sink.place();
  if (place === undefined) throw new Error('this output takes one part only');
  return place;
}

function isFolderSink(sink: Sink | FolderSink): sink is FolderSink {
  return 'scratchPath' in sink;
}

/** Standard input and pipes are copied while they are read, in case a second reading is needed. */
function readableTwice(source: Source, sink: Pick<FolderSink, 'scratchPath'>, index: number): Source {
  if (source.byteSize !== undefined) return source;
  const path = sink.scratchPath(`input-${index}`);
  const spooled = spoolSource(source, path);
  return { ...spooled, open: (onRawBytes) => namingFaults(spooled.open(onRawBytes), path) };
}

/** A fault in writing the copy is the output's, not the input's: the run must not go on as if the input had ended. */
async function* namingFaults(chunks: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* chunks;
  } catch (error) {
    const isWriteFault = error instanceof Error && 'syscall' in error && error.syscall !== 'read';
    throw isWriteFault ? outputError(error, path) : error;
  }
}

function totalByteCount(sources: readonly Source[]): number | undefined {
  let total = 0;
  for (const { byteSize } of sources) {
    if (byteSize === undefined) return undefined;
    total += byteSize;
  }
  return total;
}

/** The head of the report. */
function aboutRun(options: ConvertOptions, version: FhirVersion): Record<string, unknown> {
  const {
    postgres,
    out = postgres === undefined ? defaultOut : undefined,
    format = out === undefined ? undefined : 'csv',
    tables,
    fhirVersion = 'auto',
    csv,
    typed,
    parquet,
    defaultTables,
    hasAllTables = false,
    hasFilledColumnsOnly = false,
    hasDefaultTables,
    limits,
    isFailFast = false,
    plugins = [],
    views = [],
  } = options;
  return {
    version: toolVersion,
    fhirVersion: versionLabel(version),
    // Not the URL: it may hold a password.
    options: {
      out,
      format,
      postgres: postgres && { ...postgres, url: undefined },
      tables,
      fhirVersion,
      csv,
      typed,
      parquet,
      defaultTables,
      hasAllTables,
      hasFilledColumnsOnly,
      hasDefaultTables,
      limits: { ...defaultLimits, ...limits },
      isFailFast,
    },
    views: views.length === 0 ? undefined : views.map((view) => (typeof view === 'string' ? view : 'given as JSON')),
    plugins: plugins.length === 0 ? undefined : plugins.map((plugin) => (typeof plugin === 'string' ? plugin : plugin.name)),
  };
}
