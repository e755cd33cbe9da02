// Tables of plugins and views in Postgres: keys, replacement, names that mean harm.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { makeFolder, ndjson, runCommand } from '../support/run-command.ts';

let server: PostgresServer;
let database: string;

beforeAll(async () => {
  server = await startPostgres();
  database = await server.createDatabase();
});
afterAll(async () => await server?.remove());

/** A plugin as an object, whose names nobody has checked. */
function makePlugin(table: string, columns: readonly string[], key?: readonly string[]): string {
  const schema = {
    name: table,
    role: 'view',
    resourceType: 'Patient',
    description: "It's a table\\",
    columns: columns.map((name) => ({ name, type: { kind: 'primitive', fhirType: 'string' }, isNullable: name !== columns[0], description: '' })),
    ...(key && { key }),
  };
  return `const schema = ${JSON.stringify(schema)};
export default { name: 'p', apiVersion: 1, flatteners: [{ name: 'f', resourceType: 'Patient', tables: [schema], bind: ([builder]) => ({ resource }, id) => {
  for (const [index, given] of (resource.name ?? []).entries()) {
    const row = builder.addRow();
    builder.set(row, 0, id + index);
    if (schema.columns.length > 1) builder.set(row, 1, given.family);
  }
} }] };\n`;
}

const patient = (id: string, ...families: string[]) => ({ resourceType: 'Patient', id, name: families.map((family) => ({ family })) });

async function load(files: Record<string, string>, args: readonly string[] = []) {
  const cwd = makeFolder(files);
  const outcome = await runCommand(['a.ndjson', '--plugin', './plugin.mjs', '--pg', '--json', ...args], { cwd, env: server.env(database) });
  return { ...outcome, changes: outcome.exitCode === 0 ? JSON.parse(outcome.stdout).database.tables : {} };
}

describe('a table without a key', () => {
  const plugin = makePlugin('family', ['id', 'family']);

  it('is replaced as a whole', async () => {
    expect((await load({ 'plugin.mjs': plugin, 'a.ndjson': ndjson(patient('a', 'x', 'y'), patient('b', 'z')) })).changes.family).toMatchObject({ inserted: 3 });
    const { changes } = await load({ 'plugin.mjs': plugin, 'a.ndjson': ndjson(patient('a', 'x')) });
    expect(changes.family).toEqual({ inserted: 1, updated: 0, unchanged: 0, deleted: 3 });
    expect(changes.patient).toMatchObject({ inserted: 0, deleted: 0 });
    expect(await server.query('SELECT id, family FROM family', database)).toEqual([{ id: 'a0', family: 'x' }]);
  });

  it('does not go with --incremental, which would lose rows', async () => {
    const { exitCode, stderr } = await load({ 'plugin.mjs': plugin, 'a.ndjson': ndjson(patient('c', 'x')) }, ['--incremental']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('table family has no key');
    expect(await server.query('SELECT id FROM family', database)).toEqual([{ id: 'a0' }]);
  });

  it('can be given one on the command line', async () => {
    const args = ['--pg-key', 'family=id', '--pg-schema', 'other'];
    await load({ 'plugin.mjs': plugin, 'a.ndjson': ndjson(patient('a', 'x', 'y')) }, args);
    const { changes } = await load({ 'plugin.mjs': plugin, 'a.ndjson': ndjson(patient('a', 'x', 'z'), patient('b', 'w')) }, args);
    expect(changes.family).toEqual({ inserted: 1, updated: 1, unchanged: 1, deleted: 0 });
    const byFamily = ['--pg-key', 'family=family', '--pg-schema', 'repeated'];
    await load({ 'plugin.mjs': plugin, 'a.ndjson': ndjson(patient('a', 'x', 'y')) }, byFamily);
    // As many rows as the table has, of which two have the same key: the last one stays.
    const again = await load({ 'plugin.mjs': plugin, 'a.ndjson': ndjson(patient('a', 'x', 'x')) }, byFamily);
    expect([again.exitCode, again.stderr]).toEqual([3, expect.stringContaining('family')]);
    expect(await server.query('SELECT id, family FROM repeated.family ORDER BY family', database)).toEqual([
      { id: 'a1', family: 'x' },
      { id: 'a1', family: 'y' },
    ]);
    const wrong = await load({ 'plugin.mjs': plugin, 'a.ndjson': ndjson(patient('a')) }, ['--pg-key', 'family=name', '--pg-schema', 'third']);
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('the key of table family: it has no column name')]);
  });
});

describe('a view', () => {
  it('has the key that its columns are tagged with', async () => {
    const view = {
      resourceType: 'https://sql-on-fhir.org/ig/StructureDefinition/ViewDefinition',
      name: 'patient_family',
      status: 'active',
      resource: 'Patient',
      select: [
        {
          column: [
            { name: 'patient_id', path: 'getResourceKey()', type: 'string', tag: [{ name: 'fhir-flatten/key', value: 'true' }] },
            { name: 'family', path: 'name.first().family', type: 'string' },
          ],
        },
      ],
    };
    const plugin = `export default { name: 'v', apiVersion: 1, views: [{ view: ${JSON.stringify(view)}, replaces: [] }] };\n`;
    await load({ 'plugin.mjs': plugin, 'a.ndjson': ndjson(patient('a', 'x'), patient('b', 'y')) });
    const { changes } = await load({ 'plugin.mjs': plugin, 'a.ndjson': ndjson(patient('a', 'z'), patient('c', 'w')) });
    expect(changes.patient_family).toEqual({ inserted: 1, updated: 1, unchanged: 0, deleted: 0 });
    expect(await server.query('SELECT * FROM patient_family ORDER BY patient_id', database)).toEqual([
      { patient_id: 'a', family: 'z' },
      { patient_id: 'b', family: 'y' },
      { patient_id: 'c', family: 'w' },
    ]);
  });
});

describe('hostile names', () => {
  it('are quoted, never run', async () => {
    database = await server.createDatabase();
    const column = `id"; DROP TABLE "patient"; --`;
    const other = `o'); DROP TABLE patient; --\\`;
    const plugin = makePlugin('select', [column, other], [column]);
    for (const expected of [{ inserted: 1 }, { unchanged: 1 }]) {
      expect((await load({ 'plugin.mjs': plugin, 'a.ndjson': ndjson(patient('a', `x'; DROP TABLE patient; --`)) })).changes.select).toMatchObject(expected);
    }
    expect(await server.query('SELECT * FROM "select"', database)).toEqual([{ [column]: 'a0', [other]: `x'; DROP TABLE patient; --` }]);
    expect(await server.query('SELECT id FROM patient', database)).toEqual([{ id: 'a' }]);
  });

  it.each([
    [['xmin'], 'xmin is a column that every table has'],
    [['x'.repeat(64)], 'it is longer than 63 bytes'],
    [['a\0b'], 'it holds a character that is none'],
    [['a', 'a'], 'two columns have it'],
  ])('%j is refused', async (columns, reason) => {
    const { exitCode, stderr } = await load({ 'plugin.mjs': makePlugin('odd', columns), 'a.ndjson': ndjson(patient('b', 'x')) });
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(`Postgres cannot take the name of a column of table odd: ${reason}`)]);
    expect(await server.query('SELECT id FROM patient', database)).toEqual([{ id: 'a' }]);
  });
});

describe('all versions', () => {
  it('have rows of their own, each with its child rows', async () => {
    database = await server.createDatabase();
    const versions = ['x', 'y'].map((family) => ndjson({ ...patient('a', family), meta: { lastUpdated: '2024-01-01T00:00:00Z' } }));
    const load2 = (text: string) =>
      runCommand(['-', '--keep-versions', '--pg', '--json'], { cwd: makeFolder(), input: text, env: server.env(database) }).then(
        ({ stdout }) => JSON.parse(stdout).database.tables,
      );
    expect((await load2(versions.join(''))).patient).toMatchObject({ inserted: 2 });
    expect((await load2(versions[0] as string)).patient_name).toEqual({ inserted: 0, updated: 0, unchanged: 1, deleted: 0 });
    expect(
      await server.query('SELECT n.family FROM patient p JOIN patient_name n ON (n.patient_id, n.version_hash) = (p.id, p.version_hash) ORDER BY 1', database),
    ).toEqual([{ family: 'x' }, { family: 'y' }]);
  });
});
