// The statements that bring a table in line with the rows of a run, which stand in a temporary table. Pure text: what is
// run when is in merge-tables.

import { type LoadTable, listColumns, parentColumns, type SqlColumn } from './load-table.ts';
import { quoteName, quoteText } from './sql-names.ts';

/** Names of relations as SQL has them, quoted. */
export interface MergeNames {
  readonly target: string;
  readonly staged: string;
}

/** `s.a = t.a AND …` over the key; where a part of it may be null, null stands for itself. */
function matchKey(key: readonly SqlColumn[], left: string, right: string): string {
  return key.map((column) => `${keyPart(column, left)} = ${keyPart(column, right)}`).join(' AND ');
}

function keyPart({ column, name, sqlType }: SqlColumn, prefix: string): string {
  const quoted = `${prefix}.${quoteName(name)}`;
  if (!column.isNullable) return quoted;
  return sqlType === 'integer' ? `coalesce(${quoted}, -1)` : sqlType === 'boolean' ? `coalesce(${quoted}, false)` : `coalesce(${quoted}, '')`;
}

/**
 * True where a row differs. IS DISTINCT FROM would take 1.0 and 1.00 for the same number; the image of a row does not.
 * https://www.postgresql.org/docs/current/functions-comparisons.html#COMPOSITE-TYPE-COMPARISON
 */
function differs(columns: readonly SqlColumn[]): string {
  return `pg_catalog.record_image_ne(ROW(${listColumns(columns, 's.')}), ROW(${listColumns(columns, 't.')}))`;
}

/**
 * Inserts what is new and updates what differs; gives `inserted` and `updated`. Rows that are the same are not touched. Rows of a
 * partitioned table have no system columns to tell both apart by, so that there they are two statements.
 */
export function upsertStatement({ columns, isKeyEnforced, key }: LoadTable, { staged, target }: MergeNames, isPartitioned: boolean): string {
  const names = listColumns(columns);
  const source = `FROM ${staged} s LEFT JOIN ${target} t ON ${matchKey(key, 's', 't')}`;
  const isNew = `t.${quoteName((key[0] as SqlColumn).name)} IS NULL`;
  const others = columns.filter((column) => !key.includes(column));
  if (isKeyEnforced && !isPartitioned) {
    const change = others.length === 0 ? '' : ` OR ${differs(others)}`;
    const update =
      others.length === 0
        ? 'DO NOTHING'
        : `(${listColumns(key)}) DO UPDATE SET ${others.map(({ name }) => `${quoteName(name)} = excluded.${quoteName(name)}`).join(', ')}`;
    // xmax of a row that this statement has inserted is 0.
    return `WITH written AS (
  INSERT INTO ${target} (${names}) SELECT ${listColumns(columns, 's.')} ${source} WHERE ${isNew}${change}
  ON CONFLICT ${update} RETURNING (xmax = 0) AS is_new)
SELECT count(*) FILTER (WHERE is_new) AS inserted, count(*) FILTER (WHERE NOT is_new) AS updated FROM written`;
  }
  const update =
    others.length === 0
      ? `SELECT 1 FROM ${staged} s WHERE false`
      : `UPDATE ${target} t SET ${others.map(({ name }) => `${quoteName(name)} = s.${quoteName(name)}`).join(', ')} FROM ${staged} s
  WHERE ${matchKey(key, 's', 't')} AND ${differs(others)} RETURNING 1`;
  return `WITH updated AS (
  ${update}),
inserted AS (
  INSERT INTO ${target} (${names}) SELECT ${listColumns(columns, 's.')} ${source} WHERE ${isNew} RETURNING 1)
SELECT (SELECT count(*) FROM inserted) AS inserted, (SELECT count(*) FROM updated) AS updated`;
}

/** Fails with this SQLSTATE, a division by zero, where a table has rows by now. */
export const hasRowsState = '22012';

export function refuseRowsStatement(target: string): string {
  return `SELECT 1 / (NOT EXISTS (SELECT 1 FROM ${target}))::integer`;
}

/**
 * How many rows a table has; null where it is much larger than what is staged for it, and counting not worth it, or is made
 * of partitions, which are not counted in its size.
 */
export function countStatement({ staged, target }: MergeNames): string {
  const [ours, theirs] = [staged, target].map((name) => `pg_catalog.pg_relation_size(${quoteText(name)})`);
  return `SELECT CASE WHEN ${theirs} BETWEEN 1 AND 4 * ${ours} THEN (SELECT count(*) FROM ${target}) END`;
}

/**
 * For a table with as many rows as are staged: gives how many rows are joined, and how many of these differ or are alone. Where none
 * is, and so many rows are joined, both have the same rows: if a key came again, there would be more pairs than rows.
 */
export function compareStatement({ columns, key }: LoadTable, { staged, target }: MergeNames): string {
  return `SELECT count(*), count(*) FILTER (WHERE s.tableoid IS NULL OR t.tableoid IS NULL OR ${differs(columns)}) FROM ${staged} s FULL JOIN ${target} t ON ${matchKey(key, 's', 't')}`;
}

/** `parents` selects the resources whose rows the staged ones are: other rows of theirs are gone from the input. */
export function deleteGoneStatement(table: LoadTable, { staged, target }: MergeNames, parents: string): string {
  return `DELETE FROM ${target} t WHERE (${listColumns(parentColumns(table), 't.')}) IN (${parents})
  AND NOT EXISTS (SELECT 1 FROM ${staged} s WHERE ${matchKey(table.key, 's', 't')})`;
}

/** Where a key is not enforced, rows of one resource may share it: these resources lose their rows, to get all of them anew. */
export function deleteAmbiguousStatement(table: LoadTable, { staged, target }: MergeNames, parents: string): string {
  const own = (prefix: string) => listColumns(parentColumns(table), prefix);
  const keys = (prefix: string) => table.key.map((part) => keyPart(part, prefix)).join(', ');
  return `DELETE FROM ${target} WHERE (${own('')}) IN (
  SELECT ${own('s.')} FROM ${staged} s GROUP BY ${own('s.')}, ${keys('s')} HAVING count(*) > 1
  UNION SELECT ${own('t.')} FROM ${target} t WHERE (${own('t.')}) IN (${parents}) GROUP BY ${own('t.')}, ${keys('t')} HAVING count(*) > 1)`;
}

/** Of rows with the same key, the last one that was read stays. */
export function dedupeStatement({ key }: LoadTable, relation: string): string {
  return `DELETE FROM ${relation} WHERE ctid IN (
  SELECT id FROM (SELECT ctid AS id, row_number() OVER (PARTITION BY ${listColumns(key)} ORDER BY ctid DESC) AS place FROM ${relation}) x WHERE place > 1)`;
}

export function insertAllStatement({ columns }: LoadTable, { staged, target }: MergeNames): string {
  return `INSERT INTO ${target} (${listColumns(columns)}) SELECT ${listColumns(columns)} FROM ${staged}`;
}

/** The moment of `meta.lastUpdated`; undefined for a table without it. */
export function lastUpdatedExpression({ columns }: LoadTable, prefix: string): string | undefined {
  const value = columns.find(({ column, part }) => column.name === 'meta_last_updated' && part === 'value');
  if (value === undefined) return undefined;
  const cell = `${prefix}.${quoteName(value.name)}`;
  if (value.sqlType === 'timestamptz') return cell;
  if (value.sqlType === 'text') return `CASE WHEN ${cell} ~ '${plainInstant}' THEN ${cell}::timestamptz END`;
  const zone = columns.find(({ column, part }) => column === value.column && part === 'timeZone');
  if (value.sqlType !== 'timestamp' || zone === undefined) return undefined;
  const offset = `${prefix}.${quoteName(zone.name)}`;
  return `(${cell} - CASE WHEN ${offset} ~ '^[+-][0-9]' THEN ${offset}::interval ELSE interval '0' END) AT TIME ZONE 'UTC'`;
}

/** Moments that the server will not refuse to read. February 29 is left out rather than reckoned. */
const plainInstant =
  '^[1-9][0-9]{3}-(((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8]))|((0[13-9]|1[0-2])-(29|30))|((0[13578]|1[02])-31))T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]+)?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$';
