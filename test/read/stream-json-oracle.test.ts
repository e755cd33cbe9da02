// stream-json reads the same Bundle by another way: the resources must be the same.

import { Readable } from 'node:stream';
import { pick } from 'stream-json/filters/pick.js';
import { streamArray } from 'stream-json/streamers/stream-array.js';
import { describe, expect, it } from 'vitest';
import { read } from './read-all.ts';

const entries = Array.from({ length: 500 }, (_, index) => ({
  fullUrl: `urn:uuid:${index}`,
  resource: {
    resourceType: index % 2 === 0 ? 'Patient' : 'Observation',
    id: `é${index}`,
    name: [{ family: 'a"b\\c/\u2028', given: ['😀', '', '\n\t\u0000'] }],
    valueQuantity: { value: index / 8, empty: {}, list: [[], [null, true, false]] },
  },
  request: { method: 'POST', url: 'Patient' },
}));

describe('stream-json as an oracle', () => {
  it.each([0, 2])('gives the same resources, in the same order (indent %i)', async (indent) => {
    const bundle = JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: entries }, undefined, indent);
    const expected: unknown[] = [];
    const items = Readable.from([Buffer.from(bundle)])
      .pipe(pick.withParserAsStream({ filter: 'entry' }))
      .pipe(streamArray.asStream());
    for await (const { value } of items as AsyncIterable<{ value: (typeof entries)[number] }>) expected.push(value.resource);
    const { records, codes } = await read(bundle, { chunkBytes: 4096 });
    expect(codes).toEqual([]);
    expect(expected).toHaveLength(500);
    expect(records.map(({ resource }) => resource)).toEqual(expected);
  });
});
