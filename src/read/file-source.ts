// A file → chunks of its bytes, up to the size it had when it was opened.

import { close, closeSync, fstatSync, openSync, read, readSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Source } from '../types.ts';
import { SourceFault } from './source-fault.ts';

const CHUNK_BYTES = 1024 * 1024;
/** Up to here a file is one chunk: one read, and no record lies across chunks. */
const WHOLE_FILE_BYTES = 4 * 1024 * 1024;
/** Smaller ones are read faster than another thread is asked to. */
const MIN_AHEAD_BYTES = 256 * 1024;
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
  let ahead: FileReadAhead | undefined;
  return {
    name,
    isNamedByUser,
    byteSize,
    filePath,
    prepare() {
      if (byteSize >= MIN_AHEAD_BYTES && byteSize <= WHOLE_FILE_BYTES) ahead ??= readAhead(filePath);
    },
    giveUp() {
      ahead?.giveUp();
      ahead = undefined;
    },
    open(onRawBytes) {
      const begun = ahead;
      ahead = undefined;
      return readFile(filePath, onRawBytes, begun);
    },
  };
}

/** A named pipe, such as bash's `<(…)`. */
export function makePipeSource(filePath: string, name: string): Source {
  return { name, isNamedByUser: true, byteSize: undefined, open: (onRawBytes) => readPipe(filePath, onRawBytes) };
}

/** Buffers of the files that were read last: fresh memory costs as much as reading into it. */
const keptBuffers: Buffer[] = [];
/** One that is being read, and one ahead of it. */
const mostKeptBuffers = 2;

function takeBuffer(byteCount: number): Buffer {
  const index = keptBuffers.findIndex(({ length }) => length >= byteCount);
  if (index >= 0) return keptBuffers.splice(index, 1)[0] as Buffer;
  keptBuffers.length = 0;
  return Buffer.allocUnsafeSlow(byteCount <= CHUNK_BYTES ? CHUNK_BYTES : WHOLE_FILE_BYTES);
}

function keepBuffer(buffer: Buffer): void {
  if (buffer.length > 0 && keptBuffers.length < mostKeptBuffers) keptBuffers.push(buffer);
}

/** A whole file that another thread reads while this one is busy with the file before. */
interface FileReadAhead {
  readonly fd: number;
  readonly before: Stats;
  readonly buffer: Buffer;
  readonly byteCount: Promise<number>;
  giveUp(): void;
}

/** Undefined where opening fails, which the reading will meet again and report. */
function readAhead(filePath: string | Buffer): FileReadAhead | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(filePath, 'r');
    const opened = fd;
    const before = fstatSync(fd);
    const { size } = before;
    const buffer = takeBuffer(Math.min(size, WHOLE_FILE_BYTES));
    const byteCount = new Promise<number>((resolve, reject) => {
      read(opened, buffer, 0, Math.min(size, WHOLE_FILE_BYTES), 0, (error, count) => (error === null ? resolve(count) : reject(error)));
    });
    const closeIt = () => close(opened, () => {});
    // A failure is met where the bytes are asked for.
    byteCount.catch(() => {});
    return { fd, before, buffer, byteCount, giveUp: () => void byteCount.then(closeIt, closeIt) };
  } catch {
    if (fd !== undefined) closeSync(fd);
    return undefined;
  }
}

/**
 * The first chunk is read synchronously: most files are small, and four trips to the thread pool cost more than reading
 * them. In larger ones the next chunk is fetched while the last one is being used.
 */
async function* readFile(
  filePath: string | Buffer,
  onRawBytes: (byteCount: number) => void = () => {},
  ahead?: FileReadAhead,
): AsyncGenerator<Buffer, void, undefined> {
  const fd = ahead?.fd ?? openSync(filePath, 'r');
  let handle: Awaited<ReturnType<typeof open>> | undefined;
  let pending: Promise<{ bytesRead: number }> | undefined;
  let current: Buffer = Buffer.alloc(0);
  try {
    const before = ahead?.before ?? fstatSync(fd);
    const { size } = before;
    const isWhole = size <= WHOLE_FILE_BYTES;
    current = ahead?.buffer ?? takeBuffer(isWhole ? size : CHUNK_BYTES);
    let spare: Buffer = Buffer.alloc(0);
    let byteCount = ahead !== undefined ? await ahead.byteCount : size === 0 ? 0 : readSync(fd, current, 0, isWhole ? size : CHUNK_BYTES, 0);
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
    keepBuffer(current);
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
