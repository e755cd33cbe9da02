// A user's destination for tables (a service, a database, a kind of file that holds them all) → a sink for `-f`. What it
// gets are rows as objects, table by table; it makes them visible at the end, or takes them back.

import { describeFault } from '../describe-fault.ts';
import { describeLocation, makeDiagnostic, UserError } from '../diagnostics.ts';
import type {
  Batch,
  PartSink,
  PluginSink,
  PublishedOutput,
  RejectedRecord,
  RunOutput,
  RunReport,
  Sink,
  TableFacts,
  TableSchema,
  TableWriter,
} from '../types.ts';
import { invalidPlugin } from './plugin-fault.ts';
import { type CellKind, type RowObject, rowsOf, storageOf } from './row-values.ts';

type MaybePromise<T> = T | Promise<T>;

export interface SinkSpec {
  /** What `-f` calls it: lower-case letters, digits and `-`. */
  readonly name: string;
  /** How it gets the cells of a row. Default `typed`. */
  readonly cells?: CellKind;
  /** Called before anything is read, with what `-o` says; and anew, after `abort`, when a run has to read its input again. */
  open(out: string): MaybePromise<SinkTarget>;
}

/** Takes the tables of a run. */
export interface SinkTarget {
  /** Called when the first rows of a table come. */
  table(table: TableSchema): MaybePromise<TableTarget>;
  /** A record that could not become a row. */
  reject?(record: { readonly code: string; readonly message: string; readonly at: string; readonly text: string }): void;
  /** All rows are there: makes them visible. `report` is what `_report.json` holds otherwise. */
  commit(report: RunReport): MaybePromise<void>;
  /** The run has failed or was stopped: takes everything back. Called once, also from a signal handler, so it is synchronous. */
  abort?(): void;
}

export interface TableTarget {
  /** The next rows go on when the promise is fulfilled. */
  write(rows: readonly RowObject[]): MaybePromise<void>;
  /** After the last rows. */
  close?(): MaybePromise<void>;
}

const namePattern = /^[a-z][a-z0-9-]{0,31}$/;

/** Defines a sink. Throws a UserError (PLUGIN_INVALID) when it cannot be used. */
export function defineSink(spec: SinkSpec): PluginSink {
  const { cells = 'typed', name } = spec;
  if (typeof name !== 'string' || !namePattern.test(name)) throw invalidPlugin('?', 'name of a sink takes lower-case letters, digits and -, 32 at most');
  if (typeof spec.open !== 'function') throw invalidPlugin(`sink ${name}`, 'open takes a function');
  if (cells !== 'typed' && cells !== 'text') throw invalidPlugin(`sink ${name}`, "cells takes 'typed' or 'text'");
  return { name, create: (out) => new TargetSink(spec, out) };
}

/** Its own only part. */
class TargetSink implements Sink, PartSink {
  readonly storage;
  readonly canRestart = true;
  readonly #spec: SinkSpec;
  readonly #out: string;
  #target: SinkTarget | undefined;

  constructor(spec: SinkSpec, out: string) {
    this.storage = storageOf(spec.cells ?? 'typed');
    this.#spec = spec;
    this.#out = out;
  }

  async start(): Promise<void> {
    const target: unknown = await this.#do(() => this.#spec.open(this.#out));
    const isTarget = typeof target === 'object' && target !== null && 'table' in target && 'commit' in target;
    if (!isTarget) throw this.#failure('open gave no object with functions table and commit');
    this.#target = target as SinkTarget;
  }

  part(): PartSink {
    return this;
  }

  place(): undefined {
    return undefined;
  }

  async open(schema: TableSchema): Promise<TableWriter> {
    const table = await this.#do(() => this.#opened.table(schema));
    let rowCount = 0;
    return {
      write: async (batch: Batch): Promise<void> => {
        if (batch.rowCount === 0) return;
        rowCount += batch.rowCount;
        const rows = [...rowsOf(batch)];
        await this.#do(() => table.write(rows));
      },
      close: async (): Promise<TableFacts> => {
        await this.#do(() => table.close?.());
        return { rowCount, replacedCharacterCount: 0 };
      },
    };
  }

  reject({ code, location, parameters, rawText }: RejectedRecord): void {
    if (this.#opened.reject === undefined) return;
    const { message } = makeDiagnostic(code, location, parameters);
    this.#opened.reject({ code, message, at: describeLocation(location), text: rawText });
  }

  async restart(): Promise<void> {
    this.abort();
    await this.start();
  }

  async finish(): Promise<void> {}

  async commit({ report }: RunOutput): Promise<PublishedOutput> {
    const target = this.#opened;
    await this.#do(() => target.commit(report));
    // What is visible is not taken back.
    this.#target = undefined;
    return { files: [this.#out] };
  }

  abort(): void {
    const target = this.#target;
    this.#target = undefined;
    target?.abort?.();
  }

  get #opened(): SinkTarget {
    if (this.#target === undefined) throw new Error(`sink ${this.#spec.name} is not open`);
    return this.#target;
  }

  async #do<T>(work: () => MaybePromise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#failure(describeFault(error));
    }
  }

  #failure(reason: string): UserError {
    return new UserError('PLUGIN_SINK_FAILED', { parameters: { sink: this.#spec.name, path: this.#out, reason } });
  }
}
