// Rows of a store → columns in Arrow's layout, against the same rows as vectors: the same columns and counts, whatever is in the cells.

import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { createTypedBuilder } from '../../src/table/cell-builder.ts';
import type { TableBuilder, TypedOptions, TypedStorage } from '../../src/types.ts';
import { listText } from '../../src/write/typed/list-text.ts';
import { TableBuffers } from '../../src/write/typed/table-buffers.ts';
import { makeRowStore } from '../support/row-store.ts';
import { columnIndex, decimals, fill, moments, ordinaryRow, type Row, rows, schema } from '../support/typed-rows.ts';

/** @param written - called when the rows so far have been */
function gather(builder: TableBuilder, storage: TypedStorage, table: readonly Row[], written: () => void = () => {}) {
  const buffers = new TableBuffers(schema, storage);
  return { ...append(buffers, builder, table, written), counts: buffers.counts() };
}

function append(buffers: TableBuffers, builder: TableBuilder, table: readonly Row[], written: () => void = () => {}) {
  const half = table.length >> 1;
  fill(builder, table.slice(0, half));
  buffers.append(builder.take());
  written();
  fill(builder, table.slice(half));
  buffers.append(builder.take());
  return buffers.view();
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

  it('are the same in memory that other rows were in', () => {
    fc.assert(
      fc.property(rows, rows, (others, table) => {
        store.reset();
        const builders = [store.createBuilder(schema, storage), createTypedBuilder(schema)];
        for (const builder of builders) {
          const used = new TableBuffers(schema, storage);
          append(used, builder, others);
          used.clear();
          expect({ rowCount: used.rowCount, byteCount: used.byteCount }).toEqual({ rowCount: 0, byteCount: 0 });
          const fresh = new TableBuffers(schema, storage);
          expect(isDeepStrictEqual(append(used, builder, table), append(fresh, builder, table))).toBe(true);
          expect(used.byteCount).toBe(fresh.byteCount);
        }
      }),
      { numRuns: 200, endOnFailure: true },
    );
  });

  /** How many cells of the store's rows became strings. */
  function countDecoded(table: readonly Row[]): number {
    store.reset();
    const decode = vi.spyOn(store, 'decode');
    const inStore = gather(store.createBuilder(schema, storage), storage, table, () => store.reset());
    const decoded = decode.mock.calls.length;
    decode.mockRestore();
    expect(isDeepStrictEqual(inStore, gather(createTypedBuilder(schema), storage, table))).toBe(true);
    return decoded;
  }

  it('are made of ordinary cells without strings', () => {
    expect(countDecoded(Array.from({ length: 300 }, (_, index) => ordinaryRow(index)))).toBe(0);
  });

  it('are made of few strings where few cells are not plain', () => {
    const table = Array.from({ length: 300 }, (_, index) => ordinaryRow(index));
    const odd = ['active', 'rank', 'size', 'value', 'birth_date', 'issued', 'lines'].map(columnIndex);
    const withOdd = table.map((row, index) => (index % 150 === 77 ? row.map((cell, column) => (odd.includes(column) ? '?\u0001' : cell)) : row));
    const decoded = countDecoded(withOdd);
    expect(decoded).toBeGreaterThanOrEqual(2);
    expect(decoded).toBeLessThanOrEqual(odd.length * 2);
  });

  it('are so for more rows and larger texts than are made at a time', () => {
    const huge = 'ü'.repeat(2_000_000);
    const table = Array.from({ length: 40_000 }, (_, index) =>
      ordinaryRow(index).map((cell, column) => (index === 25_000 && column === columnIndex('note') ? huge : index % 5 === 3 && column > 0 ? undefined : cell)),
    );
    expect(countDecoded(table)).toBe(0);
  });

  const numberColumns = ['rank', 'size', 'value'].map(columnIndex);
  const momentColumns = ['birth_date', 'issued', 'period'].map(columnIndex);
  const oneRow = (columns: readonly number[], text: string): Row => schema.columns.map((_, column) => (columns.includes(column) ? text : undefined));

  it.each([
    ['numbers', numberColumns, decimals],
    ['moments', momentColumns, moments],
  ])('have the same %s', (_, columns, texts) => {
    fc.assert(
      fc.property(fc.array(texts, { minLength: 20, maxLength: 60 }), (values) => {
        countDecoded(values.map((text) => oneRow(columns, text)));
      }),
      { numRuns: 200 },
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
