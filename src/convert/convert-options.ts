// What can be asked of a conversion, by the command line and by programs, and what is told of it in the report.

import type { CsvOptions, DefaultTableOptions, FhirVersion, ParquetOptions } from '../builtin.ts';
import type { Diagnostic } from '../diagnostics.ts';
import type { RunResult } from '../pipeline.ts';
import type { Progress } from '../run/read-resources.ts';
import type { Plugin, ReadLimits, Sink, Source, TypedOptions } from '../types.ts';
import { toolVersion } from '../version.ts';
import type { Output } from './choose-output.ts';
import { versionLabel } from './detect-sources.ts';
import type { PostgresTarget } from './postgres-target.ts';

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
  /** `objects`: every resource is parsed. It gives the same tables, more slowly, and is what `bytes` is held against. */
  readonly engine?: 'bytes' | 'objects';
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

/** The head of the report. */
export function aboutRun(options: ConvertOptions, version: FhirVersion): Record<string, unknown> {
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
