// --columns filled: the same rows without the columns that are empty in all of them.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { arrowReaders, parquetReaders, type ReadFile } from '../support/read-typed.ts';
import { makeFolder, ndjson, readFolder, runCommand, runShell } from '../support/run-command.ts';
import { findSharedFolder } from '../support/shared-data.ts';

const input = {
  'in/a.ndjson': ndjson(
    { resourceType: 'Patient', id: 'p1', gender: 'female', name: [{ family: 'Lima' }] },
    { resourceType: 'Questionnaire', id: 'q', status: 'draft', item: [{ linkId: '1', type: 'display', text: '' }] },
  ),
  'in/b.ndjson': ndjson({ resourceType: 'Patient', id: 'p2', birthDate: '1990', name: [{ given: ['Ana', 'Maria'] }] }),
};

async function convert(cwd: string, ...flags: string[]): Promise<Record<string, string>> {
  const { exitCode, stderr } = await runCommand(['in', '-o', 'out', '-q', ...flags], { cwd });
  expect([exitCode, stderr]).toEqual([0, '']);
  return readFolder(join(cwd, 'out'));
}

const headOf = (text: string | undefined) => text?.split('\n')[0];

it('leaves out what is empty in all rows, in main tables and in child tables, and keeps the keys', async () => {
  const files = await convert(makeFolder(input), '--columns', 'filled');
  expect(files['patient.csv']).toBe('id,name,name_family,name_given,gender,birth_date\np1,Lima,Lima,,female,\np2,Ana Maria,,Ana Maria,,1990\n');
  expect(files['details/patient_name.csv']).toBe('patient_id,idx,family,given\np1,0,Lima,\np2,0,,Ana Maria\n');
  // The empty string is a value.
  expect(files['details/questionnaire_item.csv']).toBe('questionnaire_id,idx,parent_idx,link_id,text,type\nq,0,,1,"",display\n');
});

it('_schema.json has the columns of the files', async () => {
  const files = await convert(makeFolder(input), '--columns', 'filled');
  const { tables } = JSON.parse(files['_schema.json'] as string) as { tables: Record<string, { file: string; rowCount: number; columns: { name: string }[] }> };
  expect(Object.keys(tables)).toHaveLength(4);
  for (const { file, rowCount, columns } of Object.values(tables)) {
    expect(headOf(files[file])).toBe(columns.map(({ name }) => name).join(','));
    expect(parse(files[file] as string)).toHaveLength(rowCount + 1);
  }
});

it.each([['2'], ['3']])('gives the same bytes on %s threads', async (threads) => {
  const { '_report.json': _, ...one } = await convert(makeFolder(input), '--columns', 'filled', '--threads', '1');
  const { '_report.json': __, ...several } = await convert(makeFolder(input), '--columns', 'filled', '--threads', threads);
  expect(several).toEqual(one);
});

it('keeps the newest of several versions, and rejects beside the tables', async () => {
  const old = { resourceType: 'Patient', id: 'p1', active: true, meta: { lastUpdated: '2020-01-01T00:00:00Z' } };
  const cwd = makeFolder({
    'in/a.ndjson': `${ndjson(old)}{"bad\n`,
    'in/b.ndjson': ndjson({ ...old, active: undefined, meta: { lastUpdated: '2021-01-01T00:00:00Z' } }),
  });
  for (const threads of ['1', '2']) {
    const { exitCode } = await runCommand(['in', '-o', 'out', '-q', '--columns', 'filled', '--threads', threads], { cwd });
    expect(exitCode).toBe(3);
    const files = readFolder(join(cwd, 'out'));
    expect(files['patient.csv']).toBe('id,meta_last_updated\np1,2021-01-01T00:00:00Z\n');
    expect(files['rejects.ndjson']?.split('\n')).toHaveLength(2);
  }
});

it('counts characters that were replaced', async () => {
  const cwd = makeFolder({ 'in.ndjson': '{"resourceType":"Patient","id":"p","gender":"\\ud800"}\n' });
  const { stderr } = await runCommand(['in.ndjson', '--columns', 'filled'], { cwd });
  expect(stderr).toContain('table patient: 1 lone surrogates');
});

it('tables without rows have their keys with --all-tables', async () => {
  const files = await convert(makeFolder(input), '--columns', 'filled', '--all-tables', '-t', 'patient_photo,goal,questionnaire_item');
  expect(files['details/patient_photo.csv']).toBe('patient_id,idx\n');
  expect(files['goal.csv']).toBe('id\n');
});

describe('on stdout', () => {
  it('works, also from stdin, takes back what was superseded, and leaves nothing behind', async () => {
    const versions = ndjson({ resourceType: 'Patient', id: 'p', active: true }, { resourceType: 'Patient', id: 'p', gender: 'male' });
    // Of its own: others run beside this.
    const temporary = makeFolder();
    const { exitCode, stdout, stderr } = await runCommand(['-', '-o', '-', '-t', 'patient', '--columns', 'filled', '-q'], {
      cwd: makeFolder(),
      env: { TMPDIR: temporary, TEMP: temporary },
      input: versions,
    });
    expect([exitCode, stdout, stderr]).toEqual([0, 'id,gender\np,male\n', '']);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('ends quietly when its reader goes away', async () => {
    const many = ndjson(...Array.from({ length: 20_000 }, (_, index) => ({ resourceType: 'Patient', id: `p${index}`, gender: 'female' })));
    const cwd = makeFolder({ 'in.ndjson': many });
    const { stdout, stderr } = await runShell('set -o pipefail; fhir-flatten in.ndjson -o - -t patient --columns filled -q | head -1; echo $?', { cwd });
    expect([stdout, stderr]).toEqual(['id,gender\n0\n', '']);
  });
});

const formats: readonly [string, ReadFile][] = [
  ['parquet', parquetReaders.DuckDB as ReadFile],
  ['arrow', arrowReaders['apache-arrow'] as ReadFile],
];

it.each(formats)('%s files have the same cells as the standard ones, but for empty columns', async (format, read) => {
  const samples = join(import.meta.dirname, '../../samples');
  const cwd = makeFolder();
  for (const columns of ['standard', 'filled']) {
    const { exitCode, stderr } = await runCommand([samples, '-o', columns, '-f', format, '-q', '--columns', columns], { cwd });
    expect([exitCode, stderr]).toEqual([0, '']);
  }
  const { tables } = JSON.parse(readFileSync(join(cwd, 'filled/_schema.json'), 'utf8')) as { tables: Record<string, { file: string }> };
  expect(Object.keys(tables).length).toBeGreaterThan(30);
  for (const { file } of Object.values(tables)) {
    const standard = await read(join(cwd, 'standard', file));
    const filled = await read(join(cwd, 'filled', file));
    const hasValue = (index: number) => standard.rows.some((row) => row[index] !== null);
    const places = filled.columns.map((name) => standard.columns.indexOf(name));
    expect([file, filled.rows]).toEqual([file, standard.rows.map((row) => places.map((index) => row[index]))]);
    const missing = standard.columns.filter((name, index) => hasValue(index) && !filled.columns.includes(name));
    const empty = filled.columns.filter((name, place) => !hasValue(places[place] as number) && !/(^|_)idx$/.test(name));
    expect([file, missing, empty]).toEqual([file, [], []]);
  }
});

it('a dry run says the same rows', async () => {
  const { exitCode, stdout } = await runCommand(['in', '--dry-run', '--json', '--columns', 'filled'], { cwd: makeFolder(input) });
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout).tables).toEqual({ patient: 2, patient_name: 2, questionnaire: 1, questionnaire_item: 1 });
});

describe.each(['data/hl7-r4-examples', 'data/bulk-ndjson'])('%s', (name) => {
  const folder = findSharedFolder(name);

  it.skipIf(folder === undefined)('has the same cells as the standard tables, but for empty columns', async () => {
    const cwd = makeFolder();
    await runCommand([folder as string, '-o', 'all', '-q'], { cwd });
    await runCommand([folder as string, '-o', 'filled', '-q', '--columns', 'filled'], { cwd });
    const names = (out: string) => readdirSync(join(cwd, out), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.csv'));
    expect(names('filled').sort()).toEqual(names('all').sort());
    for (const path of names('all')) {
      const [head = [], ...rows] = parse(readFileSync(join(cwd, 'all', path))) as string[][];
      const isFilled = head.map(
        (column, index) => index === 0 || /(^|_)idx$/.test(column) || column === 'is_modifier' || rows.some((row) => row[index] !== ''),
      );
      const expected = [head, ...rows].map((row) => row.filter((_, index) => isFilled[index]));
      expect([path, JSON.stringify(parse(readFileSync(join(cwd, 'filled', path)))) === JSON.stringify(expected)]).toEqual([path, true]);
    }
  });
});
