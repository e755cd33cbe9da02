// Rows set cell by cell, against rows kept as plain arrays: in each of the builders that texts have.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTextBuilder } from '../../src/table/cell-builder.ts';
import type { Batch, TableBuilder, TableSchema } from '../../src/types.ts';
import { makeRowStore } from '../support/row-store.ts';

const schema: TableSchema = {
  name: 't',
  role: 'main',
  resourceType: 'T',
  description: '',
  columns: ['a', 'b', 'c', 'd'].map((name) => ({
    name,
    type: { kind: 'primitive', fhirType: 'string' },
    isNullable: true,
    fhirPath: undefined,
    description: '',
  })),
};

function rowsOf(batch: Batch): unknown[][] {
  return Array.from({ length: batch.rowCount }, (_, row) => batch.vectors.map(({ values }) => values[row]));
}

type Step =
  | { kind: 'row'; cells: (string | undefined)[] }
  | { kind: 'nested'; cells: (string | undefined)[]; inner: (string | undefined)[] }
  | { kind: 'take' }
  | { kind: 'truncate'; by: number };

const text = fc.oneof(fc.string({ maxLength: 3 }), fc.string({ unit: fc.constantFrom('a', 'é', '漢', '😀', '\ud800', '\udc00'), maxLength: 60 }));
const cells = fc.array(fc.option(text, { nil: undefined, freq: 1 }), { minLength: 4, maxLength: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('row' as const), cells }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('nested' as const), cells, inner: cells }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('truncate' as const), by: fc.nat(3) }) },
);

const store = await makeRowStore();
/** Has room for few rows only: the others are kept elsewhere. */
const smallStore = await makeRowStore(70_000);
const builders: readonly (readonly [string, () => TableBuilder])[] = [
  ['of strings', () => createTextBuilder(schema)],
  ['of a row store', () => store.createBuilder(schema, { kind: 'text' })],
  ['of a row store that is soon full', () => smallStore.createBuilder(schema, { kind: 'text' })],
];

describe.each(builders)('text builder %s', (_, createBuilder) => {
  it('holds the rows that were added and not taken back, also when they are filled side by side', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const builder = createBuilder();
        let taken: { readonly batch: Batch; readonly rows: unknown[][] } | undefined;
        let expected: (string | undefined)[][] = [];
        const fill = (rowIndex: number, row: (string | undefined)[]): void => {
          for (const [index, cell] of row.entries()) {
            if (cell === undefined) continue;
            builder.set(rowIndex, index, cell);
            expect(builder.get(rowIndex, index)).toBe(cell);
          }
        };
        for (const action of steps) {
          switch (action.kind) {
            case 'row':
              fill(builder.addRow(), action.cells);
              expected.push(action.cells);
              break;
            case 'nested': {
              const outer = builder.addRow();
              fill(builder.addRow(), action.inner);
              fill(outer, action.cells);
              expected.push(action.cells, action.inner);
              break;
            }
            case 'truncate':
              builder.truncate(Math.max(0, expected.length - action.by));
              expected = expected.slice(0, Math.max(0, expected.length - action.by));
              break;
            case 'take':
              taken = { batch: builder.take(), rows: expected };
              expect(rowsOf(taken.batch)).toEqual(expected);
              expected = [];
              break;
            default:
              action satisfies never;
          }
          expect(builder.rowCount).toBe(expected.length);
        }
        if (taken !== undefined && expected.length === 0) expect(rowsOf(taken.batch)).toEqual(taken.rows);
        expect(rowsOf(builder.take())).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('says which columns are all null, anew for each batch', () => {
    const builder = createBuilder();
    builder.set(builder.addRow(), 1, '');
    expect(builder.take().vectors.map(({ isAllNull }) => isAllNull)).toEqual([true, false, true, true]);
    builder.set(builder.addRow(), 2, 'x');
    expect(builder.take().vectors.map(({ isAllNull }) => isAllNull)).toEqual([true, true, false, true]);
  });

  it('turns other values into text', () => {
    const builder = createBuilder();
    const row = builder.addRow();
    builder.set(row, 0, 12n);
    builder.set(row, 1, true);
    builder.set(row, 2, ['a', 1, ['b']]);
    expect(rowsOf(builder.take())).toEqual([['12', 'true', 'a; 1; b', undefined]]);
  });

  it('refuses a column that the table does not have', () => {
    const builder = createBuilder();
    const row = builder.addRow();
    expect(() => builder.set(row, 4, 'x')).toThrow(RangeError);
  });
});
