// The main job as a user meets it: files in, tables out, and what stdout, stderr and the exit code say.

import { gzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { makeFolder, ndjson, readFolder, runCommand, runShell } from '../support/run-command.ts';

const patients = ndjson({ resourceType: 'Patient', id: 'p1', gender: 'female' }, { resourceType: 'Patient', id: 'p2', birthDate: '1970-01-02' });
const bundle = JSON.stringify({
  resourceType: 'Bundle',
  type: 'collection',
  entry: [
    { fullUrl: 'urn:uuid:0a', resource: { resourceType: 'Observation', status: 'final', subject: { reference: 'Patient/p1' } } },
    { resource: { resourceType: 'Observation', status: 'final', valueString: 'no id at all' } },
    { fullUrl: 'http://host/fhir/Observation/o3/_history/2', resource: { resourceType: 'Observation', status: 'final' } },
  ],
});

function ids(csv: string | undefined): string[] {
  return parse<{ id: string }>(csv ?? '', { columns: true }).map(({ id }) => id);
}

describe('convert', () => {
  it('turns a folder into one table per type, with schema and report', async () => {
    const cwd = makeFolder({ 'in/patients.ndjson': patients, 'in/deep/er/bundle.json': bundle });
    const { exitCode, stdout, stderr } = await runCommand(['in'], { cwd });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
    expect(stderr).toContain('Wrote 2 tables to fhir-tables: 5 resources from 2 sources');
    const files = readFolder(`${cwd}/fhir-tables`);
    expect(Object.keys(files)).toEqual(['_report.json', '_schema.json', 'observation.csv', 'patient.csv']);
    expect(ids(files['patient.csv'])).toEqual(['p1', 'p2']);
    expect(ids(files['observation.csv'])).toEqual(['0a', expect.stringMatching(/^[0-9a-f]{32}$/), 'o3']);
    const report = JSON.parse(files['_report.json'] as string);
    expect(report).toMatchObject({
      tool: 'fhir-flatten',
      resources: 5,
      rejects: 0,
      tables: { patient: 2, observation: 3 },
      generatedIds: { fromFullUrl: 2, fromContent: 1 },
    });
    expect(report.sources.map(({ name, resources }: { name: string; resources: number }) => [name, resources])).toEqual([
      ['in/deep/er/bundle.json', 3],
      ['in/patients.ndjson', 2],
    ]);
    const schema = JSON.parse(files['_schema.json'] as string);
    expect(schema).toMatchObject({ tool: 'fhir-flatten', fhirVersion: 'R4', tables: { patient: { file: 'patient.csv', rowCount: 2 } } });
    expect(schema.tables.patient.columns.map(({ name }: { name: string }) => name).join()).toBe(files['patient.csv']?.split('\n')[0]);
  });

  it('does not read its own output back', async () => {
    const cwd = makeFolder({ 'patients.ndjson': patients });
    await runCommand(['.'], { cwd });
    const first = readFolder(`${cwd}/fhir-tables`);
    const { exitCode, stderr } = await runCommand(['.'], { cwd });
    expect(exitCode).toBe(0);
    expect(stderr).toContain('2 resources from 1 source');
    expect(readFolder(`${cwd}/fhir-tables`)['patient.csv']).toBe(first['patient.csv']);
  });

  it('prints a summary as JSON with --json, and only that on stdout', async () => {
    const cwd = makeFolder({ 'patients.ndjson': patients });
    const { stdout, exitCode } = await runCommand(['patients.ndjson', '--json', '-q', '-o', 'out'], { cwd });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'published',
      exitCode: 0,
      out: 'out',
      resources: 2,
      tables: { patient: 2 },
      files: ['out/patient.csv', 'out/_schema.json', 'out/_report.json'],
    });
  });

  it('says as JSON why it failed', async () => {
    const { stdout, exitCode } = await runCommand(['nowhere', '--json'], { cwd: makeFolder() });
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toEqual({ status: 'failed', exitCode: 1, code: 'INPUT_NOT_FOUND' });
  });

  it('writes nothing with --dry-run', async () => {
    const cwd = makeFolder({ 'patients.ndjson': patients });
    const { exitCode, stderr } = await runCommand(['.', '--dry-run'], { cwd });
    expect(exitCode).toBe(0);
    expect(stderr).toContain('Would write 1 table: 2 resources');
    expect(Object.keys(readFolder(cwd))).toEqual(['patients.ndjson']);
  });

  it('prints nothing with --quiet when all goes well', async () => {
    const { stderr, stdout } = await runCommand(['.', '-q'], { cwd: makeFolder({ 'patients.ndjson': patients, 'empty.json': '' }) });
    expect({ stderr, stdout }).toEqual({ stderr: '', stdout: '' });
  });

  it('reads stdin, plain and gzipped, and writes one table to stdout', async () => {
    for (const input of [patients, gzipSync(patients)]) {
      const { stdout, exitCode } = await runCommand(['-', '-t', 'patient', '-o', '-'], { cwd: makeFolder(), input });
      expect(exitCode).toBe(0);
      expect(ids(stdout)).toEqual(['p1', 'p2']);
    }
  });

  it('copies stdin only while it runs', async () => {
    const cwd = makeFolder();
    await runCommand(['-'], { cwd, input: patients });
    expect(Object.keys(readFolder(cwd))).toEqual(['fhir-tables/_report.json', 'fhir-tables/_schema.json', 'fhir-tables/patient.csv']);
  });

  it('writes one table into a file of the user’s naming, rejects beside it', async () => {
    const cwd = makeFolder({ 'in.ndjson': `${patients}not json\n` });
    const { exitCode } = await runCommand(['in.ndjson', '-t', 'patient', '-o', 'sub/people.csv'], { cwd });
    expect(exitCode).toBe(3);
    expect(Object.keys(readFolder(`${cwd}/sub`))).toEqual(['people.csv', 'people.csv.rejects.ndjson']);
    const again = await runCommand(['in.ndjson', '-t', 'patient', '-o', 'sub/people.csv', '--fail-fast'], { cwd });
    expect(again.exitCode).toBe(1);
    expect(Object.keys(readFolder(`${cwd}/sub`))).toEqual(['people.csv', 'people.csv.rejects.ndjson']);
  });

  it('is quiet when the reader of its stdout goes away', async () => {
    const many = ndjson(
      ...Array.from({ length: 30_000 }, (_, index) => ({ resourceType: 'Patient', id: `p${index}`, gender: 'other', birthDate: '1999-01-01' })),
    );
    const cwd = makeFolder({ 'many.ndjson': many });
    const { stdout, stderr, exitCode } = await runShell('set -o pipefail; cat many.ndjson | fhir-flatten - -t patient -o - -q | head -3', { cwd });
    expect({ stderr, lines: stdout.split('\n').length, exitCode }).toEqual({ stderr: '', lines: 4, exitCode: expect.any(Number) });
    expect(exitCode === 0 || exitCode === 141).toBe(true);
    const alone = await runShell('fhir-flatten many.ndjson -t patient -o - -q | head -1 >/dev/null; exit $PIPESTATUS', { cwd });
    expect(alone).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('takes the CSV options', async () => {
    const cwd = makeFolder({ 'a.ndjson': ndjson({ resourceType: 'Patient', id: '=1+1', gender: 'NA' }) });
    const { stdout } = await runCommand(
      ['a.ndjson', '-t', 'patient', '-o', '-', '--delimiter', '\\t', '--null', 'NA', '--escape-formulas', '--bom', '--no-header'],
      { cwd },
    );
    const cells = stdout.trimEnd().split('\t');
    expect(cells[0]).toBe("\ufeff'=1+1");
    expect(cells[1]).toBe('NA');
    expect(cells.filter((cell) => cell === '"NA"')).toHaveLength(1);
  });

  it('counts what is not asked for, and fails when nothing is left', async () => {
    const cwd = makeFolder({ 'in/patients.ndjson': patients, 'in/bundle.json': bundle });
    const { exitCode, stdout } = await runCommand(['in', '-t', 'patient,encounter', '--json'], { cwd });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ tables: { patient: 2 }, notAskedFor: 3 });
    const none = await runCommand(['in', '-t', 'encounter', '-o', 'other'], { cwd });
    expect(none.exitCode).toBe(1);
    expect(none.stderr).toBe('error: nothing to write: none of the 5 resources belongs to the tables asked for\n');
    expect(Object.keys(readFolder(cwd)).some((path) => path.startsWith('other'))).toBe(false);
  });

  it('fails in one line when there is nothing to convert', async () => {
    const { exitCode, stderr } = await runCommand(['.'], { cwd: makeFolder() });
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: 'error: nothing to convert: no FHIR resource in the input\n' });
  });

  it('refuses a file that the user named and that is no FHIR, skips one found in a folder', async () => {
    const cwd = makeFolder({ 'in/notes.txt': 'hello', 'in/patients.ndjson': patients });
    const named = await runCommand(['in/notes.txt', 'in/patients.ndjson'], { cwd });
    expect(named.exitCode).toBe(1);
    expect(named.stderr).toMatch(/^error: in\/notes.txt: /);
    expect(Object.keys(readFolder(cwd))).toEqual(['in/notes.txt', 'in/patients.ndjson']);
    const found = await runCommand(['in'], { cwd });
    expect(found.exitCode).toBe(3);
    expect(found.stderr).toMatch(/error: in\/notes.txt: skipped/);
  });

  it('shows the first five of a kind, then a count, and never a value', async () => {
    const lines = Array.from({ length: 12 }, (_, index) => `{"resourceType":"Patient","id":"secret-${index}"`).join('\n');
    const cwd = makeFolder({ 'in.ndjson': `${patients}${lines}\n` });
    const { exitCode, stderr } = await runCommand(['in.ndjson'], { cwd });
    expect(exitCode).toBe(3);
    expect(stderr.match(/not JSON/g)).toHaveLength(5);
    expect(stderr).toContain('error: in.ndjson:3 (byte ');
    expect(stderr).toContain('… and 7 more RECORD_NOT_JSON, see fhir-tables/_report.json');
    expect(stderr).toContain('12 records rejected: see fhir-tables/rejects.ndjson');
    expect(stderr).not.toContain('secret');
    const files = readFolder(`${cwd}/fhir-tables`);
    expect(files['_report.json']).not.toContain('secret');
    const rejects = (files['rejects.ndjson'] as string)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rejects).toHaveLength(12);
    expect(rejects[0]).toMatchObject({ source: 'in.ndjson', line: 3, code: 'RECORD_NOT_JSON', text: '{"resourceType":"Patient","id":"secret-0"' });
  });

  it('publishes nothing with --fail-fast', async () => {
    const cwd = makeFolder({ 'in.ndjson': `${patients}{\n` });
    const { exitCode, stderr } = await runCommand(['in.ndjson', '--fail-fast'], { cwd });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('stopped at the first bad record');
    expect(Object.keys(readFolder(cwd))).toEqual(['in.ndjson']);
  });

  it('colours only where it is asked to', async () => {
    const cwd = makeFolder();
    const red = '\u001b[31m';
    expect((await runCommand(['nowhere', '--color', 'always'], { cwd })).stderr).toContain(red);
    expect((await runCommand(['nowhere'], { cwd, env: { NO_COLOR: '' } })).stderr).not.toContain(red);
  });

  it('keeps control characters of file names off the terminal', async () => {
    const cwd = makeFolder({ 'in/a\u001b[31m\nb.txt': 'x', 'in/p.ndjson': patients });
    const { stderr } = await runCommand(['in'], { cwd });
    expect(stderr).not.toContain('\u001b');
    expect(stderr.split('\n').filter((line) => line.startsWith('b.txt'))).toEqual([]);
  });
});
