// Bytes of a record or document that has begun and not ended yet: those in the present chunk, and those collected from
// earlier ones.

import { ByteCollector } from './byte-collector.ts';

export class OpenPart extends ByteCollector {
  /** Where the bytes begin in the chunk that are not collected yet; -1 while nothing is open. */
  from = -1;
  /** Where the part begins in the source. */
  byteOffset = 0;
  /** Its bytes were handed out: they are forgotten when the next ones are asked for. */
  isTaken = false;

  /** A new chunk has come; the one before it was collected. */
  startChunk(): void {
    if (this.from > 0) this.from = 0;
  }

  /** The chunk goes away: what is open of it is collected. */
  endChunk(chunk: Buffer): void {
    if (this.from < 0) return;
    this.append(chunk, this.from, chunk.length);
    this.from = chunk.length;
  }

  /** Collects the rest up to `to`: nothing is open from there on. */
  close(chunk: Buffer, to: number): void {
    this.append(chunk, this.from, to);
    this.from = -1;
  }

  forgetTaken(): void {
    if (this.isTaken) this.clear();
    this.isTaken = false;
  }
}

/** A document without the entries that were cut out of it. */
export class Frame extends OpenPart {
  /** Deepest nesting so far. */
  depth = 1;
  hasOddNumber = false;
  /** Which byte of the source each part of the frame came from. */
  #parts: { frameOffset: number; byteOffset: number }[] = [];

  begin(byteOffset: number): void {
    this.byteOffset = byteOffset;
    this.depth = 1;
    this.hasOddNumber = false;
    this.#parts = [];
  }

  /** Goes on after the entries. */
  reopen(index: number, byteOffset: number): void {
    this.#parts.push({ frameOffset: this.totalLength, byteOffset });
    this.from = index;
  }

  /** Place in the source of a place in the frame. */
  findByteOffset(frameOffset: number): number {
    const part = this.#parts.findLast((candidate) => candidate.frameOffset <= frameOffset);
    return part === undefined ? this.byteOffset + frameOffset : part.byteOffset + frameOffset - part.frameOffset;
  }
}
