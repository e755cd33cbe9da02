// Expressions and patients made at random. The generator knows types, so that most of what it makes means something.

import fc from 'fast-check';
import type { JsonObject } from '../../src/json.ts';

const words = fc.constantFrom('Ada', 'ada', 'Beth', 'official', 'usual', 'phone', 'email', '', 'A b', '1980', 'true', '12');
const texts = words.map((word) => `'${word}'`);
const whole = fc.integer({ min: -3, max: 12 });
const dates = fc.constantFrom('1980', '1980-02', '1980-02-29', '2001-01-01', '1979-12-31');

export const patients: fc.Arbitrary<JsonObject> = fc
  .record(
    {
      active: fc.boolean(),
      gender: fc.constantFrom('male', 'female'),
      _gender: fc.constant({ extension: [{ url: 'http://example.org/e', valueString: 'x' }] }),
      birthDate: dates,
      deceasedBoolean: fc.boolean(),
      multipleBirthInteger: fc.integer({ min: 0, max: 5 }),
      name: fc.array(
        fc.record(
          {
            use: fc.constantFrom('official', 'usual'),
            family: words.filter((word) => word !== ''),
            given: fc.array(
              words.filter((word) => word !== ''),
              { minLength: 1, maxLength: 3 },
            ),
            period: fc.record({ start: dates }),
          },
          { requiredKeys: [] },
        ),
        { minLength: 1, maxLength: 3 },
      ),
      telecom: fc.array(
        fc.record(
          { system: fc.constantFrom('phone', 'email'), value: words.filter((word) => word !== ''), rank: fc.integer({ min: 1, max: 4 }) },
          { requiredKeys: [] },
        ),
        {
          minLength: 1,
          maxLength: 3,
        },
      ),
      extension: fc.constant([
        { url: 'http://example.org/a', valueDecimal: 1.5 },
        { url: 'http://example.org/b', valueCode: 'c' },
      ]),
    },
    { requiredKeys: [] },
  )
  .map((patient) => ({ resourceType: 'Patient', id: 'p', ...patient }) as unknown as JsonObject);

interface Made {
  readonly one: fc.Arbitrary<string>;
  readonly many: fc.Arbitrary<string>;
  readonly bool: fc.Arbitrary<string>;
  readonly num: fc.Arbitrary<string>;
}

/** `one`: a string or none; `many`: strings; `bool` and `num`: one of them or none. */
export const made = fc.letrec<Record<keyof Made, string>>((tie) => ({
  many: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('name.given', 'name.family', 'name.use', 'telecom.value', 'telecom.system', 'extension.url', 'extension.value.ofType(string)'),
    tie('bool').map((criterion) => `name.where(${criterion.replaceAll(/(?<!resource\.)\bname\./g, '%resource.name.')}).given`),
    fc.tuple(tie('many'), tie('many')).map(([a, b]) => `(${a} | ${b})`),
    fc.tuple(tie('many'), tie('many')).map(([a, b]) => `${a}.combine(${b})`),
    fc.tuple(tie('many'), fc.integer({ min: 0, max: 3 })).map(([a, n]) => `${a}.skip(${n})`),
    fc.tuple(tie('many'), fc.integer({ min: 0, max: 3 })).map(([a, n]) => `${a}.take(${n})`),
    tie('many').map((a) => `${a}.tail()`),
    tie('many').map((a) => `${a}.select($this & '-' & $index.toString())`),
    tie('many').map((a) => `${a}.where($this.length() > 3)`),
  ),
  one: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    texts,
    fc.constant('gender'),
    fc.tuple(tie('many'), fc.constantFrom('first()', 'last()', 'skip(1).first()')).map(([a, part]) => `${a}.${part}`),
    fc.tuple(tie('many'), fc.integer({ min: 0, max: 3 })).map(([a, n]) => `${a}[${n}]`),
    tie('many').map((a) => `${a}.join(',')`),
    fc.tuple(tie('one'), tie('one')).map(([a, b]) => `(${a} & ${b})`),
    fc.tuple(tie('one'), tie('one')).map(([a, b]) => `(${a} + ${b})`),
    fc.tuple(tie('one'), fc.constantFrom('upper()', 'lower()', 'trim()', "replace('a', 'o')")).map(([a, f]) => `${a}.${f}`),
    fc.tuple(tie('one'), fc.integer({ min: 0, max: 4 })).map(([a, n]) => `${a}.substring(${n}, 2)`),
    fc.tuple(tie('bool'), tie('one'), tie('one')).map(([c, a, b]) => `iif(${c}, ${a}, ${b})`),
    tie('num').map((n) => `${n}.toString()`),
  ),
  num: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    whole.map((n) => (n < 0 ? `(${n})` : String(n))),
    fc.constantFrom(
      '1.5',
      '0.1',
      '2.50',
      'multipleBirth.ofType(integer)',
      'telecom.rank.first()',
      "extension('http://example.org/a').value.ofType(decimal).first()",
    ),
    tie('many').map((a) => `${a}.count()`),
    tie('one').map((a) => `${a}.length()`),
    tie('one').map((a) => `${a}.toInteger()`),
    fc.tuple(tie('num'), fc.constantFrom('+', '-', '*', '/', 'div', 'mod'), tie('num')).map(([a, operator, b]) => `(${a} ${operator} ${b})`),
    fc.tuple(tie('one'), tie('one')).map(([a, b]) => `${a}.indexOf(${b})`),
  ),
  bool: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(
      'active',
      'true',
      'false',
      'deceased.ofType(boolean)',
      'deceased.exists()',
      'gender.exists()',
      '(deceased is boolean)',
      'birthDate.exists()',
    ),
    fc.tuple(tie('one'), fc.constantFrom('=', '!=', '~', '!~', '<', '>=', '>', '<='), tie('one')).map(([a, operator, b]) => `(${a} ${operator} ${b})`),
    fc.tuple(tie('num'), fc.constantFrom('=', '!=', '<', '>=', '>', '<='), tie('num')).map(([a, operator, b]) => `(${a} ${operator} ${b})`),
    fc.tuple(tie('bool'), fc.constantFrom('and', 'or', 'xor', 'implies'), tie('bool')).map(([a, operator, b]) => `(${a} ${operator} ${b})`),
    fc.tuple(tie('many'), fc.constantFrom('=', '!='), tie('many')).map(([a, operator, b]) => `(${a} ${operator} ${b})`),
    fc.tuple(tie('one'), tie('many')).map(([a, b]) => `(${a} in ${b})`),
    fc.tuple(tie('many'), tie('one')).map(([a, b]) => `(${a} contains ${b})`),
    tie('many').map((a) => `${a}.exists()`),
    tie('many').map((a) => `${a}.empty()`),
    tie('many').map((a) => `${a}.exists($this = 'Ada')`),
    tie('many').map((a) => `${a}.all($this.length() > 2)`),
    tie('bool').map((a) => `${a}.not()`),
    fc.tuple(tie('one'), fc.constantFrom('startsWith', 'endsWith', 'contains'), tie('one')).map(([a, f, b]) => `${a}.${f}(${b})`),
    fc
      .tuple(fc.constantFrom('birthDate', 'name.period.start.first()'), fc.constantFrom('=', '!=', '<', '<=', '>', '>='), dates)
      .map(([a, operator, b]) => `(${a} ${operator} @${b})`),
    tie('one').map((a) => `${a}.toBoolean()`),
  ),
}));
