// The contracts between the stages. Data flows one way:
//   Source → Reader → ResourceEnvelope → Flattener → TableBuilder → Batch → TableWriter
// and only diagnostics go sideways. This file imports nothing but leaves (types only).

import type { RecordTape } from './bytes/record-tape.ts';
import type { DiagnosticCode, Location, MessageParameters } from './diagnostics.ts';
import type { JsonObject } from './json.ts';

/** A named run of bytes: a file, a member of an archive, standard input. */
export interface Source {
  /** As messages call it: the path as the user would type it, `export.zip!Patient.ndjson`, `stdin`. */
  readonly name: string;
  /** True when the user named it on the command line, false when a folder was walked to find it. */
  readonly isNamedByUser: boolean;
  /** Size in bytes where known before reading; for progress. */
  readonly byteSize: number | undefined;
  /**
   * The raw bytes, as stored. A chunk is valid until the next one is asked for: the buffer may be reused.
   * `onRawBytes` is told how many bytes were taken from the medium, for progress.
   */
  open(onRawBytes?: (byteCount: number) => void): AsyncIterable<Uint8Array>;
  /** It is the next to be opened: what `open` gives first may be fetched already. */
  prepare?(): void;
  /** It is not going to be opened after all. */
  giveUp?(): void;
}

/** One resource and where it came from. Valid until the next one of its run is taken. */
export interface ResourceEnvelope {
  /** Parsed when first asked for, where there is a `head`. */
  readonly resource: JsonObject;
  /** What can be said of the resource without parsing it; undefined when it has been parsed already. */
  readonly head?: ResourceHead | undefined;
  /** True when `resource` holds at least one NumberText, so that JSON.stringify would not reproduce it. */
  readonly hasNumberText: boolean;
  /** `Bundle.entry.fullUrl` of the entry that holds the resource. */
  readonly fullUrl: string | undefined;
  /** The Bundle that has the entry. */
  readonly bundle?: BundleScope | undefined;
  /** Where the resource stands; computed when asked for. */
  location(): Location;
  /** The record's text as it stands in the input (the entry's, for a Bundle), for rejects.ndjson. */
  rawText(): string;
  /** The bytes of the same text, to be read at once: they may be gone when the next envelope is taken. */
  rawBytes(): Uint8Array;
}

/** The elements of a resource that runs look at, read from the tape of its record. */
export interface ResourceHead {
  /** As written: it may name no type. */
  readonly resourceType: string;
  /** `id`, where it is a text. */
  readonly id: string | undefined;
  /** `meta.lastUpdated`, where it is a text. */
  readonly lastUpdated: string | undefined;
  /** The contained resources in their order; undefined where there is no list of them; computed when asked for. */
  readonly contained: readonly ResourceHead[] | undefined;
  /** There is a `contained`, and not all of it is told by `contained`. */
  readonly hasOddContained: boolean;
  /** `identifier`: those that have a `value`, which is a text; read when asked for. */
  readonly identifiers: readonly ResourceIdentifier[];
  /** Address of the token of `identifier`; 0 when there is none. */
  readonly identifierToken: number;
  /** Likewise of `id`. */
  readonly idToken: number;
  /** Address of the resource's token in the tape. */
  readonly token: number;
}

export interface ResourceIdentifier {
  /** Undefined where it is no text. */
  readonly system: string | undefined;
  readonly value: string;
}

/** One Bundle of the input, told from others by being another object: a fullUrl means an entry of the same Bundle. */
export interface BundleScope {
  /** The Bundle that has this one as an entry. */
  readonly outer: BundleScope | undefined;
}

/** A record that could not become a row. Goes to rejects.ndjson and the report. */
export interface RejectedRecord {
  readonly code: DiagnosticCode;
  readonly location: Location;
  readonly parameters: MessageParameters;
  /** The record's text, cut at 1 MiB. */
  readonly rawText: string;
  readonly isRawTextCut: boolean;
}

/** What a reader is told, and where it reports. */
export interface ReadContext {
  readonly limits: ReadLimits;
  /** For a first look: only so many bytes (unpacked) of each source or member of an archive are read. */
  readonly headBytes?: number;
  /** Takes records without parsing them; undefined where all are parsed. */
  readonly tape?: RecordTape | undefined;
  /** One bad record: its neighbours are read on. */
  reject(record: RejectedRecord): void;
  /** Something about a source as a whole: skipped, damaged, cut short. */
  report(code: DiagnosticCode, location: Location, parameters?: MessageParameters): void;
  /** Bytes taken from the medium, as stored. */
  onRawBytes(byteCount: number): void;
  /** What the Bundle around the resources held besides them, for the report. */
  onBundle(envelope: BundleEnvelope): void;
  /** An entry that says a resource is deleted; in its turn among the resources. */
  onDeletion?(deletion: Deletion): void;
  /** How the source was recognised: `bundle`, `resource`, `array`, `ndjson`. */
  onKind(kind: DocumentKind): void;
}

export type DocumentKind = 'bundle' | 'resource' | 'array' | 'ndjson';

/** Counts of one Bundle, made when its end is reached. */
export interface BundleEnvelope {
  readonly sourceName: string;
  /** `Bundle.type` as written, when it is one of FHIR's codes; else `other`. */
  readonly type: string;
  readonly entryCount: number;
  readonly resourceCount: number;
  /** Leaf values of the Bundle outside its resources (type, link, search, request, response …), by path. */
  readonly leafCounts: ReadonlyMap<string, number>;
}

export interface ReadLimits {
  /** Longest single record in bytes; `--max-record-mb`. */
  readonly recordBytes: number;
  /** Deepest nesting of a record; `--max-depth`. */
  readonly depth: number;
  /** Largest ratio of unpacked to packed bytes; `--max-expansion`. */
  readonly expansion: number;
}

/**
 * Recognises a source from its first bytes (unpacked, UTF-8) and yields its resources: an outer step per chunk
 * (awaited), an inner step per resource (not awaited), each parsed only when it is reached.
 */
export interface Reader {
  readonly name: string;
  recognise(head: Uint8Array, isWhole: boolean): boolean;
  read(source: DecodedSource, context: ReadContext): AsyncIterable<Iterable<ResourceEnvelope>>;
}

/** A source after unpacking and transcoding to UTF-8 without a byte order mark. */
export interface DecodedSource {
  readonly name: string;
  readonly isNamedByUser: boolean;
  /** Where the first byte stands in the unpacked source: 3 after a byte order mark. UTF-16 counts as UTF-8 from 0. */
  readonly startOffset: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Logical type of a column: a FHIR primitive type, a list of one, or JSON text. */
export type ColumnType =
  | { readonly kind: 'primitive'; readonly fhirType: PrimitiveTypeName }
  | { readonly kind: 'list'; readonly fhirType: PrimitiveTypeName }
  | { readonly kind: 'json' };

/** https://hl7.org/fhir/R4/datatypes.html#primitive (integer64 is R5's). */
export type PrimitiveTypeName =
  | 'base64Binary'
  | 'boolean'
  | 'canonical'
  | 'code'
  | 'date'
  | 'dateTime'
  | 'decimal'
  | 'id'
  | 'instant'
  | 'integer'
  | 'integer64'
  | 'markdown'
  | 'oid'
  | 'positiveInt'
  | 'string'
  | 'time'
  | 'unsignedInt'
  | 'uri'
  | 'url'
  | 'uuid'
  | 'xhtml';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly isNullable: boolean;
  /** Where the value comes from, such as `Patient.name.family`; undefined for computed columns without one element. */
  readonly fhirPath: string | undefined;
  /** One sentence for people. */
  readonly description: string;
  /** Set where the column shows a part of a Reference. */
  readonly reference?: ReferenceColumn;
}

export interface ReferenceColumn {
  /** The same for all columns of a table that show parts of one Reference. */
  readonly place: string;
  readonly part: 'id' | 'type' | 'identifier';
  /** Types that it may point to; empty when any. */
  readonly targets: readonly string[];
}

export interface TableSchema {
  readonly name: string;
  /** `main`: one row per resource. `detail`: goes to details/. `view`: from a ViewDefinition or a plugin. */
  readonly role: 'main' | 'detail' | 'view';
  readonly resourceType: string;
  readonly description: string;
  readonly columns: readonly Column[];
  /**
   * Names of the columns that tell a row from all others, for sinks that update rows. Where one of them may be null, they
   * tell it from the others of its resource. Without any, a table can only be replaced as a whole.
   */
  readonly key?: readonly string[];
}

/**
 * What cells hold. `text`: the literal text of the input, whatever its type. `typed`: what the column's type takes;
 * other values leave the cell null.
 */
export type CellStorage = TextStorage | TypedStorage;

export interface TextStorage {
  readonly kind: 'text';
  /** True where rows are encoded from their bytes, so that a builder need not keep strings for the batches' vectors. */
  readonly isOfBytes?: boolean;
}

export interface TypedStorage extends TypedOptions {
  readonly kind: 'typed';
  /** Set where rows are encoded from their bytes: then all cells are kept as texts, lists in this form. */
  readonly lists?: ListText;
}

export interface ListText {
  /** Around items with commas between them; strings among these stand in quotes, and as they are where they need no escape. */
  readonly brackets: readonly [open: string, close: string];
  write(items: readonly (CellValue | null)[]): string;
  /** What `write` has made; its items may be texts that say the same. */
  read(text: string): readonly (CellValue | null)[];
}

export interface TypedOptions {
  /** dateTime and instant. `local`: the wall clock, the zone beside it; `utc`: converted; `text`: as written. */
  readonly timestamps: 'local' | 'utc' | 'text';
  /** `numeric`: any number of digits, which only databases have. */
  readonly decimals: 'double' | 'text' | 'numeric' | { readonly precision: number; readonly scale: number };
}

/**
 * A cell as a flattener sets it. In text storage always a string. In typed storage numbers and booleans as such; dates,
 * timestamps and decimals of many digits as the input's text; a list as an array, with null for absent items. A text
 * that says the same does for any of them.
 */
export type CellValue = string | number | boolean | bigint | readonly (CellValue | null)[];

/** Rows of one table in memory, by column. */
export interface Batch {
  readonly schema: TableSchema;
  readonly rowCount: number;
  readonly vectors: readonly Vector[];
}

/** One column of a batch. `values[row]` is undefined for null. */
export interface TextVector {
  readonly storage: 'text';
  /** True when no row has a value; `values` may then be shorter than the batch. */
  readonly isAllNull: boolean;
  readonly values: readonly (string | undefined)[];
}

/** The same with cells as {@link CellValue} has them in typed storage; a typed sink makes its own layout of them. */
export interface TypedVector {
  readonly storage: 'typed';
  readonly isAllNull: boolean;
  readonly values: readonly (CellValue | undefined)[];
}

export type Vector = TextVector | TypedVector;

/** Takes rows and their cells; several rows may be open at once, as when an item holds items of its own table. */
export interface TableBuilder {
  readonly schema: TableSchema;
  readonly rowCount: number;
  /** Approximate size of the rows held, in bytes. */
  readonly byteCount: number;
  /** Adds a row of nulls; returns its index, which is valid until the next `take`. */
  addRow(): number;
  set(rowIndex: number, columnIndex: number, value: CellValue): void;
  /** Undefined for null. */
  get(rowIndex: number, columnIndex: number): CellValue | undefined;
  /** Forgets the rows from this index on, so that a failing flattener leaves nothing. */
  truncate(rowCount: number): void;
  /** The rows so far; the builder starts anew. The batch is valid until the next call of `take`. */
  take(): Batch;
}

/** What a flattener reports sideways while it runs. Counts only: no values. */
export interface FlattenContext {
  readonly storage: CellStorage;
  /** Undefined where references are taken as they stand. */
  readonly references?: ReferenceLookup | undefined;
  /** Counts references that lead nowhere. */
  readonly referenceCounter?: ReferenceCounter | undefined;
  /** Where every leaf value went; undefined unless asked for, since it takes time. */
  readonly audit?: LeafAudit | undefined;
  /** Undefined unless attachments are to become files. */
  readonly saveFile?: SaveFile | undefined;
  /** An element held another JSON type than FHIR gives it; the value is kept in other_json. */
  countMisfit(path: string): void;
  /** A value that a named rule leaves out of the tables (narrative, attachment data). */
  countDropped(rule: DropRule, path: string, leafCount: number, byteCount: number): void;
  /** A key that the element model does not know; kept in other_json. */
  countUnknown(path: string): void;
  /** A modifierExtension, which no column takes into account. */
  countModifier?(url: string | undefined): void;
  /** A cell says a value otherwise than the input does. */
  countNormalised(rule: NormaliseRule, path: string): void;
}

/** Keeps the decoded bytes of an attachment as a file of the output; returns its path in the output folder, with "/". */
export type SaveFile = (bytes: Uint8Array, contentType: string) => string;

/** Where a leaf value of the input stands in the output, besides other_json and what a rule leaves out. */
export type LeafPlace = 'cell' | 'coding' | 'extension';

/** Takes down what becomes of the leaf values of the resources that have rows. */
export interface LeafAudit {
  add(place: LeafPlace, leafCount: number): void;
  /** A resource is done: how many leaves it has, and which of them are in other_json, by path. */
  addResource(leafCount: number, otherJson: ReadonlyMap<string, number>): void;
}

/** A resource of the input that a reference points to. */
export interface ReferenceTarget {
  readonly type: string;
  readonly id: string;
}

/** How a Reference says what it points to; `other` is a text that FHIR has no rule for. */
export type ReferenceForm = 'relative' | 'absolute' | 'urn' | 'conditional' | 'identifier' | 'contained' | 'other';

/**
 * Told of each reference that a column with ids is about: the type and id of its target, undefined where not known.
 * `isMet`: the target has a row, as contained resources have. `count`: so many rows have the same.
 */
export type NoteReference = (form: ReferenceForm, type: string | undefined, id: string | undefined, isMet?: boolean, count?: number) => void;

/**
 * The same for an engine that counts the forms of references itself, and need not tell again of a target that has a
 * row: true when it is known to.
 */
export type NoteQuietly = (form: ReferenceForm, type: string | undefined, id: string | undefined, isMet: boolean, count: number) => boolean;

/** Counts, by column, the references whose target has no row. */
export interface ReferenceCounter {
  /** Undefined for a column that is not written. */
  column(table: string, column: string): NoteReference | undefined;
  quietColumn(table: string, column: string): NoteQuietly | undefined;
  /** Asked at the end for the forms of references that were noted quietly. */
  addForms(take: () => ReadonlyMap<ReferenceForm, number>): void;
  /** Forgets what was noted of a resource. */
  discard(): void;
  /** Changes when a target that was known to have a row may have none after all. */
  readonly generation: number;
}

/** Finds what references point to that do not say it themselves. */
export interface ReferenceLookup {
  /** `urn:uuid:…`, `urn:oid:…` or another fullUrl: the entry of the Bundle that has it. `id` is the urn's own, '' where it has none. */
  findUrn(urn: string, id: string, targets: readonly string[]): ReferenceTarget | undefined;
  /**
   * `system|value`, `|value` without a system, or `value` with any: the resource of one of the target types that has the
   * identifier; undefined when several have it.
   */
  findIdentifier(identifier: string, targets: readonly string[]): ReferenceTarget | undefined;
  /** Changes when what was found may mean something else from now on: with each Bundle. */
  readonly generation: number;
}

export type DropRule = 'narrative' | 'attachment-data';

/**
 * How a typed cell differs from what the input wrote. `number-notation`: the same number (`1.00`, `1e3`).
 * `number-digits`: the nearest double; all digits are in other_json. `time-notation`: the same moment (`.000`).
 * `time-digits`: cut to microseconds; all digits are in other_json.
 */
export type NormaliseRule = 'number-notation' | 'number-digits' | 'time-notation' | 'time-digits';

/** Turns resources of one type into rows of one or more tables. */
export interface Flattener {
  readonly name: string;
  readonly resourceType: string;
  readonly tables: readonly TableSchema[];
  /** Called once per run; `builders[i]` belongs to `tables[i]`. Returns the hot function. */
  bind(builders: readonly TableBuilder[], context: FlattenContext): Flatten;
  /** True when contained resources are to become rows of their own types, and references are to be looked up in the whole input. */
  readonly isRelational?: boolean;
  /** True when a resource that fails leaves no rows behind: the flattener takes back those that it has added. */
  readonly takesBackRows?: boolean;
  /** Tables of other plugins that are not written. */
  readonly replaces?: readonly string[];
}

/** Adds the rows of one resource. */
export type Flatten = (envelope: ResourceEnvelope, id: string, containment?: Containment) => void;

/** What a flattener cannot see in a resource: how it stands to the resources it contains, or to the one that contains it. */
export interface Containment {
  /** Where all versions of a resource have rows: a hash of the content, of the container's in a contained resource. */
  readonly versionHash?: string | undefined;
  /** Of a contained resource: `Type/id` of its container. */
  readonly containedIn?: string;
  /** Of a contained resource: the id of its container, below which the ids of all that it contains are. */
  readonly containerId?: string;
  /** Of a contained resource: the type of its container. */
  readonly containerType?: string;
  /** Of a container: the places in `contained` of the resources that have rows of their own. */
  readonly unpacked?: ReadonlySet<number>;
  /** Of both: local id → type of the contained resources that have rows of their own. */
  readonly containedTypes?: ReadonlyMap<string, string>;
}

/** Receives all tables of a run, in one or more parts; publishes them all at once or not at all. */
export interface Sink {
  readonly storage: CellStorage;
  /** True when a part's `restart` can take back what was written: everywhere but on stdout. */
  readonly canRestart: boolean;
  /** Prepares the place for the output; called once, before anything else. */
  start(): Promise<void>;
  /** Where the rows of a part of the sources go. Parts count from 0, in the order of the sources. */
  part(number: number): PartSink;
  /** After `start`: what another thread makes its part's sink from. Undefined where there is one part only. */
  place(): PartPlace | undefined;
  /** True when the rows that the parts have written are of no use, and are taken after a `restart`; never where that cannot be. */
  readonly needsRestart?: boolean;
  /** Before `commit`, where a sink holds rows back: gives them on, and tells what the tables are then. */
  settle?(tables: readonly JoinedTable[]): Promise<readonly JoinedTable[]>;
  /** Before `commit`, where there is more to do than to make things visible: may still find fault with the rows. */
  prepare?(tables: readonly JoinedTable[]): Promise<PreparedOutput>;
  /** Joins the parts in their order and makes the output visible. */
  commit(output: RunOutput): Promise<PublishedOutput>;
  /** Removes what was written; synchronous, so that a signal handler can call it. Safe to call twice. */
  abort(): void;
}

/** Plain data, so that it can go to another thread. */
export type PartPlace =
  | { readonly kind: 'files'; readonly folder: string }
  | { readonly kind: 'discard' }
  /** Rows wait in the folder until it is known which columns they fill; the rest goes to the inner place. */
  | { readonly kind: 'filled'; readonly folder: string; readonly inner: PartPlace };

/** Takes the rows and rejects of one part of the sources. */
export interface PartSink {
  readonly storage: CellStorage;
  /** Set where there are several places, each with rows of its own: then they are written to instead of this one. */
  readonly outputs?: readonly PartSink[];
  open(schema: TableSchema): Promise<TableWriter>;
  /** The tables of a type that was met: what has no row of them this time may have had one before. */
  expect?(schemas: readonly TableSchema[]): void;
  /** Resources with ids of more characters are refused: no index holds them. FHIR's have 64 at most. */
  readonly longestId?: number;
  /** Rows of all tables together that move on as soon as they come to so many bytes, where somebody works beside the reading. */
  readonly storeBytes?: number;
  /** A resource is to be gone, with all its rows. Sinks that begin anew each time have nothing to delete. */
  delete?(deletion: Deletion): void;
  /** Keeps a record that could not become a row. A write fault is thrown by `finish`. */
  reject(record: RejectedRecord): void;
  /** Keeps a file beside the tables, in `attachments/`; the same name means the same bytes. A write fault is thrown by `finish`. */
  saveFile?(name: string, bytes: Uint8Array): void;
  /** Forgets all tables, files and rejects written so far; `open` is called anew. */
  restart(): Promise<void>;
  /** After the last table is closed. What is left to do without the caller may go on until `commit`. */
  finish(): Promise<void>;
}

/** A resource that the input says is deleted: https://hl7.org/fhir/R4/http.html#delete */
export interface Deletion {
  readonly resourceType: string;
  readonly id: string;
  /** When it was deleted; NaN when that is not told. */
  readonly lastModifiedMs: number;
}

/** What a database did with the rows of one table. */
export interface TableChanges {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly deleted: number;
}

export interface PreparedOutput {
  /** Table → what became of its rows. */
  readonly changes: ReadonlyMap<string, TableChanges>;
  /** To be reported with the others. */
  readonly findings: readonly { readonly code: DiagnosticCode; readonly parameters: MessageParameters }[];
}

export interface RunOutput {
  /** The content of `_report.json`. */
  readonly report: RunReport;
  /** Sorted by name. */
  readonly tables: readonly JoinedTable[];
  /** How many parts gave it; what a part after them has left behind is not of this output. */
  readonly partCount: number;
  /** The parts that rejected records. */
  readonly rejectParts: readonly number[];
}

export interface JoinedTable {
  readonly schema: TableSchema;
  /** Over all parts. */
  readonly facts: TableFacts;
  /** The parts that have rows of it. */
  readonly parts: readonly number[];
}

export interface TableWriter {
  /** The batch may be reused after the promise is fulfilled. */
  write(batch: Batch): Promise<void>;
  /** After the last batch. */
  close(): Promise<TableFacts>;
}

/** What became of one table. */
export interface TableFacts {
  readonly rowCount: number;
  /** Lone surrogates written as U+FFFD, because UTF-8 has no bytes for them. */
  readonly replacedCharacterCount: number;
  /** Cells left null because they do not fit their column's type: a view or a plugin set them. */
  readonly unfitCellCount?: number;
}

/** The content of `_report.json`; see cli/summary for what people see. */
export interface RunReport {
  readonly [key: string]: unknown;
}

export interface PublishedOutput {
  /** Paths written, as the user would type them; table files first. */
  readonly files: readonly string[];
  /** The database, as in `localhost:5432/fhir, schema public`. */
  readonly database?: string;
}

/** How batches of tables become bytes. */
export interface TableFormat {
  readonly name: string;
  /** Without the dot. */
  readonly extension: string;
  readonly storage: CellStorage;
  /**
   * True when a file is a head, then rows that stand for themselves, and nothing after them: then threads may each
   * write a part of a table, and the parts are put one after another.
   */
  readonly isJoinable?: boolean;
  /**
   * Makes one file of the files of several parts, in their order: for formats whose parts are whole files, each with a
   * head and an end of its own.
   */
  join?(paths: readonly string[], target: EncodedTarget): Promise<void>;
  /**
   * Called for each part of a run, and anew when the part is read again: what is then held of the first is dropped.
   * `partCount` parts share the memory there is.
   */
  start(partCount: number): TableEncoders;
}

/** The tables of one part; they may share what they hold in memory. */
export interface TableEncoders {
  /** A table's batches are turned into bytes, which `target` takes. */
  open(schema: TableSchema, target: EncodedTarget): TableWriter;
  /** After the last table: for formats whose tables are closed before all of their bytes are made. Then the targets have them. */
  finish?(): Promise<void>;
  /** Ends what is still at work; no target gets any more bytes. Synchronous, and safe to call twice. */
  abort?(): void;
}

/** Where the bytes of one table go, in order. */
export interface EncodedTarget {
  /** The bytes belong to the target. Resolves when more may come. */
  append(bytes: Uint8Array): Promise<void>;
  /** False for a part whose rows come after another's: it has no head. */
  readonly hasHead: boolean;
  /** True when somebody reads the bytes as they come, so that nothing can be looked up at their end. */
  readonly isPipe: boolean;
}

/** A function that a plugin brings: lists in, a list out, values as JSON has them. */
export interface ViewFunction {
  readonly name: string;
  /** How many arguments it takes. */
  readonly arity?: { readonly min: number; readonly max: number };
  /** FHIR type of what it gives, such as `string`; unknown when not said. */
  readonly type?: string;
  /** True when it never gives more than one value. */
  readonly isSingle?: boolean;
  /** Called with the items before the point and those of each argument. */
  call(input: readonly unknown[], ...args: readonly (readonly unknown[])[]): readonly unknown[];
}

/** Everything that can be added to the tool; the built-ins are one plugin. */
export interface Plugin {
  readonly name: string;
  readonly apiVersion: 1;
  readonly readers?: readonly Reader[];
  readonly flatteners?: readonly Flattener[];
  /** Flatteners made when the first resource of a type is met, so that a run pays for the types it sees. */
  readonly flattenersFor?: (resourceType: string) => readonly Flattener[];
  /** The resource types for which `flattenersFor` has tables of its own, for `tables`. */
  readonly resourceTypes?: readonly string[];
  readonly formats?: readonly TableFormat[];
  /** Destinations that take all tables of a run; chosen like formats. */
  readonly sinks?: readonly PluginSink[];
  /** For the expressions of views. */
  readonly functions?: readonly ViewFunction[];
  /** They become flatteners when the FHIR version is known. */
  readonly views?: readonly PluginView[];
}

/** A destination of a plugin, for `-f`. */
export interface PluginSink {
  readonly name: string;
  /** A sink for what `-o` says. */
  create(out: string): Sink;
}

/** A ViewDefinition, and the tables of others that its table is written instead of. */
export interface PluginView {
  readonly view: unknown;
  readonly replaces: readonly string[];
}

/** A function that a plugin brings: lists in, a list out, values as JSON has them. */
export interface ViewFunction {
  readonly name: string;
  /** How many arguments it takes. */
  readonly arity?: { readonly min: number; readonly max: number };
  /** FHIR type of what it gives, such as `string`; unknown when not said. */
  readonly type?: string;
  /** True when it never gives more than one value. */
  readonly isSingle?: boolean;
  /** Called with the items before the point and those of each argument. */
  call(input: readonly unknown[], ...args: readonly (readonly unknown[])[]): readonly unknown[];
}
