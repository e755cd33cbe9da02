// Cell for cell, Parquet and Arrow hold what CSV holds, as other people's readers see them: texts as they are, and the
// typed value of texts that have one, computed here once more.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { leavesOf } from '../support/flatten-resource.ts';
import { arrowReaders, parquetReaders, queryDuckDb, type ReadTable, type TypedCell } from '../support/read-typed.ts';
import { makeFolder, runCommand } from '../support/run-command.ts';
import { findSharedFolder } from '../support/shared-data.ts';

interface SchemaEntry {
  readonly file: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

interface Report {
  readonly misfits: Record<string, number>;
  readonly normalised?: Record<string, Record<string, number>>;
}

function readJson<T>(folder: string, name: string): T {
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;
}

function readCsv(path: string): (string | null)[][] {
  const cast = (text: string, { quoting }: { quoting: boolean }) => (text === '' && !quoting ? null : text);
  return (parse(readFileSync(path), { cast }) as (string | null)[][]).slice(1);
}

/** The cells that a typed format has for a text of CSV; undefined where the text does not fit. */
function typedCells(type: string, text: string | null): readonly TypedCell[] | undefined {
  const hasSecond = ['date', 'dateTime', 'instant'].includes(type);
  if (text === null) return hasSecond ? [null, null] : [null];
  switch (type) {
    case 'boolean':
      return [text === 'true'];
    case 'decimal':
      return Number.isFinite(Number(text)) ? [Number(text)] : undefined;
    case 'integer':
    case 'positiveInt':
    case 'unsignedInt':
      return Math.abs(Number(text)) < 2 ** 31 ? [Number(text)] : undefined;
    case 'integer64':
      return [String(BigInt(text))];
    case 'date':
      return dateCells(text);
    case 'dateTime':
    case 'instant':
      return dateTimeCells(text);
    default:
      return [text];
  }
}

function dateCells(text: string): readonly TypedCell[] | undefined {
  if (!/^\d{4}(-\d\d){0,2}$/.test(text)) return undefined;
  const day = `${text}-01-01`.slice(0, 10);
  const isReal = !Number.isNaN(Date.parse(`${day}T00:00:00Z`)) && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
  return isReal ? [day, ['year', 'month', 'day'][(text.length - 4) / 3] as string] : undefined;
}

function dateTimeCells(text: string): readonly TypedCell[] | undefined {
  const [, date = '', time, seconds = ':00', fraction = '', zone = null] = /^([-\d]+)(?:T(\d\d:\d\d)(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  const day = dateCells(date);
  if (day === undefined) return undefined;
  if (time === undefined) return [`${day[0]}T00:00:00.000000`, day[1] as string];
  if (Number.isNaN(Date.parse(`2000-01-01T${time}${seconds}Z`)) || time.startsWith('24')) return undefined;
  return [`${date}T${time}${seconds}${(fraction || '.').slice(0, 7).padEnd(7, '0')}`, zone];
}

/** What of one JSON is not in the other: `path value`, sorted. */
function missingLeaves(from: string | null, other: string | null): string[] {
  const list = (json: string | null) => leavesOf(json === null ? null : JSON.parse(json)).map(({ path, text }) => `${path} ${text}`);
  const there = list(other);
  return list(from).filter((leaf) => {
    const index = there.indexOf(leaf);
    if (index >= 0) there.splice(index, 1);
    return index < 0;
  });
}

interface Differences {
  cellCount: number;
  /** Texts that do not fit, by table and column. */
  readonly unfit: string[];
  /** Leaves that only the typed format's other_json has, and those that only CSV's has. */
  readonly onlyTyped: string[];
  readonly onlyCsv: string[];
}

/** Asks `expect` only where something is wrong: there are millions of cells. */
function check(where: string, found: unknown, wanted: unknown): void {
  if (!Object.is(found, wanted)) expect([where, found]).toEqual([where, wanted]);
}

function compareTable(name: string, columns: SchemaEntry['columns'], csv: readonly (readonly (string | null)[])[], typed: ReadTable, found: Differences): void {
  check(name, typed.rows.length, csv.length);
  for (const [index, row] of csv.entries()) {
    const cells = typed.rows[index] as readonly TypedCell[];
    let position = 0;
    for (const [column, { name: columnName, type }] of columns.entries()) {
      const cell = cells[position] as TypedCell;
      const width = type === 'date' || type === 'dateTime' || type === 'instant' ? 2 : 1;
      compareCells(`${name}.${columnName}`, type, row[column] as string | null, cell, cells[position + 1] as TypedCell, found);
      position += width;
    }
    check(name, cells.length, position);
    found.cellCount += columns.length;
  }
}

/** `second` counts where the type has a second column. */
function compareCells(where: string, type: string, text: string | null, cell: TypedCell, second: TypedCell, found: Differences): void {
  if (where.endsWith('.other_json')) {
    if (cell === text) return;
    found.onlyTyped.push(...missingLeaves(cell as string | null, text));
    found.onlyCsv.push(...missingLeaves(text, cell as string | null));
    return;
  }
  if (type.startsWith('list of ')) {
    const items = (cell as readonly TypedCell[] | null)?.filter((item) => item !== null) ?? null;
    const joined: (string | null)[] = items === null ? [null] : ['; ', ' ', ', '].map((separator) => items.join(separator));
    if (!joined.includes(text)) expect([where, joined]).toEqual([where, text]);
    return;
  }
  const expected = typedCells(type, text);
  if (expected === undefined) found.unfit.push(where);
  check(where, cell, expected?.[0] ?? null);
  if (expected?.length === 2) check(where, second, expected[1]);
}

const dataSets = [
  ['data/synthea-bundles', 1_000_000],
  ['data/bulk-ndjson', 300_000],
  ['data/hl7-r4-examples', 50_000],
] as const;

describe.each(dataSets)('%s', (dataSet, leastCellCount) => {
  const folder = findSharedFolder(dataSet);

  it.skipIf(folder === undefined)('is the same in CSV, Parquet and Arrow', { timeout: 600_000 }, async () => {
    const cwd = makeFolder();
    for (const format of ['csv', 'parquet', 'arrow']) {
      const { exitCode, stderr } = await runCommand([folder as string, '-f', format, '-o', format, '-q'], { cwd });
      expect([format, exitCode, stderr]).toEqual([format, 0, '']);
    }
    const { tables } = readJson<{ tables: Record<string, SchemaEntry> }>(join(cwd, 'csv'), '_schema.json');
    const csvReport = readJson<Report>(join(cwd, 'csv'), '_report.json');
    for (const [format, readers] of [
      ['parquet', parquetReaders],
      ['arrow', arrowReaders],
    ] as const) {
      const report = readJson<Report>(join(cwd, format), '_report.json');
      for (const [reader, read] of Object.entries(readers)) {
        const found: Differences = { cellCount: 0, unfit: [], onlyTyped: [], onlyCsv: [] };
        for (const [name, { columns, file }] of Object.entries(tables)) {
          const typed = await read(join(cwd, format, file.replace(/csv$/, format)));
          compareTable(name, columns, readCsv(join(cwd, 'csv', file)), typed, found);
        }
        expect([reader, found.cellCount > leastCellCount]).toEqual([reader, true]);
        // What does not fit is counted as such, besides what CSV does not take either.
        const counts = Object.entries(report.misfits).reduce((sum, [path, count]) => sum + count - (csvReport.misfits[path] ?? 0), 0);
        expect([reader, counts > 0]).toEqual([reader, found.unfit.length > 0]);
        // All that other_json has more than CSV's is what the cells do not say; less is what lists say better.
        const digits = Object.entries(report.normalised ?? {})
          .filter(([rule]) => rule.endsWith('-digits'))
          .flatMap(([, paths]) => Object.values(paths));
        expect([reader, found.onlyTyped.length]).toEqual([reader, counts + digits.reduce((sum, count) => sum + count, 0)]);
        if (dataSet === 'data/synthea-bundles') expect([reader, found.unfit, found.onlyTyped]).toEqual([reader, [], []]);
      }
    }
  });
});

describe('DuckDB', () => {
  const folder = findSharedFolder('data/synthea-bundles');

  it.skipIf(folder === undefined)('joins tables by id without casts, and compares dates as dates', async () => {
    const cwd = makeFolder();
    await runCommand([folder as string, '-f', 'parquet', '-o', 'out', '-q', '--no-details'], { cwd });
    const table = (name: string) => `'${join(cwd, 'out', `${name}.parquet`)}'`;
    const [counts] = await queryDuckDb(`
      SELECT count(*), count(patient.id), count(encounter.id), count(*) FILTER (effective_start < birth_date), count(*) FILTER (effective_start >= period_start)
      FROM ${table('observation')} AS observation
      LEFT JOIN ${table('patient')} AS patient ON patient.id = observation.patient_id
      LEFT JOIN ${table('encounter')} AS encounter ON encounter.id = observation.encounter_id`);
    const [all, withPatient, withEncounter, beforeBirth, sinceStart] = (counts ?? []).map(Number);
    expect(all).toBeGreaterThan(1000);
    expect({ withPatient, withEncounter, beforeBirth }).toEqual({ withPatient: all, withEncounter: all, beforeBirth: 0 });
    expect(sinceStart).toBeGreaterThan(0);
  });
});
