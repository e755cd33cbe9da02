// Several parts, indexed each by itself, must keep what one index over all of them keeps, and call the rest the same.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKeyHash, type KeyHash } from '../../src/run/key-hash.ts';
import { type IndexedResource, ResourceIndex } from '../../src/run/resource-index.ts';
import { settleDuplicates } from '../../src/run/settle-duplicates.ts';

type Verdict = 'keep' | 'identical' | 'superseded' | 'changed';

/** Keys collide all the time when `bits` is small. */
function hashOf(bits: number): KeyHash {
  const real = createKeyHash(1, 2);
  const hash: KeyHash = {
    ...real,
    high: 0,
    low: 0,
    hash(resourceType, id) {
      real.hash(resourceType, id);
      hash.high = bits < 32 ? 0 : real.high;
      hash.low = bits < 32 ? real.low & ((1 << bits) - 1) : real.low;
    },
  };
  return hash;
}

function inOnePiece(resources: readonly IndexedResource[], bits: number): Verdict[] {
  const index = new ResourceIndex(hashOf(bits));
  const first = resources.map((item) => index.add(item));
  if (!index.needsSecondReading) return first.map((verdict) => (verdict === 'new' ? 'keep' : 'identical'));
  index.startSecondReading();
  return resources.map((item) => index.check(item));
}

/** Undefined where hashes of different keys collide, which has to be noticed. */
function inParts(parts: readonly (readonly IndexedResource[])[], bits: number): Verdict[] | undefined {
  const indexes = parts.map(() => new ResourceIndex(hashOf(bits), true));
  const first = parts.map((part, number) => part.map((item) => indexes[number]?.add(item)));
  const settlement = settleDuplicates(indexes.map((index) => index.content()));
  if (settlement === undefined) return undefined;
  const keys = new Map<number, string>();
  let hasCollision = false;
  const verdicts = parts.flatMap((part, number) => {
    const decisions = settlement[number];
    const index = indexes[number] as ResourceIndex;
    if (decisions === undefined) return (first[number] ?? []).map((verdict): Verdict => (verdict === 'new' ? 'keep' : 'identical'));
    index.startSecondReading(decisions);
    const second = part.map((item) => index.check(item));
    expect(index.isSecondReadingComplete).toBe(true);
    hasCollision ||= index.hasCollision;
    for (const [id, key] of index.contestKeys) {
      hasCollision ||= (keys.get(id) ?? key) !== key;
      keys.set(id, key);
    }
    return second;
  });
  return hasCollision ? undefined : verdicts;
}

const resource = fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd'), version: fc.constantFrom(1, 2, 3, 4, 5) }).map(
  ({ id, version }): IndexedResource => ({
    resourceType: 'Patient',
    id,
    // The same content has the same lastUpdated; two versions have none, two have the same.
    lastUpdatedMs: [Number.NaN, Number.NaN, 7, 7, 8][version - 1] as number,
    contentHash: version * 1000 + id.charCodeAt(0),
  }),
);
const parts = fc.array(fc.array(resource, { maxLength: 8 }), { minLength: 1, maxLength: 4 });

describe('duplicates over several parts', () => {
  it('are settled as in one piece', () => {
    fc.assert(
      fc.property(parts, (split) => {
        expect(inParts(split, 64)).toEqual(inOnePiece(split.flat(), 64));
      }),
      { numRuns: 5000 },
    );
  });

  it('are settled as in one piece also where hashes collide, or the collision is noticed', () => {
    let settledCount = 0;
    fc.assert(
      fc.property(parts, (split) => {
        const settled = inParts(split, 1);
        if (settled === undefined || split.length === 1) return;
        settledCount++;
        expect(settled).toEqual(inOnePiece(split.flat(), 1));
      }),
      { numRuns: 5000 },
    );
    expect(settledCount).toBeGreaterThan(100);
  });

  it('leave parts alone that have nothing to do with them', () => {
    const item = (id: string, contentHash: number): IndexedResource => ({ resourceType: 'Patient', id, lastUpdatedMs: Number.NaN, contentHash });
    const contents = [[item('a', 1), item('b', 2)], [item('c', 3), item('b', 2)], [item('d', 4)]].map((part) => {
      const index = new ResourceIndex(hashOf(64), true);
      for (const one of part) index.add(one);
      return index.content();
    });
    const settlement = settleDuplicates(contents);
    expect(settlement?.map((decisions) => decisions?.repeated)).toEqual([undefined, Uint8Array.of(0, 1), undefined]);
  });
});
