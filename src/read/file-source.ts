// A file → chunks of its bytes, up to the size it had when it was opened.

import { closeSync, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Source } from '../types.ts';
import { SourceFault } from './source-fault.ts';

const CHUNK_BYTES = 1024 * 1024;
/** Up to here a file is one chunk: one read, and no record lies across chunks. */
const WHOLE_FILE_BYTES = 4 * 1024 * 1024;
/** Pipes hand over 64 KB at most. */
const PIPE_CHUNK_BYTES = 64 * 1024;

/** A source that can be read at any place, as zip needs it. */
export interface FileSource extends Source {
  /** As bytes where the name is not UTF-8. */
  readonly filePath: string | Buffer;
}

export function isFileSource(source: Source): source is FileSource {
  return 'filePath' in source;
}

export function makeFileSource(filePath: string | Buffer, name: string, isNamedByUser: boolean, byteSize: number): FileSource {
  return { name, isNamedByUser, byteSize, filePath, open: (onRawBytes) => readFile(filePath, onRawBytes) };
}

/** A named pipe, such as bash's `<(…)`. */
export function makePipeSource(filePath: string, name: string): Source {
  return { name, isNamedByUser: true, byteSize: undefined, open: (onRawBytes) => readPipe(filePath, onRawBytes) };
}

/** The buffer of the last whole file that was read: fresh memory costs as much as reading into it. */
let keptBuffer: Buffer | undefined;

function takeBuffer(byteCount: number): Buffer {
  const buffer = keptBuffer !== undefined && keptBuffer.length >= byteCount ? keptBuffer : Buffer.allocUnsafeSlow(byteCount);
  keptBuffer = undefined;
  return buffer;
}

/**
 * The first chunk is read synchronously: most files are small, and four trips to the thread pool cost more than reading
 * them. In larger ones the next chunk is fetched while the last one is being used.
 */
async function* readFile(filePath: string | Buffer, onRawBytes: (byteCount: number) => void = () => {}): AsyncGenerator<Buffer, void, undefined> {
  const fd = openSync(filePath, 'r');
  let handle: Awaited<ReturnType<typeof open>> | undefined;
  let pending: Promise<{ bytesRead: number }> | undefined;
  let current: Buffer = Buffer.alloc(0);
  try {
    const before = fstatSync(fd);
    const { size } = before;
    const isWhole = size <= WHOLE_FILE_BYTES;
    current = takeBuffer(isWhole ? Math.max(size, CHUNK_BYTES) : CHUNK_BYTES);
    let spare: Buffer = Buffer.alloc(0);
    let byteCount = size === 0 ? 0 : readSync(fd, current, 0, isWhole ? size : CHUNK_BYTES, 0);
    let position = byteCount;
    while (byteCount > 0) {
      if (position < size) {
        handle ??= await open(filePath, 'r');
        if (spare.length === 0) spare = Buffer.allocUnsafeSlow(CHUNK_BYTES);
        pending = handle.read(spare, 0, Math.min(CHUNK_BYTES, size - position), position);
        // Not awaited yet: the chunk is used meanwhile. A failure is met at the await.
        pending.catch(() => {});
      }
      onRawBytes(byteCount);
      yield current.subarray(0, byteCount);
      if (pending === undefined) break;
      byteCount = (await pending).bytesRead;
      pending = undefined;
      position += byteCount;
      [current, spare] = [spare, current];
    }
    if (position < size) throw new SourceFault('SOURCE_CHANGED', { change: SHORTER });
    checkUnchanged(before, fstatSync(fd));
  } finally {
    // A read under way must not meet a closed or reused descriptor.
    await pending?.catch(() => {});
    await handle?.close();
    closeSync(fd);
    keptBuffer = current;
  }
}

const SHORTER = 'it became shorter';

/** Throws a SourceFault when a file is not what it was when it was opened. */
export function checkUnchanged(before: Stats, after: Stats): void {
  let change: string;
  if (after.size < before.size) change = SHORTER;
  else if (after.size > before.size) change = 'it became longer';
  else if (after.nlink === 0 && before.nlink > 0) change = 'it was deleted';
  else if (after.mtimeMs !== before.mtimeMs) change = 'it was written to';
  else return;
  throw new SourceFault('SOURCE_CHANGED', { change });
}

async function* readPipe(filePath: string, onRawBytes: (byteCount: number) => void = () => {}): AsyncGenerator<Buffer, void, undefined> {
  // Not synchronous: opening a pipe waits for its writer.
  const handle = await open(filePath, 'r');
  try {
    const buffer = Buffer.allocUnsafe(PIPE_CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return;
      onRawBytes(bytesRead);
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
