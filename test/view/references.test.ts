// Keys of references in views: they are what the resource's own key is, in the same view output and in the default tables.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { makeFolder, runCommand } from '../support/run-command.ts';
import { findSharedFolder } from '../support/shared-data.ts';

const synthea = findSharedFolder('data/synthea-bundles');

type Row = Readonly<Record<string, string>>;

function readTable(folder: string, name: string): readonly Row[] {
  return parse<Row>(readFileSync(join(folder, `${name}.csv`), 'utf8'), { columns: true });
}

const patients = {
  name: 'patients',
  resource: 'Patient',
  select: [
    {
      column: [
        { name: 'key', path: 'getResourceKey()' },
        { name: 'id', path: 'id' },
      ],
    },
  ],
};
const observations = {
  name: 'observations',
  resource: 'Observation',
  select: [
    {
      column: [
        { name: 'key', path: 'getResourceKey()' },
        { name: 'patient', path: 'subject.getReferenceKey(Patient)' },
        { name: 'any', path: 'subject.getReferenceKey()' },
        { name: 'group', path: 'subject.getReferenceKey(Group)' },
        { name: 'performer', path: 'performer.first().getReferenceKey()' },
        { name: 'slow', path: 'subject.select(getReferenceKey(Patient)).distinct()' },
      ],
    },
  ],
};

const bundle = {
  resourceType: 'Bundle',
  type: 'transaction',
  entry: [
    // Before its patient, whose id is another than its urn's.
    {
      fullUrl: 'urn:uuid:o-1',
      resource: {
        resourceType: 'Observation',
        id: 'o1',
        subject: { reference: 'urn:uuid:u-1' },
        performer: [{ reference: 'Practitioner?identifier=http://npi|7' }],
      },
    },
    { fullUrl: 'urn:uuid:u-1', resource: { resourceType: 'Patient', id: 'p1' } },
    { fullUrl: 'urn:uuid:u-2', resource: { resourceType: 'Patient' } },
    {
      fullUrl: 'urn:uuid:o-2',
      resource: {
        resourceType: 'Observation',
        id: 'o2',
        subject: { reference: 'urn:uuid:u-2' },
        performer: [{ identifier: { system: 'http://npi', value: '7' } }],
      },
    },
    { fullUrl: 'urn:uuid:d-1', resource: { resourceType: 'Practitioner', id: 'd1', identifier: [{ system: 'http://npi', value: '7' }] } },
    {
      resource: {
        resourceType: 'Observation',
        id: 'o3',
        subject: { reference: 'http://host/fhir/Patient/p1/_history/2' },
        performer: [{ reference: '#c' }],
        contained: [{ resourceType: 'Practitioner', id: 'c' }],
      },
    },
    { resource: { resourceType: 'Observation', id: 'o4', subject: { reference: 'Group/g1' }, performer: [{ display: 'somebody' }] } },
    { resource: { resourceType: 'Observation', id: 'o5', subject: { reference: 'Patient/p1' } } },
  ],
};

describe('getReferenceKey', () => {
  for (const tables of ['alone', 'with the default tables'] as const) {
    it(`finds urns, conditional references and identifiers, ${tables}`, async () => {
      const cwd = makeFolder({ 'b.json': JSON.stringify(bundle), 'v.json': JSON.stringify([patients, observations]) });
      const { exitCode, stderr } = await runCommand(['b.json', '--view', 'v.json', '-o', 'out', ...(tables === 'alone' ? ['--no-defaults'] : [])], { cwd });
      expect(exitCode, stderr).toBe(0);
      expect(readTable(join(cwd, 'out'), 'patients').map(({ key }) => key)).toEqual(['p1', 'u-2']);
      expect(readTable(join(cwd, 'out'), 'observations')).toEqual([
        { key: 'o1', patient: 'p1', any: 'p1', group: '', performer: 'd1', slow: 'p1' },
        { key: 'o2', patient: 'u-2', any: 'u-2', group: '', performer: 'd1', slow: 'u-2' },
        { key: 'o3', patient: 'p1', any: 'p1', group: '', performer: '', slow: 'p1' },
        { key: 'o4', patient: '', any: 'g1', group: 'g1', performer: '', slow: '' },
        { key: 'o5', patient: 'p1', any: 'p1', group: '', performer: '', slow: 'p1' },
      ]);
    });
  }
});

/** Without what the fhirpath package evaluates, so that all of it can be read from the records' bytes. */
const quickColumns = [
  { name: 'key', path: 'getResourceKey()' },
  { name: 'patient', path: 'subject.getReferenceKey(Patient)' },
  { name: 'any', path: 'subject.getReferenceKey()' },
  { name: 'group', path: 'subject.getReferenceKey(Group)' },
  { name: 'performers', path: 'performer.getReferenceKey()', collection: true },
  { name: 'practitioners', path: 'performer.getReferenceKey(Practitioner)', collection: true },
  { name: 'people', path: "performer.where(getReferenceKey(Practitioner).exists()).display.join('; ')" },
];
const quickViews = [{ name: 'observations', resource: 'Observation', select: [{ column: quickColumns }] }];

const oddReferences = [
  { reference: 'urn:uuid:u-1', type: 'Patient' },
  { reference: 'urn:uuid:u-1', type: 'Group' },
  { reference: 'urn:uuid:nobody', type: 'Group' },
  { reference: 'urn:uuid:nobody' },
  { reference: 'urn:uuid:d-1' },
  { reference: 'urn:uuid:no body' },
  { reference: 'Patient/p1', type: 'Group' },
  { reference: 'Patient?name=Ada' },
  { reference: 'Patient?identifier=http://npi|7' },
  { reference: 'Practitioner?identifier=http%3A%2F%2Fnpi|7' },
  { reference: 'http://host/elsewhere' },
  { reference: 'Martian/m1' },
  { reference: 'Pati\u00ebnt/p1' },
  { reference: '#' },
  { reference: 7 },
  { identifier: { value: '7' } },
  { type: 'Patient' },
  {},
  'Patient/p1',
  [{ reference: 'Patient/p1' }, { reference: 'Patient/p1' }],
];

describe('getReferenceKey from the bytes of records', () => {
  const entry = [
    ...bundle.entry,
    ...oddReferences.map((subject, index) => ({ resource: { resourceType: 'Observation', id: `odd-${index}`, subject, performer: [subject] } })),
  ];

  async function run(engine: string, options: readonly string[], input: string) {
    const cwd = makeFolder({ 'b.json': JSON.stringify({ ...bundle, entry }), 'v.json': JSON.stringify(quickViews) });
    const { exitCode } = await runCommand([input, '--view', 'v.json', '-o', 'out', '-q', '--engine', engine, ...options], { cwd });
    return { exitCode, rows: readFileSync(join(cwd, 'out/observations.csv'), 'utf8') };
  }

  for (const options of [['--no-defaults'], []]) {
    it(`is that of parsed resources ${options.length > 0 ? 'alone' : 'with the default tables'}`, async () => {
      const bytes = await run('bytes', options, 'b.json');
      expect(bytes).toEqual(await run('objects', options, 'b.json'));
      expect(parse<Row>(bytes.rows, { columns: true }).find(({ key }) => key === 'o1')).toEqual({
        key: 'o1',
        patient: 'p1',
        any: 'p1',
        group: '',
        performers: 'd1',
        practitioners: 'd1',
        people: '',
      });
    });
  }

  it.skipIf(synthea === undefined)('is that of parsed resources over Synthea bundles', async () => {
    const bytes = await run('bytes', ['--no-defaults'], synthea as string);
    expect(bytes.exitCode).toBe(0);
    expect(bytes).toEqual(await run('objects', ['--no-defaults'], synthea as string));
  });
});

describe.skipIf(synthea === undefined)('views over Synthea bundles', () => {
  it('join every observation to its patient', async () => {
    const cwd = makeFolder({ 'v.json': JSON.stringify([patients, observations]) });
    const { exitCode, stderr } = await runCommand([synthea as string, '--view', 'v.json', '--no-defaults', '-o', 'out', '-q'], { cwd });
    expect(exitCode, stderr).toBe(0);
    const out = join(cwd, 'out');
    const keys = new Set(readTable(out, 'patients').map(({ key }) => key));
    const rows = readTable(out, 'observations');
    expect(rows.length).toBeGreaterThan(4000);
    expect(rows.filter(({ patient, any }) => !keys.has(patient as string) || any !== patient)).toEqual([]);
  });
});
