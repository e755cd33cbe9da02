// `flatten` as a program uses it: any input → batches, rows or files, at the program's pace.

import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type FlattenInput, flatten, NumberText, type RowObject, UserError } from '../../src/index.ts';
import { makeFolder, ndjson, readFolder } from '../support/run-command.ts';

const ada = {
  resourceType: 'Patient',
  id: 'ada',
  active: true,
  birthDate: '1815-12-10',
  multipleBirthInteger: 2,
  name: [{ given: ['Ada', 'Augusta'], family: 'Lovelace' }],
} as const;
const weight = { resourceType: 'Observation', id: 'w', subject: { reference: 'Patient/ada' }, valueQuantity: { value: 70.5, unit: 'kg' } } as const;
const text = ndjson(ada, weight);

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function idsOf(inputs: FlattenInput | readonly FlattenInput[], table = 'patient'): Promise<unknown[]> {
  return (await all(flatten({ inputs }).rows(table))).map(({ id }) => id);
}

async function* patients(count: number, onTaken: (index: number) => void = () => {}): AsyncGenerator<{ resourceType: string; id: string }> {
  for (let index = 0; index < count; index++) {
    onTaken(index);
    yield { resourceType: 'Patient', id: `p${index}` };
  }
}

describe('inputs', () => {
  it('may be paths, URLs, bytes, streams, resources, and any of them with a name', async () => {
    const folder = makeFolder({ 'in/a.ndjson': text });
    const path = join(folder, 'in/a.ndjson');
    const bytes = readFileSync(path);
    const inputs: (FlattenInput | readonly FlattenInput[])[] = [
      path,
      join(folder, 'in'),
      new URL(`file://${path}`),
      bytes,
      [gzipSync(bytes)],
      createReadStream(path),
      createReadStream(path, { encoding: 'utf8', highWaterMark: 7 }),
      new Response(text).body as ReadableStream<Uint8Array>,
      Readable.from([ada, weight]),
      [ada, weight],
      new Set([ada, weight]),
      { name: 'export', content: bytes },
      { resourceType: 'Bundle', type: 'collection', entry: [{ resource: ada }, { resource: weight }] } as FlattenInput,
      { name: 'export', content: Readable.from([JSON.stringify([ada, weight])]) },
    ];
    for (const input of inputs) expect(await idsOf(input)).toEqual(['ada']);
  });

  it('come in their order', async () => {
    const path = join(makeFolder({ 'a.ndjson': text }), 'a.ndjson');
    const inputs = [patients(2), { resourceType: 'Patient', id: 'x' }, { resourceType: 'Patient', id: 'y' }, path, { resourceType: 'Patient', id: 'z' }];
    expect(await idsOf(inputs)).toEqual(['p0', 'p1', 'x', 'y', 'ada', 'z']);
  });

  it('keep characters that lie across two pieces of text', async () => {
    const json = JSON.stringify({ ...ada, name: [{ text: 'Ada 😀' }] });
    const middle = json.indexOf('😀') + 1;
    const [row] = await all(flatten({ inputs: Readable.from([json.slice(0, middle), json.slice(middle)]) }).rows('patient'));
    expect(row?.['name']).toBe('Ada 😀');
  });

  it('may hold numbers with their text, dates, and members that are undefined', async () => {
    const input = { ...weight, issued: new Date(0), note: undefined, valueQuantity: { value: new NumberText('70.50') } };
    const [row] = await all(flatten({ inputs: [input] }).rows('observation', { cells: 'text' }));
    expect(row).toMatchObject({ value_quantity: '70.50', issued: '1970-01-01T00:00:00.000Z' });
  });

  it('are named in messages, with the number of the item', async () => {
    const messages: unknown[] = [];
    const content = [ada, { resourceType: '../x' }];
    await all(flatten({ inputs: { name: 'export', content }, onDiagnostic: ({ code, location }) => messages.push([code, location]) }).rows('patient'));
    expect(messages).toEqual([['RESOURCE_TYPE_INVALID', expect.objectContaining({ sourceName: 'export', line: 2 })]]);
  });
});

describe('rows', () => {
  it('hold booleans, numbers and lists; dates as written; null where there is nothing', async () => {
    const [row] = await all(flatten({ inputs: [ada] }).rows('patient'));
    expect(row).toMatchObject({ id: 'ada', active: true, birth_date: '1815-12-10', multiple_birth_integer: 2, name_given: ['Ada', 'Augusta'], gender: null });
    expect(Object.keys(row as RowObject).slice(-1)).toEqual(['other_json']);
    expect((await all(flatten({ inputs: [weight] }).rows('observation')))[0]).toMatchObject({ patient_id: 'ada', value_quantity: 70.5 });
  });

  it('hold the literal text when asked', async () => {
    const inputs = Buffer.from('{"resourceType":"Observation","id":"w","valueQuantity":{"value":70.50}}');
    expect((await all(flatten({ inputs }).rows('observation', { cells: 'text' })))[0]).toMatchObject({ value_quantity: '70.50', status: null });
    expect((await all(flatten({ inputs: [ada] }).rows('patient', { cells: 'text' })))[0]).toMatchObject({ active: 'true', name_given: 'Ada Augusta' });
  });

  it('come of child tables and of plugins, too', async () => {
    const plugin = {
      name: 'acme',
      apiVersion: 1 as const,
      flatteners: [
        {
          name: 'acme_all',
          resourceType: 'Patient',
          columns: {
            a: { type: 'boolean' },
            b: { type: 'integer' },
            c: { type: 'decimal' },
            d: { type: 'integer64[]' },
            e: { type: 'json' },
            f: { type: 'date' },
          },
          flatten: (_: unknown, emit: (row: object) => void) => emit({ a: false, b: 1, c: '1.50', d: [1n, '2'], e: { x: 1 }, f: '2024' }),
        } as never,
      ],
    };
    expect(await all(flatten({ inputs: [ada], plugins: [plugin] }).rows('acme_all'))).toEqual([
      { a: false, b: 1, c: 1.5, d: [1n, 2n], e: '{"x":1}', f: '2024' },
    ]);
    expect(await all(flatten({ inputs: [ada], plugins: [plugin] }).rows('acme_all', { cells: 'text' }))).toEqual([
      { a: 'false', b: '1', c: '1.50', d: '1; 2', e: '{"x":1}', f: '2024' },
    ]);
    expect(await all(flatten({ inputs: [ada] }).rows('patient_name'))).toMatchObject([{ patient_id: 'ada', idx: 0, given: ['Ada', 'Augusta'] }]);
  });

  it('come of views, given as JSON or by their files', async () => {
    const view = {
      name: 'people',
      resource: 'Patient',
      select: [
        {
          column: [
            { name: 'id', path: 'id' },
            { name: 'born', path: 'birthDate', type: 'date' },
          ],
        },
      ],
    };
    const path = join(makeFolder({ 'people.json': JSON.stringify(view) }), 'people.json');
    for (const given of [view, path]) {
      expect(await all(flatten({ inputs: [ada], views: [given], hasDefaultTables: false }).rows('people'))).toEqual([{ id: 'ada', born: '1815-12-10' }]);
    }
  });

  it('are none where there are none', async () => {
    expect(await idsOf([])).toEqual([]);
    expect(await idsOf([ada], 'condition')).toEqual([]);
    expect(await idsOf(patients(0))).toEqual([]);
  });

  it('are those of files when the input is read twice: the newest versions, and references to what comes later', async () => {
    const folder = makeFolder({
      'a.ndjson': ndjson(ada, { ...weight, subject: { reference: 'Patient?identifier=s|1' } }),
      'b.ndjson': ndjson({ ...ada, gender: 'female', meta: { lastUpdated: '2024-01-01T00:00:00Z' }, identifier: [{ system: 's', value: '1' }] }),
      'c.txt': 'hello',
    });
    const codes: string[] = [];
    const flattening = flatten({ inputs: folder, onDiagnostic: ({ code }) => codes.push(code) });
    const once = { patients: await all(flattening.rows('patient')), observations: await all(flattening.rows('observation')) };
    expect(once).toMatchObject({ patients: [{ gender: null }], observations: [{ patient_id: null }] });
    expect(codes).toContain('DUPLICATES_NOT_REPLACED');
    codes.length = 0;
    const run = flattening.rows('patient', { readsTwice: true });
    expect(await all(run)).toMatchObject([{ id: 'ada', gender: 'female' }]);
    expect(codes).toEqual(['SOURCE_NOT_FHIR']);
    expect(await all(flattening.rows('observation', { readsTwice: true }))).toMatchObject([{ patient_id: 'ada' }]);
    expect((await run.result)?.tables.map(({ schema, facts }) => [schema.name, facts.rowCount])).toEqual([['patient', 1]]);
    // Where one reading is enough, too.
    expect(await all(flatten({ inputs: join(folder, 'a.ndjson') }).rows('patient', { readsTwice: true }))).toHaveLength(1);
    for (const inputs of [[ada], patients(2), '-']) {
      await expect(all(flatten({ inputs }).rows('patient', { readsTwice: true }))).rejects.toMatchObject({ code: 'INPUT_NOT_PATH' });
    }
  });

  it('may be asked for several times, of an input that can be read again', async () => {
    const flattening = flatten({ inputs: [ada, weight] });
    expect(await all(flattening.rows('patient'))).toHaveLength(1);
    expect(await all(flattening.rows('observation'))).toHaveLength(1);
    const once = flatten({ inputs: patients(1) });
    expect(await all(once.rows('patient'))).toHaveLength(1);
    await expect(all(once.rows('patient'))).rejects.toMatchObject({ code: 'INPUT_USED' });
  });
});

describe('batches', () => {
  it('hold the rows of all tables, by column', async () => {
    const run = flatten({ inputs: [ada, weight] }).batches();
    const seen: unknown[] = [];
    for await (const { rowCount, schema, vectors } of run) {
      const id = schema.columns.findIndex(({ name }) => name === 'id');
      if (id >= 0) seen.push([schema.name, rowCount, vectors[id]?.values[0]]);
    }
    expect(seen).toEqual([
      ['patient', 1, 'ada'],
      ['observation', 1, 'w'],
    ]);
    expect((await run.result)?.counts.resourceCount).toBe(2);
  });

  it('wait for the loop: reading is never far ahead of it', async () => {
    let taken = 0;
    let used = 0;
    let furthest = 0;
    for await (const { rowCount } of flatten({ inputs: patients(150_000, (index) => (taken = index)), tables: ['patient'] }).batches()) {
      furthest = Math.max(furthest, taken - used);
      used += rowCount;
    }
    expect(used).toBe(150_000);
    expect(furthest).toBeLessThan(50_000);
  });

  it('end with the loop: what is left early is closed', async () => {
    let isClosed = false;
    async function* endless(): AsyncGenerator<object> {
      try {
        for (let index = 0; ; index++) yield { resourceType: 'Patient', id: `p${index}` };
      } finally {
        isClosed = true;
      }
    }
    const run = flatten({ inputs: endless() }).rows('patient');
    for await (const row of run) if (row['id'] === 'p5000') break;
    expect(isClosed).toBe(true);
    expect(await run.result).toBeUndefined();
  });
});

describe('files', () => {
  it('are written as by the command, with its options', async () => {
    const folder = makeFolder();
    const { destination, hasProblems, tables } = await flatten({ inputs: [ada, weight, ada], defaultTables: { hasDetails: false } }).writeTo({
      out: `${folder}/out`,
      csv: { delimiter: ';' },
    });
    expect({ destination, hasProblems }).toMatchObject({ destination: { kind: 'folder', path: `${folder}/out` }, hasProblems: false });
    expect(tables.map(({ schema, facts }) => [schema.name, facts.rowCount])).toEqual([
      ['observation', 1],
      ['patient', 1],
    ]);
    expect(readFolder(`${folder}/out`)['patient.csv']?.split('\n')[1]).toMatch(/^ada;/);
  });

  it('have the newest of several versions, also of a stream', async () => {
    const folder = makeFolder();
    const content = [ada, weight, { ...ada, meta: { lastUpdated: '2024-01-01T00:00:00Z' }, gender: 'female' }];
    await flatten({ inputs: Readable.from(content), tables: ['patient'] }).writeTo({ out: `${folder}/patient.csv` });
    expect(readFolder(folder)['patient.csv']).toContain('female');
  });
});

describe('errors', () => {
  it.each([
    ['a file that is not there', { inputs: '/none/at/all' }, 'INPUT_NOT_FOUND'],
    ['a table that is not there', { inputs: [ada], tables: ['patiant'] }, 'TABLE_UNKNOWN'],
    ['bytes that are no FHIR', { inputs: Buffer.from('hello') }, 'SOURCE_NOT_FHIR'],
    ['items that are no objects', { inputs: [[1, 2]] as never }, 'INPUT_NOT_RESOURCE'],
    ['an item that JSON cannot say', { inputs: [{ ...ada, active: 1n }] }, 'INPUT_NOT_RESOURCE'],
    ['a plugin that is not there', { inputs: [ada], plugins: ['./none.ts'] }, 'PLUGIN_NOT_FOUND'],
    ['a bad record with isFailFast', { inputs: Buffer.from(`${text}{`), isFailFast: true }, 'FAILED_FAST'],
    ['only bad records', { inputs: Buffer.from('{"resourceType":"../x"}\n{"resourceType":7}\n') }, 'NOTHING_CONVERTED'],
  ])('of %s are thrown by the loop as a UserError with a code', async (_, options, code) => {
    const run = flatten(options).batches();
    const error = await all(run).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ code });
    await expect(run.result).rejects.toBe(error);
  });

  it('of an input that is nothing of all this are thrown at once', () => {
    for (const inputs of [5, null, {}, [undefined]])
      expect(() => flatten({ inputs: inputs as never })).toThrow(expect.objectContaining({ code: 'INPUT_UNKNOWN' }));
  });

  it('of the program that gives the input are the cause of what is thrown', async () => {
    const cause = new Error('connection lost');
    async function* failing(): AsyncGenerator<object> {
      yield ada;
      throw cause;
    }
    const folder = makeFolder();
    await expect(all(flatten({ inputs: failing() }).rows('patient'))).rejects.toMatchObject({ code: 'INPUT_FAILED', cause });
    await expect(flatten({ inputs: failing() }).writeTo({ out: `${folder}/out` })).rejects.toMatchObject({ code: 'INPUT_FAILED', cause });
    expect(readFolder(folder)).toEqual({});
  });

  it('of records are counted, and the rest is there', async () => {
    const run = flatten({ inputs: Buffer.from(`${text}{\n${ndjson({ resourceType: 'Patient', id: 'b' })}`) }).rows('patient');
    expect((await all(run)).map(({ id }) => id)).toEqual(['ada', 'b']);
    expect(await run.result).toMatchObject({ hasProblems: true, counts: { rejectCount: 1 } });
  });

  it('of the loop itself go through', async () => {
    const loop = async (): Promise<void> => {
      for await (const _ of flatten({ inputs: patients(10) }).rows('patient')) throw new RangeError('mine');
    };
    await expect(loop()).rejects.toThrow('mine');
  });
});
