// https://github.com/nst/JSONTestSuite through the command: as files that are no FHIR, and as a value in a resource.
// y_ is JSON, n_ is not, i_ may be either.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { makeFolder, type Outcome, readFolder, runCommand } from '../support/run-command.ts';
import { findSharedFolder } from '../support/shared-data.ts';

const suite = findSharedFolder('data/json-test-suite/test_parsing');
const names = suite === undefined ? [] : readdirSync(suite).filter((name) => name.endsWith('.json'));
const contentOf = (name: string): Buffer => readFileSync(join(suite as string, name));

const good = '{"resourceType":"Patient","id":"good"}';

/** One file each, with the content of a test as the value of an element that FHIR does not know. */
function embedded(prefix: string): Record<string, Uint8Array> {
  const chosen = names.filter((name) => name.startsWith(prefix));
  const files = chosen.map((name) => [
    name,
    Buffer.concat([Buffer.from(`{"resourceType":"Basic","id":"${name}","extra":`), contentOf(name), Buffer.from('}')]),
  ]);
  return Object.fromEntries(files);
}

/** Fails when a message shows a stack trace, or a word of the input. */
function checkMessages({ stderr }: Outcome, inputNames: readonly string[]): void {
  expect(stderr).not.toMatch(/\n\s+at |internal error/);
  const messages = stderr.replace(/\S+\.json\S*/g, '');
  const words = new Set(
    inputNames.flatMap(
      (name) =>
        contentOf(name)
          .toString('latin1')
          .match(/[A-Za-z]{3,}/g) ?? [],
    ),
  );
  // Words of JSON and of the messages themselves.
  for (const word of [
    'false',
    'true',
    'null',
    'not',
    'the',
    'comma',
    'string',
    'unexpected',
    'key',
    'object',
    'array',
    'and',
    'value',
    'with',
    'after',
    'number',
  ])
    words.delete(word);
  for (const word of words) expect(messages, `the word ${word}`).not.toMatch(new RegExp(`\\b${word}\\b`));
}

const rowsOf = (path: string): Record<string, string>[] => parse(readFileSync(path), { columns: true });

describe.skipIf(suite === undefined)('JSONTestSuite', () => {
  it('holds nothing to convert: all files at once', async () => {
    const cwd = makeFolder();
    const outcome = await runCommand([suite as string, '-o', 'out'], { cwd });
    expect(outcome.exitCode).toBe(1);
    checkMessages(outcome, names);
    expect(outcome.stderr).toMatch(/nothing (to convert|published)/);
    expect(readFolder(cwd)).toEqual({});
  });

  it.each([
    ['y_structure_whitespace_array.json', /no FHIR JSON \(JSON without resourceType\)/],
    ['y_object_duplicated_key_and_value.json', /no FHIR JSON \(JSON without resourceType\)/],
    ['y_structure_lonely_string.json', /no FHIR JSON/],
    ['n_structure_100000_opening_arrays.json', /not JSON from here on: unexpected end of text/],
    ['n_structure_open_array_object.json', /not JSON from here on: unexpected end of text/],
    ['n_object_trailing_comma.json', /not JSON: expected a key in quotes after the comma/],
    ['n_array_unclosed.json', /not JSON from here on: unexpected end of text/],
    ['n_object_bad_value.json', /not JSON: unexpected character/],
    ['n_string_unescaped_tab.json', /not JSON: control character in a string/],
    ['n_structure_null-byte-outside-string.json', /not JSON|no FHIR JSON \(binary data\)/],
    ['n_structure_single_star.json', /text that is not JSON/],
    ['n_structure_no_data.json', /the file is empty/],
    ['i_string_UTF-16LE_with_BOM.json', /no FHIR JSON/],
    ['i_structure_500_nested_arrays.json', /nested deeper|no FHIR JSON/],
  ])('%s alone fails with a word about it', async (name, message) => {
    const cwd = makeFolder();
    const outcome = await runCommand([join(suite as string, name), '-o', 'out'], { cwd });
    expect(outcome.exitCode, outcome.stderr).toBe(1);
    expect(outcome.stderr).toMatch(message);
    checkMessages(outcome, [name]);
    expect(readFolder(cwd)).toEqual({});
  });

  it('keeps what is JSON as the value of an unknown element', async () => {
    const files = embedded('y_');
    const cwd = makeFolder(files);
    const outcome = await runCommand(['.', '-o', 'out'], { cwd });
    expect(outcome.exitCode, outcome.stderr).toBe(0);
    const rows = rowsOf(join(cwd, 'out/basic.csv'));
    expect(rows.map(({ id }) => id).sort()).toEqual(Object.keys(files).sort());
    for (const { id, other_json: otherJson } of rows) {
      expect(JSON.parse(otherJson as string), id).toEqual({ extra: JSON.parse(contentOf(id as string).toString('utf8')) });
    }
  });

  it('refuses what is no JSON as a value, and names each file', async () => {
    const files = embedded('n_');
    const cwd = makeFolder({ ...files, 'good.json': good });
    const outcome = await runCommand(['.', '-o', 'out'], { cwd });
    expect(outcome.exitCode, outcome.stderr).toBe(3);
    checkMessages(outcome, Object.keys(files));
    expect(rowsOf(join(cwd, 'out/patient.csv'))).toHaveLength(1);
    // `{}}` closes the resource early: only what follows it is refused.
    expect(rowsOf(join(cwd, 'out/basic.csv')).map(({ id }) => id)).toEqual(['n_structure_object_followed_by_closing_object.json']);
    const rejects = readFileSync(join(cwd, 'out/rejects.ndjson'), 'utf8').trimEnd().split('\n');
    const refused = new Set(rejects.map((line) => /n_[^"]*?\.json/.exec(line)?.[0]));
    expect(Object.keys(files).filter((name) => !refused.has(name))).toEqual([]);
  });

  it('reads on after what may be either', async () => {
    const cwd = makeFolder({ ...embedded('i_'), 'good.json': good });
    const outcome = await runCommand(['.', '-o', 'out'], { cwd });
    expect([0, 3]).toContain(outcome.exitCode);
    checkMessages(outcome, []);
    expect(rowsOf(join(cwd, 'out/patient.csv'))).toHaveLength(1);
    expect(existsSync(join(cwd, 'out/basic.csv'))).toBe(true);
  });
});
