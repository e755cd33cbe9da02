// Several threads give the same bytes as one, whatever is in the input; and they stop, fail and are counted as one run.

import { readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { convert } from '../../src/index.ts';
import { makeFolder, ndjson, type Outcome, readFolder, runCommand, startCommand, until } from '../support/run-command.ts';
import { findSharedFolder } from '../support/shared-data.ts';

type Files = Record<string, string | Uint8Array>;

/** Runs with 1, 2 and 3 threads; all must publish the same and say the same. Returns the first. */
async function runAlike(files: Files, args: readonly string[] = ['in']): Promise<Outcome & { files: Record<string, string> }> {
  const cwd = makeFolder(files);
  let first: (Outcome & { files: Record<string, string> }) | undefined;
  for (const threads of ['1', '2', '3']) {
    const outcome = await runCommand([...args, '-o', 'out', '--threads', threads], { cwd });
    const result = {
      ...outcome,
      stderr: outcome.stderr.replace(/ in [\d.]+ s$/m, ''),
      files: readdirSync(cwd).includes('out') ? readFolder(`${cwd}/out`) : {},
    };
    first ??= result;
    expect(result).toEqual(first);
  }
  return first as Outcome & { files: Record<string, string> };
}

function patient(id: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { resourceType: 'Patient', id, ...more };
}

function many(prefix: string, count: number, more: Record<string, unknown> = {}): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, index) => patient(`${prefix}${index}`, { birthDate: '1980-01-01', ...more }));
}

describe('threads', () => {
  it('give the same bytes, report and messages as one', async () => {
    const bundle = { resourceType: 'Bundle', type: 'searchset', total: 1, entry: [{ fullUrl: 'urn:uuid:0a', resource: { resourceType: 'Condition' } }, 7] };
    const { exitCode, files } = await runAlike({
      'in/a.ndjson': `${ndjson(...many('a', 5000, { text: { status: 'generated', div: '<div/>' }, fooBar: 1, gender: 5 }))}not json\n`,
      'in/b.json': JSON.stringify(bundle),
      'in/c.ndjson.gz': gzipSync(ndjson(...many('c', 3000, { active: 'yes', fooBaz: 2 }), { resourceType: 'Encounter', id: 'e', status: '\ud800' })),
      'in/d.txt': 'hello',
      'in/e.json': '',
      'in/f.ndjson': `{"resourceType":"../../x"}\n{]\n${ndjson(...many('f', 4000), { resourceType: 'Encounter', id: 'e2', status: 'a"b,c\n' })}`,
      'in/g.json': JSON.stringify(bundle).slice(0, -3),
      'in/h.ndjson': ndjson({ resourceType: 'FooThing', id: 'x', a: 1 }),
    });
    expect(exitCode).toBe(3);
    expect(files['patient.csv']?.trimEnd().split('\n')).toHaveLength(12_001);
    expect(files['encounter.csv']?.match(/^e2?,/gm)).toEqual(['e,', 'e2,']);
    const report = JSON.parse(files['_report.json'] as string);
    expect(report.sources).toHaveLength(8);
    expect(report.rejects).toBe(files['rejects.ndjson']?.trimEnd().split('\n').length);
  });

  it.each([
    ['within a part', [[patient('a'), patient('b'), patient('a')], [patient('c')], [patient('d')]]],
    ['within a part, differing', [[patient('a')], [patient('b'), patient('b', { gender: 'male' })], [patient('c')]]],
    [
      'identical in all parts',
      [
        [patient('a'), patient('x')],
        [patient('x'), patient('b')],
        [patient('c'), patient('x'), patient('x')],
      ],
    ],
    ['differing in all parts', [[patient('a'), patient('x')], [patient('x', { gender: 'male' }), patient('b')], [patient('x', { gender: 'other' })]]],
    ['that come back', [[patient('x')], [patient('x', { gender: 'male' }), patient('b')], [patient('x')]]],
    ['all the same', [many('p', 50), many('p', 50), many('p', 50)]],
    ['all differing', [many('p', 50), many('p', 50, { active: true }), many('p', 50, { active: false })]],
    [
      'with the newest first',
      [[patient('x', { meta: { lastUpdated: '2022-01-01T00:00:00Z' } })], [patient('x', { meta: { lastUpdated: '2021-01-01T00:00:00Z' } })], [patient('c')]],
    ],
    [
      'with the newest in the middle',
      ['2020', '2022', '2021'].map((year) => [patient('x', { meta: { lastUpdated: `${year}-01-01T00:00:00Z` } }), patient(year)]),
    ],
    [
      'where one has no date',
      [
        [patient('x', { meta: { lastUpdated: '2022-01-01T00:00:00Z' } })],
        [patient('x', { gender: 'male' })],
        [patient('x', { meta: { lastUpdated: '2021-01-01T00:00:00Z' } })],
      ],
    ],
  ])('keep the same of duplicates %s', async (_name, [a = [], b = [], c = []]) => {
    await runAlike({ 'in/a.ndjson': `${ndjson(...a)}{\n`, 'in/b.ndjson': `${ndjson(...b)}{\n`, 'in/c.ndjson': `${ndjson(...c)}{\n` });
  });

  it('refuse the same of types that FHIR does not define', async () => {
    const letters = 'abcdefghijklmnopqrstuvwxyz';
    const types = (prefix: string, count: number): Record<string, unknown>[] =>
      Array.from({ length: count }, (_, index) => ({ resourceType: `${prefix}${letters[Math.floor(index / 26)]}${letters[index % 26]}`, id: 'x' }));
    const limited = await runAlike({
      'in/a.ndjson': ndjson(...types('Aa', 60)),
      'in/b.ndjson': ndjson(...types('Bb', 60)),
      'in/c.ndjson': ndjson(...types('Aa', 60)),
    });
    expect(limited.exitCode).toBe(3);
    expect(limited.stderr).toContain('more than 100 resource types');
    const clashing = await runAlike({ 'in/a.ndjson': ndjson({ resourceType: 'FooBar', id: '1' }), 'in/b.ndjson': ndjson({ resourceType: 'FOOBar', id: '2' }) });
    expect(clashing.stderr).toContain('would share its table with another type');
  });

  it('count the same where there are more paths than the report lists', async () => {
    const odd = (prefix: string): Record<string, unknown> =>
      patient(prefix, Object.fromEntries(Array.from({ length: 1500 }, (_, index) => [`${prefix}${index}`, 1])));
    await runAlike({ 'in/a.ndjson': ndjson(odd('a')), 'in/b.ndjson': ndjson(odd('b')), 'in/c.ndjson': ndjson(odd('a')) });
  });

  it('take all options along, and fail alike when nothing is left', async () => {
    const files = { 'in/a.ndjson': ndjson(...many('a', 10)), 'in/b.ndjson': ndjson(...many('b', 10), { resourceType: 'Encounter', id: 'e' }) };
    await runAlike(files, ['in', '-t', 'patient', '--delimiter', 'tab', '--bom', '--null', 'NA', '-q']);
    await runAlike(files, ['in', '-t', 'encounter', '--no-header']);
    await runAlike(files, ['in', '--max-depth', '1', '-t', 'encounter']);
    const empty = await runAlike({ 'in/a.ndjson': '{', 'in/b.ndjson': '{' });
    expect(empty).toMatchObject({ exitCode: 1, files: {} });
  });

  it.each([
    ['--no-details'],
    ['--codings', 'all'],
    ['--columns', 'wide'],
    ['--columns', 'filled', '--all-tables', '-t', 'patient,goal,patient_photo'],
    ['--attachments', 'text', '--narrative'],
    ['--attachments', 'base64', '--keep-versions'],
    ['--attachments', 'files', '--audit'],
  ])('make the same tables with %s %s', async (...flags) => {
    const documented = {
      resourceType: 'Patient',
      id: 'documented',
      text: { status: 'generated', div: '<div>x</div>' },
      language: 'en',
      maritalStatus: { coding: [{ code: 'M' }, { code: 'S' }] },
      photo: [{ contentType: 'text/plain', data: 'YQ==' }],
    };
    const version = { ...documented, language: 'de' };
    const files = { 'in/a.ndjson': ndjson(...many('a', 5), documented), 'in/b.ndjson': ndjson(version, documented), 'in/c.ndjson': ndjson(...many('c', 5)) };
    const { files: written } = await runAlike(files, ['in', ...flags]);
    expect(Object.keys(written)).toContain('patient.csv');
  });

  it.runIf(findSharedFolder('data/synthea-bundles'))('give the same bytes on real data', { timeout: 120_000 }, async () => {
    for (const name of ['synthea-bundles', 'bulk-ndjson', 'hl7-r4-examples']) await runAlike({}, [findSharedFolder(`data/${name}`) as string]);
  });

  it('work for --dry-run and --json, and for one table in a file', async () => {
    const cwd = makeFolder({ 'a.ndjson': ndjson(...many('a', 10)), 'b.ndjson': ndjson(...many('b', 20)) });
    const dry = await runCommand(['.', '--dry-run', '--json', '-q', '--threads', '2'], { cwd });
    expect(JSON.parse(dry.stdout)).toMatchObject({ status: 'dry-run', resources: 30, sources: 2, tables: { patient: 30 } });
    expect(readdirSync(cwd)).toEqual(['a.ndjson', 'b.ndjson']);
    await runCommand(['a.ndjson', 'b.ndjson', '-t', 'patient', '-o', 'people.csv', '--threads', '2'], { cwd });
    expect(readFolder(cwd)['people.csv']?.trimEnd().split('\n')).toHaveLength(31);
  });

  it('are threads indeed, with the built entry', async () => {
    const cwd = makeFolder({ 'a.ndjson': ndjson(...many('a', 10)), 'b.ndjson': ndjson(...many('b', 20)) });
    const { stderr } = await runCommand(['.', '-q', '--threads', '2'], { cwd, env: { NODE_DEBUG: 'worker' } });
    expect(stderr.match(/starts worker script .*/g)).toEqual([expect.stringContaining('dist/worker.js')]);
    const worker = new Worker(join(import.meta.dirname, '../../dist/worker.js'));
    expect(await new Promise((resolve) => worker.once('message', resolve))).toEqual({ kind: 'ready' });
    await worker.terminate();
  });

  it('stop at the first bad record of any of them with --fail-fast', async () => {
    const cwd = makeFolder({ 'in/a.ndjson': ndjson(...many('a', 1000)), 'in/b.ndjson': `{\n${ndjson(...many('b', 1000))}` });
    const { exitCode, stderr } = await runCommand(['in', '--fail-fast', '--threads', '2'], { cwd });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error: in\/b.ndjson:1 .*not JSON.*\nerror: stopped at the first bad record/);
    expect(readdirSync(cwd)).toEqual(['in']);
  });

  it('refuse a file that the user named and that is no FHIR', async () => {
    const cwd = makeFolder({ 'a.ndjson': ndjson(...many('a', 1000)), 'b.txt': 'hello' });
    const { exitCode, stderr } = await runCommand(['a.ndjson', 'b.txt', '--threads', '2'], { cwd });
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(/^error: b.txt: skipped: no FHIR JSON/) });
    expect(readdirSync(cwd)).toEqual(['a.ndjson', 'b.txt']);
  });

  it('end at a signal and leave nothing behind', async () => {
    const cwd = makeFolder();
    for (let file = 0; file < 40; file++)
      writeFileSync(`${cwd}/in-${file}.ndjson`, ndjson(...many(`f${file}-`, 10_000, { name: [{ family: 'x', given: ['a', 'b'] }] })));
    for (const waitMs of [0, 60, 200, 400]) {
      const run = startCommand(['.', '-o', 'out', '--threads', '2'], { cwd });
      await until(() => readdirSync(cwd).includes('out'));
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      run.process.kill('SIGINT');
      expect(await run.outcome).toMatchObject({ exitCode: 130, stderr: 'error: stopped, nothing published\n' });
      expect(readdirSync(cwd)).not.toContain('out');
    }
  });

  it('are replaced by one where they cannot start', async () => {
    // From the sources there is no built entry that Node could run.
    const cwd = makeFolder({ 'a.ndjson': ndjson(...many('a', 10)), 'b.ndjson': ndjson(...many('b', 20)) });
    const { tables } = await convert({ inputs: [cwd], out: `${cwd}/out`, threads: cpus().length + 1 });
    expect(tables.map(({ schema, facts }) => [schema.name, facts.rowCount])).toEqual([['patient', 30]]);
    expect(readFolder(`${cwd}/out`)['patient.csv']?.match(/^[ab]\d+/gm)).toHaveLength(30);
  });
});
