// Files that lie beside data in a folder: named, and no reason for alarm.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder, readFolder, runCommand } from '../support/run-command.ts';

const patient = '{"resourceType":"Patient","id":"p1"}';

describe('programs, settings and notes in a folder of data', () => {
  const files = { 'in/patient.json': patient, 'in/README.md': '# Export', 'in/load/compose.yaml': 'services:\n', 'in/load/crontab': '* * * * * true\n' };

  it('are left out with a note, of which the first is shown, and the run is well', async () => {
    const cwd = makeFolder(files);
    const { exitCode, stderr } = await runCommand(['in'], { cwd });
    expect(exitCode).toBe(0);
    expect(stderr.split('\n').filter((line) => line.includes('COMPANION') || line.startsWith('note:'))).toEqual([
      'note: in/README.md: left out: no FHIR JSON, and by its name a program, settings or notes',
      expect.stringMatching(/^… and 2 more SOURCE_COMPANION/),
    ]);
    const report = JSON.parse(readFolder(cwd)['fhir-tables/_report.json'] ?? '');
    expect(JSON.stringify(report)).toContain(join('in', 'load', 'crontab'));
  });

  it('are converted when they hold FHIR, whatever their names', async () => {
    const cwd = makeFolder({ 'in/patient.md': patient });
    expect(await runCommand(['in'], { cwd })).toMatchObject({ exitCode: 0 });
    expect(readFolder(cwd)['fhir-tables/patient.csv']).toContain('\np1,');
  });

  it('are refused when the user names them', async () => {
    const cwd = makeFolder(files);
    const { exitCode, stderr } = await runCommand(['in/README.md'], { cwd });
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(/^error: in\/README.md: skipped: no FHIR JSON/) });
  });

  it('are an error where they may be data in another form', async () => {
    const cwd = makeFolder({ 'in/a.json': patient, 'in/patient.md': '<Patient xmlns="http://hl7.org/fhir"/>' });
    const { exitCode, stderr } = await runCommand(['in'], { cwd });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 3,
      stderr: expect.stringContaining('in/patient.md: skipped: no FHIR JSON (XML: convert it to JSON first)'),
    });
  });
});
