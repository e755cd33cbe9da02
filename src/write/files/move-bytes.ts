// The bytes of one file → the end of another, read while the last piece is being written.

import { closeSync, openSync, readSync, rmSync } from 'node:fs';
import type { AppendQueue } from './append-queue.ts';
import { outputError } from './output-error.ts';

const pieceBytes = 1024 * 1024;

/** Appends `from` to `to`; `from` is then no more. */
export async function moveBytes(from: string, to: string, queue: AppendQueue): Promise<void> {
  try {
    const source = openSync(from, 'r');
    try {
      // Two in turn: `append` returns when the piece before it is written.
      let [current, other] = [Buffer.allocUnsafe(pieceBytes), Buffer.allocUnsafe(pieceBytes)];
      for (let length = readSync(source, current); length > 0; length = readSync(source, current)) {
        await queue.append(to, current.subarray(0, length));
        [current, other] = [other, current];
      }
    } finally {
      closeSync(source);
    }
    rmSync(from);
  } catch (error) {
    throw outputError(error, from);
  }
}
