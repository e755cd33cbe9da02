// Help, version and wrong usage.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder, ndjson, readFolder, runCommand } from '../support/run-command.ts';

const cwd = import.meta.dirname;

describe('usage', () => {
  it('prints help on stdout, examples before options', async () => {
    const { exitCode, stdout, stderr } = await runCommand(['--help'], { cwd });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.indexOf('fhir-flatten ./export')).toBeGreaterThan(0);
    expect(stdout.indexOf('fhir-flatten ./export')).toBeLessThan(stdout.indexOf('--out'));
    for (const word of ['tables', 'inspect', 'Exit codes', '--table', '--dry-run', '--max-record-mb']) expect(stdout).toContain(word);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it.each(['tables', 'inspect'])('prints help of %s', async (command) => {
    const { exitCode, stdout } = await runCommand([command, '--help'], { cwd });
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`Usage: fhir-flatten ${command}`);
  });

  it('prints the version of package.json', async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
    expect((await runCommand(['--version'], { cwd })).stdout).toBe(`${version}\n`);
  });

  it('prints help on stderr without input', async () => {
    const { exitCode, stdout, stderr } = await runCommand([], { cwd });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('Usage: fhir-flatten');
  });

  it.each([
    [['x', '--tabel', 'patient'], /unknown option '--tabel'\n.*--table/],
    [['x', '--max-depth', '5001'], /whole number from 1 to 5000/],
    [['x', '--max-record-mb', '1.5'], /whole number from 1 to 500/],
    [['x', '--threads', '0'], /whole number from 1 to 64/],
    [['x', '--threads', 'two'], /whole number from 1 to 64/],
    [['x', '--color', 'blue'], /auto, always, never/],
    [['x', '--fhir-version', 'r3'], /auto, r4, r4b, r5/],
    [['inspect'], /missing required argument/],
    [['x', '-f', 'xml'], /no format xml\n {2}formats here: csv, parquet, arrow\n/],
    [['x', '-f', 'csv', '-t', 'patient', '-o', 'patient.parquet'], /--format csv and the ending of --out patient.parquet differ/],
    [['x', '-f', 'parquet', '--decimals', 'decimal(39,1)'], /--decimals takes double, text or decimal\(p,s\)/],
    [['x', '-f', 'parquet', '--timestamps', 'gmt'], /local, utc, text/],
    [['x', '-f', 'parquet', '--compression', 'gzip'], /zstd, snappy, none/],
    [['x', '-t', 'patients'], /no table patients\n {2}did you mean patient/],
    [['x', '-t', 'qqqqqq'], /no table qqqqqq\n {2}fhir-flatten tables lists them\n/],
    [['x', '-o', 'out.csv'], /takes one table/],
    [['x', '-o', 'out.csv', '-t', 'patient,encounter'], /takes one table, and 2 would be written/],
    [['x', '-o', '-'], /takes one table/],
    [['x', '-o', 'patient.json', '-t', 'patient'], /no format is known for the ending/],
    [['x', '-o', '-', '-t', 'patient', '--json'], /both write to stdout/],
    [['x', '--delimiter', 'ab'], /--delimiter takes one ASCII character/],
    [['x', '--null', 'a,b'], /--null must not hold/],
    [['tables', 'patint'], /no table patint\n {2}did you mean patient/],
  ])('%j is wrong usage', async (args, message) => {
    const folder = makeFolder({ x: ndjson({ resourceType: 'Patient', id: '1' }) });
    const { exitCode, stdout, stderr } = await runCommand(args, { cwd: folder });
    expect(stderr).toMatch(message);
    expect({ exitCode, isFailure: stdout === '' || stdout.includes('failed') }).toEqual({ exitCode: 2, isFailure: true });
    expect(Object.keys(readFolder(folder))).toEqual(['x']);
  });
});

describe('tables', () => {
  it('lists all tables', async () => {
    const { exitCode, stdout } = await runCommand(['tables'], { cwd });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^patient +\d+ columns {2}\S/m);
    expect(stdout.split('\n').length).toBeGreaterThan(130);
  });

  it('describes the columns of one', async () => {
    const { stdout } = await runCommand(['tables', 'patient'], { cwd });
    expect(stdout).toMatch(/^ {2}birth_date +date +Patient\.birthDate/m);
  });

  it('prints JSON', async () => {
    const { stdout } = await runCommand(['tables', 'patient', 'observation', '--json'], { cwd });
    expect(JSON.parse(stdout).map(({ name }: { name: string }) => name)).toEqual(['patient', 'observation']);
  });
});

describe('inspect', () => {
  const bundle = JSON.stringify({
    resourceType: 'Bundle',
    type: 'batch',
    entry: [{ resource: { resourceType: 'Patient', id: '1' } }, { resource: { resourceType: 'Patient', id: '1' } }, { resource: { resourceType: 'Foo' } }],
  });

  it('counts what is there and writes nothing', async () => {
    const folder = makeFolder({ 'b.json': bundle, 'c.ndjson': '{\n{"resourceType":"Patient","id":"1","active":true}\n' });
    const { exitCode, stdout, stderr } = await runCommand(['inspect', '.', '--json'], { cwd: folder });
    expect(exitCode).toBe(3);
    expect(stderr).toContain('c.ndjson:1');
    expect(JSON.parse(stdout)).toMatchObject({
      resources: 4,
      rejects: 1,
      resourcesByType: { Foo: 1, Patient: 3 },
      undefinedTypes: ['Foo'],
      resourcesWithoutId: 1,
      duplicates: { Patient: { identical: 0, superseded: 2 } },
      bundles: { batch: { bundleCount: 1, entryCount: 3, resourceCount: 3 } },
    });
    expect(Object.keys(readFolder(folder))).toEqual(['b.json', 'c.ndjson']);
  });

  it('tells the forms of references, and how far columns would be filled', async () => {
    const resources = [
      { resourceType: 'Observation', id: 'a', subject: { reference: 'Patient/1' }, component: [{ valueString: 'x' }, {}] },
      { resourceType: 'Observation', id: 'b', subject: { reference: 'urn:uuid:7' }, status: 'final', performer: [{ identifier: { value: 'v' } }] },
    ];
    const folder = makeFolder({ 'a.ndjson': resources.map((resource) => JSON.stringify(resource)).join('\n') });
    const { stdout } = await runCommand(['inspect', 'a.ndjson', '--json'], { cwd: folder });
    expect(JSON.parse(stdout)).toMatchObject({
      references: { identifier: 1, relative: 1, urn: 1 },
      unresolvedReferences: { ids: 6, withoutId: 2 },
      tables: {
        observation: { role: 'main', rows: 2, filled: { id: 2, status: 1, component_count: 1, patient_id: 2, code: 0 } },
        observation_component: { role: 'detail', rows: 2, filled: { idx: 2, value_string: 1 } },
      },
    });
    const text = (await runCommand(['inspect', 'a.ndjson'], { cwd: folder })).stdout;
    expect(text).toMatch(/^Filled columns of observation, 2 rows\n {2}id +100 % {2}2$/m);
    expect(text).toMatch(/^ {2}status +50 % {2}1$/m);
    expect(text).toMatch(/^ {2}urn +1$/m);
    expect(Object.keys(readFolder(folder))).toEqual(['a.ndjson']);
  });

  it('prints text', async () => {
    const { exitCode, stdout } = await runCommand(['inspect', 'b.json'], { cwd: makeFolder({ 'b.json': bundle }) });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('3 resources in 1 sources');
    expect(stdout).toMatch(/^ {2}Patient +2 {2}1 repeated, 0 in other versions$/m);
    expect(stdout).toMatch(/^ {2}Foo +1 {2}not defined by FHIR R4$/m);
  });

  it('fails when there is nothing', async () => {
    expect(await runCommand(['inspect', '.'], { cwd: makeFolder() })).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('nothing to convert') });
  });
});
