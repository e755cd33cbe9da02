// The index of resources against the rule written out: newest meta.lastUpdated when both have one, else the last read.
// With hashes of a few bits, so that collisions happen all the time and must not lose a resource.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKeyHash, type KeyHash } from '../../src/run/key-hash.ts';
import { lastUpdatedMs } from '../../src/run/last-updated.ts';
import { type IndexedResource, ResourceIndex } from '../../src/run/resource-index.ts';

const resource = fc.record({
  resourceType: fc.constantFrom('Patient', 'Observation'),
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  lastUpdatedMs: fc.constantFrom(Number.NaN, 1, 2, 3),
  contentHash: fc.constantFrom(1, 2, 3),
});

function colliding(): KeyHash {
  const real = createKeyHash(1, 2);
  const hash: KeyHash = {
    ...real,
    high: 0,
    low: 0,
    hash(resourceType, id) {
      real.hash(resourceType, id);
      hash.low = real.low & 1;
    },
  };
  return hash;
}

/** What is kept, as positions; equal content counts as one version. */
function keep(resources: readonly IndexedResource[], index: ResourceIndex): number[] {
  const kept = resources.flatMap((item, position) => (index.add(item) === 'new' ? [position] : []));
  if (!index.needsSecondReading) return kept;
  index.startSecondReading();
  const second = resources.flatMap((item, position) => (index.check(item) === 'keep' ? [position] : []));
  expect(index.isSecondReadingComplete).toBe(true);
  return second;
}

describe('resource index', () => {
  it('keeps exactly one resource of each type and id, whatever collides', () => {
    fc.assert(
      fc.property(fc.array(resource, { maxLength: 40 }), fc.boolean(), (resources, collides) => {
        // Equal content has equal lastUpdated, as in real input; content of different ids is never the same text.
        const consistent = resources.map((item) => ({
          ...item,
          lastUpdatedMs: item.contentHash === 3 ? Number.NaN : item.contentHash,
          contentHash: item.contentHash * 1000 + item.id.charCodeAt(0) + item.resourceType.length * 100_000,
        }));
        const index = collides ? new ResourceIndex(colliding()) : new ResourceIndex();
        const kept = keep(consistent, index).map((position) => consistent[position] as IndexedResource);
        const keys = kept.map(({ resourceType, id }) => `${resourceType}/${id}`);
        expect(new Set(keys).size).toBe(keys.length);
        expect(new Set(keys)).toEqual(new Set(consistent.map(({ resourceType, id }) => `${resourceType}/${id}`)));
        for (const winner of kept) {
          const rivals = consistent.filter(({ resourceType, id }) => resourceType === winner.resourceType && id === winner.id);
          const newest = Math.max(...rivals.map((rival) => (Number.isNaN(rival.lastUpdatedMs) ? -1 : rival.lastUpdatedMs)));
          if (rivals.every((rival) => !Number.isNaN(rival.lastUpdatedMs))) expect(winner.lastUpdatedMs).toBe(newest);
          if (rivals.every((rival) => Number.isNaN(rival.lastUpdatedMs))) expect(winner.contentHash).toBe(rivals.at(-1)?.contentHash);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('takes the later read when lastUpdated is equal, and the last read when one has none', () => {
    const base = { resourceType: 'Patient', id: 'x' };
    const at = (ms: number, contentHash: number): IndexedResource => ({ ...base, lastUpdatedMs: ms, contentHash });
    expect(keep([at(5, 1), at(5, 2)], new ResourceIndex())).toEqual([1]);
    expect(keep([at(5, 1), at(4, 2)], new ResourceIndex())).toEqual([0]);
    expect(keep([at(5, 1), at(Number.NaN, 2)], new ResourceIndex())).toEqual([1]);
    // The first content comes back: the last one read wins again.
    const none = Number.NaN;
    expect(keep([at(none, 1), at(none, 2), at(none, 1)], new ResourceIndex())).toEqual([2]);
  });

  it('needs no second reading for repetitions', () => {
    const index = new ResourceIndex();
    const item: IndexedResource = { resourceType: 'Patient', id: 'x', lastUpdatedMs: 1, contentHash: 7 };
    expect([index.add(item), index.add(item), index.add(item)]).toEqual(['new', 'identical', 'identical']);
    expect(index.needsSecondReading).toBe(false);
  });

  it('notices an input that is not the same the second time', () => {
    const index = new ResourceIndex();
    const item = (id: string, contentHash: number): IndexedResource => ({ resourceType: 'Patient', id, lastUpdatedMs: Number.NaN, contentHash });
    for (const one of [item('a', 1), item('b', 1), item('a', 2)]) index.add(one);
    index.startSecondReading();
    expect(index.check(item('b', 1))).toBe('changed');
    index.startSecondReading();
    expect(index.check(item('z', 1))).toBe('changed');
    index.startSecondReading();
    index.check(item('a', 1));
    expect(index.isSecondReadingComplete).toBe(false);
  });

  it('finds all of many', () => {
    const index = new ResourceIndex();
    const item = (number: number): IndexedResource => ({ resourceType: 'Observation', id: `id-${number}`, lastUpdatedMs: 0, contentHash: number });
    for (let number = 0; number < 50_000; number++) expect(index.add(item(number))).toBe('new');
    for (let number = 0; number < 50_000; number++) expect(index.add(item(number))).toBe('identical');
  });
});

describe('meta.lastUpdated', () => {
  it.each([
    ['2020-01-01T00:00:00Z', 1577836800000],
    ['2020-01-01T00:00:00.5+01:00', 1577833200500],
    ['2020-01-01T00:00:00.123456Z', 1577836800123.456],
  ])('%s is %d', (text, expected) => {
    expect(lastUpdatedMs({ meta: { lastUpdated: text } })).toBeCloseTo(expected, 3);
  });

  it('is not there when it is no instant', () => {
    for (const text of ['2020-01-01', '2020-99-01T00:00:00Z', 'yesterday 1', '']) expect(lastUpdatedMs({ meta: { lastUpdated: text } })).toBeNaN();
    expect(lastUpdatedMs({ meta: 'x' })).toBeNaN();
    expect(lastUpdatedMs({})).toBeNaN();
  });
});
