// Tables that are there without a row: rows go straight into them, and all is as it would be after a merge.

import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { makeFolder, ndjson, type Outcome, runCommand, startCommand } from '../support/run-command.ts';

let server: PostgresServer;
let database: string;
let ddl: string;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => await server?.remove());
beforeEach(async () => {
  database = await server.createDatabase();
  ddl ??= (await runCommand(['tables', ...tables, '--ddl', 'postgres'], { cwd: makeFolder() })).stdout;
  await query(ddl);
});

const tables = ['patient', 'patient_name', 'patient_identifier', 'practitioner', 'organization', 'encounter'];
const query = <Row = Record<string, unknown>>(sql: string): Promise<Row[]> => server.query<Row>(sql, database);
const loadFiles = (files: Record<string, string>, args: readonly string[] = []): Promise<Outcome> =>
  runCommand(['.', '--pg', '--json', ...args], { cwd: makeFolder(files), env: server.env(database) });
const changesOf = ({ stderr, stdout }: Outcome): Record<string, unknown> => {
  expect(stderr).not.toMatch(/^error: Postgres/m);
  return JSON.parse(stdout).database.tables;
};
const patient = (id: string, rest: object = {}) => ({ resourceType: 'Patient', id, name: [{ family: `of ${id}` }], ...rest });
const inserted = (count: number) => ({ inserted: count, updated: 0, unchanged: 0, deleted: 0 });

/** Another session, in a transaction. */
async function begin(sql: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: server.url(database) });
  client.on('error', () => {});
  await client.connect();
  await client.query(`BEGIN; ${sql}`);
  return client;
}

/** Resolves when a load has looked at what is there, which it does before it reads. */
async function untilStarted(): Promise<void> {
  const sql = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted`;
  const isIdle = `SELECT 1 FROM pg_stat_activity WHERE application_name = 'fhir-flatten' AND state = 'idle in transaction' AND query LIKE '%_fhir_flatten_run%'`;
  while ((await query(sql)).length === 0 || (await query(isIdle)).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Resolves when a session waits for another one. */
async function untilWaiting(): Promise<void> {
  while ((await query(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'`)).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('a load into empty tables', () => {
  it('inserts all rows, and keeps what is theirs: columns, defaults, views, grants, indexes', async () => {
    await query(`ALTER TABLE patient ADD COLUMN note text NOT NULL DEFAULT 'mine', ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY,
        ADD COLUMN upper_id text GENERATED ALWAYS AS (upper(id)) STORED, ALTER COLUMN gender SET DEFAULT 'unknown', ALTER COLUMN other_json SET DEFAULT '{}', DROP COLUMN birth_date;
      CREATE VIEW patients AS SELECT id, note, number, upper_id, gender FROM patient; CREATE UNIQUE INDEX my_index ON patient (note, id);
      CREATE ROLE viewer; GRANT SELECT ON patient TO viewer`);
    const before = await query(`SELECT 'patient'::regclass::oid AS oid, obj_description('patient'::regclass) AS text`);
    const input = ndjson(patient('a', { birthDate: '1990-01-02' }), patient('b', { gender: 'male' }), { resourceType: 'Organization', id: 'o' });
    const changes = changesOf(await loadFiles({ 'a.ndjson': input }));
    expect(changes).toEqual({ patient: inserted(2), patient_name: inserted(2), organization: inserted(1) });
    expect(await query('SELECT *, number::int FROM patients ORDER BY id')).toEqual([
      { id: 'a', note: 'mine', number: 1, upper_id: 'A', gender: null },
      { id: 'b', note: 'mine', number: 2, upper_id: 'B', gender: 'male' },
    ]);
    expect(await query(`SELECT birth_date::text, other_json FROM patient ORDER BY id`)).toEqual([
      { birth_date: '1990-01-02', other_json: null },
      { birth_date: null, other_json: null },
    ]);
    expect(await query(`SELECT 'patient'::regclass::oid AS oid, obj_description('patient'::regclass) AS text`)).toEqual(before);
    expect(await query(`SELECT 'my_index'::regclass::text AS name, has_table_privilege('viewer', 'patient', 'SELECT') AS may`)).toEqual([
      { name: 'my_index', may: true },
    ]);
    expect(changesOf(await loadFiles({ 'a.ndjson': input }))).toMatchObject({ patient: { inserted: 0, unchanged: 2 } });
  });

  it('fires their triggers, follows their rules and minds row-level security as any insert does', async () => {
    await query(`CREATE TABLE seen (id text); CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO seen VALUES (NEW.id); NEW.gender := 'seen'; RETURN NEW; END $$;
      CREATE TRIGGER see BEFORE INSERT ON patient FOR EACH ROW EXECUTE FUNCTION see();
      ALTER TABLE encounter ADD FOREIGN KEY (patient_id) REFERENCES patient DEFERRABLE INITIALLY DEFERRED;
      ALTER TABLE organization ENABLE ROW LEVEL SECURITY; CREATE POLICY all_of_them ON organization USING (true)`);
    const encounter = { resourceType: 'Encounter', id: 'e', subject: { reference: 'Patient/a' } };
    const changes = changesOf(await loadFiles({ 'a.ndjson': ndjson(encounter, patient('a'), { resourceType: 'Organization', id: 'o' }) }));
    expect(changes).toMatchObject({ patient: inserted(1), encounter: inserted(1), organization: inserted(1) });
    expect(await query('SELECT id, gender FROM patient JOIN seen USING (id)')).toEqual([{ id: 'a', gender: 'seen' }]);
  });

  it('takes tables that others inherit from', async () => {
    await query(`CREATE TABLE my_patient (CHECK (id <> 'a')) INHERITS (patient); INSERT INTO my_patient (id) VALUES ('mine')`);
    expect(changesOf(await loadFiles({ 'a.ndjson': ndjson(patient('a')) }))).toMatchObject({ patient: inserted(1) });
    expect(await query('SELECT id FROM patient ORDER BY id')).toEqual([{ id: 'a' }, { id: 'mine' }]);
  });

  it('refuses what a constraint of theirs refuses, and leaves them empty', async () => {
    await query(`ALTER TABLE patient ADD CONSTRAINT no_a CHECK (id <> 'a')`);
    const { exitCode, stderr } = await loadFiles({ 'a.ndjson': ndjson(patient('b'), patient('a')) });
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining('error: Postgres, table patient: a constraint of the table refuses the rows (no_a) (SQLSTATE 23514)'),
    ]);
    expect(await query('SELECT id FROM patient')).toEqual([]);
    expect(await query('SELECT 1 FROM _fhir_flatten_run').catch(() => 'none')).toBe('none');
  });

  it('names the table whose rows are refused, and no other, when many more rows are on their way', async () => {
    // Refused so slowly that others have followed.
    await query(`ALTER TABLE patient ADD CONSTRAINT no_a CHECK (id <> 'a' OR pg_sleep(0.5) IS NULL)`);
    const people = Array.from({ length: 3000 }, (_, index) => patient(`p${index}`));
    const visits = Array.from({ length: 60_000 }, (_, index) => ({ resourceType: 'Encounter', id: `e${index}`, subject: { reference: 'Patient/a' } }));
    const { exitCode, stderr } = await loadFiles({ 'a.ndjson': ndjson(patient('a'), ...people, ...visits) });
    expect([exitCode, stderr.match(/^error: .*/gm)]).toEqual([
      1,
      [expect.stringContaining('error: Postgres, table patient: a constraint of the table refuses the rows (no_a) (SQLSTATE 23514)')],
    ]);
    expect(await query('SELECT id FROM patient UNION ALL SELECT id FROM encounter')).toEqual([]);
  });

  it('knows deletions, contained resources and references by identifier of its own input', async () => {
    const organization = { resourceType: 'Organization', id: 'o1', identifier: [{ system: 'urn:s', value: '1' }] };
    const encounter = { resourceType: 'Encounter', id: 'e1', serviceProvider: { reference: 'Organization?identifier=urn:s|1' } };
    const container = patient('c', { contained: [{ resourceType: 'Practitioner', id: 'p' }], generalPractitioner: [{ reference: '#p' }] });
    const deletions = JSON.stringify({
      resourceType: 'Bundle',
      type: 'transaction',
      entry: ['Patient/a', 'Patient/nobody'].map((url) => ({ request: { method: 'DELETE', url } })),
    });
    const files = { 'a.ndjson': ndjson(patient('a'), patient('b'), encounter, organization, container), 'b.json': deletions };
    changesOf(await loadFiles(files));
    expect(await query('SELECT id FROM patient ORDER BY id')).toEqual([{ id: 'b' }, { id: 'c' }]);
    expect(await query('SELECT patient_id FROM patient_name ORDER BY 1')).toEqual([{ patient_id: 'b' }, { patient_id: 'c' }]);
    expect(await query('SELECT id, contained_in FROM practitioner')).toEqual([{ id: 'c#p', contained_in: 'Patient/c' }]);
    expect(await query('SELECT service_provider_id FROM encounter')).toEqual([{ service_provider_id: 'o1' }]);
    const again = changesOf(await loadFiles(files));
    expect(again).toMatchObject({ patient: { inserted: 0, updated: 0, unchanged: 2, deleted: 0 }, practitioner: { unchanged: 1 } });
  });
});

describe('rows with the same key in empty tables', () => {
  const twice = ['dup\u0000', 'dup\ufffd'].map((id, index) => patient(id, { gender: `g${index}` }));
  const warning = 'table patient: 1 rows had the key of a later row, which stays';

  it('are one, the last that was read, and rejects are kept once', async () => {
    const outcome = await loadFiles({ 'a.ndjson': `${ndjson(...twice, patient('other'))}{"resourceType":\n` });
    expect(outcome.exitCode).toBe(3);
    expect(changesOf(outcome)).toEqual({ patient: inserted(2), patient_name: inserted(2) });
    expect(outcome.stderr.split(warning)).toHaveLength(2);
    expect(outcome.stderr.split('a.ndjson:4')).toHaveLength(2);
    expect(await query('SELECT gender FROM patient ORDER BY 1')).toEqual([{ gender: 'g1' }, { gender: null }]);
    expect(await query('SELECT code FROM _fhir_flatten_reject')).toEqual([{ code: 'RECORD_NOT_JSON' }]);
  });

  it('also where resources of two types contain one under the same id', async () => {
    const contained = [{ resourceType: 'Organization', id: 'o' }];
    const name = (text: string) => [{ ...contained[0], name: text }];
    const first = patient('x', { contained: name('first'), managingOrganization: { reference: '#o' } });
    const second = { resourceType: 'Encounter', id: 'x', contained: name('second'), serviceProvider: { reference: '#o' } };
    const outcome = await loadFiles({ 'a.ndjson': ndjson(first, second) });
    expect(changesOf(outcome)).toMatchObject({ organization: inserted(1), patient: inserted(1), encounter: inserted(1) });
    expect(outcome.stderr).toContain('table organization: 1 rows had the key of a later row');
    expect(await query('SELECT id, contained_in, name FROM organization')).toEqual([{ id: 'x#o', contained_in: 'Encounter/x', name: 'second' }]);
  });

  it('also beside files, which have both, and beside standard output, which cannot be taken back', async () => {
    const cwd = makeFolder({ 'a.ndjson': ndjson(...twice) });
    const both = await runCommand(['a.ndjson', '--pg', '-o', 'out'], { cwd, env: server.env(database) });
    expect([both.exitCode, both.stderr]).toEqual([3, expect.stringContaining(warning)]);
    expect(await query('SELECT gender FROM patient')).toEqual([{ gender: 'g1' }]);
    await query('TRUNCATE patient, patient_name');
    const stream = await runCommand(['a.ndjson', '--pg', '-t', 'patient', '-o', '-'], { cwd, env: server.env(database) });
    expect([stream.exitCode, stream.stderr]).toEqual([3, expect.stringContaining(warning)]);
    expect(stream.stdout.match(/^dup/gm)).toHaveLength(2);
    expect(await query('SELECT gender FROM patient')).toEqual([{ gender: 'g1' }]);
  });

  it('and so are versions of a resource, of which the newest stays', async () => {
    const version = (gender: string, second: number) => patient('v', { gender, meta: { lastUpdated: `2024-01-01T00:00:0${second}Z` } });
    const outcome = await loadFiles({ 'a.ndjson': ndjson(version('old', 1), version('new', 3), version('middle', 2), ...twice) });
    expect(changesOf(outcome)).toMatchObject({ patient: inserted(2), patient_name: inserted(2) });
    expect(outcome.stderr.split(warning)).toHaveLength(2);
    expect(await query('SELECT gender FROM patient ORDER BY 1')).toEqual([{ gender: 'g1' }, { gender: 'new' }]);
  });
});

describe('somebody else who writes into the tables', () => {
  const theirs = `INSERT INTO patient (id, gender, meta_last_updated, meta_last_updated_tz) VALUES ('a', 'theirs', '2030-01-01', 'Z')`;
  const ours = ndjson(patient('a', { gender: 'ours', meta: { lastUpdated: '2024-01-01T00:00:00Z' } }), patient('b'));
  const load = () => {
    const started = startCommand(['-', '--pg', '--json'], { cwd: makeFolder(), env: server.env(database) });
    started.process.stdin?.on('error', () => {});
    return started;
  };

  it('is waited for; a newer version that they commit stays, with its own child rows only', async () => {
    const started = load();
    await untilStarted();
    const other = await begin(theirs);
    started.process.stdin?.end(ours);
    await untilWaiting();
    await other.query('COMMIT');
    await other.end();
    const outcome = await started.outcome;
    expect(changesOf(outcome)).toEqual({ patient: inserted(1), patient_name: inserted(1) });
    expect(outcome.stderr.split('warning: 1 Patient resources are older than what the database has')).toHaveLength(2);
    expect(await query('SELECT id, gender FROM patient ORDER BY id')).toEqual([
      { id: 'a', gender: 'theirs' },
      { id: 'b', gender: null },
    ]);
    expect(await query('SELECT patient_id FROM patient_name')).toEqual([{ patient_id: 'b' }]);
  });

  it('does not matter when they roll back', async () => {
    const started = load();
    await untilStarted();
    const other = await begin(theirs);
    started.process.stdin?.end(ours);
    await untilWaiting();
    await other.query('ROLLBACK');
    await other.end();
    expect(changesOf(await started.outcome)).toEqual({ patient: inserted(2), patient_name: inserted(2) });
    expect(await query('SELECT gender FROM patient ORDER BY id')).toEqual([{ gender: 'ours' }, { gender: null }]);
  });

  it('and commits after the load has begun has rows that are updated and deleted like earlier ones', async () => {
    const started = load();
    await untilStarted();
    await query(
      `INSERT INTO patient (id, gender) VALUES ('a', 'theirs'), ('c', 'theirs'); INSERT INTO patient_name (patient_id, idx) VALUES ('a', 0), ('a', 7)`,
    );
    started.process.stdin?.end(ours);
    expect(changesOf(await started.outcome)).toEqual({
      patient: { inserted: 1, updated: 1, unchanged: 0, deleted: 0 },
      patient_name: { inserted: 1, updated: 1, unchanged: 0, deleted: 1 },
    });
    expect(await query('SELECT id, gender FROM patient ORDER BY id')).toEqual([
      { id: 'a', gender: 'ours' },
      { id: 'b', gender: null },
      { id: 'c', gender: 'theirs' },
    ]);
  });
});
