// A thread that encodes the Parquet files of a run, as the run's own thread sees it: it is given rows, and gives bytes.
// Where threads cannot be started (its file is not beside this one, as in somebody's bundle), the files are encoded here.

import { Worker } from 'node:worker_threads';
import { UserError } from '../../diagnostics.ts';
import { threadEntry, threadFailure } from '../../thread-entry.ts';
import type { RowGroupWriter } from '../typed/row-groups.ts';
import type { ParquetTable } from './encode-row-group.ts';
import type { FromEncoder, ToEncoder } from './encoder-messages.ts';
import type { IpcRows } from './ipc-row-groups.ts';
import type { IpcColumn } from './ipc-stream.ts';
import { type Append, openFile, openWriter } from './open-file.ts';

/** Rows that the thread has not encoded yet, and bytes not written yet, are of so many bytes of rows; then the run waits. */
const maxByteCountUnderWay = 12 * 1024 * 1024;
/** Memory for rows is made in multiples of this, so that it fits others. */
const memoryUnit = 512 * 1024;

export class EncoderThread {
  #worker: Worker | undefined;
  /** `missing`: it did not come to run its code. */
  #state: 'starting' | 'ready' | 'missing' | 'finished' | 'stopped' = 'starting';
  /** Why no more answers come. */
  #fault: unknown;
  /** By the number of the table. */
  readonly #targets: Append[] = [];
  /** Of the requests that are not answered yet, the size of their rows. */
  readonly #underWay: number[] = [];
  #byteCountUnderWay = 0;
  /** Memory that rows were in, for the next ones: new memory each time would have the collector run. */
  readonly #freeMemory: ArrayBuffer[] = [];
  /** Settles when all bytes so far are with their targets. */
  #appended: Promise<void> = Promise.resolve();
  /** Those who wait for what they asked for. */
  readonly #waiting = new Set<() => void>();

  /** Starts it at once: it loads its code while the run reads. */
  constructor(entry: URL = threadEntry('encoder.js', './write/parquet/encoder.ts')) {
    try {
      this.#worker = new Worker(entry);
    } catch {
      this.#state = 'missing';
      return;
    }
    this.#worker.on('message', (message: FromEncoder) => this.#receive(message));
    this.#worker.on('error', (error) => this.#fail(threadFailure(error)));
    this.#worker.on('exit', (exitCode) => this.#fail(new UserError('THREAD_FAILED', { parameters: { reason: `it ended with code ${exitCode}` } })));
    this.#worker.unref();
  }

  /** Waits until all bytes are with their targets, and ends the thread. */
  async finish(): Promise<void> {
    if (this.#state === 'finished') return;
    await this.#waitUntil(() => this.#underWay.length === 0);
    this.#end('finished');
  }

  /** From here on no target gets any bytes. */
  stop(): void {
    if (this.#state !== 'finished') this.#end('stopped');
  }

  #end(state: 'finished' | 'stopped'): void {
    this.#state = state;
    this.#wakeAll();
    void this.#worker?.terminate();
  }

  /** The bytes of the file go to `append`, some of them after the file was closed. */
  async open(columns: readonly IpcColumn[], table: ParquetTable, append: Append): Promise<RowGroupWriter> {
    await this.#waitUntil(() => this.#state !== 'starting');
    if (this.#state === 'missing') return await openFile(columns, table, append);
    const number = this.#targets.push(append) - 1;
    this.#worker?.postMessage({ kind: 'open', number, table } satisfies ToEncoder);
    const taker = {
      addPiece: async (rows: IpcRows) => await this.#ask({ kind: 'add-piece', number, rows }, rows),
      endGroup: async (rows: IpcRows | undefined) => await this.#ask({ kind: 'end-group', number, rows }, rows),
      close: async () => await this.#ask({ kind: 'close', number }),
    };
    return await openWriter(columns, taker, (byteCount) => this.#allocate(byteCount));
  }

  /** Gives rows over, and waits while too many of them are under way. */
  async #ask(message: ToEncoder, rows?: IpcRows): Promise<void> {
    const memory = rows?.stream.buffer as ArrayBuffer | undefined;
    const byteCount = memory?.byteLength ?? 0;
    this.#underWay.push(byteCount);
    this.#byteCountUnderWay += byteCount;
    this.#worker?.postMessage(message, memory === undefined ? [] : [memory]);
    await this.#waitUntil(() => this.#byteCountUnderWay <= maxByteCountUnderWay);
  }

  /** All of what is free and of what is under way is never much more than what may be under way. */
  #allocate(byteCount: number): Uint8Array {
    const index = this.#freeMemory.findIndex(({ byteLength }) => byteLength >= byteCount);
    const [memory] = index >= 0 ? this.#freeMemory.splice(index, 1) : [];
    if (memory !== undefined) return new Uint8Array(memory);
    // One that is too small makes place for one that is not.
    this.#freeMemory.shift();
    return new Uint8Array(new ArrayBuffer(Math.ceil(byteCount / memoryUnit) * memoryUnit));
  }

  #receive(message: FromEncoder): void {
    switch (message.kind) {
      case 'ready':
        if (this.#state === 'starting') this.#state = 'ready';
        this.#wakeAll();
        return;
      case 'bytes': {
        const { bytes, number } = message;
        this.#then(async () => await this.#targets[number]?.(bytes));
        return;
      }
      case 'done':
        if (message.memory !== undefined) this.#freeMemory.push(message.memory);
        this.#then(async () => {
          this.#byteCountUnderWay -= this.#underWay.shift() ?? 0;
          this.#wakeAll();
        });
        return;
      case 'failed': {
        const error = new UserError('INTERNAL', { parameters: { reason: message.reason } });
        if (message.stack !== undefined) error.stack = message.stack;
        this.#fail(error);
        return;
      }
      default:
        message satisfies never;
    }
  }

  #then(step: () => Promise<void>): void {
    this.#appended = this.#appended.then(async () => {
      if (this.#state === 'ready') await step();
    });
    this.#appended.catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    if (this.#state === 'starting') this.#state = 'missing';
    else if (this.#state === 'ready') this.#fault ??= error;
    this.#wakeAll();
  }

  /** A thread that is waited for keeps the process alive; another does not, so that a stall of the run shows. */
  async #waitUntil(isSo: () => boolean): Promise<void> {
    for (;;) {
      if (this.#state === 'stopped') throw new UserError('STOPPED');
      if (this.#fault !== undefined) throw this.#fault;
      if (isSo()) return;
      this.#worker?.ref();
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #wakeAll(): void {
    this.#worker?.unref();
    for (const resume of this.#waiting) resume();
    this.#waiting.clear();
  }
}
