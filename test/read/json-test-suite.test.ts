// https://github.com/nst/JSONTestSuite: y_ is JSON, n_ is not, i_ may be either. None of it is FHIR.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { locateJsonFault } from '../../src/read/locate-json-fault.ts';
import { read } from './read-all.ts';

const folder = new URL('../../../shared/data/json-test-suite/test_parsing/', import.meta.url);
const isThere = existsSync(folder);

it.runIf(process.env.CI === 'true')('the suite is there', () => {
  expect(isThere).toBe(true);
});

describe.runIf(isThere)('JSONTestSuite', () => {
  const names = isThere ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];

  it.each(names)('%s', async (name) => {
    const bytes = readFileSync(new URL(encodeURIComponent(name), folder));
    const { codes, records, reports } = await read(bytes);
    expect(records).toEqual([]);
    expect(codes.length).toBeGreaterThan(0);
    const isJsonWithoutFhir = codes.length === 1 && reports[0]?.parameters.found === 'JSON without resourceType';
    if (name.startsWith('y_')) expect(isJsonWithoutFhir, codes.join()).toBe(true);
    if (name.startsWith('n_')) expect(isJsonWithoutFhir, codes.join()).toBe(false);
    // As an entry it spoils nothing but itself, or what follows it.
    const prefix = Buffer.from('{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"a"}},');
    const inside = await read(Buffer.concat([prefix, bytes, Buffer.from(']}')]));
    expect(inside.ids).toEqual(['a']);
    if (name.startsWith('n_')) expect(inside.codes.length).toBeGreaterThan(0);
  });

  it.each(names)('the fault locator judges as JSON.parse does: %s', (name) => {
    const text = readFileSync(new URL(encodeURIComponent(name), folder), 'utf8');
    let isJson = true;
    try {
      JSON.parse(text);
    } catch {
      isJson = false;
    }
    expect(locateJsonFault(text) === undefined).toBe(isJson);
  });
});
