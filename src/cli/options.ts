// Every option of the command line in one place: name, help, check. Options that do not work yet are not here.

import { type Command, InvalidArgumentError, Option } from 'commander';
import type { DefaultTableOptions, FhirVersion } from '../builtin.ts';
import type { TypedOptions } from '../types.ts';

/** The key of a view's or plugin's table. */
interface PgKey {
  readonly table: string;
  readonly columns: readonly string[];
}

/** Options of `convert` as commander hands them over. */
export interface ConvertFlags {
  readonly out?: string;
  readonly pg?: true | string;
  readonly pgSchema?: string;
  readonly lockTimeout?: number;
  readonly pgKey?: readonly PgKey[];
  readonly incremental?: true;
  readonly format?: string;
  readonly table?: readonly string[];
  readonly view?: readonly string[];
  readonly defaults?: boolean;
  readonly strict?: true;
  readonly plugin?: readonly string[];
  readonly details?: boolean;
  readonly codings: 'extra' | 'all';
  readonly columns: 'standard' | 'filled' | 'wide';
  readonly attachments?: 'text' | 'files' | 'base64';
  readonly narrative?: true;
  readonly keepVersions?: true;
  readonly allTables?: true;
  readonly fhirVersion: 'auto' | FhirVersion;
  readonly audit?: true;
  readonly failFast?: true;
  readonly dryRun?: true;
  readonly engine?: 'bytes' | 'objects';
  readonly threads?: number;
  readonly timestamps?: 'local' | 'utc' | 'text';
  readonly decimals?: string;
  readonly compression?: 'zstd' | 'snappy' | 'none';
  readonly delimiter?: string;
  readonly header: boolean;
  readonly null?: string;
  readonly escapeFormulas?: true;
  readonly bom?: true;
  readonly maxRecordMb: number;
  readonly maxDepth: number;
  readonly maxExpansion: number;
  readonly json?: true;
  readonly quiet?: true;
  readonly progress: boolean;
  readonly color: 'auto' | 'always' | 'never';
}

export type TablesFlags = { readonly ddl?: 'postgres' } & Pick<
  ConvertFlags,
  | 'format'
  | 'timestamps'
  | 'decimals'
  | 'pgSchema'
  | 'view'
  | 'defaults'
  | 'strict'
  | 'plugin'
  | 'details'
  | 'codings'
  | 'columns'
  | 'attachments'
  | 'narrative'
  | 'keepVersions'
  | 'fhirVersion'
  | 'json'
  | 'color'
>;
export type ViewCheckFlags = Pick<ConvertFlags, 'plugin' | 'strict' | 'fhirVersion' | 'json' | 'color'>;
export type PluginsFlags = Pick<ConvertFlags, 'plugin' | 'json' | 'color'>;
export type InspectFlags = Pick<ConvertFlags, 'plugin' | 'maxRecordMb' | 'maxDepth' | 'maxExpansion' | 'json' | 'quiet' | 'progress' | 'color'>;

export function addConvertOptions(command: Command): void {
  const tables = 'Tables:';
  command
    .addOption(
      new Option('-o, --out <where>', 'folder for the tables; with one table also a file name, or - for stdout')
        .default(undefined, 'fhir-tables')
        .helpGroup(tables),
    )
    .addOption(formatOption().helpGroup(tables))
    .addOption(new Option('-t, --table <names>', 'only these tables (repeat, or commas)').argParser(collectNames).helpGroup(tables))
    .addOption(noDetailsOption().helpGroup(tables))
    .addOption(detailsOption())
    .addOption(new Option('--all-tables', 'tables without rows too: all that `fhir-flatten tables` lists, or those of -t').helpGroup(tables))
    .addOption(fhirVersionOption().helpGroup(tables))
    .addOption(viewOption().helpGroup(tables))
    .addOption(noDefaultsOption().helpGroup(tables))
    .addOption(strictOption().helpGroup(tables))
    .addOption(pluginOption().helpGroup(tables));
  for (const option of contentOptions()) command.addOption(option.helpGroup(tables));

  const typed = 'Parquet, Arrow, Postgres:';
  command
    .addOption(timestampsOption().helpGroup(typed))
    .addOption(decimalsOption().helpGroup(typed))
    .addOption(new Option('--compression <codec>', 'of Parquet files').choices(['zstd', 'snappy', 'none']).default(undefined, 'zstd').helpGroup(typed));
  const postgres = 'Postgres:';
  command
    .addOption(new Option('--pg [url]', 'load into Postgres; without a URL the environment says where (PGHOST, …)').helpGroup(postgres))
    .addOption(pgSchemaOption().helpGroup(postgres))
    .addOption(
      new Option('--pg-key <table=columns>', 'update rows of a view by these columns; else its table is replaced').argParser(collectKeys).helpGroup(postgres),
    )
    .addOption(new Option('--incremental', 'leave out files that were loaded before').helpGroup(postgres))
    .addOption(
      wholeNumber('--lock-timeout <seconds>', 'how long to wait for another load into the schema', 0, 86_400).default(undefined, '60').helpGroup(postgres),
    );

  const csv = 'CSV:';
  command
    .addOption(new Option('--delimiter <char>', 'between cells; "tab" for tabs').default(undefined, ',').helpGroup(csv))
    .addOption(new Option('--no-header', 'no row of column names').helpGroup(csv))
    .addOption(new Option('--null <text>', 'how absent values are written (empty strings are "")').default(undefined, 'nothing').helpGroup(csv))
    .addOption(new Option('--escape-formulas', "put ' before cells that a spreadsheet would run").helpGroup(csv))
    .addOption(new Option('--bom', 'begin with a byte order mark, for Excel').helpGroup(csv));

  const run = 'Run:';
  command
    .addOption(new Option('--audit', 'account for every value of the input in _report.json').helpGroup(run))
    .addOption(new Option('--fail-fast', 'stop at the first bad record, publish nothing').helpGroup(run))
    .addOption(new Option('--dry-run', 'read and flatten, write nothing, print the summary').helpGroup(run))
    .addOption(new Option('--engine <name>', 'bytes, or objects: slower, with the same result').choices(['bytes', 'objects']).hideHelp())
    .addOption(wholeNumber('--threads <n>', 'cores to use at most', 1, 64).default(undefined, 'as many as help').helpGroup(run));
  addLimitOptions(command);
  addMessageOptions(command);
}

export function addTablesOptions(command: Command): void {
  command
    .addOption(noDetailsOption())
    .addOption(detailsOption())
    .addOption(fhirVersionOption())
    .addOption(viewOption())
    .addOption(noDefaultsOption())
    .addOption(strictOption())
    .addOption(pluginOption())
    .addOption(formatOption())
    .addOption(timestampsOption())
    .addOption(decimalsOption())
    .addOption(new Option('--ddl <dialect>', 'as SQL that creates them').choices(['postgres']))
    .addOption(pgSchemaOption())
    .addOption(new Option('--json', 'as JSON'))
    .addOption(colorOption());
  for (const option of contentOptions()) command.addOption(option);
}

export function addPluginsOptions(command: Command): void {
  command.addOption(pluginOption()).addOption(new Option('--json', 'as JSON')).addOption(colorOption());
}

export function addInspectOptions(command: Command): void {
  command.addOption(pluginOption());
  addLimitOptions(command);
  addMessageOptions(command);
}

function addLimitOptions(command: Command): void {
  const limits = 'Limits:';
  command
    .addOption(wholeNumber('--max-record-mb <n>', 'longest single record', 1, 500).default(64).helpGroup(limits))
    .addOption(wholeNumber('--max-depth <n>', 'deepest nesting of a record', 1, 5000).default(1000).helpGroup(limits))
    .addOption(wholeNumber('--max-expansion <n>', 'how many times its size a file may unpack to', 1, 1_000_000).default(200).helpGroup(limits));
}

function addMessageOptions(command: Command): void {
  const messages = 'Messages:';
  command
    .addOption(new Option('--json', 'the summary as JSON on stdout').helpGroup(messages))
    .addOption(new Option('-q, --quiet', 'errors only').helpGroup(messages))
    .addOption(new Option('--no-progress', 'no progress bar').helpGroup(messages))
    .addOption(colorOption().helpGroup(messages));
}

/** The library's form of the options that decide what the default tables show. */
export function defaultTablesOf(flags: TablesFlags): DefaultTableOptions {
  return {
    hasDetails: flags.details !== false,
    codings: flags.codings,
    columns: flags.columns === 'wide' ? 'wide' : 'standard',
    attachments: flags.attachments ?? 'drop',
    hasNarrative: flags.narrative === true,
    hasVersions: flags.keepVersions === true,
  };
}

function noDetailsOption(): Option {
  return new Option('--no-details', 'main tables only, without those of repeating elements, codings and extensions');
}

/** What happens anyway, for scripts that say so. */
function detailsOption(): Option {
  return new Option('--details', 'child tables too').hideHelp();
}

/** What the tables show, and with which columns. */
function contentOptions(): readonly Option[] {
  return [
    new Option('--columns <set>', 'the standard ones, filled for those with values, or wide for every element')
      .choices(['standard', 'filled', 'wide'])
      .default('standard'),
    new Option('--codings <which>', 'rows for the codings that no column shows, or for all').choices(['extra', 'all']).default('extra'),
    new Option('--attachments <how>', 'data of attachments: as text where it is text, as files in attachments/, or as base64')
      .choices(['text', 'files', 'base64'])
      .default(undefined, 'left out'),
    new Option('--narrative', 'columns for the narrative (text.div), which is left out otherwise'),
    new Option('--keep-versions', 'rows for every version of a resource, told apart by version_hash'),
  ];
}

function formatOption(): Option {
  return new Option('-f, --format <name>', 'file format: csv (default), parquet, arrow');
}

function timestampsOption(): Option {
  return new Option('--timestamps <mode>', 'as the clock showed, with the zone beside it; in UTC; or text as written')
    .choices(['local', 'utc', 'text'])
    .default(undefined, 'local');
}

function decimalsOption(): Option {
  return new Option('--decimals <type>', 'double, text, or decimal(p,s) with p digits, s after the point').default(undefined, 'double');
}

/** The library's form of the options on types; `parse` is called where the format is loaded already. */
export function typedOf(
  { decimals, timestamps }: Pick<ConvertFlags, 'decimals' | 'timestamps'>,
  parse: (decimals: string) => TypedOptions['decimals'],
): Partial<TypedOptions> {
  return { ...(timestamps !== undefined && { timestamps }), ...(decimals !== undefined && { decimals: parse(decimals) }) };
}

function fhirVersionOption(): Option {
  return new Option('--fhir-version <v>', 'version of the resources').choices(['auto', 'r4', 'r4b', 'r5'] satisfies ('auto' | FhirVersion)[]).default('auto');
}

export function addViewCheckOptions(command: Command): void {
  command
    .addOption(strictOption())
    .addOption(fhirVersionOption())
    .addOption(pluginOption())
    .addOption(new Option('--json', 'as JSON'))
    .addOption(colorOption());
}

function viewOption(): Option {
  return new Option('--view <path>', 'a table for each ViewDefinition of a file or folder (repeatable)').argParser(collect);
}

function noDefaultsOption(): Option {
  return new Option('--no-defaults', 'only the tables of views and plugins');
}

function strictOption(): Option {
  return new Option('--strict', 'warnings about views are errors');
}

function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

function pluginOption(): Option {
  return new Option('--plugin <module>', 'tables, formats and readers of a .ts or .js file, or of a package (repeatable)').argParser(
    (module: string, previous: readonly string[] | undefined) => [...(previous ?? []), module],
  );
}

/** `--plugin a.ts b.ts in`: FHIR is in no file of code, so what follows a plugin and looks like one is one. */
export function separatePlugins(inputs: readonly string[], plugins: readonly string[] | undefined): { inputs: readonly string[]; plugins: readonly string[] } {
  if (plugins === undefined) return { inputs, plugins: [] };
  const isCode = (input: string) => /\.[cm]?[jt]s$/.test(input);
  return { inputs: inputs.filter((input) => !isCode(input)), plugins: [...plugins, ...inputs.filter(isCode)] };
}

function pgSchemaOption(): Option {
  return new Option('--pg-schema <name>', 'schema for the tables').default(undefined, 'public');
}

function colorOption(): Option {
  return new Option('--color <when>', 'colours; NO_COLOR is honoured').choices(['auto', 'always', 'never']).default('auto');
}

function wholeNumber(flags: string, description: string, min: number, max: number): Option {
  return new Option(flags, description).argParser((text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) throw new InvalidArgumentError(`It takes a whole number from ${min} to ${max}.`);
    return value;
  });
}

function collectKeys(text: string, previous: readonly PgKey[] | undefined): readonly PgKey[] {
  const [, table, columns = ''] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  const names = columns.split(',').map((name) => name.trim());
  if (table === undefined || names.includes('')) throw new InvalidArgumentError('It takes a table and its columns, as in lab_result=patient_id,idx.');
  return [...(previous ?? []), { table: table.trim(), columns: names }];
}

function collectNames(text: string, previous: readonly string[] | undefined): readonly string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) throw new InvalidArgumentError('It takes the names of tables.');
  return [...(previous ?? []), ...names];
}
