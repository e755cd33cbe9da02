// Tables → the statements that create them. The loader runs the same ones that `tables --ddl postgres` prints.

import type { TableSchema, TypedStorage } from '../../types.ts';
import { describePart } from '../typed/physical-columns.ts';
import { type LoadTable, listColumns, makeLoadTable, type SqlColumn } from './load-table.ts';
import { quoteName, quoteText } from './sql-names.ts';

/** All statements for some tables, as text for psql. */
export function printDdl(schemas: readonly TableSchema[], schemaName: string, storage: TypedStorage): string {
  const head = schemaName === 'public' ? '' : `CREATE SCHEMA IF NOT EXISTS ${quoteName(schemaName)};\n\n`;
  return `${head}${schemas.map((schema) => printTable(makeLoadTable(schema, storage), schemaName)).join('\n')}`;
}

function printTable(table: LoadTable, schemaName: string): string {
  const name = qualify(schemaName, table.schema.name);
  const keys = table.isKeyEnforced ? [`  PRIMARY KEY (${listColumns(table.key)})`] : [];
  const lines = [...table.columns.map((column) => `  ${columnDefinition(table, column)}`), ...keys];
  const statements = [`CREATE TABLE ${name} (\n${lines.join(',\n')}\n)`, ...indexStatements(table, name), ...commentStatements(table, name)];
  return `${statements.join(';\n')};\n`;
}

/** Without its key, which is made when the rows are in: there may be some that have the same. */
export function createStatement(table: LoadTable, schemaName: string): string {
  return `CREATE TABLE ${qualify(schemaName, table.schema.name)} (${table.columns.map((column) => columnDefinition(table, column)).join(', ')})`;
}

export function primaryKeyStatement(table: LoadTable, name: string): string {
  return `ALTER TABLE ${name} ADD PRIMARY KEY (${listColumns(table.key)})`;
}

/** Unnamed: the server finds names that are free. */
export function indexStatements(table: LoadTable, name: string): string[] {
  const statements = table.joinColumns.map((column) => `CREATE INDEX ON ${name} (${quoteName(column.name)})`);
  // Few resources are contained in others; they are looked for whenever those are loaded again.
  if (containerColumn(table) !== undefined) statements.push(`CREATE INDEX ON ${name} ("contained_in") WHERE "contained_in" IS NOT NULL`);
  // People are looked for by their numbers, and so are the targets of references. A hash has room for texts of any length.
  if (isIdentifierTable(table)) statements.push(`CREATE INDEX ON ${name} USING hash ("value")`);
  return statements;
}

/** A table of the identifiers of resources: `patient_identifier`. */
export function isIdentifierTable({ columns, parent, schema }: LoadTable): boolean {
  const has = (name: string) => columns.some((column) => column.name === name && column.sqlType === 'text');
  return parent !== undefined && parent.name.replace(/_id$/, '_identifier') === schema.name && has('system') && has('value');
}

/** The column that says which resource contains this one. */
export function containerColumn({ columns, schema }: LoadTable): SqlColumn | undefined {
  return schema.role === 'main' ? columns.find(({ name, sqlType }) => name === 'contained_in' && sqlType === 'text') : undefined;
}

export function commentStatements({ columns, schema }: LoadTable, name: string, only: readonly SqlColumn[] = columns): string[] {
  const ofColumns = only.map((column) => `COMMENT ON COLUMN ${name}.${quoteName(column.name)} IS ${quoteText(clean(describeColumn(column)))}`);
  return only === columns ? [`COMMENT ON TABLE ${name} IS ${quoteText(clean(schema.description))}`, ...ofColumns] : ofColumns;
}

export function addColumnStatement(table: LoadTable, name: string, added: readonly SqlColumn[]): string {
  return `ALTER TABLE ${name} ${added.map((column) => `ADD COLUMN ${columnDefinition(table, column)}`).join(', ')}`;
}

export function qualify(schemaName: string, name: string): string {
  return `${quoteName(schemaName)}.${quoteName(name)}`;
}

function columnDefinition(table: LoadTable, column: SqlColumn): string {
  const isKey = table.isKeyEnforced && table.key.includes(column);
  return `${quoteName(column.name)} ${column.sqlType}${isKey || (column === table.parent && !column.column.isNullable) ? ' NOT NULL' : ''}`;
}

function describeColumn(column: SqlColumn): string {
  const { fhirPath } = column.column;
  return `${fhirPath === undefined ? '' : `${fhirPath}: `}${describePart(column)}`;
}

/** Descriptions of views and plugins may hold anything. */
function clean(text: string): string {
  return text.replace(/\0|\p{Surrogate}/gu, '\ufffd');
}
