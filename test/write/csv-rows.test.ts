// Rows of a store → CSV, against the same rows as vectors: the same bytes, whatever is in the cells.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTextBuilder } from '../../src/table/cell-builder.ts';
import type { TableBuilder } from '../../src/types.ts';
import { CsvEncoder } from '../../src/write/csv/csv-encoder.ts';
import { type CsvOptions, checkCsvOptions } from '../../src/write/csv/csv-options.ts';
import { makeRowStore } from '../support/row-store.ts';
import { schemaOf } from '../support/text-schema.ts';

type Row = readonly (string | undefined)[];

const store = await makeRowStore();

function fill(builder: TableBuilder, rows: readonly Row[]): void {
  for (const row of rows) {
    const rowIndex = builder.addRow();
    for (const [index, cell] of row.entries()) if (cell !== undefined) builder.set(rowIndex, index, cell);
  }
}

function encodeBoth(rows: readonly Row[], options: Partial<CsvOptions> = {}) {
  const schema = schemaOf(rows[0]?.length ?? 1);
  store.reset();
  return [createTextBuilder(schema), store.createBuilder(schema, { kind: 'text' })].map((builder) => {
    const encoder = new CsvEncoder(schema, checkCsvOptions(options));
    const half = rows.length >> 1;
    fill(builder, rows.slice(0, half));
    const first = encoder.encode(builder.take());
    fill(builder, rows.slice(half));
    return { bytes: Buffer.concat([first, encoder.encode(builder.take())]), replaced: encoder.replacedCharacterCount };
  });
}

function expectSame(rows: readonly Row[], options: Partial<CsvOptions> = {}): void {
  const [expected, actual] = encodeBoth(rows, options);
  // Not toEqual, which takes long over many bytes.
  if (expected?.bytes.equals(actual?.bytes as Buffer) !== true) expect(actual?.bytes.toString()).toBe(expected?.bytes.toString());
  expect(actual?.replaced).toBe(expected?.replaced);
}

const nullTexts = ['', 'NULL', '\\N', "'=", '-', 'é', 'n'.repeat(16), 'n'.repeat(70)];
const cell = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 120 }),
  fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', ';', '\t', ' ', 'a', 'é', '漢', '😀', '\u0000', "'", '\ud800', '\udfff'), maxLength: 120 }),
  fc.string({ unit: fc.constantFrom('=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠', '0', '7', '.', 'e', 'E', '"'), maxLength: 9 }),
  fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 14, maxLength: 18 }),
  fc.string({ unit: fc.constantFrom('"', 'b'), minLength: 14, maxLength: 50 }),
  fc.constantFrom('', '\ufeff', '"', '""', ' x ', '=', ...nullTexts),
);
const table = fc.integer({ min: 1, max: 40 }).chain((columnCount) => {
  const row = fc.array(fc.option(cell, { nil: undefined, freq: 2 }), { minLength: columnCount, maxLength: columnCount });
  // Some columns have no value in any row.
  return fc.tuple(fc.array(row, { maxLength: 20 }), fc.array(fc.boolean(), { minLength: columnCount, maxLength: columnCount })).map(([rows, isEmpty]) => {
    return rows.map((cells) => cells.map((text, column) => (isEmpty[column] ? undefined : text)));
  });
});
const options = fc
  .record({ delimiter: fc.constantFrom(',', ';', '\t', '|', "'", 'a', '='), nullText: fc.constantFrom(...nullTexts), isFormulaSafe: fc.boolean() })
  .filter(({ delimiter, nullText }) => !nullText.includes(delimiter));

describe('CSV of a row store', () => {
  it('is the CSV of vectors, byte for byte, with all options', () => {
    fc.assert(
      fc.property(table, options, (rows, csv) => expectSame(rows, csv)),
      { numRuns: 3000 },
    );
  });

  it('is so for more rows than the memory for encoded rows holds', () => {
    const rows = Array.from(
      { length: 60_000 },
      (_, index): Row => [`${index}`, index % 3 === 0 ? undefined : `text, "${index}"`, 'x'.repeat(index % 100), undefined],
    );
    expectSame(rows);
    expectSame(rows, { nullText: 'NULL', delimiter: '\t' });
  });

  it('is so for cells larger than that memory', () => {
    const large = `"é,${'x'.repeat(2_500_000)}\n`;
    const quotes = '"'.repeat(5_000_000);
    const rows: Row[] = [
      ['1', 'a', undefined],
      ['2', large, '\ud800'],
      [quotes, undefined, '3'],
      [undefined, '4', undefined],
    ];
    expectSame(rows);
    expectSame(rows, { nullText: 'N', isFormulaSafe: true });
    expectSame(rows, { nullText: 'N'.repeat(1000) });
  });

  it('is so for a resource larger than the memory for rows', async () => {
    const small = await makeRowStore(200_000);
    const rows = Array.from({ length: 20 }, (_, index): Row => [`${index}`, '\ud800', `"${index}`.repeat(10_000)]);
    const schema = schemaOf(3);
    const [strings, bytes] = [createTextBuilder(schema), small.createBuilder(schema, { kind: 'text' })].map((builder) => {
      const encoder = new CsvEncoder(schema, checkCsvOptions({}));
      fill(builder, rows);
      return [Buffer.from(encoder.encode(builder.take())).toString(), encoder.replacedCharacterCount];
    });
    expect(bytes).toEqual(strings);
    expect(small.heldByteCount).toBeGreaterThan(0);
  });

  it('counts lone surrogates of the rows that are left, once each', () => {
    const schema = schemaOf(2);
    const builder = store.createBuilder(schema, { kind: 'text' });
    const encoder = new CsvEncoder(schema, checkCsvOptions({}));
    fill(builder, [
      ['a\ud800b', 'x'],
      ['\udc00', undefined],
    ]);
    builder.set(0, 0, 'plain');
    builder.set(0, 1, '\ud800\ud800');
    builder.truncate(1);
    expect(Buffer.from(encoder.encode(builder.take())).toString()).toBe('plain,\ufffd\ufffd\n');
    expect(encoder.replacedCharacterCount).toBe(2);
  });

  it('keeps no more memory after rows have been written than before', () => {
    const schema = schemaOf(3);
    store.restart();
    const builders = Array.from({ length: 50 }, () => store.createBuilder(schema, { kind: 'text' }));
    const heapTops: number[] = [];
    for (let round = 0; round < 5; round++) {
      for (const builder of builders)
        fill(
          builder,
          Array.from({ length: 2000 }, () => ['a', 'b', undefined]),
        );
      store.reset();
      heapTops.push(store.functions.allocateHeap(8));
    }
    expect(heapTops.slice(1).map((top) => top - (heapTops[0] as number))).toEqual([8, 16, 24, 32]);
    expect(store.functions.arenaByteCount()).toBe(0);
  });
});
