// Nothing is lost: each leaf value of real input stands in a cell that reads its element, at its path in other_json,
// or under a rule whose count in _report.json is exactly what is missing.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkContainment, readRows, readTables } from '../support/containment.ts';
import { readResources, withContained, withoutRepetitions } from '../support/read-input.ts';
import { makeFolder, runCommand } from '../support/run-command.ts';
import { findSharedFolder } from '../support/shared-data.ts';

const samples = join(import.meta.dirname, '../../samples');

function droppedLeaves(report: { dropped: Record<string, Record<string, { leafCount: number }>> }): Map<string, number> {
  const found = Object.values(report.dropped).flatMap((paths) => Object.entries(paths).map(([path, { leafCount }]) => [path, leafCount] as const));
  return new Map(found);
}

/** A rule drops an element as a whole: its leaves count under the element's path. */
function byDroppedPath(missing: ReadonlyMap<string, number>, dropped: ReadonlyMap<string, number>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [path, count] of missing) {
    const rule = [...dropped.keys()].find((candidate) => path === candidate || path.startsWith(`${candidate}.`)) ?? path;
    counts.set(rule, (counts.get(rule) ?? 0) + count);
  }
  return counts;
}

const dataSets = [
  ['data/synthea-bundles', 500_000],
  ['data/bulk-ndjson', 150_000],
  ['data/hl7-r4-examples', 30_000],
] as const;

describe.each(dataSets)('%s', (name, leastLeafCount) => {
  const folder = findSharedFolder(name);

  it.skipIf(folder === undefined).each([
    ['with main tables only', ['--no-details']],
    ['with child tables', []],
  ])('loses no value %s', { timeout: 120_000 }, async (_, flags) => {
    const cwd = makeFolder();
    const { exitCode } = await runCommand([folder as string, '-o', 'out', '-q', ...flags], { cwd });
    expect(exitCode).toBe(0);
    const containers = withoutRepetitions(readResources(folder as string)).filter(({ id }) => typeof id === 'string');
    const { leafCount, missing, withoutRow } = checkContainment(join(cwd, 'out'), withContained(containers));
    expect(withoutRow).toBe(0);
    expect(leafCount).toBeGreaterThan(leastLeafCount);
    const report = JSON.parse(readFileSync(join(cwd, 'out/_report.json'), 'utf8'));
    const dropped = droppedLeaves(report);
    const lost = byDroppedPath(missing, dropped);
    for (const [path, count] of lost) expect([path, count <= (dropped.get(path) ?? 0)]).toEqual([path, true]);
    // Resources without an id of their own have rows that this check cannot find, and rules apply to them too.
    if (report.generatedIds.fromContent + report.generatedIds.fromFullUrl === 0) expect(Object.fromEntries(lost)).toEqual(Object.fromEntries(dropped));
  });

  it.skipIf(folder === undefined)('has unique keys, and a parent for every child row', { timeout: 120_000 }, async () => {
    const cwd = makeFolder();
    await runCommand([folder as string, '-o', 'out', '-q'], { cwd });
    const tables = readTables(join(cwd, 'out'));
    const mainIds = new Map(
      tables
        .filter(({ columns }) => columns[0]?.name === 'id')
        .map((table) => [table.resourceType, new Set(readRows(join(cwd, 'out', table.file)).map(({ id }) => id))]),
    );
    for (const { columns, file, resourceType, rowCount } of tables) {
      const [first] = columns;
      const keys = columns.filter(({ name: column }) => column === 'idx' || column.endsWith('_idx')).map(({ name: column }) => column);
      const isAnywhere = /_(?:extra_coding|extension)\.csv$/.test(file);
      const rows = readRows(join(cwd, 'out', file));
      expect([file, rows.length]).toEqual([file, rowCount]);
      const key = [first?.name ?? '', ...(isAnywhere ? ['path', 'is_modifier'] : []), ...keys.filter((column) => column !== 'parent_idx')];
      expect([file, new Set(rows.map((row) => key.map((column) => row[column]).join('\n'))).size]).toEqual([file, rows.length]);
      const orphans = rows.filter((row) => !mainIds.get(resourceType)?.has(row[first?.name ?? '']));
      expect([file, orphans.length]).toEqual([file, 0]);
    }
  });
});

it('the check finds a value that is taken out of the output', async () => {
  const cwd = makeFolder({ 'in.json': JSON.stringify({ resourceType: 'Patient', id: 'p', gender: 'female', maritalStatus: { text: 'Married' } }) });
  await runCommand(['in.json', '-o', 'out', '-q'], { cwd });
  const [intact] = readResources(cwd).filter(({ resourceType }) => resourceType === 'Patient');
  expect(checkContainment(join(cwd, 'out'), [intact as never]).missing.size).toBe(0);
  const changed = { ...intact, maritalStatus: { text: 'Married twice' } };
  expect([...checkContainment(join(cwd, 'out'), [changed]).missing.keys()]).toEqual(['Patient.maritalStatus.text']);
});

it('the samples lose no value', async () => {
  const cwd = makeFolder();
  const { exitCode } = await runCommand([samples, '-o', 'out', '-q'], { cwd });
  expect(exitCode).toBe(0);
  const resources = readResources(samples).filter(({ id }) => typeof id === 'string');
  const { missing, withoutRow } = checkContainment(join(cwd, 'out'), withoutRepetitions(resources));
  expect(withoutRow).toBe(0);
  const dropped = droppedLeaves(JSON.parse(readFileSync(join(cwd, 'out/_report.json'), 'utf8')));
  for (const [path, count] of byDroppedPath(missing, dropped)) expect([path, count]).toEqual([path, dropped.get(path)]);
});
