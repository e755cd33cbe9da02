// Whatever the bytes: a record that is taken is JSON, and its tape says what JSON.parse says.

import { isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openByteLane } from '../../src/bytes/byte-lane.ts';
import { tokenKinds } from '../../src/bytes/token-words.ts';
import { loadModel } from '../../src/fhir/load-model.ts';
import { stringifyJson } from '../../src/json.ts';
import { parseLossless } from '../../src/read/parse-lossless.ts';
import { parseTaken } from '../../src/read/parse-record.ts';
import { findSharedFolder } from '../support/shared-data.ts';

const model = await loadModel('r4');
const { tape, keys, functions } = await openByteLane(model.jsonKeys());
const mostDepth = 100;

/** JSON text of a token, made from what the tape says of it and all that it holds. */
function write(token: number): string {
  const end = tape.next(token);
  const children: number[] = [];
  switch (tape.kind(token)) {
    case tokenKinds.null:
      return 'null';
    case tokenKinds.false:
      return 'false';
    case tokenKinds.true:
      return 'true';
    case tokenKinds.number:
      return tape.json(token);
    case tokenKinds.string:
      // A text that is copied as it stands is what JSON.stringify writes.
      expect(`"${tape.json(token)}"`).toBe(JSON.stringify(tape.text(token)));
      return JSON.stringify(tape.text(token));
  }
  for (let child = tape.first(token); child < end; child = tape.next(child)) children.push(child);
  if (tape.kind(token) === tokenKinds.array) return `[${children.map(write).join(',')}]`;
  expect(tape.kind(token)).toBe(tokenKinds.object);
  return `{${children.map((child) => `${JSON.stringify(keys.nameOf(tape.key(child)))}:${write(child)}`).join(',')}}`;
}

/** True when the record is taken; then it is checked. What stands around it must not matter. */
function isTaken(record: string | Uint8Array, before = '', after = ''): boolean {
  const bytes = Buffer.from(record);
  const buffer = Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);
  const start = buffer.length - bytes.length - Buffer.byteLength(after);
  const end = start + bytes.length;
  if (!tape.take(buffer, start, end, mostDepth)) return false;
  expect(isUtf8(bytes)).toBe(true);
  const value = parseLossless(bytes.toString());
  expect(write(tape.root)).toBe(stringifyJson(value));
  expect(parseTaken({ buffer, start, end, isAscii: false }, tape)).toEqual(value);
  return true;
}

const usualKeys = ['resourceType', 'id', 'status', '_status', 'valueQuantity', 'extension', 'url', 'contained', 'entry', 'div', 'linkId'];
const oddKeys = ['', 'x', '__proto__', 'st\u00e4tus', 'constructor', '1', 'a'.repeat(65536 + 6)];
const space = fc.constantFrom('', '', '', ' ', '\n', '\t\r\n', `\n${' '.repeat(14)}`, `\n${' '.repeat(40)}`);
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.integer().map(String),
  fc.constantFrom(
    '0',
    '-0',
    '0.0',
    '1.00',
    '0.000001',
    '0.0000001',
    '1e3',
    '1E+3',
    '-1.5e-7',
    '12345678901234567890',
    '999999999999999',
    '0.1',
    '10.10',
    '123456789.123456',
  ),
);
const plainText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\u00fc', '"', '\\', '\n\t', '\u2028', '\u007f', 'a'.repeat(100), '\u{1f600}'),
);

/** A string, some characters as escapes that JSON.stringify would not write. */
const stringText = fc.tuple(plainText, fc.array(fc.nat({ max: 5 }), { minLength: 1 })).map(([text, kinds]) => {
  const units = [...Array(text.length).keys()].map((index) => {
    const unit = text.charAt(index);
    const hex = text.charCodeAt(index).toString(16).padStart(4, '0');
    switch (kinds[index % kinds.length]) {
      case 0:
        return `\\u${hex}`;
      case 1:
        return `\\u${hex.toUpperCase()}`;
      case 2:
        return unit === '/' ? '\\/' : undefined;
      default:
        return undefined;
    }
  });
  // The halves of a character are both escaped or none.
  const isHalf = (index: number) => /[\ud800-\udbff]/.test(text.charAt(index)) && /[\udc00-\udfff]/.test(text.charAt(index + 1));
  let written = '';
  for (let index = 0; index < text.length; index++) {
    const pair = isHalf(index) && (units[index] === undefined) !== (units[index + 1] === undefined);
    written += pair
      ? text.slice(index, index + 2)
      : (units[index] ?? (isHalf(index) ? text.slice(index, index + 2) : JSON.stringify(text.charAt(index)).slice(1, -1)));
    if (pair || (isHalf(index) && units[index] === undefined)) index++;
  }
  return `"${written}"`;
});

/** Text of a value that may be taken, if no odd key stands in it. */
function jsonText(key: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const { value } = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.oneof(
        number,
        fc.constantFrom('true', 'false', 'null'),
        plainText.map((text) => JSON.stringify(text)),
        stringText,
      ),
      fc.tuple(fc.array(fc.tuple(space, tie('value'), space)), space).map(([items, inner]) => `[${items.map((parts) => parts.join('')).join(',') || inner}]`),
      fc
        .tuple(fc.uniqueArray(fc.tuple(key, space, tie('value'), space), { selector: ([name]) => name }), space)
        .map(([members, inner]) => `{${members.map(([name, a, text, b]) => `${a}${JSON.stringify(name)}${b}:${a}${text}${b}`).join(',') || inner}}`),
    ),
  }));
  return value;
}

const usualText = jsonText(fc.constantFrom(...usualKeys));
/** Control characters without a letter of their own, and halves of characters, have no other form than an escape. */
const isEscaped = (text: string): boolean => JSON.stringify(JSON.parse(text)).includes('\\u');

describe('a record', () => {
  it('that is written as FHIR is has a tape', () => {
    const taken = fc.tuple(usualText, fc.string(), fc.string()).filter(([text]) => !isEscaped(text));
    fc.assert(
      fc.property(taken, ([text, before, after]) => {
        expect(isTaken(`[${text}]`, before, after)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('with any other keys is taken or not, but never otherwise than it is written', () => {
    const odd = jsonText(fc.constantFrom(...usualKeys, ...oddKeys));
    fc.assert(
      fc.property(odd, (text) => void isTaken(text)),
      { numRuns: 500 },
    );
  });

  it('that is damaged is taken only where it is JSON all the same', () => {
    const change = fc.record({ at: fc.nat(), byte: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...Buffer.from('"\\{}[],:0-.eEtnu \n'))) });
    fc.assert(
      fc.property(usualText, fc.array(change, { minLength: 1, maxLength: 3 }), fc.constantFrom('set', 'insert', 'cut', 'remove'), (text, changes, kind) => {
        let bytes = Buffer.from(text);
        for (const { at, byte } of changes) {
          const index = at % bytes.length;
          if (kind === 'set') bytes[index] = byte;
          else if (kind === 'insert') bytes = Buffer.concat([bytes.subarray(0, index), Buffer.from([byte]), bytes.subarray(index)]);
          else if (kind === 'remove' && bytes.length > 1) bytes = Buffer.concat([bytes.subarray(0, index), bytes.subarray(index + 1)]);
          else if (index > 0) bytes = bytes.subarray(0, index);
        }
        isTaken(bytes);
        // What stands behind it must not complete it.
        isTaken(bytes, '', text);
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ['has a fault', '{"id":1,}'],
    ['has a fault', '[1,]'],
    ['has a fault', '{"id" "a"}'],
    ['has a fault', '{"id":tru}'],
    ['has a fault', '{"id":01}'],
    ['has a fault', '{"id":1.}'],
    ['has a fault', '{"id":.5}'],
    ['has a fault', '{"id":1e}'],
    ['has a fault', '{"id":+1}'],
    ['has a fault', '{"id":"a\nb"}'],
    ['has a fault', '{"id":"a'],
    ['has a fault', '{"id":"\\x"}'],
    ['has a byte order mark', '\ufeff{"id":"a"}'],
    ['has an escape without its digits', '{"id":"\\u004"}'],
    ['has an escape without its digits', '{"id":"\\u00g1"}'],
    ['has half a character', '{"id":"\\ud83d"}'],
    ['has half a character', '{"id":"\\ude00"}'],
    ['has half a character', '{"id":"\\ud83d\\ud83d"}'],
    ['has half a character', '{"id":"\\ud83da\\ude00"}'],
    ['has a control character', '{"id":"\\u0000"}'],
    ['has a key that FHIR does not have', '{"ids":"a"}'],
    ['has a key that FHIR does not have', '{"__proto__":"a"}'],
    ['has an empty key', '{"":"a"}'],
    ['has a key that is written with an escape', '{"\\u0069d":"a"}'],
    ['has a key twice', '{"id":"a","status":1,"id":"a"}'],
    ['is deeper than the limit', `${'['.repeat(mostDepth + 1)}${']'.repeat(mostDepth + 1)}`],
    ['has white space around it', ' {"id":"a"}'],
    ['has white space around it', '{"id":"a"} '],
    ['is empty', ''],
    ['has more values than there is room for', `[${'1,'.repeat(1024 * 1024)}1]`],
  ])('that %s is refused', (_, record) => {
    expect(isTaken(record)).toBe(false);
  });

  it.each([
    [[0xc3]],
    [[0xc0, 0x80]],
    [[0xe0, 0x80, 0x80]],
    [[0xed, 0xa0, 0x80]],
    [[0xf0, 0x80, 0x80, 0x80]],
    [[0xf4, 0x90, 0x80, 0x80]],
    [[0xff]],
    [[0x80]],
    [[0xe2, 0x82]],
  ])('with bytes that are no UTF-8 is refused: %j', (bytes) => {
    const quoted = Buffer.concat([Buffer.from('"'), Buffer.from(bytes), Buffer.from('"')]);
    expect(isUtf8(quoted)).toBe(false);
    expect(isTaken(quoted)).toBe(false);
    expect(isTaken(Buffer.concat([Buffer.from(`"${'a'.repeat(20)}`), Buffer.from(bytes), Buffer.from(`${'a'.repeat(20)}"`)]))).toBe(false);
  });

  it('as deep as the limit is taken', () => {
    expect(isTaken(`${'['.repeat(mostDepth)}${']'.repeat(mostDepth)}`)).toBe(true);
    const depth = 500;
    expect(tape.take(Buffer.from(`${'{"extension":['.repeat(depth / 2)}${']}'.repeat(depth / 2)}`), 0, 8 * depth, 5000)).toBe(true);
  });

  it('whose strings have other escapes than JSON.stringify writes is taken', () => {
    expect(
      isTaken('{"div":"\\u003cdiv\\u003e\\u0026\\u0022\\u005c\\u000a\\u0009\\/\\/\\u00FC\\u20ac\\ud83d\\uDE00\\u007f\\u2028\\n\\"","id":"a"}', 'x', 'y'),
    ).toBe(true);
    expect(tape.text(tape.member(tape.root, keys.numberOf('div')))).toBe('<div>&"\\\n\t//\u00fc\u20ac\u{1f600}\u007f\u2028\n"');
    // Whoever reads the bytes in the module's memory finds the same record.
    expect(JSON.parse(tape.json(tape.root))).toMatchObject({ id: 'a' });
    expect(isTaken('{"\\u0069d":"a"}')).toBe(false);
  });

  it('with every key of the version is taken', () => {
    const names = [...model.jsonKeys()].flatMap((key) => [key, `_${key}`]);
    expect(names.length).toBeGreaterThan(1000);
    expect(isTaken(`{${names.map((name) => `"${name}":0`).join(',')}}`)).toBe(true);
    for (const name of names) expect(keys.nameOf(keys.numberOf(name))).toBe(name);
    expect(keys.numberOf('ids')).toBe(0);
    expect(keys.numberOf('_ids')).toBe(0);
  });

  it('finds its end by itself, as far as its bytes are there', () => {
    const record = '{"id":"a","name":[{"family":"b"}]}';
    const buffer = Buffer.from(`  ${record},{"id"`);
    expect(tape.takeNext(buffer, 2, mostDepth)).toBe(2 + record.length);
    expect(write(tape.root)).toBe(record);
    expect(tape.takeNext(buffer, 3 + record.length, mostDepth)).toBe(-1);
    expect(tape.takeNext(buffer, buffer.length, mostDepth)).toBe(-1);
  });
});

describe('a record at hand', () => {
  it.each([
    ['', ''],
    ['{"id":"before"}', ',{"id":"after"}'],
  ])('has the hash of its bytes, whatever stands around it (%s)', (before, after) => {
    for (const record of ['{}', '{"id":"a"}', '{"id":"b"}', `{"id":"${'c'.repeat(5000)}"}`]) {
      const buffer = Buffer.from(`${before}${record}${after}`);
      const bytes = Buffer.from(record);
      expect(tape.takeNext(buffer, before.length, mostDepth)).toBe(before.length + record.length);
      const atEnd = tape.hashTaken();
      expect(tape.take(buffer, before.length, before.length + record.length, mostDepth)).toBe(true);
      expect([atEnd, tape.hashTaken()]).toEqual([tape.hash(bytes), tape.hash(bytes)]);
    }
  });

  it('has no hash of its own where its escapes were written anew', () => {
    const record = Buffer.from('{"id":"\\u0041"}');
    expect(tape.take(record, 0, record.length, mostDepth)).toBe(true);
    expect(functions.hasRewritten()).not.toBe(0);
    expect(tape.hashTaken()).toBeUndefined();
  });
});

describe('bytes that were placed', () => {
  it('are placed again after the arena was reset', () => {
    const buffer = Buffer.from('{"id":"a"}{"id":"b"}');
    expect(tape.takeNext(buffer, 0, mostDepth)).toBe(10);
    functions.resetArena();
    const other = functions.allocateArena(64);
    new Uint8Array(functions.memory.buffer, other, 64).fill(0);
    expect(tape.takeNext(buffer, 10, mostDepth)).toBe(20);
    expect(write(tape.root)).toBe('{"id":"b"}');
    expect(new Uint8Array(functions.memory.buffer, other, 64).every((byte) => byte === 0)).toBe(true);
    functions.resetArena();
  });

  it('stay while something was allocated after them, and are given up else', () => {
    functions.resetArena();
    const take = (text: string) => tape.take(Buffer.from(text), 0, text.length, mostDepth);
    expect(take('{"id":"first"}')).toBe(true);
    const first = tape.member(tape.root, keys.numberOf('id'));
    const [start, end] = [tape.start(first), tape.end(first)];
    const byteCount = functions.arenaByteCount();
    expect(take('{"id":"other"}')).toBe(true);
    expect(functions.arenaByteCount()).toBe(byteCount);
    functions.allocateArena(8);
    expect(take('{"id":"third"}')).toBe(true);
    expect(functions.arenaByteCount()).toBeGreaterThan(byteCount);
    expect(Buffer.from(functions.memory.buffer, start, end - start).toString()).toBe('other');
    functions.resetArena();
  });

  it('are read in parts where there are many of them', () => {
    const record = `{"div":"${'a'.repeat(700 * 1024)}"}`;
    const buffer = Buffer.from(record.repeat(30));
    for (let start = 0; start < buffer.length; start += record.length) expect(tape.takeNext(buffer, start, mostDepth)).toBe(start + record.length);
    expect(functions.arenaByteCount()).toBeLessThan(9 * 1024 * 1024);
  });

  it('are refused where there is no room for them', () => {
    expect(tape.take(Buffer.alloc(100 * 1024 * 1024, '"'), 0, 100 * 1024 * 1024, mostDepth)).toBe(false);
    expect(isTaken('{"id":"a"}')).toBe(true);
  });
});

const suite = findSharedFolder('data/json-test-suite/test_parsing');
describe.runIf(suite !== undefined)('JSONTestSuite', () => {
  const names = suite === undefined ? [] : readdirSync(suite).filter((name) => name.endsWith('.json'));
  it.each(names)('%s', (name) => {
    const bytes = readFileSync(join(suite as string, name));
    const isJson = isTaken(bytes);
    if (name.startsWith('n_')) expect(isJson).toBe(false);
    isTaken(bytes, '[', ']');
    isTaken(Buffer.concat([Buffer.from('{"id":'), bytes, Buffer.from('}')]));
  });
});

describe('resources of', () => {
  for (const name of ['data/bulk-ndjson', 'data/hl7-r4-examples']) {
    const folder = findSharedFolder(name) ?? '';
    it.skipIf(folder === '')(`${name} are taken`, () => {
      let takenCount = 0;
      let count = 0;
      for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(nd)?json$/.test(name))) {
        const content = readFileSync(join(folder, path), 'utf8');
        const records = path.endsWith('.ndjson') ? content.split('\n').slice(0, 500) : [content];
        for (const record of records) {
          if (record.trim() === '') continue;
          count++;
          if (isTaken(record.trim())) takenCount++;
        }
      }
      expect(count).toBeGreaterThan(0);
      expect(takenCount / count).toBeGreaterThan(0.95);
    });
  }
});
