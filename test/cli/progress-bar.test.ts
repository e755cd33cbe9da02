// The progress line, and the distance by which names are suggested.

import { describe, expect, it } from 'vitest';
import { drawProgress, formatBytes, formatSeconds } from '../../src/cli/progress-bar.ts';
import { suggestNames } from '../../src/cli/suggest-names.ts';

describe('progress', () => {
  it('shows how far, how fast, how long yet', () => {
    expect(drawProgress({ byteCount: 25e6, resourceCount: 12_345 }, 100e6, 2, 100)).toBe(
      `${'█'.repeat(4)}${'░'.repeat(12)} 25 %  25.0 MB of 100.0 MB  6,173 resources/s  6.0 s left`,
    );
  });

  it('does without the size, and fits the terminal', () => {
    expect(drawProgress({ byteCount: 1500, resourceCount: 10 }, undefined, 1, 100)).toBe('1.5 kB  10 resources/s');
    expect(drawProgress({ byteCount: 1, resourceCount: 10 }, 100, 1, 20)).toHaveLength(19);
  });

  it.each([
    [999, '999 B'],
    [1e9, '1.00 GB'],
  ])('writes %d bytes as %s', (byteCount, text) => {
    expect(formatBytes(byteCount)).toBe(text);
  });

  it.each([
    [0.25, '0.3 s'],
    [42.4, '42 s'],
    [119.7, '2 min 0 s'],
  ])('writes %d seconds as %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });
});

describe('suggestions', () => {
  const known = ['patient', 'practitioner', 'practitioner_role', 'observation', 'encounter'];
  it.each([
    ['patients', ['patient']],
    ['Patient', ['patient']],
    ['practitoner', ['practitioner']],
    ['xyz', []],
  ])('for %s are %j', (name, expected) => {
    expect(suggestNames(name, known)).toEqual(expected);
  });
});
