// Rows go to a database alone as bytes, beside files as values: the same rows either way, whatever the input says.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadModel } from '../../src/fhir/load-model.ts';
import { HostileFhir } from '../support/hostile-fhir.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { makeFolder, runCommand } from '../support/run-command.ts';

let server: PostgresServer;
let database: string;

beforeAll(async () => {
  // A database with more than a thousand tables takes locks on them all.
  server = await startPostgres(['max_locks_per_transaction=1024']);
  database = await server.createDatabase();
});
afterAll(async () => await server?.remove());

/** JSON of values, each as it stands. */
const numbers =
  '0 -0 1 -1 1.0 1.00 -0.50 1e2 1E-3 1e400 12345678901234567890 2147483647 2147483648 -2147483648 999999999 0.1234567890123456789 "1" true null {}';
const moments = [
  '2024',
  '2024-02',
  '2024-02-29',
  '2023-02-29',
  '2024-13',
  '0000-01-01',
  '2024-01-02T03:04:05Z',
  '2024-01-02T03:04:05.000Z',
  '2024-01-02T03:04:05.120+01:00',
  '2024-01-02T03:04:05.123456-14:00',
  '2024-01-02T03:04:05.1234567Z',
  '2024-01-02T03:04:05.1234560Z',
  '2024-01-02T03:04:05',
  '2024-01-02T03:04Z',
  '2024-01-02T24:00:00Z',
  '2024-01-02T03:04:60Z',
  '0001-01-01T00:00:00+14:00',
  '9999-12-31T23:59:59-14:00',
  '2024-01-02 03:04:05Z',
  '',
  'tomorrow',
];
const texts = ['plain', 'a\\b', 'tab\tand\nline\rend', '\u0000', 'é漢😀', '\\N', '"', '{a,b}', "';--", 'a; b', '\ud83d'];
const lists = ['["a"]', '["a","b"]', '[null,"b"]', '[null]', '[]', '["a\\"b\\\\c"]', '["a",1]', '"a"', '["é","",", "]', '[["a"]]', '["NULL","a; b"]'];
const integerLists = ['[1]', '[1,2,999999999]', '[-1,0]', '[-0]', '[1.0]', '[2147483647,2147483648]', '[1,null]', '["1"]', '[]', '1', '[[1]]', '[1,{}]'];

function observation(id: string, members: string): string {
  return `{"resourceType":"Observation","id":"${id}","status":"final",${members}}\n`;
}

/** One odd value each, so that nothing else is odd about its resource. */
function makeLines(): string {
  const lines: string[] = [];
  const add = (write: (id: string) => string) => lines.push(write(`x${lines.length}`));
  for (const number of numbers.split(' ')) {
    add((id) => observation(id, `"valueQuantity":{"value":${number},"unit":"kg"}`));
    add((id) => observation(id, `"valueInteger":${number}`));
    add((id) => `{"resourceType":"Patient","id":"${id}","multipleBirthInteger":${number},"telecom":[{"rank":${number},"value":"1"}]}\n`);
    add((id) => `{"resourceType":"Encounter","id":"${id}","length":{"value":${number}}}\n`);
    add((id) => `{"resourceType":"Patient","id":"${id}","active":${number},"deceasedBoolean":${number}}\n`);
  }
  for (const moment of [...moments.map((text) => JSON.stringify(text)), '1', 'null', '["2024"]']) {
    add((id) => observation(id, `"effectiveDateTime":${moment}`));
    add((id) => observation(id, `"issued":${moment},"effectivePeriod":{"start":${moment},"end":${moment}}`));
    add((id) => `{"resourceType":"Patient","id":"${id}","meta":{"lastUpdated":${moment}},"birthDate":${moment},"deceasedDateTime":${moment}}\n`);
  }
  for (const text of texts.map((text) => JSON.stringify(text))) {
    add((id) => observation(id, `"note":[{"text":${text}}],"valueString":${text},"code":{"text":${text},"coding":[{"system":${text},"code":${text}}]}`));
    add((id) => `{"resourceType":"Patient","id":"${id}","name":[{"family":${text},"given":[${text},${text}]}],"unknownKey":${text}}\n`);
  }
  for (const list of lists) {
    add(
      (id) => `{"resourceType":"Patient","id":"${id}","meta":{"profile":${list}},"name":[{"given":${list},"prefix":${list}}],"address":[{"line":${list}}]}\n`,
    );
  }
  for (const list of integerLists) {
    add((id) => `{"resourceType":"Claim","id":"${id}","item":[{"sequence":1,"careTeamSequence":${list},"diagnosisSequence":${list}}]}\n`);
  }
  return lines.join('');
}

async function load(folder: string, schema: string, ...args: string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr } = await runCommand(['in.ndjson', '--pg', '--pg-schema', schema, '--json', '--fhir-version', 'r4', ...args], {
    cwd: folder,
    env: server.env(database),
  });
  expect(stderr).not.toContain('PG_');
  const summary = JSON.parse(stdout) as { readonly database: { readonly tables: Record<string, unknown> } };
  return summary.database.tables;
}

/** Table → rows that only one of two schemas has. */
async function findDifferences(left: string, right: string): Promise<Record<string, number>> {
  const tables = await server.query<{ name: string }>(
    `SELECT relname::text AS name FROM pg_class WHERE relnamespace = '${left}'::regnamespace AND relkind = 'r' AND left(relname, 1) <> '_'`,
    database,
  );
  expect(tables.length).toBeGreaterThan(3);
  const found: Record<string, number> = {};
  for (const { name } of tables) {
    const rows = (schema: string) => `SELECT t::text FROM ${schema}."${name}" t`;
    const [{ count = -1 } = {}] = await server.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM ((${rows(left)} EXCEPT ALL ${rows(right)}) UNION ALL (${rows(right)} EXCEPT ALL ${rows(left)})) d`,
      database,
    );
    if (count > 0) found[name] = count;
  }
  return found;
}

async function expectSame(lines: string, ...args: string[]): Promise<void> {
  await server.query('DROP SCHEMA IF EXISTS alone CASCADE; DROP SCHEMA IF EXISTS beside CASCADE', database);
  const folder = makeFolder({ 'in.ndjson': lines });
  const alone = await load(folder, 'alone', ...args);
  const beside = await load(folder, 'beside', '-o', 'out', ...args);
  expect(alone).toEqual(beside);
  expect(await findDifferences('alone', 'beside')).toEqual({});
  const [reports] = await server.query<{ alone: Record<string, unknown>; beside: Record<string, unknown> }>(
    `SELECT a.report AS alone, b.report AS beside FROM alone._fhir_flatten_run a, beside._fhir_flatten_run b`,
    database,
  );
  // What is said of values that do not fit is said of the files, where there are any.
  for (const part of ['resources', 'rejects', 'unknown', 'dropped']) expect(reports?.alone[part], part).toEqual(reports?.beside[part]);
}

it.each(['local', 'utc', 'text'])(
  'one odd value a resource, timestamps as %s',
  async (timestamps) => await expectSame(makeLines(), '--timestamps', timestamps),
);

it('resources as nobody should write them', { timeout: 300_000 }, async () => {
  const seed = Number(process.env['HOSTILE_SEED'] ?? Math.floor(Math.random() * 1e9));
  try {
    await expectSame(new HostileFhir(await loadModel('r4'), seed).makeLines(20));
  } catch (error) {
    throw new Error(`HOSTILE_SEED=${seed} repeats it`, { cause: error });
  }
});
