// What goes wrong in the middle: one message with the place and the SQLSTATE, the database as before, and a re-run that
// completes.

import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PostgresServer, password, startPostgres } from '../support/postgres-server.ts';
import { makeFolder, ndjson, runCommand, startCommand } from '../support/run-command.ts';

let server: PostgresServer;
let database: string;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => await server?.remove());
beforeEach(async () => {
  database = await server.createDatabase();
});

const query = <Row = Record<string, unknown>>(sql: string): Promise<Row[]> => server.query<Row>(sql, database);
const patientCount = 400;
/** All patients, with a mark by which versions of the load are told apart, in main and child rows. */
const everybody = (mark: string): string =>
  Array.from({ length: patientCount }, (_, index) =>
    ndjson({ resourceType: 'Patient', id: `p${index}`, gender: mark, name: [{ family: mark }, { family: mark }], contact: [{ gender: mark }] }),
  ).join('');
const run = (input: string, env: Record<string, string> = {}, args: readonly string[] = []) =>
  runCommand(['-', '--pg', ...args], { cwd: makeFolder(), input, env: { ...server.env(database), ...env } });

/** The marks in the tables with their counts: one mark, and all rows of it, unless a load was half applied. */
async function marks(): Promise<string> {
  const [row] = await query<{ marks: string }>(
    `SELECT string_agg(mark || ' ' || count, ', ' ORDER BY mark) AS marks FROM (SELECT mark, count(*) FROM (
       SELECT gender AS mark FROM patient UNION ALL SELECT family FROM patient_name UNION ALL SELECT gender FROM patient_contact) m GROUP BY mark) c`,
  );
  return row?.marks ?? '';
}
const all = (mark: string): string => `${mark} ${patientCount * 4}`;

/** A load that waits for more input, when the server has taken some. */
async function startLoad(text: string): Promise<ReturnType<typeof startCommand>> {
  const started = startCommand(['-', '--pg'], { cwd: makeFolder(), env: server.env(database) });
  started.process.stdin?.on('error', () => {});
  started.process.stdin?.write(text);
  const client = new pg.Client({ connectionString: server.url(database) });
  client.on('error', () => {});
  await client.connect();
  while ((await client.query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted`)).rowCount === 0)
    await new Promise((resolve) => setTimeout(resolve, 10));
  await client.end();
  return started;
}

describe('a fault', () => {
  it.each([
    ['a full disk', '53100', 'the disk of the server is full'],
    ['a constraint', '23514', 'a constraint of the table refuses the rows'],
    ['a deadlock', '40P01', 'another session holds rows that this one needs'],
    ['a server that runs out of memory', '53200', 'the server is out of memory'],
    ['something nobody has thought of', 'P0001', 'the server refused a statement'],
  ])('like %s names the table, and leaves all as it was', async (_, sqlstate, reason) => {
    expect((await run(everybody('before'))).exitCode).toBe(0);
    await query(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'p1 is secret' USING ERRCODE = '${sqlstate}'; END $$;
      CREATE TRIGGER fail BEFORE INSERT OR UPDATE ON patient_name FOR EACH STATEMENT EXECUTE FUNCTION fail()`);
    const { exitCode, stderr, stdout } = await run(everybody('after'));
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`error: Postgres, table patient_name: ${reason}`);
    expect(stderr).toMatch(new RegExp(`\\(SQLSTATE ${sqlstate}\\)\\n {2}.*; the database is as it was\\n$`));
    expect(stderr + stdout).not.toContain('secret');
    expect(await marks()).toBe(all('before'));
    await query('DROP TRIGGER fail ON patient_name');
    expect((await run(everybody('after'))).exitCode).toBe(0);
    expect(await marks()).toBe(all('after'));
  });

  it('like a missing permission says what to grant', async () => {
    await server.query(`CREATE ROLE guest LOGIN PASSWORD '${password}'`);
    // As from version 15 on.
    await query('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    const guest = { PGUSER: 'guest' };
    expect((await run(everybody('x'), guest)).stderr).toMatch(/permission denied \(SQLSTATE 42501\)\n {2}grant the user USAGE and CREATE/);
    expect((await run(everybody('x'), guest, ['--pg-schema', 'mine'])).stderr).toContain('no schema mine in 127.0.0.1');
    await run(everybody('before'));
    await query(
      'GRANT CREATE, USAGE ON SCHEMA public TO guest; GRANT ALL ON _fhir_flatten_run, _fhir_flatten_file, _fhir_flatten_reject TO guest; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO guest; GRANT SELECT ON patient TO guest',
    );
    expect((await run(everybody('after'), guest)).stderr).toMatch(/table patient\w*: permission denied \(SQLSTATE 42501\)/);
    expect(await marks()).toBe(all('before'));
    await query('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO guest');
    expect((await run(everybody('after'), guest)).exitCode).toBe(0);
    expect(await marks()).toBe(all('after'));
  });

  it('like a timeout of statements or of locks', async () => {
    await run(everybody('before'));
    const slow = await run(everybody('after'), { PGOPTIONS: '-c statement_timeout=1ms' });
    expect([slow.exitCode, slow.stderr]).toEqual([
      1,
      expect.stringMatching(/a statement took too long or was cancelled \(SQLSTATE 57014\)\n {2}raise statement_timeout/),
    ]);
    const client = new pg.Client({ connectionString: server.url(database) });
    await client.connect();
    await client.query('BEGIN; UPDATE patient_name SET family = family');
    const blocked = await run(everybody('after'), { PGOPTIONS: '-c lock_timeout=300ms' });
    await client.query('ROLLBACK');
    await client.end();
    expect([blocked.exitCode, blocked.stderr]).toEqual([
      1,
      expect.stringContaining('table patient_name: a lock was not granted within lock_timeout (SQLSTATE 55P03)'),
    ]);
    expect(await marks()).toBe(all('before'));
  });

  it('like characters that the encoding of the database does not have, but not a default of read-only transactions', async () => {
    const readOnly = await run(everybody('x'), { PGOPTIONS: '-c default_transaction_read_only=on' });
    expect(readOnly.exitCode, readOnly.stderr).toBe(0);
    await server.query(`CREATE DATABASE latin ENCODING LATIN1 TEMPLATE template0`);
    const person = (family: string) => ndjson({ resourceType: 'Patient', id: 'p', name: [{ family }] });
    const latin = { PGDATABASE: 'latin' };
    expect((await run(person('Müller'), latin)).exitCode).toBe(0);
    expect((await run(person('Дмитрий'), latin)).stderr).toMatch(
      /a character is not in the encoding of the database \(SQLSTATE 22P05\)\n {2}use a database with ENCODING UTF8/,
    );
    expect(await server.query('SELECT name_family FROM patient', 'latin')).toEqual([{ name_family: 'Müller' }]);
  });

  it('like a session that is ended, or a server that goes away in the middle', async () => {
    await run(everybody('before'));
    const ended = await startLoad(everybody('after'));
    await query(`SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'`);
    ended.process.stdin?.end(everybody('after'));
    expect(await ended.outcome).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/administrator ended the session \(SQLSTATE 57P01\)|the connection to Postgres .* was lost/),
    });
    const cut = await startLoad(everybody('after'));
    await server.stop();
    cut.process.stdin?.end(everybody('after'));
    const { exitCode, stderr } = await cut.outcome;
    expect([exitCode, stderr.trim().split('\n').length]).toEqual([1, 2]);
    expect((await run(everybody('after'))).stderr).toMatch(/cannot connect to Postgres at 127\.0\.0\.1:\d+\/\w+: nothing listens there/);
    await server.start();
    expect(await marks()).toBe(all('before'));
    expect((await run(everybody('after'))).exitCode).toBe(0);
    expect(await marks()).toBe(all('after'));
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('or a %s, which ends with %d at once', async (signal, expected) => {
    await run(everybody('before'));
    const load = await startLoad(everybody('after'));
    load.process.kill(signal);
    expect(await load.outcome).toMatchObject({ exitCode: expected, stderr: 'error: stopped, nothing published\n' });
    expect(await marks()).toBe(all('before'));
    // The lock is free.
    expect((await run(everybody('after'), {}, ['--lock-timeout', '10'])).exitCode).toBe(0);
    expect(await marks()).toBe(all('after'));
  });
});

describe('a load that is killed', () => {
  const moments = 20;

  it(`at ${moments} random moments leaves all of one version or all of the other`, async () => {
    const started = performance.now();
    await run(everybody('v0'));
    const wholeMs = performance.now() - started;
    let current = 'v0';
    for (let round = 1; round <= moments; round++) {
      const load = startCommand(['-', '--pg'], { cwd: makeFolder(), env: server.env(database) });
      load.process.stdin?.on('error', () => {});
      load.process.stdin?.end(everybody(`v${round}`));
      const timer = setTimeout(() => load.process.kill('SIGKILL'), Math.random() * wholeMs);
      await load.outcome;
      clearTimeout(timer);
      const found = await marks();
      expect([all(current), all(`v${round}`)]).toContain(found);
      current = found.split(' ')[0] as string;
    }
    expect((await run(everybody('end'))).exitCode).toBe(0);
    expect(await marks()).toBe(all('end'));
  }, 180_000);

  it(`and so does a server that is killed`, async () => {
    const started = performance.now();
    await run(everybody('v0'));
    const wholeMs = performance.now() - started;
    let current = 'v0';
    for (let round = 1; round <= moments; round++) {
      const load = run(everybody(`v${round}`));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * wholeMs));
      await server.kill();
      const { exitCode, stderr } = await load;
      expect(exitCode === 0 ? 'done' : stderr).toMatch(/^done$|^error: (cannot connect|the connection|Postgres, )/);
      await server.start();
      const found = await marks();
      expect(exitCode === 0 ? [all(`v${round}`)] : [all(current), all(`v${round}`)]).toContain(found);
      current = found.split(' ')[0] as string;
    }
    expect((await run(everybody('end'))).exitCode).toBe(0);
    expect(await marks()).toBe(all('end'));
  }, 180_000);
});
