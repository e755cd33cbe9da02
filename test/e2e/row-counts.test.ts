// The built command on real data: rows of each main table = distinct resources and contained ones in an independent count
// over JSON.parse, every patient_id joins, and the header does not depend on the input.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { readResources, withContained, withoutRepetitions } from '../support/read-input.ts';
import { makeFolder, readFolder, runCommand } from '../support/run-command.ts';
import { findSharedFolder } from '../support/shared-data.ts';

/** Table → resources and contained ones, in an independent count. */
function countResources(folder: string): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { resourceType } of withContained(withoutRepetitions(readResources(folder)))) {
    const table = snakeCase(String(resourceType));
    counts.set(table, (counts.get(table) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort());
}

function snakeCase(name: string): string {
  return name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase();
}

function rowsOf(csv: string | undefined): Record<string, string>[] {
  return parse(csv ?? '', { columns: true });
}

function withoutOtherJson(csv: string | undefined): string {
  return JSON.stringify(rowsOf(csv).map(({ other_json: _, ...row }) => row));
}

describe.each(['data/synthea-bundles', 'data/bulk-ndjson', 'data/hl7-r4-examples'])('%s', (name) => {
  const folder = findSharedFolder(name);

  it.skipIf(folder === undefined)('has one row per distinct resource, and the same bytes when run again', { timeout: 120_000 }, async () => {
    const cwd = makeFolder();
    const { exitCode, stdout, stderr } = await runCommand([folder as string, '-o', 'out', '--json'], { cwd });
    expect(stderr).not.toContain('error');
    expect(exitCode).toBe(0);
    const summary = JSON.parse(stdout);
    const files = readFolder(`${cwd}/out`);
    const mainTables = Object.fromEntries(Object.entries(summary.tables).filter(([table]) => files[`${table}.csv`] !== undefined));
    expect(mainTables).toEqual(countResources(folder as string));
    expect(Object.keys(summary.tables).length).toBeGreaterThan(Object.keys(mainTables).length);
    for (const [table, rowCount] of Object.entries(mainTables)) {
      const rows = rowsOf(files[`${table}.csv`]);
      expect([table, rows.length, new Set(rows.map(({ id }) => id)).size]).toEqual([table, rowCount, rowCount]);
    }
    await runCommand([folder as string, '-o', 'again', '-q'], { cwd });
    const again = readFolder(`${cwd}/again`);
    for (const file of Object.keys(files).filter((path) => path.endsWith('.csv'))) expect([file, again[file] === files[file]]).toEqual([file, true]);
  });

  it.skipIf(folder === undefined)('has the same rows in the main tables without child tables, which other_json stands for', { timeout: 120_000 }, async () => {
    const cwd = makeFolder();
    await runCommand([folder as string, '-o', 'all', '-q'], { cwd });
    await runCommand([folder as string, '-o', 'main', '-q', '--no-details'], { cwd });
    const all = readFolder(`${cwd}/all`);
    const main = readFolder(`${cwd}/main`);
    const namesOf = (files: Record<string, string>) => Object.keys(files).filter((path) => path.endsWith('.csv'));
    expect(namesOf(main)).toEqual(namesOf(all).filter((path) => !path.startsWith('details/')));
    for (const file of namesOf(main)) expect([file, withoutOtherJson(main[file]) === withoutOtherJson(all[file])]).toEqual([file, true]);
  });
});

describe.each(['data/synthea-bundles', 'data/bulk-ndjson'])('%s', (name) => {
  const folder = findSharedFolder(name);

  it.skipIf(folder === undefined)('joins by patient_id, with the same header for one file as for all', { timeout: 120_000 }, async () => {
    const cwd = makeFolder();
    await runCommand([folder as string, '-o', 'all', '-q'], { cwd });
    const all = readFolder(`${cwd}/all`);
    const patients = new Set(rowsOf(all['patient.csv']).map(({ id }) => id));
    for (const [file, csv] of Object.entries(all)) {
      if (!file.endsWith('.csv')) continue;
      const dangling = rowsOf(csv).filter(({ patient_id: patientId }) => patientId && !patients.has(patientId));
      expect([file, dangling.length]).toEqual([file, 0]);
    }
    const one = readdirSync(folder as string).find((file) => file.startsWith('Patient') || file.endsWith('.json')) as string;
    await runCommand([join(folder as string, one), '-o', 'one', '-q'], { cwd });
    for (const [file, csv] of Object.entries(readFolder(`${cwd}/one`))) {
      if (file.endsWith('.csv')) expect([file, csv.split('\n')[0]]).toEqual([file, all[file]?.split('\n')[0]]);
    }
  });
});
