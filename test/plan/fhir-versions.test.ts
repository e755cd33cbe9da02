// Columns keep their R4 names in later FHIR versions: the same fact, written in R4 and in R5, stands in the same columns.

import { describe, expect, it } from 'vitest';
import { fhirVersions } from '../../src/fhir/element-model.ts';
import { loadModel } from '../../src/fhir/load-model.ts';
import type { JsonObject } from '../../src/json.ts';
import { planDefaultTables } from '../../src/plan/default-tables.ts';
import { addCuratedColumns } from '../../src/plan/defaults/curated-columns.ts';
import { curatedTables } from '../../src/plan/defaults/curated-tables.ts';
import { PlanBuilder } from '../../src/plan/defaults/plan-builder.ts';
import { flattenResource, leavesOf } from '../support/flatten-resource.ts';
import { flattenTables } from '../support/flatten-tables.ts';

const concept = (code: string) => ({ coding: [{ system: 'http://snomed.info/sct', code, display: `Display of ${code}` }] });
const reference = (type: string, id: string) => ({ reference: `${type}/${id}`, display: `${type} ${id}` });

/** Facts of a type in R4's and in R5's words, and columns that must be the same. */
const sameFacts: readonly { readonly type: string; readonly r4: JsonObject; readonly r5: JsonObject; readonly columns: Readonly<Record<string, string>> }[] = [
  {
    type: 'Encounter',
    r4: {
      class: { code: 'AMB', system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode' },
      period: { start: '2020-01-01T10:00:00Z', end: '2020-01-01T11:30:00Z' },
      reasonCode: [concept('1')],
      serviceType: concept('2'),
      hospitalization: { admitSource: concept('3'), dischargeDisposition: concept('4') },
      participant: [{ individual: reference('RelatedPerson', 'r') }, { individual: reference('Practitioner', 'p') }],
      subject: reference('Patient', 'a'),
    },
    r5: {
      class: [{ coding: [{ code: 'AMB', system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode' }] }],
      actualPeriod: { start: '2020-01-01T10:00:00Z', end: '2020-01-01T11:30:00Z' },
      reason: [{ use: [concept('9')] }, { value: [{ reference: reference('Condition', 'c') }, { concept: concept('1') }] }],
      serviceType: [{ concept: concept('2') }],
      admission: { admitSource: concept('3'), dischargeDisposition: concept('4') },
      participant: [{ actor: reference('RelatedPerson', 'r') }, { actor: reference('Practitioner', 'p') }],
      subject: reference('Patient', 'a'),
    },
    columns: {
      class: 'AMB',
      class_system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode',
      period_start: '2020-01-01T10:00:00Z',
      period_end: '2020-01-01T11:30:00Z',
      length_hours: '1.5',
      reason_code: '1',
      reason_code_text: 'Display of 1',
      service_type: '2',
      hospitalization_admit_source: '3',
      hospitalization_discharge_disposition: '4',
      practitioner_id: 'p',
      patient_id: 'a',
    },
  },
  {
    type: 'Condition',
    r4: { recorder: reference('Practitioner', 'p'), asserter: reference('Patient', 'a'), recordedDate: '2020', onsetDateTime: '2019-05' },
    r5: {
      participant: [
        { function: { coding: [{ code: 'informant' }] }, actor: reference('Patient', 'a') },
        { function: { coding: [{ code: 'author' }] }, actor: reference('Practitioner', 'p') },
      ],
      recordedDate: '2020',
      onsetDateTime: '2019-05',
    },
    columns: {
      recorder_id: 'p',
      recorder_type: 'Practitioner',
      asserter_id: 'a',
      asserter_display: 'Patient a',
      recorded_date: '2020',
      onset_start: '2019-05',
    },
  },
  {
    type: 'Procedure',
    r4: {
      performedPeriod: { start: '2020-01', end: '2020-02' },
      category: concept('1'),
      reasonCode: [concept('2')],
      reasonReference: [reference('Condition', 'c')],
      performer: [{ actor: reference('Practitioner', 'p') }],
    },
    r5: {
      occurrencePeriod: { start: '2020-01', end: '2020-02' },
      category: [concept('1')],
      reason: [{ concept: concept('2') }, { reference: reference('Condition', 'c') }],
      performer: [{ actor: reference('Practitioner', 'p') }],
    },
    columns: {
      performed_start: '2020-01',
      performed_end: '2020-02',
      performed_type: 'Period',
      category: '1',
      reason_code: '2',
      reason_reference_id: 'c',
      reason_reference_type: 'Condition',
      performer_id: 'p',
    },
  },
  {
    type: 'MedicationRequest',
    r4: {
      medicationCodeableConcept: { coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '7', display: 'Drug' }] },
      reportedBoolean: true,
      reasonCode: [concept('2')],
      reasonReference: [reference('Condition', 'c')],
      dosageInstruction: [{ text: 'Take one', asNeededBoolean: true, doseAndRate: [{ doseQuantity: { value: 1 } }] }],
    },
    r5: {
      medication: { concept: { coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '7', display: 'Drug' }] } },
      reported: true,
      reason: [{ concept: concept('2'), reference: reference('Condition', 'c') }],
      dosageInstruction: [{ text: 'Take one', asNeeded: true, doseAndRate: [{ doseQuantity: { value: 1 } }] }],
    },
    columns: {
      medication: '7',
      medication_text: 'Drug',
      medication_rxnorm: '7',
      reported: 'true',
      reported_boolean: 'true',
      reason_code: '2',
      reason_reference_id: 'c',
      dosage_text: 'Take one',
      dose: '1',
      as_needed: 'true',
    },
  },
  {
    type: 'MedicationRequest',
    r4: { medicationReference: reference('Medication', 'm'), reportedReference: reference('Patient', 'a') },
    r5: { medication: { reference: reference('Medication', 'm') }, informationSource: [reference('Patient', 'a')] },
    columns: { medication_id: 'm', medication_display: 'Medication m', medication_text: 'Medication m', reported_reference_id: 'a' },
  },
  {
    type: 'MedicationAdministration',
    r4: { effectiveDateTime: '2020', context: reference('Encounter', 'e'), performer: [{ actor: reference('Practitioner', 'p') }] },
    r5: { occurenceDateTime: '2020', encounter: reference('Encounter', 'e'), performer: [{ actor: { reference: reference('Practitioner', 'p') } }] },
    columns: { effective_start: '2020', effective_type: 'dateTime', encounter_id: 'e', performer_id: 'p', performer_type: 'Practitioner' },
  },
  {
    type: 'MedicationStatement',
    r4: { medicationCodeableConcept: concept('1'), informationSource: reference('Patient', 'a'), reasonCode: [concept('2')] },
    r5: { medication: { concept: concept('1') }, informationSource: [reference('Patient', 'a')], reason: [{ concept: concept('2') }] },
    columns: { medication: '1', information_source_id: 'a', information_source_type: 'Patient', reason_code: '2' },
  },
  {
    type: 'Medication',
    r4: { manufacturer: reference('Organization', 'o'), form: concept('1'), amount: { numerator: { value: 5, unit: 'ml' } } },
    r5: { marketingAuthorizationHolder: reference('Organization', 'o'), doseForm: concept('1'), totalVolume: { value: 5, unit: 'ml' } },
    columns: { manufacturer_id: 'o', form: '1', amount_numerator: '5', amount_numerator_unit: 'ml' },
  },
  {
    type: 'Immunization',
    r4: { manufacturer: reference('Organization', 'o'), reasonCode: [concept('1')], occurrenceDateTime: '2020' },
    r5: { manufacturer: { reference: reference('Organization', 'o') }, reason: [{ concept: concept('1') }], occurrenceDateTime: '2020' },
    columns: { manufacturer_id: 'o', manufacturer_display: 'Organization o', reason_code: '1', occurrence_start: '2020' },
  },
  {
    type: 'AllergyIntolerance',
    r4: { type: 'allergy', recorder: reference('Practitioner', 'p'), reaction: [{ manifestation: [concept('1')], severity: 'mild' }] },
    r5: {
      type: { coding: [{ code: 'allergy' }] },
      participant: [{ function: { coding: [{ code: 'author' }] }, actor: reference('Practitioner', 'p') }],
      reaction: [{ manifestation: [{ concept: concept('1') }], severity: 'mild' }],
    },
    columns: { type: 'allergy', recorder_id: 'p', reaction_manifestation: 'Display of 1', reaction_severity: 'mild', reaction_count: '1' },
  },
  {
    type: 'DocumentReference',
    r4: {
      content: [{ attachment: { url: 'http://x/1', size: 5 }, format: { code: 'f' } }],
      context: { period: { start: '2020' }, facilityType: concept('1'), practiceSetting: concept('2'), encounter: [reference('Encounter', 'e')] },
    },
    r5: {
      content: [{ attachment: { url: 'http://x/1', size: '5' }, profile: [{ valueUri: 'urn:x' }, { valueCoding: { code: 'f' } }] }],
      period: { start: '2020' },
      facilityType: concept('1'),
      practiceSetting: concept('2'),
      context: [reference('Appointment', 'x'), reference('Encounter', 'e')],
    },
    columns: {
      attachment_url: 'http://x/1',
      attachment_size: '5',
      format: 'f',
      context_period_start: '2020',
      context_facility_type: '1',
      context_practice_setting: '2',
      encounter_id: 'e',
    },
  },
  {
    type: 'CarePlan',
    r4: { author: reference('Practitioner', 'p') },
    r5: { custodian: reference('Practitioner', 'p') },
    columns: { author_id: 'p', author_type: 'Practitioner' },
  },
  {
    type: 'CareTeam',
    r4: { reasonCode: [concept('1')] },
    r5: { reason: [{ reference: reference('Condition', 'c') }, { concept: concept('1') }] },
    columns: { reason_code: '1' },
  },
  {
    type: 'Coverage',
    r4: { subscriberId: 's1', payor: [reference('Organization', 'o')], class: [{ type: { coding: [{ code: 'group' }] }, value: 'g' }] },
    r5: {
      subscriberId: [{ system: 'urn:x', value: 's1' }],
      insurer: reference('Organization', 'o'),
      class: [{ type: { coding: [{ code: 'group' }] }, value: { value: 'g' } }],
    },
    columns: { subscriber_id: 's1', payor_id: 'o', payor_display: 'Organization o', group_value: 'g' },
  },
  {
    type: 'Organization',
    r4: { telecom: [{ system: 'phone', value: '1' }], address: [{ city: 'Basel' }] },
    r5: { contact: [{ purpose: concept('1') }, { telecom: [{ system: 'phone', value: '1' }], address: { city: 'Basel' } }] },
    columns: { phone: '1', address_city: 'Basel' },
  },
  {
    type: 'PractitionerRole',
    r4: { telecom: [{ system: 'email', value: 'a@b' }] },
    r5: { contact: [{ telecom: [{ system: 'email', value: 'a@b' }] }] },
    columns: { email: 'a@b' },
  },
  {
    type: 'Location',
    r4: { telecom: [{ system: 'phone', value: '1' }], physicalType: concept('2'), position: { longitude: 1.5, latitude: 2 } },
    r5: { contact: [{ telecom: [{ system: 'phone', value: '1' }] }], form: concept('2'), position: { longitude: 1.5, latitude: 2 } },
    columns: { phone: '1', physical_type: '2', position_longitude: '1.5' },
  },
  {
    type: 'Device',
    r4: {
      type: concept('1'),
      deviceName: [
        { name: 'Long', type: 'model-name' },
        { name: 'Pump', type: 'user-friendly-name' },
      ],
    },
    r5: {
      type: [concept('1')],
      name: [
        { value: 'Long', type: 'model-name' },
        { value: 'Pump', type: 'user-friendly-name' },
      ],
    },
    columns: { type: '1', device_name: 'Pump' },
  },
  {
    type: 'Specimen',
    r4: { collection: { bodySite: concept('1'), collectedDateTime: '2020' } },
    r5: { collection: { bodySite: { concept: concept('1') }, collectedDateTime: '2020' } },
    columns: { collection_body_site: '1', collection_collected_start: '2020' },
  },
  {
    type: 'ServiceRequest',
    r4: { code: concept('1'), reasonCode: [concept('2')], patientInstruction: 'Fast.' },
    r5: { code: { concept: concept('1') }, reason: [{ concept: concept('2') }], patientInstruction: [{ instructionMarkdown: 'Fast.' }] },
    columns: { code: '1', code_text: 'Display of 1', reason_code: '2', patient_instruction: 'Fast.' },
  },
];

describe('the same facts in R4 and R5', () => {
  for (const [index, { type, r4, r5, columns }] of sameFacts.entries()) {
    it(`stand in the same columns: ${type} (${index})`, () => {
      for (const [version, facts] of [['r4', r4] as const, ['r5', r5] as const]) {
        const { row, otherJson, misfits, unknown } = flattenResource({ resourceType: type, id: 'x', ...facts }, { version });
        expect({ version, row }).toMatchObject({ version, row: columns });
        expect({ misfits, unknown }).toEqual({ misfits: [], unknown: [] });
        // References stand as their ids.
        const shown = new Set(
          [...Object.values(row), ...leavesOf(otherJson).map(({ text }) => text)].flatMap((text) => [text, text.replace(/^[A-Za-z]+\//, '')]),
        );
        const missing = leavesOf(facts).filter(({ text }) => !shown.has(text) && !shown.has(text.replace(/^[A-Za-z]+\//, '')));
        expect({ version, missing }).toEqual({ version, missing: [] });
      }
    });
  }
});

it('a curated path that R4 does not have is a mistake; in a later version it gives no column', async () => {
  const planWith = async (version: (typeof fhirVersions)[number]) => {
    const builder = new PlanBuilder(await loadModel(version), { kind: 'resource', type: 'Condition' });
    addCuratedColumns(builder, 'gadget.wheel');
    return builder.build({ name: 'condition', role: 'main', resourceType: 'Condition', description: '' }).schema.columns;
  };
  await expect(planWith('r4')).rejects.toThrow('FHIR r4 has no Condition.gadget');
  expect(await planWith('r5')).toEqual([]);
});

it('later versions keep nearly all columns of the curated tables', async () => {
  const [r4, r4b, r5] = await Promise.all(fhirVersions.map(loadModel));
  const lost = (model: typeof r4) =>
    Object.keys(curatedTables).flatMap((type) => {
      const namesIn = (version: typeof r4) =>
        planDefaultTables(version as NonNullable<typeof r4>, type, { hasDetails: false, codings: 'extra' }).main.schema.columns.map(({ name }) => name);
      const later = new Set(namesIn(model));
      return namesIn(r4)
        .filter((name) => !later.has(name))
        .map((name) => `${type}.${name}`);
    });
  expect(lost(r4b)).toEqual([]);
  // Gone from R5 as elements, or no longer a choice of types.
  expect(lost(r5)).toEqual([
    'MedicationRequest.reported_type',
    'Medication.amount_denominator',
    'Medication.amount_denominator_unit',
    'MedicationAdministration.context_id',
    'MedicationAdministration.context_type',
    'MedicationStatement.context_id',
    'MedicationStatement.context_type',
    'Immunization.recorded',
    'CareTeam.encounter_id',
    'Coverage.payor_type',
    'Device.patient_id',
  ]);
});

describe('data types of R5', () => {
  it('CodeableReference: the concept on the bare name, the reference beside it', () => {
    const reason = [{ reference: reference('Condition', 'c') }, { concept: concept('1') }];
    const { row } = flattenResource({ resourceType: 'DeviceUsage', id: 'x', reason, device: { concept: concept('2') } }, { version: 'r5' });
    expect(row).toMatchObject({ reason: '1', reason_text: 'Display of 1', reason_reference_id: 'c', reason_reference_type: 'Condition', device: '2' });
    const { device_usage_reason: rows } = flattenTables({ resourceType: 'DeviceUsage', id: 'x', reason }, 'extra', 'r5');
    expect(rows).toMatchObject([
      { device_usage_id: 'x', idx: '0', reason_reference_id: 'c', reason_reference_display: 'Condition c' },
      { device_usage_id: 'x', idx: '1', reason: '1', reason_system: 'http://snomed.info/sct' },
    ]);
  });

  it('integer64 is digits, also when it is written as a number', () => {
    const attachment = (size: string | number) => ({ resourceType: 'DocumentReference', id: 'x', content: [{ attachment: { size } }] });
    expect(flattenResource(attachment('9007199254740993'), { version: 'r5' }).row.attachment_size).toBe('9007199254740993');
    expect(flattenResource(attachment(12), { version: 'r5' }).row.attachment_size).toBe('12');
  });

  it('MonetaryComponent and RatioRange', () => {
    const unitPriceComponent = { type: 'base', code: concept('1'), factor: 2, amount: { value: 10, currency: 'CHF' } };
    expect(flattenResource({ resourceType: 'ChargeItem', id: 'x', unitPriceComponent }, { version: 'r5' }).row).toMatchObject({
      unit_price_component: '10',
      unit_price_component_currency: 'CHF',
      unit_price_component_type: 'base',
      unit_price_component_factor: '2',
      unit_price_component_code: '1',
    });
    const strength = [{ presentationRatioRange: { lowNumerator: { value: 1, unit: 'mg' }, highNumerator: { value: 2 }, denominator: { value: 3 } } }];
    const { ingredient_substance_strength: rows } = flattenTables({ resourceType: 'Ingredient', id: 'x', substance: { strength } }, 'extra', 'r5');
    expect(rows).toMatchObject([
      {
        presentation_type: 'RatioRange',
        presentation_ratio_range_low_numerator: '1',
        presentation_ratio_range_low_numerator_unit: 'mg',
        presentation_ratio_range_high_numerator: '2',
        presentation_ratio_range_denominator: '3',
      },
    ]);
  });

  it('ExtendedContactDetail and Availability have child tables', () => {
    const tables = flattenTables(
      {
        resourceType: 'HealthcareService',
        id: 'x',
        contact: [{ name: [{ text: 'Desk' }], telecom: [{ system: 'phone', value: '1' }], address: { city: 'Basel' } }],
        availability: [{ availableTime: [{ daysOfWeek: ['mon', 'tue'], availableStartTime: '08:00:00' }] }],
      },
      'extra',
      'r5',
    );
    expect(tables.healthcare_service_contact).toMatchObject([{ name: 'Desk', phone: '1', address_city: 'Basel' }]);
    expect(tables.healthcare_service_availability_available_time).toMatchObject([{ days_of_week: 'mon; tue', available_start_time: '08:00:00' }]);
  });
});
