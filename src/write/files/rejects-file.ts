// Rejected records → lines of rejects.ndjson: where the record stood, why it was rejected, its text.
// Written synchronously, since readers report rejects in the middle of a step; they are rare.

import { closeSync, fsyncSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { makeDiagnostic } from '../../diagnostics.ts';
import type { RejectedRecord } from '../../types.ts';
import { outputError } from './output-error.ts';

const bufferedCharacters = 64 * 1024;
const copiedBytes = 1024 * 1024;

export class RejectsFile {
  readonly path: string;
  #descriptor: number | undefined;
  #buffered = '';
  #failure: unknown;

  /** The file is made when the first record comes. */
  constructor(path: string) {
    this.path = path;
  }

  /** Never throws: the caller is a reader in the middle of its work. See `check`. */
  add(record: RejectedRecord): void {
    this.#buffered += `${JSON.stringify(rejectLine(record))}\n`;
    if (this.#buffered.length >= bufferedCharacters) this.#tryFlush();
  }

  /** Writes out; throws what went wrong in `add`. */
  flush(): void {
    this.#tryFlush();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Appends the records of another part's file, which is then no more. */
  join(path: string): void {
    try {
      const source = openSync(path, 'r');
      try {
        const buffer = Buffer.allocUnsafe(copiedBytes);
        for (let length = readSync(source, buffer); length > 0; length = readSync(source, buffer)) this.#write(buffer.subarray(0, length));
      } finally {
        closeSync(source);
      }
      rmSync(path);
    } catch (error) {
      throw outputError(error, this.path);
    }
  }

  /** Makes durable what is written. */
  finish(): void {
    this.flush();
    if (this.#descriptor === undefined) return;
    fsyncSync(this.#descriptor);
    this.close();
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
    this.#buffered = '';
  }

  #tryFlush(): void {
    if (this.#failure !== undefined || this.#buffered === '') return;
    try {
      this.#write(Buffer.from(this.#buffered));
    } catch (error) {
      this.#failure = outputError(error, this.path);
    }
    this.#buffered = '';
  }

  #write(bytes: Uint8Array): void {
    this.#descriptor ??= openSync(this.path, 'ax');
    for (let offset = 0; offset < bytes.length; ) offset += writeSync(this.#descriptor, bytes, offset);
  }
}

function rejectLine(record: RejectedRecord): Record<string, unknown> {
  const { sourceName, line, entryIndex, byteOffset } = record.location;
  return {
    source: sourceName,
    line,
    entry: entryIndex,
    byteOffset,
    code: record.code,
    message: makeDiagnostic(record.code, record.location, record.parameters).message,
    text: record.rawText,
    isTextCut: record.isRawTextCut ? true : undefined,
  };
}
