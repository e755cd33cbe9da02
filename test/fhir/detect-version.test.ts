import { describe, expect, it } from 'vitest';
import { countUnknownKeys, detectVersion, isBeforeR5, SeenKeys } from '../../src/fhir/detect-version.ts';
import { loadModel } from '../../src/fhir/load-model.ts';
import { notInR5 } from '../../src/fhir/models/not-in-r5.ts';
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

describe('keys of several sources', () => {
  it('are new only where a place, or what stands there, was not seen before', () => {
    const all = new SeenKeys();
    const add = (...resources: readonly JsonObject[]) => all.addAll(keysOf(...resources));
    expect(add({ resourceType: 'Patient', name: [{ given: ['A'] }] })).toBe(true);
    expect(add({ resourceType: 'Patient', name: [{ given: ['B'] }, { given: ['C'] }] })).toBe(false);
    expect(add({ resourceType: 'Patient', name: [{ given: ['B'], family: 'D' }] })).toBe(true);
    expect(add({ resourceType: 'Patient', name: { family: 'D' } })).toBe(true);
    expect(add({ resourceType: 'Patient', name: [{ family: { a: 1 } }] })).toBe(true);
    expect(add({ resourceType: 'Group', type: 'person' })).toBe(true);
    expect(add({ resourceType: 'Group', type: 'person' }, { resourceType: 'Patient', name: { family: 'D' } })).toBe(false);
    expect(all.byType.get('Patient')).toEqual(
      keysOf(
        { resourceType: 'Patient', name: [{ given: ['B'], family: 'D' }] },
        { resourceType: 'Patient', name: { family: 'D' } },
        { resourceType: 'Patient', name: [{ family: { a: 1 } }] },
      ).byType.get('Patient'),
    );
  });

  it('are older than R5 where R5 has no such key or type', () => {
    expect(isBeforeR5(keysOf({ resourceType: 'Patient', gender: 'male' }))).toBe(false);
    expect(isBeforeR5(keysOf({ resourceType: 'Encounter', class: [{}], actualPeriod: {} }))).toBe(false);
    expect(isBeforeR5(keysOf({ resourceType: 'Patient', period: {} }, { resourceType: 'Encounter', period: {} }))).toBe(true);
    expect(isBeforeR5(keysOf({ resourceType: 'Media', status: 'completed' }))).toBe(true);
    expect(isBeforeR5(keysOf({ resourceType: 'Unknown', period: {} }))).toBe(false);
  });

  it('which R5 does not have are in the model of R4 and not in that of R5', () => {
    const lines = notInR5.trim().split('\n');
    expect(lines.length).toBeGreaterThan(50);
    for (const line of lines) {
      const [type = '', ...keys] = line.split(' ');
      expect(models.r5.resourceTypes.includes(type)).toBe(keys.length > 0);
      for (const key of keys) expect([key, models.r4.byKey(type).has(key), models.r5.byKey(type).has(key)]).toEqual([key, true, false]);
    }
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
