// Chunks that are pulled one by one, with a look at the first bytes before they are taken.

import { asBuffer } from './byte-collector.ts';

export class PulledChunks {
  readonly #iterator: AsyncIterator<Uint8Array>;
  /** Bytes pulled and not taken yet. A chunk is valid until the next pull, so what is kept over a pull is copied. */
  #pending: Buffer = Buffer.alloc(0);
  #hasEnded = false;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#iterator = chunks[Symbol.asyncIterator]();
  }

  /** At least `byteCount` bytes where the source has them; they stay. */
  async peek(byteCount: number): Promise<Buffer> {
    while (this.#pending.length < byteCount && !this.#hasEnded) {
      const kept: Buffer[] = [Buffer.from(this.#pending)];
      let keptBytes = this.#pending.length;
      // Many small chunks are joined once, not again for each.
      while (keptBytes < byteCount && !this.#hasEnded) {
        const { done, value } = await this.#iterator.next();
        if (done === true) this.#hasEnded = true;
        else {
          keptBytes += value.length;
          const chunk = asBuffer(value);
          kept.push(keptBytes >= byteCount ? chunk : Buffer.from(chunk));
        }
      }
      const isOneChunk = kept.length === 2 && kept[0]?.length === 0;
      this.#pending = isOneChunk ? (kept[1] as Buffer) : Buffer.concat(kept);
    }
    return this.#pending;
  }

  /** True when all bytes of the source are pending. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The next `byteCount` bytes, fewer at the end. */
  async take(byteCount: number): Promise<Buffer> {
    const pending = await this.peek(byteCount);
    const taken = pending.subarray(0, byteCount);
    this.#pending = pending.subarray(taken.length);
    return taken;
  }

  /** The next chunk, or undefined at the end. */
  async next(): Promise<Buffer | undefined> {
    const pending = await this.peek(1);
    this.#pending = Buffer.alloc(0);
    return pending.length === 0 ? undefined : pending;
  }

  /** Puts bytes back in front. They must belong to the chunk taken last. */
  putBack(bytes: Buffer): void {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([bytes, this.#pending]);
  }

  /** All that is left. Closes the source when the loop over it ends early. */
  async *rest(): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (let chunk = await this.next(); chunk !== undefined; chunk = await this.next()) yield chunk;
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    if (!this.#hasEnded) await this.#iterator.return?.();
    this.#hasEnded = true;
  }
}
