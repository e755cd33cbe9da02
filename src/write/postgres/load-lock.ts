// One load at a time into a schema: an advisory lock that lasts as long as the transaction. Whoever waits in vain is told
// for whom.

import { UserError } from '../../diagnostics.ts';
import type { Session } from './session.ts';
import { quoteText } from './sql-names.ts';

/** Any number that other programs are unlikely to use: "fhir" in ASCII. */
const lockClass = 0x66686972;

interface Holder {
  readonly pid: number;
  readonly user: string | null;
  readonly application: string | null;
  readonly client: string | null;
  readonly since: string | null;
}

/** Begins the transaction of a load, with settings for it. Throws a UserError when another one still holds the lock after so many seconds. */
export async function beginLocked(session: Session, schemaName: string, timeoutSeconds: number, settings: readonly string[]): Promise<void> {
  const key = `${lockClass}, hashtext(${quoteText(schemaName)})`;
  // 0 would mean to wait for ever.
  const timeout = `'${Math.max(1, Math.round(timeoutSeconds * 1000))}ms'`;
  try {
    await session.send([
      { statements: ['BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE', `SET LOCAL lock_timeout = ${timeout}`], place: 'start' },
      { statements: [`SELECT pg_advisory_xact_lock(${key})`], place: 'the lock' },
      { statements: ['lock_timeout TO DEFAULT', ...settings].map((setting) => `SET LOCAL ${setting}`), place: 'start' },
    ]);
    return;
  } catch (error) {
    if (!(error instanceof UserError && error.code === 'PG_REFUSED' && error.parameters?.['sqlstate'] === '55P03')) throw error;
  }
  await session.query('ROLLBACK', 'start');
  const { rows } = await session.query<Holder>(
    `SELECT l.pid, a.usename::text AS user, a.application_name AS application, host(a.client_addr) AS client,
            to_char(coalesce(a.xact_start, a.backend_start) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS since
       FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid::bigint = ${lockClass}
        AND l.objid::bigint = hashtext(${quoteText(schemaName)})::bigint & 4294967295
        AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())`,
    'the lock',
  );
  const [holder] = rows;
  throw new UserError('PG_LOCKED', {
    parameters: { schema: schemaName, seconds: timeoutSeconds, holder: describeHolder(holder), pid: holder?.pid ?? 'pid' },
  });
}

function describeHolder(holder: Holder | undefined): string {
  if (holder === undefined) return 'it has ended just now';
  const { application, client, pid, since, user } = holder;
  const parts = [`session ${pid}`, application && `of ${application}`, user && `as ${user}`, `from ${client ?? 'this machine'}`, since && `since ${since}`];
  return parts.filter(Boolean).join(' ');
}
