// What `--out` and `--format` say → where the tables go and in which format. Wrong combinations are refused before
// anything is read.

import { statSync } from 'node:fs';
import { UserError } from '../diagnostics.ts';
import type { PluginSink, TableFormat } from '../types.ts';

export type Output =
  | { readonly kind: 'folder'; readonly path: string; readonly format: TableFormat }
  | { readonly kind: 'file'; readonly path: string; readonly format: TableFormat }
  | { readonly kind: 'stdout'; readonly format: TableFormat }
  /** A plugin's own destination. */
  | { readonly kind: 'sink'; readonly path: string; readonly sink: PluginSink; readonly format?: undefined };

/** Endings that mean a file, whether or not a format for them is there. */
const fileEnding = /\.(csv|tsv|txt|parquet|arrow|json|ndjson|gz)$/i;
const defaultFormat = 'csv';

/** `tableCount` is the number of tables asked for; undefined means all. Throws a UserError with exit code 2. */
export function chooseOutput(
  out: string,
  formatName: string | undefined,
  { formats, sinks }: { readonly formats: ReadonlyMap<string, TableFormat>; readonly sinks: ReadonlyMap<string, PluginSink> },
  tableCount: number | undefined,
): Output {
  const sink = sinks.get(formatName ?? defaultFormat);
  if (sink !== undefined) return { kind: 'sink', path: out, sink };
  const known = [...formats.keys(), ...sinks.keys()].join(', ');
  const format = formats.get(formatName ?? defaultFormat);
  if (format === undefined) throw new UserError('FORMAT_UNKNOWN', { parameters: { name: formatName ?? defaultFormat, formats: known }, exitCode: 2 });
  const needsOneTable = (): void => {
    if (tableCount !== 1) throw new UserError('OUTPUT_ONE_TABLE', { parameters: { path: out, count: tableCount ?? 'all' }, exitCode: 2 });
  };
  if (out === '-') {
    needsOneTable();
    return { kind: 'stdout', format };
  }
  const ending = endingOf(out, formats);
  if (ending === undefined || isFolder(out)) return { kind: 'folder', path: out, format };
  const endingFormat = [...formats.values()].find(({ extension }) => extension === ending);
  if (endingFormat === undefined) throw new UserError('OUTPUT_ENDING', { parameters: { path: out, formats: known }, exitCode: 2 });
  if (formatName !== undefined && endingFormat !== format) {
    throw new UserError('OUTPUT_FORMAT_DIFFERS', { parameters: { name: formatName, path: out, extension: format.extension }, exitCode: 2 });
  }
  needsOneTable();
  return { kind: 'file', path: out, format: endingFormat };
}

/** True for what takes one table: stdout, or a file's name. */
export function isSingleOutput(out: string, formats: ReadonlyMap<string, TableFormat>): boolean {
  return out === '-' || (endingOf(out, formats) !== undefined && !isFolder(out));
}

/** Undefined when it looks like a folder. */
function endingOf(out: string, formats: ReadonlyMap<string, TableFormat>): string | undefined {
  const own = [...formats.values()].find(({ extension }) => out.toLowerCase().endsWith(`.${extension}`));
  return own?.extension ?? fileEnding.exec(out)?.[1]?.toLowerCase();
}

/** False also when nothing is there, or nothing can be. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
