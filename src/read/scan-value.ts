// Finds the end of a JSON object or array in bytes that come in pieces: the inner loop of all reading. It only follows
// strings and brackets, and notes the numbers whose text needs care; whether the text is JSON is for JSON.parse to say.
// One loop, almost no calls: about 600 MB/s.

import { BACKSLASH, CLOSE_BRACE, MINUS, NINE, OPEN_BRACE, QUOTE, SPACE } from './byte-codes.ts';
import { readNumber } from './check-number.ts';

/** More odd numbers than this in one value are not listed: the list would outgrow the value. */
const LISTED_NUMBERS = 64 * 1024;

export class ValueScanner {
  /** Open brackets at the place where the last piece ended. */
  depth = 0;
  /** Deepest nesting so far. */
  maxDepth = 0;
  /** A number was met whose text a double does not reproduce, or that lies across pieces. */
  hasOddNumber = false;
  /** Where such numbers begin, counted from the first byte of the value. */
  readonly #oddNumbers: number[] = [];
  /** The list holds all of them so far. */
  #areNumbersListed = true;
  /** Length of the pieces before the present one. */
  #earlierBytes = 0;
  /** The last piece ended inside a string. */
  isInString = false;
  /** The last piece ended after a backslash. */
  #isEscaped = false;

  /** Starts a value; `depth` brackets of it are already open. */
  begin(depth = 0): void {
    this.depth = depth;
    this.maxDepth = depth;
    this.hasOddNumber = false;
    this.#oddNumbers.length = 0;
    // Of a value that is entered in its middle the first byte is not known.
    this.#areNumbersListed = depth === 0;
    this.#earlierBytes = 0;
    this.isInString = false;
    this.#isEscaped = false;
  }

  /** The places of the odd numbers, or undefined where only their existence is known. Valid until the next `begin`. */
  get oddNumbers(): readonly number[] | undefined {
    return this.#areNumbersListed ? this.#oddNumbers : undefined;
  }

  /** Reads [from, to). Returns the index after the bracket that closes the value, or -1 when it is still open. */
  scan(bytes: Buffer, from: number, to: number): number {
    let index = from;
    let depth = this.depth;
    let maxDepth = this.maxDepth;
    const valueStart = from - this.#earlierBytes;
    this.#earlierBytes += to - from;
    if (this.isInString) {
      index = this.#endString(bytes, index, to);
      if (index < 0) return -1;
    }
    while (index < to) {
      const byte = bytes[index++] as number;
      if (byte <= SPACE) {
        while (index < to && (bytes[index] as number) <= SPACE) index++;
      } else if (byte === QUOTE) {
        // Most bytes of FHIR stand in strings: one comparison for each of them. A quote is looked at more closely only
        // when a backslash stands before it.
        const start = index;
        while (index < to && bytes[index] !== QUOTE) index++;
        if (index < to && bytes[index - 1] !== BACKSLASH) {
          index++;
          continue;
        }
        index = this.#endString(bytes, start, to);
        if (index < 0) break;
      } else if (byte > 0x40) {
        // '[' and '{', ']' and '}' differ in bit 5 only.
        const bracket = byte | 0x20;
        if (bracket === OPEN_BRACE) {
          depth++;
          if (depth > maxDepth) maxDepth = depth;
        } else if (bracket === CLOSE_BRACE) {
          depth--;
          if (depth === 0) {
            this.depth = 0;
            this.maxDepth = maxDepth;
            return index;
          }
        }
      } else if (byte >= MINUS && byte <= NINE) {
        index = this.#readNumber(bytes, index - 1, to, valueStart);
      }
    }
    this.depth = depth;
    this.maxDepth = maxDepth;
    return -1;
  }

  /** Odd numbers may stand anywhere in the value. */
  expectOddNumbers(): void {
    this.#noteOddNumber(-1);
  }

  /** Returns the index after the number. */
  #readNumber(bytes: Buffer, from: number, to: number, valueStart: number): number {
    const end = readNumber(bytes, from, to);
    // A number at the border of a piece may go on in the next one.
    if (end === to || end === -to) this.#noteOddNumber(-1);
    else if (end < 0) this.#noteOddNumber(from - valueStart);
    return Math.abs(end);
  }

  /** @param offset - from the first byte of the value, or -1 where that is not certain. */
  #noteOddNumber(offset: number): void {
    this.hasOddNumber = true;
    if (offset >= 0 && this.#oddNumbers.length < LISTED_NUMBERS) this.#oddNumbers.push(offset);
    else this.#areNumbersListed = false;
  }

  /** Reads a string from its first byte, or from where the last piece ended, minding escapes. */
  #endString(bytes: Buffer, from: number, to: number): number {
    let index = this.#isEscaped && from < to ? from + 1 : from;
    this.#isEscaped &&= from === to;
    while (index < to) {
      const byte = bytes[index++] as number;
      if (byte === QUOTE) {
        this.isInString = false;
        return index;
      }
      if (byte !== BACKSLASH) continue;
      this.#isEscaped = index === to;
      index++;
    }
    this.isInString = true;
    return -1;
  }
}
