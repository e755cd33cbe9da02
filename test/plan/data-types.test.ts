import { describe, expect, it } from 'vitest';
import { flattenResource } from '../support/flatten-resource.ts';

const loinc = { system: 'http://loinc.org', code: '8302-2', display: 'Body height' };

describe('concepts', () => {
  it('show the first coding with a standard system, and the text as label', () => {
    const { row, otherJson } = flattenResource({
      resourceType: 'Observation',
      id: 'o',
      code: { coding: [{ system: 'http://acme.example/codes', code: 'H' }, loinc], text: 'Height' },
    });
    expect(row).toEqual({ id: 'o', code: '8302-2', code_system: 'http://loinc.org', code_display: 'Body height', code_text: 'Height' });
    expect(otherJson).toEqual({ code: { coding: [{ system: 'http://acme.example/codes', code: 'H' }, null] } });
  });

  it('take the display, else the code as label when there is no text', () => {
    expect(flattenResource({ resourceType: 'Observation', code: { coding: [loinc] } }).row.code_text).toBe('Body height');
    expect(flattenResource({ resourceType: 'Observation', code: { coding: [{ code: 'x' }] } }).row).toMatchObject({ code: 'x', code_text: 'x' });
  });

  it('keep version and userSelected of the coding in other_json', () => {
    const { otherJson } = flattenResource({ resourceType: 'Observation', code: { coding: [{ ...loinc, version: '2.7', userSelected: true }] } });
    expect(otherJson).toEqual({ code: { coding: [{ version: '2.7', userSelected: true }] } });
  });

  it('show the first of a repeating concept and keep the others', () => {
    const { row, otherJson } = flattenResource({ resourceType: 'Observation', category: [{ text: 'a' }, { text: 'b' }] });
    expect(row.category_text).toBe('a');
    expect(otherJson).toEqual({ category: [null, { text: 'b' }] });
  });
});

it('a value of a rare type has its label, and stays in other_json', () => {
  const { row, otherJson } = flattenResource({ resourceType: 'Observation', id: 'o', valuePeriod: { start: '2020', end: '2021' } });
  expect(row).toMatchObject({ value: '2020 - 2021', value_type: 'Period' });
  expect(otherJson).toEqual({ valuePeriod: { start: '2020', end: '2021' } });
});

describe('people and places', () => {
  it('choose the official name and render it', () => {
    const { row, otherJson } = flattenResource({
      resourceType: 'Patient',
      id: 'p',
      name: [
        { use: 'nickname', given: ['Ana'] },
        { use: 'official', family: 'Lima', given: ['Ana', 'Rosa'], prefix: ['Dr.'], suffix: ['MD'] },
      ],
    });
    expect(row).toMatchObject({
      name: 'Dr. Ana Rosa Lima MD',
      name_family: 'Lima',
      name_given: 'Ana Rosa',
      name_prefix: 'Dr.',
      name_suffix: 'MD',
      name_use: 'official',
    });
    expect(otherJson).toEqual({ name: [{ use: 'nickname', given: ['Ana'] }, null] });
  });

  it('keep given names that a joined cell cannot tell apart', () => {
    const { row, otherJson } = flattenResource({ resourceType: 'Patient', name: [{ given: ['Ana Rosa', 'Lu'] }] });
    expect(row.name_given).toBe('Ana Rosa Lu');
    expect(otherJson).toEqual({ name: [{ given: ['Ana Rosa', 'Lu'] }] });
  });

  it('find identifiers by their type', () => {
    const typed = (code: string, value: string) => ({ type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code }] }, value });
    const { row } = flattenResource({
      resourceType: 'Patient',
      identifier: [{ system: 's', value: 'first', use: 'secondary' }, typed('MR', 'm1'), typed('SS', 's1'), typed('DL', 'd1'), typed('PPN', 'p1')],
    });
    expect(row).toMatchObject({ mrn: 'm1', ssn: 's1', drivers_license: 'd1', passport_number: 'p1', identifier: 'm1' });
  });

  it('keep of an identifier that two columns show only what neither shows', () => {
    const { row, otherJson } = flattenResource({
      resourceType: 'Patient',
      identifier: [{ use: 'official', system: 'http://h', type: { coding: [{ code: 'MR' }] }, value: 'm1' }],
    });
    expect(row).toMatchObject({ mrn: 'm1', identifier: 'm1', identifier_system: 'http://h' });
    expect(otherJson).toEqual({ identifier: [{ use: 'official', type: { coding: [{ code: 'MR' }] } }] });
  });

  it('prefer the home address and join its lines', () => {
    const { row } = flattenResource({
      resourceType: 'Patient',
      address: [
        { use: 'work', city: 'Work' },
        { use: 'home', line: ['1 Main St', 'Apt 2'], city: 'Home', district: 'D', state: 'ST', postalCode: '0123', country: 'US' },
      ],
    });
    expect(row).toMatchObject({
      address_line: '1 Main St, Apt 2',
      address_city: 'Home',
      address_district: 'D',
      address_state: 'ST',
      address_postal_code: '0123',
      address_country: 'US',
      address_use: 'home',
    });
  });

  it('choose phone and email by rank, then use, and old ones last', () => {
    const { row } = flattenResource({
      resourceType: 'Patient',
      telecom: [
        { system: 'phone', use: 'old', value: '0', rank: 1 },
        { system: 'phone', use: 'work', value: '1' },
        { system: 'phone', use: 'home', value: '2' },
        { system: 'phone', use: 'work', value: '3', rank: 1 },
        { system: 'email', value: 'a@example.org' },
      ],
    });
    expect(row).toMatchObject({ phone: '3', email: 'a@example.org' });
  });

  it('promote the US Core and HL7 extensions of Patient', () => {
    const core = 'http://hl7.org/fhir/us/core/StructureDefinition/';
    const { row } = flattenResource({
      resourceType: 'Patient',
      extension: [
        {
          url: `${core}us-core-race`,
          extension: [
            { url: 'ombCategory', valueCoding: { code: '2106-3', display: 'White' } },
            { url: 'detailed', valueCoding: { code: '2110-5' } },
          ],
        },
        { url: `${core}us-core-ethnicity`, extension: [{ url: 'text', valueString: 'Not Hispanic' }] },
        { url: `${core}us-core-birthsex`, valueCode: 'F' },
        { url: 'http://hl7.org/fhir/StructureDefinition/patient-birthPlace', valueAddress: { city: 'Oslo', country: 'NO' } },
      ],
    });
    expect(row).toMatchObject({
      race: 'White',
      race_code: '2106-3',
      race_detailed_code: '2110-5',
      ethnicity: 'Not Hispanic',
      birth_sex: 'F',
      birth_place_city: 'Oslo',
      birth_place_country: 'NO',
    });
  });
});

describe('quantities, periods, money, attachments', () => {
  it('show a quantity with unit and UCUM code, whose system is implied', () => {
    const { row, otherJson } = flattenResource({
      resourceType: 'Observation',
      valueQuantity: { value: 186.4, comparator: '<', unit: 'cm', system: 'http://unitsofmeasure.org', code: 'cm' },
    });
    expect(row).toMatchObject({
      value: '<186.4 cm',
      value_type: 'Quantity',
      value_quantity: '186.4',
      value_quantity_comparator: '<',
      value_quantity_unit: 'cm',
      value_quantity_code: 'cm',
    });
    expect(otherJson).toBeUndefined();
  });

  it('keep another system of units in other_json', () => {
    const { otherJson } = flattenResource({ resourceType: 'Observation', valueQuantity: { value: 1, system: 'http://acme.example/units', code: 'box' } });
    expect(otherJson).toEqual({ valueQuantity: { system: 'http://acme.example/units' } });
  });

  it('show money with its currency and a period with start and end', () => {
    const { row } = flattenResource({
      resourceType: 'Claim',
      total: { value: 5, currency: 'USD' },
      billablePeriod: { start: '2020-01-01', end: '2020-01-02' },
    });
    expect(row).toMatchObject({ total: '5', total_currency: 'USD', billable_period_start: '2020-01-01', billable_period_end: '2020-01-02' });
  });

  it('join notes by newline and keep their authors', () => {
    const { row, otherJson } = flattenResource({ resourceType: 'Observation', note: [{ text: 'a', authorString: 'x' }, { text: 'b' }] });
    expect(row.note).toBe('a\nb');
    expect(otherJson).toEqual({ note: [{ authorString: 'x' }, null] });
  });

  it('leave attachment data out at any depth and count it', () => {
    const { row, otherJson, dropped } = flattenResource({
      resourceType: 'DocumentReference',
      content: [{ attachment: { contentType: 'text/plain', data: 'QUJD' } }, { attachment: { contentType: 'text/html', data: 'REVG' } }],
    });
    expect(row.attachment_content_type).toBe('text/plain');
    expect(otherJson).toEqual({ content: [null, { attachment: { contentType: 'text/html' } }] });
    expect(dropped).toEqual([
      { rule: 'attachment-data', path: 'DocumentReference.content.attachment.data', leafCount: 1, byteCount: 4 },
      { rule: 'attachment-data', path: 'DocumentReference.content.attachment.data', leafCount: 1, byteCount: 4 },
    ]);
  });

  it('leave narrative out and count it', () => {
    const { otherJson, dropped } = flattenResource({ resourceType: 'Patient', text: { status: 'generated', div: '<div/>' } });
    expect(otherJson).toBeUndefined();
    expect(dropped).toMatchObject([{ rule: 'narrative', path: 'Patient.text', leafCount: 2 }]);
  });

  it('join lists of primitives and keep a list whose items hold the separator', () => {
    const plain = flattenResource({ resourceType: 'Organization', alias: ['A', 'B'] });
    expect(plain.row.alias).toBe('A; B');
    expect(plain.otherJson).toBeUndefined();
    const odd = flattenResource({ resourceType: 'Organization', alias: ['A;1', 'B'] });
    expect(odd.row.alias).toBe('A;1; B');
    expect(odd.otherJson).toEqual({ alias: ['A;1', 'B'] });
  });
});

describe('choice elements', () => {
  it('give time-like choices a start, an end and the type', () => {
    expect(flattenResource({ resourceType: 'Observation', effectiveDateTime: '2020-01-01T10:00:00+01:00' }).row).toMatchObject({
      effective_start: '2020-01-01T10:00:00+01:00',
      effective_type: 'dateTime',
    });
    expect(flattenResource({ resourceType: 'Observation', effectivePeriod: { start: '2020', end: '2021' } }).row).toMatchObject({
      effective_start: '2020',
      effective_end: '2021',
      effective_type: 'Period',
    });
  });

  it('give an onset as age or text columns of its own', () => {
    expect(flattenResource({ resourceType: 'Condition', onsetAge: { value: 5, unit: 'years' } }).row).toMatchObject({
      onset_age: '5',
      onset_age_unit: 'years',
      onset_type: 'Age',
    });
    expect(flattenResource({ resourceType: 'Condition', onsetString: 'as a child' }).row).toMatchObject({ onset_text: 'as a child', onset_type: 'string' });
  });

  it('show a medication as concept or as reference', () => {
    const coded = flattenResource({
      resourceType: 'MedicationRequest',
      medicationCodeableConcept: { coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '1', display: 'One' }] },
    });
    expect(coded.row).toMatchObject({ medication: '1', medication_display: 'One', medication_text: 'One', medication_rxnorm: '1' });
    const referred = flattenResource({ resourceType: 'MedicationRequest', medicationReference: { reference: 'Medication/m', display: 'Two' } });
    expect(referred.row).toMatchObject({ medication_id: 'm', medication_display: 'Two', medication_text: 'Two' });
    expect(referred.otherJson).toBeUndefined();
  });

  it('tell a deceased patient from either type', () => {
    expect(flattenResource({ resourceType: 'Patient', deceasedDateTime: '1998' }).row).toMatchObject({ deceased: 'true', deceased_date_time: '1998' });
    expect(flattenResource({ resourceType: 'Patient', deceasedBoolean: false }).row).toMatchObject({ deceased: 'false', deceased_boolean: 'false' });
  });

  it('keep a choice of more than 20 types in other_json', () => {
    const { row, otherJson } = flattenResource({ resourceType: 'Task', input: [{ type: { text: 't' }, valueString: 'v' }] });
    expect(row).not.toHaveProperty('input');
    expect(otherJson).toEqual({ input: [{ type: { text: 't' }, valueString: 'v' }] });
  });
});
