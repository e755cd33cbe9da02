// Rows of a store → the bytes of COPY, against the same rows as vectors: the same bytes and counts, whatever is in the cells.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTypedBuilder } from '../../src/table/cell-builder.ts';
import type { CellValue, Column, ColumnType, PrimitiveTypeName, TableBuilder, TableSchema, TypedStorage } from '../../src/types.ts';
import { arrayText } from '../../src/write/postgres/array-text.ts';
import { CopyEncoder } from '../../src/write/postgres/copy-encoder.ts';
import { makeLoadTable } from '../../src/write/postgres/load-table.ts';
import { makeRowStore } from '../support/row-store.ts';

type Row = readonly (CellValue | undefined)[];

const primitive = (fhirType: PrimitiveTypeName): ColumnType => ({ kind: 'primitive', fhirType });
const types: readonly (readonly [string, ColumnType])[] = [
  ['id', primitive('id')],
  ['subject_id', primitive('id')],
  ['note', primitive('string')],
  ['active', primitive('boolean')],
  ['rank', primitive('positiveInt')],
  ['size', primitive('integer64')],
  ['value', primitive('decimal')],
  ['birth_date', primitive('date')],
  ['issued', primitive('instant')],
  ['period', primitive('dateTime')],
  ['lines', { kind: 'list', fhirType: 'string' }],
  ['numbers', { kind: 'list', fhirType: 'integer' }],
  ['other_json', { kind: 'json' }],
];
const columns = types.map(([name, type]): Column => ({ name, type, isNullable: name !== 'id', fhirPath: undefined, description: '' }));
const schema: TableSchema = { name: 't', role: 'main', resourceType: 'T', description: '', columns, key: ['id'] };

const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.string({ unit: fc.constantFrom('\\', '\t', '\n', '\r', '\b', '\f', '\v', '\u0001', '"', 'a', 'é', '漢', '😀', "'", '{', ',', '}'), maxLength: 80 }),
  fc.string({ unit: fc.constantFrom('a', '\u0000', '\ud800', '\udfff'), maxLength: 5 }),
  fc.constantFrom('', '\\N', 'NULL', 'x'.repeat(600), 'é'.repeat(400), 'y'.repeat(601), '\\'.repeat(40)),
);
const numbers = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.bigInt(),
  fc.constantFrom(0, -0, 2147483647, 2147483648, -2147483648, 999999999, 1e21, 2 ** 60, 9223372036854775807n, 9223372036854775808n),
);
const numberTexts = fc.oneof(
  numbers.map(String),
  fc.constantFrom('1.00', '-0', '-0.0', '007', '1e3', '1E-5', '1e999999', '1.', '.5', '-', '+1', '1'.repeat(1200), '12345678901234567890', '0', '-7'),
);
const moments = fc.oneof(
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc
    .tuple(
      fc.constantFrom('2024', '0000', '0001', '1999', '19a9'),
      fc.constantFrom('', '-02', '-13', '-00', '-2', '-02-29', '-02-30', '-04-31', '-12-31', '-01-00'),
      fc.constantFrom('', 'T', 'T10:20', 'T10:20:30', 'T24:00:00', 'T10:60:00', 'T10:20:60', 'T10:20:30.5', 'T10:20:30.1234567', 'T10:20:30.', ' 10:20:30'),
      fc.constantFrom('', 'Z', '+01:00', '-14:00', '+14:01', '+1:00', 'z', '+01:60', ' '),
    )
    .map((parts) => parts.join('')),
);
const json = fc.oneof(
  fc.json(),
  fc.constantFrom(
    '{"a":1e5}',
    '{"a":1.5e12345}',
    '{"a":"1e99999"}',
    '{"a":"\\u0000"}',
    '{"a":"\\\\u0041"}',
    '{"a":"\\ud800"}',
    '[true,false,null]',
    '["\\"e5"]',
  ),
  fc.constant(`{"a":"${'x'.repeat(140_000)}"}`),
);
const lists = fc.array(fc.option(fc.oneof(texts, fc.integer(), fc.boolean()), { nil: null }), { maxLength: 4 });
/** Mostly what fits; a plugin may set anything. */
function cellsOf([, type]: (typeof types)[number]): fc.Arbitrary<CellValue> {
  const any = fc.oneof(texts, numbers, fc.boolean(), moments, lists, numberTexts);
  const fitting = (() => {
    if (type.kind === 'json') return json;
    if (type.kind === 'list') return lists;
    switch (type.fhirType) {
      case 'boolean':
        return fc.oneof(fc.boolean(), fc.constantFrom('true', 'false', 'True', ''));
      case 'positiveInt':
      case 'integer64':
      case 'decimal':
        return fc.oneof(numbers, numberTexts);
      case 'date':
      case 'instant':
      case 'dateTime':
        return moments;
      default:
        return texts;
    }
  })();
  return fc.oneof({ weight: 12, arbitrary: fitting as fc.Arbitrary<CellValue> }, { weight: 1, arbitrary: any as fc.Arbitrary<CellValue> });
}
const rows = fc.array(fc.tuple(...types.map((type) => fc.option(cellsOf(type), { nil: undefined, freq: 3 }))), { maxLength: 12 });

function fill(builder: TableBuilder, table: readonly Row[]): void {
  for (const row of table) {
    const rowIndex = builder.addRow();
    for (const [index, cell] of row.entries()) if (cell !== undefined) builder.set(rowIndex, index, cell);
  }
}

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
