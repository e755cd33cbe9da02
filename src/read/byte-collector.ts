// Joins the pieces of a record that lies across chunk borders. Past its limit it keeps the first bytes only, so that a
// record of any length costs bounded memory.

/** How much of a refused record is kept for rejects.ndjson. */
export const REJECT_TEXT_BYTES = 1024 * 1024;

/** After a record longer than this the buffer is given back. */
const RETAINED_BYTES = 4 * 1024 * 1024;

export class ByteCollector {
  readonly #limitBytes: number;
  #buffer: Buffer = Buffer.alloc(0);
  /** Bytes held. */
  length = 0;
  /** Bytes given, held or not. */
  totalLength = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get isOverLimit(): boolean {
    return this.totalLength > this.#limitBytes;
  }

  /** The buffer that holds the bytes, in [0, length). Valid until the next append. */
  get buffer(): Buffer {
    return this.#buffer;
  }

  append(bytes: Uint8Array, from: number, to: number): void {
    const wasOverLimit = this.isOverLimit;
    this.totalLength += to - from;
    if (wasOverLimit) return;
    let end = to;
    if (this.isOverLimit) {
      const kept = Math.min(REJECT_TEXT_BYTES, this.#limitBytes);
      this.length = Math.min(this.length, kept);
      end = Math.min(to, from + kept - this.length);
      this.#shrink();
    }
    const neededBytes = this.length + end - from;
    if (neededBytes > this.#buffer.length) this.#grow(neededBytes);
    this.#buffer.set(bytes.subarray(from, end), this.length);
    this.length = neededBytes;
  }

  /** Forgets the bytes from `length` on. */
  truncate(length: number): void {
    this.length = Math.min(this.length, length);
    this.totalLength = length;
  }

  clear(): void {
    this.length = 0;
    this.totalLength = 0;
    if (this.#buffer.length > RETAINED_BYTES) this.#buffer = Buffer.alloc(0);
  }

  #grow(neededBytes: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(64 * 1024, neededBytes, Math.min(neededBytes * 2, this.#limitBytes)));
    grown.set(this.#buffer.subarray(0, this.length));
    this.#buffer = grown;
  }

  #shrink(): void {
    if (this.#buffer.length <= RETAINED_BYTES) return;
    this.#buffer = Buffer.from(this.#buffer.subarray(0, this.length));
  }
}

/** The same bytes with Buffer's methods. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
