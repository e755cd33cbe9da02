import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonValue, NumberText, stringifyJson } from '../../src/json.ts';
import { readNumber } from '../../src/read/check-number.ts';
import { isBalanced, locateJsonFault } from '../../src/read/locate-json-fault.ts';
import { parseLossless } from '../../src/read/parse-lossless.ts';
import { read } from './read-all.ts';

const digits = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 22 }).map((list) => list.join(''));
const numberText = fc
  .tuple(fc.constantFrom('', '-'), digits, fc.option(digits), fc.option(fc.tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), fc.nat(30))))
  .map(
    ([sign, whole, fraction, exponent]) =>
      `${sign}${whole.replace(/^0+(?=.)/, '')}${fraction === null ? '' : `.${fraction}`}${exponent === null ? '' : exponent.join('')}`,
  );

const white = fc.constantFrom('', ' ', '\n', '\r\n\t ');
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom('\ufdd0', '\ufdd0\ufdd01', '__proto__', 'constructor', '"', '\\', '\\"', '{"[', ']}', '\u2028'),
);

/** JSON text with white space anywhere, escapes and numbers as people write them. */
const { value: jsonText } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(
      numberText,
      fc.constantFrom('true', 'false', 'null'),
      text.map(writeString),
      fc.tuple(text, fc.nat(3)).map(([string]) => escapeAll(string)),
    ),
    fc.tuple(fc.array(fc.tuple(white, tie('value'), white)), white).map(([items, space]) => `[${items.map((parts) => parts.join('')).join(',') || space}]`),
    fc
      .tuple(fc.array(fc.tuple(white, text.map(writeString), white, fc.constant(':'), white, tie('value'), white)), white)
      .map(([members, space]) => `{${members.map((parts) => parts.join('')).join(',') || space}}`),
  ),
}));

function writeString(string: string): string {
  // Lone surrogates cannot stand in UTF-8 but as escapes: JSON.stringify writes them so.
  return JSON.stringify(string);
}

function escapeAll(string: string): string {
  return `"${[...Array(string.length).keys()].map((index) => `\\u${string.charCodeAt(index).toString(16).padStart(4, '0')}`).join('')}"`;
}

const resource = fc.tuple(jsonText, white, fc.boolean()).map(([extra, space, isTypeFirst]) => {
  const type = `"resourceType":${space}"Basic"`;
  const other = `"x"${space}:${extra}`;
  return `{${isTypeFirst ? `${type},${other}` : `${other}${space},${type}`}${space}}`;
});

/** The values as JSON.parse gives them: each NumberText as its number. */
function toNumbers(value: JsonValue): unknown {
  if (value instanceof NumberText) return Number(value.text);
  if (Array.isArray(value)) return value.map(toNumbers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).map(([key, item]) => [key, toNumbers(item)]);
}

/** As the scanner finds it, with something before and after it. */
function isReproduced(number: string): boolean {
  const end = readNumber(Buffer.from(`7${number},1`), 1, number.length + 3);
  expect(Math.abs(end)).toBe(number.length + 1);
  return end > 0;
}

const plain = (json: string) => toNumbers(JSON.parse(json) as JsonValue);

describe('whatever the input', () => {
  it('a Bundle gives the resources that JSON.parse gives, in chunks of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(resource, white), { maxLength: 5 }),
        fc.boolean(),
        jsonText,
        fc.integer({ min: 1, max: 50 }),
        white,
        async (list, isEntryFirst, extra, chunkBytes, space) => {
          const entries = `"entry"${space}:${space}[${list.map(([body, around]) => `${around}{"resource":${around}${body}}${around}`).join(',')}]`;
          const rest = `"resourceType":${space}"Bundle"${space},"other":${extra}`;
          const bundle = `${space}{${space}${isEntryFirst ? `${entries},${rest}` : `${rest},${entries}`}${space}}${space}`;
          const { records, codes } = await read(bundle, { chunkBytes });
          expect(codes).toEqual([]);
          expect(records.map((record) => toNumbers(record.resource))).toEqual(list.map(([body]) => plain(body)));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('NDJSON and arrays give the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(resource, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 50 }), async (list, chunkBytes) => {
        const expected = list.map(plain);
        const array = await read(`[${list.join(' ,\n')}]`, { chunkBytes });
        expect([array.codes, array.records.map((record) => toNumbers(record.resource))]).toEqual([[], expected]);
        const lines = await read(list.map((body) => body.replace(/[\r\n]/g, ' ')).join('\r\n\n'), { chunkBytes });
        expect([lines.codes, lines.records.map((record) => toNumbers(record.resource))]).toEqual([[], expected]);
      }),
      { numRuns: 200 },
    );
  });

  it('the text of numbers survives, and hasNumberText says when that matters', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(numberText, { minLength: 1 }), fc.integer({ min: 1, max: 9 }), async (numbers, chunkBytes) => {
        const body = `{"resourceType":"Basic","n":[${numbers.join(',')}]}`;
        const { records } = await read(`{"resourceType":"Bundle","entry":[{"resource":${body}}]}`, { chunkBytes });
        expect(records[0]?.json).toBe(body);
        expect(records[0]?.hasNumberText).toBe(numbers.some((number) => String(Number(number)) !== number));
      }),
    );
  });

  it('a number is found to be reproduced exactly when it is', () => {
    fc.assert(
      fc.property(numberText, (number) => isReproduced(number) === (String(Number(number)) === number)),
      { numRuns: 3000 },
    );
    for (const number of [
      '0',
      '-0',
      '0.0',
      '1.0',
      '0.000001',
      '0.0000001',
      '-0.000001',
      '123456789012345',
      '9007199254740993',
      '1e3',
      '1E3',
      '100',
      '10.01',
      '-71.10439383238815',
      '0.5',
      '0.05',
      '00.5',
      '-0.0',
      '0.50',
      '12345678901234.5',
      '123456789012345.6',
      '1.',
      '.5',
      '-',
      '01',
    ]) {
      expect(isReproduced(number), number).toBe(String(Number(number)) === number);
    }
  });

  it('parseLossless gives what JSON.parse gives, or fails where it fails', () => {
    fc.assert(
      fc.property(jsonText, fc.nat(), fc.constantFrom('', '"', ',', '1', '0', '.', ':', '}', '\\', 'e', '-', ' '), (json, place, insert) => {
        const index = place % (json.length + 1);
        const mutated = insert === '' ? json : json.slice(0, index) + insert + json.slice(index);
        let expected: unknown;
        try {
          expected = plain(mutated);
        } catch {
          expect(() => parseLossless(mutated)).toThrow(SyntaxError);
          expect(locateJsonFault(mutated)).toBeDefined();
          return;
        }
        expect(toNumbers(parseLossless(mutated))).toEqual(expected);
        expect(locateJsonFault(mutated)).toBeUndefined();
        expect(isBalanced(mutated)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('__proto__ is a key like any other, with numbers kept as text', () => {
    const json = '{"__proto__":1.0,"constructor":{"__proto__":[2.50]},"toString":1e5}';
    const value = parseLossless(json);
    expect(stringifyJson(value)).toBe(json);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it('no bytes make it throw, or read without an end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('', '{', '[', '{"resourceType":"Bundle","entry":[', '\x1f\x8b\x08\0\0\0\0\0\0\0', 'PK\x03\x04', '\xff\xfe', '{"entry":[{'),
        async (bytes, prefix) => {
          const { codes } = await read(Buffer.concat([Buffer.from(prefix, 'latin1'), bytes]), { chunkBytes: 16 });
          expect(codes.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 500 },
    );
  });
});
