import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findSources } from '../../src/read/find-sources.ts';
import { makeZip, type ZipInput } from './make-zip.ts';
import { read, readSources } from './read-all.ts';

const lines = Array.from({ length: 3000 }, (_, index) => `{"resourceType":"Patient","id":"${index}","n":${(index * 7919) % 10007}}\n`);
const ndjson = Buffer.from(lines.join(''));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'read-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('gzip', () => {
  it('is unpacked whatever the chunks are', async () => {
    const packed = gzipSync(ndjson);
    for (const chunkBytes of [1_000_000, 1000, 7, 1]) expect((await read(packed, { chunkBytes })).records).toHaveLength(3000);
  });

  it('of several members is read to its end, headers with all fields and zero padding included', async () => {
    const full = gzipSync(Buffer.from(lines[1] as string));
    full[3] = 0x1e;
    const withFields = Buffer.concat([full.subarray(0, 10), Buffer.from([2, 0, 9, 9]), Buffer.from('name\0comment\0'), Buffer.from([1, 2]), full.subarray(10)]);
    const packed = Buffer.concat([
      gzipSync(Buffer.from(lines[0] as string)),
      withFields,
      gzipSync(''),
      gzipSync(Buffer.from(lines[2] as string)),
      Buffer.alloc(700),
    ]);
    for (const chunkBytes of [1_000_000, 3, 1]) {
      const { ids, codes } = await read(packed, { chunkBytes });
      expect(codes).toEqual([]);
      expect(ids).toEqual(['0', '1', '2']);
    }
  });

  it.each([
    ['something else follows it', (packed: Buffer) => Buffer.concat([packed, Buffer.from('garbage')]), 'bytes after its end that are not gzip', 3000],
    ['its checksum is wrong', (packed: Buffer) => flip(packed, packed.length - 8), 'its checksum is wrong', 3000],
    ['its length is wrong', (packed: Buffer) => flip(packed, packed.length - 1), 'its length is wrong', 3000],
    ['its trailer is cut off', (packed: Buffer) => packed.subarray(0, -3), 'it is cut off', 3000],
  ] as const)('keeps everything when %s', async (_, damage, reason, count) => {
    for (const chunkBytes of [1_000_000, 1000, 1]) {
      const { records, reports, codes } = await read(damage(gzipSync(ndjson)), { chunkBytes });
      expect(codes).toEqual(['SOURCE_DAMAGED']);
      expect(reports[0]).toMatchObject({ location: { sourceName: 'input.json' }, parameters: { format: 'gzip', reason } });
      expect(records).toHaveLength(count);
    }
  });

  it('keeps what comes before the fault when it is cut off or its bytes are wrong', async () => {
    const packed = gzipSync(ndjson);
    const cutOff = await read(packed.subarray(0, packed.length >> 1));
    expect(cutOff.codes.sort()).toEqual(['RECORD_NOT_JSON', 'SOURCE_DAMAGED']);
    expect(cutOff.records.length).toBeGreaterThan(1000);
    // A block type that deflate does not have, after 2000 lines that are whole.
    const sound = deflateRawSync(Buffer.from(lines.slice(0, 2000).join('')), { finishFlush: 2 });
    const broken = Buffer.concat([gzipSync('').subarray(0, 10), sound, Buffer.from([0x07, 0xff, 0xff, 0xff])]);
    for (const chunkBytes of [1_000_000, 1000, 1]) {
      const { records, codes, reports } = await read(broken, { chunkBytes });
      expect(codes).toContain('SOURCE_DAMAGED');
      expect(reports[0]?.parameters.reason).toBe('its bytes do not decode');
      expect(records.length).toBeGreaterThanOrEqual(1998);
    }
  });

  it('with nothing but a header is damaged, not empty', async () => {
    for (const byteCount of [4, 10, 15]) expect((await read(gzipSync(ndjson).subarray(0, byteCount))).codes).toEqual(['SOURCE_DAMAGED']);
  });

  it('of gzip or zip is an archive inside an archive', async () => {
    expect((await read(gzipSync(gzipSync(ndjson)))).codes).toEqual(['SOURCE_NESTED_ARCHIVE']);
    expect((await read(gzipSync(makeZip([{ name: 'a', content: ndjson }])))).codes).toEqual(['SOURCE_NESTED_ARCHIVE']);
  });

  it('that expands past the limit is stopped there, and what came is kept', async () => {
    const bomb = gzipSync(Buffer.concat([ndjson, Buffer.alloc(70 * 1024 * 1024, 0x20)]));
    const { records, codes, reports } = await read(bomb);
    expect(codes).toEqual(['SOURCE_EXPANDS']);
    expect(reports[0]?.parameters).toEqual({ limit: 200 });
    expect(records).toHaveLength(3000);
    expect((await read(bomb, { limits: { expansion: 2000 } })).codes).toEqual([]);
  });
});

function flip(bytes: Buffer, index: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped[index] = (flipped[index] as number) ^ 0xff;
  return flipped;
}

const patientFile = (name: string, options: Partial<ZipInput> = {}): ZipInput => ({
  name,
  content: JSON.stringify({ resourceType: 'Patient', id: name }),
  ...options,
});

/** As a file and as a stream, which goes through a temporary file. */
async function readZip(bytes: Buffer, limits = {}) {
  const path = join(folder, 'x.zip');
  writeFileSync(path, bytes);
  const fromFile = await readSources(findSources([path]).sources, limits);
  const fromStream = await read(bytes, { name: path, chunkBytes: 1000, limits });
  expect(fromStream.codes).toEqual(fromFile.codes);
  expect(fromStream.ids).toEqual(fromFile.ids);
  expect(fromStream.records.map(({ location }) => location)).toEqual(fromFile.records.map(({ location }) => location));
  const prefix = `${path}!`;
  return { ...fromFile, places: fromFile.reports.map(({ code, location }) => [code, location.sourceName.replace(prefix, '')]) };
}

describe('zip', () => {
  it('gives its members in the order of their names, hidden ones and folders left out', async () => {
    const { ids, codes, records } = await readZip(
      makeZip([
        patientFile('b.json'),
        patientFile('a/z.json', { isStored: true }),
        patientFile('a/.hidden.json'),
        patientFile('.git/x.json'),
        patientFile('__MACOSX/a.json'),
        { name: 'a/', content: '', isStored: true },
        { name: 'c.ndjson', content: ndjson },
        { name: 'd.ndjson.gz', content: gzipSync(ndjson), isStored: true },
      ]),
    );
    expect(codes).toEqual([]);
    expect(ids.slice(0, 2)).toEqual(['a/z.json', 'b.json']);
    expect(ids).toHaveLength(6002);
    expect(records[0]?.location.sourceName).toBe(`${join(folder, 'x.zip')}!a/z.json`);
  });

  it('with nothing in it gives nothing', async () => {
    expect((await readZip(makeZip([]))).ids).toEqual([]);
  });

  it('takes member names for messages only, without control characters', async () => {
    const { ids, records } = await readZip(
      makeZip([patientFile('../../etc/passwd'), patientFile('/absolute'), patientFile('a\nb\u001b[2J'), patientFile('c\\d.json')]),
    );
    expect(ids).toHaveLength(4);
    expect(records.map(({ location }) => location.sourceName.split('!')[1])).toEqual(['../../etc/passwd', '/absolute', 'a?b?[2J', 'c/d.json']);
  });

  it('names each damaged, encrypted, nested or foreign member and reads the others', async () => {
    const { ids, places } = await readZip(
      makeZip([
        patientFile('1.json'),
        patientFile('2-crc.json', { checksum: 1 }),
        patientFile('3-bytes.json', { packed: Buffer.from([7, 7, 7, 7]) }),
        patientFile('4-encrypted.json', { flags: 1 }),
        { name: '5-nested.zip', content: makeZip([patientFile('x.json')]) },
        patientFile('6-method.json', { method: 12 }),
        { name: '7.txt', content: 'hello' },
        { name: '8-short.json', content: `${lines[0]}`, packed: deflateRawSync(Buffer.from(`${lines[0]}`)).subarray(0, -4) },
        patientFile('9.json'),
      ]),
    );
    expect(ids).toEqual(['1.json', '2-crc.json', '9.json']);
    expect(places).toEqual([
      ['SOURCE_DAMAGED', '2-crc.json'],
      ['SOURCE_DAMAGED', '3-bytes.json'],
      ['SOURCE_ENCRYPTED', '4-encrypted.json'],
      ['SOURCE_NESTED_ARCHIVE', '5-nested.zip'],
      ['SOURCE_DAMAGED', '6-method.json'],
      ['SOURCE_NOT_FHIR', '7.txt'],
      ['SOURCE_DAMAGED', '8-short.json'],
    ]);
  });

  it('that is cut off is read as far as it goes', async () => {
    const members = [patientFile('1.json'), patientFile('2.json', { isStored: true }), { name: '3.ndjson', content: ndjson }];
    const whole = makeZip(members, false);
    const { ids, codes } = await readZip(whole);
    expect(codes).toEqual(['SOURCE_DAMAGED']);
    expect(ids).toHaveLength(3002);
    const cut = await readZip(whole.subarray(0, whole.length - 2000));
    expect(cut.ids.length).toBeGreaterThan(1000);
    expect(cut.codes).toContain('SOURCE_DAMAGED');
  });

  it('that expands past the limit is stopped', async () => {
    const { ids, codes } = await readZip(
      makeZip([
        patientFile('1.json'),
        { name: '2.json', content: Buffer.concat([Buffer.from('{"resourceType":"Patient","id":"2"}'), Buffer.alloc(70 * 1024 * 1024, 0x20)]) },
        patientFile('3.json'),
      ]),
    );
    expect(codes).toEqual(['SOURCE_EXPANDS']);
    expect(ids).toEqual(['1.json', '2']);
  });

  it('leaves no temporary file behind', async () => {
    // In a folder of its own: others run beside this.
    const temporary = mkdtempSync(join(folder, 'temporary-'));
    for (const name of ['TMPDIR', 'TEMP']) vi.stubEnv(name, temporary);
    await read(makeZip([patientFile('1.json')]));
    vi.unstubAllEnvs();
    expect(readdirSync(temporary)).toEqual([]);
  });
});

describe('text encodings', () => {
  const text = `{"resourceType":"Patient","id":"é€😀"}\n{"resourceType":"Patient","id":"2"}\n`;

  it('a byte order mark is not data, but counts as bytes', async () => {
    const { ids, records, codes } = await read(`\ufeff${text}`, { chunkBytes: 2 });
    expect(codes).toEqual([]);
    expect(ids).toEqual(['é€😀', '2']);
    expect(records.map(({ location }) => location.byteOffset)).toEqual([3, 3 + Buffer.byteLength(text.split('\n')[0] as string) + 1]);
  });

  it.each([
    ['little-endian with a mark', (units: Buffer) => Buffer.concat([Buffer.from([0xff, 0xfe]), units])],
    ['big-endian with a mark', (units: Buffer) => Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(units).swap16()])],
    ['little-endian without one', (units: Buffer) => units],
    ['big-endian without one', (units: Buffer) => Buffer.from(units).swap16()],
  ])('UTF-16 %s is read, wherever it is cut', async (_, encode) => {
    const bytes = encode(Buffer.from(text, 'utf16le'));
    for (const chunkBytes of [1, 2, 3, 5, 1_000_000]) {
      const { ids, codes } = await read(bytes, { chunkBytes });
      expect(codes).toEqual([]);
      expect(ids).toEqual(['é€😀', '2']);
    }
  });

  it('a lone surrogate in UTF-16 spoils its record, never becomes U+FFFD', async () => {
    const units = Buffer.from(
      `\ufeff{"resourceType":"Patient","id":"\ud800"}\n{"resourceType":"Patient","id":"\ufffd"}\n{"resourceType":"Patient","id":"\udc00x"}\n`,
      'utf16le',
    );
    for (const chunkBytes of [1, 1_000_000]) {
      const { ids, codes } = await read(units, { chunkBytes });
      expect(codes).toEqual(['RECORD_NOT_UTF8', 'RECORD_NOT_UTF8']);
      expect(ids).toEqual(['\ufffd']);
    }
  });

  it('half a unit at the end of UTF-16 spoils the last record only', async () => {
    const units = Buffer.from(`\ufeff{"resourceType":"Patient","id":"1"}\n{"resourceType":"Patient"}`, 'utf16le');
    const { ids, codes } = await read(Buffer.concat([units, Buffer.from([0x20])]));
    expect(ids).toEqual(['1']);
    expect(codes).toEqual(['RECORD_NOT_UTF8']);
  });

  it('lone surrogates written as JSON escapes are kept', async () => {
    const { ids, codes } = await read('{"resourceType":"Patient","id":"\\ud800"}');
    expect(codes).toEqual([]);
    expect(ids).toEqual(['\ud800']);
  });

  it('unpacked text in UTF-16 is read too', async () => {
    expect((await read(gzipSync(Buffer.from(`\ufeff${text}`, 'utf16le')))).ids).toEqual(['é€😀', '2']);
  });
});
