// One connection to a server, one statement at a time. Errors come out as UserErrors that name the place, never a value.

import type { ClientConfig } from 'pg';
import Client from 'pg/lib/client.js';
import { UserError } from '../../diagnostics.ts';
import { type ConnectionSettings, describeTarget, passwordOf, readCertificate } from './connection-settings.ts';
import { explainFault, explainRefusal, sqlStateOf } from './server-errors.ts';
import { type AnswerRow, StatementBatch, type WireConnection, type Work } from './statement-batch.ts';

export interface Answer<Row> {
  readonly rows: readonly Row[];
  readonly rowCount: number;
}

const keepAliveMs = 10_000;

export class Session {
  readonly target: string;
  /** Such as 150004 for 15.4. */
  serverVersion = 0;
  readonly #client: Client;
  /** Settles when the statements asked for so far are done. */
  #tail: Promise<unknown> = Promise.resolve();
  /** Why the connection is gone. */
  #failure: unknown;
  /** Rejects the statement at work. */
  #rejectCurrent: ((error: unknown) => void) | undefined;
  /** While it is at work, and as long as nothing else waits behind it. */
  #lastBatch: StatementBatch | undefined;
  #isEnded = false;

  private constructor(client: Client, target: string) {
    this.#client = client;
    this.target = target;
    client.on('error', (error) => this.#fail(error));
    client.on('end', () => this.#fail(new Error('Connection terminated')));
  }

  /** Throws a UserError where no connection comes about. `warn` is told of a password file that is not used. */
  static async open(settings: ConnectionSettings, warn: (reason: string) => void): Promise<Session> {
    const target = describeTarget(settings);
    let failure: unknown;
    for (const ssl of tlsAttempts(settings)) {
      const client = new Client({ ...clientConfig(settings, warn), ssl });
      // Until the session listens itself: an error that nobody listens to ends the process.
      client.on('error', () => {});
      try {
        await client.connect();
        const session = new Session(client, target);
        const { rows } = await session.query<{ version: string; isStandby: boolean }>(
          `SELECT current_setting('server_version_num') AS version, pg_is_in_recovery() AS "isStandby"`,
          'start',
        );
        if (rows[0]?.isStandby) {
          session.destroy();
          const advice = 'connect to the primary server';
          throw new UserError('PG_UNREACHABLE', { parameters: { target, reason: 'the server is a standby, which takes no writes', advice } });
        }
        session.serverVersion = Number(rows[0]?.version);
        return session;
      } catch (error) {
        failure ??= error;
        if (!isWorthAnotherWay(error)) {
          failure = error;
          break;
        }
      }
    }
    throw explainRefusal(failure, target);
  }

  /** Rows of one statement. `place` is for the message if it fails, as in `table patient`. */
  async query<Row = Record<string, unknown>>(sql: string, place: string, values?: readonly unknown[]): Promise<Answer<Row>> {
    return await this.#run(
      () => place,
      async () => {
        const { rowCount, rows } = await this.#client.query(sql, values as unknown[] | undefined);
        return { rows: rows as Row[], rowCount: rowCount ?? 0 };
      },
    );
  }

  /** Statements without parameters, in one message; gives the answer of each. */
  async queryAll(sqls: readonly string[], place: string): Promise<readonly Answer<Record<string, unknown>>[]> {
    return await this.#run(
      () => place,
      async () => {
        const results: unknown = await this.#client.query(sqls.join(';\n'));
        // One by itself comes without a list.
        return (Array.isArray(results) ? results : [results]).map(({ rowCount, rows }) => ({ rows, rowCount: rowCount ?? 0 }));
      },
    );
  }

  /** As `query`; with one of these SQLSTATEs it gives that. The transaction is then aborted, up to a savepoint. */
  async attempt<Row = Record<string, unknown>>(sql: string, place: string, tolerated: readonly string[]): Promise<Answer<Row> | { readonly sqlstate: string }> {
    return await this.#run(
      () => place,
      async () => {
        try {
          const { rowCount, rows } = await this.#client.query(sql);
          return { rows: rows as Row[], rowCount: rowCount ?? 0 };
        } catch (error) {
          const sqlstate = sqlStateOf(error);
          if (sqlstate === undefined || !tolerated.includes(sqlstate)) throw error;
          return { sqlstate };
        }
      },
    );
  }

  /** Many statements, and rows in the text format of COPY, at once; gives the rows of all answers in turn. */
  async send(works: readonly Work[]): Promise<readonly AnswerRow[]> {
    if (works.length === 0) return [];
    const batch = new StatementBatch(works);
    const isAhead = this.#lastBatch?.isSubmitted === true;
    if (isAhead) {
      // At once, rather than when its turn has come: the server finds it when it is done with the one before.
      batch.submit(this.#connection);
      this.#client.query(batch);
    }
    const answer = this.#run(
      () => batch.place,
      () => {
        if (!isAhead) this.#client.query(batch);
        return batch.answer;
      },
    );
    this.#lastBatch = batch;
    try {
      return await answer;
    } finally {
      if (this.#lastBatch === batch) this.#lastBatch = undefined;
    }
  }

  /** Ends the session at once; what was not committed is rolled back by the server. Safe to call twice. */
  destroy(): void {
    this.#isEnded = true;
    // The socket, without the farewell that `end` waits for.
    this.#connection.stream.destroy();
  }

  /** Not in the types. */
  get #connection(): WireConnection {
    return (this.#client as unknown as { connection: WireConnection }).connection;
  }

  async end(): Promise<void> {
    this.#isEnded = true;
    await this.#tail.catch(() => {});
    await this.#client.end().catch(() => {});
  }

  #run<T>(place: () => string, work: () => Promise<T>): Promise<T> {
    this.#lastBatch = undefined;
    const result = this.#tail.then(async () => {
      if (this.#failure !== undefined) throw explainFault(this.#failure, place(), this.target);
      try {
        return await new Promise<T>((resolve, reject) => {
          this.#rejectCurrent = reject;
          work().then(resolve, reject);
        });
      } catch (error) {
        // The server tells why it ends a session before it does.
        const cause = sqlStateOf(error) === undefined && sqlStateOf(this.#failure) !== undefined ? this.#failure : error;
        throw explainFault(cause, place(), this.target);
      } finally {
        this.#rejectCurrent = undefined;
      }
    });
    this.#tail = result.catch(() => {});
    return result;
  }

  #fail(error: unknown): void {
    if (this.#isEnded) return;
    this.#failure ??= error;
    this.#rejectCurrent?.(this.#failure);
  }
}

function clientConfig(settings: ConnectionSettings, warn: (reason: string) => void): ClientConfig {
  return {
    host: settings.host,
    port: settings.port,
    user: settings.user,
    database: settings.database,
    // A function, so that the file is read when the server asks, and pg does not look for one itself.
    password: () => {
      const password = passwordOf(settings, warn);
      if (password === undefined) {
        const advice = 'set PGPASSWORD, or add a line host:port:database:user:password to ~/.pgpass (chmod 0600)';
        throw new UserError('PG_UNREACHABLE', { parameters: { target: describeTarget(settings), reason: 'the server asks for a password', advice } });
      }
      return password;
    },
    application_name: settings.applicationName,
    options: settings.options ?? '',
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
    connectionTimeoutMillis: settings.connectTimeoutSeconds * 1000,
  };
}

/** How to try, in order. https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION */
function tlsAttempts(settings: ConnectionSettings): ClientConfig['ssl'][] {
  const { certificate, host, key, rootCertificate, serverName, sslMode } = settings;
  // As with libpq, there is no TLS on a socket of the file system.
  if (host.startsWith('/')) return [false];
  const ca = rootCertificate === undefined || rootCertificate === 'system' ? {} : { ca: readCertificate(rootCertificate) };
  const own = certificate === undefined || key === undefined ? {} : { cert: readCertificate(certificate), key: readCertificate(key) };
  const encrypted = { ...own, rejectUnauthorized: false };
  const verified = { ...own, ...ca, rejectUnauthorized: true };
  switch (sslMode) {
    case 'disable':
      return [false];
    case 'allow':
      return [false, encrypted];
    case 'prefer':
      return [encrypted, false];
    case 'require':
      // With a root certificate it means verify-ca, for old times' sake: libpq does so.
      return [rootCertificate === undefined ? encrypted : { ...verified, checkServerIdentity: () => undefined }];
    case 'verify-ca':
      return [{ ...verified, checkServerIdentity: () => undefined }];
    case 'verify-full':
      return [{ ...verified, ...(serverName === host ? {} : { host: serverName, servername: serverName }) }];
    default:
      return sslMode satisfies never;
  }
}

/** No TLS on the server, or pg_hba.conf that wants the other way. */
function isWorthAnotherWay(error: unknown): boolean {
  return (error instanceof Error && /does not support SSL/.test(error.message)) || sqlStateOf(error) === '28000';
}
