// Parquet and Arrow from the command line: what is written where, what goes wrong, and what is loaded for it.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parquetMetadata } from 'hyparquet';
import { describe, expect, it, onTestFinished } from 'vitest';
import { arrowReaders, parquetReaders, queryDuckDb, type TypedCell } from '../support/read-typed.ts';
import { makeFolder, ndjson, readFolder, runCommand, runShell, startCommand, until } from '../support/run-command.ts';

const readParquet = parquetReaders['hyparquet'] as NonNullable<(typeof parquetReaders)[string]>;
const readArrow = arrowReaders['apache-arrow'] as NonNullable<(typeof arrowReaders)[string]>;

const ada = {
  resourceType: 'Patient',
  id: 'ada',
  active: true,
  birthDate: '1980-02',
  name: [{ given: ['Ada', 'Maria'] }],
  meta: { lastUpdated: '2024-01-02T03:04:05+01:00' },
};
const bob = { resourceType: 'Patient', id: 'bob', birthDate: '1980-13', multipleBirthInteger: 3 };

async function cellsOf(path: string, names: readonly string[]): Promise<Record<string, TypedCell>[]> {
  const { columns, rows } = await (path.endsWith('.parquet') ? readParquet : readArrow)(path);
  return rows.map((row) => Object.fromEntries(names.map((name) => [name, row[columns.indexOf(name)] as TypedCell])));
}

describe.each(['parquet', 'arrow'])('-f %s', (format) => {
  it('writes typed tables, and says in _schema.json what they hold', async () => {
    const cwd = makeFolder({ 'in.ndjson': ndjson(ada, bob) });
    const { exitCode, stderr } = await runCommand(['in.ndjson', '-f', format, '-o', 'out'], { cwd });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining(`out/patient.${format}`) });
    expect(
      await cellsOf(join(cwd, `out/patient.${format}`), [
        'id',
        'active',
        'birth_date',
        'birth_date_precision',
        'name_given',
        'meta_last_updated',
        'meta_last_updated_tz',
        'other_json',
      ]),
    ).toEqual([
      {
        id: 'ada',
        active: true,
        birth_date: '1980-02-01',
        birth_date_precision: 'month',
        name_given: ['Ada', 'Maria'],
        meta_last_updated: '2024-01-02T03:04:05.000000',
        meta_last_updated_tz: '+01:00',
        other_json: null,
      },
      {
        id: 'bob',
        active: null,
        birth_date: null,
        birth_date_precision: null,
        name_given: null,
        meta_last_updated: null,
        meta_last_updated_tz: null,
        other_json: '{"birthDate":"1980-13"}',
      },
    ]);
    const { columns } = JSON.parse(readFileSync(join(cwd, 'out/_schema.json'), 'utf8')).tables.patient as {
      columns: { name: string; type: string; storedAs: string }[];
    };
    const stored = Object.fromEntries(columns.map(({ name, type, storedAs }) => [name, `${type} as ${storedAs}`]));
    expect(stored).toMatchObject({
      birth_date: 'date as date',
      birth_date_precision: 'string as text',
      name_given: 'list of string as list of text',
      meta_last_updated: 'instant as timestamp',
      multiple_birth_integer: 'integer as int32',
    });
    const report = JSON.parse(readFileSync(join(cwd, 'out/_report.json'), 'utf8'));
    expect(report.misfits).toEqual({ 'Patient.birthDate': 1 });
  });

  it('is chosen by the ending of a file, and streams to standard output', async () => {
    const cwd = makeFolder({ 'in.ndjson': ndjson(ada) });
    expect((await runCommand(['in.ndjson', '-t', 'patient', '-o', `p.${format}`, '-q'], { cwd })).exitCode).toBe(0);
    expect((await runShell(`fhir-flatten in.ndjson -t patient -f ${format} -o - -q > piped.${format}`, { cwd })).exitCode).toBe(0);
    for (const file of [`p.${format}`, `piped.${format}`]) expect(await cellsOf(join(cwd, file), ['id'])).toEqual([{ id: 'ada' }]);
  });

  it('follows --timestamps', async () => {
    const cwd = makeFolder({ 'in.ndjson': ndjson(ada) });
    const written = async (mode: string) => {
      await runCommand(['in.ndjson', '-t', 'patient', '-o', `${mode}.${format}`, '-q', '--timestamps', mode], { cwd });
      return (await cellsOf(join(cwd, `${mode}.${format}`), ['meta_last_updated']))[0]?.['meta_last_updated'];
    };
    expect(await written('utc')).toBe('2024-01-02T02:04:05.000000');
    expect(await written('text')).toBe('2024-01-02T03:04:05+01:00');
  });

  it('writes tables without rows when asked, and the newest version of a resource', async () => {
    const versions = ['2', '3', '1'].map((second) => ({ ...ada, meta: { lastUpdated: `2024-01-01T00:00:0${second}Z` } }));
    const cwd = makeFolder({ 'in.ndjson': ndjson(...versions) });
    const { exitCode } = await runCommand(['in.ndjson', '-t', 'patient,encounter', '--all-tables', '-f', format, '-o', 'out', '-q'], { cwd });
    expect(exitCode).toBe(0);
    expect(await cellsOf(join(cwd, `out/patient.${format}`), ['id', 'meta_last_updated'])).toEqual([
      { id: 'ada', meta_last_updated: '2024-01-01T00:00:03.000000' },
    ]);
    expect(await cellsOf(join(cwd, `out/encounter.${format}`), ['id'])).toEqual([]);
  });

  it('leaves out columns without values when asked', async () => {
    const cwd = makeFolder({ 'in.ndjson': ndjson({ resourceType: 'Patient', id: 'a', birthDate: '1980' }) });
    const { exitCode, stderr } = await runCommand(['in.ndjson', '--columns', 'filled', '-f', format, '-o', 'out', '-q'], { cwd });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const { columns } = await (format === 'parquet' ? readParquet : readArrow)(join(cwd, `out/patient.${format}`));
    expect(columns).toEqual(['id', 'birth_date', 'birth_date_precision']);
  });

  it('takes the place of a table that was written in another format', async () => {
    const cwd = makeFolder({ 'in.ndjson': ndjson(ada, { resourceType: 'Encounter', id: 'e' }) });
    await runCommand(['in.ndjson', '-o', 'out', '-q', '--no-details'], { cwd });
    await runCommand(['in.ndjson', '-o', 'out', '-q', '--no-details', '-t', 'patient', '-f', format], { cwd });
    expect(readdirSync(join(cwd, 'out')).sort()).toEqual(['_report.json', '_schema.json', 'encounter.csv', `patient.${format}`]);
  });

  it('counts on a dry run what would not fit', async () => {
    const cwd = makeFolder({ 'in.ndjson': ndjson(ada, bob) });
    const { exitCode, stderr } = await runCommand(['in.ndjson', '-f', format, '--dry-run'], { cwd });
    expect(exitCode).toBe(0);
    expect(stderr).toContain('patient  2 rows');
    expect(Object.keys(readFolder(cwd))).toEqual(['in.ndjson']);
  });

  it('is the same from one thread and from several, also where only a later part has rows of a table', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 6 }, (_, file) => [
        `in-${file}.ndjson`,
        ndjson(...Array.from({ length: 50 }, (_, row) => ({ ...ada, id: `${file}-${row}` })), ...(file === 5 ? [{ resourceType: 'Encounter', id: 'e' }] : [])),
      ]),
    );
    const cwd = makeFolder(files);
    const read = format === 'parquet' ? readParquet : readArrow;
    for (const threads of ['1', '3']) {
      const { exitCode, stderr } = await runCommand(['.', '-f', format, '-o', `../${basename(cwd)}-out/${threads}`, '-q', '--threads', threads], { cwd });
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    }
    onTestFinished(() => rmSync(`${cwd}-out`, { recursive: true }));
    for (const table of ['patient', 'encounter', 'details/patient_name']) {
      const [one, several] = await Promise.all(['1', '3'].map((threads) => read(`${cwd}-out/${threads}/${table}.${format}`)));
      expect(several).toEqual(one);
      expect(one?.rows.length).toBe(table === 'encounter' ? 1 : 300);
    }
  });

  it('leaves the older output when the disk is full', async () => {
    const cwd = makeFolder({ 'in.ndjson': ndjson(ada) });
    await runCommand(['in.ndjson', '-f', format, '-o', 'out', '-q'], { cwd });
    const before = readFolder(join(cwd, 'out'));
    const many = Array.from({ length: 8000 }, (_, index) => ({
      ...ada,
      id: `p${Math.sin(index).toString(36).slice(2)}`,
      name: [{ family: String(Math.cos(index)) }],
    }));
    writeFileSync(join(cwd, 'many.ndjson'), ndjson(...many));
    const { exitCode, stderr } = await runShell(`ulimit -f 64; fhir-flatten many.ndjson -f ${format} -o out`, { cwd });
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(/^error: cannot write out/) });
    expect(readFolder(join(cwd, 'out'))).toEqual(before);
    expect(readdirSync(join(cwd, 'out')).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('has nothing torn under a final name when it is killed, and the next run is complete', async () => {
    const cwd = makeFolder({ 'in.ndjson': ndjson(ada) });
    await runCommand(['in.ndjson', '-f', format, '-o', 'out', '-q'], { cwd });
    const run = startCommand(['-', '-f', format, '-o', 'out'], { cwd });
    run.process.stdin?.on('error', () => {});
    // More than a row group, so that it is in the middle of a file.
    const rows = Array.from({ length: 1000 }, (_, index) => `{"resourceType":"Patient","id":"${index}-#"}\n`).join('');
    for (let block = 0; block < 70; block++) run.process.stdin?.write(rows.replaceAll('#', String(block)));
    const hidden = () => readdirSync(join(cwd, 'out')).filter((name) => name.startsWith('.'));
    await until(() => hidden().some((name) => existsSync(join(cwd, 'out', name, 'tables', `patient.${format}`))));
    run.process.kill('SIGKILL');
    await run.outcome;
    expect(await cellsOf(join(cwd, `out/patient.${format}`), ['id'])).toEqual([{ id: 'ada' }]);
    await runCommand(['in.ndjson', '-f', format, '-o', 'out', '-q'], { cwd });
    expect(hidden()).toEqual([]);
    expect(await cellsOf(join(cwd, `out/patient.${format}`), ['id'])).toEqual([{ id: 'ada' }]);
  });
});

it('Parquet is the same byte for byte from a thread that encodes beside the run, and from the run itself, also where row groups come in pieces', async () => {
  const large = Array.from({ length: 4000 }, (_, row) => ({ ...ada, id: `p${row}`, text: undefined, name: [{ family: `${row} ${'Ångström '.repeat(150)}` }] }));
  const cwd = makeFolder({ 'in.ndjson': ndjson(...large, ...large.slice(0, 10).map(({ id }) => ({ resourceType: 'Encounter', id }))) });
  for (const threads of ['1', '2']) {
    const { exitCode, stderr } = await runCommand(['in.ndjson', '-f', 'parquet', '-o', threads, '-q', '--threads', threads], { cwd });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  }
  const [one = {}, two = {}] = ['1', '2'].map((folder) => readFolder(join(cwd, folder)));
  const tables = Object.keys(one).filter((path) => path.endsWith('.parquet'));
  expect(tables).toEqual(expect.arrayContaining(['encounter.parquet', 'patient.parquet', 'details/patient_name.parquet']));
  for (const table of tables) expect(readFileSync(join(cwd, '2', table)).equals(readFileSync(join(cwd, '1', table)))).toBe(true);
  expect(Object.keys(two)).toEqual(Object.keys(one));
  expect((await readParquet(join(cwd, '2/patient.parquet'))).rows.length).toBe(4000);
});

it('Parquet has dictionaries for texts that repeat, and compresses what there is', async () => {
  const patients = Array.from({ length: 50 }, (_, index) => ({
    resourceType: 'Patient',
    id: `p${index}`,
    gender: index % 2 === 0 ? 'female' : 'male',
    birthDate: '1980-02-03',
    name: [{ family: `Family ${index}`, given: ['Ada'] }],
  }));
  const cwd = makeFolder({ 'in.ndjson': ndjson(...patients) });
  expect((await runCommand(['in.ndjson', '-f', 'parquet', '-o', 'out'], { cwd })).exitCode).toBe(0);
  const { row_groups } = parquetMetadata(new Uint8Array(readFileSync(join(cwd, 'out/patient.parquet'))).buffer);
  const encoded = Object.fromEntries(
    (row_groups[0]?.columns ?? []).map(({ meta_data }) => [
      meta_data?.path_in_schema.join('.'),
      [meta_data?.encodings.includes('RLE_DICTIONARY') ? 'dictionary' : 'plain', meta_data?.codec],
    ]),
  );
  expect(encoded).toMatchObject({
    id: ['plain', 'ZSTD'],
    gender: ['dictionary', 'ZSTD'],
    birth_date: ['plain', 'ZSTD'],
    birth_date_precision: ['dictionary', 'ZSTD'],
    name_family: ['plain', 'ZSTD'],
    'name_given.list.item': ['dictionary', 'ZSTD'],
    active: ['plain', 'UNCOMPRESSED'],
  });
});

describe('what is loaded', () => {
  /** The packages that a run imports. */
  async function importsOf(...args: readonly string[]): Promise<string[]> {
    const cwd = makeFolder({ 'in.ndjson': ndjson(ada) });
    mkdirSync(join(cwd, 'trace'));
    const log = join(cwd, 'trace/log');
    const hooks = `import { appendFileSync } from 'node:fs'; export async function resolve(name, context, next) { appendFileSync(${JSON.stringify(log)}, name + '\\n'); return next(name, context); }`;
    writeFileSync(join(cwd, 'trace/hooks.mjs'), hooks);
    writeFileSync(join(cwd, 'trace/register.mjs'), "import { register } from 'node:module'; register('./hooks.mjs', import.meta.url);");
    const { exitCode } = await runCommand(args, { cwd, env: { NODE_OPTIONS: `--import ${join(cwd, 'trace/register.mjs')}` } });
    expect(exitCode).toBe(0);
    const names = readFileSync(log, 'utf8').split('\n');
    return ['apache-arrow', 'flatbuffers', 'parquet-wasm/esm'].filter((name) => names.includes(name));
  }

  it('is what the format needs, and nothing of it for CSV or help', async () => {
    expect(await importsOf('--help')).toEqual([]);
    expect(await importsOf('in.ndjson', '-o', 'out', '-q')).toEqual([]);
    expect(await importsOf('tables', 'patient', '-f', 'parquet')).toEqual([]);
    expect(await importsOf('in.ndjson', '-o', 'out', '-q', '-f', 'arrow')).toEqual(['apache-arrow', 'flatbuffers']);
    expect(await importsOf('in.ndjson', '-o', 'out', '-q', '-f', 'parquet')).toEqual(['flatbuffers', 'parquet-wasm/esm']);
  });

  it('cannot be loaded for Parquet where WebAssembly is missing: one error, and nothing is left', async () => {
    const cwd = makeFolder({ 'in.ndjson': ndjson(ada) });
    const { exitCode, stderr } = await runCommand(['in.ndjson', '-o', 'out', '-q', '-f', 'parquet'], { cwd, env: { NODE_OPTIONS: '--jitless' } });
    const message = 'error: internal error: ReferenceError\n  nothing was published; please report this\n';
    expect({ exitCode, stderr: stderr.replace(/^Warning: disabling flag.*\n/, '') }).toEqual({ exitCode: 1, stderr: message });
    expect(readdirSync(cwd)).toEqual(['in.ndjson']);
  });
});

it('DuckDB takes what a pipe gives it', async () => {
  const cwd = makeFolder({ 'in.ndjson': ndjson(ada, bob) });
  await runShell('cat in.ndjson | fhir-flatten - -t patient -f parquet -o - -q > piped.parquet', { cwd });
  const rows = await queryDuckDb(`SELECT id, birth_date + INTERVAL 1 DAY FROM '${join(cwd, 'piped.parquet')}' WHERE active`);
  expect(rows).toEqual([['ada', '1980-02-02 00:00:00']]);
});

it('lists the types that a format stores', async () => {
  const { stdout } = await runCommand(['tables', 'patient', '-f', 'parquet', '--timestamps', 'utc', '--json'], { cwd: makeFolder() });
  const [{ columns }] = JSON.parse(stdout) as [{ columns: { name: string; storedAs: string }[] }];
  expect(columns.find(({ name }) => name === 'meta_last_updated')?.storedAs).toBe('timestamp UTC');
  expect(columns.map(({ name }) => name)).toContain('meta_last_updated_tz');
});
