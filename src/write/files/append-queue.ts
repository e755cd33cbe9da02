// Pieces of bytes for many files → the files, in order, one write at a time while the caller goes on computing.
// Not all files are held open at once: a run may write hundreds of tables.

import { type FileHandle, open } from 'node:fs/promises';
import { outputError } from './output-error.ts';

/**
 * Of all parts. More than the tables that an input usually has: they are written in turn, so that with one too many each of
 * them is closed and opened again. Where a process may have 256 files open, enough are left for the rest of the run.
 */
const maxOpenFiles = 192;
/** Of each part, however many there are. */
const minOpenFiles = 64;
/** Files made durable at the same time at the end: each sync waits for the disk, and they share its flushes. */
const parallelSyncs = 8;
/** Smaller files are made durable at the end only. */
const firstSyncBytes = 200_000;
/** Of those that go ahead; more would be in the way of reading and writing. */
const parallelSyncsAhead = 2;

export class AppendQueue {
  /** Path → handle, the one used longest ago first. */
  readonly #handles = new Map<string, FileHandle>();
  readonly #paths = new Set<string>();
  /** Path → bytes written, and those of them that a sync has begun with. */
  readonly #sizes = new Map<string, { written: number; synced: number }>();
  #syncsAhead = 0;
  /** Of such a sync: the disk tells it once, and the next sync says that all is well. */
  #syncFault: unknown;
  /** Settles when all writes asked for so far are done. */
  #tail: Promise<void> = Promise.resolve();
  #isAborted = false;
  readonly #maxOpenFiles: number;

  /** @param partCount - how many queues there are */
  constructor(partCount = 1) {
    this.#maxOpenFiles = Math.max(minOpenFiles, Math.floor(maxOpenFiles / partCount));
  }

  /**
   * Appends to a file, which is created at its first piece. Resolves when the writes before this one are done; this
   * one goes on meanwhile, so the bytes must stay as they are. A fault is thrown by a later call.
   */
  append(path: string, bytes: Uint8Array): Promise<void> {
    const before = this.#tail;
    this.#tail = before.then(() => this.#write(path, bytes));
    // Whoever appends or finishes next gets the error; without this, Node would call it unhandled until then.
    this.#tail.catch(() => {});
    return before;
  }

  /** Waits for all writes. */
  async flush(): Promise<void> {
    await this.#tail;
  }

  /** Waits for all writes and makes the files durable. */
  async finish(): Promise<void> {
    await this.#tail;
    const paths = [...this.#paths];
    const syncNext = async (): Promise<void> => {
      for (let path = paths.pop(); path !== undefined; path = paths.pop()) await this.#sync(path);
    };
    await Promise.all(Array.from({ length: parallelSyncs }, syncNext));
    // Closing a file has waited for the sync that went ahead.
    if (this.#syncFault !== undefined) throw this.#syncFault;
    this.#paths.clear();
    this.#sizes.clear();
  }

  /** Waits for the write in flight, then closes all without caring for what is in them. */
  async drop(): Promise<void> {
    await this.#tail.catch(() => {});
    this.#tail = Promise.resolve();
    for (const handle of this.#handles.values()) await handle.close().catch(() => {});
    this.#handles.clear();
    this.#paths.clear();
    this.#sizes.clear();
  }

  /** No file is opened or written from now on. */
  abort(): void {
    this.#isAborted = true;
  }

  async #write(path: string, bytes: Uint8Array): Promise<void> {
    if (this.#isAborted) return;
    try {
      const handle = await this.#open(path);
      for (let offset = 0; offset < bytes.length; ) {
        const { bytesWritten } = await handle.write(bytes, offset, bytes.length - offset);
        offset += bytesWritten;
      }
      this.#syncAhead(path, handle, bytes.length);
    } catch (error) {
      throw outputError(error, path);
    }
  }

  /**
   * Lets the disk begin while the caller goes on computing, so that there is less to wait for in the end. Each time a file
   * has grown by a half: a few times, however large it becomes.
   */
  #syncAhead(path: string, handle: FileHandle, byteCount: number): void {
    const size = this.#sizes.get(path) ?? { written: 0, synced: 0 };
    this.#sizes.set(path, size);
    size.written += byteCount;
    if (this.#syncsAhead >= parallelSyncsAhead || size.written < Math.max(firstSyncBytes, size.synced * 1.5)) return;
    size.synced = size.written;
    this.#syncsAhead++;
    handle
      .datasync()
      .catch((error: unknown) => {
        this.#syncFault ??= outputError(error, path);
      })
      .finally(() => {
        this.#syncsAhead--;
      });
  }

  async #open(path: string): Promise<FileHandle> {
    const known = this.#handles.get(path);
    if (known !== undefined) {
      this.#handles.delete(path);
      this.#handles.set(path, known);
      return known;
    }
    for (const [oldest, handle] of this.#handles) {
      if (this.#handles.size < this.#maxOpenFiles) break;
      this.#handles.delete(oldest);
      await handle.close();
    }
    // Exclusive at first: in a folder of our own a file of that name would be somebody else's doing.
    const handle = await open(path, this.#paths.has(path) ? 'a' : 'ax');
    this.#paths.add(path);
    this.#handles.set(path, handle);
    return handle;
  }

  async #sync(path: string): Promise<void> {
    try {
      const handle = this.#handles.get(path) ?? (await open(path, 'a'));
      this.#handles.delete(path);
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw outputError(error, path);
    }
  }
}
