// Parquet and Arrow from the tapes of records, against the same from parsed resources: the same cells to other people's readers.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { arrowReaders, parquetReaders, type ReadFile } from '../support/read-typed.ts';
import { makeFolder, ndjson, readFolder, runCommand } from '../support/run-command.ts';
import { findSharedFolder } from '../support/shared-data.ts';

const readers: Readonly<Record<string, ReadFile>> = {
  parquet: parquetReaders['hyparquet'] as ReadFile,
  arrow: arrowReaders['apache-arrow'] as ReadFile,
};

const records = [
  {
    resourceType: 'Patient',
    id: 'ada',
    active: true,
    birthDate: '1980-02',
    name: [{ given: ['Ada', 'Märiä; 😀 "x" \\'], _given: [null, { id: 'g' }] }, { given: [''] }],
    multipleBirthInteger: 2147483648,
    meta: { lastUpdated: '2024-01-02T03:04:05.1234567+01:00', profile: ['http://a.example/p', 'http://a.example/q'] },
  },
  { resourceType: 'Patient', id: 'bob', birthDate: '1980-13', multipleBirthInteger: 3, deceasedDateTime: '2024-05-06T07:08' },
  { resourceType: 'Patient', id: 'cy', birthDate: '1980', name: [{ given: [null, 'Cy'] }], deceasedBoolean: false, contact: [{ name: { given: ['\ud800'] } }] },
  { resourceType: 'Observation', id: 'o1', status: 'final', code: { text: 'w' }, valueQuantity: { value: 0.1 }, effectiveDateTime: '2024-01-02' },
  { resourceType: 'Observation', id: 'o2', status: 'final', code: { text: '' }, valueInteger: -0, effectiveInstant: '0001-01-01T00:00:00+14:00' },
];
/** Numbers that JSON.stringify would write otherwise. */
const numbers = ['-0', '-0.0', '1.50', '1e3', '1E-400', '12345678901234567890.123', '99999999999999.99995', '5e-324']
  .map((text, index) => `{"resourceType":"Observation","id":"n${index}","status":"final","code":{"text":"n"},"valueQuantity":{"value":${text}}}\n`)
  .join('');
/** Given names as they stand: one odd list each. */
const lists = [
  '["a"]',
  '["a","b"]',
  '["","é漢😀"]',
  '["[","]","{,}"]',
  '["a\\"b\\\\c"]',
  '["\\u0061\\n"]',
  '[]',
  '[null]',
  '["a",null]',
  '["a",1,true]',
  '"a"',
  '[["a"]]',
  '[{"a":"b"}]',
]
  .map((list, index) => `{"resourceType":"Patient","id":"l${index}","name":[{"given":${list}}]}\n`)
  .join('');
/** The same of lists of integers. */
const integerLists = [
  '[1]',
  '[1,2,999999999]',
  '[-1,0]',
  '[-0]',
  '[1.0]',
  '[1e0]',
  '[2147483647,2147483648]',
  '[1,null]',
  '["1"]',
  '[]',
  '1',
  '[[1]]',
  '[1,{}]',
]
  .map((list, index) => `{"resourceType":"Claim","id":"i${index}","item":[{"sequence":1,"careTeamSequence":${list},"diagnosisSequence":${list}}]}\n`)
  .join('');
/** Fractions of a second: exact, with fewer zeros, or cut. */
const fractions = ['.1', '.10', '.000', '.123456', '.1234560', '.1234567', '.0000001', '.123456789123', '.', '.1x']
  .map((fraction, index) => `{"resourceType":"Observation","id":"f${index}","status":"final","issued":"2024-01-02T03:04:05${fraction}Z"}\n`)
  .join('');
const view = {
  resourceType: 'ViewDefinition',
  name: 'given_names',
  resource: 'Patient',
  select: [
    {
      column: [
        { path: 'id', name: 'id' },
        { path: 'name.given', name: 'given', collection: true, type: 'string' },
        { path: 'birthDate', name: 'born', type: 'date' },
      ],
    },
  ],
};

async function cellsOf(folder: string, format: string): Promise<Record<string, unknown>> {
  const names = Object.keys(readFolder(folder)).filter((name) => name.endsWith(`.${format}`));
  expect(names.length).toBeGreaterThan(1);
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await (readers[format] as ReadFile)(join(folder, name))])));
}

async function compareEngines(format: string, cwd: string, args: readonly string[]): Promise<void> {
  const outcomes = [];
  for (const engine of ['bytes', 'objects']) {
    outcomes.push(await runCommand([...args, '-f', format, '--engine', engine, '-o', engine], { cwd }));
  }
  const [bytes, objects] = outcomes.map(({ exitCode, stderr }) => ({ exitCode, warnings: stderr.split('\n').filter((line) => line.startsWith('warning')) }));
  expect(bytes?.exitCode, outcomes[0]?.stderr).toBeLessThanOrEqual(3);
  expect(bytes).toEqual(objects);
  expect(await cellsOf(join(cwd, 'bytes'), format)).toEqual(await cellsOf(join(cwd, 'objects'), format));
}

const options = [
  ['--timestamps', 'local', '--decimals', 'double'],
  ['--timestamps', 'utc', '--decimals', 'text'],
  ['--timestamps', 'text', '--decimals', 'decimal(18,4)'],
];

describe.each(['parquet', 'arrow'])('-f %s', (format) => {
  it.each(options)('has the same cells from both engines, odd ones too: %s %s %s %s', async (...typed) => {
    const cwd = makeFolder({ 'in.ndjson': ndjson(...records) + numbers + lists + integerLists + fractions });
    await compareEngines(format, cwd, ['in.ndjson', ...typed]);
  });

  it('has the same cells of a view with lists', async () => {
    const cwd = makeFolder({ 'in.ndjson': ndjson(...records) + lists, 'view.json': JSON.stringify(view) });
    await compareEngines(format, cwd, ['in.ndjson', '--view', 'view.json']);
  });
});

const bulk = findSharedFolder('data/bulk-ndjson');

describe.skipIf(bulk === undefined)('a bulk export', () => {
  it.each(['parquet', 'arrow'])('has the same cells from both engines, as %s', async (format) => {
    await compareEngines(format, makeFolder({}), [bulk as string]);
  });
});
