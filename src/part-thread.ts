// A thread beside this one that reads a part of the sources, as the pipeline uses it. Where threads cannot be started
// (the worker's file is not beside this one, as in somebody's bundle), the part is read in this thread.

import { Worker } from 'node:worker_threads';
import { isFileSource } from './builtin.ts';
import { Diagnostics, UserError } from './diagnostics.ts';
import type { FromThread, PlainFailure, PlainSource, ThreadSettings, ToThread } from './part-messages.ts';
import type { PartTask, PartThread } from './pipeline.ts';
import type { Part, PartReading } from './run/part.ts';
import { threadEntry, threadFailure } from './thread-entry.ts';

/** The thread did not come to run its code. */
class NotStarted extends Error {}

export class WorkerThread implements PartThread {
  readonly #settings: () => ThreadSettings;
  #worker: Worker | undefined;
  #isReady = false;
  #hasEnded = false;
  #stage = 'starting a thread';
  /** What the thread did not catch. */
  #crash: Error | undefined;
  /** Why no more answers come. */
  #fault: Error | undefined;
  #task: PartTask | undefined;
  #answer: { resolve: (reading: PartReading) => void; reject: (error: Error) => void } | undefined;

  /** Starts it at once: it loads its code while this thread prepares the output. `settings` is called when a part is taken. */
  constructor(settings: () => ThreadSettings, entry: URL = threadEntry('worker.js', './worker.ts')) {
    this.#settings = settings;
    try {
      this.#worker = new Worker(entry);
    } catch {
      this.#fault = new NotStarted();
      return;
    }
    this.#worker.on('message', (message: FromThread) => this.#receive(message));
    // The exit follows, after all that the thread has said; an error may come before its word that it is ready.
    this.#worker.on('error', (error: Error) => {
      this.#crash = error;
    });
    this.#worker.on('exit', (exitCode) => this.#fail(this.#explainExit(exitCode)));
    this.#worker.unref();
  }

  take(task: PartTask, inThisThread: () => Part): Part {
    this.#task = task;
    let substitute: Part | undefined;
    return {
      read: async () => {
        try {
          return await this.#ask({ kind: 'read', task: this.#describe(task) });
        } catch (error) {
          if (!(error instanceof NotStarted)) throw error;
          substitute = inThisThread();
          return await substitute.read();
        }
      },
      readAgain: async (decisions) => (substitute === undefined ? await this.#ask({ kind: 'read-again', decisions }) : await substitute.readAgain(decisions)),
      stop: () => {
        substitute?.stop();
        void this.end();
      },
      end: () => substitute?.end(),
    };
  }

  async end(): Promise<void> {
    this.#hasEnded = true;
    await this.#worker?.terminate();
  }

  #describe({ hashSeeds, number, partCount, sources }: PartTask) {
    const plain = sources
      .filter(isFileSource)
      .map(({ byteSize = 0, filePath, isNamedByUser, name }): PlainSource => ({ byteSize, filePath, isNamedByUser, name }));
    return { settings: this.#settings(), hashSeeds, number, partCount, sources: plain };
  }

  async #ask(message: ToThread): Promise<PartReading> {
    if (this.#fault !== undefined) throw this.#fault;
    // Waiting for an answer keeps the process alive; a thread that has given it does not, so that a stall here shows.
    this.#worker?.ref();
    try {
      return await new Promise((resolve, reject) => {
        this.#answer = { resolve, reject };
        this.#worker?.postMessage(message);
      });
    } finally {
      this.#worker?.unref();
    }
  }

  #receive(message: FromThread): void {
    switch (message.kind) {
      case 'ready':
        this.#isReady = true;
        return;
      case 'progress':
        this.#task?.onProgress(message.progress);
        return;
      case 'stage':
        this.#stage = message.stage;
        return;
      case 'done':
        this.#answer?.resolve(message.reading);
        return;
      case 'failed':
        // What it met goes before the reason why the run stops.
        if (this.#task !== undefined) new Diagnostics(this.#task.onDiagnostic).add(message.diagnostics, true);
        this.#fail(restoreFailure(message.failure));
        return;
      default:
        message satisfies never;
    }
  }

  #fail(error: Error): void {
    this.#fault ??= error;
    this.#answer?.reject(this.#fault);
  }

  #explainExit(exitCode: number): Error {
    if (this.#hasEnded) return new UserError('STOPPED');
    if (!this.#isReady) return new NotStarted();
    if (this.#crash !== undefined) return threadFailure(this.#crash);
    if (exitCode === 0) return new UserError('STALLED', { parameters: { stage: this.#stage } });
    return new UserError('THREAD_FAILED', { parameters: { reason: `it ended with code ${exitCode}` } });
  }
}

function restoreFailure({ code, exitCode, location, parameters, stack }: PlainFailure): UserError {
  const error = new UserError(code, { exitCode, location, parameters });
  if (stack !== undefined) error.stack = stack;
  return error;
}
