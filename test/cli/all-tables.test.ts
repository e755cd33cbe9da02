// --all-tables: the set of tables does not depend on the data.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeFolder, ndjson, readFolder, runCommand } from '../support/run-command.ts';

const patient = { resourceType: 'Patient', id: 'p', name: [{ family: 'Lima' }] };
const goal = { resourceType: 'Goal', id: 'g' };

async function convert(resources: readonly unknown[], ...flags: string[]): Promise<Record<string, string>> {
  const cwd = makeFolder({ 'in/a.ndjson': ndjson(...resources), 'in/b.ndjson': ndjson(goal) });
  const { exitCode, stderr } = await runCommand(['in', '-o', 'out', '-q', ...flags], { cwd });
  expect([exitCode, stderr]).toEqual([0, '']);
  return Object.fromEntries(Object.entries(readFolder(join(cwd, 'out'))).filter(([name]) => name !== '_report.json'));
}

const namesOf = (files: Record<string, string>) => Object.keys(files).filter((name) => name.endsWith('.csv'));

it.each([[[]], [['--columns', 'wide', '--codings', 'all', '--attachments', 'text', '--narrative', '--keep-versions']]])(
  'writes every table that `tables` lists, those without rows with their header (%j)',
  async (flags: string[]) => {
    const files = await convert([patient], '--all-tables', ...flags);
    const { stdout } = await runCommand(['tables', '--json', ...flags], { cwd: '.' });
    const listed = JSON.parse(stdout) as { name: string; role: string; columns: { name: string }[] }[];
    expect(namesOf(files).sort()).toEqual(listed.map(({ name, role }) => `${role === 'detail' ? 'details/' : ''}${name}.csv`).sort());
    for (const { name, role, columns } of listed) {
      const text = files[`${role === 'detail' ? 'details/' : ''}${name}.csv`] as string;
      expect(text.slice(0, text.indexOf('\n'))).toBe(columns.map((column) => column.name).join(','));
    }
    expect(files['details/patient_name.csv']?.split('\n')).toHaveLength(3);
    expect(files['details/patient_photo.csv']?.split('\n')).toHaveLength(2);
    const { tables } = JSON.parse(files['_schema.json'] as string) as { tables: Record<string, { rowCount: number }> };
    expect([tables['patient']?.rowCount, tables['vision_prescription']?.rowCount]).toEqual([1, 0]);
  },
);

it('writes one table per resource type with --no-details, and all that were asked for with -t', async () => {
  const main = namesOf(await convert([patient], '--all-tables', '--no-details'));
  expect(main).toHaveLength(147);
  expect(namesOf(await convert([patient], '--all-tables', '-t', 'coverage,patient_photo'))).toEqual(['coverage.csv', 'details/patient_photo.csv']);
});

it('gives the same bytes on two threads', async () => {
  const flags = ['--all-tables', '-t', 'patient,goal,coverage,patient_name,goal_target'];
  expect(await convert([patient], ...flags, '--threads', '2')).toEqual(await convert([patient], ...flags));
});

it('works for one table in a file, and on stdout', async () => {
  const cwd = makeFolder({ 'in.ndjson': ndjson(patient) });
  const toFile = await runCommand(['in.ndjson', '-t', 'goal_note', '--all-tables', '-o', 'notes.csv'], { cwd });
  const { exitCode, stdout } = await runCommand(['in.ndjson', '-t', 'goal_note', '--all-tables', '-o', '-', '-q'], { cwd });
  expect([toFile.exitCode, exitCode]).toEqual([0, 0]);
  expect(toFile.stderr).toContain('and 1 table without rows');
  expect(stdout).toMatch(/^goal_id,idx,.*\n$/);
  expect(readFileSync(join(cwd, 'notes.csv'), 'utf8')).toBe(stdout);
});

it('does not make an output of an input without resources', async () => {
  const cwd = makeFolder({ 'in.ndjson': '\n', 'bad.ndjson': '{"resourceType":"Patient",\n' });
  for (const input of ['in.ndjson', 'bad.ndjson']) {
    const { exitCode } = await runCommand([input, '--all-tables'], { cwd });
    expect([input, exitCode]).toEqual([input, 1]);
  }
  expect(Object.keys(readFolder(cwd))).toEqual(['bad.ndjson', 'in.ndjson']);
});
