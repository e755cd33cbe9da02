// A user's description of tables, with a function that emits their rows → a Flattener. Columns are checked by the
// compiler, and again at run time; a row is added whole or not at all.

import { UserError } from '../diagnostics.ts';
import type { CellStorage, CellValue, Column, FlattenContext, Flattener, TableBuilder, TableSchema } from '../types.ts';
import { type CellMaker, type ColumnTypeName, type ColumnValue, makeCell, parseColumnType } from './column-values.ts';
import { type FlattenerContext, ResourceContext } from './flattener-context.ts';
import { describeKind, invalidPlugin } from './plugin-fault.ts';

export interface ColumnSpec {
  /** A FHIR primitive type, a list of one (`string[]`), or `json`. */
  readonly type: ColumnTypeName;
  /** False: every row has a value. Default true. */
  readonly nullable?: boolean;
  /** One sentence for people. */
  readonly description?: string;
  /** Where the value comes from, such as `Observation.value`. */
  readonly fhirPath?: string;
}

/** Columns by name, in their order. Names are letters, digits and underscores, a letter first, 63 at most. */
export type ColumnSpecs = Readonly<Record<string, ColumnSpec>>;

export interface TableSpec {
  readonly columns: ColumnSpecs;
  /** Columns that tell a row from all others: Postgres then updates rows instead of replacing the table. */
  readonly key?: readonly string[];
  readonly description?: string;
}

type RequiredNames<C extends ColumnSpecs> = { [K in keyof C]: C[K]['nullable'] extends false ? K : never }[keyof C];

/** A row as `emit` takes it: by column name; absent columns are null. */
export type Row<C extends ColumnSpecs> = { readonly [K in RequiredNames<C>]: ColumnValue<C[K]['type']> } & {
  readonly [K in Exclude<keyof C, RequiredNames<C>>]?: ColumnValue<C[K]['type']> | null | undefined;
};

/** Adds a row. Throws when a column is unknown or a value does not fit; then the resource has no rows in any table of the flattener. */
export type Emit<C extends ColumnSpecs> = (row: Row<C>) => void;

/** The same where there are several tables. */
export type EmitInto<T extends Readonly<Record<string, TableSpec>>> = <N extends keyof T>(table: N, row: Row<T[N]['columns']>) => void;

/**
 * A resource as JSON.parse gives it: numbers are numbers. It is frozen: other flatteners read it too.
 * What elements hold is not known to the compiler; a flattener may say it of its parameter, as in
 * `flatten(observation: fhir4.Observation, emit)` with the types of `@types/fhir`.
 */
export interface FhirResource {
  readonly resourceType: string;
  readonly id?: string;
  // biome-ignore lint/suspicious/noExplicitAny: as JSON.parse types it; `unknown` would ask for a cast at every step.
  readonly [element: string]: any;
}

interface CommonSpec {
  /** Names the flattener in messages; with `columns`, also the table. */
  readonly name: string;
  /** Such as `Observation`: it is called for each of these. */
  readonly resourceType: string;
  /** Tables of others that are not written: `['patient']`. */
  readonly replaces?: readonly string[];
}

export interface FlattenerSpec<C extends ColumnSpecs, R extends object = FhirResource> extends CommonSpec, TableSpec {
  readonly columns: C;
  readonly key?: readonly (keyof C & string)[];
  /** Called once for each resource, at once for all its rows: it must not be async. When it throws, the resource has no rows here. */
  flatten(resource: R, emit: Emit<C>, context: FlattenerContext): void;
}

export interface TablesFlattenerSpec<T extends Readonly<Record<string, TableSpec>>, R extends object = FhirResource> extends CommonSpec {
  /** By name. */
  readonly tables: T;
  /** Called once for each resource, at once for all its rows: it must not be async. When it throws, the resource has no rows in any of the tables. */
  flatten(resource: R, emit: EmitInto<T>, context: FlattenerContext): void;
}

type FlattenFunction = (resource: object, emit: (...args: readonly unknown[]) => void, context: FlattenerContext) => unknown;

/** Defines a flattener with one table, which has its name. Throws a UserError (PLUGIN_INVALID) when it cannot be used. */
export function defineFlattener<const C extends ColumnSpecs, R extends object = FhirResource>(spec: FlattenerSpec<C, R>): Flattener;
/** Defines a flattener with several tables: `emit('lab_result', { … })`. */
export function defineFlattener<const T extends Readonly<Record<string, TableSpec>>, R extends object = FhirResource>(
  spec: TablesFlattenerSpec<T, R>,
): Flattener;
export function defineFlattener(spec: CommonSpec & { readonly columns?: unknown; readonly tables?: unknown; readonly flatten: unknown }): Flattener {
  const { flatten, name, replaces = [], resourceType } = spec;
  if (typeof name !== 'string' || name === '') throw invalidPlugin('?', 'a flattener has no name');
  const invalid = (reason: string): UserError => invalidPlugin(name, reason);
  if (typeof resourceType !== 'string' || !resourceTypePattern.test(resourceType)) throw invalid('resourceType takes the name of a resource type');
  if (typeof flatten !== 'function') throw invalid('flatten takes a function');
  if (!isTextList(replaces)) throw invalid('replaces takes a list of table names');
  const hasOne = spec.columns !== undefined;
  if (hasOne === (spec.tables !== undefined)) throw invalid('it takes either columns or tables');
  const specs = hasOne ? { [name]: spec } : spec.tables;
  if (!isRecord(specs) || Object.keys(specs).length === 0) throw invalid('tables takes an object with a table or more');
  const tables = Object.entries(specs).map(([tableName, table]) => makeSchema(name, tableName, resourceType, table));
  return {
    name,
    resourceType,
    tables,
    isRelational: true,
    replaces,
    bind: (builders, context) => bindFlattener(flatten.bind(spec) as FlattenFunction, hasOne, builders, context),
  };
}

const resourceTypePattern = /^[A-Z][A-Za-z]{1,63}$/;
/** Tables become files and SQL names. */
const tableNamePattern = /^[a-z][a-z0-9_]{0,62}$/;
/** As in views: https://sql-on-fhir.org/ig/StructureDefinition-ViewDefinition.html */
const columnNamePattern = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;
/** Beside the tables stands a file of this name. */
const reservedNames: ReadonlySet<string> = new Set(['rejects']);

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function makeSchema(flattener: string, name: string, resourceType: string, spec: unknown): TableSchema {
  const invalid = (reason: string): UserError => invalidPlugin(flattener, reason);
  if (!tableNamePattern.test(name) || reservedNames.has(name)) {
    throw invalid(`${JSON.stringify(name)} cannot name a table: lower-case letters, digits and underscores do, 63 at most, and not "rejects"`);
  }
  if (!isRecord(spec) || !isRecord(spec['columns'])) throw invalid(`table ${name}: columns takes an object`);
  const { columns } = spec as { readonly columns: Readonly<Record<string, unknown>>; readonly key?: unknown };
  const entries = Object.entries(columns);
  if (entries.length === 0) throw invalid(`table ${name} has no columns`);
  const lowerNames = new Set(entries.map(([column]) => column.toLowerCase()));
  // Postgres and DuckDB take names without regard to case unless they are quoted.
  if (lowerNames.size < entries.length) throw invalid(`table ${name}: two columns have names that differ in case only`);
  const { key } = spec as { readonly key?: unknown };
  if (key !== undefined && !(isTextList(key) && key.length > 0 && key.every((column) => Object.hasOwn(columns, column)))) {
    throw invalid(`table ${name}: key takes a list of its columns`);
  }
  return {
    name,
    role: 'view',
    resourceType,
    ...(key !== undefined && { key: key as readonly string[] }),
    description: typeof spec['description'] === 'string' ? spec['description'] : '',
    columns: entries.map(([column, columnSpec]) =>
      makeColumn(column, columnSpec, (reason) => invalid(`table ${name}, column ${JSON.stringify(column)}: ${reason}`)),
    ),
  };
}

function makeColumn(name: string, spec: unknown, invalid: (reason: string) => UserError): Column {
  if (!columnNamePattern.test(name)) throw invalid('names are letters, digits and underscores, a letter first, 63 at most');
  if (!isRecord(spec)) throw invalid("it takes an object such as { type: 'string' }");
  const { description, fhirPath, nullable = true, type: typeName } = spec;
  const type = parseColumnType(typeName);
  if (type === undefined) throw invalid('type takes a FHIR primitive type such as "string" or "dateTime", a list of one as in "string[]", or "json"');
  if (typeof nullable !== 'boolean') throw invalid('nullable takes true or false');
  return {
    name,
    type,
    isNullable: nullable,
    fhirPath: typeof fhirPath === 'string' ? fhirPath : undefined,
    description: typeof description === 'string' ? description : '',
  };
}

/** A table as rows are added to it. */
interface OpenTable {
  readonly builder: TableBuilder;
  readonly columnIndexes: ReadonlyMap<string, number>;
  readonly makers: readonly CellMaker[];
  /** Of the row at hand. */
  readonly cells: (CellValue | undefined)[];
}

function bindFlattener(flatten: FlattenFunction, hasOne: boolean, builders: readonly TableBuilder[], context: FlattenContext) {
  let current: ResourceContext | undefined;
  const tables = new Map(builders.map((builder) => [builder.schema.name, openTable(builder, context.storage.kind, (value) => current?.original(value))]));
  const only = hasOne ? tables.values().next().value : undefined;
  const emit = (...args: readonly unknown[]): void => {
    if (current === undefined) throw new UserError('PLUGIN_EMIT_LATE');
    const [name, row] = only === undefined ? args : [undefined, args[0]];
    const table = only ?? (typeof name === 'string' ? tables.get(name) : undefined);
    if (table === undefined) throw new UserError('PLUGIN_TABLE_UNKNOWN', { parameters: { tables: [...tables.keys()].join(', ') } });
    addRow(table, row);
  };
  return (...[envelope, id, containment]: Parameters<ReturnType<Flattener['bind']>>): void => {
    current = new ResourceContext(envelope, id, containment, context.references);
    try {
      const result = flatten(current.resource, emit, current);
      if (isThenable(result)) {
        // What it would still throw has nobody to go to.
        result.then(undefined, () => {});
        throw new UserError('PLUGIN_ASYNC');
      }
    } finally {
      current = undefined;
    }
  };
}

function openTable(builder: TableBuilder, storage: CellStorage['kind'], original: (value: object) => unknown): OpenTable {
  const { columns } = builder.schema;
  return {
    builder,
    columnIndexes: new Map(columns.map(({ name }, index) => [name, index])),
    makers: columns.map(({ type }) => makeCell(type, storage, original)),
    cells: new Array(columns.length),
  };
}

/** Nothing is added before all of the row is known to fit. */
function addRow({ builder, cells, columnIndexes, makers }: OpenTable, row: unknown): void {
  const { columns, name: table } = builder.schema;
  if (!isRecord(row)) throw new UserError('PLUGIN_ROW_NOT_OBJECT', { parameters: { table, found: describeKind(row) } });
  cells.fill(undefined);
  for (const name of Object.keys(row)) {
    const index = columnIndexes.get(name);
    if (index === undefined) {
      // What cannot be a column's name may come from the data: it is not shown.
      const column = columnNamePattern.test(name) ? ` ${name}` : ' of such a name';
      throw new UserError('PLUGIN_COLUMN_UNKNOWN', { parameters: { table, column, columns: columns.map((known) => known.name).join(', ') } });
    }
    const value = row[name];
    if (value === undefined || value === null) continue;
    const cell = (makers[index] as CellMaker)(value);
    if (cell === undefined)
      throw new UserError('PLUGIN_VALUE_UNFIT', { parameters: { table, column: name, type: typeLabel(columns[index] as Column), found: describeKind(value) } });
    cells[index] = cell;
  }
  for (let index = 0; index < columns.length; index++) {
    const { isNullable, name: column } = columns[index] as Column;
    if (!isNullable && cells[index] === undefined) throw new UserError('PLUGIN_VALUE_MISSING', { parameters: { table, column } });
  }
  const rowIndex = builder.addRow();
  for (let index = 0; index < cells.length; index++) {
    const cell = cells[index];
    if (cell !== undefined) builder.set(rowIndex, index, cell);
  }
}

function typeLabel({ type }: Column): string {
  return type.kind === 'json' ? 'JSON' : type.kind === 'list' ? `a list of ${type.fhirType}` : type.fhirType;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
