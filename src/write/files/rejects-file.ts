// Rejected records → lines of rejects.ndjson: where the record stood, why it was rejected, its text.
// Written synchronously, since readers report rejects in the middle of a step; they are rare.

import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { makeDiagnostic } from '../../diagnostics.ts';
import type { RejectedRecord } from '../../types.ts';
import { outputError } from './output-error.ts';

const bufferedCharacters = 64 * 1024;

export class RejectsFile {
  readonly #path: string;
  #descriptor: number | undefined;
  #buffered = '';
  #failure: unknown;
  #rejectCount = 0;

  /** The file is made when the first record comes. */
  constructor(path: string) {
    this.#path = path;
  }

  get isEmpty(): boolean {
    return this.#rejectCount === 0;
  }

  /** Never throws: the caller is a reader in the middle of its work. See `check`. */
  add(record: RejectedRecord): void {
    this.#rejectCount++;
    this.#buffered += `${JSON.stringify(rejectLine(record))}\n`;
    if (this.#buffered.length >= bufferedCharacters) this.#tryFlush();
  }

  /** Throws what went wrong in `add`. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Writes out and makes durable. */
  finish(): void {
    this.#tryFlush();
    this.check();
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
      this.#descriptor ??= openSync(this.#path, 'ax');
      const bytes = Buffer.from(this.#buffered);
      for (let offset = 0; offset < bytes.length; ) offset += writeSync(this.#descriptor, bytes, offset);
    } catch (error) {
      this.#failure = outputError(error, this.#path);
    }
    this.#buffered = '';
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
