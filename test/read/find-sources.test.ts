import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../src/diagnostics.ts';
import { findSources } from '../../src/read/find-sources.ts';
import { spoolSource } from '../../src/read/stdin-source.ts';
import { makeZip } from './make-zip.ts';
import { readSources, sourceOf } from './read-all.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'find-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), `{"resourceType":"Patient","id":${JSON.stringify(path)}}`);
  }
}

const namesIn = (inputs: string[], excludedPath?: string) =>
  findSources(inputs, excludedPath === undefined ? {} : { excludedPath }).sources.map(({ name }) => name.replace(`${folder}/`, ''));

describe('finding sources', () => {
  it('walks folders by name, without hidden files and folders', () => {
    write('b.json', 'a/2.json', 'a/10.json', 'B.json', 'é.json', '.hidden.json', '.git/x.json', 'c/d/e.json');
    expect(namesIn([folder])).toEqual(['B.json', 'a/10.json', 'a/2.json', 'b.json', 'c/d/e.json', 'é.json']);
  });

  it('keeps the order of the inputs, takes each file once, and names files as the user would', () => {
    write('a.json', 'b.json', 'sub/c.json');
    expect(namesIn([join(folder, 'b.json'), folder, `${folder}/sub/`, join(folder, 'sub/../a.json')])).toEqual(['b.json', 'a.json', 'sub/c.json']);
    const here = process.cwd();
    try {
      process.chdir(folder);
      expect(findSources(['.']).sources.map(({ name, isNamedByUser }) => [name, isNamedByUser])).toEqual([
        ['a.json', false],
        ['b.json', false],
        ['sub/c.json', false],
      ]);
      expect(findSources(['./sub', 'a.json']).sources.map(({ name, isNamedByUser }) => [name, isNamedByUser])).toEqual([
        ['sub/c.json', false],
        ['a.json', true],
      ]);
    } finally {
      process.chdir(here);
    }
  });

  it('reads a hidden file that is named, and stdin once', () => {
    write('.hidden.json');
    expect(namesIn([join(folder, '.hidden.json'), '-', '-'])).toEqual(['.hidden.json', 'stdin']);
  });

  it('fails for an input that does not exist', () => {
    expect(() => findSources([join(folder, 'missing')])).toThrow(UserError);
    try {
      findSources([join(folder, 'missing')]);
    } catch (error) {
      expect(error).toMatchObject({ code: 'INPUT_NOT_FOUND', exitCode: 1, location: { sourceName: join(folder, 'missing') } });
    }
  });

  it('follows links, but not in circles, and reads nothing twice', () => {
    write('a/x.json', 'outside/y.json');
    mkdirSync(join(folder, 'walked'));
    symlinkSync('../a', join(folder, 'walked/a1'));
    symlinkSync('../a', join(folder, 'walked/a2'));
    symlinkSync('..', join(folder, 'a/up'));
    symlinkSync('.', join(folder, 'walked/self'));
    symlinkSync('../outside/y.json', join(folder, 'walked/link.json'));
    linkSync(join(folder, 'a/x.json'), join(folder, 'walked/z.json'));
    symlinkSync('nowhere', join(folder, 'walked/broken'));
    const { sources, problems } = findSources([join(folder, 'walked')]);
    expect(sources.map(({ name }) => name.replace(`${folder}/`, ''))).toEqual(['walked/a1/up/outside/y.json', 'walked/a1/x.json']);
    expect(problems.map(({ code, location }) => [code, location.sourceName.replace(`${folder}/`, '')])).toEqual([
      ['SOURCE_UNREADABLE', 'walked/a1/up/walked/broken'.replace('a1/up/walked/', '')],
    ]);
  });

  it('leaves the output out of a walked folder', () => {
    write('a.json', 'out/patient.csv');
    expect(namesIn([folder], join(folder, 'out'))).toEqual(['a.json']);
    expect(namesIn([folder], join(folder, 'not-there-yet'))).toEqual(['a.json', 'out/patient.csv']);
    expect(namesIn([join(folder, 'out')], join(folder, 'out'))).toEqual(['out/patient.csv']);
  });

  it('leaves the output of earlier runs out of a walked folder, but not when it is named', () => {
    write('a.json', 'old/rejects.json', 'old/details/x.json', 'other/b.json', 'broken/c.json', 'odd/d.json');
    writeFileSync(join(folder, 'old/_schema.json'), '{"tool":"fhir-flatten","version":"0.1.0","tables":{}}');
    writeFileSync(join(folder, 'other/_schema.json'), '{"tool":"another"}');
    writeFileSync(join(folder, 'broken/_schema.json'), '{"tool":"fhir-flatten"');
    mkdirSync(join(folder, 'odd/_schema.json'));
    const walked = ['a.json', 'broken/_schema.json', 'broken/c.json', 'odd/d.json', 'other/_schema.json', 'other/b.json'];
    const old = ['old/_schema.json', 'old/details/x.json', 'old/rejects.json'];
    expect(findSources([folder]).problems).toEqual([]);
    expect(namesIn([folder])).toEqual(walked);
    expect(namesIn([join(folder, 'old')])).toEqual(old);
    expect(namesIn([folder, join(folder, 'old')])).toEqual([...walked, ...old]);
    expect(namesIn([join(folder, 'old/rejects.json')])).toEqual(['old/rejects.json']);
  });

  it('does not mind an output path that runs through a file, or in circles', () => {
    write('a.json');
    symlinkSync('loop', join(folder, 'loop'));
    for (const path of ['a.json/out', 'loop/out', 'x'.repeat(5000)])
      expect(findSources([join(folder, 'a.json')], { excludedPath: join(folder, path) }).sources).toHaveLength(1);
  });

  it.skipIf(process.platform === 'win32')('names pipes, sockets and devices in a folder, and does not open them', async () => {
    write('a.json');
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const server = createServer().listen(join(folder, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    symlinkSync('/dev/zero', join(folder, 'zero'));
    const { sources, problems } = findSources([folder, '/dev/null']);
    server.close();
    expect(sources).toHaveLength(1);
    expect(problems.map(({ code, parameters }) => [code, parameters.found])).toEqual([
      ['SOURCE_SPECIAL', 'named pipe'],
      ['SOURCE_SPECIAL', 'socket'],
      ['SOURCE_SPECIAL', 'device'],
      ['SOURCE_SPECIAL', 'device'],
    ]);
  });

  it.skipIf(process.platform === 'win32')('reads a pipe that is named', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const writer = spawn('sh', ['-c', 'echo \'{"resourceType":"Patient","id":"1"}\' > "$0"', pipe]);
    const { ids, codes } = await readSources(findSources([pipe]).sources);
    writer.kill();
    expect(codes).toEqual([]);
    expect(ids).toEqual(['1']);
  });

  it.skipIf(process.platform !== 'linux')('opens files whose names are not UTF-8', async () => {
    const name = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x61, 0xe9, 0x0a]), Buffer.from('.json')]);
    writeFileSync(name, '{"resourceType":"Patient","id":"1"}');
    const below = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff])]);
    mkdirSync(below);
    writeFileSync(Buffer.concat([below, Buffer.from('/x.json')]), '{"resourceType":"Patient","id":"2"}');
    writeFileSync(Buffer.concat([below, Buffer.from('/y.zip')]), makeZip([{ name: 'z.json', content: '{"resourceType":"Patient","id":"3"}' }]));
    const { sources, problems } = findSources([folder]);
    expect(problems).toEqual([]);
    expect(sources[0]?.name).toBe(`${folder}/a\ufffd?.json`);
    expect((await readSources(sources)).ids).toEqual(['1', '2', '3']);
  });

  it.skipIf(process.getuid?.() === 0)('names what it may not read, and goes on', async () => {
    write('a.json', 'b.json', 'closed/c.json', 'd.json');
    chmodSync(join(folder, 'b.json'), 0);
    chmodSync(join(folder, 'closed'), 0);
    const { sources, problems } = findSources([folder]);
    expect(problems).toMatchObject([{ code: 'SOURCE_UNREADABLE', parameters: { reason: 'permission denied' } }]);
    const { ids, reports } = await readSources(sources);
    chmodSync(join(folder, 'closed'), 0o700);
    expect(ids).toEqual(['a.json', 'd.json']);
    expect(reports).toMatchObject([{ code: 'SOURCE_UNREADABLE', parameters: { reason: 'permission denied' } }]);
  });
});

describe('reading files', () => {
  const line = (id: number) => `{"resourceType":"Patient","id":"${id}","pad":"${'x'.repeat(1000)}"}\n`;
  const manyLines = Array.from({ length: 5000 }, (_, index) => line(index)).join('');

  it('reads large and small ones whole, and counts their bytes', async () => {
    writeFileSync(join(folder, 'large.ndjson'), manyLines);
    writeFileSync(join(folder, 'exact.json'), `{"resourceType":"Patient"}${' '.repeat(1024 * 1024 - 26)}`);
    write('small.json');
    writeFileSync(join(folder, 'zero.json'), '');
    const { records, codes, rawBytes } = await readSources(findSources([folder]).sources);
    expect(records).toHaveLength(5002);
    expect(codes).toEqual(['SOURCE_EMPTY']);
    expect(rawBytes).toBe(manyLines.length + 1024 * 1024 + '{"resourceType":"Patient","id":"small.json"}'.length);
  });

  it.each([
    ['grows', 'it became longer', (path: string) => appendFileSync(path, line(1)), 5000],
    ['shrinks', 'it became shorter', (path: string) => truncateSync(path, 10), undefined],
    ['is deleted', 'it was deleted', (path: string) => unlinkSync(path), 5000],
  ] as const)('reports a file that %s while it is read, and reads on to the size it had', async (_, change, act, count) => {
    const path = join(folder, 'a.ndjson');
    writeFileSync(path, manyLines);
    const [source] = findSources([path]).sources;
    if (source === undefined) throw new Error('no source');
    let hasActed = false;
    const acting = {
      ...source,
      filePath: undefined,
      open: async function* (onRawBytes?: (byteCount: number) => void) {
        for await (const chunk of source.open(onRawBytes)) {
          if (!hasActed) act(path);
          hasActed = true;
          yield chunk;
        }
      },
    };
    const { records, reports } = await readSources([acting]);
    expect(reports).toMatchObject([{ code: 'SOURCE_CHANGED', parameters: { change } }]);
    if (count !== undefined) expect(records).toHaveLength(count);
    else expect(records.length).toBeGreaterThan(0);
  });

  it('names a file that is gone before it is opened', async () => {
    write('a.json', 'b.json');
    const { sources } = findSources([folder]);
    renameSync(join(folder, 'a.json'), join(folder, '.a.json'));
    const { ids, codes } = await readSources(sources);
    expect(codes).toEqual(['SOURCE_UNREADABLE']);
    expect(ids).toEqual(['b.json']);
  });

  it('closes what it opened when reading stops early', async () => {
    writeFileSync(join(folder, 'large.ndjson'), manyLines);
    const firstFreeFd = () => {
      const fd = openSync('/dev/null', 'r');
      execFileSync('true');
      return fd;
    };
    const before = firstFreeFd();
    const { readSource } = await import('../../src/read/read-source.ts');
    const { jsonReaders } = await import('../../src/read/json-readers.ts');
    const [source] = findSources([folder]).sources;
    if (source === undefined) throw new Error('no source');
    const context = { limits: { recordBytes: 1e6, depth: 100, expansion: 100 }, reject() {}, report() {}, onRawBytes() {}, onBundle() {}, onKind() {} };
    for (let round = 0; round < 5; round++) {
      for await (const run of readSource(source, jsonReaders, context)) {
        for (const _ of run) break;
        break;
      }
    }
    expect(firstFreeFd()).toBeLessThanOrEqual(before + 2);
  });
});

describe('spooling', () => {
  it('lets a source that can be read once be read again', async () => {
    let openCount = 0;
    const once = sourceOf('{"resourceType":"Patient","id":"1"}\n{"resourceType":"Patient","id":"2"}', 10, 'stdin');
    const spooled = spoolSource(
      {
        ...once,
        open: (onRawBytes) => {
          openCount++;
          return once.open(onRawBytes);
        },
      },
      join(folder, 'spool'),
    );
    for (let pass = 0; pass < 3; pass++) expect((await readSources([spooled])).ids).toEqual(['1', '2']);
    expect(openCount).toBe(1);
  });

  it('copies byte for byte, whatever the chunks are', async () => {
    const bytes = Buffer.alloc(2_500_000);
    for (let index = 0; index < bytes.length; index++) bytes[index] = (index * 7919) >> 3;
    for (const chunkBytes of [65_536, 1_048_576, 1_500_000, 5_000_000]) {
      const spooled = spoolSource(sourceOf(bytes, chunkBytes, 'stdin'), join(folder, 'spool'));
      for (let pass = 0; pass < 2; pass++) {
        const chunks: Buffer[] = [];
        for await (const chunk of spooled.open()) chunks.push(Buffer.from(chunk));
        expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
      }
    }
  });

  it.skipIf(process.platform !== 'linux').each([10, 3_000_000])('fails with the error of the write when the disk is full: %d bytes', async (byteCount) => {
    const spooled = spoolSource(sourceOf(Buffer.alloc(byteCount), 100_000, 'stdin'), '/dev/full');
    const drain = async () => {
      for await (const _ of spooled.open());
    };
    await expect(drain()).rejects.toMatchObject({ code: 'ENOSPC', syscall: 'write' });
  });
});
