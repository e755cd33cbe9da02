import { describe, expect, it } from 'vitest';
import { loadModel } from '../../src/fhir/load-model.ts';
import { makeDefaultTables } from '../../src/plan/default-tables.ts';
import { flattenTables } from '../support/flatten-tables.ts';

describe('child tables', () => {
  it('have a row per item of a repeating element, complete, with the key of the resource and the place of the item', () => {
    const tables = flattenTables({
      resourceType: 'Patient',
      id: 'p',
      name: [
        { use: 'official', family: 'Lima', given: ['Ana', 'Rosa'], period: { start: '2001' } },
        { use: 'old', text: 'Ana Costa' },
      ],
    });
    expect(tables.patient_name).toEqual([
      { patient_id: 'p', idx: '0', use: 'official', family: 'Lima', given: 'Ana Rosa', period_start: '2001' },
      { patient_id: 'p', idx: '1', use: 'old', text: 'Ana Costa' },
    ]);
    expect(tables.patient?.[0]).not.toHaveProperty('other_json');
  });

  it('leave nothing in other_json of what they show', () => {
    const { patient, patient_identifier } = flattenTables({
      resourceType: 'Patient',
      id: 'p',
      identifier: [
        { use: 'official', system: 's', value: '1', type: { coding: [{ code: 'MR' }] }, period: { end: '2020' } },
        { value: '2', assigner: { display: 'A' } },
      ],
    });
    expect(patient?.[0]).toEqual({ id: 'p', mrn: '1', identifier: '1', identifier_system: 's' });
    expect(patient_identifier).toEqual([
      { patient_id: 'p', idx: '0', use: 'official', type: 'MR', type_text: 'MR', system: 's', value: '1', period_end: '2020' },
      { patient_id: 'p', idx: '1', value: '2', assigner_display: 'A' },
    ]);
  });

  it('go to any depth, with the indexes of the rows above', () => {
    const tables = flattenTables({
      resourceType: 'Claim',
      id: 'c',
      item: [{ sequence: 1 }, { sequence: 2, detail: [{ sequence: 1, subDetail: [{ sequence: 1 }, { sequence: 2, net: { value: 5, currency: 'EUR' } }] }] }],
    });
    expect(tables.claim_item).toEqual([
      { claim_id: 'c', idx: '0', sequence: '1' },
      { claim_id: 'c', idx: '1', sequence: '2' },
    ]);
    expect(tables.claim_item_detail).toEqual([{ claim_id: 'c', item_idx: '1', idx: '0', sequence: '1' }]);
    expect(tables.claim_item_detail_sub_detail).toEqual([
      { claim_id: 'c', item_idx: '1', detail_idx: '0', idx: '0', sequence: '1' },
      { claim_id: 'c', item_idx: '1', detail_idx: '0', idx: '1', sequence: '2', net: '5', net_currency: 'EUR' },
    ]);
  });

  it('find arrays below single backbone elements', () => {
    const tables = flattenTables({ resourceType: 'DocumentReference', id: 'd', context: { encounter: [{ reference: 'Encounter/e' }] } });
    expect(tables.document_reference_context_encounter).toEqual([{ document_reference_id: 'd', idx: '0', encounter_id: 'e', encounter_type: 'Encounter' }]);
  });

  it('hold a recursive element in one table, with a running number and that of the item around', () => {
    const tables = flattenTables({
      resourceType: 'Questionnaire',
      id: 'q',
      item: [
        { linkId: 'a', item: [{ linkId: 'a.1', item: [{ linkId: 'a.1.1' }], answerOption: [{ valueString: 'x' }] }] },
        { linkId: 'b', answerOption: [{ valueInteger: 7 }] },
      ],
    });
    expect(tables.questionnaire_item).toEqual([
      { questionnaire_id: 'q', idx: '0', link_id: 'a' },
      { questionnaire_id: 'q', idx: '1', parent_idx: '0', link_id: 'a.1' },
      { questionnaire_id: 'q', idx: '2', parent_idx: '1', link_id: 'a.1.1' },
      { questionnaire_id: 'q', idx: '3', link_id: 'b' },
    ]);
    expect(tables.questionnaire_item_answer_option).toMatchObject([
      { item_idx: '1', idx: '0', value_string: 'x' },
      { item_idx: '3', idx: '0', value_integer: '7' },
    ]);
  });

  it('find recursive items below a single element that holds them', () => {
    const inner = { title: 'inner', step: [{ number: '1.1' }, { number: '1.2', alternative: [{ title: 'a', step: [{ number: '1.2.1' }] }] }] };
    const process = [{ title: 'outer', step: [{ number: '1', process: inner }, { number: '2' }] }];
    const tables = flattenTables({ resourceType: 'ExampleScenario', id: 'e', process }, 'extra', 'r5');
    const rows = tables.example_scenario_process_step?.map((row) => [row.number, row.idx, row.parent_idx]);
    expect(rows).toEqual([
      ['1', '0', undefined],
      ['1.1', '1', '0'],
      ['1.2', '2', '0'],
      ['1.2.1', '3', '2'],
      ['2', '4', undefined],
    ]);
  });

  it('follow items through answers', () => {
    const tables = flattenTables({
      resourceType: 'QuestionnaireResponse',
      id: 'r',
      item: [{ linkId: '1', answer: [{ valueBoolean: true, item: [{ linkId: '1.1', answer: [{ valueString: 'y' }] }] }] }, { linkId: '2' }],
    });
    expect(tables.questionnaire_response_item).toEqual([
      { questionnaire_response_id: 'r', idx: '0', link_id: '1' },
      { questionnaire_response_id: 'r', idx: '1', parent_idx: '0', link_id: '1.1' },
      { questionnaire_response_id: 'r', idx: '2', link_id: '2' },
    ]);
    expect(tables.questionnaire_response_item_answer).toMatchObject([
      { item_idx: '0', idx: '0', value_boolean: 'true' },
      { item_idx: '1', idx: '0', value_string: 'y' },
    ]);
    expect(tables.questionnaire_response?.[0]).not.toHaveProperty('other_json');
  });

  it('repeat patient, encounter, time and code of an observation in its components', () => {
    const tables = flattenTables({
      resourceType: 'Observation',
      id: 'o',
      component: [{ code: { coding: [{ system: 'http://loinc.org', code: '8480-6' }] }, valueQuantity: { value: 120 } }],
      code: { coding: [{ system: 'http://loinc.org', code: '85354-9', display: 'Blood pressure' }] },
      subject: { reference: 'Patient/p' },
      encounter: { reference: 'Encounter/e' },
      effectiveDateTime: '2020-01-01',
    });
    expect(tables.observation_component).toMatchObject([
      {
        observation_id: 'o',
        idx: '0',
        patient_id: 'p',
        encounter_id: 'e',
        effective_start: '2020-01-01',
        observation_code: '85354-9',
        observation_code_text: 'Blood pressure',
        code: '8480-6',
        value_quantity: '120',
      },
    ]);
  });

  it('expand timings, and doses below dosages', () => {
    const tables = flattenTables({
      resourceType: 'MedicationRequest',
      id: 'm',
      dosageInstruction: [
        { text: 't', timing: { repeat: { frequency: 2, period: 1, periodUnit: 'd' } }, doseAndRate: [{ doseQuantity: { value: 5, unit: 'mg' } }] },
      ],
    });
    expect(tables.medication_request_dosage_instruction).toEqual([
      {
        medication_request_id: 'm',
        idx: '0',
        text: 't',
        timing_repeat_frequency: '2',
        timing_repeat_period: '1',
        timing_repeat_period_unit: 'd',
      },
    ]);
    expect(tables.medication_request_dosage_instruction_dose_and_rate).toMatchObject([
      { dosage_instruction_idx: '0', idx: '0', dose_quantity: '5', dose_quantity_unit: 'mg' },
    ]);
  });

  it('show an open choice with its type, as text, and as JSON when it is an object', () => {
    const tables = flattenTables({
      resourceType: 'Task',
      id: 't',
      input: [
        { type: { text: 'a' }, valueString: 'v' },
        { type: { text: 'b' }, valueQuantity: { value: 3, unit: 'kg' } },
      ],
    });
    expect(tables.task_input).toEqual([
      { task_id: 't', idx: '0', type_text: 'a', value_type: 'string', value: 'v' },
      { task_id: 't', idx: '1', type_text: 'b', value_type: 'Quantity', value: '3 kg', value_json: '{"value":3,"unit":"kg"}' },
    ]);
  });

  it('have no row for an item that is no object, which other_json keeps', () => {
    const tables = flattenTables({ resourceType: 'Patient', id: 'p', name: ['Ana', { family: 'Lima' }, null] });
    expect(tables.patient_name).toEqual([{ patient_id: 'p', idx: '1', family: 'Lima' }]);
    expect(JSON.parse(tables.patient?.[0]?.other_json as string)).toEqual({ name: ['Ana', null, null] });
  });
});

describe('the coding table', () => {
  it('holds the codings that no column shows, and the text of repeated concepts', () => {
    const tables = flattenTables({
      resourceType: 'Observation',
      id: 'o',
      code: {
        coding: [
          { system: 'http://acme.example', code: 'a' },
          { system: 'http://loinc.org', code: 'l' },
        ],
        text: 'T',
      },
      category: [{ text: 'first' }, { text: 'second' }],
      component: [{ code: { coding: [{ system: 'http://loinc.org', code: 'c', version: '2.7' }] } }],
    });
    expect(tables.observation_extra_coding).toEqual([
      { observation_id: 'o', path: 'Observation.code', coding_idx: '0', system: 'http://acme.example', code: 'a', text: 'T' },
      { observation_id: 'o', path: 'Observation.category', idx: '1', text: 'second' },
      { observation_id: 'o', path: 'Observation.component[0].code', coding_idx: '0', system: 'http://loinc.org', version: '2.7', code: 'c' },
    ]);
    expect(tables.observation?.[0]).not.toHaveProperty('other_json');
  });

  it('holds tags and security labels', () => {
    const tables = flattenTables({ resourceType: 'Patient', id: 'p', meta: { tag: [{ code: 't1' }, { code: 't2', userSelected: true }] } });
    expect(tables.patient_extra_coding).toEqual([
      { patient_id: 'p', path: 'Patient.meta.tag', idx: '0', code: 't1' },
      { patient_id: 'p', path: 'Patient.meta.tag', idx: '1', code: 't2', user_selected: 'true' },
    ]);
  });

  it('holds all codings when asked for', () => {
    const { observation_coding } = flattenTables(
      { resourceType: 'Observation', id: 'o', code: { coding: [{ system: 'http://loinc.org', code: 'l' }] } },
      'all',
    );
    expect(observation_coding).toEqual([{ observation_id: 'o', path: 'Observation.code', coding_idx: '0', system: 'http://loinc.org', code: 'l' }]);
  });

  it('keeps what a coding should not have in other_json', () => {
    const tables = flattenTables({ resourceType: 'Observation', id: 'o', code: { coding: [{ code: 'a' }, { code: 5, display: 'd', id: 'x' }] } });
    expect(tables.observation_extra_coding).toEqual([{ observation_id: 'o', path: 'Observation.code', coding_idx: '1', display: 'd' }]);
    expect(JSON.parse(tables.observation?.[0]?.other_json as string)).toEqual({ code: { coding: [null, { code: 5, id: 'x' }] } });
  });
});

describe('the extension table', () => {
  it('holds extensions at any depth, nested ones and those on primitives, one row each', () => {
    const tables = flattenTables({
      resourceType: 'Patient',
      id: 'p',
      extension: [
        { url: 'http://acme.example/StructureDefinition/outer', extension: [{ url: 'inner', valueCoding: { system: 's', code: 'c', display: 'd' } }] },
      ],
      modifierExtension: [{ url: 'http://acme.example/m', valueBoolean: false }],
      _birthDate: { extension: [{ url: 'http://acme.example/time', valueDateTime: '2001-01-01T10:00:00Z' }] },
      name: [{ given: ['A', 'B'], _given: [null, { extension: [{ url: 'u', valueQuantity: { value: 2, unit: 'kg' } }] }] }],
    });
    const common = { patient_id: 'p', idx: '0', is_modifier: 'false' };
    expect(tables.patient_extension).toEqual([
      { ...common, path: 'Patient', url: 'http://acme.example/StructureDefinition/outer', name: 'outer' },
      {
        ...common,
        path: 'Patient.extension[0]',
        url: 'inner',
        name: 'outer.inner',
        value_type: 'Coding',
        value: 'c',
        value_system: 's',
        value_display: 'd',
        value_json: '{"system":"s","code":"c","display":"d"}',
      },
      { ...common, path: 'Patient', url: 'http://acme.example/m', name: 'm', is_modifier: 'true', value_type: 'boolean', value: 'false' },
      { ...common, path: 'Patient.birthDate', url: 'http://acme.example/time', name: 'time', value_type: 'dateTime', value: '2001-01-01T10:00:00Z' },
      {
        ...common,
        path: 'Patient.name[0].given[1]',
        url: 'u',
        name: 'u',
        value_type: 'Quantity',
        value: '2',
        value_unit: 'kg',
        value_json: '{"value":2,"unit":"kg"}',
      },
    ]);
    expect(tables.patient?.[0]).not.toHaveProperty('other_json');
  });

  it('does not take away the columns of promoted extensions, nor add their codings elsewhere', () => {
    const tables = flattenTables({
      resourceType: 'Patient',
      id: 'p',
      extension: [
        {
          url: 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-race',
          extension: [{ url: 'ombCategory', valueCoding: { system: 's', code: '2106-3', display: 'White' } }],
        },
      ],
    });
    expect(tables.patient).toEqual([{ id: 'p', race: 'White', race_code: '2106-3' }]);
    expect(tables.patient_extension).toHaveLength(2);
    expect(tables).not.toHaveProperty('patient_extra_coding');
  });

  it('keeps ids and strange keys of extensions in other_json', () => {
    const tables = flattenTables({ resourceType: 'Patient', id: 'p', extension: [{ url: 'u', id: 'e1', valueString: 'v', colour: 'red' }] });
    expect(JSON.parse(tables.patient?.[0]?.other_json as string)).toEqual({ extension: [{ id: 'e1', colour: 'red' }] });
  });
});

it('the names of all tables of R4 are different and fit an identifier of Postgres', async () => {
  const model = await loadModel('r4');
  const { flattenersFor, resourceTypes } = makeDefaultTables(model, { hasDetails: true, codings: 'extra' });
  const names = resourceTypes.flatMap((resourceType) => flattenersFor(resourceType).flatMap(({ tables }) => tables.map(({ name }) => name)));
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9_]{0,62}$/);
});
