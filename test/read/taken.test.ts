// Resources are parsed when somebody asks for them; `read` compares with a reading that parses all at once.

import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { jsonReaders } from '../../src/read/json-readers.ts';
import { readSource } from '../../src/read/read-source.ts';
import { HEAD_BYTES } from '../../src/read/recognise.ts';
import type { ReadContext, ResourceEnvelope } from '../../src/types.ts';
import { read, sourceOf, tape, testLimits } from './read-all.ts';

const patient = { resourceType: 'Patient', id: 'a', meta: { lastUpdated: '2020-01-01T00:00:00Z' }, identifier: [{ system: 's', value: 'v' }] };
const entry = { fullUrl: 'urn:uuid:a', resource: patient, request: { method: 'POST', url: 'Patient' } };

async function look(content: string, see: (envelope: ResourceEnvelope) => void): Promise<number> {
  const ignore = (): void => {};
  const context: ReadContext = { limits: testLimits, tape, reject: ignore, report: ignore, onRawBytes: ignore, onBundle: ignore, onKind: ignore };
  const parse = vi.spyOn(JSON, 'parse');
  try {
    for await (const run of readSource(sourceOf(content), jsonReaders, context)) for (const envelope of run) see(envelope);
    return parse.mock.calls.length;
  } finally {
    parse.mockRestore();
  }
}

describe('a resource that nobody asks for is not parsed', () => {
  const see = ({ head }: ResourceEnvelope) => {
    expect(head).toMatchObject({ resourceType: 'Patient', id: 'a', lastUpdated: '2020-01-01T00:00:00Z', identifiers: [{ system: 's', value: 'v' }] });
  };

  // Recognising a source parses its beginning, and a Bundle's frame is parsed twice: neither grows with the resources.
  it.each<[string, (count: number) => string]>([
    ['in a line', (count) => `${JSON.stringify(patient)}\n`.repeat(count)],
    ['in an array', (count) => JSON.stringify(Array(count).fill(patient))],
    ['in an entry of a Bundle', (count) => JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: Array(count).fill(entry) })],
    ['in a document of its own', (count) => `${JSON.stringify(patient, null, 2).slice(0, -1)}${' '.repeat(HEAD_BYTES)}}\n`.repeat(count)],
  ])('%s', async (_, write) => {
    const unread = await look(write(10), see);
    expect(await look(write(20), see)).toBe(unread);
    // Twice asked, once parsed.
    expect(await look(write(10), (envelope) => expect(envelope.resource).toBe(envelope.resource))).toBe(unread + 10);
  });
});

describe('what is said of a resource, and of what stands around it, is the same', () => {
  const shapes: readonly [string, unknown][] = [
    ['without an id', { ...patient, id: undefined }],
    ['with a number as its id', { ...patient, id: 1 }],
    ['with an id of other letters', { ...patient, id: '\u00fc\u{1f600}\n"' }],
    ['without a type', { id: 'a' }],
    ['with a number as its type', { ...patient, resourceType: 1 }],
    ['with an empty type', { ...patient, resourceType: '' }],
    ['with a text as its meta', { ...patient, meta: 'a' }],
    ['with a list as its meta', { ...patient, meta: [{ lastUpdated: 'a' }] }],
    ['with a number as its moment', { ...patient, meta: { lastUpdated: 2020 } }],
    ['with one identifier where FHIR wants a list', { ...patient, identifier: { system: 's', value: 'v' } }],
    ['with odd identifiers', { ...patient, identifier: [null, 1, 'a', [], {}, { value: 1 }, { system: 1, value: 'v' }, { value: 'v' }, [{ value: 'w' }]] }],
    ['with a text as its identifier', { ...patient, identifier: 'a' }],
    ['with contained resources', { ...patient, contained: [patient, { resourceType: 'Bundle', entry: [entry] }] }],
    ['with an object as its contained', { ...patient, contained: patient }],
    ['with a key that FHIR does not have', { ...patient, ids: 'a' }],
    ['that is a Bundle', { resourceType: 'Bundle', type: 'batch', entry: [entry, entry] }],
    ['that is a Bundle without entries', { resourceType: 'Bundle', type: 'batch' }],
    ['that is none', null],
    ['that is a list', [patient]],
    ['that is a text', 'Patient'],
  ];

  it.each(shapes)('of one %s', async (_, resource) => {
    const text = JSON.stringify(resource);
    for (const content of [text, `${text}\n${text}\n`, `[${text},${text}]`, JSON.stringify(resource, null, 2)]) await read(content);
    const { bundles } = await read(JSON.stringify({ resourceType: 'Bundle', entry: [entry, { ...entry, resource }, entry] }));
    expect(bundles.at(-1)?.entryCount).toBe(3);
  });

  const entries: readonly [string, unknown][] = [
    ['without a resource', { fullUrl: 'a', response: { status: '200' } }],
    ['with null as its resource', { ...entry, resource: null }],
    ['with a number as its fullUrl', { ...entry, fullUrl: 1 }],
    ['with null as its fullUrl', { ...entry, fullUrl: null }],
    ['with a text as its request', { ...entry, request: 'DELETE' }],
    ['with a number as its method', { ...entry, request: { method: 1 } }],
    ['that deletes', { request: { method: 'DELETE', url: 'Patient/a' } }],
    ['that deletes what it holds', { ...entry, request: { method: 'DELETE', url: 'Patient/a' } }],
    ['that deletes what a search finds', { ...entry, request: { method: 'DELETE', url: 'Patient?x' } }],
    [
      'with more around its resource',
      { ...entry, search: { mode: 'match', score: 1.5 }, response: { status: '200', etag: null }, link: [{ url: 'a' }, { url: 'b' }, 1, [true]] },
    ],
    ['that is none', 'entry'],
  ];

  it.each(entries)('of an entry %s', async (_, odd) => {
    const { bundles } = await read(JSON.stringify({ resourceType: 'Bundle', entry: [entry, odd, entry] }));
    expect(bundles[0]?.entryCount).toBe(3);
    await read(JSON.stringify([{ resourceType: 'Bundle', entry: [odd] }]));
  });

  it('of entries that look alike, and of others between them', async () => {
    const plain = { resource: patient };
    const wide = { ...entry, link: Array(70).fill({ url: 'a' }) };
    const usual = fc.constantFrom<unknown>(entry, { ...entry, fullUrl: null }, plain, wide, { ...wide, link: [1, { url: [true, null] }] });
    const some = fc.array(fc.oneof(usual, fc.constantFrom(...entries.map(([, odd]) => odd))), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(some, some, async (first, second) => {
        for (const list of [first, second, first]) {
          const { bundles } = await read(JSON.stringify({ resourceType: 'Bundle', entry: list }));
          expect(bundles.map(({ entryCount }) => entryCount)).toEqual([list.length]);
        }
      }),
    );
  });

  it('of an entry whose method is written with an escape', async () => {
    const { bundles, ids } = await read(
      `{"resourceType":"Bundle","entry":[{"request":{"method":"\\u0044ELETE","url":"Patient/a"},"resource":${JSON.stringify(patient)}}]}`,
    );
    expect(bundles[0]?.resourceCount).toBe(0);
    expect(ids).toEqual([]);
  });

  it('of one at the limits', async () => {
    const deep = (depth: number) => `{"resourceType":"Patient","extension":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    for (const depth of [98, 99, 100, 101]) {
      await read(`{"resourceType":"Bundle","entry":[{"resource":${deep(depth)}}]}`, { limits: { depth: 101 } });
      await read(`${deep(depth)}\n${deep(depth)}\n`, { limits: { depth: 100 } });
    }
    for (let recordBytes = 60; recordBytes < 80; recordBytes++) await read(JSON.stringify(patient).repeat(3), { limits: { recordBytes } });
    const bundle = JSON.stringify({ resourceType: 'Bundle', entry: [entry, entry, entry] });
    for (let chunkBytes = 1; chunkBytes < bundle.length; chunkBytes += 7)
      await read(bundle, { chunkBytes, limits: { recordBytes: JSON.stringify(entry).length } });
  });
});
