// Ranges of sources: in order, none lost, about equal; and how many threads are worth it.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitSources, usefulThreads } from '../../src/run/split-sources.ts';
import type { Source } from '../../src/types.ts';

function source(byteSize: number | undefined): Source {
  return { name: 'x', isNamedByUser: false, byteSize, open: () => (async function* () {})() };
}

const sizes = (ranges: readonly (readonly Source[])[]): number[] => ranges.map((range) => range.reduce((sum, { byteSize = 0 }) => sum + byteSize, 0));

describe('splitting', () => {
  it('keeps all sources in their order, in at most as many ranges as asked for, none empty', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000_000), { minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 9 }), (bytes, count) => {
        const sources = bytes.map(source);
        const ranges = splitSources(sources, count);
        expect(ranges.flat()).toEqual(sources);
        expect(ranges.length).toBeLessThanOrEqual(count);
        expect(ranges.every((range) => range.length > 0)).toBe(true);
      }),
    );
  });

  it('gives the first range a little more, since its thread need not start', () => {
    const [first = 0, second = 0, third = 0] = sizes(splitSources(Array(300).fill(source(1e6)), 3));
    expect(first - second).toBeGreaterThan(0);
    expect(first - second).toBeLessThan(5e6);
    expect(Math.abs(second - third)).toBeLessThanOrEqual(2e6);
  });

  it('gives no sources to one range', () => {
    expect(splitSources([], 4)).toEqual([[]]);
  });
});

describe('threads worth using', () => {
  const files = (count: number, megabytes: number): Source[] => Array(count).fill(source(megabytes * 1e6));

  it.each([
    ['one core', files(100, 10), 1, 1],
    ['little input', files(100, 0.02), 8, 1],
    ['a single file', files(1, 1000), 8, 1],
    ['two cores', files(100, 3), 2, 2],
    ['two cores and so little that compiling takes all of them', files(40, 1), 2, 1],
    ['four cores and the same', files(40, 1), 4, 2],
    ['many cores', files(1000, 10), 64, 8],
    ['a pipe among files', [...files(100, 10), source(undefined)], 8, 1],
  ])('with %s', (_name, sources, coreCount, expected) => {
    expect(usefulThreads(sources, coreCount)).toBe(expected);
  });
});
