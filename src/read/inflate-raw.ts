// Deflate data (RFC 1951) → bytes, up to its end or its first fault. Node's own streams drop what they have decoded when
// they meet a fault, so their output is taken piece by piece, and a short stream that fails is decoded again with the
// smallest output buffer to get at the bytes just before the fault.

import { createInflateRaw, type InflateRaw } from 'node:zlib';
import type { PulledChunks } from './pull-chunks.ts';

export type InflateEnd = 'complete' | 'truncated' | 'damaged';

/** Compressed bytes per step: what they unpack to is in memory at once. */
const STEP_BYTES = 64 * 1024;
/** Output of one trip to the thread pool, and what a fault far into a stream costs at most. */
const OUTPUT_BYTES = 256 * 1024;
/** Output buffer of the second try; zlib takes no smaller one. */
const RETRY_OUTPUT_BYTES = 64;
/** Compressed bytes that are kept for a second try. */
const RETRY_BYTES = 1024 * 1024;

/**
 * Takes one deflate stream from the front of `packed`; what follows it stays there. The next step is decoded in the
 * thread pool while the output of the last one is used.
 */
export async function* inflateRaw(packed: PulledChunks, onPackedBytes: (byteCount: number) => void): AsyncGenerator<Buffer, InflateEnd, undefined> {
  const decoder = new StepDecoder(OUTPUT_BYTES);
  const kept = new KeptSteps();
  let chunk: Buffer = Buffer.alloc(0);
  let running: Promise<Step> | undefined;
  let unpackedBytes = 0;
  const start = (): Promise<Step> => {
    const bytes = chunk.subarray(0, STEP_BYTES);
    kept.add(bytes);
    return decoder.decode(bytes);
  };
  try {
    for (;;) {
      if (running === undefined) {
        const next = await packed.next();
        if (next === undefined) return 'truncated';
        chunk = next;
        running = start();
      }
      const { output, takenBytes, state } = await running;
      chunk = chunk.subarray(takenBytes);
      onPackedBytes(takenBytes);
      running = state === 'open' && chunk.length > 0 ? start() : undefined;
      unpackedBytes += output.length;
      if (output.length > 0) yield output;
      if (state === 'damaged') yield* retry(kept.steps, unpackedBytes);
      if (state !== 'open') {
        packed.putBack(chunk);
        return state;
      }
    }
  } finally {
    decoder.close();
  }
}

/** The compressed bytes so far, until they are too many. */
class KeptSteps {
  readonly steps: Buffer[] = [];
  #byteCount = 0;

  add(bytes: Buffer): void {
    this.#byteCount += bytes.length;
    if (this.#byteCount <= RETRY_BYTES) this.steps.push(Buffer.from(bytes));
    else this.steps.length = 0;
  }
}

/** Decodes again and yields what comes after the first `skipBytes`. */
async function* retry(steps: readonly Buffer[], skipBytes: number): AsyncGenerator<Buffer, void, undefined> {
  const decoder = new StepDecoder(RETRY_OUTPUT_BYTES);
  let seenBytes = 0;
  for (const step of steps) {
    const { output } = await decoder.decode(step);
    const fresh = output.subarray(Math.max(0, skipBytes - seenBytes));
    seenBytes += output.length;
    if (fresh.length > 0) yield fresh;
  }
  decoder.close();
}

interface Step {
  readonly output: Buffer;
  readonly takenBytes: number;
  readonly state: 'open' | 'complete' | 'damaged';
}

class StepDecoder {
  readonly #inflate: InflateRaw;
  readonly #outputs: Buffer[] = [];
  #settle: (state: Step['state']) => void = () => {};

  constructor(chunkSize: number) {
    this.#inflate = createInflateRaw({ chunkSize });
    this.#inflate.on('data', (output: Buffer) => this.#outputs.push(output));
    // zlib ends the stream by itself when bytes are left after the end of the deflate data.
    this.#inflate.on('end', () => this.#settle('complete'));
    this.#inflate.on('error', () => this.#settle('damaged'));
  }

  async decode(bytes: Buffer): Promise<Step> {
    const takenBefore = this.#inflate.bytesWritten;
    const state = await new Promise<Step['state']>((resolve) => {
      this.#settle = resolve;
      this.#inflate.write(bytes, (error) => resolve(error ? 'damaged' : 'open'));
    });
    const output = this.#outputs.length === 1 ? (this.#outputs[0] as Buffer) : Buffer.concat(this.#outputs);
    this.#outputs.length = 0;
    const takenBytes = state === 'damaged' ? bytes.length : this.#inflate.bytesWritten - takenBefore;
    return { output, takenBytes, state };
  }

  close(): void {
    this.#inflate.destroy();
  }
}
