// A postgres:// URL and the environment of libpq → where to connect, as who, and how safely.
// https://www.postgresql.org/docs/current/libpq-connect.html and libpq-envars.html

import { existsSync, readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../diagnostics.ts';
import { findPassword, type PasswordFile } from './password-file.ts';

type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

export interface ConnectionSettings {
  /** A name or address, or the folder of a Unix socket. */
  readonly host: string;
  /** What the certificate of the server must be for. */
  readonly serverName: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Undefined where none was given: the server may not ask for one. */
  readonly password: string | undefined;
  readonly passwordFile: PasswordFile;
  readonly sslMode: SslMode;
  readonly rootCertificate: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  readonly applicationName: string;
  /** Further settings of the session, as `-c name=value`. */
  readonly options: string | undefined;
  readonly connectTimeoutSeconds: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Parameter of the URL → the environment's name for it. Others are refused, as libpq does. */
const parameters: Readonly<Record<string, string>> = {
  host: 'PGHOST',
  hostaddr: 'PGHOSTADDR',
  port: 'PGPORT',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  passfile: 'PGPASSFILE',
  dbname: 'PGDATABASE',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  application_name: 'PGAPPNAME',
  options: 'PGOPTIONS',
  connect_timeout: 'PGCONNECT_TIMEOUT',
};

const sslModes: readonly string[] = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] satisfies SslMode[];
const defaultPort = 5432;
/** Where libpq and the packages of the distributions put the server's socket. */
const socketFolders = ['/var/run/postgresql', '/tmp'];

/** Throws a UserError (usage) that never shows the URL: it may hold a password. */
export function readConnectionSettings(url: string | undefined, environment: Environment = process.env): ConnectionSettings {
  const given = { ...fromEnvironment(environment), ...(url === undefined ? {} : fromUrl(url)) };
  const port = Number(given['port'] || defaultPort);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw wrongSetting('port', 'it takes a number from 1 to 65535');
  const sslMode = given['sslmode'] || 'prefer';
  if (!sslModes.includes(sslMode)) throw wrongSetting('sslmode', `it takes one of ${sslModes.join(', ')}`);
  const timeout = Number(given['connect_timeout'] || 0);
  if (!Number.isInteger(timeout)) throw wrongSetting('connect_timeout', 'it takes seconds');
  const host = given['hostaddr'] || given['host'] || defaultHost(port);
  if (host.includes(',')) throw wrongSetting('host', 'it takes one host');
  const user = given['user'] || userName();
  return {
    host,
    serverName: given['host'] || host,
    port,
    user,
    database: given['dbname'] || user,
    password: given['password'] || undefined,
    passwordFile: { path: given['passfile'] || join(homedir(), '.pgpass'), isNamed: Boolean(given['passfile']) },
    sslMode: sslMode as SslMode,
    rootCertificate: certificateFile(given['sslrootcert'], 'root.crt'),
    certificate: certificateFile(given['sslcert'], 'postgresql.crt'),
    key: certificateFile(given['sslkey'], 'postgresql.key'),
    applicationName: given['application_name'] || 'fhir-flatten',
    options: given['options'] || undefined,
    connectTimeoutSeconds: Math.max(0, timeout),
  };
}

/** `localhost:5432/fhir`, for messages. */
export function describeTarget({ database, host, port }: ConnectionSettings): string {
  return host.startsWith('/') ? `${host}/.s.PGSQL.${port} ${database}` : `${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
}

/** The password given, else the one of the first matching line of the password file. */
export function passwordOf(settings: ConnectionSettings, warn: (reason: string) => void): string | undefined {
  return settings.password ?? findPassword(settings.passwordFile, settings, warn);
}

function fromEnvironment(environment: Environment): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [name, variable] of Object.entries(parameters)) {
    const value = environment[variable];
    if (value !== undefined && value !== '') given[name] = value;
  }
  return given;
}

function fromUrl(text: string): Record<string, string> {
  const match = /^postgres(?:ql)?:\/\/(?:(?<userinfo>[^/?#]*)@)?(?<place>[^/?#]*)(?:\/(?<dbname>[^?#]*))?(?:\?(?<query>[^#]*))?$/.exec(text);
  if (match?.groups === undefined) throw new UserError('PG_URL_INVALID', { exitCode: 2 });
  const { dbname, place = '', query, userinfo } = match.groups;
  const given: Record<string, string> = {};
  const take = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') given[name] = decode(value);
  };
  const colon = userinfo?.indexOf(':') ?? -1;
  take('user', colon < 0 ? userinfo : userinfo?.slice(0, colon));
  take('password', colon < 0 ? undefined : userinfo?.slice(colon + 1));
  const address = /^(?:\[(?<ipv6>[^\]]*)\]|(?<name>[^:]*))(?::(?<port>\d*))?$/.exec(place);
  if (address?.groups === undefined) throw new UserError('PG_URL_INVALID', { exitCode: 2 });
  take('host', address.groups['ipv6'] ?? address.groups['name']);
  take('port', address.groups['port']);
  take('dbname', dbname);
  for (const pair of (query ?? '').split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    // A JDBC habit that libpq knows, too.
    if (name === 'ssl' && pair === 'ssl=true') given['sslmode'] = 'require';
    else if (equals < 0 || !Object.hasOwn(parameters, name)) throw wrongSetting(/^\w{1,40}$/.test(name) ? name : 'a parameter', 'the URL cannot have it');
    else take(name, pair.slice(equals + 1));
  }
  // As with libpq, an address of the environment does not go with a host of the URL.
  if (given['host'] !== undefined && given['hostaddr'] === undefined) given['hostaddr'] = '';
  return given;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UserError('PG_URL_INVALID', { exitCode: 2 });
  }
}

function wrongSetting(name: string, reason: string): UserError {
  return new UserError('PG_SETTING_INVALID', { parameters: { name, reason }, exitCode: 2 });
}

function defaultHost(port: number): string {
  const folder = process.platform === 'win32' ? undefined : socketFolders.find((path) => existsSync(join(path, `.s.PGSQL.${port}`)));
  return folder ?? 'localhost';
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container, a user id without an entry in /etc/passwd.
    return 'postgres';
  }
}

/** The file that was named, else libpq's usual one where it is there. */
function certificateFile(named: string | undefined, usual: string): string | undefined {
  if (named !== undefined && named !== '') return named;
  const path = join(homedir(), '.postgresql', usual);
  return existsSync(path) ? path : undefined;
}

/** Throws a UserError that names the file. */
export function readCertificate(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown fault';
    throw new UserError('PG_CERTIFICATE_UNREADABLE', { parameters: { path, reason } });
  }
}
