// What the server or the network says → a message: where, what, SQLSTATE, what to do. The server's own text is not shown,
// because it may quote values of rows.

import { UserError } from '../../diagnostics.ts';

interface Meaning {
  readonly reason: string;
  readonly advice: string;
}

const again = 'run again';
const server = 'see the log of the server';

/** https://www.postgresql.org/docs/current/errcodes-appendix.html, by code, or by the first two characters of it. */
const meanings: Readonly<Record<string, Meaning>> = {
  '08': { reason: 'the connection failed', advice: again },
  '0A': { reason: 'this server does not have a feature that is needed', advice: 'Postgres 12 or newer is needed' },
  '22': { reason: 'the server does not take a value', advice: `please report this; ${server}` },
  '22021': { reason: 'a character is not in the encoding of the database', advice: 'use a database with ENCODING UTF8' },
  '22P05': { reason: 'a character is not in the encoding of the database', advice: 'use a database with ENCODING UTF8' },
  '23': { reason: 'a constraint of the table refuses the rows', advice: 'change the constraint, or load into another schema' },
  '23502': { reason: 'a column must not be null, and gets no value', advice: 'give it a default, or load into another schema' },
  '23503': { reason: 'a foreign key refuses the change', advice: 'declare it ON DELETE CASCADE or DEFERRABLE, or drop it' },
  '23505': { reason: 'two rows have the same key', advice: 'a unique index that is not ours may be in the way' },
  '25006': { reason: 'the server is read-only', advice: 'connect to the primary server' },
  '25P03': { reason: 'the session was idle for too long', advice: 'raise idle_in_transaction_session_timeout' },
  '28': { reason: 'the user or the password is not accepted', advice: 'check PGUSER, PGPASSWORD or ~/.pgpass, and pg_hba.conf on the server' },
  '3D': { reason: 'there is no such database', advice: 'check PGDATABASE, or create it with createdb' },
  '3F': { reason: 'there is no such schema', advice: 'check --pg-schema' },
  '40001': { reason: 'another session changed the same rows', advice: again },
  '40P01': { reason: 'another session holds rows that this one needs, and waits for it', advice: again },
  '42501': { reason: 'permission denied', advice: 'grant the user USAGE and CREATE on the schema, and SELECT, INSERT, UPDATE, DELETE on its tables' },
  '42P': { reason: 'a table or column is not as it was at the start', advice: again },
  '53100': { reason: 'the disk of the server is full', advice: 'free some space there and run again' },
  '53200': {
    reason: 'the server is out of memory',
    advice: 'hundreds of tables need more locks than it has by default: raise max_locks_per_transaction, or choose tables with -t or --no-details',
  },
  '53300': { reason: 'the server takes no more connections', advice: 'run again later, or raise max_connections' },
  '53': { reason: 'the server lacks a resource', advice: server },
  '54': {
    reason: 'a value is too large for the server, such as an id of several thousand characters in an index',
    advice: 'the table named is where it stands',
  },
  '55P03': { reason: 'a lock was not granted within lock_timeout', advice: 'run again when nobody else changes the tables' },
  '57014': { reason: 'a statement took too long or was cancelled', advice: 'raise statement_timeout for this user: ALTER ROLE … SET statement_timeout = 0' },
  '57P01': { reason: 'the server was shut down, or an administrator ended the session', advice: 'run again when it is back' },
  '57P02': { reason: 'the server crashed', advice: 'run again when it is back' },
  '57P03': { reason: 'the server is starting up or shutting down', advice: 'run again in a moment' },
  '57P05': { reason: 'the session was idle for too long', advice: 'raise idle_session_timeout' },
  '58': { reason: 'the server has trouble with its files', advice: server },
  XX: { reason: 'the server met an internal error', advice: server },
};

const unknown: Meaning = { reason: 'the server refused a statement', advice: server };

/** The SQLSTATE of an error that came from the server. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string' || !('severity' in error)) return undefined;
  return /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

/** An error in the middle of a load. `place` says where, as in `table patient`. */
export function explainFault(error: unknown, place: string, target: string): UserError {
  if (error instanceof UserError) return error;
  const sqlstate = sqlStateOf(error);
  if (sqlstate === undefined) return new UserError('PG_LOST', { parameters: { target, reason: networkReason(error) } });
  const { advice, reason } = meaningOf(sqlstate);
  const constraint = sqlstate.startsWith('23') && error instanceof Error && 'constraint' in error ? ` (${String(error.constraint)})` : '';
  return new UserError('PG_REFUSED', { parameters: { place, reason: `${reason}${constraint}`, sqlstate, advice } });
}

/** An error while connecting. */
export function explainRefusal(error: unknown, target: string): UserError {
  if (error instanceof UserError) return error;
  const sqlstate = sqlStateOf(error);
  if (sqlstate === undefined) {
    return new UserError('PG_UNREACHABLE', {
      parameters: { target, reason: networkReason(error), advice: 'is the server running there? Check --pg or PGHOST, PGPORT, PGSSLMODE' },
    });
  }
  const { advice, reason } = meaningOf(sqlstate);
  return new UserError('PG_UNREACHABLE', { parameters: { target, reason: `${reason} (SQLSTATE ${sqlstate})`, advice } });
}

function meaningOf(sqlstate: string): Meaning {
  return meanings[sqlstate] ?? meanings[sqlstate.slice(0, 3)] ?? meanings[sqlstate.slice(0, 2)] ?? unknown;
}

const networkReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (ECONNREFUSED)',
  ENOENT: 'there is no such socket (ENOENT)',
  EACCES: 'the socket is not accessible (EACCES)',
  ENOTFOUND: 'no such host (ENOTFOUND)',
  EAI_AGAIN: 'the name of the host cannot be looked up now (EAI_AGAIN)',
  ETIMEDOUT: 'no answer (ETIMEDOUT)',
  EHOSTUNREACH: 'no route to the host (EHOSTUNREACH)',
  ECONNRESET: 'the other side closed it (ECONNRESET)',
  EPIPE: 'the other side closed it (EPIPE)',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate of the server is self-signed; name it with sslrootcert',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate of the server is signed by an unknown authority; name it with sslrootcert',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate of the server is signed by an unknown authority; name it with sslrootcert',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate of the server is signed by an unknown authority; name it with sslrootcert',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate of the server is for another host',
  CERT_HAS_EXPIRED: 'the certificate of the server has expired',
};

/** Words of pg's and Node's own, which hold no data. */
function networkReason(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return networkReason(error.errors[0]);
  if (!(error instanceof Error)) return 'unknown fault';
  if ('code' in error && typeof error.code === 'string') return networkReasons[error.code] ?? error.code;
  if (/does not support SSL/.test(error.message)) return 'the server does not offer TLS, which sslmode asks for';
  if (/timeout expired/.test(error.message)) return 'no answer in time';
  if (/terminated/.test(error.message)) return 'the other side closed it';
  return error.constructor.name;
}
