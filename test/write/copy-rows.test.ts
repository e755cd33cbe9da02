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

/** In two batches: text and columns of each. */
function encode(builder: TableBuilder, storage: TypedStorage, table: readonly Row[], isWhole = false) {
  const loadTable = makeLoadTable(schema, storage);
  const encoder = new CopyEncoder(loadTable, isWhole ? loadTable.columns : []);
  const half = table.length >> 1;
  const batches = [table.slice(0, half), table.slice(half)].map((part) => {
    fill(builder, part);
    const pieces: Buffer[] = [];
    encoder.encode(builder.take(), (piece) => pieces.push(Buffer.from(piece)));
    const text = Buffer.concat(pieces).toString();
    return { text, columns: encoder.columns.map(({ name }) => name) };
  });
  return { batches, replaced: encoder.replacedCharacterCount, unfit: encoder.unfitCount };
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

  it('has all columns that have had a value, and the first; the others would be null', () => {
    fc.assert(
      fc.property(rows, (table) => {
        store.reset();
        const narrow = encode(store.createBuilder(schema, storage), storage, table);
        const whole = encode(createTypedBuilder(schema), storage, table, true);
        for (const [index, { columns, text }] of whole.batches.entries()) {
          const kept = narrow.batches[index]?.columns ?? [];
          const lines = text.split('\n').map((line) => line.split('\t'));
          const cellsOf = (names: readonly string[]) => lines.map((cells) => cells.filter((_, place) => names.includes(columns[place] as string)).join('\t'));
          expect(narrow.batches[index]?.text).toBe(cellsOf(kept).join('\n'));
          const others = columns.filter((name) => !kept.includes(name));
          expect(cellsOf(others).join('\t').replaceAll('\\N', '').trim()).toBe('');
          expect(kept).toEqual(expect.arrayContaining([columns[0], ...(narrow.batches[index - 1]?.columns ?? [])]));
        }
      }),
      { numRuns: 200 },
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
