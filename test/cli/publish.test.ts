// Publishing: all files or none, an older output intact until then, nothing left behind, nothing outside the folder.

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { makeFolder, ndjson, readFolder, runCommand, runShell, startCommand, until } from '../support/run-command.ts';

const patient = ndjson({ resourceType: 'Patient', id: 'p1', gender: 'female' });
const encounter = ndjson({ resourceType: 'Encounter', id: 'e1', status: 'finished' });
const tables = ['_report.json', '_schema.json', 'patient.csv'];
const isRoot = process.getuid?.() === 0;
/** Permissions do not stop root. */
const nobody = isRoot ? { uid: 65534, gid: 65534 } : {};

function hiddenIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('.'));
}

describe('publishing', () => {
  it('removes the tables and rejects of an earlier run that this one does not have', async () => {
    const cwd = makeFolder({ 'a/p.ndjson': `${patient}${encounter}{\n`, 'b/p.ndjson': patient, 'out/own.csv': 'mine' });
    expect((await runCommand(['a', '-o', 'out'], { cwd })).exitCode).toBe(3);
    expect(Object.keys(readFolder(`${cwd}/out`))).toEqual(['_report.json', '_schema.json', 'encounter.csv', 'own.csv', 'patient.csv', 'rejects.ndjson']);
    expect((await runCommand(['b', '-o', 'out'], { cwd })).exitCode).toBe(0);
    expect(Object.keys(readFolder(`${cwd}/out`))).toEqual(['_report.json', '_schema.json', 'own.csv', 'patient.csv']);
  });

  it('keeps the other tables when only some were asked for, and goes on knowing them', async () => {
    const cwd = makeFolder({ 'a/p.ndjson': `${patient}${encounter}`, 'b/p.ndjson': patient });
    await runCommand(['a', '-o', 'out'], { cwd });
    await runCommand(['a', '-o', 'out', '-t', 'patient'], { cwd });
    expect(existsSync(`${cwd}/out/encounter.csv`)).toBe(true);
    await runCommand(['b', '-o', 'out'], { cwd });
    expect(existsSync(`${cwd}/out/encounter.csv`)).toBe(false);
  });

  it('removes nothing that an edited _schema.json names outside the folder', async () => {
    const evil = { tool: 'fhir-flatten', tables: { a: { file: '../victim.csv' }, b: { file: '/tmp/x.csv' }, c: { file: 'details/../../victim.csv' }, d: 7 } };
    const cwd = makeFolder({ 'in/p.ndjson': patient, 'victim.csv': 'x', 'out/_schema.json': JSON.stringify(evil) });
    expect((await runCommand(['in', '-o', 'out'], { cwd })).exitCode).toBe(0);
    expect(readFolder(cwd)['victim.csv']).toBe('x');
  });

  it('leaves an older output as it was when a run fails', async () => {
    const cwd = makeFolder({ 'in/p.ndjson': patient, 'bad.ndjson': `${encounter}{\n` });
    await runCommand(['in', '-o', 'out'], { cwd });
    const before = readFolder(`${cwd}/out`);
    expect((await runCommand(['bad.ndjson', '-o', 'out', '--fail-fast'], { cwd })).exitCode).toBe(1);
    expect(readFolder(`${cwd}/out`)).toEqual(before);
    expect(hiddenIn(`${cwd}/out`)).toEqual([]);
  });

  it('brings the older files back when one cannot be put in place', async () => {
    const cwd = makeFolder({ 'a.ndjson': encounter, 'b.ndjson': `${ndjson({ resourceType: 'Encounter', id: 'e2' })}${patient}` });
    await runCommand(['a.ndjson', '-o', 'out'], { cwd });
    const before = readFolder(`${cwd}/out`);
    mkdirSync(`${cwd}/out/patient.csv`);
    const { exitCode, stderr } = await runCommand(['b.ndjson', '-o', 'out'], { cwd });
    expect(exitCode).toBe(1);
    expect(stderr).toBe('error: out/patient.csv is a folder and cannot be replaced by a file\n');
    expect(readFolder(`${cwd}/out`)).toEqual(before);
    expect(hiddenIn(`${cwd}/out`)).toEqual([]);
  });

  it('removes the folders it made when it fails', async () => {
    const cwd = makeFolder({ 'bad.ndjson': '{\n' });
    expect((await runCommand(['bad.ndjson', '-o', 'a/b/c'], { cwd })).exitCode).toBe(1);
    expect(existsSync(`${cwd}/a`)).toBe(false);
  });

  it('says that the output is a file', async () => {
    const cwd = makeFolder({ 'p.ndjson': patient, out: 'x' });
    const { exitCode, stderr } = await runCommand(['p.ndjson', '-o', 'out'], { cwd });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringMatching(/^error: --out out is a file, and a folder is needed\n {2}name a folder/),
    });
    expect((await runCommand(['p.ndjson', '-o', 'out/sub'], { cwd })).stderr).toMatch(/^error: cannot write out\/sub: a part of the path is a file\n/);
  });

  it('names the path when the folder is read-only', async () => {
    const cwd = makeFolder({ 'p.ndjson': patient });
    chmodSync(cwd, 0o755);
    mkdirSync(`${cwd}/out`);
    chmodSync(`${cwd}/out`, 0o555);
    const { exitCode, stderr } = await runCommand(['p.ndjson', '-o', 'out'], { cwd, spawn: nobody });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: 'error: cannot write out: permission denied\n  nothing was published; an older output is as it was\n',
    });
    expect(readdirSync(`${cwd}/out`)).toEqual([]);
  });

  it('names the path when the disk is full, and leaves the older output', async () => {
    const many = ndjson(...Array.from({ length: 5000 }, (_, index) => ({ resourceType: 'Patient', id: `p${index}`, gender: 'female' })));
    const cwd = makeFolder({ 'p.ndjson': patient, 'many.ndjson': many });
    await runCommand(['p.ndjson', '-o', 'out'], { cwd });
    const before = readFolder(`${cwd}/out`);
    const { exitCode, stderr } = await runShell('ulimit -f 64; fhir-flatten many.ndjson -o out', { cwd });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error: cannot write \S*patient\.csv: the file grew larger than allowed\n/);
    expect(readFolder(`${cwd}/out`)).toEqual(before);
    expect(hiddenIn(`${cwd}/out`)).toEqual([]);
    // A copy of stdin that cannot be written must not pass for the end of the input.
    const piped = await runShell('ulimit -f 64; cat many.ndjson | fhir-flatten - -o out', { cwd });
    expect(piped.exitCode).toBe(1);
    expect(piped.stderr).toMatch(/cannot write .*: the file grew larger than allowed\n/);
    expect(readFolder(`${cwd}/out`)).toEqual(before);
  });

  it.runIf(existsSync('/dev/full'))('says that stdout is full', async () => {
    const { exitCode, stderr } = await runShell('fhir-flatten p.ndjson -t patient -o - > /dev/full', { cwd: makeFolder({ 'p.ndjson': patient }) });
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(/^error: cannot write stdout: no space left on the disk\n/) });
  });

  it('replaces a link with the table instead of writing through it', async () => {
    const cwd = makeFolder({ 'p.ndjson': patient, 'victim.csv': 'x' });
    mkdirSync(`${cwd}/out`);
    symlinkSync('../victim.csv', `${cwd}/out/patient.csv`);
    expect((await runCommand(['p.ndjson', '-o', 'out'], { cwd })).exitCode).toBe(0);
    expect(readFolder(cwd)['victim.csv']).toBe('x');
  });

  it('writes nothing outside the folder, whatever resourceType says', async () => {
    const hostile = [
      '../../x',
      '..',
      '/etc/x',
      '__proto__',
      'constructor',
      'toString',
      'P',
      'a'.repeat(5000),
      `P${'a'.repeat(64)}`,
      '',
      'Patient/../x',
      'Pat\u0000ient',
      'Patient ',
      'Pätient',
      'C:\\x',
      'PATIENT\n',
    ];
    const lines = `${ndjson(...hostile.map((resourceType) => ({ resourceType, id: 'x' })))}{"resourceType":7}\n{"resourceType":null}\n{"__proto__":{"resourceType":"Patient"},"id":"y"}\n`;
    const cwd = makeFolder({ 'work/in.ndjson': `${lines}${patient}` });
    const { exitCode, stderr } = await runCommand(['in.ndjson', '-o', 'out'], { cwd: `${cwd}/work` });
    expect(exitCode).toBe(3);
    expect(stderr).toContain('resourceType is not the name of a resource type');
    const files = readFolder(cwd);
    expect(Object.keys(files)).toEqual(['work/in.ndjson', ...[...tables, 'rejects.ndjson'].map((name) => `work/out/${name}`)]);
    expect(files['work/out/rejects.ndjson']?.trimEnd().split('\n')).toHaveLength(hostile.length + 3);
    expect(files['work/out/patient.csv']?.trimEnd().split('\n')).toHaveLength(2);
  });

  it('gives types that FHIR does not define a table, up to a limit, and refuses clashes', async () => {
    const name = (index: number): string => `Own${String.fromCharCode(65 + Math.floor(index / 26), 97 + (index % 26))}`;
    const own = Array.from({ length: 110 }, (_, index) => ({ resourceType: name(index), id: '1' }));
    const cwd = makeFolder({ 'in.ndjson': `${ndjson(...own)}${patient}` });
    const { exitCode, stdout } = await runCommand(['in.ndjson', '--json', '-q'], { cwd });
    expect(exitCode).toBe(3);
    const summary = JSON.parse(stdout);
    expect(Object.keys(summary.tables)).toHaveLength(101);
    expect(summary.diagnostics).toEqual({ RESOURCE_TYPE_LIMIT: 10 });
  });

  it('publishes one of two runs at once, never a mixture', async () => {
    const all = (gender: string): string =>
      ndjson(
        ...Array.from({ length: 3000 }, (_, index) => [
          { resourceType: 'Patient', id: `p${index}`, gender },
          { resourceType: 'Encounter', id: `e${index}`, status: gender },
        ]).flat(),
      );
    const cwd = makeFolder({ 'a.ndjson': all('female'), 'b.ndjson': all('male') });
    for (let round = 0; round < 3; round++) {
      const outcomes = await Promise.all(['a.ndjson', 'b.ndjson'].map((file) => runCommand([file, '-o', 'out', '-q'], { cwd })));
      expect(outcomes.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual([0, 0].map((exitCode) => ({ exitCode, stderr: '' })));
      const files = readFolder(`${cwd}/out`);
      const counts = ['female', 'male'].map((gender) =>
        ['patient.csv', 'encounter.csv'].map((file) => (files[file] as string).split('\n').filter((line) => line.split(',').includes(gender)).length),
      );
      expect(counts).toContainEqual([3000, 3000]);
      expect(counts).toContainEqual([0, 0]);
      expect(hiddenIn(`${cwd}/out`)).toEqual([]);
    }
  });
});

describe('what killed runs leave', () => {
  it('is removed by the next run, which is complete', async () => {
    const cwd = makeFolder({ 'p.ndjson': patient });
    await runCommand(['p.ndjson', '-o', 'out'], { cwd });
    const before = readFolder(`${cwd}/out`);
    const run = startCommand(['-', '-o', 'out'], { cwd });
    run.process.stdin?.write(encounter);
    await until(() => hiddenIn(`${cwd}/out`).length > 0);
    run.process.kill('SIGKILL');
    expect((await run.outcome).signal).toBe('SIGKILL');
    expect(hiddenIn(`${cwd}/out`)).toHaveLength(1);
    const { exitCode } = await runCommand(['p.ndjson', '-o', 'out'], { cwd });
    expect(exitCode).toBe(0);
    expect(Object.keys(readFolder(`${cwd}/out`))).toEqual(Object.keys(before));
    expect(hiddenIn(`${cwd}/out`)).toEqual([]);
  });

  it('is left alone while its process lives, or may live on another host', async () => {
    const host =
      hostname()
        .toLowerCase()
        .replaceAll(/[^a-z0-9]/g, '')
        .slice(0, 40) || 'localhost';
    const dead = Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }));
    const names = [
      `.fhir-flatten-${process.pid}-${host}-0123456789ab`,
      `.fhir-flatten-${dead}-elsewhere-0123456789ab`,
      `.fhir-flatten-${dead}-${host}-0123456789ab`,
      '.fhir-flatten-own',
    ];
    const cwd = makeFolder({ 'p.ndjson': patient });
    for (const name of names) mkdirSync(`${cwd}/out/${name}`, { recursive: true });
    writeFileSync(`${cwd}/out/${names[2]}/patient.csv`, 'x');
    await runCommand(['p.ndjson', '-o', 'out'], { cwd });
    expect(hiddenIn(`${cwd}/out`).sort()).toEqual([names[0], names[1], names[3]].sort());
  });
});
