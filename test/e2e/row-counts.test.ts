// The built command on real data: rows of each table = distinct resources in an independent count over JSON.parse, every
// patient_id joins, and the header does not depend on the input.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { makeFolder, readFolder, runCommand } from '../support/run-command.ts';
import { findSharedFolder } from '../support/shared-data.ts';

interface Resource {
  readonly resourceType?: unknown;
  readonly id?: unknown;
  readonly entry?: { readonly resource?: Resource }[];
}

/** Type → distinct ids, by the plainest code there is. */
function countResources(folder: string): Record<string, number> {
  const ids = new Map<string, Set<unknown>>();
  const add = (resource: Resource | undefined): void => {
    if (typeof resource?.resourceType !== 'string') return;
    if (resource.resourceType === 'Bundle') {
      for (const entry of resource.entry ?? []) add(entry.resource);
      return;
    }
    const known = ids.get(resource.resourceType) ?? new Set();
    ids.set(resource.resourceType, known.add(resource.id ?? Symbol('no id')));
  };
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name), 'utf8');
    const texts = name.endsWith('.ndjson') ? text.split('\n').filter((line) => line.trim() !== '') : [text];
    for (const one of texts) add(JSON.parse(one));
  }
  return Object.fromEntries([...ids].map(([type, set]) => [snakeCase(type), set.size]).sort());
}

function snakeCase(name: string): string {
  return name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase();
}

function rowsOf(csv: string | undefined): Record<string, string>[] {
  return parse(csv ?? '', { columns: true });
}

describe.each(['data/synthea-bundles', 'data/bulk-ndjson', 'data/hl7-r4-examples'])('%s', (name) => {
  const folder = findSharedFolder(name);

  it.skipIf(folder === undefined)('has one row per distinct resource, and the same bytes when run again', async () => {
    const cwd = makeFolder();
    const { exitCode, stdout, stderr } = await runCommand([folder as string, '-o', 'out', '--json'], { cwd });
    expect(stderr).not.toContain('error');
    expect(exitCode).toBe(0);
    const summary = JSON.parse(stdout);
    expect(summary.tables).toEqual(countResources(folder as string));
    const files = readFolder(`${cwd}/out`);
    for (const [table, rowCount] of Object.entries(summary.tables)) {
      const rows = rowsOf(files[`${table}.csv`]);
      expect([table, rows.length, new Set(rows.map(({ id }) => id)).size]).toEqual([table, rowCount, rowCount]);
    }
    await runCommand([folder as string, '-o', 'again', '-q'], { cwd });
    const again = readFolder(`${cwd}/again`);
    for (const table of Object.keys(summary.tables)) expect(again[`${table}.csv`] === files[`${table}.csv`]).toBe(true);
  });
});

describe.each(['data/synthea-bundles', 'data/bulk-ndjson'])('%s', (name) => {
  const folder = findSharedFolder(name);

  it.skipIf(folder === undefined)('joins by patient_id, with the same header for one file as for all', async () => {
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
