// Files and a database from one reading: each gets rows of its own, since what a cell holds differs. The database's part is
// done up to its last step before the files are published, and that step comes after them.

import type { JoinedTable, PartSink, PreparedOutput, PublishedOutput, RejectedRecord, RunOutput, Sink, TableSchema, TableWriter } from '../types.ts';

/** A sink whose output becomes visible by one last step that hardly fails. */
export interface TransactionSink extends Sink {
  /** Before `start`: there will be no restart, whatever comes. */
  giveUpRestart(): void;
  prepare(tables: readonly JoinedTable[]): Promise<PreparedOutput>;
  record(output: RunOutput): Promise<void>;
  publish(): Promise<PublishedOutput>;
}

export class BothSinks implements Sink {
  readonly storage;
  readonly canRestart;
  readonly #files: Sink;
  readonly #database: TransactionSink;

  constructor(files: Sink, database: TransactionSink) {
    this.storage = files.storage;
    this.canRestart = files.canRestart && database.canRestart;
    if (!this.canRestart) database.giveUpRestart();
    this.#files = files;
    this.#database = database;
  }

  get needsRestart(): boolean {
    return this.#database.needsRestart === true;
  }

  /** The database first: it may refuse, or have us wait. */
  async start(): Promise<void> {
    await this.#database.start();
    await this.#files.start();
  }

  part(number: number): PartSink {
    return new BothParts([this.#files.part(number), this.#database.part(number)]);
  }

  place(): undefined {
    return undefined;
  }

  async settle(tables: readonly JoinedTable[]): Promise<readonly JoinedTable[]> {
    return (await this.#files.settle?.(tables)) ?? tables;
  }

  async prepare(tables: readonly JoinedTable[]): Promise<PreparedOutput> {
    await this.#files.prepare?.(tables);
    return await this.#database.prepare(tables);
  }

  async commit(output: RunOutput): Promise<PublishedOutput> {
    await this.#database.record(output);
    const { files } = await this.#files.commit(output);
    return { ...(await this.#database.publish()), files };
  }

  abort(): void {
    this.#database.abort();
    this.#files.abort();
  }
}

class BothParts implements PartSink {
  readonly storage;
  readonly outputs: readonly PartSink[];
  readonly longestId;

  constructor(outputs: readonly [PartSink, ...PartSink[]]) {
    this.storage = outputs[0].storage;
    this.outputs = outputs;
    this.longestId = Math.min(...outputs.map(({ longestId = Number.POSITIVE_INFINITY }) => longestId));
  }

  async open(schema: TableSchema): Promise<TableWriter> {
    throw new Error(`rows of ${schema.name} go to each output of its own`);
  }

  delete(deletion: Parameters<NonNullable<PartSink['delete']>>[0]): void {
    for (const output of this.outputs) output.delete?.(deletion);
  }

  reject(record: RejectedRecord): void {
    for (const output of this.outputs) output.reject(record);
  }

  async restart(): Promise<void> {
    for (const output of this.outputs) await output.restart();
  }

  async finish(): Promise<void> {
    for (const output of this.outputs) await output.finish();
  }
}
