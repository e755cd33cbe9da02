// A resource that occurs more than once is one row: the newest meta.lastUpdated, else the last one read.

import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { makeFolder, ndjson, readFolder, runCommand } from '../support/run-command.ts';

interface PatientRow {
  readonly id: string;
  readonly gender: string;
}

function rowsOf(folder: string): string[] {
  return parse<PatientRow>(readFolder(folder)['patient.csv'] as string, { columns: true }).map(({ id, gender }) => `${id} ${gender}`);
}

function patient(id: string, gender: string, lastUpdated?: string): Record<string, unknown> {
  return { resourceType: 'Patient', id, gender, ...(lastUpdated && { meta: { lastUpdated } }) };
}

const older = '2020-01-01T00:00:00Z';
const newer = '2020-01-01T00:00:00.000001Z';

const cases: [string, Record<string, unknown>[], string[], { identical: number; superseded: number }][] = [
  ['identical ones', [patient('a', 'male'), patient('b', 'male'), patient('a', 'male')], ['a male', 'b male'], { identical: 1, superseded: 0 }],
  ['the last one read', [patient('a', 'male'), patient('b', 'male'), patient('a', 'female')], ['b male', 'a female'], { identical: 0, superseded: 1 }],
  ['the newest, though read first', [patient('a', 'male', newer), patient('a', 'female', older)], ['a male'], { identical: 0, superseded: 1 }],
  ['the newest, read last', [patient('a', 'male', older), patient('a', 'female', newer)], ['a female'], { identical: 0, superseded: 1 }],
  ['the later of equally new ones', [patient('a', 'male', older), patient('a', 'female', older)], ['a female'], { identical: 0, superseded: 1 }],
  ['the last one, when one has no lastUpdated', [patient('a', 'male', newer), patient('a', 'female')], ['a female'], { identical: 0, superseded: 1 }],
  ['the first again, when it comes back', [patient('a', 'male'), patient('a', 'female'), patient('a', 'male')], ['a male'], { identical: 1, superseded: 1 }],
];

describe('duplicates', () => {
  it.each(cases)('keep %s', async (_name, resources, expected, duplicates) => {
    const cwd = makeFolder({ 'in.ndjson': `${ndjson(...resources)}not json\n` });
    for (const [args, input] of [
      [['in.ndjson'], ''],
      [['-'], readFolder(cwd)['in.ndjson'] as string],
    ] as const) {
      const { exitCode, stdout, stderr } = await runCommand([...args, '-o', 'out', '--json'], { cwd, input });
      expect(exitCode).toBe(3);
      expect(rowsOf(`${cwd}/out`)).toEqual(expected);
      // Counts and messages are those of one reading.
      expect(JSON.parse(stdout)).toMatchObject({
        resources: resources.length,
        rejects: 1,
        tables: { patient: expected.length },
        duplicates,
        diagnostics: { RECORD_NOT_JSON: 1 },
      });
      expect(stderr.match(/not JSON/g)).toHaveLength(1);
      expect(readFolder(`${cwd}/out`)['rejects.ndjson']?.trimEnd().split('\n')).toHaveLength(1);
    }
  });

  it('are no failure', async () => {
    const cwd = makeFolder({ 'in.ndjson': ndjson(patient('a', 'male'), patient('a', 'female')) });
    const { exitCode, stderr } = await runCommand(['in.ndjson'], { cwd });
    expect(exitCode).toBe(0);
    expect(stderr).toContain('1 resource came more than once: 0 identical, 1 superseded by a newer one');
  });

  it('in files of the same name, once composed and once decomposed, are found like any other', async () => {
    const text = ndjson(patient('a', 'male'), patient('b', 'female'));
    const cwd = makeFolder({ ['in/Ba\u00f1uelos.ndjson'.normalize('NFC')]: text, ['in/Ba\u00f1uelos.ndjson'.normalize('NFD')]: text });
    const { exitCode } = await runCommand(['in', '-o', 'out', '-q'], { cwd });
    expect(exitCode).toBe(0);
    expect(rowsOf(`${cwd}/out`)).toEqual(['a male', 'b female']);
  });

  it('of different types are not duplicates', async () => {
    const cwd = makeFolder({ 'in.ndjson': ndjson(patient('a', 'male'), { resourceType: 'Encounter', id: 'a' }) });
    const { stdout } = await runCommand(['in.ndjson', '--json'], { cwd });
    expect(JSON.parse(stdout)).toMatchObject({ tables: { patient: 1, encounter: 1 }, duplicates: { identical: 0, superseded: 0 } });
  });

  it('on stdout keep the first, and say so', async () => {
    const cwd = makeFolder({ 'in.ndjson': ndjson(patient('a', 'male'), patient('a', 'female')) });
    const { exitCode, stdout, stderr } = await runCommand(['in.ndjson', '-t', 'patient', '-o', '-', '-q'], { cwd });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(parse(stdout, { columns: true })).toMatchObject([{ id: 'a', gender: 'male' }]);
    expect((await runCommand(['in.ndjson', '-t', 'patient', '-o', '-'], { cwd })).stderr).toContain(
      'warning: 1 resources occur again with other content; on stdout the first one stays',
    );
  });
});
