// What the run's thread and the threads beside it say to each other. Plain data: functions and classes do not travel.

import type { CsvOptions, DefaultTableOptions, FhirVersion, ParquetOptions, WrittenView } from './builtin.ts';
import type { DiagnosticCode, DiagnosticsData, Location, MessageParameters } from './diagnostics.ts';
import type { PartReading } from './run/part.ts';
import type { Progress } from './run/read-resources.ts';
import type { PartDecisions } from './run/resource-index.ts';
import type { PartPlace, ReadLimits, TypedOptions } from './types.ts';

/** What is the same for all parts of a run. */
export interface ThreadSettings {
  readonly fhirVersion: FhirVersion;
  readonly place: PartPlace;
  readonly formatName: string;
  readonly csv: Partial<CsvOptions> | undefined;
  readonly typed: Partial<TypedOptions> | undefined;
  readonly parquet: Partial<ParquetOptions> | undefined;
  readonly defaultTables: Partial<DefaultTableOptions> | undefined;
  readonly hasDefaultTables: boolean;
  readonly views: readonly WrittenView[];
  readonly limits: ReadLimits;
  readonly tableNames: ReadonlySet<string> | undefined;
  readonly isFailFast: boolean;
  readonly isAudited: boolean;
  /** Modules, which each thread loads anew. */
  readonly plugins: readonly string[];
  readonly keepsVersions: boolean;
  readonly engine: 'bytes' | 'objects' | undefined;
}

export interface PlainSource {
  /** Bytes where the name is not UTF-8. */
  readonly filePath: string | Uint8Array;
  readonly name: string;
  readonly isNamedByUser: boolean;
  readonly byteSize: number;
}

export interface PlainTask {
  readonly settings: ThreadSettings;
  readonly number: number;
  readonly partCount: number;
  readonly hashSeeds: readonly [number, number];
  readonly sources: readonly PlainSource[];
}

export type ToThread = { readonly kind: 'read'; readonly task: PlainTask } | { readonly kind: 'read-again'; readonly decisions: PartDecisions };

export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'stage'; readonly stage: string }
  | { readonly kind: 'done'; readonly reading: PartReading }
  | { readonly kind: 'failed'; readonly failure: PlainFailure; readonly diagnostics: DiagnosticsData };

/** A UserError; or the kind of an unexpected error, whose message may show a value of the input. */
export interface PlainFailure {
  readonly code: DiagnosticCode;
  readonly parameters: MessageParameters | undefined;
  readonly location: Location | undefined;
  readonly exitCode: 1 | 2;
  readonly stack: string | undefined;
}
