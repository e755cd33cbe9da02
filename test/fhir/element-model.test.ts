import { expect, it } from 'vitest';
import { fhirVersions, jsonKey } from '../../src/fhir/element-model.ts';
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

it('has a model for each version, with the types that came and went', async () => {
  const [r4, r4b, r5] = await Promise.all(fhirVersions.map(loadModel));
  const versionsOf = (type: string) => [r4, r4b, r5].filter((known) => known?.resourceTypes.includes(type)).map((known) => known?.version);
  expect(versionsOf('Patient')).toEqual(['r4', 'r4b', 'r5']);
  expect(versionsOf('MedicinalProduct')).toEqual(['r4']);
  expect(versionsOf('Ingredient')).toEqual(['r4b', 'r5']);
  expect(versionsOf('SubscriptionTopic')).toEqual(['r4b', 'r5']);
  expect(versionsOf('Media')).toEqual(['r4', 'r4b']);
  expect(versionsOf('DeviceUsage')).toEqual(['r5']);
});

it('knows what R5 changed: other names, other cardinalities, CodeableReference with its targets', async () => {
  const r5 = await loadModel('r5');
  expect(r5.element('Encounter', 'period')).toBeUndefined();
  expect(r5.element('Encounter', 'actualPeriod')).toMatchObject({ isList: false, types: [{ code: 'Period' }] });
  expect(r5.element('Encounter', 'class')).toMatchObject({ isList: true, types: [{ code: 'CodeableConcept' }] });
  expect(r5.element('Attachment', 'size')?.types[0]?.code).toBe('integer64');
  expect(r5.element('MedicationRequest', 'medication')).toMatchObject({ isChoice: false, types: [{ code: 'CodeableReference', targets: ['Medication'] }] });
  expect(r5.element('Condition', 'evidence')?.types[0]?.targets).toEqual([]);
});

it.each(fhirVersions)('lists the JSON keys of all elements of %s', async (version) => {
  const found = await loadModel(version);
  const paths = new Set(found.resourceTypes);
  const keys = new Set<string>();
  for (const path of paths) {
    for (const [key, { type }] of found.byKey(path)) {
      keys.add(key);
      paths.add(type.path);
    }
  }
  expect(keys.size).toBeGreaterThan(1000);
  expect(found.jsonKeys()).toEqual(expect.arrayContaining([...keys]));
  // The rest belongs to data types that no resource has.
  expect(found.jsonKeys().length - keys.size).toBeLessThan(5);
});
