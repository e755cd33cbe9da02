// Where results differ from the fhirpath package's on purpose: the list in the README, case by case. Should the package
// come to agree, the case fails here and can go.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadModel } from '../../src/fhir/load-model.ts';
import type { JsonObject } from '../../src/json.ts';
import { loadFhirpathPackage } from '../../src/view/fhirpath-package.ts';
import { makeEvaluator, type Result } from '../support/evaluate.ts';

const model = await loadModel('r4');
const fhirpath = await loadFhirpathPackage('r4');
const patient: JsonObject = { resourceType: 'Patient', id: 'p', active: false, name: [{ family: 'One', given: ['A', 'B'] }] };

interface Difference {
  readonly expression: string;
  readonly here: Result;
  /** Undefined where it depends on the machine. */
  readonly there: Result | undefined;
}

const differences: readonly Difference[] = [
  { expression: '@2024-01-31T10.lowBoundary()', here: ['2024-01-31T10:00:00.000+14:00'], there: ['2024-01-31T10:00:00.000'] },
  { expression: '@2024-01-31T10.highBoundary()', here: ['2024-01-31T10:59:59.999-12:00'], there: ['2024-01-31T10:59:59.999'] },
  { expression: '@2024-01-31T10:00:00 < @2024-01-31T11:00:00Z', here: [], there: undefined },
  { expression: 'name.where(%resource.active).family', here: [], there: ['One'] },
  { expression: 'name.where(given).family', here: 'fault', there: ['One'] },
  { expression: 'name.given.skip(-1)', here: ['A', 'B'], there: ['B'] },
  { expression: '-multipleBirth.ofType(integer)', here: [], there: 'fault' },
  { expression: "'a.b'.replace('.', '$&$&')", here: ['a$&$&b'], there: ['a..b'] },
];

describe('what differs on purpose', () => {
  for (const { expression, here, there } of differences) {
    it(expression, () => {
      const evaluator = makeEvaluator(expression, 'Patient', model, fhirpath);
      expect(evaluator.native(patient)).toEqual(here);
      if (there !== undefined) expect(evaluator.byPackage(patient)).toEqual(there);
    });
  }

  it('stands in the README', () => {
    const readme = readFileSync('README.md', 'utf8');
    for (const name of ['lowBoundary()', 'skip(-1)', 'where(active)', '$&']) expect(readme).toContain(name);
  });
});

describe('dateTimes with and without a zone', () => {
  const evaluate = (expression: string) => makeEvaluator(expression, 'Patient', model, fhirpath).native(patient);
  it('are compared when every zone gives the same answer', () => {
    expect(evaluate('@2024-01-30T10:00:00 < @2024-01-31T11:00:00Z')).toEqual([true]);
    expect(evaluate('@2024-02-02T10:00:00 < @2024-01-31T11:00:00Z')).toEqual([false]);
    expect(evaluate('@2024-01-31T10:00:00 = @2024-01-31T10:00:00Z')).toEqual([]);
    expect(evaluate('@2023 != @2024-01-31T10:00:00Z')).toEqual([true]);
  });
});
