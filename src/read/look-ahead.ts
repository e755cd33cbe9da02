// The beginning of a source, looked at before the source is read: nothing of it is lost for the reading.

import { closeSync, openSync, readSync } from 'node:fs';
import type { Source } from '../types.ts';
import { isFileSource } from './file-source.ts';
import { isZip } from './is-zip.ts';
import { PulledChunks } from './pull-chunks.ts';

export interface LookAhead {
  /** To be read instead of the source that was looked at: bytes of a pipe come only once. */
  readonly source: Source;
  /** The first bytes as a source of their own; undefined when there is nothing to be seen. */
  readonly beginning: Source | undefined;
  /** Ends the source, when it is not going to be read. */
  close(): Promise<void>;
}

/** Faults are left to the reading, which reports them. */
export async function lookAhead(source: Source, byteCount: number): Promise<LookAhead> {
  if (!isFileSource(source)) return lookIntoStream(source, byteCount);
  const head = readHead(source.filePath, byteCount);
  // An archive's directory stands at its end: what is in it is seen by reading the archive itself.
  const beginning = head === undefined ? undefined : isZip(head) ? source : makeHeadSource(source, head);
  return { source, beginning, close: async () => {} };
}

function readHead(filePath: string | Buffer, byteCount: number): Buffer | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(filePath, 'r');
    const head = Buffer.allocUnsafe(byteCount);
    return head.subarray(0, readSync(fd, head, 0, byteCount, 0));
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

async function lookIntoStream(source: Source, byteCount: number): Promise<LookAhead> {
  let countedBytes = 0;
  let onRawBytes = (count: number): void => {
    countedBytes += count;
  };
  const chunks = new PulledChunks(source.open((count) => onRawBytes(count)));
  let head: Buffer | undefined;
  let fault: { readonly error: unknown } | undefined;
  try {
    // What is pending may stand in a buffer that the next chunk goes to.
    head = Buffer.from((await chunks.peek(byteCount)).subarray(0, byteCount));
  } catch (error) {
    fault = { error };
  }

  async function* open(onBytes: (count: number) => void = () => {}): AsyncGenerator<Uint8Array, void, undefined> {
    onRawBytes = onBytes;
    onRawBytes(countedBytes);
    if (fault !== undefined) throw fault.error;
    yield* chunks.rest();
  }
  // Of an archive without its end, the members that are there are found all the same.
  const beginning = head === undefined ? undefined : makeHeadSource(source, head);
  return { source: { ...source, open }, beginning, close: () => chunks.close() };
}

function makeHeadSource({ name, isNamedByUser }: Source, head: Buffer): Source {
  async function* open(): AsyncGenerator<Uint8Array, void, undefined> {
    if (head.length > 0) yield head;
  }
  return { name, isNamedByUser, byteSize: head.length, open };
}
