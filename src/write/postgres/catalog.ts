// What is in the target schema → whether our tables fit. Everything is looked at in one message, before any row moves.

import { UserError } from '../../diagnostics.ts';
import type { LoadTable, SqlColumn, SqlType } from './load-table.ts';
import type { Session } from './session.ts';
import { quoteText } from './sql-names.ts';

export interface ExistingTable {
  readonly name: string;
  /** https://www.postgresql.org/docs/current/catalog-pg-class.html, relkind. */
  readonly kind: string;
  readonly columns: ReadonlyMap<string, ExistingColumn>;
  /** The columns of each unique index that ON CONFLICT can use. */
  readonly uniqueKeys: readonly (readonly string[])[];
  /** A table without a page of its own, which takes a row by COPY as it would by INSERT, and does nothing else about it. */
  readonly isPlainAndEmpty: boolean;
}

interface ExistingColumn {
  readonly type: string;
  readonly isNotNull: boolean;
  readonly hasDefault: boolean;
  readonly isGenerated: boolean;
}

interface TableRow {
  readonly table: string;
  readonly kind: string;
  readonly plainAndEmpty: boolean;
  /** Null for what is no table, or has no columns. */
  readonly columns: readonly ColumnOfRow[] | null;
}

type ColumnOfRow = readonly [name: string, type: string, isNotNull: boolean, hasDefault: boolean, isGenerated: boolean];

export interface Catalog {
  readonly hasSchema: boolean;
  /** All that has a name which a table could have, by name. */
  readonly tables: ReadonlyMap<string, ExistingTable>;
}

export async function readCatalog(session: Session, schemaName: string): Promise<Catalog> {
  const name = quoteText(schemaName);
  const statements = [
    `SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = ${name}`,
    // One row for each table: of one for each column, the server and pg would make three times as long.
    `SELECT c.relname AS "table", c.relkind AS kind,
            CASE WHEN c.relkind = 'r' AND NOT (c.relhastriggers OR c.relhasrules OR c.relrowsecurity OR c.relhassubclass OR c.relispartition)
                 THEN pg_relation_size(c.oid) = 0 ELSE false END AS "plainAndEmpty",
            (SELECT json_agg(json_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                                              a.atthasdef OR a.attidentity <> '', a.attgenerated <> '') ORDER BY a.attnum)
               FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p')) AS columns
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ${name} AND c.relkind <> 'c'`,
    `SELECT c.relname AS "table", array_agg(a.attname::text ORDER BY a.attnum) AS names
       FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indexrelid
      WHERE n.nspname = ${name} AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
        AND a.attnum <= i.indnkeyatts
      GROUP BY i.indexrelid, c.relname`,
  ];
  const [schemas, relations, keys] = await session.queryAll(statements, 'the catalog');
  const tables = new Map<string, ExistingTable & { readonly uniqueKeys: string[][] }>();
  for (const { columns, kind, plainAndEmpty, table } of (relations?.rows ?? []) as unknown as TableRow[]) {
    const byName = (columns ?? []).map(([name, type, isNotNull, hasDefault, isGenerated]) => [name, { type, isNotNull, hasDefault, isGenerated }] as const);
    tables.set(table, { name: table, kind, columns: new Map(byName), uniqueKeys: [], isPlainAndEmpty: plainAndEmpty });
  }
  for (const { names, table } of (keys?.rows ?? []) as { table: string; names: string[] }[]) tables.get(table)?.uniqueKeys.push(names);
  return { hasSchema: schemas?.rowCount === 1, tables };
}

/** Types of the server that take ours as they are. */
const takers: Readonly<Record<string, readonly string[]>> = {
  text: ['character varying'],
  jsonb: ['json'],
  integer: ['bigint'],
  timestamp: ['timestamp without time zone'],
  timestamptz: ['timestamp with time zone'],
};

function takes(existing: string, type: SqlType): boolean {
  return existing === type || (takers[type]?.includes(existing) ?? false);
}

/** Throws a UserError that says how an existing table differs from what is to be loaded. */
export function checkTable(table: LoadTable, existing: ExistingTable): void {
  const differ = (difference: string): never => {
    throw new UserError('PG_TABLE_DIFFERS', { parameters: { table: table.schema.name, difference } });
  };
  if (existing.kind !== 'r' && existing.kind !== 'p') differ(`it is ${nameKind(existing.kind)}`);
  const ours = new Set(table.columns.map(({ name }) => name));
  const wrong = table.columns.flatMap(({ name, sqlType }) => {
    const column = existing.columns.get(name);
    if (column === undefined) return [];
    if (column.isGenerated) return [`column ${name} is generated`];
    return takes(column.type, sqlType) ? [] : [`column ${name} is ${column.type}, and ${nameType(sqlType)} is needed`];
  });
  const required = table.columns.filter((column) => table.isKeyEnforced && table.key.includes(column));
  const missing = required.filter(({ name }) => !existing.columns.has(name)).map(({ name }) => `it has no column ${name}`);
  const demanding = [...existing.columns].filter(([name, { hasDefault, isGenerated, isNotNull }]) => {
    const isKey = required.some((column) => column.name === name) || name === table.parent?.name;
    return isNotNull && !isKey && (ours.has(name) || (!hasDefault && !isGenerated));
  });
  const differences = [...wrong, ...missing, ...demanding.map(([name]) => `column ${name} must not be null`)];
  if (missing.length === 0 && table.isKeyEnforced && !hasKey(existing, table.key)) {
    differences.push(`it has no primary key or unique index on (${table.key.map(({ name }) => name).join(', ')})`);
  }
  if (differences.length > 0) differ(differences.slice(0, 10).join('; '));
}

/** Columns that a later version of the tool brought. */
export function missingColumns(table: LoadTable, existing: ExistingTable): SqlColumn[] {
  return table.columns.filter(({ name }) => !existing.columns.has(name));
}

function hasKey(existing: ExistingTable, key: readonly SqlColumn[]): boolean {
  return existing.uniqueKeys.some((names) => names.length === key.length && key.every(({ name }) => names.includes(name)));
}

function nameKind(kind: string): string {
  const names: Readonly<Record<string, string>> = {
    v: 'a view',
    m: 'a materialized view',
    f: 'a foreign table',
    S: 'a sequence',
    i: 'an index',
    I: 'an index',
  };
  return names[kind] ?? 'no table';
}

function nameType(type: SqlType): string {
  return type === 'timestamp' ? 'timestamp without time zone' : type;
}
