// Real data in a real server: what Postgres has is what the CSV files have, cell for cell, after the types that are
// documented; a second load writes nothing; a change writes the rows that changed.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { makeFolder, runCommand } from '../support/run-command.ts';
import { findSharedFolder } from '../support/shared-data.ts';

type Row = Readonly<Record<string, unknown>>;

let server: PostgresServer;
let database: string;
let workFolder: string;

beforeAll(async () => {
  server = await startPostgres();
  workFolder = mkdtempSync(join(tmpdir(), 'postgres-e2e-'));
});
afterAll(async () => {
  rmSync(workFolder, { recursive: true, force: true });
  await server?.remove();
});

async function run(...args: readonly string[]): Promise<{ database: { tables: Record<string, Record<string, number>> } }> {
  const { exitCode, stderr, stdout } = await runCommand([...args, '--json'], { cwd: '.', env: server.env(database) });
  expect([0, 3], stderr).toContain(exitCode);
  return JSON.parse(stdout);
}

/** All values as text, but for lists and JSON. */
async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: server.url(database) });
  client.setTypeParser(16, (text: string) => (text === 't' ? 'true' : 'false'));
  for (const type of [20, 21, 23, 1700, 1082, 1114]) client.setTypeParser(type, (text: string) => text);
  await client.connect();
  return client;
}

/** What a cell of Postgres is in CSV, by the README's section on Postgres. */
function toCsv(row: Row, name: string): string {
  const value = row[name];
  if (value === null || value === undefined) return '';
  const precision = row[`${name}_precision`];
  if (precision !== undefined && precision !== null) return cutTo(String(value), String(precision));
  if (/^\d{4}-\d\d-\d\d \d\d:/.test(String(value)) && `${name}_tz` in row) {
    const zone = row[`${name}_tz`];
    if (zone === 'day' || zone === 'month' || zone === 'year') return cutTo(String(value), zone);
    return `${String(value).replace(' ', 'T')}${zone ?? ''}`;
  }
  return Array.isArray(value) ? value.map((item) => item ?? '').join('; ') : typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function cutTo(date: string, precision: string): string {
  return date.slice(0, precision === 'year' ? 4 : precision === 'month' ? 7 : 10);
}

/** The same text for cells that say the same. */
function normalise(cell: string, postgresValue: unknown): unknown {
  if (typeof postgresValue === 'object' && postgresValue !== null && !Array.isArray(postgresValue)) return JSON.parse(cell);
  if (Array.isArray(postgresValue)) return cell.split(/; |, | /).join(' ');
  // Zeros at the end of a fraction of a second.
  return cell.replace(
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d*?)0*)?(Z|[+-]\d\d:\d\d)?$/,
    (_, clock, fraction, zone) => `${clock}${fraction ? `.${fraction}` : ''}${zone ?? ''}`,
  );
}

const keyNames = ['path', 'is_modifier', 'coding_idx', 'idx'];

/** Sorts rows of both sides alike: by the id of the resource and the places of the items. */
function sortKey(row: Readonly<Record<string, string>>, columns: readonly string[]): string {
  return columns
    .filter((name, index) => index === 0 || keyNames.includes(name) || name.endsWith('_idx'))
    .map((name) => (row[name] ?? '').padStart(8, '0'))
    .join(' ');
}

/** Returns how many cells were compared. */
async function compareWithCsv(csvFolder: string): Promise<number> {
  let cellCount = 0;
  const client = await connect();
  for (const file of readdirSync(csvFolder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.csv'))) {
    const table = (file.split('/').at(-1) as string).replace(/\.csv$/, '');
    const written = parse(readFileSync(join(csvFolder, file)), { columns: true }) as Record<string, string>[];
    const stored: Row[] = (await client.query(`SELECT * FROM "${table}"`)).rows;
    expect(stored.length, table).toBe(written.length);
    const columns = Object.keys(written[0] ?? {});
    const shown = stored.map((row) => ({ row, cells: Object.fromEntries(columns.map((name) => [name, toCsv(row, name)])) }));
    shown.sort((a, b) => (sortKey(a.cells, columns) < sortKey(b.cells, columns) ? -1 : 1));
    written.sort((a, b) => (sortKey(a, columns) < sortKey(b, columns) ? -1 : 1));
    for (const [index, { cells, row }] of shown.entries()) {
      const expected = written[index] as Record<string, string>;
      for (const name of columns) {
        cellCount++;
        if (cells[name] === expected[name]) continue;
        // Lists with a semicolon in an item, and values that do not fit their type, stand in other_json on one side only.
        if (name === 'other_json') continue;
        // A number with an exponent is the same number without.
        if (/^-?[\d.]+[eE]/.test(expected[name] ?? '') && Number(expected[name]) === Number(cells[name])) continue;
        expect(normalise(cells[name] as string, row[name]), `${table}.${name} of ${expected[columns[0] as string]}`).toEqual(
          normalise(expected[name] as string, row[name]),
        );
      }
    }
  }
  await client.end();
  return cellCount;
}

async function rowVersions(): Promise<Map<string, string>> {
  const [tables] = await server.query<{ sql: string }>(
    `SELECT string_agg(format('SELECT %L AS name, %s AS key, xmin::text || ctid::text AS version FROM %I', relname, (SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = c.oid AND attnum = 1), relname), ' UNION ALL ') AS sql
       FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND left(relname, 1) <> '_'`,
    database,
  );
  const rows = await server.query<{ name: string; key: string; version: string }>(tables?.sql ?? '', database);
  return new Map(rows.map(({ key, name, version }) => [`${name} ${version}`, key]));
}

const inputs = ['samples', ...['data/synthea-bundles', 'data/bulk-ndjson', 'data/hl7-r4-examples'].flatMap((name) => findSharedFolder(name) ?? [])];

describe.each(inputs)('%s', (input) => {
  beforeAll(async () => {
    database = await server.createDatabase();
  });

  it('is in Postgres what it is in CSV', async () => {
    const csvFolder = join(workFolder, `csv-${inputs.indexOf(input)}`);
    await run(input, '-o', csvFolder);
    await run(input, '--pg');
    expect(await compareWithCsv(csvFolder)).toBeGreaterThan(300);
  }, 240_000);

  it('changes nothing when it is loaded again', async () => {
    const before = await rowVersions();
    const { database: summary } = await run(input, '--pg');
    for (const [table, changes] of Object.entries(summary.tables)) expect(changes, table).toMatchObject({ inserted: 0, updated: 0, deleted: 0 });
    expect(await rowVersions()).toEqual(before);
  }, 120_000);
});

const synthea = findSharedFolder('data/synthea-bundles');
describe.skipIf(synthea === undefined)('Synthea patients', () => {
  beforeAll(async () => {
    database = await server.createDatabase();
    await run(synthea as string, '--pg');
  }, 120_000);

  it('have all their names, addresses and identifiers, with all parts', async () => {
    const patients: Record<string, never[]>[] = [];
    for (const name of readdirSync(synthea as string)) {
      const { entry } = JSON.parse(readFileSync(join(synthea as string, name), 'utf8'));
      for (const { resource } of entry) if (resource.resourceType === 'Patient') patients.push(resource);
    }
    const text = (value: unknown): string | null => (value === undefined ? null : Array.isArray(value) ? value.join(' ') : String(value));
    const stored = async (sql: string) =>
      (await server.query<Record<string, unknown>>(sql, database)).map((row) => Object.values(row).map((value) => text(value ?? undefined)));
    const all = <T>(key: string, pick: (item: T) => unknown[]) =>
      patients.flatMap((patient) => (patient[key] ?? []).map((item: T, index: number) => [patient['id'], index, ...pick(item)].map((value) => text(value))));
    const sorted = (rows: (string | null)[][]) => rows.map((row) => JSON.stringify(row)).sort();
    type Name = { use?: string; family?: string; given?: string[]; prefix?: string[]; suffix?: string[] };
    expect(sorted(await stored('SELECT patient_id, idx, "use", family, given, prefix, suffix FROM patient_name'))).toEqual(
      sorted(all<Name>('name', ({ family, given, prefix, suffix, use }) => [use, family, given, prefix, suffix])),
    );
    type Address = { line?: string[]; city?: string; district?: string; state?: string; postalCode?: string; country?: string };
    expect(sorted(await stored('SELECT patient_id, idx, line, city, district, state, postal_code, country FROM patient_address'))).toEqual(
      sorted(all<Address>('address', ({ city, country, district, line, postalCode, state }) => [line, city, district, state, postalCode, country])),
    );
    type Identifier = { system?: string; value?: string; type?: { coding?: { code?: string }[] } };
    expect(sorted(await stored('SELECT patient_id, idx, system, value, type FROM patient_identifier'))).toEqual(
      sorted(all<Identifier>('identifier', ({ system, type, value }) => [system, value, type?.coding?.[0]?.code])),
    );
    const kinds = await server.query<{ type: string }>(`SELECT DISTINCT type FROM patient_identifier WHERE type IS NOT NULL`, database);
    expect(kinds.map(({ type }) => type)).toEqual(expect.arrayContaining(['SS', 'DL', 'PPN', 'MR']));
    expect(patients.length).toBeGreaterThan(20);
  });

  it('that change have exactly those rows written', async () => {
    const folder = makeFolder();
    cpSync(synthea as string, folder, { recursive: true });
    const files = readdirSync(folder).filter((name) => /"resourceType":\s*"Patient"/.test(readFileSync(join(folder, name), 'utf8')));
    // In the text: JSON.stringify would write 1.00 as 1.
    const edits: ((patient: string) => string)[] = [
      (patient) => patient.replace(/("address":[\s\S]*?"city": ")[^"]*/, '$1Elsewhere'),
      (patient) => patient.replace(/("name":[\s\S]*?"family": ")[^"]*/, '$1Other'),
      (patient) => patient.replace(/,[^,]*\{\s*"type": \{(?:(?!"type": \{)[\s\S])*?\}\s*(?=\],\s*"name":)/, ''),
      (patient) => patient.replace('"resourceType": "Patient",', '"resourceType": "Patient", "active": false,'),
    ];
    for (const [index, edit] of edits.entries()) {
      const path = join(folder, files[index] as string);
      const text = readFileSync(path, 'utf8');
      const start = text.indexOf('"resourceType": "Patient"');
      const end = text.indexOf('"fullUrl"', start);
      const patient = text.slice(start, end);
      expect(edit(patient), String(edit)).not.toBe(patient);
      writeFileSync(path, text.slice(0, start) + edit(patient) + text.slice(end));
    }
    const before = await rowVersions();
    const { database: summary } = await run(folder, '--pg');
    const changed = Object.entries(summary.tables).flatMap(([table, { deleted, inserted, updated }]) =>
      deleted || inserted || updated ? [[table, inserted, updated, deleted]] : [],
    );
    // The main row shows the address, the name and `active`; an identifier that it shows may be another one's.
    expect(changed).toEqual([
      ['patient', 0, expect.any(Number), 0],
      ['patient_address', 0, 1, 0],
      ['patient_identifier', 0, 0, 1],
      ['patient_name', 0, 1, 0],
    ]);
    const after = await rowVersions();
    const written = [...after.keys()].filter((version) => !before.has(version));
    const updatedPatients = summary.tables['patient']?.['updated'] as number;
    expect([3, 4]).toContain(updatedPatients);
    expect(written).toHaveLength(updatedPatients + 2);
    expect(await server.query('SELECT count(*)::int AS count FROM patient WHERE NOT active', database)).toEqual([{ count: 1 }]);
  }, 120_000);
});
