// Files that many tables are appended to: whole, in order, and durable when they are published.

import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AppendQueue } from '../../src/write/files/append-queue.ts';
import { makeFolder } from '../support/run-command.ts';

/** What all file handles share, to be spied on. */
async function handlePrototype(): Promise<{ datasync(): Promise<void> }> {
  const handle = await open(import.meta.filename);
  await handle.close();
  return Object.getPrototypeOf(handle);
}

const piece = (index: number) => Buffer.alloc(150_000, index);

async function write(folder: string, fileCount: number, partCount = 1): Promise<void> {
  const queue = new AppendQueue(partCount);
  for (let index = 0; index < 20; index++) {
    for (let file = 0; file < fileCount; file++) await queue.append(join(folder, `${file}.csv`), piece(index));
  }
  await queue.finish();
}

describe('files that are appended to', () => {
  afterEach(() => vi.restoreAllMocks());

  it('have all pieces in their order, though the disk begins with them while they grow', async () => {
    const datasync = vi.spyOn(await handlePrototype(), 'datasync');
    const folder = makeFolder();
    await write(folder, 3);
    const expected = Buffer.concat(Array.from({ length: 20 }, (_, index) => piece(index)));
    for (const file of [0, 1, 2]) expect(readFileSync(join(folder, `${file}.csv`)).equals(expected)).toBe(true);
    // As often as they grew by a half, at most.
    expect(datasync.mock.calls.length).toBeGreaterThan(0);
    expect(datasync.mock.calls.length).toBeLessThanOrEqual(3 * 9);
  });

  it('are more than are open at once', async () => {
    const folder = makeFolder();
    await write(folder, 70, 4);
    for (const file of [0, 69]) expect(readFileSync(join(folder, `${file}.csv`)).length).toBe(20 * 150_000);
  });

  it('end with a fault that the disk told while they grew: it tells it once only', async () => {
    const prototype = await handlePrototype();
    vi.spyOn(prototype, 'datasync').mockRejectedValueOnce(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO', syscall: 'fdatasync' }));
    await expect(write(makeFolder(), 1)).rejects.toMatchObject({ code: 'OUTPUT_FAILED' });
  });
});
