// The schema of a table → the table as Postgres has it: SQL types, key, what to index. A column of ours may be two there:
// a date and how precise it is, a timestamp and its zone.

import { UserError } from '../../diagnostics.ts';
import type { PhysicalType } from '../../physical-type.ts';
import type { TableSchema, TypedOptions, TypedStorage } from '../../types.ts';
import { expandColumns, type PhysicalColumn } from '../typed/physical-columns.ts';
import { checkName, quoteName } from './sql-names.ts';

export type SqlType =
  | 'text'
  | 'jsonb'
  | 'boolean'
  | 'integer'
  | 'bigint'
  | 'double precision'
  | 'numeric'
  | 'date'
  | 'timestamp'
  | 'timestamptz'
  | `${string}[]`;

export interface SqlColumn extends PhysicalColumn {
  readonly sqlType: SqlType;
}

/** Decimals keep their digits. */
export function storageFor(timestamps: TypedOptions['timestamps']): TypedStorage {
  return { kind: 'typed', timestamps, decimals: 'numeric' };
}

/** Characters of a text in an index: a page of an index holds 2,704 bytes of a row. */
export const longestKey = 600;

export interface LoadTable {
  readonly schema: TableSchema;
  readonly columns: readonly SqlColumn[];
  /** Columns that identify a row; empty where nothing does. */
  readonly key: readonly SqlColumn[];
  /** True when the key is the primary key: none of its columns may be null. */
  readonly isKeyEnforced: boolean;
  /** In a detail table: the column with the id of the resource. */
  readonly parent: SqlColumn | undefined;
  /** Columns that other tables are joined by, and that no key begins with. */
  readonly joinColumns: readonly SqlColumn[];
}

/** Throws a UserError for names that Postgres does not take. */
export function makeLoadTable(schema: TableSchema, storage: TypedStorage): LoadTable {
  checkName(schema.name, 'table', schema.name);
  const columns = expandColumns(schema, storage).map((column): SqlColumn => {
    checkName(column.name, 'column', schema.name);
    const { name, part, sourceIndex, type } = column;
    return { name, type, part, column: column.column, sourceIndex, sqlType: sqlTypeOf(type) };
  });
  refuseTwins(columns, schema);
  const find = (name: string) => columns.find((column) => column.name === name);
  const key = (schema.key ?? []).map((name) => find(name)).filter((column) => column !== undefined);
  const isKeyEnforced = key.length > 0 && key.every(({ column }) => !column.isNullable);
  const parent = schema.role === 'detail' ? columns[0] : undefined;
  const first = isKeyEnforced ? key[0] : undefined;
  const joinColumns = columns.filter((column) => column !== first && (column === parent || (/_id$/.test(column.name) && column.sqlType === 'text')));
  return { schema, columns, key, isKeyEnforced, parent, joinColumns };
}

/** False where rows with the same key are to become one, and no index tells. */
export function hasDistinctRows({ isKeyEnforced, key, schema }: LoadTable): boolean {
  return isKeyEnforced || key.length === 0 || schema.role !== 'view';
}

/** Views and plugins name their columns themselves. */
function refuseTwins(columns: readonly SqlColumn[], schema: TableSchema): void {
  const names = new Set(columns.map(({ name }) => name));
  if (names.size < columns.length) {
    throw new UserError('PG_NAME_INVALID', { parameters: { kind: 'column', table: schema.name, reason: 'two columns have it' } });
  }
}

function sqlTypeOf(type: PhysicalType): SqlType {
  switch (type.kind) {
    case 'text':
    case 'boolean':
    case 'numeric':
    case 'date':
      return type.kind;
    case 'json':
      return 'jsonb';
    case 'int32':
      return 'integer';
    case 'int64':
      return 'bigint';
    case 'double':
      return 'double precision';
    case 'decimal':
      return 'numeric';
    case 'timestamp':
      return type.isUtc ? 'timestamptz' : 'timestamp';
    case 'list':
      return `${sqlTypeOf(type.item)}[]`;
    default:
      return type satisfies never;
  }
}

/** `"a", "b"`, each after a prefix such as `s.`. */
export function listColumns(columns: readonly { readonly name: string }[], prefix = ''): string {
  return columns.map(({ name }) => `${prefix}${quoteName(name)}`).join(', ');
}

/** With --keep-versions, the column that tells the versions of a resource apart. */
const versionColumn = 'version_hash';

/** What a row of a child table belongs to: a resource, or where all versions have rows, one of them. */
export function parentColumns({ columns, parent }: LoadTable): readonly SqlColumn[] {
  return columns.filter((column) => column === parent || column.name === versionColumn);
}
