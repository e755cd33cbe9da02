// --fhir-version auto: the version is told by the keys of the first resources; mixed input is refused.

import { readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { makeZip } from '../read/make-zip.ts';
import { makeFolder, ndjson, readFolder, runCommand, startCommand, until } from '../support/run-command.ts';

const patient = { resourceType: 'Patient', id: 'p', birthDate: '1970-01-01', _birthDate: { extension: [{ url: 'http://x', valueString: 'y' }] } };
const encounterR4 = { resourceType: 'Encounter', id: 'e', class: { code: 'AMB' }, period: { start: '2020-01-01' }, subject: { reference: 'Patient/p' } };
const encounterR5 = { ...encounterR4, id: 'f', class: [{ coding: [{ code: 'AMB' }] }], period: undefined, actualPeriod: { start: '2021-01-01' } };
const deviceUsage = { resourceType: 'DeviceUsage', id: 'd', status: 'active', device: { reference: { reference: 'Device/1' } } };
/** The elements of these are the same in R4B and R5, as far as they are used here. */
const ingredient = { resourceType: 'Ingredient', id: 'i', status: 'active', role: { text: 'x' } };
const item = { resourceType: 'ManufacturedItemDefinition', id: 'm', status: 'active', manufacturedDoseForm: { text: 'x' } };
/** R5 has no Media. */
const mediaR4b = { resourceType: 'Media', id: 'x', status: 'completed', content: { url: 'http://x' } };

async function versionOf(files: Record<string, string | Uint8Array>, args: readonly string[] = []): Promise<string> {
  const folder = makeFolder(files);
  const { exitCode, stderr } = await runCommand(['in', '-o', 'out', '-q', ...args], { cwd: folder });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const written = readFolder(`${folder}/out`);
  const { fhirVersion } = JSON.parse(written['_report.json'] as string);
  expect(JSON.parse(written['_schema.json'] as string).fhirVersion).toBe(fhirVersion);
  return fhirVersion;
}

describe('is found by the keys', () => {
  it.each([
    ['R4', 'R4', [patient, encounterR4]],
    ['a Patient alone', 'R4', [patient]],
    ['a type that no version has', 'R4', [{ resourceType: 'Gadget', id: 'g' }]],
    ['a renamed element', 'R5', [patient, encounterR5]],
    ['a type that only R5 has', 'R5', [deviceUsage]],
    ['types that R4B and R5 have', 'R4B', [ingredient, item]],
    ['a type that R4B and R5 have, and one that R5 dropped', 'R4B', [ingredient, mediaR4b]],
    ['a type that R4B and R5 have, and an element of R5', 'R5', [ingredient, encounterR5]],
    ['another shape of an element', 'R5', [{ resourceType: 'AllergyIntolerance', id: 'a', type: { text: 'allergy' }, patient: { reference: 'Patient/p' } }]],
    ['an element two levels down', 'R5', [{ resourceType: 'Encounter', id: 'e', participant: [{ actor: { reference: 'Practitioner/x' } }] }]],
    ['an unknown key that no version has', 'R4', [{ ...encounterR4, gadget: 1 }]],
  ])('%s → %s', async (_, version, resources) => {
    expect(await versionOf({ 'in/all.ndjson': ndjson(...resources) })).toBe(version);
  });

  it('in Bundles, gzip and archives, behind long heads', async () => {
    const bundle = JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry: [{ resource: patient }, { resource: encounterR5 }] }, undefined, 2);
    expect(await versionOf({ 'in/bundle.json': bundle })).toBe('R5');
    expect(await versionOf({ 'in/bundle.json.gz': gzipSync(bundle) })).toBe('R5');
    const long = { ...encounterR5, text: { status: 'generated', div: `<div>${'x'.repeat(100_000)}</div>` } };
    expect(await versionOf({ 'in/long.json': JSON.stringify(long) })).toBe('R5');
    expect(
      await versionOf({
        'in/all.zip': makeZip([
          { name: 'a.ndjson', content: ndjson(patient).repeat(2000) },
          { name: 'b.ndjson', content: ndjson(encounterR5) },
        ]),
      }),
    ).toBe('R5');
  });

  it('and gives the columns of the version under their R4 names', async () => {
    const folder = makeFolder({ 'r4.json': JSON.stringify(encounterR4), 'r5.json': JSON.stringify(encounterR5) });
    await runCommand(['r4.json', '-t', 'encounter', '-o', 'r4.csv', '-q'], { cwd: folder });
    await runCommand(['r5.json', '-t', 'encounter', '-o', 'r5.csv', '-q'], { cwd: folder });
    const { 'r4.csv': r4, 'r5.csv': r5 } = readFolder(folder);
    const cell = (csv: string | undefined, name: string) => {
      const [header = '', row = ''] = (csv ?? '').split('\n');
      return row.split(',')[header.split(',').indexOf(name)];
    };
    expect([cell(r4, 'period_start'), cell(r5, 'period_start')]).toEqual(['2020-01-01', '2021-01-01']);
    expect([cell(r4, 'class'), cell(r5, 'class')]).toEqual(['AMB', 'AMB']);
  });
});

describe('mixed versions', () => {
  const files = { 'in/new.json': JSON.stringify(encounterR5), 'in/old.json': JSON.stringify(encounterR4), 'in/patient.json': JSON.stringify(patient) };

  it('are refused with the names of the files, and nothing is published', async () => {
    const folder = makeFolder(files);
    const { exitCode, stderr } = await runCommand(['in', '-o', 'out'], { cwd: folder });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('several FHIR versions: R4: in/old.json; R5: in/new.json');
    expect(stderr).toContain('--fhir-version');
    expect(stderr).not.toContain('patient.json');
    expect(Object.keys(readFolder(folder)).filter((path) => path.startsWith('out'))).toEqual([]);
  });

  it('are read as the version that is given; what it does not have stands in other_json', async () => {
    for (const [version, missing] of [
      ['r4', 'actualPeriod'],
      ['r5', '"period"'],
    ] as const) {
      const folder = makeFolder(files);
      const { exitCode } = await runCommand(['in', '-o', 'out', '-q', '--fhir-version', version], { cwd: folder });
      expect(exitCode).toBe(0);
      const written = readFolder(`${folder}/out`);
      expect(JSON.parse(written['_report.json'] as string).fhirVersion).toBe(version.toUpperCase());
      expect(written['encounter.csv']?.replaceAll('""', '"')).toContain(missing);
    }
  });

  it('are named by inspect, with the scores', async () => {
    const folder = makeFolder(files);
    const { exitCode, stdout } = await runCommand(['inspect', 'in', '--json'], { cwd: folder });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      fhirVersion: 'R4',
      unknownKeys: { R4: 2, R4B: 2, R5: 2 },
      mixedVersions: [
        { fhirVersions: ['R4', 'R4B'], sources: ['in/old.json'] },
        { fhirVersions: ['R5'], sources: ['in/new.json'] },
      ],
    });
  });
});

describe('one file of another version among many', () => {
  const many = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`in/a${1000 + index}.json`, JSON.stringify({ ...encounterR4, id: `e${index}` })]));

  it.each([[['--threads', '1']], [['--threads', '2']]])('is refused with its name %j', async (flags: string[]) => {
    const folder = makeFolder({ ...many, 'in/a1076b.json': JSON.stringify(encounterR5) });
    const { exitCode, stderr } = await runCommand(['in', '-o', 'out', ...flags], { cwd: folder });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('R5: in/a1076b.json');
    expect(readdirSync(folder)).toEqual(['in']);
  });

  it('is found beforehand where the others do not tell the version, and are not too many', async () => {
    const patients = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`in/a${10 + index}.json`, JSON.stringify({ ...patient, id: `p${index}` })]));
    expect(await versionOf({ ...patients, 'in/a37b.json': JSON.stringify(encounterR5) })).toBe('R5');
  });

  it('is no file with an element of its own', async () => {
    expect(await versionOf({ ...many, 'in/a1076b.json': JSON.stringify({ ...encounterR4, gadget: 1 }) })).toBe('R4');
  });

  it('is asked for where the others do not tell the version', async () => {
    const patients = Object.fromEntries(Object.keys(many).map((name, index) => [name, JSON.stringify({ ...patient, id: `p${index}` })]));
    const folder = makeFolder({ ...patients, 'in/a1076b.json': JSON.stringify(encounterR5) });
    const { exitCode, stderr } = await runCommand(['in', '-o', 'out'], { cwd: folder });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('in/a1076b.json and others are R5\n');
    expect(stderr).toContain('--fhir-version r5');
  });
});

describe('standard input', () => {
  it('may be an archive', async () => {
    const folder = makeFolder();
    const zip = makeZip([
      { name: 'Patient.ndjson', content: ndjson(patient) },
      { name: 'Encounter.ndjson', content: ndjson(encounterR5) },
    ]);
    await runCommand(['-', '-o', 'out', '-q'], { cwd: folder, input: zip });
    expect(JSON.parse(readFolder(`${folder}/out`)['_report.json'] as string).fhirVersion).toBe('R5');
  });

  it('is looked at without losing a byte', async () => {
    const folder = makeFolder();
    const encounters = Array.from({ length: 5000 }, (_, index) => ({ ...encounterR5, id: `e${index}` }));
    const { exitCode, stdout, stderr } = await runCommand(['-', '-t', 'encounter', '-o', '-', '-q'], { cwd: folder, input: ndjson(...encounters) });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBe(5001);
    expect(lines[1]).toContain('2021-01-01');
    expect(lines[5000]).toMatch(/^e4999,/);
  });

  it('is refused when it mixes with files of another version, though its writer goes on', async () => {
    const folder = makeFolder({ 'old.json': JSON.stringify(encounterR4) });
    const running = startCommand(['old.json', '-', '-o', 'out'], { cwd: folder });
    let hasEnded = false;
    running.outcome.finally(() => {
      hasEnded = true;
    });
    running.process.stdin?.on('error', () => {});
    running.process.stdin?.write(ndjson(encounterR5).repeat(200));
    await until(() => hasEnded);
    const { exitCode, stderr } = await running.outcome;
    expect(exitCode).toBe(1);
    expect(stderr).toContain('R4: old.json; R5: stdin');
  });
});

describe('names of tables', () => {
  it('of a later version are known once the version is', async () => {
    const folder = makeFolder({ 'a.json': JSON.stringify(deviceUsage) });
    expect(await runCommand(['a.json', '-t', 'device_usage', '-o', 'a.csv', '-q'], { cwd: folder })).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await runCommand(['a.json', '-t', 'device_usages', '-o', 'a.csv', '-q'], { cwd: folder })).toMatchObject({ exitCode: 2 });
    expect(await runCommand(['a.json', '-t', 'device_use_statement', '-o', 'a.csv', '-q'], { cwd: folder })).toMatchObject({ exitCode: 2 });
  });

  it('are those of the version in tables', async () => {
    const folder = makeFolder();
    const list = async (version: string) => (await runCommand(['tables', '--fhir-version', version], { cwd: folder })).stdout;
    expect(await list('r5')).toMatch(/^device_usage /m);
    expect(await list('r4b')).toMatch(/^ingredient /m);
    expect(await list('auto')).toMatch(/^device_use_statement /m);
    expect((await runCommand(['tables', '--fhir-version', 'r3'], { cwd: folder })).exitCode).toBe(2);
  });
});
