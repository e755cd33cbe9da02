// Nothing is lost: each leaf value of real input stands in a cell that reads its element, at its path in other_json,
// or under a rule whose count in _report.json is exactly what is missing.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkContainment } from '../support/containment.ts';
import { readResources, withoutRepetitions } from '../support/read-input.ts';
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

describe.each([
  ['data/synthea-bundles', 500_000],
  ['data/bulk-ndjson', 150_000],
  ['data/hl7-r4-examples', 30_000],
])('%s', (name, leastLeafCount) => {
  const folder = findSharedFolder(name);

  it.skipIf(folder === undefined)('loses no value', { timeout: 120_000 }, async () => {
    const cwd = makeFolder();
    const { exitCode } = await runCommand([folder as string, '-o', 'out', '-q'], { cwd });
    expect(exitCode).toBe(0);
    const resources = withoutRepetitions(readResources(folder as string)).filter(({ id }) => typeof id === 'string');
    const { leafCount, missing, withoutRow } = checkContainment(join(cwd, 'out'), resources);
    expect(withoutRow).toBe(0);
    expect(leafCount).toBeGreaterThan(leastLeafCount);
    const dropped = droppedLeaves(JSON.parse(readFileSync(join(cwd, 'out/_report.json'), 'utf8')));
    const lost = byDroppedPath(missing, dropped);
    for (const [path, count] of lost) expect([path, count <= (dropped.get(path) ?? 0)]).toEqual([path, true]);
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
