// The bench runs, on little input. What it measures is for people: no test depends on a time.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePatientRecord } from './generate/patient-record.ts';
import type { Measured } from './print-figures.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function runNode(...args: string[]): string {
  const result = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(result.stderr).toBe('');
  expect(result.status).toBe(0);
  return result.stdout;
}

function generate(kind: string, amount: number): string {
  const target = join(folder, kind);
  runNode('--import', 'tsx', 'test/bench/generate/generate-input.ts', kind, target, String(amount));
  return target;
}

test('measures every job and compares it to the yardstick', () => {
  const sizes = ['--bundles', '1', '--ndjson-mb', '1', '--view-mb', '1', '--large-mb', '1', '--runs', '1'];
  const groups = JSON.parse(runNode('--import', 'tsx', 'test/bench/bench.ts', ...sizes, '--json')) as Measured[];
  expect(groups.map(({ jobs }) => jobs.length)).toEqual([4, 5, 4, 3, 3, 2]);
  for (const job of groups.flatMap(({ jobs }) => jobs)) {
    expect(job.wallSeconds, job.name).toBeGreaterThan(0);
    expect(job.cpuSeconds, job.name).toBeGreaterThan(0);
    expect(job.peakMegabytes, job.name).toBeGreaterThan(10);
  }
  expect(groups[0]?.jobs[0]?.ratio).toBe(1);
}, 120_000);

test('generates the same record for the same number, with references that have a target', () => {
  const record = makePatientRecord(3);
  expect(makePatientRecord(3)).toEqual(record);
  const ids = new Set(record.map(({ id }) => id));
  expect(ids.size).toBe(record.length);
  const targets = [...JSON.stringify(record).matchAll(/"reference":"urn:uuid:([^"]+)"/g)].map((match) => match[1]);
  expect(targets.length).toBeGreaterThan(record.length);
  expect(targets.filter((id) => id === undefined || !ids.has(id))).toEqual([]);
});

test('the off-the-shelf pipeline and the tool write the same number of rows, but for contained resources', () => {
  for (const [kind, amount] of [
    ['bundles', 1],
    ['ndjson', 2],
  ] as const) {
    const input = generate(kind, amount);
    const peerFolder = join(folder, `${kind}-peer`);
    const ownFolder = join(folder, `${kind}-own`);
    runNode('test/bench/peers/off-the-shelf.mjs', input, peerFolder);
    runNode('bin/fhir-flatten.js', input, '--out', ownFolder, '--quiet');
    const peerCounts = new Map(readdirSync(peerFolder).map((name) => [name, countRecords(join(peerFolder, name))]));
    const ownFiles = readdirSync(ownFolder).filter((name) => name.endsWith('.csv'));
    const { containedByType } = JSON.parse(readFileSync(join(ownFolder, '_report.json'), 'utf8')) as { containedByType: Record<string, number> };
    const contained = new Map(Object.entries(containedByType).map(([type, count]) => [`${type.toLowerCase()}.csv`, count]));
    const ownCounts = ownFiles.map((file): [string, number] => {
      const name = file.replaceAll('_', '');
      return [name, countRecords(join(ownFolder, file)) - (contained.get(name) ?? 0)];
    });
    // One line is the head.
    expect(new Map(ownCounts.filter(([, count]) => count > 1))).toEqual(peerCounts);
  }
}, 60_000);

/** The generated records have no line ends in their cells. */
function countRecords(path: string): number {
  return readFileSync(path, 'utf8').trimEnd().split('\n').length;
}

test('loads into Postgres, again, and beside others', () => {
  const figures = JSON.parse(runNode('--import', 'tsx', 'test/bench/postgres.ts', '--bundles', '1', '--runs', '1', '--json'));
  expect(figures.rows).toBeGreaterThan(1000);
  const names = figures.jobs.map(({ name }: { name: string }) => name);
  expect(names).toEqual(expect.arrayContaining(['fhir-flatten, first load', 'fhir-flatten, the same again', 'INSERT, 1,000 rows a statement']));
}, 120_000);
