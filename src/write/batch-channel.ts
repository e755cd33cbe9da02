// Batches of a run → whoever asks for the next one, at that one's pace: the run waits until a batch has been used.

import type { Batch, CellStorage, PartSink, PublishedOutput, Sink, TableFacts, TableSchema, TableWriter } from '../types.ts';
import { OutputClosed } from './output-closed.ts';

/** Its own only part. */
export class BatchChannel implements Sink, PartSink {
  readonly storage: CellStorage;
  /** What has been handed over cannot be taken back: only what a rehearsal has thrown away. */
  readonly canRestart: boolean;
  /** False in a rehearsal: batches are thrown away until the input is read again. */
  #isHanding: boolean;
  /** The batch that waits, and how its writer goes on. */
  #waiting: { readonly batch: Batch; readonly resume: () => void; readonly refuse: (error: Error) => void } | undefined;
  #onChange: () => void = () => {};
  #hasEnded = false;
  #hasLeft = false;

  constructor(storage: CellStorage, isRehearsal: boolean) {
    this.storage = storage;
    this.canRestart = isRehearsal;
    this.#isHanding = !isRehearsal;
  }

  /** False when a rehearsal ended without a reading whose batches were handed over. */
  get isHanding(): boolean {
    return this.#isHanding;
  }

  /** The next batch, valid until the one after it is asked for; undefined when the run has ended. */
  async next(): Promise<Batch | undefined> {
    const used = this.#waiting;
    this.#waiting = undefined;
    used?.resume();
    while (this.#waiting === undefined && !this.#hasEnded) {
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
    return (this.#waiting as { readonly batch: Batch } | undefined)?.batch;
  }

  /** Nobody asks any more: the run ends with OutputClosed. */
  leave(): void {
    this.#hasLeft = true;
    this.#waiting?.refuse(new OutputClosed());
    this.#waiting = undefined;
  }

  /** The run has ended, one way or another. */
  end(): void {
    this.#hasEnded = true;
    this.#onChange();
  }

  async start(): Promise<void> {}

  part(): PartSink {
    return this;
  }

  place(): undefined {
    return undefined;
  }

  async open(_schema: TableSchema): Promise<TableWriter> {
    let rowCount = 0;
    return {
      write: async (batch: Batch): Promise<void> => {
        if (batch.rowCount === 0) return;
        rowCount += batch.rowCount;
        await this.#hand(batch);
      },
      close: async (): Promise<TableFacts> => ({ rowCount, replacedCharacterCount: 0 }),
    };
  }

  reject(): void {}

  async restart(): Promise<void> {
    if (this.#isHanding) throw new Error('what was handed over cannot be taken back');
    this.#isHanding = true;
  }

  async finish(): Promise<void> {}

  async commit(): Promise<PublishedOutput> {
    return { files: [] };
  }

  abort(): void {}

  async #hand(batch: Batch): Promise<void> {
    if (this.#hasLeft) throw new OutputClosed();
    if (!this.#isHanding) return;
    await new Promise<void>((resume, refuse) => {
      this.#waiting = { batch, resume, refuse };
      this.#onChange();
    });
  }
}
