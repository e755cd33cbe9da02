// The files in samples/postgres do what they say: their commands run against a real server, their options exist.

import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { makeFolder, runCommand, runShell } from '../support/run-command.ts';

const folder = 'samples/postgres';
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => await server?.remove());

/** `NAME=value` lines of an environment file. */
function settingsOf(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
}

/** Runs a line in a folder with an inbox, where the example has another place for it. */
async function runLine(line: string, env: Record<string, string>): Promise<{ exitCode: number | null; stderr: string; schemas: string[] }> {
  const cwd = makeFolder();
  cpSync('samples', join(cwd, 'inbox'), { recursive: true });
  const database = await server.createDatabase();
  const here = { ...server.env(database), HOME: cwd };
  const local = line.replaceAll('/data/inbox', 'inbox');
  const { exitCode, stderr } = await runShell(local, { cwd, env: { ...env, ...here, FHIR_INBOX: 'inbox' } });
  const schemas = await server.query<{ name: string }>(`SELECT schemaname::text AS name FROM pg_tables WHERE tablename = 'patient'`, database);
  return { exitCode, stderr, schemas: schemas.map(({ name }) => name) };
}

describe('samples/postgres', () => {
  it('has a line for cron that loads, and says nothing when all is well', async () => {
    const [, line = ''] = /^\S+ \* \* \* \* (.*)$/m.exec(read('crontab')) ?? [];
    expect(line).toMatch(/^fhir-flatten /);
    expect(await runLine(line, {})).toEqual({ exitCode: 0, stderr: '', schemas: ['fhir'] });
  });

  it('has a service for systemd that loads by the settings of env.example', async () => {
    const [, line = ''] = /^ExecStart=\/usr\/bin\/env (.*)$/m.exec(read('fhir-flatten.service')) ?? [];
    const settings = settingsOf(read('env.example'));
    expect(await runLine(line, settings)).toMatchObject({ exitCode: 0, schemas: [settings['FHIR_SCHEMA']] });
  });

  it.skipIf(spawnSync('systemd-analyze', ['--version']).status !== 0)('has units that systemd takes', () => {
    const cwd = makeFolder();
    for (const unit of ['fhir-flatten.service', 'fhir-flatten.timer']) cpSync(join(folder, unit), join(cwd, unit));
    const { stderr } = spawnSync('systemd-analyze', ['verify', ...readdirSync(cwd).map((unit) => join(cwd, unit))], { encoding: 'utf8' });
    expect(stderr.split('\n').filter((line) => line.includes(cwd))).toEqual([]);
  });

  it('has a compose file whose loader loads, and whose settings and files are there', async () => {
    const compose = read('compose.yaml');
    const [, quoted = ''] = /^ {4}command: \["sh", "-c", '([^']*)'\]$/m.exec(compose) ?? [];
    const loop = quoted.replaceAll('$$', '$');
    const [, line = ''] = /^while :; do (.*); sleep \d+; done$/.exec(loop) ?? [];
    const settings = settingsOf(read('env.example'));
    expect(await runLine(line, settings)).toMatchObject({ exitCode: 0, schemas: [settings['FHIR_SCHEMA']] });
    for (const [, name = ''] of compose.replaceAll('$$', '').matchAll(/\$\{([A-Z_]+)\}/g)) expect(Object.keys(settings)).toContain(name);
    const [, dockerfile = ''] = /dockerfile: (\S+)/.exec(compose) ?? [];
    expect(readFileSync(dockerfile, 'utf8')).toContain('npm pack');
    expect(compose).not.toContain('\t');
  });

  it('does not get in the way of loading all samples', async () => {
    const { exitCode, stderr } = await runCommand(['samples', '-o', makeFolder(), '-q'], { cwd: '.' });
    expect([exitCode, stderr]).toEqual([0, '']);
  });
});
