// Tables of a run → tables of a Postgres schema, in one transaction that holds the schema's lock. Rows of tables that the
// run creates, or that are there without rows, go straight into them; others are staged in temporary tables and merged at the end.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../diagnostics.ts';
import type {
  Deletion,
  JoinedTable,
  PartSink,
  PreparedOutput,
  PublishedOutput,
  RejectedRecord,
  RunOutput,
  RunReport,
  Sink,
  TableSchema,
  TableWriter,
  TypedStorage,
} from '../../types.ts';
import { arrayText } from './array-text.ts';
import { checkTable, type ExistingTable, missingColumns, readCatalog } from './catalog.ts';
import { readConnectionSettings } from './connection-settings.ts';
import { addColumnStatement, commentStatements, createStatement, indexStatements, qualify } from './ddl.ts';
import { beginLocked } from './load-lock.ts';
import { type FileRecord, LoadRecords } from './load-records.ts';
import { hasDistinctRows, type LoadTable, listColumns, longestKey, makeLoadTable } from './load-table.ts';
import { hasRowsState, refuseRowsStatement } from './merge-sql.ts';
import { type MergeTable, placeOf } from './merge-table.ts';
import { type MergeOutcome, mergeTables } from './merge-tables.ts';
import { RowQueue } from './row-queue.ts';
import { Session } from './session.ts';
import { checkName, quoteName } from './sql-names.ts';
import { StagedTable } from './staged-table.ts';
import type { Work } from './statement-batch.ts';

export interface PostgresOptions {
  /** Undefined: the environment says where to connect. */
  readonly url: string | undefined;
  readonly schemaName: string;
  readonly lockTimeoutSeconds: number;
  /** Table of a view or plugin → its key; over what its schema says. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
  /** False when this run does not see all rows of a table, so that those of others must not be lost. */
  readonly canReplace: boolean;
  readonly storage: TypedStorage;
  readonly toolVersion: string;
  readonly warn: (reason: string) => void;
}

/** Settings of the session. What a user or a database has set for the time of statements and locks stays. */
const sessionSettings = [
  "TIME ZONE 'UTC'",
  "client_min_messages = 'warning'",
  // Reading goes on while the server waits for rows.
  'idle_in_transaction_session_timeout = 0',
  // Comparing a table with what it is to become hashes them; sorting both takes twice the time.
  'enable_mergejoin = off',
  "work_mem = '64MB'",
  "temp_buffers = '64MB'",
  "maintenance_work_mem = '256MB'",
];

const beforeRows = '"_fhir_flatten_before_rows"';

const storeBytes = 1024 * 1024;

/** Tables that are to get less than this get their indexes while the input is read: the server has time, and less to do in the end. */
const mostAwaitedBytes = 256 * 1024;
/** Before, the rows so far tell little of those to come. */
const leastReadShare = 0.04;
/** From here on all tables get them, but for the largest. */
const lateReadShare = 0.6;
/** Larger tables get them in the end: an index that is filled row by row takes twice the time. */
const mostIndexedEarlyBytes = 8 * 1024 * 1024;
/** With each message, of so many bytes of rows for each index: rows that come meanwhile are not to wait long. */
const indexedBytesPerMessage = 3 * 1024 * 1024;
/** An index takes as long as one of so many bytes, also without a row. */
const leastIndexedBytes = 64 * 1024;

export class PostgresSink implements Sink, PartSink {
  readonly storage: TypedStorage;
  readonly canRestart = true;
  readonly longestId = longestKey;
  readonly #options: PostgresOptions;
  readonly #startedAt = new Date();
  #session: Session | undefined;
  #records: LoadRecords | undefined;
  #ready: Promise<void> = Promise.resolve();
  #queue: RowQueue | undefined;
  #catalog: ReadonlyMap<string, ExistingTable> = new Map();
  /** Those that were there at the start. */
  readonly #existing = new Map<string, LoadTable>();
  readonly #staged = new Map<string, StagedTable>();
  readonly #expected = new Set<string>();
  #deletions: Deletion[] = [];
  #scratchFolder: string | undefined;
  #outcome: MergeOutcome | undefined;
  #skippedCount = 0;
  #toRemember: (report: RunReport) => readonly FileRecord[] = () => [];
  #isAborted = false;
  #readShare = 0;
  /** False where rows that were refused would not come again. */
  #mayFillEmpty = true;

  constructor(options: PostgresOptions) {
    this.storage = { ...options.storage, lists: arrayText };
    this.#options = options;
    checkName(options.schemaName, 'schema', options.schemaName);
  }

  /** The server is to begin early, and to have little left to do in the end. */
  get storeBytes(): number {
    const { wantedBytes = storeBytes } = this.#queue ?? {};
    // In the store they take twice the bytes.
    return Math.min(2 * wantedBytes, storeBytes);
  }

  /** Connects, waits for the lock, and looks at what is there. Before rows come, `ready` is to be waited for. */
  async start(): Promise<void> {
    const { lockTimeoutSeconds, schemaName, url, warn } = this.#options;
    const session = await Session.open(readConnectionSettings(url), warn);
    this.#session = session;
    if (this.#isAborted) return session.destroy();
    // So that the server notices a load whose client is gone, even in the middle of a statement.
    const settings = session.serverVersion >= 140_000 ? [...sessionSettings, "client_connection_check_interval = '2s'"] : sessionSettings;
    // For the transaction only: behind a connection pool, the session is lent.
    await beginLocked(session, schemaName, lockTimeoutSeconds, settings);
    const { hasSchema, tables } = await readCatalog(session, schemaName);
    if (!hasSchema) await this.#createSchema(session);
    this.#catalog = tables;
    this.#records = new LoadRecords(session, schemaName);
    this.#ready = this.#records.start((name) => tables.has(name), `SAVEPOINT ${beforeRows}`);
    // It is thrown where somebody waits for it.
    this.#ready.catch(() => {});
    this.#queue = new RowQueue(
      session,
      (error) => this.#mayFillEmpty && this.#isOfEmptyTable(error),
      () => this.#takeIndexWorks(),
    );
  }

  /** Throws a UserError where the server does not give the records of the loads their place. */
  async ready(): Promise<void> {
    await this.#ready;
  }

  /** How much of the input has been read, from 0 to 1; not told where that is not known. */
  noteReadShare(share: number): void {
    this.#readShare = share;
  }

  /** Of what is in the schema. */
  get names(): readonly string[] {
    return [...this.#catalog.keys()].filter((name) => !name.startsWith('_fhir_flatten_'));
  }

  /** What is remembered of files with these names. */
  async findFiles(names: readonly string[], settingsHash: string): Promise<ReadonlyMap<string, FileRecord>> {
    await this.#ready;
    return await this.#started().records.findFiles(names, settingsHash);
  }

  /** Throws a UserError for the first table that is there and does not fit, or that Postgres cannot have. */
  check(schemas: readonly TableSchema[]): void {
    for (const schema of schemas) {
      const existing = this.#catalog.get(schema.name);
      if (existing === undefined && schema.role !== 'view') continue;
      const table = this.#makeTable(schema);
      if (existing === undefined) continue;
      checkTable(table, existing);
      this.#existing.set(schema.name, table);
    }
  }

  /** Its own only part: a transaction has one connection. */
  part(): PartSink {
    return this;
  }

  place(): undefined {
    return undefined;
  }

  /** For a copy of standard input. */
  scratchPath(name: string): string {
    this.#scratchFolder ??= mkdtempSync(join(tmpdir(), 'fhir-flatten-'));
    return join(this.#scratchFolder, name);
  }

  expect(schemas: readonly TableSchema[]): void {
    for (const { name } of schemas) this.#expected.add(name);
  }

  delete(deletion: Deletion): void {
    this.#deletions.push(deletion);
  }

  async open(schema: TableSchema): Promise<TableWriter> {
    const staged = this.#staged.get(schema.name) ?? this.#stage(schema);
    this.#staged.set(schema.name, staged);
    return staged.writer();
  }

  reject(record: RejectedRecord): void {
    const { queue, records } = this.#started();
    queue.add('rejects', records.copyRejects, 'the records of the loads', records.encodeReject(record));
  }

  /** After a key that came again: where rows stand by themselves first, the later one is found. */
  get needsRestart(): boolean {
    return this.#queue?.isRefused === true;
  }

  giveUpRestart(): void {
    this.#mayFillEmpty = false;
  }

  async restart(): Promise<void> {
    const { queue, session } = this.#started();
    if (queue.isRefused) this.#mayFillEmpty = false;
    await queue.reset();
    await session.query(`ROLLBACK TO SAVEPOINT ${beforeRows}`, 'the load');
    this.#staged.clear();
    this.#readShare = 0;
    this.#deletions = [];
  }

  async finish(): Promise<void> {
    await this.#started().queue.flush();
  }

  /** Everything but what makes it visible. */
  async prepare(_tables: readonly JoinedTable[]): Promise<PreparedOutput> {
    const { session } = this.#started();
    const names = new Set([...this.#existing.keys(), ...this.#staged.keys()]);
    const tables = [...names].map((name): MergeTable => {
      const staged = this.#staged.get(name);
      const table = staged?.table ?? (this.#existing.get(name) as LoadTable);
      const target = qualify(this.#options.schemaName, name);
      const kind = staged?.kind ?? (this.#catalog.get(name)?.isPlainAndEmpty === true ? 'empty' : 'temporary');
      const isPartitioned = this.#catalog.get(name)?.kind === 'p';
      const { hasIndexes = true, rowCount = 0 } = staged ?? {};
      return { table, target, staged: staged?.relation, kind, isPartitioned, hasIndexes, rowCount };
    });
    const outcome = await mergeTables(session, tables, this.#expected, this.#deletions);
    this.#outcome = { changes: outcome.changes, findings: [...outcome.findings, ...this.#characterFindings()] };
    return this.#outcome;
  }

  /** Files that were left out, and those that the next run can leave out. */
  remember(skippedCount: number, toRemember: (report: RunReport) => readonly FileRecord[]): void {
    this.#skippedCount = skippedCount;
    this.#toRemember = toRemember;
  }

  async commit(output: RunOutput): Promise<PublishedOutput> {
    await this.record(output);
    return await this.publish();
  }

  /** Writes down what the run did; before `publish`. */
  async record({ report }: Pick<RunOutput, 'report'>): Promise<void> {
    const { records } = this.#started();
    await records.rememberFiles(this.#toRemember(report));
    await records.addRun({
      startedAt: this.#startedAt,
      toolVersion: this.#options.toolVersion,
      fhirVersion: typeof report['fhirVersion'] === 'string' ? report['fhirVersion'] : undefined,
      sourceCount: Number(report['sourceCount'] ?? 0),
      skippedCount: this.#skippedCount,
      resourceCount: Number(report['resources'] ?? 0),
      rejectCount: Number(report['rejects'] ?? 0),
      changes: Object.fromEntries(this.#outcome?.changes ?? []),
      report,
    });
  }

  async publish(): Promise<PublishedOutput> {
    const { session } = this.#started();
    try {
      await session.query('COMMIT', 'the end of the load');
    } catch (error) {
      throw error instanceof UserError && error.code === 'PG_LOST' ? new UserError('PG_UNCERTAIN', { parameters: { target: session.target } }) : error;
    }
    await session.end();
    this.#removeScratch();
    return { files: [], database: `${session.target}, schema ${this.#options.schemaName}` };
  }

  abort(): void {
    this.#isAborted = true;
    // The server rolls back when the connection is gone.
    this.#session?.destroy();
    this.#removeScratch();
  }

  /** The statements that make it wait for their turn, like the rows. */
  #stage(schema: TableSchema): StagedTable {
    const { queue } = this.#started();
    const { schemaName } = this.#options;
    const table = this.#existing.get(schema.name) ?? this.#makeTable(schema);
    const place = placeOf({ table });
    const target = qualify(schemaName, schema.name);
    const existing = this.#catalog.get(schema.name);
    if (existing === undefined) {
      queue.execute([createStatement(table, schemaName), ...commentStatements(table, target)], place);
      return new StagedTable({ table, relation: target, kind: 'made', defaulted: new Set(), queue });
    }
    if (!this.#existing.has(schema.name)) {
      checkTable(table, existing);
      this.#existing.set(schema.name, table);
    }
    const added = missingColumns(table, existing);
    if (added.length > 0) queue.execute([addColumnStatement(table, target, added), ...commentStatements(table, target, added)], place);
    if (this.#mayFillEmpty && existing.isPlainAndEmpty && hasDistinctRows(table)) {
      queue.execute([refuseRowsStatement(target)], place);
      const defaulted = new Set([...existing.columns].flatMap(([name, { hasDefault }]) => (hasDefault ? [name] : [])));
      return new StagedTable({ table, relation: target, kind: 'empty', defaulted, queue });
    }
    const name = quoteName(`_fhir_flatten_rows_${this.#staged.size}`);
    queue.execute([`CREATE TEMP TABLE ${name} ON COMMIT DROP AS SELECT ${listColumns(table.columns)} FROM ${target} WITH NO DATA`], place);
    return new StagedTable({ table, relation: `pg_temp.${name}`, kind: 'temporary', defaulted: new Set(), queue });
  }

  /** Of tables that few rows are still to come for, as the rows so far tell. The largest first: they take longest in the end. */
  #takeIndexWorks(): Work[] {
    const share = this.#readShare;
    if (share < leastReadShare) return [];
    const mostBytes = share < lateReadShare ? (mostAwaitedBytes * share) / (1 - share) : mostIndexedEarlyBytes;
    const works: Work[] = [];
    let indexedBytes = 0;
    const waiting = [...this.#staged.values()].filter(({ byteCount, hasIndexes }) => !hasIndexes && byteCount <= mostBytes);
    for (const staged of waiting.sort((a, b) => b.byteCount - a.byteCount)) {
      if (indexedBytes >= indexedBytesPerMessage) break;
      const statements = indexStatements(staged.table, staged.relation);
      indexedBytes += Math.max(staged.byteCount, leastIndexedBytes) * statements.length;
      staged.hasIndexes = true;
      if (statements.length > 0) works.push({ statements, place: placeOf(staged) });
    }
    return works;
  }

  #makeTable(schema: TableSchema): LoadTable {
    const { canReplace, keys } = this.#options;
    const key = keys.get(schema.name) ?? schema.key ?? [];
    const { name, role } = schema;
    if (role === 'view' && key.length === 0 && !canReplace) throw new UserError('PG_KEY_NEEDED', { parameters: { table: name } });
    for (const column of key) {
      if (!schema.columns.some((known) => known.name === column)) throw new UserError('PG_KEY_UNKNOWN', { parameters: { table: name, column }, exitCode: 2 });
    }
    return makeLoadTable({ ...schema, key }, this.storage);
  }

  async #createSchema(session: Session): Promise<void> {
    const { schemaName } = this.#options;
    const answer = await session.attempt(`CREATE SCHEMA ${quoteName(schemaName)}`, 'start', ['42501', '42939']);
    if ('sqlstate' in answer) {
      throw new UserError('PG_SCHEMA_MISSING', { parameters: { schema: schemaName, target: session.target, sqlstate: answer.sqlstate } });
    }
  }

  #characterFindings(): MergeOutcome['findings'] {
    return [...this.#staged.values()].flatMap(({ replacedCharacterCount, table, unfitCount }) => [
      ...(replacedCharacterCount > 0
        ? [{ code: 'PG_CHARACTERS_REPLACED' as const, parameters: { table: table.schema.name, count: replacedCharacterCount } }]
        : []),
      ...(unfitCount > 0 ? [{ code: 'CELLS_UNFIT' as const, parameters: { table: table.schema.name, count: unfitCount } }] : []),
    ]);
  }

  /** Rows with a key that is there, of this run or of somebody else since; or against another rule of the table. */
  #isOfEmptyTable(error: unknown): boolean {
    const sqlstate = error instanceof UserError && error.code === 'PG_REFUSED' ? String(error.parameters?.['sqlstate']) : '';
    return (sqlstate.startsWith('23') || sqlstate === hasRowsState) && [...this.#staged.values()].some(({ kind }) => kind === 'empty');
  }

  #removeScratch(): void {
    if (this.#scratchFolder !== undefined) rmSync(this.#scratchFolder, { recursive: true, force: true });
    this.#scratchFolder = undefined;
  }

  #started(): { session: Session; records: LoadRecords; queue: RowQueue } {
    if (this.#session === undefined || this.#records === undefined || this.#queue === undefined) throw new Error('the load was not started');
    return { session: this.#session, records: this.#records, queue: this.#queue };
  }
}
