// Inputs and options → a finished run: finds the sources, chooses output and tables, runs the pipeline. What the
// command line and the library's users have in common.

import { availableParallelism } from 'node:os';
import {
  createBuilder,
  createDiscardBuilder,
  createRowStore,
  type FhirVersion,
  type FolderSink,
  findSources,
  isFileSource,
  openByteLane,
  type PostgresSink,
  readSource,
} from '../builtin.ts';
import { UserError } from '../diagnostics.ts';
import { makeOptionHints } from '../hint-options.ts';
import { WorkerThread } from '../part-thread.ts';
import { run } from '../pipeline.ts';
import type { Registry } from '../registry.ts';
import { usefulThreads } from '../run/split-sources.ts';
import type { PartPlace, Sink, Source } from '../types.ts';
import { toolVersion } from '../version.ts';
import { chooseOutput, isFolder, type Output } from './choose-output.ts';
import { aboutRun, type ConvertOptions, type ConvertResult, type DirectOutput, defaultLimits, defaultOut } from './convert-options.ts';
import { createSink, isFolderSink, readableTwice } from './create-sink.ts';
import { chooseVersion, versionLabel } from './detect-sources.ts';
import { assumeVersion, checkTableNames, checkTableNamesEarly, countTables, findTablesAmong, impliedTables, readViews } from './find-tables.ts';
import { loadRegistry } from './load-registry.ts';
import { leaveOutLoaded, openPostgres } from './postgres-target.ts';
import { prepareWhile } from './prepare-while.ts';

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
      engine: options.engine,
    }));
  });
  options.onAbortable?.(() => sink.abort());
  options.onStart?.({ byteCount: totalByteCount(found.sources), output: destination });
  try {
    const isIncremental = database !== undefined && options.postgres?.isIncremental === true;
    const findVersion = (sources: readonly Source[], turn?: () => Promise<void>) => chooseVersion(asked, { sources, readers: assumed.readers, limits, turn });
    const starting = sink.start();
    // While a server answers, and where that does not decide on what is read. Others than files would have to be read on.
    const canLookEarly = database !== undefined && !isIncremental && found.sources.every(isFileSource);
    const prepared = canLookEarly
      ? prepareWhile(starting, {
          findVersion: (turn) => findVersion(found.sources, turn),
          openByteLane: options.engine === 'objects' ? undefined : openByteLane,
          planTables(resourceType, version) {
            if (version === assumedVersion && tables === undefined && assumed.resourceTypes.has(resourceType)) assumed.flattenersFor(resourceType);
          },
        })
      : undefined;
    await starting;
    const choice = isIncremental ? await leaveOutLoaded(found.sources, database, { ...options, views }) : { sources: found.sources, skippedCount: 0 };
    options.onStage?.('finding the FHIR version');
    const { checkLate, version, sources: once } = await (prepared?.chosen ?? findVersion(choice.sources));
    about.fhirVersion = versionLabel(version);
    settled.version = version;
    if (version !== assumedVersion) settled.registry = await loadRegistry({ ...options, views, fhirVersion: version });
    if (tables !== undefined) settled.tableNames = checkTableNames(tables, settled.registry, options.suggest);
    if (database !== undefined && choice.sources.length > 0) checkTables(database, settled.registry, settled.tableNames, options);
    await database?.ready();
    const scratch = database ?? (isFolderSink(sink) ? sink : undefined);
    const sources = scratch === undefined ? once : once.map((source, index) => readableTwice(source, scratch, index));
    const inputByteCount = totalByteCount(sources);
    const result = await run({
      sources,
      findings: [...settled.registry.findings, ...found.problems],
      canReadTwice: sources.every((source, index) => source.byteSize !== undefined || source !== once[index]),
      registry: settled.registry,
      readSource,
      createBuilder,
      createDiscardBuilder,
      openByteLane: options.engine === 'objects' ? undefined : () => prepared?.takeByteLane() ?? openByteLane(version),
      createRowStore,
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
      onProgress: (progress) => {
        if (inputByteCount !== undefined) database?.noteReadShare(progress.byteCount / inputByteCount);
        options.onProgress?.(progress);
      },
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
  for (const tables of findTablesAmong([...database.names, ...withKeys], registry)) database.check(tables.filter(({ name }) => tableNames?.has(name) ?? true));
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

function totalByteCount(sources: readonly Source[]): number | undefined {
  let total = 0;
  for (const { byteSize } of sources) {
    if (byteSize === undefined) return undefined;
    total += byteSize;
  }
  return total;
}
