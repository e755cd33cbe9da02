// Every message of the tool: code, severity, text, hint. Messages say what happened, where, and what to do, and never
// show a value of the input: logs are no place for patient data. Parameters are names, sizes, positions, counts.

export type Severity = 'error' | 'warning' | 'note';

/** Where something stands in the input. `line` counts from 1, `entryIndex` and `byteOffset` from 0 (unpacked bytes). */
export interface Location {
  readonly sourceName: string;
  readonly line?: number;
  readonly entryIndex?: number;
  readonly byteOffset?: number;
}

export type MessageParameters = Readonly<Record<string, string | number>>;

interface MessageEntry {
  readonly severity: Severity;
  /** `{name}` stands for a parameter. */
  readonly text: string;
  readonly hint?: string;
}

const MESSAGES = {
  // Records
  RECORD_NOT_JSON: { severity: 'error', text: 'not JSON: {reason}' },
  RECORD_NOT_OBJECT: { severity: 'error', text: 'not a resource: a JSON {found} where an object was expected' },
  RECORD_NOT_UTF8: { severity: 'error', text: 'not UTF-8: the bytes cannot be read as text', hint: 'convert the file to UTF-8, for example with iconv' },
  RECORD_TOO_LARGE: { severity: 'error', text: 'the record is larger than {limit} MB', hint: 'raise the limit with --max-record-mb' },
  RECORD_TOO_DEEP: { severity: 'error', text: 'the record is nested deeper than {limit} levels', hint: 'raise the limit with --max-depth' },
  RESOURCE_TYPE_MISSING: { severity: 'error', text: 'no resourceType' },
  RESOURCE_TYPE_INVALID: { severity: 'error', text: 'resourceType is not the name of a resource type', hint: 'names are letters only and start with a capital, as in Patient' },
  RESOURCE_TYPE_CLASH: { severity: 'error', text: 'this resourceType would share its table with another type' },
  RESOURCE_TYPE_LIMIT: { severity: 'error', text: 'more than {limit} resource types that FHIR does not define' },
  RESOURCE_ID_TOO_LONG: { severity: 'error', text: 'the id has more than {limit} characters, which no index of the database holds' },
  ENTRY_NOT_OBJECT: { severity: 'error', text: 'the entry is a JSON {found}, not an object' },
  ENTRY_RESOURCE_NOT_OBJECT: { severity: 'error', text: 'entry.resource is a JSON {found}, not an object' },
  VIEW_SEVERAL_VALUES: { severity: 'error', text: 'view {view}: column {column} got {count} values, and it takes one; path {path}', hint: 'set "collection": true for a list, or choose one as with {path}.first()' },
  VIEW_CELL_TYPE: { severity: 'error', text: 'view {view}: column {column} got a value that is no {type}; path {path}', hint: 'correct the type that the column declares, or leave it out' },
  VIEW_WHERE_NOT_BOOLEAN: { severity: 'error', text: 'view {view}: where gave something that is neither true nor false; path {path}', hint: 'compare it, as in {path} = …, or ask whether it is there: {path}.exists()' },
  VIEW_EXPRESSION_FAILED: { severity: 'error', text: 'view {view}: column {column}: the expression does not fit the values; path {path}' },
  VIEW_FUNCTION_FAILED: { severity: 'error', text: 'view {view}: column {column}: {name} failed: {reason}; path {path}' },
  MODIFIER_EXTENSION: { severity: 'warning', text: 'modifierExtension {url}, {count} times: it may change the meaning of what it is on, and no column shows that', hint: 'look for is_modifier in the extension tables before you use those rows' },
  DELETION_UNCLEAR: { severity: 'warning', text: 'not deleted: request.url is not of the form Type/id' },
  FLATTEN_FAILED: { severity: 'error', text: 'plugin {plugin} failed on this {resourceType}, which has no rows in {tables}: {reason}', hint: 'the other tables have it' },

  // Sources
  BUNDLE_BROKEN: { severity: 'error', text: 'not JSON from here on: {reason}; the {kept} entries before it were kept, the rest of the {extent} ({unreadBytes} bytes) was not read' },
  ARRAY_BROKEN: { severity: 'error', text: 'not JSON from here on: {reason}; the {kept} items before it were kept, the rest of the {extent} ({unreadBytes} bytes) was not read' },
  SOURCE_NOT_FHIR: { severity: 'error', text: 'skipped: no FHIR JSON ({found})' },
  SOURCE_EMPTY: { severity: 'warning', text: 'skipped: the file is empty' },
  SOURCE_COMPANION: { severity: 'note', text: 'left out: no FHIR JSON, and by its name a program, settings or notes' },
  SOURCE_SIDECAR: { severity: 'note', text: 'not converted: a {found}, which holds no resources' },
  SOURCE_UNREADABLE: { severity: 'error', text: 'cannot be read: {reason}' },
  SOURCE_SPECIAL: { severity: 'warning', text: 'skipped: a {found}, not a file' },
  SOURCE_CHANGED: { severity: 'error', text: 'the file changed while it was read ({change}); it was read to the size it had when it was opened', hint: 'run again when nothing writes to it' },
  SOURCE_DAMAGED: { severity: 'error', text: 'the {format} data is damaged: {reason}; what came before was used' },
  SOURCE_EXPANDS: { severity: 'error', text: 'unpacks to more than {limit} times its size; reading stopped there', hint: 'if you trust it, raise the limit with --max-expansion' },
  SOURCE_NESTED_ARCHIVE: { severity: 'warning', text: 'skipped: an archive inside an archive', hint: 'unpack it first' },
  SOURCE_ENCRYPTED: { severity: 'error', text: 'skipped: the archive member is encrypted', hint: 'unpack it first' },
  INPUT_FAILED: { severity: 'error', text: 'the program that gives the input failed; its error is the cause of this one' },
  INPUT_NOT_RESOURCE: { severity: 'error', text: 'an item of the input cannot be a resource: it is no object, or JSON cannot say it' },
  INPUT_UNKNOWN: { severity: 'error', text: 'input {number} is neither a path, bytes, a stream, resources, nor { name, content }' },
  INPUT_NOT_PATH: { severity: 'error', text: 'readsTwice is for paths, and another input can be read once only' },
  INPUT_USED: { severity: 'error', text: 'the input has been read before, and can be read once only', hint: 'give a path, or a new stream' },
  INPUT_NOT_FOUND: { severity: 'error', text: 'no such file or folder' },

  // Views
  VIEW_IN_INPUT: { severity: 'note', text: 'not converted: a ViewDefinition', hint: 'give it with --view, and its table is made' },
  NO_TABLES_LEFT: { severity: 'error', text: '--no-defaults leaves no tables', hint: 'say with --view or --plugin which there are to be' },
  VIEW_INVALID: { severity: 'error', text: '{problems} in {views}', hint: 'nothing was converted; fhir-flatten view check shows what the views give' },
  VIEW_FILE_NOT_FOUND: { severity: 'error', text: 'no such file or folder' },
  VIEW_FILE_NOT_JSON: { severity: 'error', text: 'not JSON: {reason}' },
  VIEW_FILE_EMPTY: { severity: 'error', text: 'no ViewDefinition in there' },
  VIEW_MALFORMED: { severity: 'error', text: '{place}: {reason}' },
  VIEW_KEY_UNKNOWN: { severity: 'warning', text: '{place}: the key {name} means nothing here' },
  VIEW_SYNTAX: { severity: 'error', text: '{place}: {reason}' },
  VIEW_NAME_INVALID: { severity: 'error', text: '{place}: not a name for a {kind}: letters, digits and underscores, beginning with a letter, at most {limit}' },
  VIEW_NAME_TWICE: { severity: 'error', text: '{place}: {name} is the name of another {kind} already' },
  VIEW_NAME_TAKEN: { severity: 'error', text: '{place}: {name} is the name of a table that there is already', hint: 'give the view another name, or leave the default tables out with --no-defaults' },
  VIEW_CONSTANT_UNKNOWN: { severity: 'error', text: '{place}: no constant %{name}' },
  VIEW_FUNCTION_UNKNOWN: { severity: 'error', text: '{place}: no function {name}()' },
  VIEW_FUNCTION_SERVER: { severity: 'error', text: '{place}: {name}() needs a FHIR server, and a conversion asks none' },
  VIEW_ARGUMENTS: { severity: 'error', text: '{place}: {name}() takes {expected}, not {count}' },
  VIEW_TYPE_UNKNOWN: { severity: 'error', text: '{place}: no type {name} in FHIR {version}' },
  VIEW_RESOURCE_UNKNOWN: { severity: 'warning', text: '{place}: FHIR {version} has no resource type {name}' },
  VIEW_WHERE_TYPE: { severity: 'error', text: '{place}: where needs true or false, and this gives {type}' },
  VIEW_UNION_DIFFERS: { severity: 'error', text: '{place}: the branches of unionAll must have the same columns, in the same order: {expected} here, {found} there' },
  VIEW_UNION_TYPES: { severity: 'error', text: '{place}: the branches of unionAll must have the same types: column {name} is {expected} here, {found} there' },
  VIEW_CHOICE_OPEN: { severity: 'error', text: '{place}: which type the value has cannot be told from here', hint: 'say it in forEach, as in value.ofType(Quantity)' },
  VIEW_PATH_UNKNOWN: { severity: 'warning', text: '{place}: {type} has no element {name}' },
  VIEW_CHOICE_KEY: { severity: 'warning', text: '{place}: in FHIRPath {name} is written {path}' },
  VIEW_NEVER: { severity: 'warning', text: '{place}: this is always empty: {reason}' },
  VIEW_TYPE_DIFFERS: { severity: 'warning', text: '{place}: declared as {declared}, and the path gives {inferred}' },
  VIEW_TAG_UNKNOWN: { severity: 'warning', text: '{place}: no SQL type {name} is known; the column keeps its FHIR type' },

  // Output
  OUTPUT_FAILED: { severity: 'error', text: 'cannot write {path}: {reason}', hint: 'nothing was published; an older output is as it was' },
  OUTPUT_IS_FILE: { severity: 'error', text: '--out {path} is a file, and a folder is needed', hint: 'name a folder, or add -t to write one table into a file' },
  OUTPUT_IS_FOLDER: { severity: 'error', text: '{path} is a folder and cannot be replaced by a file' },
  OUTPUT_BUSY: { severity: 'error', text: 'another run is publishing into {path}', hint: 'run again when it has ended' },
  OUTPUT_FORMAT_DIFFERS: { severity: 'error', text: '--format {name} and the ending of --out {path} differ', hint: 'leave --format out, or name a file that ends in .{extension}' },
  OUTPUT_ONE_TABLE: { severity: 'error', text: '--out {path} takes one table, and {count} would be written', hint: 'choose it with -t, or name a folder' },
  OUTPUT_ENDING: { severity: 'error', text: 'no format is known for the ending of --out {path}', hint: 'formats here: {formats}' },
  ATTACHMENTS_NEED_FOLDER: { severity: 'error', text: '--attachments files needs a folder to write them into', hint: 'name a folder with --out, or say --attachments text or base64' },
  TABLE_NAME_INVALID: { severity: 'error', text: 'a table name holds more than letters, digits and underscores' },
  CHARACTERS_REPLACED: { severity: 'warning', text: 'table {table}: {count} lone surrogates written as U+FFFD, since UTF-8 has no bytes for them' },
  CELLS_UNFIT: { severity: 'warning', text: 'table {table}: {count} cells do not fit the type of their column and are null', hint: 'the view or plugin should give the column another type' },
  DUPLICATES_NOT_REPLACED: { severity: 'warning', text: '{count} resources occur again with other content; on stdout the first one stays', hint: 'write to a folder to get the newest' },

  // Postgres. The server's own words may hold values of rows: only its SQLSTATE is passed on.
  PG_URL_INVALID: { severity: 'error', text: '--pg takes a URL of the form postgres://user@host:port/database', hint: 'or nothing: then the environment says where to connect (PGHOST, PGUSER, PGDATABASE, …)' },
  PG_FORMAT: { severity: 'error', text: '--format is for files, and with --pg there are none without --out', hint: 'add --out, or leave --format out' },
  PG_INCREMENTAL_FILES: { severity: 'error', text: '--incremental goes with --pg alone: files of --out would hold the new rows only' },
  PG_WITHOUT: { severity: 'error', text: '{option} goes with {needed}' },
  PG_SETTING_INVALID: { severity: 'error', text: 'Postgres connection: wrong {name}: {reason}' },
  PG_CERTIFICATE_UNREADABLE: { severity: 'error', text: 'Postgres connection: cannot read {path}: {reason}' },
  PG_PASSWORD_FILE: { severity: 'warning', text: 'password file: {reason}' },
  PG_UNREACHABLE: { severity: 'error', text: 'cannot connect to Postgres at {target}: {reason}', hint: '{advice}' },
  PG_LOST: { severity: 'error', text: 'the connection to Postgres at {target} was lost: {reason}', hint: 'the database is as it was; run again when the server is back' },
  PG_REFUSED: { severity: 'error', text: 'Postgres, {place}: {reason} (SQLSTATE {sqlstate})', hint: '{advice}; the database is as it was' },
  PG_UNCERTAIN: { severity: 'error', text: 'the connection to Postgres at {target} was lost while the load was committed: it is done as a whole, or not at all', hint: 'run again: what is there already is left as it is' },
  PG_LOCKED: { severity: 'error', text: 'another run loads into schema {schema}, waited {seconds} s: {holder}', hint: 'wait for it, raise --lock-timeout, or end that session with SELECT pg_terminate_backend({pid})' },
  PG_SCHEMA_MISSING: { severity: 'error', text: 'no schema {schema} in {target}, and it cannot be created (SQLSTATE {sqlstate})', hint: 'have it created, with CREATE and USAGE granted to the user' },
  PG_TABLE_DIFFERS: { severity: 'error', text: 'table {table} is there already and does not fit: {difference}', hint: 'nothing was loaded; rename or drop that table, or load into another schema with --pg-schema' },
  PG_KEY_UNKNOWN: { severity: 'error', text: 'the key of table {table}: it has no column {column}' },
  PG_KEY_NEEDED: { severity: 'error', text: 'table {table} has no key, so that --incremental would replace its rows by those of the new files', hint: 'name the columns that tell its rows apart, with --pg-key or in the view' },
  PG_NAME_INVALID: { severity: 'error', text: 'Postgres cannot take the name of a {kind} of table {table}: {reason}' },
  PG_CHARACTERS_REPLACED: { severity: 'warning', text: 'table {table}: {count} NUL characters or lone surrogates written as U+FFFD, since Postgres has no place for them' },
  PG_OLDER_KEPT: { severity: 'warning', text: '{count} {type} resources are older than what the database has (meta.lastUpdated), which stays' },
  PG_KEYS_REPEATED: { severity: 'warning', text: 'table {table}: {count} rows had the key of a later row, which stays' },
  INPUT_CHANGED: { severity: 'error', text: 'the input changed between its two readings', hint: 'run again when nothing writes to it' },

  // Usage and the run as a whole
  FHIR_VERSIONS_MIXED: { severity: 'error', text: 'the input holds several FHIR versions: {sources}', hint: 'convert them apart, or say with --fhir-version as which one to read them all' },
  FHIR_VERSION_LATE: { severity: 'error', text: 'read as FHIR {used}, which the first files did not tell from {found}; {source} and others are {found}', hint: 'give --fhir-version {option}' },
  NOTHING_TO_CONVERT: { severity: 'error', text: 'nothing to convert: no FHIR resource in the input' },
  NOTHING_CONVERTED: { severity: 'error', text: 'nothing published: none of {count} records could be converted' },
  NOTHING_ASKED_FOR: { severity: 'error', text: 'nothing to write: none of the {count} resources belongs to the tables asked for' },
  FAILED_FAST: { severity: 'error', text: 'stopped at the first bad record, as --fail-fast asks' },
  FORMAT_UNKNOWN: { severity: 'error', text: 'no format {name}', hint: 'formats here: {formats}' },
  TABLE_UNKNOWN: { severity: 'error', text: 'no table {name}', hint: '{suggestion}' },
  CSV_DELIMITER_INVALID: { severity: 'error', text: '--delimiter takes one ASCII character other than a quote or line end', hint: 'for tabs: --delimiter tab' },
  DECIMALS_INVALID: { severity: 'error', text: '--decimals takes double, text or decimal(p,s) with p up to 38 digits, s of them after the point', hint: 'for example --decimals "decimal(18,4)"' },
  PARQUET_COMPRESSION_UNKNOWN: { severity: 'error', text: 'no compression {name} for Parquet', hint: 'there are {names}' },
  CSV_NULL_INVALID: { severity: 'error', text: '--null must not hold a quote, a line end or the delimiter' },
  STDOUT_TAKEN: { severity: 'error', text: '--json and --out - both write to stdout', hint: 'name a file: --out patient.csv' },
  PLUGIN_CLASH: { severity: 'error', text: 'two plugins bring the same {kind}: {name} ({first} and {second})' },
  PLUGIN_TABLE_CLASH: { severity: 'error', text: 'two plugins bring the same table: {name} ({first} and {second})', hint: "to write a table instead of the other one, say so in its flattener: replaces: ['{name}']" },
  PLUGIN_VERSION: { severity: 'error', text: 'plugin {name} is made for another API version', hint: 'this one is for apiVersion: 1' },
  PLUGIN_INVALID: { severity: 'error', text: 'plugin {plugin}: {reason}' },
  PLUGIN_NOT_FOUND: { severity: 'error', text: 'no plugin {module}: {reason}', hint: 'name a file (./mine.ts, ./mine.js), or a package that is installed in this folder' },
  PLUGIN_NOT_LOADED: { severity: 'error', text: 'plugin {module} cannot be loaded: {reason}' },
  PLUGIN_REPLACES_NOTHING: { severity: 'error', text: 'plugin {plugin} replaces table {table}, and there is no such table', hint: 'fhir-flatten tables lists them' },
  PLUGIN_FORMAT_FAILED: { severity: 'error', text: 'format {format} failed on table {table}: {reason}', hint: 'nothing was published' },
  PLUGIN_SINK_FAILED: { severity: 'error', text: 'sink {sink} failed on {path}: {reason}', hint: 'it was told to take everything back' },
  PLUGIN_EMIT_LATE: { severity: 'error', text: 'a flattener of a plugin called emit when its resource was done', hint: 'rows are emitted before flatten returns' },
  PLUGIN_ASYNC: { severity: 'error', text: 'flatten gave a promise: rows are emitted before it returns' },
  PLUGIN_TABLE_UNKNOWN: { severity: 'error', text: 'emit was called for a table that the flattener does not have (it has {tables})' },
  PLUGIN_ROW_NOT_OBJECT: { severity: 'error', text: 'table {table}: a row is an object, and emit got {found}' },
  PLUGIN_COLUMN_UNKNOWN: { severity: 'error', text: 'table {table} has no column{column} (it has {columns})' },
  PLUGIN_VALUE_UNFIT: { severity: 'error', text: 'table {table}, column {column}: it takes {type}, and got {found} that does not fit' },
  PLUGIN_VALUE_MISSING: { severity: 'error', text: 'table {table}, column {column}: it is not nullable, and got nothing' },
  STOPPED: { severity: 'error', text: 'stopped, nothing published' },
  THREAD_FAILED: { severity: 'error', text: 'a thread of the run ended before its work was done: {reason}', hint: 'nothing was published; --threads 1 takes less memory' },
  STALLED: { severity: 'error', text: 'the run ended before it was done, in: {stage}', hint: 'nothing was published; please report this' },
  INTERNAL: { severity: 'error', text: 'internal error: {reason}', hint: 'nothing was published; please report this' },
} as const satisfies Record<string, MessageEntry>;

export type DiagnosticCode = keyof typeof MESSAGES;

export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: Severity;
  readonly message: string;
  readonly hint: string | undefined;
  readonly location: Location | undefined;
}

export interface UserErrorOptions {
  readonly parameters?: MessageParameters | undefined;
  readonly location?: Location | undefined;
  readonly exitCode?: 1 | 2;
  /** What it consists of, each with a place of its own. */
  readonly causes?: readonly Diagnostic[];
}

/** An error with a message meant for the user. `exitCode` 2 means wrong usage, 1 that the run failed. */
export class UserError extends Error {
  readonly code: DiagnosticCode;
  readonly parameters: MessageParameters | undefined;
  readonly hint: string | undefined;
  readonly location: Location | undefined;
  readonly exitCode: 1 | 2;
  readonly causes: readonly Diagnostic[];

  constructor(code: DiagnosticCode, options: UserErrorOptions = {}) {
    const diagnostic = makeDiagnostic(code, options.location, options.parameters);
    super(diagnostic.message);
    this.name = 'UserError';
    this.code = code;
    this.parameters = options.parameters;
    this.hint = diagnostic.hint;
    this.location = options.location;
    this.exitCode = options.exitCode ?? 1;
    this.causes = options.causes ?? [];
  }
}

/** Why a record has no rows in a table, with a message of its own; shows no value of the record. */
export class RowFault extends Error {
  readonly code: DiagnosticCode;
  readonly parameters: MessageParameters;
  constructor(code: DiagnosticCode, parameters: MessageParameters) {
    super(makeDiagnostic(code, undefined, parameters).message);
    this.name = 'RowFault';
    this.code = code;
    this.parameters = parameters;
  }
}

export function makeDiagnostic(code: DiagnosticCode, location?: Location, parameters: MessageParameters = {}): Diagnostic {
  const entry: MessageEntry = MESSAGES[code];
  return {
    code,
    severity: entry.severity,
    message: fill(entry.text, parameters),
    hint: entry.hint === undefined ? undefined : fill(entry.hint, parameters),
    location,
  };
}

function fill(text: string, parameters: MessageParameters): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = parameters[name];
    return value === undefined ? whole : String(value);
  });
}

export function severityOf(code: DiagnosticCode): Severity {
  return MESSAGES[code].severity;
}

/** `patients.ndjson:1042 (byte 3318744)`, `bundle.json entry 7 (byte 5120)`, `stdin`. */
export function describeLocation(location: Location): string {
  const place = location.line !== undefined ? `:${location.line}` : location.entryIndex !== undefined ? ` entry ${location.entryIndex}` : '';
  const offset = location.byteOffset === undefined ? '' : ` (byte ${location.byteOffset})`;
  return `${location.sourceName}${place}${offset}`;
}

/** What `Diagnostics` holds, as plain data. */
export interface DiagnosticsData {
  readonly counts: ReadonlyMap<DiagnosticCode, number>;
  readonly kept: readonly Diagnostic[];
}

/** Collects a run's diagnostics: counts all, keeps the first ones of each code for the report. */
export class Diagnostics {
  /** How many of each code are kept in full. */
  static readonly keptPerCode = 100;

  readonly counts = new Map<DiagnosticCode, number>();
  readonly kept: Diagnostic[] = [];
  readonly #onDiagnostic: (diagnostic: Diagnostic, countOfCode: number) => void;

  constructor(onDiagnostic: (diagnostic: Diagnostic, countOfCode: number) => void = () => {}) {
    this.#onDiagnostic = onDiagnostic;
  }

  report(code: DiagnosticCode, location?: Location, parameters?: MessageParameters): void {
    const count = (this.counts.get(code) ?? 0) + 1;
    this.counts.set(code, count);
    if (count > Diagnostics.keptPerCode) return;
    const diagnostic = makeDiagnostic(code, location, parameters);
    this.kept.push(diagnostic);
    this.#onDiagnostic(diagnostic, count);
  }

  /** Adds what was collected elsewhere, as if it had been reported here after all the others. */
  add({ counts, kept }: DiagnosticsData, isNew: boolean): void {
    const numbers = new Map(this.counts);
    for (const diagnostic of kept) {
      const number = (numbers.get(diagnostic.code) ?? 0) + 1;
      numbers.set(diagnostic.code, number);
      if (number > Diagnostics.keptPerCode) continue;
      this.kept.push(diagnostic);
      if (isNew) this.#onDiagnostic(diagnostic, number);
    }
    for (const [code, count] of counts) this.counts.set(code, (this.counts.get(code) ?? 0) + count);
  }
}
