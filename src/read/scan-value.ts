// Finds the end of a JSON object or array in bytes that come in pieces: the inner loop of all reading. It only follows
// strings and brackets; whether the text is JSON is for JSON.parse to say. One loop, no calls: about 500 MB/s.

import { BACKSLASH, CLOSE_BRACE, MINUS, NINE, OPEN_BRACE, QUOTE } from './byte-codes.ts';
import { isPlainNumber } from './check-number.ts';

export class ValueScanner {
  /** Open brackets at the place where the last piece ended. */
  depth = 0;
  /** Deepest nesting so far. */
  maxDepth = 0;
  /** A number was met whose text a double may not reproduce. Errs to true. */
  hasOddNumber = false;
  /** The last piece ended inside a string. */
  #isInString = false;
  /** The last piece ended after a backslash. */
  #isEscaped = false;

  /** Starts a value; `depth` brackets of it are already open. */
  begin(depth = 0): void {
    this.depth = depth;
    this.maxDepth = depth;
    this.hasOddNumber = false;
    this.#isInString = false;
    this.#isEscaped = false;
  }

  /** Reads [from, to). Returns the index after the bracket that closes the value, or -1 when it is still open. */
  scan(bytes: Uint8Array, from: number, to: number): number {
    let index = from;
    let depth = this.depth;
    let maxDepth = this.maxDepth;
    let isInString = this.#isInString;
    if (this.#isEscaped && index < to) {
      this.#isEscaped = false;
      index++;
    }
    while (index < to) {
      if (isInString) {
        // A loop of its own: most bytes of FHIR stand in strings.
        let byte = 0;
        while (index < to) {
          byte = bytes[index++] as number;
          if (byte === QUOTE) {
            isInString = false;
            break;
          }
          if (byte === BACKSLASH) {
            if (index === to) this.#isEscaped = true;
            index++;
          }
        }
        continue;
      }
      const byte = bytes[index++] as number;
      if (byte === QUOTE) {
        isInString = true;
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
            this.#isInString = false;
            return index;
          }
        }
      } else if (byte >= MINUS && byte <= NINE && !this.hasOddNumber) {
        const start = index - 1;
        while (index < to && isNumberByte(bytes[index] as number)) index++;
        // A number at the border of a piece may go on in the next one.
        if (index === to || !isPlainNumber(bytes, start, index)) this.hasOddNumber = true;
      }
    }
    this.depth = depth;
    this.maxDepth = maxDepth;
    this.#isInString = isInString;
    return -1;
  }
}

/** Digits and `+ - . / e E`: every byte that can stand in a number. */
export function isNumberByte(byte: number): boolean {
  return (byte >= 0x2b && byte <= NINE && byte !== 0x2c) || byte === 0x65 || byte === 0x45;
}
