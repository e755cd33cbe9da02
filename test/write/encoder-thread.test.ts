// The thread that encodes Parquet files: one that cannot start is replaced, one that fails or dies fails the run, and a run
// that is stopped gets no more bytes. Whether its files are right is asked of the built command.

import { pathToFileURL } from 'node:url';
import { parquetMetadata } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { EncoderThread } from '../../src/write/parquet/encoder-thread.ts';
import { whenOpen } from '../../src/write/parquet/open-file.ts';
import type { RowGroup } from '../../src/write/typed/row-groups.ts';
import { makeFolder } from '../support/run-command.ts';

const columns = [{ name: 'n', type: { kind: 'int32' } }] as const;
const table = { metaData: [], options: { compression: 'zstd' } } as const;

/** Rows of so many bytes. */
function rowsOf(byteCount: number): RowGroup {
  const values = new Int32Array(byteCount / 4);
  const { length } = values;
  return { rowCount: length, columns: [{ length, nullCount: 0, validity: undefined, offsets: undefined, values, items: undefined }] };
}

function startThread(code: string): EncoderThread {
  const folder = makeFolder({ 'entry.mjs': `import { parentPort } from 'node:worker_threads';\n${code}` });
  return new EncoderThread(pathToFileURL(`${folder}/entry.mjs`));
}

/** Writes a file in a thread of this code: one group, in two pieces. */
async function writeFile(code: string): Promise<{ readonly error: unknown; readonly bytes: Buffer }> {
  const thread = startThread(code);
  const pieces: Uint8Array[] = [];
  const append = async (bytes: Uint8Array) => void pieces.push(bytes);
  try {
    const file = whenOpen(thread.open(columns, table, append));
    await file.addPiece(rowsOf(400));
    await file.endGroup(rowsOf(800));
    await file.close();
    await thread.finish();
    return { error: undefined, bytes: Buffer.concat(pieces) };
  } catch (error) {
    return { error, bytes: Buffer.concat(pieces) };
  } finally {
    thread.stop();
  }
}

const ready = "parentPort.postMessage({ kind: 'ready' });";

describe('a thread that encodes', () => {
  it.each([
    ['does not load', "import './missing.mjs';"],
    ['throws before it is ready', 'throw new Error();'],
    ['ends before it is ready', 'process.exit(0);'],
  ])('and that %s is replaced by this one', async (_name, code) => {
    const { bytes, error } = await writeFile(code);
    expect(error).toBeUndefined();
    const { num_rows, row_groups } = parquetMetadata(new Uint8Array(bytes).buffer);
    expect({ rows: Number(num_rows), groups: row_groups.length }).toEqual({ rows: 300, groups: 1 });
  });

  it.each([
    ['crashes', "parentPort.on('message', () => { throw new RangeError('secret'); });", 'a thread of the run ended before its work was done: RangeError'],
    ['exits', "parentPort.on('message', () => process.exit(9));", 'a thread of the run ended before its work was done: it ended with code 9'],
    ['has nothing more to do', "parentPort.once('message', () => {});", 'a thread of the run ended before its work was done: it ended with code 0'],
    ['fails', "parentPort.on('message', () => parentPort.postMessage({ kind: 'failed', reason: 'TypeError' }));", 'internal error: TypeError'],
  ])('and that %s fails the run, without showing a value', async (_name, code, message) => {
    const { error } = await writeFile(`${ready}${code}`);
    expect(error).toMatchObject({ name: 'UserError', exitCode: 1, message });
  });

  it('is given no more rows than it can take, until it has done some', async () => {
    const thread = startThread(`${ready}
      let open = false;
      parentPort.on('message', ({ kind }) => {
        if (kind === 'open') return;
        if (kind === 'end-group') open = true;
        if (open) setTimeout(() => parentPort.postMessage({ kind: 'done' }), 20);
      });`);
    const file = whenOpen(thread.open(columns, table, async () => {}));
    await file.addPiece(rowsOf(8));
    let isTaken = false;
    const large = file.addPiece(rowsOf(64 * 1024 * 1024)).then(() => {
      isTaken = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(isTaken).toBe(false);
    // Each answer is for the request that has waited longest.
    await Promise.all([file.endGroup(rowsOf(4)), file.endGroup(rowsOf(4)), large]);
    expect(isTaken).toBe(true);
    thread.stop();
  });

  it('ends the run with the error of whoever takes its bytes', async () => {
    const thread = startThread(`${ready} parentPort.on('message', ({ kind, number }) => {
      if (kind !== 'open') parentPort.postMessage({ kind: 'bytes', number, bytes: new Uint8Array(8) });
      if (kind !== 'open') parentPort.postMessage({ kind: 'done' });
    });`);
    const full = async () => {
      throw new Error('the disk is full');
    };
    const file = whenOpen(thread.open(columns, table, full));
    await file.endGroup(rowsOf(8));
    await expect(thread.finish()).rejects.toThrow('the disk is full');
    await expect(file.close()).rejects.toThrow('the disk is full');
    thread.stop();
  });

  it('gives no bytes to a run that was stopped, and lets nobody wait for it', async () => {
    const thread = startThread(`${ready} parentPort.on('message', ({ number }) => {
      setInterval(() => parentPort.postMessage({ kind: 'bytes', number, bytes: new Uint8Array(8) }), 1);
    });`);
    let byteCount = 0;
    let onFirst: () => void = () => {};
    const first = new Promise<void>((resolve) => {
      onFirst = resolve;
    });
    const append = async (bytes: Uint8Array) => {
      byteCount += bytes.length;
      onFirst();
    };
    const file = whenOpen(thread.open(columns, table, append));
    await file.addPiece(rowsOf(8));
    const finished = thread.finish();
    await first;
    thread.stop();
    await expect(finished).rejects.toMatchObject({ code: 'STOPPED' });
    const atTheEnd = byteCount;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(byteCount).toBe(atTheEnd);
  });
});
