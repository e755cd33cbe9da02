// Numbers whose text a double does not reproduce: the scanner notes where they begin, the parse keeps them as written.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringifyJson } from '../../src/json.ts';
import { parseLossless, parseLosslessAt } from '../../src/read/parse-lossless.ts';
import { documentReader } from '../../src/read/read-document.ts';
import { ndjsonReader } from '../../src/read/read-ndjson.ts';
import { ValueScanner } from '../../src/read/scan-value.ts';
import { readCut } from './read-all.ts';

function scanWhole(text: string): ValueScanner {
  const scanner = new ValueScanner();
  scanner.begin();
  const bytes = Buffer.from(text);
  expect(scanner.scan(bytes, 0, bytes.length)).toBe(bytes.length);
  return scanner;
}

const resource = '{"resourceType":"Basic","a":[1.00,2,-0,{"b":1e3 ,"c":"3.00"}],"d":12345678901234567890,"e":-0.50\n,"f":"\\"4.00","g":5.5,"h":[6.00]}';

describe('odd numbers', () => {
  it('are noted where they begin, and the other numbers are not', () => {
    const scanner = scanWhole(resource);
    const odd = ['1.00', '-0,', '1e3', '12345678901234567890', '-0.50', '6.00'].map((token) => resource.indexOf(token));
    expect(scanner.hasOddNumber).toBe(true);
    expect(scanner.oddNumbers).toEqual(odd);
    expect(scanWhole('{"a":[1,2.5,"3.0"]}').hasOddNumber).toBe(false);
    expect(scanWhole('{"a":[1,2.5,"3.0"]}').oddNumbers).toEqual([]);
  });

  it('are noted from the first byte of the value when it comes in pieces, and not listed when one is cut', () => {
    const bytes = Buffer.from(resource);
    const whole = scanWhole(resource).oddNumbers;
    for (let cut = 1; cut < bytes.length; cut++) {
      const scanner = new ValueScanner();
      scanner.begin();
      // The second piece lies at another place of another buffer.
      expect(scanner.scan(bytes, 0, cut)).toBe(-1);
      expect(scanner.scan(Buffer.concat([Buffer.alloc(7), bytes.subarray(cut)]), 7, 7 + bytes.length - cut)).toBe(7 + bytes.length - cut);
      expect(scanner.hasOddNumber).toBe(true);
      const isInNumber = /[-+.\deE]/.test(resource[cut - 1] as string) && !scanner.oddNumbers;
      if (!isInNumber) expect(scanner.oddNumbers, `cut at ${cut}`).toEqual(whole);
    }
  });

  it.each([
    ['in ASCII', resource],
    ['after characters of several bytes', resource.replace('"c"', '"é€😀"')],
    ['beside the marks they are found by', resource.replace('"c":', '"\\u0080":"\\u00801.0","\\ufdd0\\u0080":"\\ufdd02.0","c":')],
    ['beside a mark that is no escape', resource.replace('"c":', '"\ufdd0":"\ufdd01.0","c":')],
  ])('keep their text wherever the chunks end: %s', async (_, body) => {
    const json = body.replace(/\\u(....)/g, (_escape, code) => String.fromCharCode(Number.parseInt(code, 16))).replace(/[ \n]/g, '');
    const bundle = `{"resourceType":"Bundle","total":3.0,"entry":[{"resource":${body}} , {"resource":${body}}]}`;
    const line = body.replace('\n', ' ');
    for (let cut = 1; cut < Buffer.byteLength(bundle); cut++) {
      const { records, codes } = await readCut(documentReader, bundle, [cut]);
      expect(codes).toEqual([]);
      expect(records.map((record) => record.json)).toEqual([json, json]);
    }
    for (let cut = 1; cut < Buffer.byteLength(line); cut++) {
      const { records } = await readCut(ndjsonReader, `${line}\n${line}`, [cut]);
      expect(records.map((record) => record.json)).toEqual([json, json]);
    }
  });

  it('that are too many to be listed keep their text all the same', async () => {
    const text = `{"resourceType":"Basic","n":[${'1.0,'.repeat(70_000)}2.0]}`;
    expect(scanWhole(text).oddNumbers).toBeUndefined();
    const { records } = await readCut(documentReader, text, []);
    expect(records[0]?.json).toBe(text);
  });

  it('of duplicate keys are gone where JSON.parse drops them', () => {
    const text = '{"a":1.0,"b":[{"c":2.0}],"a":3,"b":4.0}';
    expect(stringifyJson(parseLosslessAt(text, scanWhole(text).oddNumbers ?? []))).toBe('{"a":3,"b":4.0}');
  });

  it('give the same whether they were noted or looked for, and fail the same', () => {
    const token = fc.constantFrom('1.0', '1', '-0', '1e5', '.5', '.50', '5.', '01', '-', '1.0/', '+1.0', '1.0.0', 'e1.0', '"1.0"', '"\\u00801.0"', 'null');
    const part = fc.oneof(token, fc.constantFrom('{"a":', '}', '[', ']', ',', ' ', ':', '"', '\\'));
    const attempt = (parse: () => unknown) => {
      try {
        return JSON.stringify(parse());
      } catch {
        return 'fails';
      }
    };
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            token,
            token.map((item) => `[${item},{"k":${item}}]`),
          ),
        ),
        fc.array(part),
        fc.boolean(),
        (items, parts, isSound) => {
          const text = `[${isSound ? items.join(',') : [...items, ...parts].join('')}]`;
          const scanner = new ValueScanner();
          scanner.begin();
          const bytes = Buffer.from(text);
          scanner.scan(bytes, 0, bytes.length);
          const { oddNumbers } = scanner;
          if (oddNumbers !== undefined) expect(attempt(() => parseLosslessAt(text, oddNumbers))).toBe(attempt(() => parseLossless(text)));
        },
      ),
      { numRuns: 2000 },
    );
  });
});
