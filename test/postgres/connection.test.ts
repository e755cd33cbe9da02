// Where to connect, as whom, and how safely; and what is said when that fails, which never is a password.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConnectionSettings } from '../../src/write/postgres/connection-settings.ts';
import { type PostgresServer, password, startPostgres } from '../support/postgres-server.ts';
import { makeFolder, ndjson, runCommand } from '../support/run-command.ts';

const patient = ndjson({ resourceType: 'Patient', id: 'a' });

describe('settings', () => {
  const read = (url: string | undefined, environment: Record<string, string> = {}) => readConnectionSettings(url, environment);

  it('come from the URL, with escapes undone', () => {
    expect(read('postgresql://us%40er:p%3A%2Fw@[::1]:6543/d%20b?sslmode=verify-full&application_name=nightly')).toMatchObject({
      host: '::1',
      port: 6543,
      user: 'us@er',
      password: 'p:/w',
      database: 'd b',
      sslMode: 'verify-full',
      applicationName: 'nightly',
    });
    expect(read('postgres:///db?host=/run/pg&port=1')).toMatchObject({ host: '/run/pg', port: 1, database: 'db' });
  });

  it('come from the environment where the URL says nothing', () => {
    const environment = { PGHOST: 'db.example', PGPORT: '1234', PGUSER: 'loader', PGDATABASE: 'fhir', PGPASSWORD: 'secret', PGSSLMODE: 'require' };
    expect(read(undefined, environment)).toMatchObject({
      host: 'db.example',
      port: 1234,
      user: 'loader',
      database: 'fhir',
      password: 'secret',
      sslMode: 'require',
    });
    expect(read('postgres://other@elsewhere', environment)).toMatchObject({ host: 'elsewhere', user: 'other', database: 'fhir', port: 1234 });
    expect(read(undefined, { PGUSER: 'loader', PGHOST: 'h' })).toMatchObject({ database: 'loader', port: 5432, sslMode: 'prefer' });
  });

  it.each([
    ['http://host/db', /--pg takes a URL of the form/],
    ['postgres://u:secret%zz@host/db', /--pg takes a URL of the form/],
    ['postgres://host/db?sslmod=require', /wrong sslmod: the URL cannot have it/],
    ['postgres://host/db?sslmode=maybe', /wrong sslmode: it takes one of disable/],
    ['postgres://u:secret@host:99999/db', /wrong port/],
    ['postgres://a,b/db', /it takes one host/],
  ])('%s is wrong usage', async (url, message) => {
    const { exitCode, stderr } = await runCommand(['x', '--pg', url], { cwd: makeFolder({ x: patient }), env: { PGHOST: '' } });
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(message) });
    expect(stderr).not.toContain('secret');
  });

  it.each([
    [['--incremental'], /--incremental goes with --pg/],
    [['--pg-schema', 's'], /--pg-schema goes with --pg/],
    [['--pg', '-f', 'csv'], /--format is for files/],
    [['--pg', '--incremental', '-o', 'out'], /--incremental goes with --pg alone/],
    [['--pg', '--pg-schema', 'x'.repeat(64)], /longer than 63 bytes/],
  ])('%j is wrong usage', async (args, message) => {
    const { exitCode, stderr } = await runCommand(['x', ...args], { cwd: makeFolder({ x: patient }), env: { PGHOST: '127.0.0.1', PGPORT: '1' } });
    expect(stderr).toMatch(message);
    expect([1, 2]).toContain(exitCode);
  });
});

describe('a connection', () => {
  let server: PostgresServer;
  let database: string;
  beforeAll(async () => {
    server = await startPostgres();
    database = await server.createDatabase();
  });
  afterAll(async () => await server?.remove());

  const run = (args: readonly string[], env: Record<string, string> = {}, cwd = makeFolder({ 'a.ndjson': patient })) =>
    runCommand(args, { cwd, env: { HOME: cwd, PGHOST: '', PGPORT: '', PGUSER: '', PGDATABASE: '', PGPASSWORD: '', PGSSLMODE: '', ...env } });
  const place = () => ({ PGHOST: '127.0.0.1', PGPORT: String(server.port), PGUSER: 'postgres', PGDATABASE: database });

  it('is made by URL, by environment, and by ~/.pgpass', async () => {
    const byUrl = await run(['a.ndjson', '--pg', server.url(database)]);
    expect([byUrl.exitCode, byUrl.stderr]).toEqual([
      0,
      expect.stringContaining(`Loaded 1 resource from 1 source into 127.0.0.1:${server.port}/${database}, schema public`),
    ]);
    // The folder is no URL.
    expect((await run(['--pg', 'a.ndjson'], { ...place(), PGPASSWORD: password })).exitCode).toBe(0);
    const cwd = makeFolder({ 'a.ndjson': patient });
    const line = `# comment\nother:*:*:*:wrong\n127.0.0.1:${server.port}:*:postgres:${password.replaceAll(/[\\:]/g, '\\$&')}\n`;
    writeFileSync(join(cwd, '.pgpass'), line, { mode: 0o600 });
    expect((await run(['a.ndjson', '--pg'], place(), cwd)).exitCode).toBe(0);
    writeFileSync(join(cwd, 'shared'), line, { mode: 0o644 });
    const shared = await run(['a.ndjson', '--pg'], { ...place(), PGPASSFILE: 'shared' }, cwd);
    expect([shared.exitCode, shared.stderr]).toEqual([
      1,
      expect.stringMatching(/password file: shared can be read by others[\s\S]*the server asks for a password/),
    ]);
  });

  it('that fails says why in one line and a hint, without the password', async () => {
    const nobody = `postgres://postgres:hush@127.0.0.1:1/${database}`;
    for (const [url, expected] of [
      [nobody, 'cannot connect to Postgres at 127.0.0.1:1/'],
      [`postgres://postgres:hush@127.0.0.1:${server.port}/${database}`, 'the user or the password is not accepted (SQLSTATE 28P01)'],
      [server.url('no_such_database'), 'there is no such database (SQLSTATE 3D000)'],
      [`${server.url(database)}?sslmode=require`, 'the server does not offer TLS'],
      [`postgres://postgres@127.0.0.1:${server.port}/${database}`, 'the server asks for a password'],
      [`postgres://postgres:hush@no-such-host.invalid/${database}`, /no such host|cannot be looked up/],
    ] as const) {
      const { exitCode, stderr, stdout } = await run(['a.ndjson', '--pg', url, '--json']);
      expect(stderr).toMatch(expected);
      expect({ exitCode, lines: stderr.trim().split('\n').length }).toEqual({ exitCode: 1, lines: 2 });
      expect(stderr + stdout).not.toMatch(/hush|pass word|pass%20word/);
    }
  });

  it('is not needed for a dry run', async () => {
    const { exitCode, stderr } = await run(['a.ndjson', '--pg', 'postgres://127.0.0.1:1/x', '--dry-run']);
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('Would load 1 resource')]);
  });
});

describe.skipIf(spawnSync('openssl', ['version']).status !== 0)('TLS', () => {
  let server: PostgresServer;
  let certificate: string;
  beforeAll(async () => {
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    server = await startPostgres([], (folder) => {
      const made = spawnSync('openssl', [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
        ...subject,
        '-keyout',
        join(folder, 'key.pem'),
        '-out',
        join(folder, 'cert.pem'),
      ]);
      expect(made.status, String(made.stderr)).toBe(0);
      certificate = readFileSync(join(folder, 'cert.pem'), 'utf8');
      return { files: ['key.pem', 'cert.pem'], settings: ['ssl=on', `ssl_key_file=${join(folder, 'key.pem')}`, `ssl_cert_file=${join(folder, 'cert.pem')}`] };
    });
  });
  afterAll(async () => await server?.remove());

  it.each([
    ['disable', '127.0.0.1', false, 0],
    ['prefer', '127.0.0.1', false, 0],
    ['require', '127.0.0.1', false, 0],
    ['verify-ca', '127.0.0.1', true, 0],
    ['verify-ca', '127.0.0.1', false, 'self-signed'],
    ['verify-full', 'localhost', true, 0],
    ['verify-full', '127.0.0.1', true, 'the certificate of the server is for another host'],
  ] as const)('sslmode=%s to %s, with the authority: %s', async (mode, host, hasAuthority, expected) => {
    const cwd = makeFolder({ 'a.ndjson': patient, 'root.pem': certificate });
    mkdirSync(join(cwd, 'home'));
    const env = { HOME: join(cwd, 'home'), ...server.env(), PGHOST: host, PGSSLMODE: mode, ...(hasAuthority && { PGSSLROOTCERT: 'root.pem' }) };
    const { exitCode, stderr } = await runCommand(['a.ndjson', '--pg', '--pg-schema', 'tls'], { cwd, env });
    if (expected === 0) {
      expect(exitCode, stderr).toBe(0);
      return;
    }
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining(expected) });
  });
});
