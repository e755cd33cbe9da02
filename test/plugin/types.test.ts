// What the compiler says of plugins: `npm run typecheck` fails when a line below an @ts-expect-error compiles, or when
// another one does not.

import { describe, expect, it } from 'vitest';
import { defineFlattener, defineFormat, definePlugin, defineReader, defineSink, defineView, NumberText } from '../../src/index.ts';

/** As a user would say it of the part of a resource that is used. */
interface LabObservation {
  readonly resourceType: 'Observation';
  readonly id: string;
  readonly valueQuantity?: { readonly value?: number };
}

describe('the types of plugins', () => {
  it('know the columns of a table, and what fits into them', () => {
    const flattener = defineFlattener({
      name: 'lab_result',
      resourceType: 'Observation',
      columns: {
        id: { type: 'string', nullable: false },
        value: { type: 'decimal' },
        count: { type: 'integer' },
        size: { type: 'integer64' },
        is_final: { type: 'boolean' },
        taken: { type: 'dateTime' },
        codes: { type: 'code[]' },
        counts: { type: 'integer[]', nullable: false },
        rest: { type: 'json' },
      },
      flatten(observation, emit, context) {
        emit({ id: context.id, counts: [] });
        emit({ id: observation.id as string, value: observation['valueQuantity']?.value, counts: [1, null], rest: observation['component'] });
        emit({ id: 'a', value: '1.00', count: 1, size: 1n, is_final: true, taken: new Date(0), codes: ['x'], counts: [1], rest: { a: [1] } });
        emit({ id: 'a', value: new NumberText('1e3'), size: '9007199254740993', taken: '2024-03', codes: null, counts: [], rest: undefined });
        emit({ id: 'a', value: context.numberText(observation['valueQuantity'], 'value'), counts: [] });
        // @ts-expect-error: a misspelt column
        emit({ id: 'a', counts: [], valeu: 1 });
        // @ts-expect-error: text that is no number
        emit({ id: 'a', counts: [], value: 'high' });
        // @ts-expect-error: a number for text
        emit({ id: 1, counts: [] });
        // @ts-expect-error: text for a number
        emit({ id: 'a', counts: [], count: '1' });
        // @ts-expect-error: text for true or false
        emit({ id: 'a', counts: [], is_final: 'true' });
        // @ts-expect-error: a number for a time
        emit({ id: 'a', counts: [], taken: 0 });
        // @ts-expect-error: one item for a list
        emit({ id: 'a', counts: [], codes: 'x' });
        // @ts-expect-error: a list of other items
        emit({ id: 'a', counts: ['1'] });
        // @ts-expect-error: nothing for a column that is not nullable
        emit({ id: null, counts: [] });
        // @ts-expect-error: a column that is not nullable left out
        emit({ counts: [] });
        // @ts-expect-error: there is one table only
        emit('lab_result', { id: 'a', counts: [] });
        // @ts-expect-error: the resource is not to be changed
        observation.id = 'x';
        // @ts-expect-error: a misspelt part of the context
        context.fullURL;
      },
    });
    expect(flattener.tables[0]?.columns.map(({ name }) => name)).toEqual(['id', 'value', 'count', 'size', 'is_final', 'taken', 'codes', 'counts', 'rest']);
  });

  it('know the tables of a flattener that has several', () => {
    const flattener = defineFlattener({
      name: 'labs',
      resourceType: 'Observation',
      tables: { lab: { columns: { id: { type: 'id', nullable: false } } }, lab_note: { columns: { lab_id: { type: 'id' }, text: { type: 'markdown' } } } },
      flatten(observation, emit) {
        emit('lab', { id: observation.id as string });
        emit('lab_note', { lab_id: observation.id, text: 'x' });
        // @ts-expect-error: a misspelt table
        emit('lab_notes', { text: 'x' });
        // @ts-expect-error: a column of the other table
        emit('lab', { id: 'a', text: 'x' });
        // @ts-expect-error: without its table
        emit({ id: 'a' });
      },
    });
    expect(flattener.tables.map(({ name }) => name)).toEqual(['lab', 'lab_note']);
  });

  it('let a flattener say what its resource is', () => {
    const flattener = defineFlattener({
      name: 'lab_result',
      resourceType: 'Observation',
      columns: { value: { type: 'decimal' } },
      flatten(observation: LabObservation, emit) {
        emit({ value: observation.valueQuantity?.value });
        // @ts-expect-error: the interface has no such element
        emit({ value: observation.valueQuantity?.valeu });
      },
    });
    expect(flattener.resourceType).toBe('Observation');
  });

  it('know all parts of a plugin', () => {
    const plugin = definePlugin({
      name: 'acme',
      apiVersion: 1,
      flatteners: [
        defineView({ resource: 'Patient', name: 'people', select: [] }, { replaces: ['patient'] }),
        defineFlattener({
          name: 'a',
          resourceType: 'Patient',
          columns: { id: { type: 'id' } },
          key: ['id'],
          flatten: (patient, emit) => emit({ id: patient.id }),
        }),
      ],
      functions: { initials: (names) => names.map(({ given }) => given[0][0]), half: { evaluate: ([value]) => value / 2, type: 'decimal', isSingle: true } },
      formats: [defineFormat({ name: 'lines', extension: 'jsonl', row: (row, index, table) => `${index} ${table.name} ${String(row['id'])}\n` })],
      readers: [
        defineReader({
          name: 'acme',
          recognise: (head) => head[0] === 1,
          async *read(chunks, { name }) {
            for await (const chunk of chunks) yield { resource: { resourceType: 'Patient', id: `${name} ${chunk.length}` }, line: 1 };
          },
        }),
      ],
      sinks: [defineSink({ name: 'acme', open: (out) => ({ table: ({ name }) => ({ write: (rows) => void [out, name, rows.length] }), commit() {} }) })],
    });
    expect(plugin.functions?.map(({ name }) => name)).toEqual(['initials', 'half']);
    // @ts-expect-error: a key that is no column
    expect(() => defineFlattener({ name: 'a', resourceType: 'Patient', columns: { id: { type: 'id' } }, key: ['x'], flatten() {} })).toThrow('key takes');
    // @ts-expect-error: a format without rows
    expect(() => defineFormat({ name: 'a', extension: 'a' })).toThrow('row takes a function');
    // @ts-expect-error: a sink that takes nothing
    expect(() => defineSink({ name: 'a' })).toThrow('open takes a function');
  });

  it('refuse definitions that cannot be used', () => {
    const flatten = () => {};
    expect(() => {
      // @ts-expect-error: no such type
      defineFlattener({ name: 'a', resourceType: 'Observation', columns: { id: { type: 'strin' } }, flatten });
    }).toThrow('plugin a: table a, column "id": type takes a FHIR primitive type');
    expect(() => {
      // @ts-expect-error: no columns
      defineFlattener({ name: 'a', resourceType: 'Observation', flatten });
    }).toThrow('plugin a: it takes either columns or tables');
    expect(() => {
      // @ts-expect-error: no version
      definePlugin({ name: 'a' });
    }).toThrow('plugin a: apiVersion: 1 is missing');
    expect(() => {
      // @ts-expect-error: a misspelt part
      definePlugin({ name: 'a', apiVersion: 1, flattener: [] });
    }).toThrow('plugin a: it has flattener, and plugins have');
    expect(() => {
      // @ts-expect-error: a later version
      definePlugin({ name: 'a', apiVersion: 2 });
    }).toThrow('plugin a is made for another API version');
  });
});
