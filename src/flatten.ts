// The library's front door: inputs of a program → batches, rows or files. A run starts when it is asked for, and goes on
// at the pace of whoever takes its rows.

import { fileURLToPath } from 'node:url';
import { BatchChannel, type InputItems, makeIterableSource, OutputClosed } from './builtin.ts';
import { convert, convertInto } from './convert/convert.ts';
import type { ConvertOptions, ConvertResult } from './convert/convert-options.ts';
import { UserError } from './diagnostics.ts';
import type { RunResult } from './pipeline.ts';
import { type CellKind, type RowObject, rowsOf, storageOf } from './plugin/row-values.ts';
import type { Batch, Source } from './types.ts';

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

export interface RowOptions {
  /** Default `typed`. */
  readonly cells?: CellKind;
  /**
   * True: the input, which must be paths, is read twice, so that the rows are those of files: of
   * several versions of a resource the newest, and references to resources that come later.
   */
  readonly readsTwice?: boolean;
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
  batches(options?: RowOptions): RunIterable<Batch>;
  /** The rows of one table. Rows are the caller's to keep. */
  rows(table: string, options?: RowOptions): RunIterable<RowObject>;
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
 * a resource that comes later is taken as it stands. Files have the newest and all references, and so have rows with
 * `readsTwice`.
 *
 * Bad records do not end a run: see `result.counts.rejectCount`, `result.diagnostics`, `result.hasProblems`, or
 * `onDiagnostic`. What ends it is a {@link UserError} with a `code`, from the loop or from `writeTo`.
 */
export function flatten(options: FlattenOptions): Flattening {
  const { inputs: given, ...rest } = options;
  const inputs = toSources(isInputList(given) ? given : [given]);
  return {
    batches: (rowOptions) => runInto({ ...rest, inputs }, rowOptions, (batch) => [batch]),
    rows: (table, rowOptions) => runInto({ ...rest, inputs, tables: [table] }, rowOptions, rowsOf),
    writeTo: (writeOptions) => convert({ ...writeOptions, ...rest, inputs }),
  };
}

function runInto<T>(options: ConvertOptions, { cells = 'typed', readsTwice = false }: RowOptions = {}, use: (batch: Batch) => Iterable<T>): RunIterable<T> {
  let settle: { readonly resolve: (result: RunResult | undefined) => void; readonly reject: (error: unknown) => void };
  const result = new Promise<RunResult | undefined>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // The loop throws the same error: nobody has to look here.
  result.catch(() => {});

  function start(isRehearsal: boolean): { readonly channel: BatchChannel; readonly outcome: Promise<RunResult> } {
    const channel = new BatchChannel(storageOf(cells), isRehearsal);
    const outcome = convertInto(isRehearsal ? { ...options, onDiagnostic: () => {} } : options, { sink: channel }).finally(() => channel.end());
    // It is waited for when the last batch has been used.
    outcome.catch(() => {});
    return { channel, outcome };
  }

  async function* iterate(): AsyncGenerator<T, void, undefined> {
    const isOnce = readsTwice && options.inputs.some((input) => typeof input !== 'string' || input === '-');
    if (isOnce) settle.reject(new UserError('INPUT_NOT_PATH', { exitCode: 2 }));
    if (isOnce) await result;
    let run = start(readsTwice);
    let isOver = false;
    try {
      yield* drain(run.channel, use);
      let found = await run.outcome;
      if (!run.channel.isHanding) {
        // One reading was enough, and its rows were thrown away: now they are right.
        run = start(false);
        yield* drain(run.channel, use);
        found = await run.outcome;
      } else if (readsTwice) {
        for (const diagnostic of found.diagnostics.kept) options.onDiagnostic?.(diagnostic, found.diagnostics.counts.get(diagnostic.code) ?? 1);
      }
      isOver = true;
      settle.resolve(found);
    } catch (error) {
      isOver = true;
      settle.reject(error);
      throw error;
    } finally {
      if (!isOver) {
        run.channel.leave();
        // The inputs are closed when the loop is over.
        await run.outcome.then(settle.resolve, (error: unknown) => (error instanceof OutputClosed ? settle.resolve(undefined) : settle.reject(error)));
      }
    }
  }
  return Object.assign(iterate(), { result });
}

async function* drain<T>(channel: BatchChannel, use: (batch: Batch) => Iterable<T>): AsyncGenerator<T, void, undefined> {
  for (let batch = await channel.next(); batch !== undefined; batch = await channel.next()) yield* use(batch);
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
