// Standard input → a source; and a source that can be read once → one that can be read again, from a file.

import { open } from 'node:fs/promises';
import type { Source } from '../types.ts';
import { type FileSource, makeFileSource } from './file-source.ts';
import { WriteBehind } from './write-behind.ts';

export function makeStdinSource(): Source {
  return { name: 'stdin', isNamedByUser: true, byteSize: undefined, open: (onRawBytes) => readStdin(onRawBytes) };
}

async function* readStdin(onRawBytes: (byteCount: number) => void = () => {}): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    onRawBytes(chunk.length);
    yield chunk;
  }
}

/**
 * Writes the raw bytes to `filePath` while they are read for the first time; later readings come from there. The first
 * one must have gone to its end before. The file is the caller's to remove.
 */
export function spoolSource(source: Source, filePath: string): Source {
  let spooled: FileSource | undefined;
  return {
    name: source.name,
    isNamedByUser: source.isNamedByUser,
    byteSize: source.byteSize,
    open: (onRawBytes) => spooled?.open(onRawBytes) ?? spool(onRawBytes),
  };

  async function* spool(onRawBytes?: (byteCount: number) => void): AsyncGenerator<Uint8Array, void, undefined> {
    // Readable by its owner only: this is patient data in a shared folder.
    const handle = await open(filePath, 'w', 0o600);
    const copy = new WriteBehind(handle);
    let byteSize = 0;
    try {
      for await (const chunk of source.open(onRawBytes)) {
        await copy.write(chunk);
        byteSize += chunk.length;
        yield chunk;
      }
      await copy.finish();
    } finally {
      // A write under way must not meet a closed or reused descriptor.
      await copy.settle();
      await handle.close();
    }
    spooled = makeFileSource(filePath, source.name, source.isNamedByUser, byteSize);
  }
}
