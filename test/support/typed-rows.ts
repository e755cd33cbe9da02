// Rows of every type of column, with what fits it, what nearly does, and anything else: for tests of what typed sinks make of them.

import fc from 'fast-check';
import type { CellValue, Column, ColumnType, PrimitiveTypeName, TableBuilder, TableSchema } from '../../src/types.ts';

export type Row = readonly (CellValue | undefined)[];

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
export const schema: TableSchema = { name: 't', role: 'main', resourceType: 'T', description: '', columns, key: ['id'] };

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
export const rows = fc.array(fc.tuple(...types.map((type) => fc.option(cellsOf(type), { nil: undefined, freq: 3 }))), { maxLength: 12 });

export function fill(builder: TableBuilder, table: readonly Row[]): void {
  for (const row of table) {
    const rowIndex = builder.addRow();
    for (const [index, cell] of row.entries()) if (cell !== undefined) builder.set(rowIndex, index, cell);
  }
}
