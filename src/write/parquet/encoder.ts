// The entry of a thread that encodes Parquet files, so that the run goes on reading meanwhile. It loads what it needs at once.

import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { loadParquet } from './encode-row-group.ts';
import type { FromEncoder, ToEncoder } from './encoder-messages.ts';
import { ParquetFile } from './parquet-file.ts';

if (parentPort === null) throw new Error('the entry of a thread, not of a program');
const port = parentPort;
/** A third of what the run's own thread gets where there are too few processors. */
const niceness = 5;
// Reading decides how long a run takes. Linux has a priority for each thread; elsewhere, this would be the process's.
if (process.platform === 'linux') {
  try {
    setPriority(niceness);
  } catch {
    // A sandbox may forbid it.
  }
}
const files = new Map<number, ParquetFile>();
/** Fewer are copied, since they may be a part of memory that others share. */
const ownByteCount = 64 * 1024;

function send(message: FromEncoder, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

async function sendBytes(number: number, bytes: Uint8Array): Promise<void> {
  const own = bytes.length < ownByteCount ? new Uint8Array(bytes) : bytes;
  send({ kind: 'bytes', number, bytes: own }, [own.buffer as ArrayBuffer]);
}

async function handle(message: ToEncoder): Promise<void> {
  const { number } = message;
  if (message.kind === 'open') {
    files.set(number, new ParquetFile(message.table, (bytes) => sendBytes(number, bytes)));
    return;
  }
  const file = files.get(number);
  if (file === undefined) throw new Error('a table that is not open');
  switch (message.kind) {
    case 'add-piece':
      await file.addPiece(message.rows);
      break;
    case 'end-group':
      await file.endGroup(message.rows);
      break;
    case 'close':
      await file.close();
      files.delete(number);
      break;
    default:
      message satisfies never;
  }
  const memory = message.kind === 'close' ? undefined : (message.rows?.stream.buffer as ArrayBuffer | undefined);
  send({ kind: 'done', memory }, memory === undefined ? [] : [memory]);
}

let work: Promise<unknown> = loadParquet();
port.on('message', (message: ToEncoder) => {
  work = work.then(() => handle(message));
  work.catch((error: unknown) => {
    const isError = error instanceof Error;
    send({ kind: 'failed', reason: isError ? error.constructor.name : typeof error, stack: isError ? error.stack : undefined });
  });
});
work.catch(() => {});
send({ kind: 'ready' });
