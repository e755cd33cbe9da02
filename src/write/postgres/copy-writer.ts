// Cells → the bytes of COPY's text format, in a growing buffer. Short cells go character by character, with the test
// for escapes in the same loop; long ones are encoded natively, then their escapes are put in while they move in place.
// https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2

import { ByteWriter } from '../byte-writer.ts';

/** From this many characters on, the native encoder is faster than the loop. */
const longCellLength = 48;
/** UTF-8 bytes per UTF-16 unit at most, an escape being two; and one more for room to move in. */
const maxBytesPerUnit = 4;
const maxExtraBytes = 8;

const backslash = 0x5c;
/** Byte → the letter of its escape; 0 for none. */
const escapes = new Uint8Array(256);
escapes[0x08] = 0x62;
escapes[0x09] = 0x74;
escapes[0x0a] = 0x6e;
escapes[0x0b] = 0x76;
escapes[0x0c] = 0x66;
escapes[0x0d] = 0x72;
escapes[backslash] = backslash;

const unstorable = /\0|\p{Surrogate}/gu;

export class CopyWriter extends ByteWriter {
  /** NUL characters and lone surrogates written as U+FFFD since the writer was made. */
  replacedCharacterCount = 0;

  /** ASCII without anything to escape: numbers, dates. */
  writePlain(text: string): void {
    const { length } = text;
    this.reserve(length);
    const buffer = this.buffer;
    let position = this.length;
    for (let index = 0; index < length; index++) buffer[position++] = text.charCodeAt(index);
    this.length = position;
  }

  writeText(text: string): void {
    const { length } = text;
    const maxByteCount = length * maxBytesPerUnit + maxExtraBytes;
    this.reserve(maxByteCount);
    if (length > longCellLength || !this.#writeShort(text, length)) this.#writeLong(text, length);
  }

  /** False, with nothing written, for what is not ASCII. */
  #writeShort(text: string, length: number): boolean {
    const buffer = this.buffer;
    let position = this.length;
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= 0x80 || unit === 0) return false;
      const letter = escapes[unit] as number;
      if (letter === 0) {
        buffer[position++] = unit;
      } else {
        buffer[position++] = backslash;
        buffer[position++] = letter;
      }
    }
    this.length = position;
    return true;
  }

  /** Encoded so far behind where it will stand that even a text of nothing but escapes does not catch up with itself. */
  #writeLong(text: string, length: number): void {
    const buffer = this.buffer;
    const start = this.length + length;
    const end = start + buffer.write(text, start, 'utf8');
    let to = this.length;
    let hasNul = 0;
    for (let from = start; from < end; from++) {
      const byte = buffer[from] as number;
      const letter = escapes[byte] as number;
      if (byte === 0) hasNul = 1;
      if (letter === 0) {
        buffer[to++] = byte;
      } else {
        buffer[to++] = backslash;
        buffer[to++] = letter;
      }
    }
    // Lone surrogates come out of the encoder as U+FFFD, and have to be counted.
    if (end - start !== length || hasNul === 1) {
      const found = text.match(unstorable);
      if (found !== null) {
        this.replacedCharacterCount += found.length;
        if (hasNul === 1) {
          const clean = text.replace(unstorable, '\ufffd');
          const { replacedCharacterCount } = this;
          this.writeText(clean);
          this.replacedCharacterCount = replacedCharacterCount;
          return;
        }
      }
    }
    this.length = to;
  }
}
