// The CSV encoder against csv-parse (reads back what was meant) and csv-stringify (writes the same bytes).

import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTextBuilder } from '../../src/table/cell-builder.ts';
import { CsvEncoder } from '../../src/write/csv/csv-encoder.ts';
import { type CsvOptions, checkCsvOptions } from '../../src/write/csv/csv-options.ts';
import { schemaOf } from '../support/text-schema.ts';

type Row = (string | undefined)[];

function encode(
  rows: readonly Row[],
  options: Partial<CsvOptions> = {},
  batchRowCount = 7,
): { text: string; bytes: Uint8Array; replacedCharacterCount: number } {
  const schema = schemaOf(rows[0]?.length ?? 1);
  const encoder = new CsvEncoder(schema, checkCsvOptions({ hasHeader: false, ...options }));
  const builder = createTextBuilder(schema);
  const pieces: Uint8Array[] = [encoder.begin() ?? new Uint8Array(0)];
  for (const row of rows) {
    const rowIndex = builder.addRow();
    for (const [index, cell] of row.entries()) if (cell !== undefined) builder.set(rowIndex, index, cell);
    if (builder.rowCount === batchRowCount) pieces.push(encoder.encode(builder.take()));
  }
  pieces.push(encoder.encode(builder.take()));
  const bytes = Buffer.concat(pieces);
  return { text: bytes.toString('utf8'), bytes, replacedCharacterCount: encoder.replacedCharacterCount };
}

/** Cells that make trouble, of all lengths around the border between short and long ones. */
const cell = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 120 }),
  fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', ';', '\t', ' ', 'a', 'é', '漢', '😀', '\u0000', "'"), maxLength: 120 }),
  fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 46, maxLength: 50 }),
  fc.constantFrom('', 'NULL', '\ufeff', '"', '""', ' x '),
);
const rows = fc.integer({ min: 2, max: 9 }).chain((columnCount) => {
  const row = fc.array(fc.option(cell, { nil: undefined, freq: 2 }), { minLength: columnCount, maxLength: columnCount });
  return fc.array(row, { minLength: 1, maxLength: 25 });
});

describe('CSV encoder', () => {
  it('is read back as it was meant, null and the empty string apart', () => {
    fc.assert(
      fc.property(rows, fc.constantFrom(',', ';', 'tab', '|'), (table, delimiter) => {
        const { text } = encode(table, { delimiter });
        const quoted: boolean[] = [];
        const read = parse(text, {
          delimiter: delimiter === 'tab' ? '\t' : delimiter,
          record_delimiter: '\n',
          cast: (value, { quoting }) => {
            quoted.push(quoting);
            return value === '' && !quoting ? undefined : value;
          },
        });
        expect(read).toEqual(table);
      }),
      { numRuns: 500 },
    );
  });

  it('writes the bytes of csv-stringify', () => {
    fc.assert(
      fc.property(rows, (table) => {
        const expected = stringify(table, {
          record_delimiter: '\n',
          quoted_empty: false,
          quoted_match: /^$|\r|\n/,
          cast: { string: (value) => ({ value, quoted: value === '' }) },
        });
        expect(encode(table).text).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('writes the null text for null, and quotes a cell that equals it', () => {
    expect(encode([[undefined, 'NULL', '', 'x', undefined]], { nullText: 'NULL' }).text).toBe('NULL,"NULL","",x,NULL\n');
    const long = 'N'.repeat(60);
    expect(encode([[undefined, long, 'x']], { nullText: long }).text).toBe(`${long},"${long}",x\n`);
  });

  it('writes header and byte order mark once', () => {
    const schema = schemaOf(2);
    const encoder = new CsvEncoder(schema, checkCsvOptions({ hasByteOrderMark: true, delimiter: ';' }));
    expect(Buffer.from(encoder.begin() as Uint8Array)).toEqual(Buffer.from('\ufeffc0;c1\n'));
    expect(new CsvEncoder(schema, checkCsvOptions({ hasHeader: false })).begin()).toBeUndefined();
  });

  it('writes lone surrogates as U+FFFD and counts them, in short and in long cells', () => {
    const { text, replacedCharacterCount } = encode([['a\ud800b', '\udc00', '😀', `${'x'.repeat(60)}\ud83d`, `"\ud83d"`]]);
    expect(text).toBe(`a\ufffdb,\ufffd,😀,${'x'.repeat(60)}\ufffd,"""\ufffd"""\n`);
    expect(replacedCharacterCount).toBe(4);
  });

  it('puts an apostrophe before formulas only, and only when asked', () => {
    const cells = ['=1+1', '+x', '-x', '@SUM(A1)', '\tx', '\rx', '＝1', '＋1', '－1', '＠a', '-12.5', '+3', '-.5e-3', '-', 'a=b', '1-2', ''];
    expect(parse(encode([cells]).text)[0]).toEqual(cells);
    const escaped = parse(encode([cells], { isFormulaSafe: true }).text, { relax_column_count: true })[0];
    expect(escaped).toEqual([
      "'=1+1",
      "'+x",
      "'-x",
      "'@SUM(A1)",
      "'\tx",
      "'\rx",
      "'＝1",
      "'＋1",
      "'－1",
      "'＠a",
      '-12.5',
      '+3',
      '-.5e-3',
      "'-",
      'a=b',
      '1-2',
      '',
    ]);
  });

  it('grows from small batches to large cells', () => {
    const large = `"${'é,'.repeat(200_000)}`;
    expect(
      parse(
        encode([
          ['a', large],
          [large, undefined],
        ]).text,
      ),
    ).toEqual([
      ['a', large],
      [large, ''],
    ]);
  });

  it.each(['', '"', '\n', '\r', 'ab', 'é', '\u0000'])('refuses the delimiter %j', (delimiter) => {
    expect(() => checkCsvOptions({ delimiter })).toThrow(/--delimiter/);
  });

  it.each(['"', 'a\nb', 'a,b'])('refuses the null text %j', (nullText) => {
    expect(() => checkCsvOptions({ nullText })).toThrow(/--null/);
  });
});
