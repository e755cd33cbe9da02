// Rows of a store → the bytes of COPY, against the same rows as vectors: the same bytes and counts, whatever is in the cells.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTypedBuilder } from '../../src/table/cell-builder.ts';
import type { TableBuilder, TypedStorage } from '../../src/types.ts';
import { arrayText } from '../../src/write/postgres/array-text.ts';
import { CopyEncoder } from '../../src/write/postgres/copy-encoder.ts';
import { makeLoadTable } from '../../src/write/postgres/load-table.ts';
import { makeRowStore } from '../support/row-store.ts';
import { fill, type Row, rows, schema } from '../support/typed-rows.ts';

function encode(builder: TableBuilder, storage: TypedStorage, table: readonly Row[]) {
  const encoder = new CopyEncoder(makeLoadTable(schema, storage));
  const half = table.length >> 1;
  fill(builder, table.slice(0, half));
  const first = encoder.encode(builder.take());
  fill(builder, table.slice(half));
  const text = Buffer.concat([first, encoder.encode(builder.take())]).toString();
  return { text, replaced: encoder.replacedCharacterCount, unfit: encoder.unfitCount };
}

const store = await makeRowStore();
const smallStore = await makeRowStore(70_000);

describe.each(['local', 'utc', 'text'] as const)('COPY of a row store, timestamps as %s', (timestamps) => {
  const storage: TypedStorage = { kind: 'typed', timestamps, decimals: 'numeric', lists: arrayText };

  it.each([
    ['is the COPY of vectors, byte for byte', store],
    ['is so for rows that the store has no room for', smallStore],
  ])('%s', (_, used) => {
    fc.assert(
      fc.property(rows, (table) => {
        store.reset();
        expect(encode(used.createBuilder(schema, storage), storage, table)).toEqual(encode(createTypedBuilder(schema), storage, table));
      }),
      { numRuns: 400 },
    );
  });

  it('is so for more rows than the memory for encoded rows holds', () => {
    const table = Array.from({ length: 40_000 }, (_, index): Row => {
      const note = index % 1000 === 0 ? `\u0000${index}` : `text ${index}`;
      return [
        `${index}`,
        'p1',
        note,
        true,
        index,
        undefined,
        `${index}.50`,
        '2024-01',
        '2024-01-02T03:04:05Z',
        undefined,
        ['a', 'b\\'],
        undefined,
        `{"n":${index}}`,
      ];
    });
    store.reset();
    expect(encode(store.createBuilder(schema, storage), storage, table)).toEqual(encode(createTypedBuilder(schema), storage, table));
  });

  it('gives values back, lists too', () => {
    const builder = store.createBuilder(schema, storage);
    builder.addRow();
    builder.set(0, 10, ['a"\\', null, 'NULL', '']);
    expect(builder.get(0, 10)).toEqual(['a"\\', null, 'NULL', '']);
    expect(builder.get(0, 11)).toBeUndefined();
    expect(builder.take().vectors[10]).toEqual({ storage: 'typed', isAllNull: false, values: [['a"\\', null, 'NULL', '']] });
  });
});
