// Threads that do not do what they should: one that cannot start is replaced, one that dies or stalls fails the run.

import { pathToFileURL } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { WorkerThread } from '../../src/part-thread.ts';
import type { PartTask } from '../../src/pipeline.ts';
import type { Part, PartReading } from '../../src/run/part.ts';
import { makeFolder } from '../support/run-command.ts';

const task: PartTask = { number: 1, partCount: 2, sources: [], hashSeeds: [1, 2], onDiagnostic: () => {}, onProgress: () => {} };
const reading = { notReplacedCount: 7 } as unknown as PartReading;

/** A thread of this code takes a part; `inThisThread` stands in for it where it does not start. */
async function read(code: string): Promise<{ result: PartReading | unknown; wasReplaced: boolean }> {
  const entry = pathToFileURL(`${makeFolder({ 'entry.mjs': `import { parentPort } from 'node:worker_threads';\n${code}` })}/entry.mjs`);
  const settings = {
    place: { kind: 'discard' },
    fhirVersion: 'r4',
    formatName: 'csv',
    csv: {},
    typed: undefined,
    parquet: undefined,
    defaultTables: undefined,
    hasDefaultTables: true,
    views: [],
    limits: { recordBytes: 1, depth: 1, expansion: 1 },
  } as const;
  const thread = new WorkerThread(
    () => ({ ...settings, tableNames: undefined, isFailFast: false, isAudited: false, keepsVersions: false, engine: undefined, plugins: [] }),
    entry,
  );
  const substitute = vi.fn((): Part => ({ read: async () => reading, readAgain: async () => reading, stop: () => {}, end: () => {} }));
  const result = await thread
    .take(task, substitute)
    .read()
    .catch((error: unknown) => error);
  await thread.end();
  return { result, wasReplaced: substitute.mock.calls.length === 1 };
}

const ready = "parentPort.postMessage({ kind: 'ready' });";

describe('a thread', () => {
  it.each([
    ['does not load', "import './missing.mjs';"],
    ['throws before it is ready', 'throw new Error();'],
    ['ends before it is ready', 'process.exit(0);'],
  ])('that %s is replaced by this one', async (_name, code) => {
    expect(await read(code)).toEqual({ result: reading, wasReplaced: true });
  });

  it.each([
    ['crashes', "parentPort.on('message', () => { throw new RangeError('secret'); });", 'a thread of the run ended before its work was done: RangeError'],
    ['crashes right after it is ready', "throw new RangeError('secret');", 'a thread of the run ended before its work was done: RangeError'],
    ['exits', "parentPort.on('message', () => process.exit(9));", 'a thread of the run ended before its work was done: it ended with code 9'],
    ['stalls', "parentPort.once('message', () => parentPort.postMessage({ kind: 'stage', stage: 'reading x' }));", /ended before it was done, in: reading x/],
  ])('that %s fails the run, without showing a value', async (_name, code, message) => {
    const { result, wasReplaced } = await read(`${ready}${code}`);
    expect(result).toMatchObject({ name: 'UserError', exitCode: 1, message: typeof message === 'string' ? message : expect.stringMatching(message) });
    expect(wasReplaced).toBe(false);
  });

  it('gives its error as this thread would throw it', async () => {
    const failure = "{ code: 'OUTPUT_FAILED', exitCode: 1, parameters: { path: 'p', reason: 'r' }, location: undefined, stack: undefined }";
    const { result } = await read(
      `${ready} parentPort.on('message', () => parentPort.postMessage({ kind: 'failed', failure: ${failure}, diagnostics: { counts: new Map(), kept: [] } }));`,
    );
    expect(result).toMatchObject({ name: 'UserError', code: 'OUTPUT_FAILED', message: 'cannot write p: r' });
  });
});
