// `fhir-flatten tables [name...]`: the tables, or the columns of some, on stdout.

import { describeColumns, loadViews, parseDecimals, printPostgresDdl } from '../builtin.ts';
import { checkTableNames } from '../convert/find-tables.ts';
import { loadRegistry } from '../convert/load-registry.ts';
import { UserError } from '../diagnostics.ts';
import type { Registry } from '../registry.ts';
import type { CellStorage, TableSchema } from '../types.ts';
import { defaultTablesOf, type TablesFlags, typedOf } from './options.ts';
import { suggestNames } from './suggest-names.ts';
import { writeStdout } from './write-stdout.ts';

/** Returns the exit code. */
export async function tablesCommand(names: readonly string[], flags: TablesFlags): Promise<number> {
  const registry = await loadRegistry({
    fhirVersion: flags.fhirVersion === 'auto' ? 'r4' : flags.fhirVersion,
    defaultTables: defaultTablesOf(flags),
    hasDefaultTables: flags.defaults !== false,
    views: flags.view === undefined ? [] : (await loadViews()).readViewFiles(flags.view),
    isStrict: flags.strict === true,
    plugins: flags.plugin ?? [],
    typed: typedOf(flags, parseDecimals),
  });
  const storage = storageOf(flags.format ?? 'csv', registry);
  if (names.length > 0) checkTableNames(names, registry, suggestNames);
  const all = registry.allTables();
  const chosen = names.length === 0 ? all : names.flatMap((name) => all.filter((table) => table.name === name));
  if (flags.pgSchema !== undefined && flags.ddl === undefined)
    throw new UserError('PG_WITHOUT', { parameters: { option: '--pg-schema', needed: '--ddl' }, exitCode: 2 });
  const text = flags.ddl
    ? await printPostgresDdl(chosen, flags.pgSchema ?? 'public', 'local')
    : flags.json
      ? `${JSON.stringify(
          chosen.map((table) => describe(table, storage)),
          undefined,
          2,
        )}\n`
      : names.length === 0
        ? listTables(all)
        : chosen.map((table) => listColumns(table, storage)).join('\n');
  await writeStdout(text);
  return 0;
}

function listTables(tables: readonly TableSchema[]): string {
  return alignRows(tables.map(({ name, columns, description }) => [name, `${columns.length} columns`, description]));
}

/** Throws a UserError (usage) for a format that is not there. */
function storageOf(name: string, { formats }: Registry): CellStorage {
  const format = formats.get(name);
  if (format === undefined) throw new UserError('FORMAT_UNKNOWN', { parameters: { name, formats: [...formats.keys()].join(', ') }, exitCode: 2 });
  return format.storage;
}

function listColumns(table: TableSchema, storage: CellStorage): string {
  const rows = describeColumns(table, storage).map(({ name, type, storedAs, path, description }) => [
    `  ${name}`,
    type,
    ...(storedAs === undefined ? [] : [storedAs]),
    path ?? '',
    description,
  ]);
  return `${table.name}: ${table.description}\n${alignRows(rows)}`;
}

function describe(table: TableSchema, storage: CellStorage): Record<string, unknown> {
  const { name, role, resourceType, description } = table;
  const isNullable = new Map(table.columns.map((column) => [column.name, column.isNullable]));
  return {
    name,
    role,
    resourceType,
    description,
    columns: describeColumns(table, storage).map(({ name: columnName, type, storedAs, path, description: text }) => ({
      name: columnName,
      type,
      storedAs,
      isNullable: isNullable.get(columnName) ?? true,
      path,
      description: text,
    })),
  };
}

/** Columns of text, two spaces between them, nothing after the last. */
export function alignRows(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, index) => cell.padEnd(widths[index] as number))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
