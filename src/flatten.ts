// The library's front door: inputs of a program → batches, rows or files. A run starts when it is asked for, and goes on
// at the pace of whoever takes its rows.

import { fileURLToPath } from 'node:url';
import { BatchChannel, type InputItems, makeIterableSource, OutputClosed } from './builtin.ts';
import { type ConvertOptions, type ConvertResult, convert, convertInto } from './convert.ts';
import { UserError } from './diagnostics.ts';
import type { RunResult } from './pipeline.ts';
import { type CellKind, type RowObject, rowsOf, storageOf } from './plugin/row-values.ts';
import type { Batch, CellStorage, Source } from './types.ts';

/** What is read: a path, the content of a file, or resources. */
export type FlattenInput =
  /** The path of a file or folder; `-` for standard input. */
  | string
  | URL
  /** The bytes of a file: FHIR JSON of any kind, also gzipped or zipped. */
  | Uint8Array
  /** A file in pieces (a Node stream, the body of a Response), or resources as JSON.parse gives them. */
  | InputItems
  /** A resource, also a Bundle. */
  | { readonly resourceType: string }
  /** The same with a name for messages. */
  | { readonly name: string; readonly content: Uint8Array | InputItems };

/** What a run reads, and which tables it makes. */
export interface FlattenOptions
  extends Pick<
    ConvertOptions,
    | 'tables'
    | 'views'
    | 'plugins'
    | 'hasDefaultTables'
    | 'defaultTables'
    | 'fhirVersion'
    | 'limits'
    | 'isStrict'
    | 'isFailFast'
    | 'isAudited'
    | 'onDiagnostic'
    | 'onProgress'
    | 'onStage'
  > {
  readonly inputs: FlattenInput | readonly FlattenInput[];
}

/** Where the tables go, and in which form. */
export type WriteOptions = Omit<ConvertOptions, keyof FlattenOptions>;

export interface CellOptions {
  /** Default `typed`. */
  readonly cells?: CellKind;
}

/** Batches or rows of a run, which starts with the first one and ends with the loop. */
export interface RunIterable<T> extends AsyncIterableIterator<T> {
  /**
   * Counts, diagnostics and the report, when all has been read; undefined when the loop was left before. Rejects with
   * what the loop throws.
   */
  readonly result: Promise<RunResult | undefined>;
}

export interface Flattening {
  /**
   * Batches of all tables, as they fill up: `batch.schema.name` says which table, `batch.vectors[i].values[row]` is a cell
   * of `batch.schema.columns[i]`, undefined for null. A batch is valid until the next one is asked for.
   */
  batches(options?: CellOptions): RunIterable<Batch>;
  /** The rows of one table. Rows are the caller's to keep. */
  rows(table: string, options?: CellOptions): RunIterable<RowObject>;
  /** Writes files as the command does: all at once when the whole run has succeeded, or none. */
  writeTo(options?: WriteOptions): Promise<ConvertResult>;
}

/**
 * Turns FHIR resources into tables.
 *
 * ```js
 * for await (const row of flatten({ inputs: './export' }).rows('patient')) console.log(row.id, row.birth_date);
 * await flatten({ inputs: [response.body] }).writeTo({ out: 'tables' });
 * ```
 *
 * Memory stays level whatever the size of the input: reading waits for the loop. Batches and rows are handed over as
 * they are read, as on standard output: of a resource that comes more than once they are the first, and a reference to
 * a resource that comes later is taken as it stands. Files have the newest, and all references.
 *
 * Bad records do not end a run: see `result.counts.rejectCount`, `result.diagnostics`, `result.hasProblems`, or
 * `onDiagnostic`. What ends it is a {@link UserError} with a `code`, from the loop or from `writeTo`.
 */
export function flatten(options: FlattenOptions): Flattening {
  const { inputs: given, ...rest } = options;
  const inputs = toSources(isInputList(given) ? given : [given]);
  return {
    batches: ({ cells = 'typed' } = {}) => runInto({ ...rest, inputs }, storageOf(cells), (batch) => [batch]),
    rows: (table, { cells = 'typed' } = {}) => runInto({ ...rest, inputs, tables: [table] }, storageOf(cells), rowsOf),
    writeTo: (writeOptions) => convert({ ...writeOptions, ...rest, inputs }),
  };
}

function runInto<T>(options: ConvertOptions, storage: CellStorage, use: (batch: Batch) => Iterable<T>): RunIterable<T> {
  let settle: { readonly resolve: (result: RunResult | undefined) => void; readonly reject: (error: unknown) => void };
  const result = new Promise<RunResult | undefined>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // The loop throws the same error: nobody has to look here.
  result.catch(() => {});

  async function* iterate(): AsyncGenerator<T, void, undefined> {
    const channel = new BatchChannel(storage);
    convertInto(options, { sink: channel })
      .finally(() => channel.end())
      .then(settle.resolve, (error: unknown) => (error instanceof OutputClosed ? settle.resolve(undefined) : settle.reject(error)));
    let hasLeft = true;
    try {
      for (let batch = await channel.next(); batch !== undefined; batch = await channel.next()) yield* use(batch);
      hasLeft = false;
      await result;
    } finally {
      if (hasLeft) {
        channel.leave();
        // The inputs are closed when the loop is over.
        await result.catch(() => {});
      }
    }
  }
  return Object.assign(iterate(), { result });
}

function isInputList(inputs: FlattenOptions['inputs']): inputs is readonly FlattenInput[] {
  return Array.isArray(inputs);
}

/** Resources one after another are one source. */
function toSources(inputs: readonly FlattenInput[]): readonly (string | Source)[] {
  const sources: (string | Source)[] = [];
  let resources: object[] = [];
  const add = (source: string | Source): void => {
    resources = [];
    sources.push(source);
  };
  for (const [index, input] of inputs.entries()) {
    const name = `input ${index + 1}`;
    if (typeof input === 'string') add(input);
    else if (input instanceof URL) add(fileURLToPath(input));
    else if (isContent(input)) add(makeIterableSource(name, itemsOf(input)));
    else if (typeof input !== 'object' || input === null) throw unknownInput(index);
    else if (isNamed(input)) add(makeIterableSource(input.name, itemsOf(input.content)));
    else if ('resourceType' in input) {
      if (resources.length === 0) {
        const list: object[] = [];
        add(makeIterableSource(name, list));
        resources = list;
      }
      resources.push(input);
    } else throw unknownInput(index);
  }
  return sources;
}

function unknownInput(index: number): UserError {
  return new UserError('INPUT_UNKNOWN', { parameters: { number: index + 1 }, exitCode: 2 });
}

function isContent(input: unknown): input is Uint8Array | InputItems {
  return typeof input === 'object' && input !== null && (Symbol.asyncIterator in input || Symbol.iterator in input);
}

function isNamed(input: object): input is { readonly name: string; readonly content: Uint8Array | InputItems } {
  return !('resourceType' in input) && 'name' in input && typeof input.name === 'string' && 'content' in input && isContent(input.content);
}

function itemsOf(content: Uint8Array | InputItems): InputItems {
  return content instanceof Uint8Array ? [content] : content;
}
