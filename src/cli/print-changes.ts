// What a load did to the tables of a database → lines for people.

import type { JoinedTable, TableChanges } from '../types.ts';
import { formatCount } from './print-diagnostics.ts';
import type { DatabaseSummary } from './print-summary.ts';
import type { Terminal } from './terminal.ts';

/** Longer lists are for --json and the table of the runs. */
const maxListedTables = 30;

/** Child tables are many: they are summed up in one line. */
export function printChanges({ deletions, tables }: DatabaseSummary, written: readonly JoinedTable[], terminal: Terminal): void {
  const details = new Set(written.flatMap(({ schema }) => (schema.role === 'detail' ? [schema.name] : [])));
  const all = Object.entries(tables);
  const isDetail = ([name]: readonly [string, TableChanges]): boolean => details.has(name);
  const mains = all.filter((table) => !isDetail(table)).sort(([, a], [, b]) => rowsOf(b) - rowsOf(a));
  const nameWidth = Math.max(0, ...mains.map(([name]) => name.length));
  for (const [name, changes] of mains.slice(0, maxListedTables)) terminal.print(`  ${name.padEnd(nameWidth)}  ${describe(changes)}`);
  if (mains.length > maxListedTables) terminal.print(terminal.paint.faint(`  … and ${mains.length - maxListedTables} more tables`));
  const children = all.filter(isDetail);
  if (children.length > 0)
    terminal.print(`  and ${children.length} child ${children.length === 1 ? 'table' : 'tables'}: ${describe(addUp(children.map(([, changes]) => changes)))}`);
  if (deletions > 0) terminal.print(`${formatCount(deletions)} ${deletions === 1 ? 'resource' : 'resources'} deleted, as the input asks`);
}

function describe(changes: TableChanges): string {
  const parts = (['inserted', 'updated', 'unchanged', 'deleted'] as const)
    .filter((kind) => changes[kind] > 0)
    .map((kind) => `${formatCount(changes[kind])} ${kind}`);
  return parts.length === 0 ? 'no rows' : parts.join(', ');
}

function rowsOf({ deleted, inserted, unchanged, updated }: TableChanges): number {
  return inserted + updated + unchanged + deleted;
}

function addUp(list: readonly TableChanges[]): TableChanges {
  const total = { inserted: 0, updated: 0, unchanged: 0, deleted: 0 };
  for (const changes of list) for (const kind of ['inserted', 'updated', 'unchanged', 'deleted'] as const) total[kind] += changes[kind];
  return total;
}
