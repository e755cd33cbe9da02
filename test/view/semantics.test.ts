// What a view means, beyond the conformance suite: iterations, types, cells, and expressions that go to the package.

import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/json.ts';
import { parseLossless } from '../../src/read/parse-lossless.ts';
import { makeFlattener, runView } from '../support/run-view.ts';

const patient: JsonObject = {
  resourceType: 'Patient',
  id: 'p',
  birthDate: '1980-02-03',
  name: [
    { family: 'One', given: ['A', 'B'] },
    { family: 'Two', period: { start: '2001' } },
  ],
  contact: [{ telecom: [{ value: '1' }, { value: '2' }] }, { telecom: [{ value: '3' }] }],
};

function view(select: unknown, more: object = {}): object {
  return { resourceType: 'ViewDefinition', name: 'v', resource: 'Patient', select, ...more };
}

function columns(...list: readonly (readonly [name: string, path: string, more?: object])[]): object {
  return { column: list.map(([name, path, more]) => ({ name, path, ...more })) };
}

describe('iterations', () => {
  it('give an outer row for each inner one, in order', async () => {
    const rows = await runView(
      view([
        {
          forEach: 'name',
          ...columns(['family', 'family']),
          select: [{ forEach: '%resource.contact', ...columns(['n', 'telecom.count()'], ['i', '%rowIndex']) }],
        },
      ]),
      [patient],
    );
    expect(rows).toEqual([
      { family: 'One', n: 2, i: 0 },
      { family: 'One', n: 1, i: 1 },
      { family: 'Two', n: 2, i: 0 },
      { family: 'Two', n: 1, i: 1 },
    ]);
  });

  it('flatten before an index picks one', async () => {
    expect(await runView(view([columns(['first', 'contact.telecom[0].value'], ['third', 'contact.telecom[2].value'])]), [patient])).toEqual([
      { first: '1', third: '3' },
    ]);
  });

  it('over nothing give one row of nulls with forEachOrNull, index 0, lists empty, all below it null', async () => {
    const select = [
      columns(['id', 'id']),
      {
        forEachOrNull: 'photo',
        ...columns(
          ['i', '%rowIndex'],
          ['j', '%rowIndex + 1'],
          ['literal', "'x'"],
          ['there', 'title.exists()'],
          ['list', 'title', { collection: true }],
          ['root', '%resource.id'],
        ),
        select: [{ forEach: 'nothing', ...columns(['deep', 'id']) }],
        unionAll: [columns(['u', "'a'"]), columns(['u', "'b'"])],
      },
    ];
    expect(await runView(view(select), [patient])).toEqual([{ id: 'p', i: 0, j: 1, literal: null, there: null, list: [], root: null, deep: null, u: null }]);
  });

  it('over nothing give no row with forEach, and none for what stands beside it', async () => {
    expect(await runView(view([columns(['id', 'id']), { forEach: 'photo', ...columns(['t', 'title']) }]), [patient])).toEqual([]);
  });

  it('may be nested in the branches of unions, whose index starts anew', async () => {
    const select = [
      {
        forEach: 'contact',
        ...columns(['contact', '%rowIndex']),
        unionAll: [
          { forEach: 'telecom', ...columns(['i', '%rowIndex'], ['value', 'value']) },
          { unionAll: [columns(['i', '%rowIndex'], ['value', "'own'"]), { forEach: 'telecom.skip(1)', ...columns(['i', '%rowIndex'], ['value', 'value']) }] },
        ],
      },
    ];
    expect(await runView(view(select), [patient])).toEqual([
      { contact: 0, i: 0, value: '1' },
      { contact: 0, i: 1, value: '2' },
      { contact: 0, i: 0, value: 'own' },
      { contact: 0, i: 0, value: '2' },
      { contact: 1, i: 0, value: '3' },
      { contact: 1, i: 1, value: 'own' },
    ]);
  });

  it('repeat depth first through items of several types', async () => {
    const extension = (url: string, ...inner: unknown[]) => ({ url, ...(inner.length > 0 && { extension: inner }) });
    const nested = { ...patient, extension: [extension('a', extension('b', extension('c'))), extension('d')] } as JsonObject;
    expect(await runView(view([{ repeat: ['extension'], ...columns(['url', 'url'], ['i', '%rowIndex']) }]), [nested])).toEqual(
      ['a', 'b', 'c', 'd'].map((url, i) => ({ url, i })),
    );
  });

  it('go over what the fhirpath package gives, and hand items to it', async () => {
    const select = [
      {
        forEach: "name.where(family.encode('hex') != '')",
        ...columns(
          ['family', 'family'],
          ['chars', "family.toChars().join('-')"],
          ['i', '%rowIndex'],
          ['j', '(%rowIndex | 5).distinct().first()', { type: 'integer' }],
          ['root', '%resource.id.toChars()'],
        ),
      },
    ];
    expect(await runView(view(select), [patient])).toEqual([
      { family: 'One', chars: 'O-n-e', i: 0, j: 0, root: 'p' },
      { family: 'Two', chars: 'T-w-o', i: 1, j: 1, root: 'p' },
    ]);
  });
});

describe('columns', () => {
  it('have the type declared, else inferred, else string; SQL types come first', async () => {
    const { tables } = await makeFlattener(
      view([
        columns(
          ['declared', 'birthDate', { type: 'string' }],
          ['url', 'birthDate', { type: 'http://hl7.org/fhir/StructureDefinition/date' }],
          ['system', 'birthDate', { type: 'http://hl7.org/fhirpath/System.String' }],
          ['inferred', 'birthDate'],
          ['computed', 'name.count() / 2'],
          ['whole', 'name.count() + 1'],
          ['condition', 'name.exists()'],
          ['object', 'maritalStatus'],
          ['list', 'name.given', { collection: true }],
          ['open', 'name.given.distinct()'],
          ['small', 'multipleBirth.ofType(integer)', { tag: [{ name: 'ansi/type', value: 'smallint' }] }],
          [
            'exact',
            'id',
            {
              type: 'string',
              tag: [
                { name: 'other', value: 'x' },
                { name: 'ansi/type', value: 'DECIMAL(10, 2)' },
              ],
            },
          ],
          ['stamp', 'birthDate', { tag: [{ name: 'ansi/type', value: 'TIMESTAMP WITH TIME ZONE' }] }],
          ['key', 'getResourceKey()'],
        ),
      ]),
    );
    const types = Object.fromEntries(
      tables[0]?.columns.map(({ name, type }) => [name, type.kind === 'json' ? 'json' : `${type.kind === 'list' ? 'list of ' : ''}${type.fhirType}`]) ?? [],
    );
    expect(types).toEqual({
      declared: 'string',
      url: 'date',
      system: 'string',
      inferred: 'date',
      computed: 'decimal',
      whole: 'integer',
      condition: 'boolean',
      object: 'json',
      list: 'list of string',
      open: 'string',
      small: 'integer',
      exact: 'decimal',
      stamp: 'dateTime',
      key: 'id',
    });
  });

  it('make values fit, as a cast would', async () => {
    const select = [
      columns(
        ['date', "'2024-01-31T10:00:00Z'", { type: 'date' }],
        ['whole', '3.0', { type: 'integer' }],
        ['number', "'1.50'", { type: 'decimal' }],
        ['text', '1.50', { type: 'string' }],
      ),
    ];
    expect(await runView(view(select), [patient])).toEqual([{ date: '2024-01-31', whole: 3, number: 1.5, text: '1.50' }]);
  });

  it('refuse what does not fit', async () => {
    await expect(runView(view([columns(['n', 'name.family.first()', { type: 'integer' }])]), [patient])).rejects.toThrow(
      'view v: column n got a value that is no integer; path name.family.first()',
    );
    await expect(runView(view([columns(['n', '1.5', { type: 'integer' }])]), [patient])).rejects.toThrow('is no integer');
  });

  it('show numbers as the input writes them', async () => {
    const text = '{"resourceType":"Observation","id":"o","valueQuantity":{"value":1.10},"component":[{"valueQuantity":{"value":12345678901234567890.5}}]}';
    const resource = parseLossless(text) as JsonObject;
    const select = [
      columns(
        ['v', 'value.ofType(Quantity).value.toString()'],
        ['whole', 'value', { type: 'Quantity' }],
        ['c', 'component.value.ofType(Quantity).value.toString()'],
        ['slow', 'component.value.ofType(Quantity).value.distinct().toString()'],
      ),
    ];
    expect(await runView({ name: 'v', resource: 'Observation', select }, [resource])).toEqual([
      { v: '1.10', whole: { value: 1.1 }, c: '12345678901234567890.5', slow: '12345678901234567890.5' },
    ]);
  });

  it('are null for a primitive that has extensions only, which exists all the same', async () => {
    const resource = {
      ...patient,
      _gender: { extension: [{ url: 'http://example.org/why', valueCode: 'asked' }] },
      name: [{ given: ['A', null], _given: [null, { extension: [{ url: 'http://example.org/x', valueString: 'y' }] }] }],
    } as JsonObject;
    const select = [
      columns(
        ['gender', 'gender'],
        ['exists', 'gender.exists()'],
        ['hasValue', 'gender.hasValue()'],
        ['equal', "gender = 'male'"],
        ['why', "gender.extension('http://example.org/why').value.ofType(code)"],
        ['count', 'name.given.count()'],
        ['given', 'name.given', { collection: true }],
        ['x', "name.given.extension('http://example.org/x').value.ofType(string)"],
      ),
    ];
    expect(await runView(view(select), [resource])).toEqual([
      { gender: null, exists: true, hasValue: false, equal: false, why: 'asked', count: 2, given: ['A'], x: 'y' },
    ]);
  });

  it('must not have one name twice, in whatever case', async () => {
    await expect(runView(view([columns(['a', 'id']), { forEach: 'name', ...columns(['A', 'family']) }]), [patient])).rejects.toMatchObject({
      problems: [{ code: 'VIEW_NAME_TWICE', path: 'select[1].column[0].name' }],
    });
  });

  it('of the branches of a union must have the same types', async () => {
    const union = (a: string, b: string) => view([{ unionAll: [columns(['x', a]), columns(['x', b])] }]);
    await expect(runView(union('birthDate', 'active'), [patient])).rejects.toMatchObject({
      problems: [{ code: 'VIEW_UNION_TYPES', path: 'select[0].unionAll[1].column[0]' }],
    });
    const { tables } = await makeFlattener(union('gender', 'id'));
    expect(tables[0]?.columns[0]?.type).toEqual({ kind: 'primitive', fhirType: 'string' });
  });
});

describe('constants', () => {
  it('have the type of their value, here and in the fhirpath package', async () => {
    const constant = [
      { name: 'born', valueDate: '1980-02-03' },
      { name: 'since', valueDateTime: '1980' },
      { name: 'low', valueInteger: -1 },
      { name: 'quote', valueString: "O'Neill \\ `x`" },
      { name: 'sct', valueUri: 'urn:own' },
    ];
    const select = [
      columns(
        ['same', 'birthDate = %born'],
        ['later', 'birthDate > %since'],
        ['low', '%low + 1'],
        ['text', '%quote'],
        ['own', '%sct'],
        ['slow', "(birthDate = %born).combine(%low < 0).allTrue().toString().encode('hex')"],
        ['slowText', "%quote.encode('base64').decode('base64')"],
      ),
    ];
    const [row] = await runView(view(select, { constant }), [patient]);
    expect(row).toMatchObject({ same: true, later: null, low: 0, text: "O'Neill \\ `x`", own: 'urn:own', slow: '74727565', slowText: "O'Neill \\ `x`" });
  });
});

describe('other versions and types', () => {
  it('are those of the input: R5', async () => {
    const request: JsonObject = { resourceType: 'MedicationRequest', id: 'm', medication: { concept: { text: 'Aspirin' } } };
    const select = [columns(['drug', 'medication.concept.text'], ['slow', 'medication.concept.text.toChars().count()', { type: 'integer' }])];
    expect(await runView({ name: 'v', resource: 'MedicationRequest', select }, [request], { version: 'r5', isStrict: true })).toEqual([
      { drug: 'Aspirin', slow: 7 },
    ]);
  });

  it('include resources that others contain', async () => {
    const resource = {
      resourceType: 'MedicationRequest',
      id: 'm',
      contained: [
        { resourceType: 'Organization', id: 'x', name: 'no' },
        { resourceType: 'Medication', id: 'c', code: { text: 'Aspirin' } },
      ],
    } as JsonObject;
    const select = [columns(['drug', 'contained.ofType(Medication).code.text'], ['slow', "contained.where(resourceType = 'Medication').code.text"])];
    expect(await runView({ name: 'v', resource: 'MedicationRequest', select }, [resource])).toEqual([{ drug: 'Aspirin', slow: 'Aspirin' }]);
  });

  it('take the value of an element that FHIR does not let repeat only if there is one', async () => {
    const odd = { ...patient, birthDate: ['1980', '1981'] } as unknown as JsonObject;
    await expect(runView(view([columns(['b', 'birthDate'])]), [odd])).rejects.toThrow('column b got 2 values');
    expect(await runView(view([columns(['b', 'birthDate'])]), [{ ...odd, birthDate: ['1980'] } as JsonObject])).toEqual([{ b: '1980' }]);
  });
});
