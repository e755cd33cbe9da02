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
export const moments = fc.oneof(
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
/** Numbers as people and calculations write them, near the limits of what a double tells apart. */
export const decimals = fc
  .tuple(
    fc.constantFrom('', '', '-'),
    fc.oneof(
      fc.integer({ min: 0, max: 1000 }).map(String),
      fc.bigInt({ min: 0n, max: 10n ** 21n }).map(String),
      fc.bigInt({ min: 2n ** 53n - 100n, max: 2n ** 54n + 100n }).map(String),
      fc.string({ unit: fc.constantFrom('0', '5', '9', '1'), minLength: 1, maxLength: 22 }),
    ),
    fc.nat({ max: 30 }),
    fc.constantFrom('', '', '', 'e0', 'E+2', 'e-7', 'e22', 'e-30', 'e308', 'e-320', 'e400', 'e12345', 'e'),
  )
  .map(([sign, digits, places, exponent]) => {
    const padded = digits.padStart(places + 1, '0');
    const text = places === 0 ? digits : `${padded.slice(0, -places)}.${padded.slice(-places)}`;
    return sign + text + exponent;
  });
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

export function columnIndex(name: string): number {
  return types.findIndex(([column]) => column === name);
}

/** What all columns take as it is; nulls and repeated texts among them. */
export function ordinaryRow(index: number): Row {
  const cells: Record<string, CellValue | undefined> = {
    id: `id-${index}`,
    subject_id: index % 7 === 0 ? undefined : `patient-${index >> 3}`,
    note: index % 3 === 0 ? 'größer, und länger als sechzehn Bytes "so"' : '',
    active: index % 2 === 0 ? 'true' : 'false',
    rank: index % 4 === 1 ? undefined : String((index - 100) * 12_345),
    size: String(index * 1_000_003 * (index % 2 === 0 ? 1 : -1)),
    value: ['72.5', '-0.25', '170.0532', '0', '98.6000'][index % 5],
    birth_date: ['1970-01-01', '1969-12', '2024', '2000-02-29'][index % 4],
    issued: ['2024-02-29T10:20:30.123Z', '1969-12-31T23:59:59.999999+01:00', '2015-01-01'][index % 3],
    period: ['2012-06-07T08:09:10-05:00', '2012', '1812-06-07T00:00:00Z', undefined][index % 4],
    lines: [['a', 'b "c" \\ d\n', null], [], ['größer als sechzehn Bytes, und noch mehr']][index % 3],
    other_json: `{"a":"${index}"}`,
  };
  return types.map(([name]) => cells[name]);
}

export function fill(builder: TableBuilder, table: readonly Row[]): void {
  for (const row of table) {
    const rowIndex = builder.addRow();
    for (const [index, cell] of row.entries()) if (cell !== undefined) builder.set(rowIndex, index, cell);
  }
}
