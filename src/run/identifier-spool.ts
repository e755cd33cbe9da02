// Identifiers of resources → records of hash, type and id, in the order they come. Which of them references ask for is
// known when all is read; until then they are too many for memory, and go to a temporary file that has no name.

import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ByteFunctions } from '../bytes/load-module.ts';
import { UserError } from '../diagnostics.ts';
import type { ResourceHead } from '../types.ts';

/** Plain data: a file is open for all threads of the process. */
export interface IdentifierRecords {
  /** Undefined while memory suffices. */
  readonly fileDescriptor: number | undefined;
  readonly fileByteCount: number;
  /** What comes after the file's content. */
  readonly tail: Uint8Array;
}

export interface IdentifierRecord {
  readonly high: number;
  readonly low: number;
  readonly typeNumber: number;
  readonly id: string;
}

const bufferBytes = 4 * 1024 * 1024;
const firstBufferBytes = 16 * 1024;
/** Two halves of the hash, number of the type, length of the id. */
const headBytes = 4 + 4 + 2 + 4;
/** Of records that wait where the module made them. */
const madeBytes = 64 * 1024;

/** Where the module makes records. */
interface Maker {
  readonly functions: ByteFunctions;
  readonly memory: Buffer;
  readonly start: number;
  /** Where the next one begins. */
  top: number;
}

export class IdentifierSpool {
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;
  #fileDescriptor: number | undefined;
  #fileByteCount = 0;
  #maker: Maker | undefined;

  /** From now on `addTaken` has the module make records; once for each instance of it. */
  useModule(functions: ByteFunctions, [seedA, seedB]: readonly [number, number]): void {
    const start = functions.allocateHeap(madeBytes);
    if (start === 0) return;
    functions.setHashSeeds(seedA, seedB);
    this.#maker = { functions, memory: Buffer.from(functions.memory.buffer), start, top: start };
  }

  /** Adds those of a resource that the module has a tape of, under its own id; false, without any, when that has to be done otherwise. */
  addTaken({ identifierToken, idToken }: ResourceHead, typeNumber: number): boolean {
    const maker = this.#maker;
    if (maker === undefined) return false;
    const end = maker.start + madeBytes;
    let top = maker.functions.writeIdentifiers(identifierToken, idToken, typeNumber, maker.top, end);
    if (top === 0 && maker.top > maker.start) {
      this.#takeMade();
      top = maker.functions.writeIdentifiers(identifierToken, idToken, typeNumber, maker.start, end);
    }
    if (top === 0) return false;
    maker.top = top;
    return true;
  }

  #takeMade(): void {
    const maker = this.#maker;
    if (maker === undefined || maker.top === maker.start) return;
    const byteCount = maker.top - maker.start;
    if (this.#length + byteCount > this.#buffer.length) this.#makeRoom(byteCount);
    this.#length += maker.memory.copy(this.#buffer, this.#length, maker.start, maker.top);
    maker.top = maker.start;
  }

  add(high: number, low: number, typeNumber: number, id: string): void {
    this.#takeMade();
    const most = headBytes + id.length * 3;
    if (this.#length + most > this.#buffer.length) this.#makeRoom(most);
    const buffer = this.#buffer;
    const start = this.#length;
    buffer.writeUInt32LE(high, start);
    buffer.writeUInt32LE(low, start + 4);
    buffer.writeUInt16LE(typeNumber, start + 8);
    const idStart = start + headBytes;
    const idBytes = writeAscii(buffer, id, idStart) ? id.length : buffer.write(id, idStart);
    buffer.writeUInt32LE(idBytes, start + 10);
    this.#length = idStart + idBytes;
  }

  records(): IdentifierRecords {
    this.#takeMade();
    return { fileDescriptor: this.#fileDescriptor, fileByteCount: this.#fileByteCount, tail: this.#buffer.subarray(0, this.#length) };
  }

  close(): void {
    if (this.#fileDescriptor !== undefined) closeSync(this.#fileDescriptor);
    this.#fileDescriptor = undefined;
  }

  #makeRoom(byteCount: number): void {
    if (this.#buffer.length >= bufferBytes) this.#flush();
    if (this.#length + byteCount <= this.#buffer.length) return;
    const larger = Buffer.alloc(Math.max(firstBufferBytes, Math.min(bufferBytes, this.#buffer.length * 4), this.#length + byteCount));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }

  #flush(): void {
    try {
      this.#fileDescriptor ??= openNameless();
      for (let written = 0; written < this.#length; ) {
        written += writeSync(this.#fileDescriptor, this.#buffer, written, this.#length - written, this.#fileByteCount + written);
      }
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown fault';
      throw new UserError('OUTPUT_FAILED', { parameters: { path: tmpdir(), reason } });
    }
    this.#fileByteCount += this.#length;
    this.#length = 0;
  }
}

/** False, with nothing of use written, when there are other characters. Quicker for short texts than the native encoder. */
function writeAscii(buffer: Buffer, text: string, start: number): boolean {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) return false;
    buffer[start + index] = unit;
  }
  return true;
}

/** Without its name the file goes away with the process, however that ends. */
function openNameless(): number {
  const path = join(tmpdir(), `fhir-flatten-${process.pid}-${Math.random().toString(36).slice(2)}`);
  const fileDescriptor = openSync(path, 'wx+', 0o600);
  try {
    unlinkSync(path);
  } catch {
    // Where an open file keeps its name, it stays until the system clears its temporary files.
  }
  return fileDescriptor;
}

/** The records whose hashes are wanted, in the order they came. */
export function* readRecords(
  { fileByteCount, fileDescriptor, tail }: IdentifierRecords,
  isWanted: (high: number, low: number) => boolean,
): Generator<IdentifierRecord, void, undefined> {
  if (fileDescriptor !== undefined) {
    let held: Buffer = Buffer.alloc(0);
    for (let position = 0; position < fileByteCount; ) {
      const chunk = Buffer.alloc(held.length + Math.min(bufferBytes, fileByteCount - position));
      held.copy(chunk);
      const readCount = readSync(fileDescriptor, chunk, held.length, chunk.length - held.length, position);
      position += readCount;
      const available = chunk.subarray(0, held.length + readCount);
      held = available.subarray(yield* cutRecords(available, isWanted));
    }
  }
  yield* cutRecords(Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength), isWanted);
}

/** Of the whole records of some bytes; returns where the rest begins. */
function* cutRecords(bytes: Buffer, isWanted: (high: number, low: number) => boolean): Generator<IdentifierRecord, number, undefined> {
  let start = 0;
  while (start + headBytes <= bytes.length) {
    const end = start + headBytes + bytes.readUInt32LE(start + 10);
    if (end > bytes.length) break;
    const high = bytes.readUInt32LE(start);
    const low = bytes.readUInt32LE(start + 4);
    if (isWanted(high, low)) yield { high, low, typeNumber: bytes.readUInt16LE(start + 8), id: bytes.toString('utf8', start + headBytes, end) };
    start = end;
  }
  return start;
}
