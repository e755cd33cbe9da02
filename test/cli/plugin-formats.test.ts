// Formats, sinks and readers of plugins: -f with one of the user's own, and files that only the user's reader knows.

import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { makeFolder, ndjson, type Outcome, readFolder, runCommand } from '../support/run-command.ts';

type Files = Record<string, string | Uint8Array>;

const ada = { resourceType: 'Patient', id: 'ada', active: true, multipleBirthInteger: 2, name: [{ given: ['Ada', 'M.'] }] };
const input = ndjson(ada, { resourceType: 'Patient', id: 'b' });

/** Runs with the plugin `mine.ts`; `written` are the files in `out`. */
async function run(plugin: string, args: readonly string[], files: Files = { 'in.ndjson': input }): Promise<Outcome & { written: Record<string, string> }> {
  const cwd = makeFolder({
    ...files,
    'mine.ts': `import { writeFile } from 'node:fs/promises';\nimport { defineFormat, definePlugin, defineReader, defineSink } from 'fhir-flatten';\nexport default definePlugin({ name: 'acme', apiVersion: 1, ${plugin} });\n`,
  });
  const outcome = await runCommand([...args, '--plugin', './mine.ts'], { cwd });
  const written = Object.fromEntries(Object.entries(readFolder(cwd)).filter(([path]) => !(path in files) && path !== 'mine.ts'));
  return { ...outcome, written };
}

const lines = `formats: [defineFormat({ name: 'lines', extension: 'jsonl', isJoinable: true, row: ({ id, active, multiple_birth_integer, name_given }) =>
  JSON.stringify({ id, active, multiple_birth_integer, name_given }) + '\\n' })]`;
const list = `formats: [defineFormat({ name: 'list', extension: 'txt', cells: 'text', begin: ({ name }) => name + '\\n',
  row: ({ id, active }, index) => new TextEncoder().encode(index + ' ' + id + ' ' + active + '\\n'), end: (table, rowCount) => rowCount + ' rows of ' + table.columns.length + ' columns\\n' })]`;

describe('a format', () => {
  it('is chosen with -f, and gets booleans, numbers and lists', async () => {
    const { exitCode, stderr, written } = await run(lines, ['in.ndjson', '-f', 'lines', '-t', 'patient', '-o', 'out']);
    expect(exitCode, stderr).toBe(0);
    expect(Object.keys(written)).toEqual(['out/_report.json', 'out/_schema.json', 'out/patient.jsonl']);
    expect(written['out/patient.jsonl']).toBe(
      '{"id":"ada","active":true,"multiple_birth_integer":2,"name_given":["Ada","M."]}\n{"id":"b","active":null,"multiple_birth_integer":null,"name_given":null}\n',
    );
  });

  it('is chosen by the ending of a file, or writes to standard output', async () => {
    const { written } = await run(lines, ['in.ndjson', '-t', 'patient', '-o', 'all.jsonl']);
    expect(written['all.jsonl']?.split('\n')).toHaveLength(3);
    const { stdout } = await run(lines, ['in.ndjson', '-t', 'patient', '-f', 'lines', '-o', '-']);
    expect(stdout).toBe(written['all.jsonl']);
  });

  it('may have a beginning and an end, text for bytes, and the literal text of cells', async () => {
    const { written } = await run(list, ['in.ndjson', '-t', 'patient', '-f', 'list', '-o', 'out']);
    expect(written['out/patient.txt']).toMatch(/^patient\n0 ada true\n1 b null\n2 rows of \d+ columns\n$/);
  });

  it('writes the same with several threads, where it is joinable, and in one thread where it is not', async () => {
    const files = Object.fromEntries(Array.from({ length: 4 }, (_, part) => [`in/${part}.ndjson`, ndjson({ ...ada, id: `p${part}` })]));
    for (const [plugin, name, extension] of [
      [lines, 'lines', 'jsonl'],
      [list, 'list', 'txt'],
    ] as const) {
      const one = await run(plugin, ['in', '-f', name, '--threads', '1', '-o', 'out'], files);
      const three = await run(plugin, ['in', '-f', name, '--threads', '3', '-o', 'out'], files);
      expect(three.written[`out/patient.${extension}`]).toBe(one.written[`out/patient.${extension}`]);
      expect(one.written[`out/patient.${extension}`]).toMatch(/p0.*p1.*p2.*p3/s);
    }
  });

  it('counts what UTF-8 cannot say', async () => {
    const format = "formats: [defineFormat({ name: 'odd', extension: 'odd', row: () => '\\ud800x\\n' })]";
    const { exitCode, stderr } = await run(format, ['in.ndjson', '-f', 'odd', '-t', 'patient', '-o', 'out']);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('table patient: 2 lone surrogates written as U+FFFD');
  });

  it.each([
    ['throws', "row() { throw new TypeError('secret'); }", /error: format bad failed on table patient: TypeError at mine\.ts:3:\d+\n {2}nothing was published/],
    ['gives no text', 'row: () => 5 as never', /error: format bad failed on table patient: it gave neither text nor bytes/],
  ])('that %s fails the run, and nothing is published', async (_, row, message) => {
    const { exitCode, stderr, written } = await run(`formats: [defineFormat({ name: 'bad', extension: 'bad', ${row} })]`, [
      'in.ndjson',
      '-f',
      'bad',
      '-o',
      'out',
    ]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('secret');
    expect({ exitCode, written }).toEqual({ exitCode: 1, written: {} });
  });

  it.each([
    ["name: 'A b', extension: 'x', row() {}", /plugin format A b: name takes lower-case letters/],
    ["name: 'a', extension: '../x', row() {}", /plugin format a: extension takes/],
    ["name: 'a', extension: 'x'", /plugin format a: row takes a function/],
    ["name: 'csv', extension: 'x', row() {}", /two plugins bring the same format: csv \(built-in and acme\)/],
  ])('that cannot be used is refused: %s', async (format, message) => {
    const { exitCode, stderr, written } = await run(`formats: [defineFormat({ ${format} } as never)]`, ['in.ndjson', '-o', 'out']);
    expect(stderr).toMatch(message);
    expect({ exitCode, written }).toEqual({ exitCode: 2, written: {} });
  });

  it('is named among those there are', async () => {
    const { stderr } = await run(lines, ['in.ndjson', '-f', 'nope', '-o', 'out']);
    expect(stderr).toMatch(/formats here: .*lines/);
  });
});

/** Collects all tables in one file of JSON, written at the end. */
const sink = `sinks: [defineSink({ name: 'one-file', open: (out) => {
    console.error('open ' + out);
    const tables = {}; const rejects = [];
    return {
      table: ({ name }) => { tables[name] = []; return { write: async (rows) => { await null; tables[name].push(...rows.map(({ id }) => id)); } }; },
      reject: ({ code, at, text }) => rejects.push([code, at, text]),
      commit: async (report) => { await writeFile(out, JSON.stringify({ tables, rejects, resources: report.resources })); },
      abort: () => console.error('abort ' + out),
    };
  } })]`;

describe('a sink', () => {
  it('is chosen with -f, and takes all tables and the rejects', async () => {
    const { exitCode, stderr, written } = await run(sink, ['in.ndjson', '-f', 'one-file', '-t', 'patient,patient_name', '-o', 'all.json'], {
      'in.ndjson': `${input}{\n`,
    });
    expect(exitCode, stderr).toBe(3);
    expect(Object.keys(written)).toEqual(['all.json']);
    expect(JSON.parse(written['all.json'] as string)).toEqual({
      tables: { patient: ['ada', 'b'], patient_name: [null] },
      rejects: [['RECORD_NOT_JSON', expect.stringContaining('in.ndjson:3'), '{']],
      resources: 2,
    });
    expect(stderr).toContain('Wrote 2 tables to all.json');
    expect(stderr).not.toContain('abort');
  });

  it('is told to take everything back when the run fails, and begins anew when the input is read again', async () => {
    const failed = await run(sink, ['in.ndjson', '-f', 'one-file', '-o', 'all.json', '--fail-fast'], { 'in.ndjson': `${input}{\n` });
    expect(failed).toMatchObject({ exitCode: 1, written: {} });
    expect(failed.stderr.match(/^(?:open|abort) /gm)).toEqual(['open ', 'abort ']);
    const again = await run(sink, ['in.ndjson', '-f', 'one-file', '-t', 'patient', '-o', 'all.json'], {
      'in.ndjson': input + ndjson({ ...ada, active: false }),
    });
    expect(again.stderr.match(/^(?:open|abort) /gm)).toEqual(['open ', 'abort ', 'open ']);
    expect(JSON.parse(again.written['all.json'] as string).tables).toEqual({ patient: ['b', 'ada'] });
  });

  it('writes nothing with --dry-run', async () => {
    const { exitCode, stderr, written } = await run(sink, ['in.ndjson', '-f', 'one-file', '-o', 'all.json', '--dry-run']);
    expect({ exitCode, written }).toEqual({ exitCode: 0, written: {} });
    expect(stderr).not.toContain('open');
  });

  it.each([
    ['open() { throw new TypeError("secret"); }', /error: sink bad failed on x: TypeError at mine\.ts:3:/],
    ['open: () => 5', /error: sink bad failed on x: open gave no object with functions table and commit/],
    [
      'open: () => ({ table: async () => { throw Object.assign(new Error("secret"), { code: "ECONNREFUSED" }); }, commit() {} })',
      /failed on x: Error ECONNREFUSED at mine\.ts/,
    ],
    ['open: () => ({ table: () => ({ async write() { throw new RangeError("secret"); } }), commit() {} })', /failed on x: RangeError at mine\.ts/],
    ['open: () => ({ table: () => ({ write() {} }), commit() { throw new RangeError("secret"); } })', /failed on x: RangeError at mine\.ts/],
  ])('that throws fails the run: %s', async (open, message) => {
    const { exitCode, stderr } = await run(`sinks: [defineSink({ name: 'bad', ${open} } as never)]`, ['in.ndjson', '-f', 'bad', '-o', 'x']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('secret');
  });

  it('and a format do not share a name', async () => {
    const { exitCode, stderr } = await run("sinks: [defineSink({ name: 'csv', open: () => ({}) as never })]", ['in.ndjson', '-o', 'x']);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('two plugins bring the same format: csv (built-in and acme)') });
  });
});

/** Reads `ACME` and then a name a line. */
const reader = `readers: [defineReader({
  name: 'acme-list',
  recognise: (head) => Buffer.from(head).toString('latin1', 0, 5) === 'ACME\\n',
  async *read(chunks) {
    let text = '';
    for await (const chunk of chunks) text += Buffer.from(chunk).toString();
    for (const [index, name] of text.trimEnd().split('\\n').entries()) {
      if (name === 'fail') throw new RangeError('secret');
      if (name === 'none') yield { resource: 5, line: index + 1 } as never;
      else if (name === 'bundle') yield { resource: { resourceType: 'Bundle', entry: [{ fullUrl: 'urn:uuid:0b', resource: { resourceType: 'Patient' } }] }, line: index + 1 };
      else if (index > 0) yield { resource: { resourceType: 'Patient', id: name, note: undefined, birthDate: new Date(0) }, line: index + 1 };
    }
  },
})]`;

describe('a reader', () => {
  it('reads files that it recognises, also compressed and from standard input, beside those that others read', async () => {
    const files = { 'in/a.acme': 'ACME\nx\ny\n', 'in/b.gz': gzipSync('ACME\nz\n'), 'in/c.ndjson': input };
    const { exitCode, stderr, written } = await run(reader, ['in', '-t', 'patient', '-o', 'out'], files);
    expect(exitCode, stderr).toBe(0);
    expect(written['out/patient.csv']?.match(/^\w+/gm)).toEqual(['id', 'x', 'y', 'z', 'ada', 'b']);
    const { stdout } = await run(reader, ['inspect', 'in', '--json'], files);
    expect(JSON.parse(stdout)).toMatchObject({ resourcesByType: { Patient: 5 } });
  });

  it('may give Bundles, and what is no resource is rejected with its place', async () => {
    const { exitCode, stderr, written } = await run(reader, ['a.acme', '-t', 'patient', '-o', 'out'], { 'a.acme': 'ACME\nbundle\nnone\ny\n' });
    expect(exitCode).toBe(3);
    expect(stderr).toContain('error: a.acme:3: not a resource');
    expect(written['out/patient.csv']?.match(/^\w+/gm)).toEqual(['id', '0b', 'y']);
  });

  it('that throws leaves what came before, and the source is named', async () => {
    const { exitCode, stderr, written } = await run(reader, ['in', '-t', 'patient', '-o', 'out'], { 'in/a.acme': 'ACME\nx\nfail\ny\n', 'in/b.ndjson': input });
    expect(exitCode).toBe(3);
    expect(stderr).toContain('error: in/a.acme: the acme-list data is damaged: RangeError at mine.ts:');
    expect(stderr).not.toContain('secret');
    expect(written['out/patient.csv']?.match(/^\w+/gm)).toEqual(['id', 'x', 'ada', 'b']);
  });
});
