import { describe, expect, it } from 'vitest';
import { documentReader } from '../../src/read/read-document.ts';
import { ndjsonReader } from '../../src/read/read-ndjson.ts';
import { type ReadResult, readCut } from './read-all.ts';

const resources = [
  `{"resourceType":"Patient","id":"é€😀","name":[{"family":"a\\"b\\\\","given":["\\ud83d\\ude00","\\u00e9\\n"]}]}`,
  `{"resourceType":"Observation","id":"2","valueQuantity":{"value":-1.00,"x":12345678901234567890},"a":[1e3,0.5,-0,true,null]}`,
  `{"id":"3","resourceType":"Basic","__proto__":{"n":2.50},"s":"}]{,\\\\"}`,
];
const entries = resources.map((resource, index) => `{"fullUrl":"urn:${index}","resource":${resource},"search":{"score":1.0}}`);
const bundle = `{"resourceType":"Bundle","type":"searchset","total":3,"entry":[${entries.join(',')}],"link":[{"url":"ü"}]}`;
const entriesFirst = `{"entry":[${entries.join(',')}],"type":"batch","resourceType":"Bundle"}`;
const list = '{"entry":[{"item":{"reference":"Patient/1"}},{"item":{"display":"é"}}],"resourceType":"List","id":"l"}';
const pretty = (text: string) => `${text.replace(/([{[,:])(?=["{[])/g, '$1\r\n\t ')}\n`;

const documents: [string, string][] = [
  ['a minified Bundle', bundle],
  ['a Bundle with white space', pretty(bundle)],
  ['a Bundle with its entries in front', pretty(entriesFirst)],
  ['a minified Bundle with its entries in front', entriesFirst],
  ['an array', `[${resources.join(',')}]`],
  ['an array with white space', ` [ ${resources.map(pretty).join(' , ')} ] `],
  ['a single resource', resources[1] as string],
  ['a List, whose entries are no resources', list],
  ['resources one after the other', resources.map(pretty).join('\n\n')],
];

/** What must not depend on where the chunks end. */
function gist(result: ReadResult): unknown {
  return { ...result, records: result.records.map(({ resource: _, ...record }) => record) };
}

describe('chunk borders', () => {
  for (const [name, text] of documents) {
    it(`${name} reads the same wherever it is cut in two`, async () => {
      const whole = await readCut(documentReader, text, []);
      expect(whole.codes).toEqual([]);
      expect(whole.records.length).toBeGreaterThan(0);
      const byteCount = Buffer.byteLength(text);
      for (let cut = 1; cut < byteCount; cut++) expect(gist(await readCut(documentReader, text, [cut])), `cut at ${cut}`).toEqual(gist(whole));
    });

    it(`${name} reads the same byte by byte`, async () => {
      const cuts = Array.from({ length: Buffer.byteLength(text) - 1 }, (_, index) => index + 1);
      expect(gist(await readCut(documentReader, text, cuts))).toEqual(gist(await readCut(documentReader, text, [])));
    });

    it(`${name} that breaks off anywhere is named, and keeps what was whole`, async () => {
      const whole = await readCut(documentReader, text, []);
      const bytes = Buffer.from(text.trim());
      for (let byteCount = 1; byteCount < bytes.length; byteCount++) {
        const result = await readCut(documentReader, bytes.subarray(0, byteCount), [byteCount >> 1]);
        const isBetweenDocuments = name === 'resources one after the other' && /\}\s*$/.test(bytes.toString('utf8', 0, byteCount)) && result.codes.length === 0;
        if (!isBetweenDocuments) expect(result.codes, `cut off after ${byteCount}`).toHaveLength(1);
        expect(whole.records.map(({ json }) => json).slice(0, result.records.length)).toEqual(result.records.map(({ json }) => json));
      }
    });
  }

  it('NDJSON reads the same wherever it is cut, with blank lines, CRLF and bad lines', async () => {
    const text = `${resources[0]}\r\n\r\n  ${resources[1]}\n{"resourceType":"é\n[1]\n${resources[2]}`;
    const whole = await readCut(ndjsonReader, text, []);
    expect(whole.records.map(({ location }) => location.line)).toEqual([1, 3, 6]);
    expect(whole.codes).toEqual(['RECORD_NOT_JSON', 'RECORD_NOT_OBJECT']);
    const byteCount = Buffer.byteLength(text);
    for (let cut = 1; cut < byteCount; cut++) expect(gist(await readCut(ndjsonReader, text, [cut])), `cut at ${cut}`).toEqual(gist(whole));
    const cuts = Array.from({ length: byteCount - 1 }, (_, index) => index + 1);
    expect(gist(await readCut(ndjsonReader, text, cuts))).toEqual(gist(whole));
  });

  it('gives what JSON.parse gives, numbers as written, with positions in bytes', async () => {
    const { records, bundles } = await readCut(documentReader, bundle, [7]);
    expect(records.map(({ json }) => json)).toEqual([
      '{"resourceType":"Patient","id":"é€😀","name":[{"family":"a\\"b\\\\","given":["😀","é\\n"]}]}',
      resources[1],
      resources[2],
    ]);
    expect(records.map(({ hasNumberText }) => hasNumberText)).toEqual([false, true, true]);
    expect(records.map(({ fullUrl }) => fullUrl)).toEqual(['urn:0', 'urn:1', 'urn:2']);
    expect(records.map(({ rawText }) => rawText)).toEqual(entries);
    for (const [index, { location }] of records.entries()) {
      expect(location).toEqual({
        sourceName: 'input.json',
        entryIndex: index,
        byteOffset: Buffer.byteLength(bundle.slice(0, bundle.indexOf(entries[index] as string))),
      });
    }
    expect(bundles).toEqual([
      {
        sourceName: 'input.json',
        type: 'searchset',
        entryCount: 3,
        resourceCount: 3,
        leafCounts: new Map([
          ['Bundle.entry.fullUrl', 3],
          ['Bundle.entry.search.score', 3],
          ['Bundle.resourceType', 1],
          ['Bundle.type', 1],
          ['Bundle.total', 1],
          ['Bundle.link.url', 1],
        ]),
      },
    ]);
  });
});
