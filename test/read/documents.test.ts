import { describe, expect, it } from 'vitest';
import { read } from './read-all.ts';

const patient = (id: string) => `{"resourceType":"Patient","id":"${id}"}`;
const bundleOf = (...entries: string[]) => `{"resourceType":"Bundle","type":"collection","entry":[${entries.join(',')}]}`;
const entryOf = (resource: string) => `{"resource":${resource}}`;

describe('recognition', () => {
  it.each([
    ['a Bundle', bundleOf(entryOf(patient('1')), entryOf(patient('2'))), 'bundle', 2],
    ['a Bundle without entries', '{"resourceType":"Bundle","type":"searchset","total":0}', 'bundle', 0],
    ['a Bundle with an empty list', bundleOf(), 'bundle', 0],
    ['a Bundle whose entry key is written with an escape', bundleOf(entryOf(patient('1'))).replace('"entry"', '"entr\\u0079"'), 'bundle', 1],
    ['a Bundle whose single entry is no list', '{"resourceType":"Bundle","entry":{"resource":{"resourceType":"Basic"}}}', 'bundle', 1],
    ['a single resource', patient('1'), 'resource', 1],
    ['a single resource with a newline after it', `${patient('1')}\n`, 'resource', 1],
    ['a single resource whose type is written with an escape', '{"resource\\u0054ype":"Basic"}', 'resource', 1],
    ['an array', `[${patient('1')},${patient('2')}]`, 'array', 2],
    ['an array with one resource a line', `[\n${patient('1')},\n${patient('2')}\n]`, 'array', 2],
    ['an array of Bundles', `[${bundleOf(entryOf(patient('1')))},${bundleOf(entryOf(patient('2')))}]`, 'array', 2],
    ['NDJSON', `${patient('1')}\n${patient('2')}\n`, 'ndjson', 2],
    ['NDJSON of Bundles', `${bundleOf(entryOf(patient('1')))}\n${bundleOf(entryOf(patient('2')))}`, 'ndjson', 2],
    ['pretty-printed resources in a row', `{\n"resourceType":"Patient"}\n{\n"resourceType":"Patient"}\n`, 'resource', 2],
    ['a Bundle that holds a resource on a line of its own', `{"resourceType":"Bundle","entry":[{"resource":\n${patient('1')}\n}]}`, 'bundle', 1],
    ['a List in front of its type', '{"entry":[{"item":{"reference":"Patient/1"}}],"resourceType":"List"}', 'resource', 1],
    ['a Bundle in front of its type', `{"entry":[${entryOf(patient('1'))}],"resourceType":"Bundle"}`, 'bundle', 1],
  ] as const)('reads %s', async (_, text, kind, count) => {
    const { records, codes, kinds } = await read(text);
    expect(codes).toEqual([]);
    expect(kinds).toEqual([kind]);
    expect(records).toHaveLength(count);
  });

  it.each([
    ['a first line', `{"resourceType":"Patient",\n${patient('2')}\n${patient('3')}\n`, [1]],
    ['a first line of plain text', `hello\n${patient('2')}\n${patient('3')}\n`, [1]],
    ['a first line that breaks off in a string', `{"resourceType":"Pat\n${patient('2')}\n`, [1]],
    ['a line in the middle', `${patient('1')}\n{"resourceType":"Patient"\n${patient('3')}\n`, [2]],
    ['a last line that breaks off', `${patient('1')}\n${patient('2')}\n{"resourceType":"Pati`, [3]],
    ['a line of nothing but zeros', `${patient('1')}\n\0\0\0\n${patient('2')}\n`, [2]],
  ] as const)('NDJSON loses only the bad line: %s', async (_, text, lines) => {
    const { records, rejects, kinds } = await read(text);
    expect(kinds).toEqual(['ndjson']);
    expect(rejects.map(({ code, location }) => [code, location.line])).toEqual(lines.map((line) => ['RECORD_NOT_JSON', line]));
    expect(records.length).toBeGreaterThan(0);
    expect(records.length).toBe(text.trimEnd().split('\n').length - lines.length);
  });

  it('refuses lines that are JSON but no resources, and names what they are', async () => {
    const { records, rejects } = await read(`${patient('1')}\n{"a":1}\n[1]\n"text"\nnull\n{"resourceType":7}\n\n${patient('2')}`);
    expect(records).toHaveLength(2);
    expect(rejects.map(({ code, location, parameters, rawText }) => [code, location.line, parameters.found, rawText])).toEqual([
      ['RESOURCE_TYPE_MISSING', 2, undefined, '{"a":1}'],
      ['RECORD_NOT_OBJECT', 3, 'array', '[1]'],
      ['RECORD_NOT_OBJECT', 4, 'string', '"text"'],
      ['RECORD_NOT_OBJECT', 5, 'null', 'null'],
      ['RESOURCE_TYPE_INVALID', 6, undefined, '{"resourceType":7}'],
    ]);
  });

  it.each([
    ['bulk export log', '{"exportId":"1","timestamp":"x","eventId":"kickoff","eventDetail":{}}\n{"exportId":"1","eventId":"status_complete"}\n'],
    [
      'bulk export manifest',
      '{\n "transactionTime":"2020-01-01T00:00:00Z","request":"x","requiresAccessToken":true,"output":[{"type":"Patient","url":"x"}],"error":[]}',
    ],
  ])('passes over a %s with a note', async (found, text) => {
    const { codes, reports, rejects } = await read(text);
    expect(codes).toEqual(['SOURCE_SIDECAR']);
    expect(reports[0]?.parameters).toEqual({ found });
    expect(rejects).toEqual([]);
  });

  it.each([
    ['nothing', '', 'SOURCE_EMPTY', undefined],
    ['white space', ' \n\t', 'SOURCE_EMPTY', undefined],
    ['a byte order mark', '\ufeff', 'SOURCE_EMPTY', undefined],
    ['text', 'hello', 'SOURCE_NOT_FHIR', 'text that is not JSON'],
    ['a CSV', 'a,b\n1,2\n', 'SOURCE_NOT_FHIR', 'text that is not JSON'],
    ['FHIR XML', '<?xml version="1.0"?><Patient xmlns="http://hl7.org/fhir"/>', 'SOURCE_NOT_FHIR', 'XML: convert it to JSON first'],
    ['other XML', '<a/>', 'SOURCE_NOT_FHIR', 'XML'],
    ['HTML', '<!DOCTYPE html><html>', 'SOURCE_NOT_FHIR', 'HTML'],
    ['a scalar', '"Patient"', 'SOURCE_NOT_FHIR', 'JSON without resourceType'],
    ['an object without a type', '{"a":{"resourceType":"Patient"}}'.replace('resourceType', 'type'), 'SOURCE_NOT_FHIR', 'JSON without resourceType'],
    ['an object with a type inside', '{"a":{"resourceType":"Patient"}}', 'SOURCE_NOT_FHIR', 'JSON without resourceType'],
    ['lines without a type', '{"a":1}\n{"b":2}\n{"c":3}\n', 'SOURCE_NOT_FHIR', 'JSON without resourceType'],
    ['an array of numbers', '[1,2]', 'SOURCE_NOT_FHIR', 'JSON without resourceType'],
  ])('says what it found instead of FHIR: %s', async (_, text, code, found) => {
    const { codes, reports } = await read(text);
    expect(codes).toEqual([code]);
    expect(reports[0]?.parameters.found).toBe(found);
  });

  it('says so of binary data, a tar archive and UTF-32', async () => {
    const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
    expect((await read(png)).reports[0]?.parameters).toEqual({ found: 'binary data' });
    const tar = Buffer.alloc(512);
    tar.write('a.json', 0);
    tar.write('ustar', 257);
    expect((await read(tar)).reports[0]?.parameters).toEqual({ found: 'a tar archive: unpack it first' });
    const utf32 = Buffer.from([...'{}'].flatMap((char) => [char.charCodeAt(0), 0, 0, 0]));
    expect((await read(utf32)).reports[0]?.parameters).toEqual({ found: 'UTF-32 text: convert it to UTF-8 first' });
  });
});

describe('faults in a Bundle', () => {
  it('refuse an entry of the wrong shape and convert its neighbours', async () => {
    const bad = ['1', 'null', '[]', '{"resource":[]}', '{"resource":"x"}', '{"resource":null}', '{"resource":{}}', '{"resource":{"resourceType":null}}'];
    const { ids, rejects, bundles } = await read(bundleOf(entryOf(patient('a')), ...bad, '{"request":{"method":"DELETE"}}', entryOf(patient('b'))));
    expect(ids).toEqual(['a', 'b']);
    expect(rejects.map(({ code, location, parameters }) => [code, location.entryIndex, parameters.found])).toEqual([
      ['ENTRY_NOT_OBJECT', 1, 'number'],
      ['ENTRY_NOT_OBJECT', 2, 'null'],
      ['ENTRY_NOT_OBJECT', 3, 'array'],
      ['ENTRY_RESOURCE_NOT_OBJECT', 4, 'array'],
      ['ENTRY_RESOURCE_NOT_OBJECT', 5, 'string'],
      ['ENTRY_RESOURCE_NOT_OBJECT', 6, 'null'],
      ['RESOURCE_TYPE_MISSING', 7, undefined],
      ['RESOURCE_TYPE_INVALID', 8, undefined],
    ]);
    expect(bundles[0]).toMatchObject({ entryCount: 11, resourceCount: 2 });
    expect(bundles[0]?.leafCounts.get('Bundle.entry.request.method')).toBe(1);
  });

  it.each([
    ['a bad number', '{"resourceType":"Basic","n":01}', 'bad number', '01'],
    ['a bad escape', '{"resourceType":"Basic","s":"\\x"}', 'bad escape in a string', '\\x'],
    ['a bad literal', '{"resourceType":"Basic","b":True}', 'unexpected character', 'True'],
    ['a control character', '{"resourceType":"Basic","s":"a\tb"}', 'control character in a string', '\t'],
    ['a comma too many', '{"resourceType":"Basic","a":1,}', 'expected a key in quotes after the comma', '}}'],
    ['a key without quotes', '{"resourceType":"Basic",é:1}', 'expected a key in quotes after the comma', 'é'],
    ['a number as key, one that needs its text kept', '{"resourceType":"Basic","é":{1.00:2}}', "expected a key in quotes or '}'", '1.00'],
  ])('that leave its structure whole cost one entry: %s', async (_, resource, reason, place) => {
    const text = bundleOf(entryOf(patient('a')), entryOf(resource), entryOf(patient('b')));
    const { ids, rejects, codes } = await read(text);
    expect(ids).toEqual(['a', 'b']);
    expect(codes).toEqual(['RECORD_NOT_JSON']);
    const from = text.indexOf(entryOf(resource));
    expect(rejects[0]).toMatchObject({
      location: { entryIndex: 1, byteOffset: Buffer.byteLength(text.slice(0, text.indexOf(place, from))) },
      parameters: { reason },
      rawText: entryOf(resource),
    });
  });

  const head = '{"resourceType":"Bundle","entry":[';
  const kept = `${head}${entryOf(patient('a'))}`;
  it.each([
    ['it breaks off in an entry', `${kept},{"resource":{"resourceType":`, 1, 'unexpected end of text', undefined],
    ['it breaks off in a string', `${kept},{"resource":{"resourceType":"Pat`, 1, 'unfinished string', '"Pat'],
    ['it breaks off after an entry', kept, 1, 'unexpected end of text', undefined],
    ['it breaks off before its end', `${kept}]`, 1, 'unexpected end of text', undefined],
    ['it breaks off before its entries', '{"resourceType":"Bundle","ty', 0, 'unfinished string', '"ty'],
    ['a comma is missing between entries', `${kept} ${entryOf(patient('b'))}]}`, 1, "expected ',' or ']' after a value", `${entryOf(patient('b'))}`],
    ['a comma is too many', `${kept},]}`, 1, 'expected a value', ']}'],
    ['two commas stand between entries', `${kept},,${entryOf(patient('b'))}]}`, 1, 'expected a value', ',{"resource":{"resourceType":"Patient","id":"b"'],
    [
      'brackets do not match in an entry',
      `${kept},{"resource":{"resourceType":"Basic","x":[1}},${entryOf(patient('b'))}]}`,
      1,
      "expected ',' or ']' after a value",
      '}},',
    ],
    [
      'a quote is missing in an entry',
      `${kept},{"resource":{"resourceType":"Basic,"id":"1"}},${entryOf(patient('b'))}]}`,
      1,
      "expected ',' or '}' after a value",
      'id":"1"}},',
    ],
    ['text stands before the entries', `{"resourceType":"Bundle" "entry":[${entryOf(patient('a'))}]}`, 0, "expected ',' or '}' after a value", '"entry"'],
    ['text stands after the entries', `${kept}] "link":[]}`, 1, "expected ',' or '}' after a value", '"link"'],
    ['text stands after its end', `${kept}]} x`, 1, 'text after the end of the value', 'x'],
    ['it is closed twice', `${kept}]}}`, 1, 'text after the end of the value', undefined],
    ['it is closed by the wrong bracket', `${kept}]]`, 1, "expected ',' or '}' after a value", undefined],
  ])('end it where they stand, and say how much was not read: %s', async (_, text, count, reason, place) => {
    const { records, reports, codes } = await read(text);
    expect(codes).toEqual(['BUNDLE_BROKEN']);
    expect(records).toHaveLength(count);
    const byteOffset = place === undefined ? (reason === 'unexpected end of text' ? text.length : text.length - 1) : text.lastIndexOf(place);
    expect(reports[0]).toMatchObject({ location: { byteOffset }, parameters: { reason, kept: count, unreadBytes: text.length - byteOffset } });
  });

  it('count the unread rest of a source of many chunks', async () => {
    const text = `${kept},]}${' '.repeat(10_000)}`;
    const { reports } = await read(text, { chunkBytes: 100 });
    expect(reports[0]?.parameters).toMatchObject({ kept: 1, unreadBytes: 10_002 });
  });

  it('refuse an entry that is not UTF-8, and only that', async () => {
    const text = Buffer.from(bundleOf(entryOf(patient('a')), entryOf(patient('#')), entryOf(patient('é'))));
    text[text.indexOf('#')] = 0xe9;
    const { ids, rejects } = await read(text);
    expect(ids).toEqual(['a', 'é']);
    expect(rejects).toMatchObject([{ code: 'RECORD_NOT_UTF8', location: { entryIndex: 1 }, rawText: entryOf(patient('é')) }]);
  });

  it('never show a value of the input in a message', async () => {
    const secret = 'SECRET';
    const { rejects, reports } = await read(`${bundleOf(`{"resource":{"resourceType":"Basic","x":${secret}}}`, entryOf(patient(secret)))} ${secret}`);
    expect([...rejects, ...reports].length).toBe(2);
    for (const { parameters } of [...rejects, ...reports]) expect(JSON.stringify(parameters)).not.toContain(secret);
  });
});

describe('faults in other documents', () => {
  it.each([
    ['a single resource that breaks off', '{"resourceType":"Patient","id":"1', 'RECORD_NOT_JSON', 0],
    ['a single resource with a bad number', '{"resourceType":"Patient","n":+1}', 'RECORD_NOT_JSON', 0],
    ['text after a single resource', `${patient('1')} x`, 'RECORD_NOT_JSON', 1],
    ['two arrays', `[${patient('1')}][${patient('2')}]`, 'ARRAY_BROKEN', 1],
    ['an array that breaks off', `[${patient('1')},{"resourceType":"Pa`, 'ARRAY_BROKEN', 1],
    ['an array with a comma too many', `[${patient('1')},]`, 'ARRAY_BROKEN', 1],
    ['an array with a number in it', `[${patient('1')},5,${patient('2')}]`, 'RECORD_NOT_OBJECT', 2],
    ['an array with an object without a type', `[${patient('1')},{"a":1},${patient('2')}]`, 'RESOURCE_TYPE_MISSING', 2],
  ])('%s', async (_, text, code, count) => {
    const { records, codes } = await read(text);
    expect(codes).toEqual([code]);
    expect(records).toHaveLength(count);
  });

  it('cost one of several documents in a row when its end can be seen', async () => {
    const { ids, codes } = await read(
      `{\n"resourceType":"Patient","id":"1"}\n{\n"resourceType":"Patient","n":01}\n{\n"a":1}\n{\n"resourceType":"Patient","id":"3"}`,
    );
    expect(ids).toEqual(['1', '3']);
    expect(codes).toEqual(['RECORD_NOT_JSON', 'RESOURCE_TYPE_MISSING']);
  });
});

describe('arrays of other things than resources', () => {
  const pad = ' '.repeat(1024 * 1024);
  const items = (count: number, item: string) => Array(count).fill(item).join(',');

  it.each([
    ['many objects', `[${items(150, '{"a":1}')},${patient('1')}${pad}]`],
    ['a few objects', `[${items(3, '{"a":1}')}${pad}]`],
    ['numbers', `[${items(1000, '1.0')}${pad}]`],
    ['large items', `[${items(20, `{"a":"${'x'.repeat(1_000_000)}"}`)}]`],
    ['objects that break off', `[${items(150, '{"a":1}')}${pad}`],
  ])('are refused as a whole: %s', async (_, text) => {
    const { codes, reports, kinds } = await read(text, { chunkBytes: 100_000 });
    expect(codes).toEqual(['SOURCE_NOT_FHIR']);
    expect(reports[0]?.parameters).toEqual({ found: 'JSON without resourceType' });
    expect(kinds).toEqual([]);
  });

  it('are refused one by one when a resource is among the first, or a broken one', async () => {
    const mixed = await read(`[${items(50, '{"a":1}')},${patient('1')},${items(150, '2')}${pad}]`);
    expect(mixed.ids).toEqual(['1']);
    expect(mixed.codes).toEqual([...Array(50).fill('RESOURCE_TYPE_MISSING'), ...Array(150).fill('RECORD_NOT_OBJECT')]);
    expect(mixed.rejects.map(({ location }) => location.entryIndex)).toEqual([...Array(201).keys()].filter((index) => index !== 50));
    const meant = await read(`[${items(50, '{"a":1}')},{"resourceType":5},${items(150, '{}')}${pad}]`);
    expect(meant.codes).toHaveLength(201);
    expect((await read(`[${items(3, '{"a":1}')},{"b":${pad}`)).codes).toEqual([
      'RESOURCE_TYPE_MISSING',
      'RESOURCE_TYPE_MISSING',
      'RESOURCE_TYPE_MISSING',
      'ARRAY_BROKEN',
    ]);
  });
});

describe('nested Bundles', () => {
  const inner = bundleOf(entryOf(patient('b')), '{"resource":5}', '{"fullUrl":"urn:x","resource":{"resourceType":"Basic","id":"c","n":1.0}}');

  it('are unpacked at any depth, with their own counts', async () => {
    const text = bundleOf(entryOf(patient('a')), entryOf(bundleOf(entryOf(inner))), entryOf(patient('d')));
    const { ids, records, rejects, bundles } = await read(text);
    expect(ids).toEqual(['a', 'b', 'c', 'd']);
    expect(records.map(({ location }) => location.entryIndex)).toEqual([0, 1, 1, 2]);
    expect(records[2]).toMatchObject({ fullUrl: 'urn:x', hasNumberText: true, json: '{"resourceType":"Basic","id":"c","n":1.0}' });
    expect(records[1]).toMatchObject({ hasNumberText: false, rawText: entryOf(patient('b')) });
    expect(rejects).toMatchObject([{ code: 'ENTRY_RESOURCE_NOT_OBJECT', location: { entryIndex: 1 }, rawText: '{"resource":5}' }]);
    expect(bundles.map(({ entryCount, resourceCount }) => [entryCount, resourceCount])).toEqual([
      [3, 2],
      [1, 1],
      [3, 3],
    ]);
  });

  it('stand in lines of NDJSON with the line', async () => {
    const { ids, records } = await read(`${patient('a')}\n${inner}\n`);
    expect(ids).toEqual(['a', 'b', 'c']);
    expect(records[2]?.location).toEqual({ sourceName: 'input.json', line: 2, entryIndex: 2, byteOffset: patient('a').length + 1 });
  });

  it('leave contained resources alone', async () => {
    const text = bundleOf(`{"resource":{"resourceType":"Basic","contained":[${inner}]}}`);
    expect((await read(text)).records).toHaveLength(1);
  });
});

describe('limits', () => {
  const long = `{"resourceType":"Basic","id":"long","s":"${'x'.repeat(5000)}"}`;
  const limits = { recordBytes: 2000 };

  it.each([
    ['a Bundle', bundleOf(entryOf(patient('a')), entryOf(long), entryOf(patient('b'))), { entryIndex: 1 }],
    ['an array', `[${patient('a')},${long},${patient('b')}]`, { entryIndex: 1 }],
    ['NDJSON', `${patient('a')}\n${long}\n${patient('b')}`, { line: 2 }],
    ['documents in a row', `{\n"resourceType":"Patient","id":"a"} ${long} {\n"resourceType":"Patient","id":"b"}`, {}],
  ])('a record that is too long is refused, and reading goes on: %s', async (_, text, location) => {
    for (const chunkBytes of [1_000_000, 100, 1]) {
      const { ids, rejects } = await read(text, { limits, chunkBytes });
      expect(ids).toEqual(['a', 'b']);
      expect(rejects).toMatchObject([{ code: 'RECORD_TOO_LARGE', location, parameters: { limit: 0.002 } }]);
    }
  });

  it('a Bundle too long around its entries is refused, not held', async () => {
    const text = bundleOf(entryOf(patient('a'))).replace('"collection"', `"${'x'.repeat(5000)}"`);
    const { ids, codes } = await read(text, { limits, chunkBytes: 10 });
    expect(ids).toEqual(['a']);
    expect(codes).toEqual(['RECORD_TOO_LARGE']);
  });

  it('an entry that swallows the rest of a Bundle is still found broken at the right place', async () => {
    const text = `{"resourceType":"Bundle","entry":[${entryOf(patient('a'))},{"resource":{"resourceType":"Basic,"id":"1"}},${entryOf(patient('b'))}${' '.repeat(5000)}]}`;
    const { codes, reports } = await read(text, { limits });
    expect(codes).toEqual(['BUNDLE_BROKEN']);
    expect(reports[0]?.location.byteOffset).toBe(text.indexOf('id":"1"'));
  });

  it('the text of a refused record is cut at 1 MiB, between characters', async () => {
    const { rejects } = await read(`[${patient('a')},{"resourceType":5,"s":"${'é'.repeat(1_000_000)}"}]`);
    expect(rejects[0]).toMatchObject({ code: 'RESOURCE_TYPE_INVALID', isRawTextCut: true });
    expect(Buffer.byteLength(rejects[0]?.rawText ?? '')).toBeLessThanOrEqual(1024 * 1024);
    expect(rejects[0]?.rawText.endsWith('éé')).toBe(true);
  });

  it.each([
    ['a Bundle', (deep: string) => bundleOf(entryOf(patient('a')), entryOf(deep), entryOf(patient('b')))],
    ['an array', (deep: string) => `[${patient('a')},${deep},${patient('b')}]`],
    ['NDJSON', (deep: string) => `${patient('a')}\n${deep}\n${patient('b')}`],
  ])('a record that is too deep is refused: %s', async (_, wrap) => {
    for (const depth of [300, 100_000]) {
      const deep = `{"resourceType":"Basic","x":${'['.repeat(depth)}${']'.repeat(depth)}}`;
      const { ids, rejects } = await read(wrap(deep));
      expect(ids).toEqual(['a', 'b']);
      expect(rejects).toMatchObject([{ code: 'RECORD_TOO_DEEP', parameters: { limit: 200 } }]);
    }
  });

  it('a deep single resource is refused too', async () => {
    const { codes } = await read(`{"resourceType":"Basic","x":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`);
    expect(codes).toEqual(['RECORD_TOO_DEEP']);
  });

  it('brackets that never close overflow nothing', async () => {
    for (const text of [
      '['.repeat(100_000),
      '{"resourceType":"Bundle","entry":'.concat('['.repeat(100_000)),
      '{"a":'.repeat(100_000),
      '[{"":'.repeat(50_000),
    ]) {
      const { codes, records } = await read(text);
      expect(codes).toHaveLength(1);
      expect(records).toEqual([]);
    }
  });
});
