// The checks of shape, references and headers on real data: rows are the right ones, every id joins or is counted, and
// columns do not depend on the input. That rows do not depend on the number of threads is in cli/threads.test.ts.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { joinReferences, readReferenceReport, reportedDangling } from '../support/check-references.ts';
import { checkShape } from '../support/check-shape.ts';
import { readTables } from '../support/containment.ts';
import { readResources, withContained, withoutRepetitions } from '../support/read-input.ts';
import { makeFolder, runCommand } from '../support/run-command.ts';
import { findSharedFolder } from '../support/shared-data.ts';

const dataSets = [
  ['data/synthea-bundles', 50_000],
  ['data/bulk-ndjson', 30_000],
  ['data/hl7-r4-examples', 2_500],
] as const;

const folders = dataSets.map(([name]) => findSharedFolder(name));

it.skipIf(folders.includes(undefined))('a table has the same header whatever the input', { timeout: 120_000 }, async () => {
  const headers = new Map<string, Set<string>>();
  const cwd = makeFolder();
  for (const [index, folder] of folders.entries()) {
    await runCommand([folder as string, '-o', `out${index}`, '-q'], { cwd });
    for (const { file } of readTables(join(cwd, `out${index}`))) {
      const [header = ''] = readFileSync(join(cwd, `out${index}`, file), 'utf8').split('\n', 1);
      headers.set(file, (headers.get(file) ?? new Set()).add(header));
    }
  }
  expect(headers.size).toBeGreaterThan(200);
  expect([...headers].filter(([, found]) => found.size !== 1).map(([file]) => file)).toEqual([]);
});

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
