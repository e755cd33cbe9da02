// Rows of a COPY → the messages that carry them, in buffers that are used again: fresh memory costs as much as filling it.
// https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-COPYDATA

const copyData = 0x64;
/** The kind of a message, and its length, which counts itself. */
const headByteCount = 5;

/** Of a message, with its head. Most tables get few rows. */
const firstByteCount = 4 * 1024;
/** A server takes a larger one into memory that it has to ask for. */
const laterByteCount = 32 * 1024;
/** Of each size, more are left to the garbage collector. */
const mostKeptBuffers = 1024;

export class MessageBuffers {
  readonly #free = new Map<number, Buffer[]>([
    [firstByteCount, []],
    [laterByteCount, []],
  ]);

  take(isFirst: boolean): Buffer {
    const byteCount = isFirst ? firstByteCount : laterByteCount;
    return this.#free.get(byteCount)?.pop() ?? Buffer.allocUnsafeSlow(byteCount);
  }

  giveBack(buffers: readonly Buffer[]): void {
    for (const buffer of buffers) {
      const free = this.#free.get(buffer.length);
      if (free !== undefined && free.length < mostKeptBuffers) free.push(buffer);
    }
  }
}

export class CopyMessages {
  /** Of the rows, without heads. */
  byteCount = 0;
  readonly #source: MessageBuffers;
  readonly #buffers: Buffer[] = [];
  /** Bytes used of the last buffer. */
  #used = 0;

  constructor(source = new MessageBuffers()) {
    this.#source = source;
  }

  /** Copies bytes of rows; a row may lie in several messages. */
  append(rows: Uint8Array): void {
    this.byteCount += rows.length;
    for (let from = 0; from < rows.length; ) {
      let buffer = this.#buffers.at(-1);
      if (buffer === undefined || this.#used === buffer.length) {
        this.#seal();
        buffer = this.#source.take(buffer === undefined);
        this.#buffers.push(buffer);
        this.#used = headByteCount;
      }
      const to = Math.min(rows.length, from + buffer.length - this.#used);
      buffer.set(rows.subarray(from, to), this.#used);
      this.#used += to - from;
      from = to;
    }
  }

  #seal(): void {
    const buffer = this.#buffers.at(-1);
    if (buffer === undefined) return;
    buffer[0] = copyData;
    buffer.writeUInt32BE(this.#used - 1, 1);
  }

  /** Each message whole, when all rows have come. */
  messages(): readonly Uint8Array[] {
    this.#seal();
    return this.#buffers.map((buffer, index) => (index === this.#buffers.length - 1 ? buffer.subarray(0, this.#used) : buffer));
  }

  /** To be called when the server has the messages, and nobody else will look at them. */
  giveBack(): void {
    this.#source.giveBack(this.#buffers);
    this.#buffers.length = 0;
  }
}
