// What ships: the built-in plugin, and the stages that are no plugin's. The only file that sees every stage.

import { availableParallelism } from 'node:os';
import { type ByteLane, openByteLane as openLane } from './bytes/byte-lane.ts';
import { RowStore } from './bytes/row-store.ts';
import type { FhirVersion } from './fhir/element-model.ts';
import { loadModel } from './fhir/load-model.ts';
import { type DefaultTableOptions, defaultTableOptions, makeDefaultTables } from './plan/default-tables.ts';
import { jsonReaders } from './read/json-readers.ts';
import { locateJsonFault } from './read/locate-json-fault.ts';
import { createTextBuilder, createTypedBuilder } from './table/cell-builder.ts';
import { createDiscardBuilder } from './table/discard-builder.ts';
import type { CellStorage, PartPlace, PartSink, Plugin, TableBuilder, TableFormat, TableSchema, TypedOptions, TypedStorage } from './types.ts';
import { createArrowFormat } from './write/arrow/arrow-format.ts';
import { createCsvFormat } from './write/csv/csv-format.ts';
import { type CsvOptions, checkCsvOptions } from './write/csv/csv-options.ts';
import { createDiscardPart } from './write/discard-sink.ts';
import { PartFiles } from './write/files/part-files.ts';
import { createFilledPart } from './write/filled/filled-sink.ts';
import { createParquetFormat } from './write/parquet/parquet-format.ts';
import { checkParquetOptions, type ParquetOptions } from './write/parquet/parquet-options.ts';
import type { PostgresOptions, PostgresSink } from './write/postgres/postgres-sink.ts';
import { defaultTypedOptions } from './write/typed/typed-options.ts';

export { countUnknownKeys, type DetectedVersion, detectVersion, isBeforeR5, SeenKeys, type SourceKeys } from './fhir/detect-version.ts';
export { type FhirVersion, fhirVersions } from './fhir/element-model.ts';
export { loadModel } from './fhir/load-model.ts';
export type { DefaultTableOptions } from './plan/default-tables.ts';
export { isFileSource, makeFileSource } from './read/file-source.ts';
export { findSources } from './read/find-sources.ts';
export { type InputItems, makeIterableSource } from './read/iterable-source.ts';
export { lookAhead } from './read/look-ahead.ts';
export { readSource } from './read/read-source.ts';
export { spoolSource } from './read/stdin-source.ts';
export { createDiscardBuilder } from './table/discard-builder.ts';
export { functionArities } from './view/function-names.ts';
export type { CheckedViewFile } from './view/make-view-flattener.ts';
export type { WrittenView } from './view/read-views.ts';
export type { ViewProblem } from './view/view-problems.ts';
export { BatchChannel } from './write/batch-channel.ts';
export { BothSinks } from './write/both-sinks.ts';
export type { CsvOptions } from './write/csv/csv-options.ts';
export { createDiscardSink } from './write/discard-sink.ts';
export { createFileSink, createFolderSink, type FolderSink } from './write/files/folder-sink.ts';
export { outputError } from './write/files/output-error.ts';
export { describeColumns } from './write/files/schema-file.ts';
export { createFillSink, type TableFill } from './write/fill-sink.ts';
export { createFilledSink } from './write/filled/filled-sink.ts';
export { OutputClosed } from './write/output-closed.ts';
export type { ParquetOptions } from './write/parquet/parquet-options.ts';
export type { PostgresSink } from './write/postgres/postgres-sink.ts';
export { createStreamSink } from './write/stdout-sink.ts';
export { parseDecimals } from './write/typed/typed-options.ts';

export interface BuiltinOptions {
  readonly fhirVersion: FhirVersion;
  readonly csv?: Partial<CsvOptions>;
  /** Types of the columns in formats that have types. */
  readonly typed?: Partial<TypedOptions>;
  readonly parquet?: Partial<ParquetOptions>;
  /** Which default tables there are besides the main ones; all when not given. */
  readonly defaultTables?: Partial<DefaultTableOptions>;
  /** False: the resource types are known, but have no tables. */
  readonly hasDefaultTables?: boolean;
  /** How many threads work at most; as many as there are processors when not given. */
  readonly threads?: number | undefined;
}

/** Readers of FHIR JSON, the default tables of a FHIR version, the formats. */
export async function createBuiltinPlugin({
  fhirVersion,
  csv = {},
  defaultTables = {},
  hasDefaultTables = true,
  parquet = {},
  threads = availableParallelism(),
  typed = {},
}: BuiltinOptions): Promise<Plugin> {
  const typedOptions = { ...defaultTypedOptions, ...typed };
  const parquetOptions = checkParquetOptions(parquet);
  const parquetFormat = createParquetFormat(typedOptions, parquetOptions, threads > 1);
  const formats = [createCsvFormat(checkCsvOptions(csv)), parquetFormat, createArrowFormat(typedOptions)];
  const { resourceTypes, flattenersFor } = makeDefaultTables(await loadModel(fhirVersion), { ...defaultTableOptions, ...defaultTables });
  return { name: 'built-in', apiVersion: 1, readers: jsonReaders, resourceTypes, flattenersFor: hasDefaultTables ? flattenersFor : () => [], formats };
}

export function createBuilder(schema: TableSchema, storage: CellStorage): TableBuilder {
  return storage.kind === 'text' ? createTextBuilder(schema) : createTypedBuilder(schema);
}

/** Reads records as bytes, those that have the keys of a FHIR version only; undefined where that cannot be. */
export async function openByteLane(version: FhirVersion): Promise<ByteLane | undefined> {
  const model = await loadModel(version);
  try {
    return await openLane(model.jsonKeys());
  } catch {
    // Without WebAssembly or its vectors (an old processor, `node --jitless`), or memory for it, all records are parsed.
    return undefined;
  }
}

/** Where rows wait as bytes. */
export function createRowStore({ functions, keys }: ByteLane): RowStore {
  return new RowStore(functions, { createOverflow: createBuilder, createDiscardBuilder }, keys);
}

/** A sink that loads into a database; what it takes is loaded when it is used. */
export async function createPostgresSink(options: PostgresOptions): Promise<PostgresSink> {
  const { PostgresSink } = await import('./write/postgres/postgres-sink.ts');
  return new PostgresSink(options);
}

/** The statements that create tables, for psql. */
export async function printPostgresDdl(schemas: readonly TableSchema[], schemaName: string, timestamps: TypedOptions['timestamps']): Promise<string> {
  const [{ printDdl }, { storageFor }] = await Promise.all([import('./write/postgres/ddl.ts'), import('./write/postgres/load-table.ts')]);
  return printDdl(schemas, schemaName, storageFor(timestamps));
}

/** Cells of a database. */
export function postgresStorage(timestamps: TypedOptions['timestamps']): TypedStorage {
  return { kind: 'typed', timestamps, decimals: 'numeric' };
}

/** Views and all that they need: most runs have none. */
export async function loadViews() {
  const views = await import('./view/views.ts');
  const { describeViews, makeViewFlatteners } = views;
  return { describeViews, makeViewFlatteners, readViewFiles: (paths: readonly string[]) => views.readViewFiles(paths, locateJsonFault) };
}

/** What a thread writes its part of the rows into; `place` is what the run's sink says. */
export function createPartSink(place: PartPlace, number: number, format: TableFormat, partCount: number): PartSink {
  switch (place.kind) {
    case 'files':
      return new PartFiles(place.folder, number, format, partCount);
    case 'discard':
      return createDiscardPart(format.storage);
    case 'filled':
      return createFilledPart(createPartSink(place.inner, number, format, partCount), place.folder, number);
    default:
      return place satisfies never;
  }
}
