// Reads a JSON string that may come in pieces and keeps its first bytes: enough to compare it with a name.

import { BACKSLASH, QUOTE } from './byte-codes.ts';

/** Longer than any name that is looked for. */
const NAME_BYTES = 64;

export class NameReader {
  /** As written, escapes included. */
  text = '';
  hasEnded = false;
  #isEscaped = false;

  /** Starts a string, after its opening quote. */
  begin(): void {
    this.text = '';
    this.hasEnded = false;
    this.#isEscaped = false;
  }

  /** Returns the index after the closing quote, or the end of the chunk. */
  read(chunk: Buffer, from: number): number {
    let index = from;
    let isEscaped = this.#isEscaped;
    let hasEnded = false;
    while (index < chunk.length) {
      const byte = chunk[index++] as number;
      if (isEscaped) isEscaped = false;
      else if (byte === BACKSLASH) isEscaped = true;
      else if (byte === QUOTE) {
        hasEnded = true;
        break;
      }
    }
    if (this.text.length < NAME_BYTES) {
      this.text += chunk.toString('latin1', from, Math.min(hasEnded ? index - 1 : index, from + NAME_BYTES));
    }
    this.#isEscaped = isEscaped;
    this.hasEnded = hasEnded;
    return index;
  }
}
