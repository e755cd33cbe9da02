import { describe, expect, it } from 'vitest';
import { loadModel } from '../../src/fhir/load-model.ts';
import { namePhysicalType } from '../../src/physical-type.ts';
import { makeDefaultTables } from '../../src/plan/default-tables.ts';
import type { ColumnType, PrimitiveTypeName, TableSchema, TypedStorage } from '../../src/types.ts';
import { expandColumns } from '../../src/write/typed/physical-columns.ts';

const local: TypedStorage = { kind: 'typed', timestamps: 'local', decimals: 'double' };

function schemaOf(columns: readonly (readonly [string, PrimitiveTypeName | ColumnType])[]): TableSchema {
  return {
    name: 't',
    role: 'main',
    resourceType: 'T',
    description: '',
    columns: columns.map(([name, type]) => ({
      name,
      type: typeof type === 'string' ? { kind: 'primitive', fhirType: type } : type,
      isNullable: true,
      fhirPath: undefined,
      description: '',
    })),
  };
}

function expand(columns: Parameters<typeof schemaOf>[0], storage: Partial<TypedStorage> = {}): string[] {
  return expandColumns(schemaOf(columns), { ...local, ...storage }).map(({ name, type }) => `${name} ${namePhysicalType(type)}`);
}

describe('columns of typed sinks', () => {
  it('have a precision beside a date and a zone beside a timestamp', () => {
    expect(
      expand([
        ['a', 'date'],
        ['b', 'dateTime'],
        ['c', 'instant'],
        ['d', 'time'],
      ]),
    ).toEqual([...['a date', 'a_precision text', 'b timestamp', 'b_tz text', 'c timestamp', 'c_tz text', 'd text']]);
  });

  it('have types of their own for numbers, booleans, JSON and lists', () => {
    expect(
      expand([
        ['a', 'boolean'],
        ['b', 'integer'],
        ['c', 'positiveInt'],
        ['d', 'integer64'],
        ['e', 'decimal'],
        ['f', { kind: 'json' }],
      ]),
    ).toEqual([...['a boolean', 'b int32', 'c int32', 'd int64', 'e double', 'f json']]);
    const list = (fhirType: PrimitiveTypeName): ColumnType => ({ kind: 'list', fhirType });
    expect(
      expand([
        ['a', list('string')],
        ['b', list('integer')],
        ['c', list('dateTime')],
        ['d', list('decimal')],
      ]),
    ).toEqual([...['a list of text', 'b list of int32', 'c list of text', 'd list of double']]);
  });

  it('follow the options', () => {
    expect(expand([['a', 'dateTime']], { timestamps: 'utc' })).toEqual(['a timestamp UTC', 'a_tz text']);
    expect(
      expand(
        [
          ['a', 'dateTime'],
          ['b', 'date'],
        ],
        { timestamps: 'text' },
      ),
    ).toEqual(['a text', 'b date', 'b_precision text']);
    expect(expand([['a', 'decimal']], { decimals: 'text' })).toEqual(['a text']);
    expect(expand([['a', 'decimal']], { decimals: { precision: 18, scale: 4 } })).toEqual(['a decimal(18,4)']);
  });

  it('give way to elements of the same name, and stay within 63 bytes', () => {
    expect(
      expand([
        ['a', 'date'],
        ['a_precision', 'string'],
        ['a_precision_2', 'string'],
      ])[1],
    ).toBe('a_precision_3 text');
    const long = 'x'.repeat(60);
    const [, first, , second] = expand([
      [`${long}a`, 'dateTime'],
      [`${long}b`, 'dateTime'],
    ]).map((column) => column.split(' ')[0] as string);
    for (const name of [first, second]) expect(name).toMatch(/^x{53}_[0-9a-f]{6}_tz$/);
    expect(first).not.toBe(second);
  });

  it('have names of their own in every default table of every version', async () => {
    for (const version of ['r4', 'r4b', 'r5'] as const) {
      const { flattenersFor, resourceTypes } = makeDefaultTables(await loadModel(version), { hasDetails: true, codings: 'extra' });
      for (const schema of resourceTypes.flatMap((type) => flattenersFor(type).flatMap(({ tables }) => tables))) {
        const names = expandColumns(schema, local).map(({ name }) => name);
        expect(new Set(names).size).toBe(names.length);
        for (const name of names) expect(name.length).toBeLessThanOrEqual(63);
      }
    }
  });
});
