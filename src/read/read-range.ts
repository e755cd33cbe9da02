// Part of an open file → its bytes, in chunks.

import { read } from 'node:fs';
import { promisify } from 'node:util';

const readFd = promisify(read);
const CHUNK_BYTES = 256 * 1024;

/** Fewer bytes where the file ends. */
export async function readAt(fd: number, offset: number, byteCount: number): Promise<Buffer> {
  const buffer = Buffer.alloc(byteCount);
  let bytesRead = 0;
  while (bytesRead < byteCount) {
    const got = (await readFd(fd, buffer, bytesRead, byteCount - bytesRead, offset + bytesRead)).bytesRead;
    if (got === 0) break;
    bytesRead += got;
  }
  return buffer.subarray(0, bytesRead);
}

/** Ends early where the file ends. A chunk is valid until the next one is asked for. */
export async function* readRange(
  fd: number,
  offset: number,
  byteSize: number,
  onRawBytes: (byteCount: number) => void,
): AsyncGenerator<Buffer, void, undefined> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(1, byteSize)));
  const end = offset + byteSize;
  let position = offset;
  while (position < end) {
    const { bytesRead } = await readFd(fd, buffer, 0, Math.min(buffer.length, end - position), position);
    if (bytesRead === 0) return;
    position += bytesRead;
    onRawBytes(bytesRead);
    yield buffer.subarray(0, bytesRead);
  }
}
