import { expect, it } from 'vitest';
import { jsonKey } from '../../src/fhir/element-model.ts';
import { loadModel } from '../../src/fhir/load-model.ts';

const model = await loadModel('r4');

it('gives elements in specification order, the inherited ones first', () => {
  expect(model.elementsOf('Patient').map((element) => element.name)).toEqual([
    'id',
    'meta',
    'implicitRules',
    'language',
    'text',
    'contained',
    'extension',
    'modifierExtension',
    'identifier',
    'active',
    'name',
    'telecom',
    'gender',
    'birthDate',
    'deceased',
    'address',
    'maritalStatus',
    'multipleBirth',
    'photo',
    'contact',
    'communication',
    'generalPractitioner',
    'managingOrganization',
    'link',
  ]);
});

it('knows lists, choices, targets and the paths of backbone elements', () => {
  expect(model.element('Patient', 'name')).toMatchObject({ isList: true, isChoice: false });
  const deceased = model.element('Patient', 'deceased');
  expect(deceased?.types.map((type) => jsonKey(deceased, type))).toEqual(['deceasedBoolean', 'deceasedDateTime']);
  expect(model.element('Patient', 'managingOrganization')?.types[0]?.targets).toEqual(['Organization']);
  expect(model.element('Patient', 'contact')?.types[0]?.path).toBe('Patient.contact');
});

it('follows content references', () => {
  expect(model.element('Questionnaire.item', 'item')?.types[0]?.path).toBe('Questionnaire.item');
});

it('treats a reference to any resource as one without targets', () => {
  expect(model.element('Provenance', 'target')?.types[0]?.targets).toEqual([]);
});

it('has no elements for a type that it does not know', () => {
  expect(model.elementsOf('Gadget')).toEqual([]);
  expect(model.hasType('Gadget')).toBe(false);
});
