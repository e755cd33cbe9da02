// Signals: stopped within two seconds, nothing published, nothing left; idle before a pipe and in the middle of work.

import { readdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeFolder, ndjson, readFolder, runCommand, startCommand, until } from '../support/run-command.ts';

const patient = ndjson({ resourceType: 'Patient', id: 'p1' });
const signals = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const;

describe('signals', () => {
  it.each(signals)('%s while waiting for stdin ends with %d and leaves the older output', async (signal, expected) => {
    const cwd = makeFolder({ 'p.ndjson': patient });
    await runCommand(['p.ndjson', '-o', 'out'], { cwd });
    const before = readFolder(`${cwd}/out`);
    const run = startCommand(['-', '-o', 'out'], { cwd });
    run.process.stdin?.write(patient.repeat(1000));
    await until(() => readdirSync(`${cwd}/out`).length > 3);
    run.process.kill(signal);
    expect(await run.outcome).toMatchObject({ exitCode: expected, stderr: 'error: stopped, nothing published\n', stdout: '' });
    expect(readFolder(`${cwd}/out`)).toEqual(before);
    expect(readdirSync(`${cwd}/out`)).toHaveLength(3);
  });

  it.each(['csv', 'parquet'])('SIGINT in the middle of work on %s ends within two seconds, and the folder it made is gone', async (format) => {
    const cwd = makeFolder();
    const line = (index: number): string =>
      ndjson({ resourceType: 'Patient', id: `p${index}`, name: [{ family: `f${index}`, given: ['a', 'b'] }], birthDate: '1980-01-01' });
    const block = Array.from({ length: 10_000 }, (_, index) => line(index)).join('');
    for (let file = 0; file < 40; file++) writeFileSync(`${cwd}/in-${file}.ndjson`, block.replaceAll('"id":"p', `"id":"f${file}-`));
    const run = startCommand(['.', '-f', format, '-o', 'out'], { cwd });
    await until(() => readdirSync(cwd).includes('out'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const startMs = performance.now();
    run.process.kill('SIGINT');
    const { exitCode, stderr } = await run.outcome;
    expect({ exitCode, stderr }).toEqual({ exitCode: 130, stderr: 'error: stopped, nothing published\n' });
    expect(performance.now() - startMs).toBeLessThan(2000);
    expect(readdirSync(cwd)).not.toContain('out');
  });
});
