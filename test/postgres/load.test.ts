// Loading into a real server: what is new is inserted, what changed updated, what is gone deleted, and nothing else written.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { makeFolder, ndjson, type Outcome, runCommand, startCommand } from '../support/run-command.ts';

let server: PostgresServer;
let database: string;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => await server?.remove());

interface LoadSummary {
  readonly exitCode: number;
  readonly database: { readonly tables: Record<string, { inserted: number; updated: number; unchanged: number; deleted: number }>; readonly deletions: number };
}

async function load(files: Record<string, string>, args: readonly string[] = []): Promise<LoadSummary> {
  const outcome = await loadFolder(makeFolder(files), args);
  expect(outcome.stderr, outcome.stdout).not.toContain('error:');
  return JSON.parse(outcome.stdout) as LoadSummary;
}

function loadFolder(cwd: string, args: readonly string[] = []): Promise<Outcome> {
  return runCommand(['.', '--pg', '--json', ...args], { cwd, env: server.env(database) });
}

function query<Row = Record<string, unknown>>(sql: string): Promise<Row[]> {
  return server.query<Row>(sql, database);
}

/** Every row's place and writer: the same after a load that wrote nothing. */
async function rowVersions(): Promise<Map<string, string>> {
  const tables = await query<{ name: string }>(
    `SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname NOT LIKE '\\_%' ORDER BY 1`,
  );
  const versions = new Map<string, string>();
  for (const { name } of tables) {
    const rows = await query<{ row: string; version: string }>(`SELECT t::text AS row, xmin || '/' || xmax || ' ' || ctid AS version FROM "${name}" t`);
    for (const { row, version } of rows) versions.set(`${name} ${row}`, version);
  }
  return versions;
}

const ada = {
  resourceType: 'Patient',
  id: 'ada',
  meta: { lastUpdated: '2024-01-02T03:04:05.678+01:00' },
  active: true,
  identifier: [
    { system: 'http://hospital.example/mrn', value: 'M1', type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] } },
    { system: 'http://hl7.org/fhir/sid/us-ssn', value: '999-12-3456' },
  ],
  name: [
    { use: 'official', prefix: ['Dr.'], given: ['Ada', 'M.'], family: 'O\'Hara \\ "Q"', suffix: ['PhD'] },
    { use: 'nickname', given: ['Adi'] },
  ],
  birthDate: '1958-11',
  address: [{ line: ['1 Main St', 'Apt 2'], city: 'Boston', district: 'Suffolk', state: 'MA', postalCode: '02108', country: 'US' }],
};
const weight = {
  resourceType: 'Observation',
  id: 'w1',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '29463-7' }], text: 'Weight\tin\nkg \\N' },
  subject: { reference: 'Patient/ada' },
  effectiveDateTime: '2024-06-01T23:30:00-04:00',
  valueQuantity: { value: '@', unit: 'kg' },
};
/** A number as JSON.stringify would not write it. */
const inKilograms = (text: string): string => ndjson(weight).replace('"@"', text);

describe('a load', () => {
  it('gives values types, and keeps what they leave open beside them', async () => {
    database = await server.createDatabase();
    expect((await load({ 'a.ndjson': ndjson(ada) + inKilograms('72.50') })).exitCode).toBe(0);
    expect(
      await query(`SELECT id, active, birth_date::text, birth_date_precision, meta_last_updated::text, meta_last_updated_tz, name_family FROM patient`),
    ).toEqual([
      {
        id: 'ada',
        active: true,
        birth_date: '1958-11-01',
        birth_date_precision: 'month',
        meta_last_updated: '2024-01-02 03:04:05.678',
        meta_last_updated_tz: '+01:00',
        name_family: 'O\'Hara \\ "Q"',
      },
    ]);
    expect(await query(`SELECT value_quantity::text, effective_start::text, effective_start_tz, code_text, patient_id FROM observation`)).toEqual([
      { value_quantity: '72.50', effective_start: '2024-06-01 23:30:00', effective_start_tz: '-04:00', code_text: 'Weight\tin\nkg \\N', patient_id: 'ada' },
    ]);
    expect(await query(`SELECT idx, "use", given, prefix, suffix FROM patient_name ORDER BY idx`)).toEqual([
      { idx: 0, use: 'official', given: expect.anything(), prefix: expect.anything(), suffix: expect.anything() },
      { idx: 1, use: 'nickname', given: expect.anything(), prefix: null, suffix: null },
    ]);
    expect(await query(`SELECT line, city, district, state, postal_code, country FROM patient_address`)).toEqual([
      { line: expect.anything(), city: 'Boston', district: 'Suffolk', state: 'MA', postal_code: '02108', country: 'US' },
    ]);
  });

  it('makes keys, indexes on what is joined, and comments with the FHIR path', async () => {
    const indexes = await query<{ table: string; definition: string }>(
      `SELECT tablename AS table, regexp_replace(indexdef, '^.* USING ', '') AS definition FROM pg_indexes WHERE schemaname = 'public'`,
    );
    const of = (table: string) => indexes.filter((index) => index.table === table).map(({ definition }) => definition);
    expect(of('patient')).toContain('btree (id)');
    expect(of('patient_name')).toEqual(['btree (patient_id, idx)']);
    expect(of('observation')).toEqual(expect.arrayContaining(['btree (id)', 'btree (patient_id)', 'btree (encounter_id)']));
    const [comment] = await query<{ text: string }>(
      `SELECT col_description('patient'::regclass, attnum) AS text FROM pg_attribute WHERE attrelid = 'patient'::regclass AND attname = 'birth_date'`,
    );
    expect(comment?.text).toMatch(/^Patient\.birthDate: /);
  });

  it('makes the same indexes for a table of many rows', async () => {
    const many = Array.from({ length: 12_000 }, (_, index) => ({ resourceType: 'Observation', id: `${index}`, subject: { reference: `Patient/${index}` } }));
    await load({ 'a.ndjson': ndjson(...many) }, ['--pg-schema', 'many']);
    const definitionsIn = async (schema: string) => {
      const rows = await query<{ definition: string }>(
        `SELECT regexp_replace(indexdef, '^.* USING ', '') AS definition FROM pg_indexes WHERE schemaname = '${schema}' AND tablename = 'observation' ORDER BY 1`,
      );
      return rows.map(({ definition }) => definition);
    };
    expect(await definitionsIn('many')).toEqual(await definitionsIn('public'));
    expect(await query(`SELECT count(*)::int AS count FROM many.observation WHERE patient_id = '11999'`)).toEqual([{ count: 1 }]);
  });

  it('makes indexes before it has read all, also of a table where two rows turn out to have the same key', async () => {
    const many = Array.from({ length: 100_000 }, (_, index) => ({ resourceType: 'Observation', id: `${index}`, subject: { reference: `Patient/${index}` } }));
    const twice = ['dup\u0000', 'dup\ufffd'].map((id) => ({ resourceType: 'Observation', id, status: 'final' }));
    const outcome = await loadFolder(makeFolder({ 'a.ndjson': ndjson(...twice, ...many) }), ['--pg-schema', 'early']);
    expect(outcome.stderr).toContain('table observation: 1 rows had the key of a later row, which stays');
    expect(JSON.parse(outcome.stdout).database.tables.observation).toMatchObject({ inserted: 100_001 });
    const indexes = await query<{ definition: string; isKey: boolean }>(
      `SELECT regexp_replace(pg_get_indexdef(indexrelid), '^.* USING ', '') AS definition, indisprimary AS "isKey" FROM pg_index
        WHERE indrelid = 'early.observation'::regclass ORDER BY indexrelid`,
    );
    // Keys are made in the end.
    expect(indexes.at(-1)).toEqual({ definition: 'btree (id)', isKey: true });
    const inPublic = await query<{ definition: string }>(
      `SELECT regexp_replace(indexdef, '^.* USING ', '') AS definition FROM pg_indexes WHERE schemaname = 'public' AND tablename = 'observation'`,
    );
    expect(indexes.map(({ definition }) => definition).sort()).toEqual(inPublic.map(({ definition }) => definition).sort());
    expect(await query(`SELECT id FROM early.observation WHERE patient_id = '99999'`)).toEqual([{ id: '99999' }]);
  });

  it('writes no row when it comes again', async () => {
    const before = await rowVersions();
    const { database: summary } = await load({ 'a.ndjson': ndjson(ada) + inKilograms('72.50') });
    expect(await rowVersions()).toEqual(before);
    expect(summary.tables['patient']).toEqual({ inserted: 0, updated: 0, unchanged: 1, deleted: 0 });
    expect(summary.tables['patient_name']).toEqual({ inserted: 0, updated: 0, unchanged: 2, deleted: 0 });
  });

  it('writes exactly the rows that differ, zeros of a number included', async () => {
    const before = await rowVersions();
    const changed = {
      ...ada,
      active: false,
      identifier: ada.identifier.slice(0, 1),
      name: [ada.name[0], { use: 'nickname', given: ['Adele'] }],
      address: [{ ...ada.address[0], city: 'Salem' }],
    };
    const { database: summary } = await load({ 'a.ndjson': ndjson(changed) + inKilograms('72.5') });
    const { observation, patient, patient_address, patient_identifier, patient_name } = summary.tables;
    expect({ observation, patient, patient_address, patient_identifier, patient_name }).toEqual({
      observation: { inserted: 0, updated: 1, unchanged: 0, deleted: 0 },
      patient: { inserted: 0, updated: 1, unchanged: 0, deleted: 0 },
      patient_address: { inserted: 0, updated: 1, unchanged: 0, deleted: 0 },
      patient_identifier: { inserted: 0, updated: 0, unchanged: 1, deleted: 1 },
      patient_name: { inserted: 0, updated: 1, unchanged: 1, deleted: 0 },
    });
    const after = await rowVersions();
    const written = [...after].filter(([row, version]) => before.get(row) !== version).map(([row]) => row.split(' ')[0]);
    expect(written.sort()).toEqual(['observation', 'patient', 'patient_address', 'patient_name']);
    expect(await query('SELECT value_quantity::text FROM observation')).toEqual([{ value_quantity: '72.5' }]);
  });

  it('tells other rows from those that are there, also where they are as many', async () => {
    const inSchema = ['--pg-schema', 'alike'];
    const named = (id: string) => ({ resourceType: 'Patient', id, name: [{ family: 'Same' }] });
    await load({ 'a.ndjson': ndjson(named('a'), named('b')) }, inSchema);
    const { database: summary } = await load({ 'a.ndjson': ndjson(named('a'), named('c')) }, inSchema);
    const changes = { inserted: 1, updated: 0, unchanged: 1, deleted: 0 };
    expect(summary.tables).toMatchObject({ patient: changes, patient_name: changes });
    expect(await query('SELECT patient_id, family FROM alike.patient JOIN alike.patient_name ON patient_id = id ORDER BY 1')).toEqual(
      ['a', 'b', 'c'].map((id) => ({ patient_id: id, family: 'Same' })),
    );
  });

  it('never lets an older version overwrite a newer one, nor its child rows', async () => {
    const before = await rowVersions();
    const older = { ...ada, meta: { lastUpdated: '2024-01-02T02:59:59Z' }, gender: 'female', name: [] };
    const newer = { ...ada, meta: { lastUpdated: '2024-01-02T02:05:00Z' }, gender: 'other' };
    expect(Date.parse(older.meta.lastUpdated)).toBeGreaterThan(Date.parse(newer.meta.lastUpdated));
    await load({ 'a.ndjson': ndjson(older) });
    const outcome = await loadFolder(makeFolder({ 'a.ndjson': ndjson(newer) }));
    expect(outcome.stderr).toContain('warning: 1 Patient resources are older than what the database has');
    expect(await query('SELECT gender FROM patient')).toEqual([{ gender: 'female' }]);
    expect(await query('SELECT count(*)::int AS count FROM patient_name')).toEqual([{ count: 0 }]);
    expect(before.size).toBeGreaterThan(0);
  });
});

describe('deletions', () => {
  const entry = (url: string, rest: object = {}) => ({ request: { method: 'DELETE', url }, ...rest });
  const bundle = (...entries: object[]) => JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: entries });
  const ben = { ...ada, id: 'ben', contained: [{ resourceType: 'Organization', id: 'o', name: 'Org' }], managingOrganization: { reference: '#o' } };

  it('take the rows of a resource, of its child tables, and of what it contains', async () => {
    database = await server.createDatabase();
    await load({ 'a.ndjson': ndjson(ada, ben) });
    expect(await query('SELECT id FROM organization')).toEqual([{ id: 'ben#o' }]);
    const { database: summary } = await load({ 'deleted.ndjson': `${bundle(entry('Patient/ben'), entry('Patient/nobody'))}\n` });
    expect(summary.deletions).toBe(2);
    expect(summary.tables['patient']).toMatchObject({ deleted: 1 });
    expect(summary.tables['patient_name']).toMatchObject({ deleted: 2 });
    expect(await query('SELECT id FROM patient')).toEqual([{ id: 'ada' }]);
    expect(await query('SELECT DISTINCT patient_id FROM patient_identifier')).toEqual([{ patient_id: 'ada' }]);
    expect(await query('SELECT id FROM organization')).toEqual([]);
  });

  it('count in their order among the resources of the input', async () => {
    const put = { resource: { ...ada, id: 'cyd' }, request: { method: 'PUT', url: 'Patient/cyd' } };
    await load({ 'a.json': bundle(put, entry('Patient/cyd'), put) });
    expect(await query(`SELECT id FROM patient ORDER BY id`)).toEqual([{ id: 'ada' }, { id: 'cyd' }]);
    await load({ 'a.json': bundle(put), 'b.json': bundle(entry('https://host/fhir/Patient/cyd')) });
    expect(await query('SELECT id FROM patient')).toEqual([{ id: 'ada' }]);
  });

  it('that are older than the row leave it', async () => {
    const { database: summary } = await load({ 'a.json': bundle(entry('Patient/ada', { response: { status: '204', lastModified: '2020-01-01T00:00:00Z' } })) });
    expect(summary.tables['patient']).toBeUndefined();
    expect(await query('SELECT id FROM patient')).toEqual([{ id: 'ada' }]);
  });

  it('of what only a search would find are reported', async () => {
    const { exitCode, stderr } = await loadFolder(makeFolder({ 'a.json': bundle(entry('Patient?identifier=1')), 'b.ndjson': ndjson(ada) }));
    expect(exitCode).toBe(3);
    expect(stderr).toContain('a.json entry 0 (byte');
    expect(stderr).toContain('not deleted: request.url is not of the form Type/id');
  });
});

describe('--timestamps utc', () => {
  it('gives moments, which older versions are told by as well', async () => {
    database = await server.createDatabase();
    await load({ 'a.ndjson': ndjson(ada) }, ['--timestamps', 'utc']);
    expect(await query(`SELECT meta_last_updated = '2024-01-02T02:04:05.678Z' AS "isSame", pg_typeof(meta_last_updated)::text AS type FROM patient`)).toEqual([
      { isSame: true, type: 'timestamp with time zone' },
    ]);
    await load({ 'a.ndjson': ndjson({ ...ada, gender: 'older', meta: { lastUpdated: '2024-01-02T02:04:05Z' } }) }, ['--timestamps', 'utc']);
    expect(await query('SELECT gender FROM patient')).toEqual([{ gender: null }]);
    const other = await loadFolder(makeFolder({ 'a.ndjson': ndjson(ada) }));
    expect([other.exitCode, other.stderr]).toEqual([
      1,
      expect.stringMatching(/column meta_last_updated is timestamp with time zone, and timestamp without time zone is needed/),
    ]);
  });

  it('as text, too', async () => {
    database = await server.createDatabase();
    await load({ 'a.ndjson': ndjson(ada) }, ['--timestamps', 'text']);
    await load({ 'a.ndjson': ndjson({ ...ada, gender: 'older', meta: { lastUpdated: '2024-01-02T02:04:05Z' } }) }, ['--timestamps', 'text']);
    expect(await query('SELECT gender, meta_last_updated FROM patient')).toEqual([{ gender: null, meta_last_updated: '2024-01-02T03:04:05.678+01:00' }]);
  });
});

describe('tables that are there', () => {
  beforeAll(async () => {
    database = await server.createDatabase();
  });

  it('keep columns, views and grants of others, and get the columns of a later version', async () => {
    await load({ 'a.ndjson': ndjson(ada) });
    await query(`ALTER TABLE patient DROP COLUMN gender; ALTER TABLE patient ADD COLUMN "My note" text; UPDATE patient SET "My note" = 'mine';
      CREATE VIEW adults AS SELECT id, "My note" FROM patient; CREATE ROLE reader; GRANT SELECT ON patient TO reader`);
    await load({ 'a.ndjson': ndjson({ ...ada, gender: 'female', active: false }) });
    expect(await query('SELECT a.id, "My note", gender FROM adults a JOIN patient USING (id, "My note")')).toEqual([
      { id: 'ada', 'My note': 'mine', gender: 'female' },
    ]);
    expect(await query(`SELECT has_table_privilege('reader', 'patient', 'SELECT') AS may`)).toEqual([{ may: true }]);
  });

  it('that do not fit are named with the difference, before anything is loaded', async () => {
    await query(`DROP TABLE IF EXISTS observation CASCADE; CREATE TABLE observation (id integer PRIMARY KEY, status text)`);
    const { exitCode, stderr } = await loadFolder(makeFolder({ 'a.ndjson': ndjson({ ...ada, gender: 'other' }) + inKilograms('1') }));
    expect(exitCode).toBe(1);
    expect(stderr).toContain('table observation is there already and does not fit: column id is integer, and text is needed');
    expect(await query('SELECT gender FROM patient')).toEqual([{ gender: 'female' }]);
    // Before the input is read, which here does not end.
    const reading = startCommand(['-', '--pg', '--fhir-version', 'r4'], { cwd: makeFolder(), env: server.env(database) });
    reading.process.stdin?.write(ndjson(ada));
    expect((await reading.outcome).stderr).toContain('table observation is there already and does not fit');
    // Also where nothing would be loaded into them this time.
    const other = await loadFolder(makeFolder({ 'a.ndjson': ndjson({ ...ada, gender: 'other' }) }));
    expect([other.exitCode, other.stderr]).toEqual([1, expect.stringContaining('table observation is there already and does not fit: column id is integer')]);
    expect(await query('SELECT gender FROM patient')).toEqual([{ gender: 'female' }]);
    await query(`DROP TABLE observation; CREATE VIEW observation AS SELECT 1 AS id`);
    expect((await loadFolder(makeFolder({ 'a.ndjson': inKilograms('1') }))).stderr).toContain('does not fit: it is a view');
    await query(`DROP VIEW observation; CREATE TABLE observation (id text, owner text NOT NULL)`);
    expect((await loadFolder(makeFolder({ 'a.ndjson': inKilograms('1') }))).stderr).toContain(
      'column owner must not be null; it has no primary key or unique index on (id)',
    );
  });

  it('may be made of partitions: what is new is inserted, what differs updated, what is gone deleted, and nothing else written', async () => {
    database = await server.createDatabase();
    const ddl = await runCommand(['tables', 'patient', 'patient_name', '--ddl', 'postgres'], { cwd: makeFolder() });
    const inPartitions = (text: string, table: string, key: string) =>
      text.replace(new RegExp(`(CREATE TABLE "public"."${table}" \\([^;]*\\n\\));`), `$1 PARTITION BY HASH ("${key}");`);
    await query(inPartitions(inPartitions(ddl.stdout, 'patient', 'id'), 'patient_name', 'patient_id'));
    for (const table of ['patient', 'patient_name']) {
      for (const rest of [0, 1]) await query(`CREATE TABLE ${table}_part_${rest} PARTITION OF ${table} FOR VALUES WITH (MODULUS 2, REMAINDER ${rest})`);
    }
    const people = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ ...ada, id }));
    const changesOf = async (...patients: object[]) => {
      const { patient, patient_name } = (await load({ 'a.ndjson': ndjson(...patients) })).database.tables;
      return { patient, patient_name };
    };
    expect(await changesOf(...people)).toEqual({
      patient: { inserted: 5, updated: 0, unchanged: 0, deleted: 0 },
      patient_name: { inserted: 10, updated: 0, unchanged: 0, deleted: 0 },
    });
    const before = await rowVersions();
    expect([...before.keys()].filter((row) => row.startsWith('patient_part_'))).toHaveLength(5);
    expect(await changesOf(...people)).toMatchObject({ patient: { unchanged: 5 }, patient_name: { unchanged: 10 } });
    expect(await rowVersions()).toEqual(before);
    const [first, second, ...others] = people;
    expect(await changesOf({ ...first, active: false }, { ...second, name: ada.name.slice(1) }, ...others, { ...ada, id: 'f' })).toEqual({
      patient: { inserted: 1, updated: 2, unchanged: 3, deleted: 0 },
      patient_name: { inserted: 2, updated: 1, unchanged: 8, deleted: 1 },
    });
    expect(await query('SELECT id, active, name_given FROM patient WHERE NOT active OR id = $$b$$ ORDER BY id')).toEqual([
      { id: 'a', active: false, name_given: ['Ada', 'M.'] },
      { id: 'b', active: true, name_given: ['Adi'] },
    ]);
  });

  it('can be made beforehand from what tables --ddl postgres prints', async () => {
    database = await server.createDatabase();
    const ddl = await runCommand(['tables', 'patient', 'patient_name', 'patient_identifier', '--ddl', 'postgres', '--pg-schema', 'my "own" schema'], {
      cwd: makeFolder(),
    });
    await query(ddl.stdout);
    const summary = await load({ 'a.ndjson': ndjson(ada) + inKilograms('72.50') }, ['--pg-schema', 'my "own" schema']);
    expect(summary.database.tables['patient']).toMatchObject({ inserted: 1 });
    const shape = `SELECT table_name, column_name, data_type, is_nullable, col_description(format('%I.%I', table_schema, table_name)::regclass, ordinal_position)
      FROM information_schema.columns WHERE table_name LIKE 'patient%' ORDER BY table_name, ordinal_position`;
    const printed = (await query(`${shape.replace('WHERE', `WHERE table_schema LIKE 'my%' AND`)}`)).filter(({ table_name }) =>
      ['patient', 'patient_name', 'patient_identifier'].includes(String(table_name)),
    );
    await load({ 'a.ndjson': ndjson(ada) });
    const made = (await query(`${shape.replace('WHERE', `WHERE table_schema = 'public' AND`)}`)).filter(({ table_name }) =>
      ['patient', 'patient_name', 'patient_identifier'].includes(String(table_name)),
    );
    expect(made).toEqual(printed);
  });
});

describe('odd input', () => {
  beforeAll(async () => {
    database = await server.createDatabase();
  });

  it('with characters that Postgres has no place for loses those only, and says so', async () => {
    const odd = { ...ada, id: 'odd', gender: 'a\u0000b', name: [{ family: 'c\ud800d' }], unknownKey: { 'k\u0000': ['\u0000', '\\u0000', '\ud800x', '😀'] } };
    const outcome = await loadFolder(makeFolder({ 'a.ndjson': ndjson(odd) }));
    expect(outcome.exitCode).toBe(0);
    expect(outcome.stderr).toMatch(/table patient: \d NUL characters or lone surrogates written as U\+FFFD/);
    expect(await query(`SELECT gender, name_family, other_json->'unknownKey' AS rest FROM patient`)).toEqual([
      { gender: 'a\ufffdb', name_family: 'c\ufffdd', rest: { 'k\ufffd': ['\ufffd', '\\u0000', '\ufffdx', '😀'] } },
    ]);
  });

  it('with numbers that no database holds keeps their digits', async () => {
    const huge = inKilograms('1e999999').replace('"status"', '"x":[1e-999999,1.50],"status"').replace('w1', 'w2');
    await load({ 'a.ndjson': huge });
    expect(await query(`SELECT value_quantity, other_json::text AS rest FROM observation WHERE id = 'w2'`)).toEqual([
      { value_quantity: null, rest: expect.stringMatching(/"1e999999"/) },
    ]);
    expect((await query<{ rest: string }>(`SELECT other_json::text AS rest FROM observation WHERE id = 'w2'`))[0]?.rest).toContain('["1e-999999", 1.50]');
  });

  it('with ids that are the same without such characters has the row of the last one', async () => {
    const twice = ['dup\u0000', 'dup\ufffd'].map((id, index) => ({ ...ada, id, gender: `g${index}` }));
    for (const expected of [{ inserted: 1 }, { unchanged: 1 }]) {
      const outcome = await loadFolder(makeFolder({ 'a.ndjson': ndjson(...twice) }));
      expect(JSON.parse(outcome.stdout).database.tables.patient).toMatchObject(expected);
      expect(outcome.stderr).toContain('table patient: 1 rows had the key of a later row, which stays');
      expect(await query(`SELECT gender FROM patient WHERE id LIKE 'dup_'`)).toEqual([{ gender: 'g1' }]);
      expect(await query(`SELECT count(*)::int AS count FROM patient_name WHERE patient_id LIKE 'dup_'`)).toEqual([{ count: 2 }]);
    }
  });

  it('with ids that no index holds loses those only', async () => {
    const random = (length: number) =>
      Array.from({ length }, (_, index) => ((index * 7919 + length) % 36).toString(36))
        .join('')
        .replaceAll(/(..)/g, (pair) => pair + Math.random().toString(36).slice(2, 4));
    const long = random(3000);
    const odd = [
      { ...ada, id: long },
      {
        ...ada,
        id: 'fits',
        identifier: [{ system: long, value: long }],
        managingOrganization: { reference: `urn:uuid:${long}` },
        contained: [{ resourceType: 'Organization', id: long }],
      },
    ];
    const { exitCode, stderr } = await loadFolder(makeFolder({ 'a.ndjson': ndjson(...odd) }));
    expect([exitCode, stderr]).toEqual([3, expect.stringContaining('a.ndjson:1 (byte 0): the id has more than 600 characters')]);
    expect(await query(`SELECT id, managing_organization_id FROM patient WHERE id = 'fits' OR length(id) > 100`)).toEqual([
      { id: 'fits', managing_organization_id: null },
    ]);
    expect(await query(`SELECT length(value) > 3000 AS "isWhole" FROM patient_identifier WHERE patient_id = 'fits'`)).toEqual([{ isWhole: true }]);
  });

  it('that is not contained any more is gone', async () => {
    const organizations = ['o', 'o', 'p'].map((id) => ({ resourceType: 'Organization', id, name: id }));
    await load({ 'a.ndjson': ndjson({ ...ada, id: 'two', contained: organizations }) });
    expect(await query('SELECT id FROM organization ORDER BY id')).toEqual([{ id: 'two#o' }, { id: 'two#o#2' }, { id: 'two#p' }]);
    await load({ 'a.ndjson': ndjson({ ...ada, id: 'two', contained: organizations.slice(2) }) });
    expect(await query('SELECT id FROM organization')).toEqual([{ id: 'two#p' }]);
    await load({ 'a.ndjson': ndjson({ ...ada, id: 'two' }) });
    expect(await query('SELECT id FROM organization')).toEqual([]);
  });
});

describe('files and a database from one reading', () => {
  it('are the same as each for itself', async () => {
    database = await server.createDatabase();
    const folder = makeFolder({
      'a.ndjson': ndjson(ada, { ...ada, id: 'bad', birthDate: '2024-13-45', active: 'yes' }) + inKilograms('72.50'),
      'b.json': '{"resourceType":',
    });
    const both = await runCommand(['a.ndjson', 'b.json', '--pg', '-o', 'both', '--json'], { cwd: folder, env: server.env(database) });
    const alone = await runCommand(['a.ndjson', 'b.json', '-o', 'alone'], { cwd: folder });
    expect([both.exitCode, alone.exitCode]).toEqual([3, 3]);
    for (const file of readdirSync(join(folder, 'alone'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.csv'))) {
      expect(readFileSync(join(folder, 'both', file), 'utf8'), file).toBe(readFileSync(join(folder, 'alone', file), 'utf8'));
    }
    const rows = parse(readFileSync(join(folder, 'both/patient.csv'), 'utf8'), { columns: true }) as Record<string, string>[];
    expect(rows.find(({ id }) => id === 'bad')).toMatchObject({ birth_date: '2024-13-45' });
    const [stored] = await query<{ birth_date: null; other_json: object }>(`SELECT birth_date, other_json FROM patient WHERE id = 'bad'`);
    expect(stored).toMatchObject({ birth_date: null, other_json: { birthDate: '2024-13-45', active: 'yes' } });
    expect(JSON.parse(both.stdout).database.tables.patient).toMatchObject({ inserted: 2 });
    const report = JSON.parse(readFileSync(join(folder, 'both/_report.json'), 'utf8'));
    expect(report.changes.patient).toMatchObject({ inserted: 2 });
    expect(JSON.stringify(report)).not.toContain('word');
    expect(await query('SELECT code, source FROM _fhir_flatten_reject')).toEqual([{ code: 'RECORD_NOT_JSON', source: 'b.json' }]);
  });
});

describe('references by identifier', () => {
  it('find what an earlier run has loaded', async () => {
    database = await server.createDatabase();
    const organization = { resourceType: 'Organization', id: 'o1', identifier: [{ system: 'urn:s', value: '1' }, { value: 'bare' }] };
    const practitioner = { resourceType: 'Practitioner', id: 'pr1', identifier: [{ system: 'urn:npi', value: '9|9' }] };
    const namesake = { resourceType: 'Location', id: 'l1', identifier: [{ system: 'urn:s', value: '1' }] };
    const encounter = (id: string, provider: string, person: string) => ({
      resourceType: 'Encounter',
      id,
      serviceProvider: { reference: `Organization?identifier=${provider}` },
      participant: [{ individual: { reference: `Practitioner?identifier=${person}` } }],
    });
    const encounters = ndjson(encounter('e1', 'urn:s|1', 'urn:npi|9%7C9'), encounter('e2', 'urn:s|2', 'urn:npi|1'));
    await load({ 'a.ndjson': ndjson(organization, practitioner, namesake) + encounters });
    const sql = `SELECT e.id, service_provider_id, individual_id, practitioner_id FROM encounter e JOIN encounter_participant p ON p.encounter_id = e.id ORDER BY 1`;
    const expected = [
      { id: 'e1', service_provider_id: 'o1', individual_id: 'pr1', practitioner_id: 'pr1' },
      { id: 'e2', service_provider_id: null, individual_id: null, practitioner_id: null },
    ];
    expect(await query(sql)).toEqual(expected);
    const { database: summary } = await load({ 'a.ndjson': encounters });
    expect(summary.tables['encounter']).toEqual({ inserted: 0, updated: 0, unchanged: 2, deleted: 0 });
    expect(await query(sql)).toEqual(expected);
    // Two with the same identifier are none.
    await load({ 'a.ndjson': ndjson({ ...organization, id: 'o2' }) });
    await load({ 'a.ndjson': encounters });
    expect(await query(sql)).toEqual([{ ...expected[0], service_provider_id: null }, expected[1]]);
  });
});
