// What the cells of typed sinks hold, and what becomes of values that do not fit them.

import { describe, expect, it } from 'vitest';
import { type JsonObject, NumberText } from '../../src/json.ts';
import type { TypedOptions } from '../../src/types.ts';
import { flattenTyped } from '../support/flatten-resource.ts';

function flatten(resource: JsonObject, options: Partial<TypedOptions> = {}, version: 'r4' | 'r5' = 'r4') {
  const storage = { kind: 'typed', timestamps: 'local', decimals: 'double', ...options } as const;
  return flattenTyped(resource, storage, { hasNumberText: true, version });
}

const observe = (value: JsonObject[string], options: Partial<TypedOptions> = {}) =>
  flatten({ resourceType: 'Observation', id: 'o', valueQuantity: { value } }, options);

describe('typed cells', () => {
  it('hold numbers, booleans and lists as such, and texts of dates that exist', () => {
    const { row, otherJson, misfits, normalised } = flatten({
      resourceType: 'Patient',
      id: 'p',
      active: true,
      multipleBirthInteger: 2,
      birthDate: '1980-02',
      name: [{ given: ['Ana', 'Rosa Lu'] }],
      meta: { lastUpdated: '2024-01-02T03:04:05.678+01:00', profile: ['http://a.example', 'http://b.example;c'] },
    });
    expect(row).toMatchObject({
      active: true,
      multiple_birth_integer: 2,
      birth_date: '1980-02',
      name_given: ['Ana', 'Rosa Lu'],
      meta_last_updated: '2024-01-02T03:04:05.678+01:00',
      meta_profile: ['http://a.example', 'http://b.example;c'],
    });
    expect({ otherJson, misfits, normalised }).toEqual({ otherJson: undefined, misfits: [], normalised: [] });
  });

  it('stay null for what does not fit, which other_json keeps and the report counts', () => {
    const wrong = { active: 'true', multipleBirthInteger: 2 ** 31, birthDate: '2024-13-45', deceasedDateTime: '2024-01-01T23:59:60Z', gender: 1 };
    const { row, otherJson, misfits } = flatten({ resourceType: 'Patient', id: 'p', ...wrong });
    for (const column of ['active', 'multiple_birth_integer', 'birth_date', 'deceased_date_time', 'gender']) expect(row).not.toHaveProperty(column);
    expect(otherJson).toEqual(wrong);
    expect([...misfits].sort()).toEqual(
      Object.keys(wrong)
        .map((key) => `Patient.${key}`)
        .sort(),
    );
  });

  it('keep whole integers only, up to 32 bits', () => {
    const births = (value: JsonObject[string]) => flatten({ resourceType: 'Patient', id: 'p', multipleBirthInteger: value }).row['multiple_birth_integer'];
    expect(
      [2147483647, -2147483648, 0, 2147483648, 1.5, '3', new NumberText('-0'), new NumberText('1.0'), new NumberText('12345678901234567890')].map(births),
    ).toEqual([2147483647, -2147483648, 0, undefined, undefined, undefined, 0, undefined, undefined]);
  });

  it('keep integer64 up to 64 bits', () => {
    const size = (value: string) => flatten({ resourceType: 'DocumentReference', id: 'd', content: [{ attachment: { size: value } }] }, {}, 'r5').row;
    expect(Object.values(size('9223372036854775807'))).toContain(9223372036854775807n);
    expect(Object.values(size('9223372036854775808'))).toEqual(['d']);
  });
});

describe('decimals as doubles', () => {
  it('count numbers that are written otherwise', () => {
    for (const text of ['1.00', '1e2', '1E+2', '0.50', '-0', '0.0', '100.0e-2']) {
      const { row, otherJson, normalised } = observe(new NumberText(text));
      expect(row['value_quantity']).toBe(Number(text));
      expect({ otherJson, normalised }).toEqual({ otherJson: undefined, normalised: ['number-notation Observation.valueQuantity.value'] });
    }
  });

  it('are the nearest double beside all digits in other_json', () => {
    const digits = new NumberText('0.12345678901234567890123');
    const { row, normalised } = observe(digits);
    expect(row['value_quantity']).toBe(0.12345678901234568);
    expect(normalised).toEqual(['number-digits Observation.valueQuantity.value']);
    expect(flatten({ resourceType: 'Observation', id: 'o', valueQuantity: { value: digits } }).otherJson).toEqual({
      valueQuantity: { value: 0.12345678901234568 },
    });
  });

  it('do not take a number that no double is near to', () => {
    for (const text of ['1e400', '-1e400', '1e-400']) expect(observe(new NumberText(text))).toMatchObject({ misfits: ['Observation.valueQuantity.value'] });
    expect(observe(new NumberText('0e-400')).row['value_quantity']).toBe(0);
  });
});

describe('decimals otherwise', () => {
  it('are their own text, with all digits', () => {
    for (const decimals of ['text', 'numeric'] as const) {
      expect(observe(new NumberText('1.00'), { decimals })).toMatchObject({ row: { value_quantity: '1.00' }, normalised: [], otherJson: undefined });
      expect(observe(1.5, { decimals }).row['value_quantity']).toBe('1.5');
    }
  });

  it('fit a decimal of some digits, or stay null', () => {
    const decimals = { precision: 5, scale: 2 };
    for (const text of ['1.00', '999.99', '-999.99', '1e2', '1.2300', '0', '0.000', '12e-1'])
      expect(observe(new NumberText(text), { decimals }).row['value_quantity']).toBe(text);
    for (const text of ['1000', '0.001', '1e3', '999.995']) {
      expect(observe(new NumberText(text), { decimals })).toMatchObject({ misfits: ['Observation.valueQuantity.value'] });
    }
  });
});

describe('timestamps', () => {
  const issued = (text: string, timestamps: TypedOptions['timestamps'] = 'local') =>
    flatten({ resourceType: 'Observation', id: 'o', issued: text }, { timestamps });

  it('count zeros that the cell does not show, and keep digits beyond microseconds', () => {
    expect(issued('2024-01-01T00:00:00.000Z')).toMatchObject({ otherJson: undefined, normalised: ['time-notation Observation.issued'] });
    const fine = issued('2024-01-01T00:00:00.1234567Z');
    expect(fine).toMatchObject({ row: { issued: '2024-01-01T00:00:00.1234567Z' }, normalised: ['time-digits Observation.issued'], misfits: [] });
    expect(fine.otherJson).toEqual({ issued: '2024-01-01T00:00:00.1234567Z' });
  });

  it('in UTC need a zone', () => {
    expect(issued('2024-01-01T00:00:00', 'utc')).toMatchObject({ misfits: ['Observation.issued'], otherJson: { issued: '2024-01-01T00:00:00' } });
    expect(issued('2024-01-01T00:00:00', 'local')).toMatchObject({ misfits: [], row: { issued: '2024-01-01T00:00:00' } });
  });

  it('as text are what was written', () => {
    expect(issued('yesterday', 'text')).toMatchObject({ misfits: [], row: { issued: 'yesterday' } });
  });

  it('are labels where a column is a text', () => {
    const { row } = flatten({ resourceType: 'Observation', id: 'o', valueDateTime: 'in spring' });
    expect(row).toMatchObject({ value: 'in spring' });
    expect(row).not.toHaveProperty('value_date_time');
  });
});

describe('lists', () => {
  it('keep their items apart, with null where one is absent', () => {
    const { row, otherJson } = flatten({ resourceType: 'Patient', id: 'p', name: [{ given: ['a b', null, 'c;d'] }] });
    expect(row['name_given']).toEqual(['a b', null, 'c;d']);
    expect(otherJson).toBe(undefined);
  });

  it('are kept whole when an item does not fit', () => {
    const { row, otherJson, misfits } = flatten({ resourceType: 'Patient', id: 'p', name: [{ given: ['a', 1] }] });
    expect(row['name_given']).toEqual(['a', null]);
    expect(otherJson).toEqual({ name: [{ given: ['a', 1] }] });
    expect(misfits).toEqual(['Patient.name.given']);
  });
});
