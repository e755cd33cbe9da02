// Keys of references in views: they are what the resource's own key is, in the same view output and in the default tables.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { makeFolder, runCommand } from '../support/run-command.ts';
import { findSharedFolder } from '../support/shared-data.ts';

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

const synthea = findSharedFolder('data/synthea-bundles');

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
