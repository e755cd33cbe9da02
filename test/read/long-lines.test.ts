// NDJSON whose first line is longer than what sources are recognised by, and lines too long to be held.

import { describe, expect, it } from 'vitest';
import { makeDocumentReader } from '../../src/read/read-document.ts';
import { ndjsonReader } from '../../src/read/read-ndjson.ts';
import { read, readCut } from './read-all.ts';

const MB = 1024 * 1024;
const patient = (id: string, padBytes = 0) => `{"resourceType":"Patient","id":"${id}"${padBytes === 0 ? '' : `,"pad":"${'x'.repeat(padBytes)}"`}}`;
const bundleOf = (...resources: string[]) =>
  `{"resourceType":"Bundle","type":"collection","entry":[${resources.map((text) => `{"resource":${text}}`).join(',')}]}`;
const longBundle = (name: string, byteCount: number) => bundleOf(...Array.from({ length: 8 }, (_, index) => patient(`${name}${index}`, byteCount / 8)));
const idsOf = (name: string) => Array.from({ length: 8 }, (_, index) => `${name}${index}`);

describe('NDJSON with a first line longer than the head', () => {
  it.each([1000, 2 * MB])('is read line by line: lines of %d bytes after it', async (byteCount) => {
    const text = `${longBundle('a', 2 * MB)}\n\n${longBundle('b', byteCount)}\r\n{"resourceType":"Patient","id":\n${patient('c')}\n`;
    for (const chunkBytes of [Number.POSITIVE_INFINITY, 100_000, 65_537]) {
      const { ids, records, rejects, reports, kinds } = await read(text, { chunkBytes });
      expect(ids).toEqual([...idsOf('a'), ...idsOf('b'), 'c']);
      expect(records.map(({ location }) => location.line)).toEqual([...Array(8).fill(undefined), ...Array(8).fill(3), 5]);
      expect(records.at(-1)?.location.byteOffset).toBe(text.lastIndexOf('{'));
      expect(records[9]?.location.entryIndex).toBe(1);
      expect(rejects.map(({ code, location }) => [code, location.line])).toEqual([['RECORD_NOT_JSON', 4]]);
      expect([reports, kinds]).toEqual([[], ['ndjson']]);
    }
  });

  it.each([
    ['in a string', (line: string) => line.slice(0, -100), 7, 'unfinished string'],
    ['after a value', (line: string) => line.slice(0, -2), 8, 'unexpected end of text'],
    ['between entries', (line: string) => line.slice(0, line.lastIndexOf('{"resource":')), 7, 'unexpected end of text'],
    ['before a bracket that does not match', (line: string) => `${line.slice(0, -2)}}]`, 8, "expected ',' or ']' after a value"],
  ])('loses only the rest of that line when it breaks off %s', async (_, breakOff, kept, reason) => {
    const first = breakOff(longBundle('a', 2 * MB));
    const text = `${first}\n${patient('b')}\n${longBundle('c', 2 * MB)}\n`;
    const { ids, records, rejects, reports } = await read(text);
    expect(ids).toEqual([...idsOf('a').slice(0, kept), 'b', ...idsOf('c')]);
    expect(records[kept]?.location).toMatchObject({ line: 2, byteOffset: first.length + 1 });
    expect(rejects).toEqual([]);
    expect(reports).toMatchObject([{ code: 'BUNDLE_BROKEN', location: { line: 1, entryIndex: kept }, parameters: { kept, reason, extent: 'line' } }]);
    const { byteOffset = 0 } = reports[0]?.location ?? {};
    // With the line end or without.
    expect([0, 1]).toContain((reports[0]?.parameters.unreadBytes as number) - first.length + byteOffset);
  });

  it('costs only itself when it is one resource, with or without a type', async () => {
    for (const [first, code] of [
      [patient('a', 2 * MB).slice(0, -2), 'RECORD_NOT_JSON'],
      [patient('a', 2 * MB).replace('resourceType', 'type'), 'RESOURCE_TYPE_MISSING'],
    ] as const) {
      const { ids, rejects, reports } = await read(`${first}\n${patient('b')}\n${patient('c')}`);
      expect(ids).toEqual(['b', 'c']);
      expect(rejects.map((reject) => [reject.code, reject.location])).toMatchObject([[code, { sourceName: 'input.json' }]]);
      expect(reports).toEqual([]);
    }
  });

  it('is told from one document over several lines, wherever the chunks end', async () => {
    const reader = makeDocumentReader(10);
    const documents: [string, number][] = [
      [`{"resourceType":"Bundle","entry":[{"resource":${patient('1')}},\n{"resource":${patient('2')}}\n,{"resource":\n${patient('3')}}\n]}\n`, 3],
      [`{"resourceType":"Bundle",\n"entry":[\n{"resource":${patient('1')}}]}`, 1],
      [`[${patient('1')},\n${patient('2')},\n${patient('3')}\n]`, 3],
      [`${patient('1')}\n{\n"resourceType":"Patient"}\n\n{\r\n"resourceType":"Patient"}`, 3],
      [`{"resourceType":"Patient","contact":[{"gender":"male"},\n{"gender":"female"}\n]}`, 1],
      [`\n\n${patient('1')}\n \n`, 1],
    ];
    for (const [text, count] of documents) {
      for (let cut = 1; cut < text.length; cut++) {
        const { records, codes, kinds } = await readCut(reader, text, [cut]);
        expect(codes, `${text} cut at ${cut}`).toEqual([]);
        expect(records).toHaveLength(count);
        expect(kinds).not.toContain('ndjson');
      }
    }
  });

  it('is told from one document that is cut anywhere, and has its lines counted', async () => {
    const reader = makeDocumentReader(10);
    const text = `\n ${patient('1')}\r\n\n{"resourceType":"Pat\n ${patient('3')}\nnull\n${bundleOf(patient('4'))}`;
    const places = [
      ['1', undefined],
      ['3', 5],
      ['4', 7],
    ];
    for (let cut = 1; cut < text.length; cut++) {
      const { records, rejects, ids } = await readCut(reader, text, [cut]);
      expect(ids.map((id, index) => [id, records[index]?.location.line])).toEqual(places);
      expect(rejects.map(({ code, location }) => [code, location.line])).toEqual([
        ['RECORD_NOT_JSON', 4],
        ['RECORD_NOT_OBJECT', 6],
      ]);
    }
  });
});

describe('long lines', () => {
  it('of Bundles are read entry by entry, whatever the limit for a record', async () => {
    const text = `${patient('1')}\n${longBundle('a', 8000)}\n${patient('2', 3000)}\n${patient('3')}\n`;
    for (const cuts of [[], [50], [2000, 4000, 6000, 8000], [text.length - 2]]) {
      const { ids, records, rejects, kinds } = await readCut(ndjsonReader, text, cuts, { recordBytes: 2000 });
      expect(ids).toEqual(['1', ...idsOf('a'), '3']);
      expect(records.map(({ location }) => location.line)).toEqual([1, ...Array(8).fill(2), 4]);
      expect(rejects).toMatchObject([{ code: 'RECORD_TOO_LARGE', location: { line: 3, byteOffset: text.indexOf(patient('2', 3000)) } }]);
      expect(kinds).toEqual(['ndjson']);
    }
  });

  it('lose nothing but their own rest', async () => {
    const long = longBundle('a', 2 * MB);
    for (const cutOff of [10, 300_000, 1_500_000, 2_000_000]) {
      const line = long.slice(0, -cutOff);
      const { ids, reports, rejects } = await read(`${patient('1')}\n${line}\n${patient('2')}`, { chunkBytes: 100_000 });
      expect(ids.at(-1)).toBe('2');
      if (line.length > MB)
        expect(reports).toMatchObject([{ code: 'BUNDLE_BROKEN', location: { line: 2 }, parameters: { extent: 'line', kept: ids.length - 2 } }]);
      else expect(rejects).toMatchObject([{ code: 'RECORD_NOT_JSON', location: { line: 2 } }]);
    }
  });
});
