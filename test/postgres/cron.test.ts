// A load that runs again and again with nobody watching: only new files, one load at a time, and a record of each.

import { renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
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

const patient = (id: string, rest: object = {}) => ({ resourceType: 'Patient', id, ...rest });
const query = <Row = Record<string, unknown>>(sql: string): Promise<Row[]> => server.query<Row>(sql, database);
const load = (cwd: string, args: readonly string[] = ['--incremental']) => runCommand(['.', '--pg', '--json', ...args], { cwd, env: server.env(database) });
const ids = async () => (await query<{ id: string }>('SELECT id FROM patient ORDER BY id')).map(({ id }) => id);

describe('--incremental', () => {
  it('reads what is new, and nothing when nothing is', async () => {
    const cwd = makeFolder({ 'a.ndjson': ndjson(patient('a')), 'b.ndjson': ndjson(patient('b')) });
    expect(JSON.parse((await load(cwd)).stdout)).toMatchObject({ sources: 2, exitCode: 0 });
    const again = await load(cwd);
    expect([again.exitCode, again.stderr]).toEqual([0, 'Nothing new: 2 files loaded before\n']);
    expect(JSON.parse(again.stdout)).toMatchObject({ sources: 0, database: { skipped: 2, tables: {} } });
    writeFileSync(join(cwd, 'c.ndjson'), ndjson(patient('c')));
    const third = JSON.parse((await load(cwd)).stdout);
    expect(third).toMatchObject({ sources: 1, resources: 1, database: { skipped: 2, tables: { patient: { inserted: 1, unchanged: 0 } } } });
    expect(await ids()).toEqual(['a', 'b', 'c']);
  });

  it('goes by content where the times of a file are new, or where they are not', async () => {
    const cwd = makeFolder({ 'a.ndjson': ndjson(patient('a')) });
    const path = join(cwd, 'a.ndjson');
    await load(cwd);
    utimesSync(path, new Date(), new Date());
    expect((await load(cwd)).stderr).toBe('Nothing new: 1 file loaded before\n');
    const { atime, mtime, size } = statSync(path);
    writeFileSync(join(cwd, '.new'), ndjson(patient('b')));
    renameSync(join(cwd, '.new'), path);
    utimesSync(path, atime, mtime);
    expect(statSync(path).size).toBe(size);
    await load(cwd);
    expect(await ids()).toEqual(['a', 'b']);
  });

  it('reads a file again when the options ask for other tables', async () => {
    const cwd = makeFolder({ 'a.ndjson': ndjson(patient('a', { name: [{ family: 'x' }] })) });
    await load(cwd, ['--incremental', '--no-details']);
    expect(JSON.parse((await load(cwd)).stdout).database.tables).toMatchObject({ patient: { unchanged: 1 }, patient_name: { inserted: 1 } });
    expect((await load(cwd)).stderr).toContain('Nothing new');
  });

  it('remembers files whose records are bad, and keeps these', async () => {
    const cwd = makeFolder({ 'a.ndjson': `${ndjson(patient('a'))}{"resourceType":"Patient",\n`, 'b.json': '{"resourceType":"Patient","id":' });
    const first = await load(cwd);
    expect(first.exitCode).toBe(3);
    expect(first.stderr).toContain('2 records rejected: see table _fhir_flatten_reject');
    expect(await query('SELECT source, line::int, code, raw_text FROM _fhir_flatten_reject ORDER BY source')).toEqual([
      { source: 'a.ndjson', line: 2, code: 'RECORD_NOT_JSON', raw_text: '{"resourceType":"Patient",' },
      { source: 'b.json', line: null, code: 'RECORD_NOT_JSON', raw_text: '{"resourceType":"Patient","id":' },
    ]);
    expect((await load(cwd)).exitCode).toBe(0);
    writeFileSync(join(cwd, 'c.json'), '{"resourceType":');
    expect((await load(cwd)).exitCode).toBe(3);
    expect((await load(cwd)).exitCode).toBe(0);
  });

  it('has nothing to do in an empty folder, and misses one that is not there', async () => {
    const empty = await load(makeFolder());
    expect([empty.exitCode, empty.stderr]).toEqual([0, 'Nothing new: no files\n']);
    const missing = await runCommand(['nowhere', '--pg', '--incremental'], { cwd: makeFolder(), env: server.env(database) });
    expect(missing.exitCode).toBe(1);
  });

  it('forgets what a run that failed has read', async () => {
    const cwd = makeFolder({ 'a.ndjson': ndjson(patient('a')) });
    await query('CREATE TABLE observation (id integer)');
    writeFileSync(join(cwd, 'o.ndjson'), ndjson({ resourceType: 'Observation', id: 'o' }));
    expect((await load(cwd)).exitCode).toBe(1);
    await query('DROP TABLE observation');
    expect(JSON.parse((await load(cwd)).stdout)).toMatchObject({ sources: 2, exitCode: 0 });
  });
});

describe('the record of the runs', () => {
  it('says when, how many files, resources and rejects, and what changed', async () => {
    const cwd = makeFolder({ 'a.ndjson': `${ndjson(patient('a'))}nonsense\n` });
    await load(cwd, []);
    await load(cwd);
    await load(cwd);
    const rows = await query(
      `SELECT fhir_version, source_count, skipped_count, resource_count::int, reject_count::int, changes, report->>'tool' AS tool, finished_at >= started_at AS "isInOrder"
         FROM _fhir_flatten_run ORDER BY run_id`,
    );
    const common = { fhir_version: expect.stringMatching(/^R?4/), tool: 'fhir-flatten', isInOrder: true };
    expect(rows).toEqual([
      {
        ...common,
        source_count: 1,
        skipped_count: 0,
        resource_count: 1,
        reject_count: 1,
        changes: { patient: { inserted: 1, updated: 0, unchanged: 0, deleted: 0 } },
      },
      {
        ...common,
        source_count: 1,
        skipped_count: 0,
        resource_count: 1,
        reject_count: 1,
        changes: { patient: { inserted: 0, updated: 0, unchanged: 1, deleted: 0 } },
      },
      { ...common, source_count: 0, skipped_count: 1, resource_count: 0, reject_count: 0, changes: {} },
    ]);
  });
});

describe('two loads at the same time', () => {
  it('wait for one another, and the one that waits in vain says for whom', async () => {
    const env = { ...server.env(database), PGAPPNAME: 'nightly' };
    const first = startCommand(['-', '--pg'], { cwd: makeFolder(), env });
    first.process.stdin?.write(ndjson(patient('a')));
    await waitForLock();
    const second = await runCommand(['-', '--pg', '--lock-timeout', '0'], { cwd: makeFolder(), env, input: ndjson(patient('b')) });
    expect(second.exitCode).toBe(1);
    expect(second.stderr).toMatch(
      /^error: another run loads into schema public, waited 0 s: session \d+ of nightly as postgres from 127\.0\.0\.1 since \d{4}-.* UTC\n {2}wait for it.*pg_terminate_backend\(\d+\)\n$/,
    );
    // Another schema is free.
    expect(
      (await runCommand(['-', '--pg', '--pg-schema', 'other', '--lock-timeout', '0'], { cwd: makeFolder(), env, input: ndjson(patient('b')) })).exitCode,
    ).toBe(0);
    const third = startCommand(['-', '--pg', '--lock-timeout', '30'], { cwd: makeFolder(), env });
    third.process.stdin?.end(ndjson(patient('c')));
    first.process.stdin?.end();
    expect([(await first.outcome).exitCode, (await third.outcome).exitCode]).toEqual([0, 0]);
    expect(await ids()).toEqual(['a', 'c']);
  });

  it('and eight of them on overlapping files end as one would', async () => {
    const names = (number: number) => [{ use: 'official', family: `family ${number}` }, { family: 'b' }];
    const version = (id: number, number: number) =>
      patient(`p${id}`, { meta: { lastUpdated: `2024-01-01T00:00:0${number}Z` }, gender: `v${number}`, name: names(number).slice(number % 2) });
    const runs = Array.from({ length: 8 }, (_, run) => {
      const input = Array.from({ length: 200 }, (_unused, id) => ndjson(version(id, (run + id) % 8))).join('');
      return runCommand(['-', '--pg'], { cwd: makeFolder(), env: server.env(database), input });
    });
    const outcomes = await Promise.all(runs);
    expect(outcomes.map(({ exitCode, stderr }) => (exitCode === 0 ? 0 : stderr))).toEqual(Array(8).fill(0));
    expect(await query('SELECT count(*)::int AS patients, count(DISTINCT gender)::int AS versions, min(gender) AS gender FROM patient')).toEqual([
      { patients: 200, versions: 1, gender: 'v7' },
    ]);
    expect(await query('SELECT family, idx, count(*)::int AS count FROM patient_name GROUP BY 1, 2')).toEqual([{ family: 'b', idx: 0, count: 200 }]);
  }, 120_000);

  async function waitForLock(): Promise<void> {
    const client = new pg.Client({ connectionString: server.url(database) });
    await client.connect();
    for (;;) {
      const { rowCount } = await client.query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted`);
      if (rowCount === 1) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await client.end();
  }
});
