// npm run bench:postgres: a real server; loads a folder into it, loads it again, and beside that what others would do with
// the same rows: psql's \copy of CSV files into the same empty tables, and INSERT with many rows a statement.
//   npm run bench:postgres -- --input ./export --runs 5

import { spawnSync } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { startPostgres } from '../support/postgres-server.ts';
import { jobEnvironment } from './job-environment.ts';
import { insertRows } from './peers/insert-rows.ts';
import { findQuickFolder } from './quick-folder.ts';

const { values: options } = parseArgs({
  options: {
    /** How many generated Bundles of about 2 MB, where no folder is given. */
    bundles: { type: 'string', default: '25' },
    input: { type: 'string' },
    runs: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});

const tool = fileURLToPath(new URL('../../bin/fhir-flatten.js', import.meta.url));
const quickFolder = findQuickFolder();
// The server's folder is made in there, too.
process.env['TMPDIR'] = quickFolder.path;
const workFolder = mkdtempSync(join(tmpdir(), 'fhir-flatten-bench-'));
const csvFolder = join(workFolder, 'csv');
// As servers are by default: what is committed is on the disk. But what one job has loaded is not to be looked at while another is measured.
const server = await startPostgres(['fsync=on', 'shared_buffers=256MB', 'max_wal_size=4GB', 'autovacuum=off']);
/** Of the run at hand: where tables were dropped, a file system takes longer to make files for new ones. */
let database = await server.createDatabase();

try {
  const input = options.input === undefined ? generate(Number(options.bundles)) : resolve(options.input);
  load(input);
  const tables = await listTables();
  mkdirSync(csvFolder);
  await writeCsv(tables);
  const ddl = run(process.execPath, [tool, 'tables', ...tables, '--ddl', 'postgres']);
  const script = join(workFolder, 'copy.sql');
  writeFileSync(script, tables.map((table) => `\\copy "${table}" from '${join(csvFolder, `${table}.csv`)}' with (format csv)\n`).join(''));
  const hasPsql = spawnSync('psql', ['--version']).status === 0;
  const seconds: Record<string, number[]> = {};
  const time = async (name: string, work: () => unknown): Promise<void> => {
    const startMs = performance.now();
    await work();
    seconds[name] = [...(seconds[name] ?? []), (performance.now() - startMs) / 1000];
  };
  let rowCount = 0;
  for (let round = 0; round < Number(options.runs); round++) {
    if (hasPsql) {
      await reset(ddl);
      await time('\\copy of CSV files into empty tables', () => run('psql', ['-X', '-q', '-1', '-v', 'ON_ERROR_STOP=1', '-f', script]));
    }
    await reset('');
    await time('fhir-flatten, first load', () => load(input));
    await time('fhir-flatten, the same again', () => load(input));
    await reset(ddl);
    await time('fhir-flatten into empty tables', () => load(input));
    await reset(ddl);
    await time('INSERT, 1,000 rows a statement', async () => {
      rowCount = await insertRows(server.url(database), csvFolder, tables);
    });
  }
  const figures = Object.entries(seconds).map(([name, values]) => ({ name, seconds: median(values), rowsPerSecond: Math.round(rowCount / median(values)) }));
  if (options.json) console.log(JSON.stringify({ tables: tables.length, rows: rowCount, jobs: figures }, null, 2));
  else print(tables.length, rowCount, figures);
} finally {
  await server.remove();
  rmSync(workFolder, { recursive: true, force: true });
}

function generate(count: number): string {
  const folder = join(workFolder, 'bundles');
  mkdirSync(folder);
  run(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('generate/generate-input.ts', import.meta.url)), 'bundles', folder, String(count)]);
  return folder;
}

function load(input: string): void {
  run(process.execPath, [tool, input, '--pg', '--quiet']);
}

function run(file: string, args: readonly string[]): string {
  const { error, status, stderr, stdout } = spawnSync(file, args, { env: jobEnvironment(server.env(database)), encoding: 'utf8', maxBuffer: 1e9 });
  if (error !== undefined || status !== 0) throw new Error(`${file} failed: ${error ?? stderr}`);
  return stdout;
}

async function listTables(): Promise<string[]> {
  const rows = await server.query<{ name: string }>(
    `SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND left(relname, 1) <> '_' ORDER BY 1`,
    database,
  );
  return rows.map(({ name }) => name);
}

/** The rows as the server has them: what is in the tool's own files has fewer columns. */
async function writeCsv(tables: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: server.url(database) });
  await client.connect();
  for (const table of tables) {
    await pipeline(client.query(copyTo(`COPY "${table}" TO STDOUT WITH (FORMAT csv)`)), createWriteStream(join(csvFolder, `${table}.csv`)));
  }
  await client.end();
}

async function reset(ddl: string): Promise<void> {
  database = await server.createDatabase();
  await server.query(ddl, database);
  // What the server does later about what came before is nobody's here.
  await server.query('CHECKPOINT');
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function print(tableCount: number, rowCount: number, figures: readonly { name: string; seconds: number; rowsPerSecond: number }[]): void {
  console.log(
    `${rowCount.toLocaleString('en-US')} rows in ${tableCount} tables; a new file takes ${quickFolder.microsecondsPerFile.toFixed(0)} µs in ${quickFolder.path}`,
  );
  const base = figures[0]?.seconds ?? Number.NaN;
  for (const { name, rowsPerSecond, seconds } of figures) {
    console.log(
      `  ${name.padEnd(40)} ${seconds.toFixed(2).padStart(6)} s  ${(seconds / base).toFixed(2).padStart(5)}  ${rowsPerSecond.toLocaleString('en-US').padStart(9)} rows/s`,
    );
  }
}
