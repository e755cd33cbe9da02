// --audit: every leaf value of the input is in exactly one place, and the sum is that of an independent count.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { leavesOf, readResources, withoutRepetitions } from '../support/read-input.ts';
import { makeFolder, ndjson, runCommand } from '../support/run-command.ts';
import { findSharedFolder } from '../support/shared-data.ts';

interface Audit {
  readonly total: number;
  readonly cells: number;
  readonly codings: number;
  readonly extensions: number;
  readonly otherJson: number;
  readonly dropped: Record<string, number>;
  readonly unaccounted: number;
  readonly otherJsonByPath: Record<string, number>;
}

async function audit(input: string, cwd: string, flags: readonly string[]): Promise<Audit> {
  const { exitCode, stderr } = await runCommand([input, '-o', 'out', '-q', '--audit', ...flags], { cwd });
  expect([exitCode, stderr]).toEqual([0, '']);
  return JSON.parse(readFileSync(join(cwd, 'out/_report.json'), 'utf8')).audit;
}

const modes = [
  ['with main tables only', ['--no-details']],
  ['with child tables', [] as string[]],
  ['on two threads', ['--threads', '2']],
] as const;

/** On the data with the most types. */
const furtherModes = [
  ['with filled columns', ['--columns', 'filled', '--threads', '2']],
  ['with wide tables', ['--columns', 'wide']],
  ['with wide main tables only', ['--columns', 'wide', '--no-details']],
  ['with attachments as text', ['--attachments', 'text']],
  ['with attachments as files', ['--attachments', 'files', '--no-details']],
  ['with attachments as base64, and narrative', ['--attachments', 'base64', '--narrative']],
  ['with all codings and all tables', ['--codings', 'all', '--all-tables']],
] as const;

describe.each(['data/synthea-bundles', 'data/bulk-ndjson', 'data/hl7-r4-examples'])('%s', (name) => {
  const folder = findSharedFolder(name);

  it.skipIf(folder === undefined).each(name === 'data/hl7-r4-examples' ? [...modes, ...furtherModes] : modes)('the ledger adds up %s', async (_, flags) => {
    const ledger = await audit(folder as string, makeFolder(), flags);
    const { total, unaccounted, cells, codings, extensions, otherJson, dropped, otherJsonByPath } = ledger;
    const expected = withoutRepetitions(readResources(folder as string)).reduce((sum, resource) => sum + leavesOf(resource).length, 0);
    expect(total).toBe(expected);
    expect(unaccounted).toBe(0);
    expect(cells + codings + extensions + otherJson + Object.values(dropped).reduce((sum, count) => sum + count, 0)).toBe(total);
    expect(Object.values(otherJsonByPath).reduce((sum, count) => sum + count, 0)).toBe(otherJson);
  });
});

const examples = findSharedFolder('data/hl7-r4-examples');

it.skipIf(examples === undefined)('the ledger of all versions adds up', async () => {
  const folder = examples as string;
  const { total, unaccounted } = await audit(folder, makeFolder(), ['--keep-versions']);
  const distinct = new Map(readResources(folder).map((resource) => [JSON.stringify(resource), resource]));
  expect(distinct.size).toBeGreaterThan(withoutRepetitions(readResources(folder)).length);
  expect([total, unaccounted]).toEqual([[...distinct.values()].reduce((sum, resource) => sum + leavesOf(resource).length, 0), 0]);
});

it('says what stands where', async () => {
  const patient = {
    resourceType: 'Patient',
    id: 'p',
    text: { status: 'generated', div: '<div/>' },
    meta: { tag: [{ system: 's', code: 'c' }] },
    extension: [{ url: 'u', valueString: 'v' }],
    name: [{ family: 'Lima', id: 'n1' }],
    colour: 'red',
  };
  const cwd = makeFolder({ 'in.ndjson': ndjson(patient) });
  expect(await audit('in.ndjson', cwd, [])).toEqual({
    total: 11,
    cells: 3,
    codings: 2,
    extensions: 2,
    otherJson: 2,
    dropped: { narrative: 2 },
    unaccounted: 0,
    otherJsonByPath: { 'Patient.colour': 1, 'Patient.name.id': 1 },
    hints: {
      dropped: { narrative: '--narrative has columns for it' },
      otherJson: {
        'Patient.colour': 'no element of this FHIR version; a plugin can read it',
        'Patient.name.id': 'id of an element; --view can show it',
      },
    },
  });
});

it('says which option would show what is in other_json', async () => {
  const resources = [
    { resourceType: 'Encounter', id: 'e', hospitalization: { origin: { reference: 'Location/1' } }, subject: { reference: 'http://h.example/Patient/1' } },
    { resourceType: 'Patient', id: 'p', contact: [{ gender: 'male' }], _birthDate: { extension: [{ url: 'u', valueCode: 'x' }] }, active: 'yes' },
  ];
  const cwd = makeFolder({ 'in.ndjson': ndjson(...resources) });
  const { hints } = (await audit('in.ndjson', cwd, ['--no-details'])) as Audit & { hints: { otherJson: Record<string, string> } };
  expect(hints.otherJson).toEqual({
    'Encounter.hospitalization.origin.reference': '--columns wide',
    'Encounter.subject.reference': 'a version, a server or a fullUrl, which the id beside it does not tell; --view can show it',
    'Patient._birthDate.extension.url': 'in the extension table, without --no-details',
    'Patient._birthDate.extension.valueCode': 'in the extension table, without --no-details',
    'Patient.active': 'of another JSON type than FHIR gives it; a plugin can read it',
    'Patient.contact.gender': 'in child tables, without --no-details',
  });
});

it.each([[[]], [['--no-details']]])('warns of modifierExtensions, at any depth and in no more words than the url needs %j', async (flags: string[]) => {
  const on = (...urls: (string | undefined)[]) => urls.map((url) => ({ url, valueCode: 'secret' }));
  const resources = [
    {
      resourceType: 'Patient',
      id: 'p',
      modifierExtension: on('http://a.example/b', 'http://a.example/b'),
      contact: [{ modifierExtension: on('urn:oid:1.2') }],
    },
    { resourceType: 'Observation', id: 'o', component: [{ modifierExtension: on('http://a.example/b', 'javascript:alert(1)', undefined) }] },
  ];
  const cwd = makeFolder({ 'in/a.ndjson': ndjson(resources[0]), 'in/b.ndjson': ndjson(resources[1]) });
  const { exitCode, stderr } = await runCommand(['in', '-o', 'out', ...flags], { cwd });
  expect(exitCode).toBe(0);
  expect(stderr).toContain('modifierExtension http://a.example/b, 3 times');
  expect(stderr).not.toMatch(/secret|alert/);
  const report = JSON.parse(readFileSync(join(cwd, 'out/_report.json'), 'utf8'));
  expect(report.modifierExtensions).toEqual({ '(odd url)': 1, '(without url)': 1, 'http://a.example/b': 3, 'urn:oid:1.2': 1 });
  expect(report.diagnosticCounts).toEqual({ MODIFIER_EXTENSION: 4 });
});

it('is not in the report unless asked for', async () => {
  const cwd = makeFolder({ 'in.ndjson': ndjson({ resourceType: 'Patient', id: 'p' }) });
  await runCommand(['in.ndjson', '-o', 'out', '-q'], { cwd });
  expect(JSON.parse(readFileSync(join(cwd, 'out/_report.json'), 'utf8'))).not.toHaveProperty('audit');
});
