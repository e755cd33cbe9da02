// Bytes of records → their tapes, and cheap looks at them. There is one tape at a time: a token is valid until the next
// record is taken. What a tape is, and which records get none, is told in assembly/tape.ts.

import type { KeyNames } from './key-names.ts';
import type { ByteFunctions } from './load-module.ts';
import type { SlicedBuffer } from './sliced-buffer.ts';
import { tokenByteCount, tokenFlags, tokenKinds } from './token-words.ts';

/** What the module may look at beyond a text. */
const SLACK_BYTES = 16;
/** So much of a chunk is placed in the module's memory at once; most chunks are smaller. */
const PLACED_BYTES = 8 * 1024 * 1024;
/** Where less than this is left of what was placed of a larger chunk, the next part is placed. */
const REST_BYTES = 1024 * 1024;
/** Bytes that are not in the module's memory are hashed there piece by piece. */
const HASHED_BYTES = 1024 * 1024;
/** The module's stack has room for more. */
const MOST_DEPTH = 500;
/** More than there are types in most inputs; a power of two. */
const NAME_SLOTS = 256;

/** Words of {@link RecordTape.found}, in the order of assembly/heads.ts. */
export const foundWords = { resourceType: 0, id: 1, meta: 2, contained: 3, identifier: 4, resource: 5, fullUrl: 6 } as const;

export class RecordTape {
  readonly keys: KeyNames;
  readonly #functions: ByteFunctions;
  readonly #memory: SlicedBuffer;
  readonly #words: Uint32Array;
  /** The bytes that were placed last: [from, to) of a buffer. */
  #placed: Buffer | undefined;
  #placedFrom = 0;
  #placedTo = 0;
  #placedAddress = 0;
  /** Address of the record's first byte, and how many it has. */
  #recordAddress = 0;
  #recordByteCount = 0;
  /** Address of the token of the record itself. */
  readonly root: number;
  /** Index of the first word of what was found. */
  readonly #found: number;
  /** Names that were read last. */
  readonly #names: (string | undefined)[] = new Array(NAME_SLOTS).fill(undefined);

  constructor(functions: ByteFunctions, keys: KeyNames) {
    this.keys = keys;
    this.#functions = functions;
    this.#memory = Buffer.from(functions.memory.buffer) as SlicedBuffer;
    this.#words = new Uint32Array(functions.memory.buffer);
    this.root = functions.tapeAddress();
    this.#found = functions.foundAddress() >> 2;
  }

  /** To be called when a buffer that was given may have got other bytes. */
  forgetBytes(): void {
    this.#placed = undefined;
  }

  /**
   * Takes the record that begins at `start`, where no white space may stand, wherever it ends. Returns the index after it;
   * -1 when it is refused, which it also is when it goes on after the buffer's end.
   */
  takeNext(bytes: Buffer, start: number, mostDepth: number): number {
    const isLittleLeft = this.#placed === bytes && this.#placedTo < bytes.length && this.#placedTo - start < REST_BYTES;
    const address = isLittleLeft ? this.#place(bytes, start, start) : this.#find(bytes, start, start);
    if (address === 0) return -1;
    const end = this.#functions.scan(address, this.#placedAddress + this.#placedTo - this.#placedFrom, Math.min(mostDepth, MOST_DEPTH));
    this.#recordAddress = address;
    this.#recordByteCount = end - address;
    return end === 0 ? -1 : start + end - address;
  }

  /** Takes the record [start, end), where no white space may stand around it. False when it is refused. */
  take(bytes: Buffer, start: number, end: number, mostDepth: number): boolean {
    const address = start < end ? this.#find(bytes, start, end) : 0;
    if (address === 0) return false;
    this.#recordAddress = address;
    this.#recordByteCount = end - start;
    return this.#functions.scan(address, address + end - start, Math.min(mostDepth, MOST_DEPTH)) === address + end - start;
  }

  /** Address of a byte, placed now if need be with all up to `end`; 0 when there is no room. */
  #find(bytes: Buffer, start: number, end: number): number {
    const isThere = this.#placed === bytes && start >= this.#placedFrom && start < this.#placedTo && end <= this.#placedTo;
    // Rows that were written take with them what they pointed to.
    if (isThere && this.#functions.placedText() !== 0) return this.#placedAddress + start - this.#placedFrom;
    return this.#place(bytes, start, end);
  }

  #place(bytes: Buffer, start: number, end: number): number {
    const to = Math.max(end, Math.min(bytes.length, start + PLACED_BYTES));
    const address = this.#functions.allocateText(to - start + SLACK_BYTES);
    this.#placed = address === 0 ? undefined : bytes;
    if (address === 0) return 0;
    bytes.copy(this.#memory, address, start, to);
    this.#placedFrom = start;
    this.#placedTo = to;
    this.#placedAddress = address;
    return address;
  }

  /** {@link hash} of the record at hand; undefined when its bytes are no longer as they were given. */
  hashTaken(): number | undefined {
    const functions = this.#functions;
    if (functions.hasRewritten() !== 0) return undefined;
    functions.beginHash(this.#recordByteCount);
    functions.addToHash(this.#recordAddress, this.#recordAddress + this.#recordByteCount);
    return functions.endHash() >>> 0;
  }

  /** 32 bits of a record's bytes. */
  hash(record: Uint8Array): number {
    const functions = this.#functions;
    functions.beginHash(record.length);
    const address = functions.outPosition();
    for (let from = 0; from < record.length; from += HASHED_BYTES) {
      const piece = record.subarray(from, from + HASHED_BYTES);
      this.#memory.set(piece, address);
      functions.addToHash(address, address + piece.length);
    }
    return functions.endHash() >>> 0;
  }

  /** A number of the record may be one whose text a double does not give back. */
  get mayHaveOddNumbers(): boolean {
    return this.#functions.oddNumberCount() > 0;
  }

  /** Where the numbers begin whose text a double does not give back, in bytes from the record's first. */
  oddNumbers(): readonly number[] {
    const found: number[] = [];
    const end = this.next(this.root);
    for (let token = this.root; token < end; token += tokenByteCount) {
      const head = this.#words[token >> 2] as number;
      if ((head & 0xff) === tokenKinds.number && (head & (tokenFlags.mayBeOdd << 8)) !== 0) {
        const text = this.json(token);
        if (String(Number(text)) !== text) found.push(this.start(token) - this.#recordAddress);
      }
    }
    return found;
  }

  /** Looks for the members of a resource; false for what is none. They are there until the next look. */
  findHead(token: number): boolean {
    return this.#functions.readHead(token) !== 0;
  }

  /** The same for the record as a Bundle's entry, and its resource; false for one that has none, or that deletes one. */
  findEntry(): boolean {
    return this.#functions.readEntry(this.root) !== 0;
  }

  /** A token of what was found; 0 where that is not there. */
  found(word: (typeof foundWords)[keyof typeof foundWords]): number {
    return this.#words[this.#found + word] as number;
  }

  /**
   * A number for the shape of the record without one of its members: the same as for the record before where the shape is,
   * never the same for two shapes. 0 where it is too large.
   */
  shapeWithout(member: number): number {
    return this.#functions.shapeWithout(this.root, member);
  }

  kind(token: number): number {
    return (this.#words[token >> 2] as number) & 0xff;
  }

  /** Number of the key that the value stands under; 0 in an array. */
  key(token: number): number {
    return (this.#words[token >> 2] as number) >>> 16;
  }

  start(token: number): number {
    return this.#words[(token >> 2) + 1] as number;
  }

  end(token: number): number {
    return this.#words[(token >> 2) + 2] as number;
  }

  /** The token after a value and all that it holds. Of a member the next one, unless it is the `next` of the object. */
  next(token: number): number {
    return this.#words[(token >> 2) + 3] as number;
  }

  /** The first item or member, if there is one. */
  first(token: number): number {
    return token + tokenByteCount;
  }

  /** The member of an object under a key; 0 when there is none. */
  member(object: number, key: number): number {
    const end = this.next(object);
    for (let token = this.first(object); token < end; token = this.next(token)) if (this.key(token) === key) return token;
    return 0;
  }

  /** The value of a string. */
  text(token: number): string {
    const flag = ((this.#words[token >> 2] as number) >> 8) & 0xff;
    const start = this.start(token);
    const end = this.end(token);
    if (flag === 0) return this.#memory.latin1Slice(start, end);
    const text = this.#memory.utf8Slice(start, end);
    return (flag & tokenFlags.hasEscape) === 0 ? text : (JSON.parse(`"${text}"`) as string);
  }

  /** The value of a string of which there are few, such as types: the same string each time, which maps find without hashing it. */
  name(token: number): string {
    const start = this.start(token);
    const byteCount = this.end(token) - start;
    if (byteCount === 0 || (((this.#words[token >> 2] as number) >> 8) & 0xff) !== 0) return this.text(token);
    const slot = (byteCount + 7 * (this.#memory[start] as number) + 31 * (this.#memory[start + byteCount - 1] as number)) & (NAME_SLOTS - 1);
    const known = this.#names[slot];
    if (known !== undefined && known.length === byteCount && this.#says(start, known)) return known;
    const text = this.text(token);
    this.#names[slot] = text;
    return text;
  }

  #says(start: number, text: string): boolean {
    for (let index = 0; index < text.length; index++) if (this.#memory[start + index] !== text.charCodeAt(index)) return false;
    return true;
  }

  /** The JSON text of any value but a string. */
  json(token: number): string {
    return this.#memory.utf8Slice(this.start(token), this.end(token));
  }

  /** True for a string that says this, of ASCII characters without escapes. */
  isText(token: number, text: string): boolean {
    return this.kind(token) === tokenKinds.string && this.end(token) - this.start(token) === text.length && this.text(token) === text;
  }
}
