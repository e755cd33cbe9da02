// A finished conversion → the summary: data for --json, lines for people.

import { join } from 'node:path';
import type { ConvertResult } from '../convert/convert-options.ts';
import type { UnresolvedReferences } from '../run/unresolved-references.ts';
import type { JoinedTable, TableChanges } from '../types.ts';
import { printChanges } from './print-changes.ts';
import { formatCount } from './print-diagnostics.ts';
import { formatBytes, formatSeconds } from './progress-bar.ts';
import type { Terminal } from './terminal.ts';

export interface Summary {
  readonly status: 'published' | 'dry-run';
  readonly exitCode: number;
  /** Folder or file, as the user would type it; undefined where there is a database only. */
  readonly out: string | undefined;
  /** Undefined without a database. */
  readonly database: DatabaseSummary | undefined;
  readonly seconds: number;
  readonly bytes: number;
  readonly sources: number;
  readonly resources: number;
  readonly rejects: number;
  readonly duplicates: { readonly identical: number; readonly superseded: number };
  readonly notAskedFor: number;
  /** References that lead to no row: their ids, by type, and how many have none. */
  readonly unresolved: { readonly ids: number; readonly withoutId: number; readonly idsByType: Readonly<Record<string, number>> };
  readonly tables: Readonly<Record<string, number>>;
  readonly diagnostics: Readonly<Record<string, number>>;
  readonly files: readonly string[];
  readonly report: string | undefined;
  readonly rejectsFile: string | undefined;
}

export interface DatabaseSummary {
  /** As in `localhost:5432/fhir, schema public`. */
  readonly target: string;
  /** Files that an earlier run has loaded. */
  readonly skipped: number;
  /** Resources that the input says are deleted. */
  readonly deletions: number;
  readonly tables: Readonly<Record<string, TableChanges>>;
}

/** Longer lists are for --json and _report.json. */
const maxListedTables = 30;

export function summarise(result: ConvertResult, run: { isDryRun: boolean; seconds: number; exitCode: number }): Summary {
  const { changes, counts, destination, diagnostics, output, tables, unresolved } = result;
  const duplicates = [...counts.duplicatesByType.values()];
  const isFolder = destination?.kind === 'folder' && !run.isDryRun;
  return {
    status: run.isDryRun ? 'dry-run' : 'published',
    exitCode: run.exitCode,
    out: destination?.kind === 'stdout' ? 'stdout' : destination?.path,
    database:
      output.database === undefined
        ? undefined
        : {
            target: output.database,
            skipped: result.skippedCount,
            deletions: sum([...counts.deletionsByType.values()]),
            tables: Object.fromEntries([...(changes ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))),
          },
    seconds: Math.round(run.seconds * 1000) / 1000,
    bytes: sum(counts.sources.map((source) => source.byteCount)),
    sources: counts.sources.length,
    resources: counts.resourceCount,
    rejects: counts.rejectCount,
    duplicates: { identical: sum(duplicates.map(({ identical }) => identical)), superseded: sum(duplicates.map(({ superseded }) => superseded)) },
    notAskedFor: sum([...counts.notAskedForByType.values()]),
    unresolved: { ids: unresolved.ids, withoutId: unresolved.withoutId, idsByType: countIdsByType(unresolved) },
    tables: Object.fromEntries(tables.map(({ schema, facts }) => [schema.name, facts.rowCount])),
    diagnostics: Object.fromEntries(diagnostics.counts),
    files: output.files,
    report: isFolder ? join(destination.path, '_report.json') : undefined,
    rejectsFile: output.files.find((file) => file.endsWith('rejects.ndjson')),
  };
}

/** Child tables are many: they are listed only where nothing else was written. */
export function printSummary(summary: Summary, written: readonly JoinedTable[], terminal: Terminal): void {
  const { paint } = terminal;
  const { database } = summary;
  if (database !== undefined && summary.out === undefined && summary.sources === 0) {
    terminal.print(database.skipped > 0 ? `Nothing new: ${countOf(database.skipped, 'file')} loaded before` : 'Nothing new: no files');
    return;
  }
  if (summary.out === undefined) {
    printLoad(summary, written, terminal);
    return;
  }
  const tables = Object.entries(summary.tables);
  const verb = summary.status === 'dry-run' ? 'Would write' : 'Wrote';
  const where = summary.status === 'dry-run' ? '' : ` to ${summary.out}`;
  const rate = `${formatBytes(summary.bytes)} in ${formatSeconds(summary.seconds)}`;
  terminal.print(
    paint.strong(
      `${verb} ${countOf(tables.length, 'table')}${where}: ${countOf(summary.resources, 'resource')} from ${countOf(summary.sources, 'source')}, ${rate}`,
    ),
  );
  const details = new Set(written.flatMap(({ schema }) => (schema.role === 'detail' ? [schema.name] : [])));
  const isListed = details.size < tables.length ? ([name]: readonly [string, number]) => !details.has(name) : () => true;
  const listed = tables.filter((table) => isListed(table) && table[1] > 0);
  const byRows = listed.toSorted(([, a], [, b]) => b - a).slice(0, maxListedTables);
  const nameWidth = Math.max(0, ...byRows.map(([name]) => name.length));
  const countWidth = Math.max(0, ...byRows.map(([, rowCount]) => formatCount(rowCount).length));
  for (const [name, rowCount] of byRows)
    terminal.print(`  ${name.padEnd(nameWidth)}  ${formatCount(rowCount).padStart(countWidth)} ${rowCount === 1 ? 'row' : 'rows'}`);
  if (listed.length > byRows.length) terminal.print(paint.faint(`  … and ${listed.length - byRows.length} more tables`));
  const others = tables.filter((table) => !isListed(table) && table[1] > 0);
  if (others.length > 0) terminal.print(`  and ${countOf(others.length, 'child table')} in details/: ${countOf(sum(others.map(([, count]) => count)), 'row')}`);
  const emptyCount = tables.length - listed.length - others.length;
  if (emptyCount > 0) terminal.print(`  and ${countOf(emptyCount, 'table')} without rows`);
  if (database !== undefined) {
    terminal.print(paint.strong(`Loaded the same into ${database.target}`));
    printChanges(database, written, terminal);
  }
  printProblems(summary, terminal);
  printNextStep(summary, written, terminal);
}

/** The summary of a load without files beside it. */
function printLoad(summary: Summary, written: readonly JoinedTable[], terminal: Terminal): void {
  const { database, sources } = summary;
  const rate = `${formatBytes(summary.bytes)} in ${formatSeconds(summary.seconds)}`;
  const skipped = database !== undefined && database.skipped > 0 ? ` (${countOf(database.skipped, 'file')} loaded before)` : '';
  const verb = summary.status === 'dry-run' ? 'Would load' : 'Loaded';
  const where = database === undefined ? '' : ` into ${database.target}`;
  terminal.print(terminal.paint.strong(`${verb} ${countOf(summary.resources, 'resource')} from ${countOf(sources, 'source')}${skipped}${where}, ${rate}`));
  if (database !== undefined) printChanges(database, written, terminal);
  printProblems(summary, terminal);
}

function printProblems(summary: Summary, terminal: Terminal): void {
  const { paint } = terminal;
  const { identical, superseded } = summary.duplicates;
  if (identical + superseded > 0) {
    terminal.print(
      `${countOf(identical + superseded, 'resource')} came more than once: ${formatCount(identical)} identical, ${formatCount(superseded)} superseded by a newer one`,
    );
  }
  if (summary.rejects > 0) {
    const place =
      summary.rejectsFile === undefined
        ? summary.out === undefined && summary.database !== undefined
          ? ': see table _fhir_flatten_reject'
          : ''
        : `: see ${summary.rejectsFile}`;
    terminal.print(paint.error(`${countOf(summary.rejects, 'record')} rejected${place}`));
  }
  // What a database has from earlier runs is not known here.
  if (summary.out !== undefined || summary.database === undefined) printUnresolved(summary, terminal);
}

/** How many types are named. */
const maxListedTypes = 4;

function printUnresolved({ report, unresolved: { ids, idsByType, withoutId } }: Summary, terminal: Terminal): void {
  const where = report === undefined ? '' : `; by column in ${report}`;
  if (ids > 0) {
    const types = Object.entries(idsByType);
    const named = types.slice(0, maxListedTypes).map(([type, count]) => `${type} ${formatCount(count)}`);
    const rest = types.length > named.length ? ` and ${types.length - named.length} more types` : '';
    terminal.print(`${countOf(ids, 'id')} ${ids === 1 ? 'leads' : 'lead'} to no row: ${named.join(', ')}${rest}`);
    terminal.print(terminal.paint.faint(`  what they point to is not in the input: add the files that hold it, or join with LEFT JOIN${where}`));
  }
  if (withoutId > 0) {
    terminal.print(`${countOf(withoutId, 'reference')} ${withoutId === 1 ? 'has' : 'have'} no id, since no resource of the input, or more than one, fits`);
    terminal.print(terminal.paint.faint(`  they point by identifier, or to what the column cannot hold: X_identifier and other_json show it${where}`));
  }
}

/** Most frequent first. */
function countIdsByType({ byType }: UnresolvedReferences): Record<string, number> {
  const counts = [...byType].map(([type, { ids }]) => [type === '' ? 'unknown type' : type, sum([...ids.values()])] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0).sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1)));
}

function printNextStep(summary: Summary, written: readonly JoinedTable[], terminal: Terminal): void {
  const [first] = Object.keys(summary.tables);
  if (summary.status === 'dry-run' || summary.report === undefined || first === undefined) return;
  const example = 'patient' in summary.tables ? 'patient' : first;
  const file = summary.files.find((path) => path.includes(`${example}.`)) ?? summary.out;
  // A view's table is known where its file is.
  const isView = written.some(({ schema }) => schema.name === example && schema.role === 'view');
  const where = isView ? join(summary.out ?? '', '_schema.json') : `fhir-flatten tables ${example}`;
  terminal.print(terminal.paint.faint(`Open ${file}; its columns: ${where}; all counts: ${summary.report}`));
}

function countOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
