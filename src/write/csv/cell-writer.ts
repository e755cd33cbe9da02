// Cells → quoted UTF-8 bytes in a growing buffer. Short cells are encoded character by character, with the test for
// quoting in the same loop; long ones natively, then their quotes are doubled in place.

import { ByteWriter } from '../byte-writer.ts';
import type { CsvOptions } from './csv-options.ts';

/** From this many characters on, the native encoder is faster than the loop. */
const longCellLength = 48;
/** UTF-8 bytes per UTF-16 unit at most, a doubled quote being two; and one more for room to move in. */
const maxBytesPerUnit = 4;
/** Two quotes, and room to move in. */
const maxExtraBytes = 4;

const quote = 0x22;
const apostrophe = 0x27;
/** Byte → how many stand for it between quotes. */
const writtenBytes = new Uint8Array(256).fill(1).fill(2, quote, quote + 1);

/** https://owasp.org/www-community/attacks/CSV_Injection, with the full-width forms that spreadsheets fold. */
const formulaStart = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;
const plainNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const loneSurrogates = /\p{Surrogate}/gu;

export class CellWriter extends ByteWriter {
  /** Lone surrogates written as U+FFFD since the writer was made. */
  replacedCharacterCount = 0;
  /** Byte → 1 when a cell with it has to be quoted. */
  readonly #isSpecial = new Uint8Array(256);
  readonly #nullText: string;
  readonly #isFormulaSafe: boolean;

  constructor(options: CsvOptions) {
    super();
    for (const character of `${options.delimiter}"\r\n`) this.#isSpecial[character.charCodeAt(0)] = 1;
    this.#nullText = options.nullText;
    this.#isFormulaSafe = options.isFormulaSafe;
  }

  writeCell(cell: string): void {
    let text = cell;
    if (this.#isFormulaSafe && formulaStart.test(text) && !plainNumber.test(text)) text = String.fromCharCode(apostrophe) + text;
    // Read once: strings have many shapes inside V8, and each look at a length has to find out which.
    const { length } = text;
    const maxByteCount = length * maxBytesPerUnit + maxExtraBytes;
    this.reserve(maxByteCount);
    if (length > longCellLength) this.#writeLong(text, length);
    else if (length === 0 || text === this.#nullText || !this.#writeShortPlain(text, length)) this.#writeQuoted(text, length);
  }

  /** Writes a cell without quotes; false, with nothing written, when it needs them. */
  #writeShortPlain(text: string, length: number): boolean {
    const buffer = this.buffer;
    let position = this.length;
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit < 0x80) {
        if (this.#isSpecial[unit] === 1) return false;
        buffer[position++] = unit;
      } else {
        return this.#writeNativelyUnlessSpecial(text);
      }
    }
    this.length = position;
    return true;
  }

  /** The same for a cell that is not ASCII. */
  #writeNativelyUnlessSpecial(text: string): boolean {
    const end = this.#encode(text, this.length);
    for (let position = this.length; position < end; position++) {
      if (this.#isSpecial[this.buffer[position] as number] === 1) return false;
    }
    this.#countReplaced(text);
    this.length = end;
    return true;
  }

  #writeQuoted(text: string, length: number): void {
    const buffer = this.buffer;
    let position = this.length;
    buffer[position++] = quote;
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= 0x80) {
        this.#writeLong(text, length, true);
        return;
      }
      buffer[position++] = unit;
      if (unit === quote) buffer[position++] = quote;
    }
    buffer[position++] = quote;
    this.length = position;
  }

  /** Encoded behind where it will stand, then moved there in one pass that doubles quotes and looks for their need. */
  #writeLong(text: string, length: number, isQuoted = text === this.#nullText): void {
    const buffer = this.buffer;
    const isSpecial = this.#isSpecial;
    // So far behind that even a text of nothing but quotes does not catch up with itself.
    const encodedStart = this.length + 2 + length;
    const encodedEnd = this.#encode(text, encodedStart);
    if (encodedEnd - encodedStart !== length) this.#countReplaced(text);
    const start = this.length + 1;
    let to = start;
    let needsQuotes = isQuoted ? 1 : 0;
    for (let from = encodedStart; from < encodedEnd; from++) {
      // Without a branch: in JSON text every sixth byte or so is a quote, and guessing wrong costs more than writing.
      const byte = buffer[from] as number;
      buffer[to] = byte;
      buffer[to + 1] = quote;
      to += writtenBytes[byte] as number;
      needsQuotes |= isSpecial[byte] as number;
    }
    if (needsQuotes === 0) {
      buffer.copyWithin(start - 1, start, to);
      this.length = to - 1;
      return;
    }
    buffer[start - 1] = quote;
    buffer[to] = quote;
    this.length = to + 1;
  }

  /** Encodes at a position, lone surrogates as U+FFFD; returns where it ended. */
  #encode(text: string, position: number): number {
    return position + this.buffer.write(text, position, 'utf8');
  }

  #countReplaced(text: string): void {
    const found = text.match(loneSurrogates);
    if (found !== null) this.replacedCharacterCount += found.length;
  }
}
