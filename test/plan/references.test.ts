import { describe, expect, it } from 'vitest';
import { flattenResource } from '../support/flatten-resource.ts';

function observation(subject: Record<string, string | Record<string, string>>) {
  return flattenResource({ resourceType: 'Observation', id: 'o', subject });
}

describe('references give bare ids', () => {
  it('of the relative form', () => {
    const { row, otherJson } = observation({ reference: 'Patient/1' });
    expect(row).toMatchObject({ patient_id: '1', subject_id: '1', subject_type: 'Patient' });
    expect(otherJson).toBeUndefined();
  });

  it('of a version, which other_json keeps', () => {
    const { row, otherJson } = observation({ reference: 'Patient/1/_history/2' });
    expect(row.patient_id).toBe('1');
    expect(otherJson).toEqual({ subject: { reference: 'Patient/1/_history/2' } });
  });

  it('of an absolute URL, which other_json keeps', () => {
    const { row, otherJson } = observation({ reference: 'http://host.example/fhir/Patient/23' });
    expect(row.patient_id).toBe('23');
    expect(otherJson).toEqual({ subject: { reference: 'http://host.example/fhir/Patient/23' } });
  });

  it('of urn:uuid and urn:oid', () => {
    expect(observation({ reference: 'urn:uuid:8c95253e-8ee8-9ae8-6d40-021d702dc78e' }).row.patient_id).toBe('8c95253e-8ee8-9ae8-6d40-021d702dc78e');
    expect(observation({ reference: 'urn:oid:1.2.3' }).row.patient_id).toBe('1.2.3');
  });

  it('of a contained resource, below the id of its container', () => {
    const { row, otherJson } = flattenResource({ resourceType: 'Condition', id: 'c', recorder: { reference: '#r' } });
    expect(row.recorder_id).toBe('c#r');
    expect(otherJson).toBeUndefined();
  });
});

it('a subject that is no patient has no patient_id', () => {
  const { row } = observation({ reference: 'Group/g' });
  expect(row).toMatchObject({ subject_id: 'g', subject_type: 'Group' });
  expect(row).not.toHaveProperty('patient_id');
});

it('a reference to a type that the column does not hold gives no id there and is kept', () => {
  const { row, otherJson } = flattenResource({ resourceType: 'Patient', managingOrganization: { reference: 'Patient/1' } });
  expect(row).not.toHaveProperty('managing_organization_id');
  expect(otherJson).toEqual({ managingOrganization: { reference: 'Patient/1' } });
});

it('conditional references show the identifier', () => {
  const { row, otherJson } = flattenResource({
    resourceType: 'Patient',
    managingOrganization: { reference: 'Organization?identifier=http%3A%2F%2Fs|v', display: 'O' },
  });
  expect(row).toMatchObject({ managing_organization_identifier: 'http://s|v', managing_organization_display: 'O' });
  expect(row).not.toHaveProperty('managing_organization_id');
  expect(otherJson).toBeUndefined();
});

it('references by identifier only show system and value', () => {
  const { row, otherJson } = flattenResource({
    resourceType: 'Patient',
    managingOrganization: { identifier: { system: 'http://s', value: 'v', use: 'official' } },
  });
  expect(row.managing_organization_identifier).toBe('http://s|v');
  expect(otherJson).toEqual({ managingOrganization: { identifier: { use: 'official' } } });
});

it('other searches and texts that are no reference are kept as they are', () => {
  for (const reference of ['Organization?name=x', 'somewhere', 'http://host.example/page', 'Patient/1/2', '']) {
    const { row, otherJson } = flattenResource({ resourceType: 'Patient', managingOrganization: { reference } });
    expect(row).not.toHaveProperty('managing_organization_id');
    expect(otherJson).toEqual({ managingOrganization: { reference } });
  }
});

it('encounter_id is found under encounter, context and context.encounter', () => {
  expect(flattenResource({ resourceType: 'Condition', encounter: { reference: 'Encounter/e' } }).row.encounter_id).toBe('e');
  const administration = flattenResource({ resourceType: 'MedicationAdministration', context: { reference: 'EpisodeOfCare/e' } }).row;
  expect(administration).toMatchObject({ context_id: 'e', context_type: 'EpisodeOfCare' });
  expect(administration).not.toHaveProperty('encounter_id');
  expect(flattenResource({ resourceType: 'DocumentReference', context: { encounter: [{ reference: 'Encounter/e' }] } }).row.encounter_id).toBe('e');
});
