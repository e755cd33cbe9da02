// `fhir-flatten tables [name...]`: the tables, or the columns of some, on stdout.

import { printPostgresDdl } from '../builtin.ts';
import { nameColumnType } from '../column-type.ts';
import { checkTableNames } from '../convert.ts';
import { UserError } from '../diagnostics.ts';
import { loadRegistry } from '../load-registry.ts';
import type { TableSchema } from '../types.ts';
import { defaultTablesOf, type TablesFlags } from './options.ts';
import { suggestNames } from './suggest-names.ts';
import { writeStdout } from './write-stdout.ts';

/** Returns the exit code. */
export async function tablesCommand(names: readonly string[], flags: TablesFlags): Promise<number> {
  const registry = await loadRegistry({
    fhirVersion: flags.fhirVersion === 'auto' ? 'r4' : flags.fhirVersion,
    defaultTables: defaultTablesOf(flags),
    plugins: flags.plugin ?? [],
  });
  if (names.length > 0) checkTableNames(names, registry, suggestNames);
  const all = registry.allTables();
  const chosen = names.length === 0 ? all : names.flatMap((name) => all.filter((table) => table.name === name));
  if (flags.pgSchema !== undefined && flags.ddl === undefined)
    throw new UserError('PG_WITHOUT', { parameters: { option: '--pg-schema', needed: '--ddl' }, exitCode: 2 });
  const text = flags.ddl
    ? await printPostgresDdl(chosen, flags.pgSchema ?? 'public', 'local')
    : flags.json
      ? `${JSON.stringify(chosen.map(describe), undefined, 2)}\n`
      : names.length === 0
        ? listTables(all)
        : chosen.map(listColumns).join('\n');
  await writeStdout(text);
  return 0;
}

function listTables(tables: readonly TableSchema[]): string {
  return alignRows(tables.map(({ name, columns, description }) => [name, `${columns.length} columns`, description]));
}

function listColumns(table: TableSchema): string {
  const rows = table.columns.map(({ name, type, fhirPath, description }) => [`  ${name}`, nameColumnType(type), fhirPath ?? '', description]);
  return `${table.name}: ${table.description}\n${alignRows(rows)}`;
}

function describe({ name, role, resourceType, description, columns }: TableSchema): Record<string, unknown> {
  return {
    name,
    role,
    resourceType,
    description,
    columns: columns.map((column) => ({
      name: column.name,
      type: nameColumnType(column.type),
      isNullable: column.isNullable,
      path: column.fhirPath,
      description: column.description,
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
