// Writes all bytes: a single write may take only some of them.

import type { FileHandle } from 'node:fs/promises';

export async function writeFully(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) written += (await handle.write(bytes, written, bytes.length - written)).bytesWritten;
}
