// Rows of a store → columns in Arrow's layout, against the same rows as vectors: the same columns and counts, whatever is in the cells.

import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTypedBuilder } from '../../src/table/cell-builder.ts';
import type { TableBuilder, TypedOptions, TypedStorage } from '../../src/types.ts';
import { listText } from '../../src/write/typed/list-text.ts';
import { TableBuffers } from '../../src/write/typed/table-buffers.ts';
import { makeRowStore } from '../support/row-store.ts';
import { fill, type Row, rows, schema } from '../support/typed-rows.ts';

function gather(builder: TableBuilder, storage: TypedStorage, table: readonly Row[]) {
  const buffers = new TableBuffers(schema, storage);
  const half = table.length >> 1;
  fill(builder, table.slice(0, half));
  buffers.append(builder.take());
  fill(builder, table.slice(half));
  buffers.append(builder.take());
  return { ...buffers.take(), counts: buffers.counts() };
}

const store = await makeRowStore();
const smallStore = await makeRowStore(70_000);

const options: readonly TypedOptions[] = [
  { timestamps: 'local', decimals: 'double' },
  { timestamps: 'utc', decimals: 'text' },
  { timestamps: 'text', decimals: { precision: 18, scale: 4 } },
];

describe.each(options)('columns of a row store, timestamps $timestamps, decimals $decimals', (typed) => {
  const storage: TypedStorage = { kind: 'typed', ...typed, lists: listText };

  it.each([
    ['are the columns of vectors', store],
    ['are so for rows that the store has no room for', smallStore],
  ])('%s', (_, used) => {
    fc.assert(
      fc.property(rows, (table) => {
        used.reset();
        const [inStore, inVectors] = [used.createBuilder(schema, storage), createTypedBuilder(schema)].map((builder) => gather(builder, storage, table));
        expect(isDeepStrictEqual(inStore, inVectors)).toBe(true);
      }),
      { numRuns: 400, endOnFailure: true },
    );
  });
});

describe('lists that wait as text', () => {
  it('have their items back, or texts that say the same', () => {
    const items = [null, '', 'a"\\ü', '\ud800', true, 1.5, -0, 2 ** 60, ['x', null]];
    expect(listText.read(listText.write(items))).toEqual(items);
    expect(listText.read(listText.write([]))).toEqual([]);
    expect(listText.read(listText.write([12345678901234567890n, Number.NaN]))).toEqual(['12345678901234567890', 'NaN']);
  });
});
