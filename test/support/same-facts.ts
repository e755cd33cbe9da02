// Facts of the curated types as R4 and as R5 write them, and the cells that must be the same.

import type { JsonObject } from '../../src/json.ts';

interface SameFact {
  readonly type: string;
  readonly r4: JsonObject;
  readonly r5: JsonObject;
  readonly columns: Readonly<Record<string, string>>;
}

export const concept = (code: string) => ({ coding: [{ system: 'http://snomed.info/sct', code, display: `Display of ${code}` }] });
export const reference = (type: string, id: string) => ({ reference: `${type}/${id}`, display: `${type} ${id}` });

/** Facts of a type in R4's and in R5's words, and columns that must be the same. */
export const sameFacts: readonly SameFact[] = [
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
