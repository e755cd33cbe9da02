// A growing buffer that the encoders of text formats write into. Their inner loops reach for its fields directly: a
// call for each byte would cost more than the byte.

export abstract class ByteWriter {
  protected buffer: Buffer = Buffer.alloc(0);
  /** Bytes used of the buffer. */
  protected length = 0;

  start(expectedByteCount: number): void {
    this.buffer = Buffer.allocUnsafeSlow(expectedByteCount);
    this.length = 0;
  }

  /** The bytes since `start`; they belong to the caller. */
  finish(): Uint8Array {
    const bytes = this.buffer.subarray(0, this.length);
    this.buffer = Buffer.alloc(0);
    return bytes;
  }

  writeBytes(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    const buffer = this.buffer;
    let position = this.length;
    for (let index = 0; index < bytes.length; index++) buffer[position++] = bytes[index] as number;
    this.length = position;
  }

  /** Makes room for so many bytes more. */
  protected reserve(byteCount: number): void {
    if (this.length + byteCount <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.length + byteCount + 1024));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }
}
