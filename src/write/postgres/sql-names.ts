// Names of schemas, tables and columns → SQL. Always quoted: they may come from views, plugins and data.

import { UserError } from '../../diagnostics.ts';

/** Longer names would be cut by the server, and two of them could become one. */
const maxNameBytes = 63;

/** https://www.postgresql.org/docs/current/ddl-system-columns.html */
const systemColumns: ReadonlySet<string> = new Set(['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid']);

/** `"name"`, with quotes in it doubled. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text literal that means the same with any setting of standard_conforming_strings. */
export function quoteText(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

/** Names that come from FHIR are so, and there is nothing to refuse. */
const plainName = /^[a-z][a-z0-9_]{0,62}$/;

/** Throws a UserError for a name that the server would refuse or cut. */
export function checkName(name: string, kind: 'table' | 'column' | 'schema', table: string): void {
  if (plainName.test(name) && !systemColumns.has(name)) return;
  const refuse = (reason: string): never => {
    // Not the name itself where it may be anything at all.
    throw new UserError('PG_NAME_INVALID', { parameters: { kind, table: table.length > 100 ? `${table.slice(0, 100)}…` : table, reason } });
  };
  if (name === '') refuse('it is empty');
  if (name.includes('\0') || /\p{Surrogate}/u.test(name)) refuse('it holds a character that is none');
  if (Buffer.byteLength(name) > maxNameBytes) refuse(`it is longer than ${maxNameBytes} bytes`);
  if (kind === 'column' && systemColumns.has(name)) refuse(`${name} is a column that every table has`);
  if (kind === 'table' && name.startsWith('_fhir_flatten_')) refuse('names that begin with _fhir_flatten_ are for the records of the loads');
}
