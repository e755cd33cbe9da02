// The piece of a document that a cutter has just found: where its bytes are, and what was noticed on the way.

import type { OpenPart } from './open-part.ts';
import type { RecordBytes } from './parse-record.ts';

/** Valid until the cutter is asked for the next one. */
export class CutItem implements RecordBytes {
  buffer: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  isAscii = false;
  /** Where the item begins in the source. */
  byteOffset = 0;
  /** Deepest nesting of the item, its own bracket included. */
  depth = 0;
  /** A number was met whose text a double does not reproduce. */
  hasOddNumber = false;
  /** Where such numbers begin, in bytes from the item's first; undefined where that is not known. */
  oddNumbers: readonly number[] | undefined;
  /** There is a tape of the item, which tells of its odd numbers. */
  hasTape = false;
  /** The item is longer than the limit; its buffer holds the first bytes. */
  isTooLarge = false;

  readonly #limitBytes: number;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get isPartial(): boolean {
    return this.isTooLarge;
  }

  /** The item lies within one chunk. */
  protected showSlice(chunk: Buffer, isChunkAscii: boolean, from: number, to: number): void {
    this.buffer = chunk;
    this.isAscii = isChunkAscii;
    this.start = from;
    this.end = to;
    this.isTooLarge = to - from > this.#limitBytes;
  }

  /** The item was put together from several places. */
  protected showCollected(part: OpenPart): void {
    this.buffer = part.buffer;
    this.isAscii = false;
    this.start = 0;
    this.end = part.length;
    this.isTooLarge = part.isOverLimit;
    this.byteOffset = part.byteOffset;
  }
}
