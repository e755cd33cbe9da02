// Nothing is lost in the tables of R4B and R5 either: their own resources, and R4's read as one of them, whose unknown
// elements must stand in other_json.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FhirVersion } from '../../src/fhir/element-model.ts';
import { loadModel } from '../../src/fhir/load-model.ts';
import { checkContainment } from '../support/containment.ts';
import { readResources, withContained, withoutRepetitions } from '../support/read-input.ts';
import { makeFolder, ndjson, runCommand } from '../support/run-command.ts';
import { sameFacts } from '../support/same-facts.ts';
import { findSharedFolder } from '../support/shared-data.ts';

const flagSets = [
  ['with main tables only', ['--no-details']],
  ['with child tables', [] as string[]],
] as const;

async function findLost(input: string, version: FhirVersion, flags: readonly string[]): Promise<readonly string[]> {
  const cwd = makeFolder();
  const { exitCode } = await runCommand([input, '-o', 'out', '-q', '--fhir-version', version, ...flags], { cwd });
  expect(exitCode).toBe(0);
  const { resourceTypes } = await loadModel(version);
  const isDefined = ({ resourceType }: { resourceType?: unknown }) => resourceTypes.includes(String(resourceType));
  const containers = withoutRepetitions(readResources(input)).filter((resource) => typeof resource.id === 'string' && isDefined(resource));
  const { missing, withoutRow } = checkContainment(join(cwd, 'out'), withContained(containers));
  expect(withoutRow).toBe(0);
  const { dropped } = JSON.parse(readFileSync(join(cwd, 'out/_report.json'), 'utf8')) as { dropped: Record<string, Record<string, unknown>> };
  const rules = Object.values(dropped).flatMap((paths) => Object.keys(paths));
  return [...missing.keys()].filter((path) => !rules.some((rule) => path === rule || path.startsWith(`${rule}.`)));
}

it.each(flagSets)('R5 resources lose no value %s', async (_, flags) => {
  const folder = makeFolder({ 'r5.ndjson': ndjson(...sameFacts.map(({ type, r5 }, index) => ({ resourceType: type, id: `x${index}`, ...r5 }))) });
  expect(await findLost(folder, 'r5', flags)).toEqual([]);
});

describe.each(['r4b', 'r5'] as const)('R4 examples read as %s', (version) => {
  const folder = findSharedFolder('data/hl7-r4-examples');
  it.skipIf(folder === undefined).each(flagSets)('lose no value %s', { timeout: 120_000 }, async (_, flags) => {
    expect(await findLost(folder as string, version, flags)).toEqual([]);
  });
});
