// The checks that hold on any input, on resources as nobody should write them: the ledger adds up, no value is lost,
// rows are the items of the input, and every id joins or is counted.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FhirVersion } from '../../src/fhir/element-model.ts';
import { loadModel } from '../../src/fhir/load-model.ts';
import { type ConvertOptions, convert } from '../../src/index.ts';
import { joinReferences, readReferenceReport, reportedDangling } from '../support/check-references.ts';
import { checkShape } from '../support/check-shape.ts';
import { checkContainment } from '../support/containment.ts';
import { HostileFhir } from '../support/hostile-fhir.ts';
import { leavesOf, readResources, withContained, withoutRepetitions } from '../support/read-input.ts';
import { makeFolder } from '../support/run-command.ts';

/** More of them find more: HOSTILE_RUNS=50. HOSTILE_SEED=n repeats those of a failure, which names its seed. */
const runCount = Number(process.env['HOSTILE_RUNS'] ?? 2);
const seed = Number(process.env['HOSTILE_SEED'] ?? 2032549520);

async function check(lines: string, cwd: string, fhirVersion: FhirVersion, options: Partial<ConvertOptions>): Promise<void> {
  const out = join(cwd, 'out');
  mkdirSync(join(cwd, 'in'), { recursive: true });
  writeFileSync(join(cwd, 'in/a.ndjson'), lines);
  const { diagnostics } = await convert({ inputs: [join(cwd, 'in')], out, isAudited: true, fhirVersion, threads: 1, ...options });
  expect(diagnostics.kept.filter(({ severity }) => severity === 'error')).toEqual([]);
  const report = JSON.parse(readFileSync(join(out, '_report.json'), 'utf8'));
  const containers = withoutRepetitions(readResources(cwd));
  expect(report.audit).toMatchObject({ unaccounted: 0, total: containers.reduce((sum, resource) => sum + leavesOf(resource).length, 0) });

  const resources = withContained(containers);
  const { missing, withoutRow } = checkContainment(out, resources);
  const rules = Object.values(report.dropped as Record<string, object>).flatMap((byPath) => Object.keys(byPath));
  expect(withoutRow).toBe(0);
  // A rule names a recursive element once, whatever the depth.
  const lost = [...missing.keys()].map((path) => path.replaceAll(/(\.\w+)\1+(?!\w)/g, '$1'));
  expect(lost.filter((path) => !rules.some((rule) => path === rule || path.startsWith(`${rule}.`)))).toEqual([]);

  if (options.defaultTables?.hasDetails !== false) expect(checkShape(out, resources)).toEqual([]);
  const { joined: _, ...dangling } = joinReferences(out);
  expect(dangling).toEqual(reportedDangling(readReferenceReport(out)));
}

describe.each(['r4', 'r4b', 'r5'] as const)('%s', (version) => {
  it.each([
    ['with child tables', {}],
    ['with all codings', { defaultTables: { codings: 'all' } }],
    ['with main tables only', { defaultTables: { hasDetails: false } }],
    ['with every element', { defaultTables: { columns: 'wide' } }],
  ] satisfies [string, Partial<ConvertOptions>][])('odd resources are all there, %s', { timeout: 120_000 * runCount }, async (_, options) => {
    const model = await loadModel(version);
    const cwd = makeFolder();
    await fc.assert(
      fc.asyncProperty(fc.noShrink(fc.integer()), async (resourceSeed) => check(new HostileFhir(model, resourceSeed).makeLines(60), cwd, version, options)),
      { numRuns: runCount, seed },
    );
  });
});
