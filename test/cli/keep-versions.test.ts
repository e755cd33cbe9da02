// --keep-versions: every version of a resource has rows; version_hash tells them apart, also in child tables.

import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { expect, it } from 'vitest';
import { makeFolder, ndjson, readFolder, runCommand } from '../support/run-command.ts';

const version = (number: number, family: string) => ({
  resourceType: 'Patient',
  id: 'p',
  meta: { versionId: String(number), lastUpdated: `202${number}-01-01T00:00:00Z` },
  name: [{ family }, { family: `${family} again` }],
  extension: [{ url: 'u', valueString: family }],
  maritalStatus: { coding: [{ code: 'a' }, { code: family }] },
  contained: [{ resourceType: 'Organization', id: 'o', name: family, telecom: [{ system: 'phone', value: '1' }] }],
});

type Rows = Record<string, Record<string, string>[]>;

async function convert(files: Record<string, string>, ...flags: string[]): Promise<{ tables: Rows; texts: Record<string, string> }> {
  const cwd = makeFolder(files);
  const { exitCode, stderr } = await runCommand(['in', '-o', 'out', '-q', '--keep-versions', ...flags], { cwd });
  expect([exitCode, stderr]).toEqual([0, '']);
  const texts = Object.fromEntries(Object.entries(readFolder(join(cwd, 'out'))).filter(([name]) => name.endsWith('.csv')));
  return { tables: Object.fromEntries(Object.entries(texts).map(([name, text]) => [name.replace('.csv', ''), parse(text, { columns: true })])), texts };
}

const files = {
  'in/a.ndjson': ndjson(version(2, 'B'), version(1, 'A')),
  'in/b.ndjson': ndjson(version(1, 'A'), version(3, 'C'), { resourceType: 'Observation', id: 'o', subject: { reference: 'Patient/p/_history/1' } }),
};

it('gives each version its rows, and copies with the same content one', async () => {
  const { tables } = await convert(files);
  expect(tables.patient?.map((row) => [row.id, row.meta_version_id, row.name_family])).toEqual([
    ['p', '2', 'B'],
    ['p', '1', 'A'],
    ['p', '3', 'C'],
  ]);
  expect(tables.observation?.[0]?.patient_id).toBe('p');
});

it('keys are unique, and every child row has one parent', async () => {
  const { tables } = await convert(files);
  const parents = new Map(['patient', 'organization', 'observation'].map((name) => [name, tables[name]?.map((row) => `${row.id} ${row.version_hash}`) ?? []]));
  expect(parents.get('patient')?.every((key) => /^p [0-9a-f]{16}$/.test(key))).toBe(true);
  for (const keys of parents.values()) expect(new Set(keys).size).toBe(keys.length);
  const children = Object.entries(tables).filter(([name]) => name.startsWith('details/'));
  expect(children.map(([name]) => name)).toEqual([
    'details/organization_telecom',
    'details/patient_extension',
    'details/patient_extra_coding',
    'details/patient_name',
  ]);
  for (const [name, rows] of children) {
    const type = name.slice('details/'.length).split('_')[0] as string;
    const keys = rows.map((row) => `${row[`${type}_id`]} ${row.version_hash}`);
    expect([name, keys.filter((key) => !parents.get(type)?.includes(key))]).toEqual([name, []]);
    expect([name, new Set(rows.map((row, index) => `${keys[index]} ${row.idx} ${row.coding_idx}`)).size]).toEqual([name, rows.length]);
  }
  expect(tables['details/patient_name']).toHaveLength(6);
});

it.each([['2'], ['3']])('gives the same bytes on %s threads', async (threads) => {
  expect((await convert(files, '--threads', threads)).texts).toEqual((await convert(files)).texts);
});

it('works on stdout, where nothing has to be taken back', async () => {
  const cwd = makeFolder(files);
  const { exitCode, stdout, stderr } = await runCommand(['in', '-o', '-', '-q', '-t', 'patient', '--keep-versions'], { cwd });
  expect([exitCode, stderr]).toEqual([0, '']);
  expect(parse(stdout, { columns: true })).toHaveLength(3);
});

it('finds the entry of a Bundle that a urn means, among versions', async () => {
  const entry = [
    { fullUrl: 'urn:uuid:2', resource: { resourceType: 'Observation', id: 'o', subject: { reference: 'urn:uuid:1' } } },
    { fullUrl: 'urn:uuid:1', resource: version(1, 'A') },
  ];
  const { tables } = await convert({
    'in/a.json': JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry }),
    'in/b.ndjson': ndjson(version(2, 'B')),
  });
  expect(tables.observation?.[0]?.patient_id).toBe('p');
  expect(tables.patient).toHaveLength(2);
});
