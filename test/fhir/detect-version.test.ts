import { describe, expect, it } from 'vitest';
import { countUnknownKeys, detectVersion, SeenKeys } from '../../src/fhir/detect-version.ts';
import { loadModel } from '../../src/fhir/load-model.ts';
import type { JsonObject } from '../../src/json.ts';

const models = { r4: await loadModel('r4'), r4b: await loadModel('r4b'), r5: await loadModel('r5') };

function keysOf(...resources: readonly JsonObject[]): SeenKeys {
  const seen = new SeenKeys();
  for (const resource of resources) seen.add(resource);
  return seen;
}

describe('unknown keys', () => {
  it.each<[string, number, JsonObject]>([
    ['none in a Patient', 0, { resourceType: 'Patient', name: [{ given: ['A', null] }], _birthDate: { id: 'x' }, deceasedBoolean: false }],
    ['a key at the top, one and two levels down', 3, { resourceType: 'Patient', a: 1, name: [{ b: 1, period: { c: 1 } }] }],
    ['nothing below them', 0, { resourceType: 'Encounter', hospitalization: { admitSource: { coding: [{ gadget: 1 }] } } }],
    ['nothing below an unknown key', 1, { resourceType: 'Patient', a: { b: { c: 1 } } }],
    ['each place once', 1, { resourceType: 'Patient', name: [{ b: 1 }, { b: 2 }] }],
    ['nothing in extensions, contained resources and narratives', 0, { resourceType: 'Patient', extension: [{ a: 1 }], contained: [{ b: 1 }], text: { c: 1 } }],
    ['a list where one value was expected', 1, { resourceType: 'Patient', gender: ['male'] }],
    ['one value where a list was expected', 1, { resourceType: 'Patient', name: { family: 'A' } }],
    ['an object where a value was expected', 1, { resourceType: 'Patient', gender: { a: 1 } }],
    ['a value where an object was expected', 1, { resourceType: 'Patient', maritalStatus: 'M' }],
    ['`_` before what is no primitive', 1, { resourceType: 'Patient', _name: [{}] }],
    ['a type that the version does not have is one', 1, { resourceType: 'DeviceUsage', a: 1, b: 2 }],
  ])('%s: %i', (_, count, resource) => {
    expect(countUnknownKeys(keysOf(resource), models.r4)).toBe(count);
  });
});

describe('the version', () => {
  const patient = { resourceType: 'Patient', id: 'p', gender: 'male' };
  const old = { resourceType: 'Encounter', period: { start: '2020' } };
  const late = { resourceType: 'Encounter', actualPeriod: { start: '2020' } };
  const both = { resourceType: 'Ingredient', status: 'active' };
  const detect = (files: Readonly<Record<string, readonly JsonObject[]>>) =>
    detectVersion(
      Object.entries(files).map(([sourceName, resources]) => ({ sourceName, seen: keysOf(...resources) })),
      models,
    );

  it('is R4 when nothing tells', () => {
    expect(detect({})).toEqual({ version: 'r4', scores: { r4: 0, r4b: 0, r5: 0 }, mixture: [] });
    expect(detect({ a: [patient] })).toMatchObject({ version: 'r4', mixture: [] });
  });

  it('is the one with the fewest unknown keys, the oldest of equals', () => {
    expect(detect({ a: [patient], b: [late] })).toEqual({ version: 'r5', scores: { r4: 1, r4b: 1, r5: 0 }, mixture: [] });
    expect(detect({ a: [both] })).toMatchObject({ version: 'r4b', mixture: [] });
    expect(detect({ a: [both], b: [old] })).toMatchObject({ version: 'r4b', mixture: [] });
    expect(detect({ a: [both], b: [late] })).toMatchObject({ version: 'r5', mixture: [] });
  });

  it('is none when no version fits all sources best; those that fit all tell nothing', () => {
    expect(detect({ a: [late], b: [patient], c: [old], d: [late] }).mixture).toEqual([
      { versions: ['r4', 'r4b'], sourceNames: ['c'] },
      { versions: ['r5'], sourceNames: ['a', 'd'] },
    ]);
  });
});
