// The checks of shape and references on real data: rows are the right ones, and every id joins or is counted.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { joinReferences, readReferenceReport, reportedDangling } from '../support/check-references.ts';
import { checkShape } from '../support/check-shape.ts';
import { readResources, withContained, withoutRepetitions } from '../support/read-input.ts';
import { makeFolder, runCommand } from '../support/run-command.ts';
import { findSharedFolder } from '../support/shared-data.ts';

const dataSets = [
  ['data/synthea-bundles', 50_000],
  ['data/bulk-ndjson', 30_000],
  ['data/hl7-r4-examples', 2_500],
] as const;

describe.each(dataSets)('%s', (name, leastJoined) => {
  const folder = findSharedFolder(name);

  it.skipIf(folder === undefined).each([
    ['with child tables', [] as string[]],
    ['with main tables only', ['--no-details']],
    ['on two threads', ['--threads', '2']],
    ['with some tables', ['-t', 'patient,observation,observation_component,observation_performer,encounter']],
  ])('every id joins to a row or is counted, %s', { timeout: 120_000 }, async (how, flags) => {
    const cwd = makeFolder();
    await runCommand([folder as string, '-o', 'out', '-q', ...flags], { cwd });
    const { joined, ...dangling } = joinReferences(join(cwd, 'out'));
    const report = readReferenceReport(join(cwd, 'out'));
    if (flags.includes('-t')) {
      const others = Object.values(report.toTablesNotAskedFor).reduce((sum, count) => sum + count, 0);
      expect(Object.values(dangling.danglingByType).reduce((sum, count) => sum + count, 0)).toBe(report.ids + others);
    } else {
      expect(dangling).toEqual(reportedDangling(report));
      expect(report.toTablesNotAskedFor).toEqual({});
    }
    if (how === 'with child tables') expect(joined).toBeGreaterThan(leastJoined);
  });

  it.skipIf(folder === undefined)('rows are the items of the input, with unique keys and the rows above them', { timeout: 120_000 }, async () => {
    const cwd = makeFolder();
    await runCommand([folder as string, '-o', 'out', '-q'], { cwd });
    expect(checkShape(join(cwd, 'out'), withContained(withoutRepetitions(readResources(folder as string))))).toEqual([]);
  });
});
