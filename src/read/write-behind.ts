// Writes a file behind the back of whoever reads the same bytes: one block is filled while the last one is written.

import type { FileHandle } from 'node:fs/promises';
import { writeFully } from './write-fully.ts';

const BLOCK_BYTES = 1024 * 1024;

export class WriteBehind {
  readonly #handle: FileHandle;
  #filling: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #spare: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #filledBytes = 0;
  #writing: Promise<void> | undefined;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Takes a copy. Waits when both blocks are full; throws when an earlier write has failed. */
  async write(bytes: Uint8Array): Promise<void> {
    let from = 0;
    while (from < bytes.length) {
      if (this.#filledBytes === BLOCK_BYTES) await this.#startBlock();
      const byteCount = Math.min(bytes.length - from, BLOCK_BYTES - this.#filledBytes);
      this.#filling.set(bytes.subarray(from, from + byteCount), this.#filledBytes);
      this.#filledBytes += byteCount;
      from += byteCount;
    }
  }

  /** Writes what is left. Throws when any write has failed. */
  async finish(): Promise<void> {
    await this.#startBlock();
    await this.#writing;
  }

  /** Waits for the write under way, whatever becomes of it. */
  async settle(): Promise<void> {
    await this.#writing?.catch(() => {});
  }

  async #startBlock(): Promise<void> {
    await this.#writing;
    this.#writing = writeFully(this.#handle, this.#filling.subarray(0, this.#filledBytes));
    // Not awaited yet: a failure is met when the next block is full, or at the end.
    this.#writing.catch(() => {});
    [this.#filling, this.#spare] = [this.#spare, this.#filling];
    this.#filledBytes = 0;
  }
}
