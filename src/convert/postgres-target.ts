// What `--pg` and the options beside it say → the sink of a database, and which files it has not loaded yet.

import { createPostgresSink, type PostgresSink, postgresStorage } from '../builtin.ts';
import { type Diagnostic, makeDiagnostic } from '../diagnostics.ts';
import type { Plugin, Source, TypedOptions } from '../types.ts';
import { toolVersion } from '../version.ts';
import type { FileChoice } from './loaded-files.ts';

export interface PostgresTarget {
  /** `postgres://user@host/database`; without it the environment of libpq says where (PGHOST, PGUSER, …). */
  readonly url?: string | undefined;
  /** Default `public`. */
  readonly schema?: string;
  /** Table of a view or plugin → the columns that tell its rows apart; without, it is replaced as a whole. */
  readonly keys?: Readonly<Record<string, readonly string[]>>;
  /** How long to wait for another load into the same schema. Default 60. */
  readonly lockTimeoutSeconds?: number;
  /** Files that an earlier run has loaded are left out. */
  readonly isIncremental?: boolean;
}

const defaultLockTimeoutSeconds = 60;

interface SinkOptions {
  readonly typed?: Partial<TypedOptions>;
  readonly onDiagnostic?: (diagnostic: Diagnostic, countOfCode: number) => void;
}

/** Not yet connected: `start` does that. */
export async function openPostgres(
  { isIncremental = false, keys = {}, lockTimeoutSeconds = defaultLockTimeoutSeconds, schema = 'public', url }: PostgresTarget,
  { onDiagnostic, typed }: SinkOptions,
): Promise<PostgresSink> {
  return await createPostgresSink({
    url,
    schemaName: schema,
    lockTimeoutSeconds,
    keys: new Map(Object.entries(keys)),
    canReplace: !isIncremental,
    storage: postgresStorage(typed?.timestamps ?? 'local'),
    toolVersion,
    warn: (reason) => onDiagnostic?.(makeDiagnostic('PG_PASSWORD_FILE', undefined, { reason }), 1),
  });
}

/** Options that do not decide on the tables; all others that are given do. */
interface FileOptions {
  readonly inputs: readonly unknown[];
  readonly plugins?: readonly (Plugin | string)[];
  readonly csv?: unknown;
  readonly format?: unknown;
  readonly parquet?: unknown;
  readonly isAudited?: unknown;
  readonly isFailFast?: unknown;
  readonly out?: unknown;
  readonly postgres?: unknown;
  readonly threads?: unknown;
  /** These do. */
  readonly views?: unknown;
}

/** What is left to read. The options that decide on the tables count as well: with others, files are new again. */
export async function leaveOutLoaded(
  sources: readonly Source[],
  database: PostgresSink,
  options: FileOptions,
): Promise<Pick<FileChoice, 'sources' | 'skippedCount'>> {
  const { chooseNewFiles, hashSettings } = await import('./loaded-files.ts');
  const { csv, format, inputs, parquet, isAudited, isFailFast, out, postgres, threads, ...rest } = options;
  const { plugins = [] } = options;
  const pluginTexts = plugins.length === 0 ? [] : (await import('../plugin/load-plugins.ts')).readPluginTexts(plugins);
  const settingsHash = hashSettings([toolVersion, rest, ...(pluginTexts.length === 0 ? [] : [pluginTexts])]);
  const choice = await chooseNewFiles(sources, settingsHash, (names) => database.findFiles(names, settingsHash));
  database.remember(choice.skippedCount, choice.toRemember);
  return choice;
}
