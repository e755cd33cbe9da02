// The curated main tables as data: which elements a table shows, in which order, and which computed columns it adds.
// An element is named by its R4 path (`hospitalization.admitSource`) and shown by the rules of its data type; where
// later versions keep it stands in moved-elements.ts.

import { cpt, cvx, icd10, ndc, rxNorm, snomedCt, usNpi, usSsn } from '../../fhir/code-systems.ts';
import type { ItemRule } from '../plan.ts';
import type { Step } from './moved-elements.ts';

/** What a computed column shows of the object that its steps lead to. */
export type Show =
  /** A primitive. */
  | { readonly as: 'value'; readonly key: string }
  /** The label of a CodeableConcept. */
  | { readonly as: 'label'; readonly key: string }
  /** How many items a list has. */
  | { readonly as: 'count'; readonly key: string }
  /** Hours from one dateTime to another. */
  | { readonly as: 'hours'; readonly startKey: string; readonly endKey: string }
  /** All columns that the element under the key has by its data type. */
  | { readonly as: 'columns'; readonly key: string };

export interface ComputedColumn {
  readonly name: string;
  /** Several: the first that is present. */
  readonly from: readonly { readonly at: readonly Step[]; readonly show: Show }[];
  readonly description: string;
}

export type CuratedEntry = string | ComputedColumn;

const first: ItemRule = { rule: 'first' };

function at(key: string, rule?: ItemRule): Step {
  return rule === undefined ? { key } : { key, rule };
}

function value(name: string, steps: readonly Step[], key: string, description: string): ComputedColumn {
  return { name, from: [{ at: steps, show: { as: 'value', key } }], description };
}

function label(name: string, steps: readonly Step[], key: string, description: string): ComputedColumn {
  return { name, from: [{ at: steps, show: { as: 'label', key } }], description };
}

function count(name: string, key: string, description: string): ComputedColumn {
  return { name, from: [{ at: [], show: { as: 'count', key } }], description };
}

function columns(name: string, steps: readonly Step[], key: string, description: string): ComputedColumn {
  return { name, from: [{ at: steps, show: { as: 'columns', key } }], description };
}

function identifierOf(name: string, typeCodes: readonly string[], systems: readonly string[], description: string): ComputedColumn {
  return value(name, [at('identifier', { rule: 'identifierOf', typeCodes, systems })], 'value', description);
}

function codeOf(name: string, concept: string, systems: readonly string[], description: string): ComputedColumn {
  return value(name, [at(concept), at('coding', { rule: 'codingOfSystem', systems })], 'code', description);
}

function extension(url: string): Step {
  return at('extension', { rule: 'extension', url });
}

const usCore = 'http://hl7.org/fhir/us/core/StructureDefinition/';
const hl7 = 'http://hl7.org/fhir/StructureDefinition/';

/** https://hl7.org/fhir/us/core/StructureDefinition-us-core-race.html and its ethnicity counterpart. */
function raceLike(name: string, url: string): readonly ComputedColumn[] {
  return [
    {
      name,
      from: [
        { at: [extension(url), extension('text')], show: { as: 'value', key: 'valueString' } },
        { at: [extension(url), extension('ombCategory'), at('valueCoding')], show: { as: 'value', key: 'display' } },
      ],
      description: `US Core ${name}: its text, else the display of the first OMB category.`,
    },
    value(`${name}_code`, [extension(url), extension('ombCategory'), at('valueCoding')], 'code', `US Core ${name}: code of the first OMB category.`),
    value(`${name}_detailed_code`, [extension(url), extension('detailed'), at('valueCoding')], 'code', `US Core ${name}: first detailed code.`),
  ];
}

/** Extensions with columns of their own, by resource type. */
export const promotedExtensions: Readonly<Record<string, readonly ComputedColumn[]>> = {
  Patient: [
    ...raceLike('race', `${usCore}us-core-race`),
    ...raceLike('ethnicity', `${usCore}us-core-ethnicity`),
    value('birth_sex', [extension(`${usCore}us-core-birthsex`)], 'valueCode', 'US Core sex assigned at birth.'),
    {
      name: 'gender_identity',
      from: [
        { at: [extension(`${usCore}us-core-genderIdentity`)], show: { as: 'label', key: 'valueCodeableConcept' } },
        { at: [extension(`${hl7}patient-genderIdentity`)], show: { as: 'label', key: 'valueCodeableConcept' } },
      ],
      description: 'Gender identity, the first one given.',
    },
    value('mothers_maiden_name', [extension(`${hl7}patient-mothersMaidenName`)], 'valueString', "Mother's maiden name."),
    value('birth_place_city', [extension(`${hl7}patient-birthPlace`), at('valueAddress')], 'city', 'City of birth.'),
    value('birth_place_state', [extension(`${hl7}patient-birthPlace`), at('valueAddress')], 'state', 'State of birth.'),
    value('birth_place_country', [extension(`${hl7}patient-birthPlace`), at('valueAddress')], 'country', 'Country of birth.'),
    ...(['latitude', 'longitude'] as const).map((coordinate) =>
      value(
        `address_${coordinate}`,
        [at('address', { rule: 'bestAddress' }), extension(`${hl7}geolocation`), extension(coordinate)],
        'valueDecimal',
        `${coordinate === 'latitude' ? 'Latitude' : 'Longitude'} of the address in address_line.`,
      ),
    ),
  ],
};

const performerActor = columns('performer', [at('performer', first)], 'actor', 'The first performer.');
const dosage = at('dosageInstruction', first);
const statementDosage = at('dosage', first);

function doseColumns(step: Step): readonly ComputedColumn[] {
  const doseQuantity = [step, at('doseAndRate', first), at('doseQuantity')];
  return [value('dose', doseQuantity, 'value', 'Dose of the first dosage.'), value('dose_unit', doseQuantity, 'unit', 'Unit of the dose.')];
}

const claimShared: readonly CuratedEntry[] = ['type', 'subType', 'use', 'billablePeriod', 'created', 'insurer', 'provider', 'facility', 'priority'];

const claimComputed: readonly CuratedEntry[] = [columns('prescription', [], 'prescription', 'The prescription behind the claim.')];

function principalDiagnosis(): CuratedEntry {
  return columns('principal_diagnosis', [at('diagnosis', { rule: 'lowest', key: 'sequence' })], 'diagnosis', 'The diagnosis with the lowest sequence.');
}

function coverage(): CuratedEntry {
  return columns(
    'coverage',
    [at('insurance', { rule: 'where', key: 'focal', values: [true], elseFirst: true })],
    'coverage',
    'The coverage that the claim is made on.',
  );
}

/** https://hl7.org/fhir/R4/codesystem-adjudication.html, and CARIN Blue Button's codes for who paid. */
function totalOf(name: string, codes: readonly string[], description: string): ComputedColumn {
  return value(name, [at('total', { rule: 'whereCode', key: 'category', codes }), at('amount')], 'value', description);
}

export const curatedTables: Readonly<Record<string, readonly CuratedEntry[]>> = {
  Patient: [
    identifierOf('mrn', ['MR'], [], 'Medical record number: the identifier of type MR.'),
    identifierOf('ssn', ['SS', 'SB'], usSsn, 'Social security number: the identifier of type SS.'),
    identifierOf('drivers_license', ['DL'], [], "Driver's licence: the identifier of type DL."),
    identifierOf('passport_number', ['PPN'], [], 'Passport number: the identifier of type PPN.'),
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
    {
      name: 'communication_language',
      from: [{ at: [at('communication', { rule: 'where', key: 'preferred', values: [true], elseFirst: true })], show: { as: 'label', key: 'language' } }],
      description: 'The preferred language, else the first one.',
    },
    'generalPractitioner',
    'managingOrganization',
  ],
  Encounter: [
    'identifier',
    'status',
    'class',
    'type',
    'serviceType',
    'priority',
    'period',
    'length',
    {
      name: 'length_hours',
      from: [{ at: [at('period')], show: { as: 'hours', startKey: 'start', endKey: 'end' } }],
      description: 'Hours from the start to the end of the period.',
    },
    'reasonCode',
    'hospitalization.admitSource',
    'hospitalization.dischargeDisposition',
    'serviceProvider',
    columns(
      'practitioner',
      [at('participant', { rule: 'referenceTo', key: 'individual', type: 'Practitioner' })],
      'individual',
      'The first participant who is a practitioner.',
    ),
    columns('location', [at('location', first)], 'location', 'The first location.'),
    'partOf',
  ],
  Condition: [
    'identifier',
    'clinicalStatus',
    'verificationStatus',
    'category',
    'severity',
    'code',
    codeOf('code_icd10', 'code', icd10, 'ICD-10 code among the codings of the code.'),
    codeOf('code_snomed', 'code', snomedCt, 'SNOMED CT code among the codings of the code.'),
    'bodySite',
    'onset',
    'abatement',
    'recordedDate',
    'recorder',
    'asserter',
    'note',
  ],
  Observation: [
    'identifier',
    'status',
    'category',
    'code',
    'effective',
    'issued',
    'performer',
    'value',
    'dataAbsentReason',
    'interpretation',
    'note',
    'bodySite',
    'method',
    'specimen',
    'device',
    value('reference_low', [at('referenceRange', first), at('low')], 'value', 'Low end of the first reference range.'),
    value('reference_high', [at('referenceRange', first), at('high')], 'value', 'High end of the first reference range.'),
    {
      name: 'reference_unit',
      from: [
        { at: [at('referenceRange', first), at('low')], show: { as: 'value', key: 'unit' } },
        { at: [at('referenceRange', first), at('high')], show: { as: 'value', key: 'unit' } },
      ],
      description: 'Unit of the first reference range.',
    },
    value('reference_text', [at('referenceRange', first)], 'text', 'Text of the first reference range.'),
    count('component_count', 'component', 'How many components the observation has.'),
  ],
  Procedure: [
    'identifier',
    'status',
    'statusReason',
    'category',
    'code',
    codeOf('code_cpt', 'code', cpt, 'CPT or HCPCS code among the codings of the code.'),
    codeOf('code_snomed', 'code', snomedCt, 'SNOMED CT code among the codings of the code.'),
    'performed',
    'recorder',
    performerActor,
    'location',
    'reasonCode',
    'reasonReference',
    'bodySite',
    'outcome',
    'note',
  ],
  MedicationRequest: [
    'identifier',
    'status',
    'intent',
    'category',
    'priority',
    'doNotPerform',
    'reported',
    'medication',
    codeOf('medication_rxnorm', 'medicationCodeableConcept', rxNorm, 'RxNorm code among the codings of the medication.'),
    'authoredOn',
    'requester',
    'reasonCode',
    'reasonReference',
    'note',
    value('dosage_text', [dosage], 'text', 'Text of the first dosage instruction.'),
    ...doseColumns(dosage),
    value('frequency', [dosage, at('timing'), at('repeat')], 'frequency', 'How often within the period the first dosage is taken.'),
    value('period', [dosage, at('timing'), at('repeat')], 'period', 'Length of the period of the first dosage.'),
    value('period_unit', [dosage, at('timing'), at('repeat')], 'periodUnit', 'Unit of the period: s, min, h, d, wk, mo, a.'),
    label('route', [dosage], 'route', 'Route of the first dosage.'),
    value('as_needed', [dosage], 'asNeededBoolean', 'The first dosage is taken as needed.'),
    'dispenseRequest.validityPeriod',
    'dispenseRequest.numberOfRepeatsAllowed',
    'dispenseRequest.quantity',
    'dispenseRequest.expectedSupplyDuration',
  ],
  Medication: [
    'identifier',
    'code',
    codeOf('code_rxnorm', 'code', rxNorm, 'RxNorm code among the codings of the code.'),
    codeOf('code_ndc', 'code', ndc, 'NDC code among the codings of the code.'),
    'status',
    'manufacturer',
    'form',
    'amount',
    'batch.lotNumber',
    'batch.expirationDate',
  ],
  MedicationAdministration: [
    'identifier',
    'status',
    'category',
    'medication',
    'effective',
    performerActor,
    'reasonCode',
    'request',
    'note',
    'dosage.text',
    'dosage.site',
    'dosage.route',
    'dosage.method',
    'dosage.dose',
    'dosage.rate',
  ],
  MedicationStatement: [
    'identifier',
    'status',
    'category',
    'medication',
    'effective',
    'dateAsserted',
    'informationSource',
    'reasonCode',
    'note',
    value('dosage_text', [statementDosage], 'text', 'Text of the first dosage.'),
    ...doseColumns(statementDosage),
    label('route', [statementDosage], 'route', 'Route of the first dosage.'),
  ],
  Immunization: [
    'identifier',
    'status',
    'statusReason',
    'vaccineCode',
    codeOf('vaccine_cvx', 'vaccineCode', cvx, 'CVX code among the codings of the vaccine.'),
    codeOf('vaccine_ndc', 'vaccineCode', ndc, 'NDC code among the codings of the vaccine.'),
    'occurrence',
    'recorded',
    'primarySource',
    'location',
    'manufacturer',
    'lotNumber',
    'expirationDate',
    'site',
    'route',
    'doseQuantity',
    performerActor,
    'note',
    'reasonCode',
  ],
  AllergyIntolerance: [
    'identifier',
    'clinicalStatus',
    'verificationStatus',
    'type',
    'category',
    'criticality',
    'code',
    'onset',
    'recordedDate',
    'recorder',
    'lastOccurrence',
    'note',
    label('reaction_manifestation', [at('reaction', first)], 'manifestation', 'First manifestation of the first reaction.'),
    value('reaction_severity', [at('reaction', first)], 'severity', 'Severity of the first reaction.'),
    count('reaction_count', 'reaction', 'How many reactions are recorded.'),
  ],
  DiagnosticReport: [
    'identifier',
    'status',
    'category',
    'code',
    'effective',
    'issued',
    'performer',
    'resultsInterpreter',
    'conclusion',
    'conclusionCode',
    count('result_count', 'result', 'How many results the report refers to.'),
  ],
  DocumentReference: [
    'identifier',
    'status',
    'docStatus',
    'type',
    'category',
    'date',
    'author',
    'custodian',
    'description',
    columns('attachment', [at('content', first)], 'attachment', 'The first attachment.'),
    columns('format', [at('content', first)], 'format', 'Format of the first content.'),
    'context.period',
    'context.facilityType',
    'context.practiceSetting',
  ],
  CarePlan: ['identifier', 'status', 'intent', 'category', 'title', 'description', 'period', 'created', 'author', 'note'],
  CareTeam: ['identifier', 'status', 'category', 'name', 'period', 'reasonCode', 'managingOrganization', 'note'],
  Goal: [
    'identifier',
    'lifecycleStatus',
    'achievementStatus',
    'category',
    'priority',
    'description',
    'start',
    label('target_measure', [at('target', first)], 'measure', 'What the first target measures.'),
    value('target_value', [at('target', first), at('detailQuantity')], 'value', 'Value that the first target aims at.'),
    value('target_unit', [at('target', first), at('detailQuantity')], 'unit', 'Unit of the value that the first target aims at.'),
    value('target_due_date', [at('target', first)], 'dueDate', 'Date by which the first target is to be met.'),
    'statusDate',
    'note',
  ],
  Claim: [
    'identifier',
    'status',
    ...claimShared,
    ...claimComputed,
    principalDiagnosis(),
    coverage(),
    count('item_count', 'item', 'How many items the claim has.'),
    'total',
  ],
  ExplanationOfBenefit: [
    'identifier',
    'status',
    ...claimShared,
    'claim',
    'outcome',
    'disposition',
    ...claimComputed,
    principalDiagnosis(),
    coverage(),
    count('item_count', 'item', 'How many items the claim has.'),
    totalOf('total_submitted', ['submitted'], 'Total that was submitted.'),
    totalOf('total_paid', ['benefit', 'paidtoprovider', 'paidtopatient'], 'Total that the payer pays.'),
    totalOf('total_patient', ['memberliability', 'paidbypatient', 'copay'], 'Total that the patient pays.'),
    'payment.date',
    'payment.amount',
  ],
  Coverage: [
    'identifier',
    'status',
    'type',
    'policyHolder',
    'subscriber',
    'subscriberId',
    'dependent',
    'relationship',
    'period',
    'payor',
    value('group_value', [at('class', { rule: 'whereCode', key: 'type', codes: ['group'] })], 'value', 'Value of the class of type group.'),
    value('plan_value', [at('class', { rule: 'whereCode', key: 'type', codes: ['plan'] })], 'value', 'Value of the class of type plan.'),
    'order',
    'network',
  ],
  Organization: [
    identifierOf('npi', ['NPI'], [usNpi], 'US National Provider Identifier.'),
    'identifier',
    'active',
    'type',
    'name',
    'alias',
    'telecom',
    'address',
    'partOf',
  ],
  Practitioner: [
    identifierOf('npi', ['NPI'], [usNpi], 'US National Provider Identifier.'),
    'identifier',
    'active',
    'name',
    'telecom',
    'address',
    'gender',
    'birthDate',
    columns('qualification_code', [at('qualification', first)], 'code', 'The first qualification.'),
  ],
  PractitionerRole: ['identifier', 'active', 'period', 'practitioner', 'organization', 'code', 'specialty', 'location', 'telecom'],
  Location: [
    'identifier',
    'status',
    'name',
    'alias',
    'description',
    'mode',
    'type',
    'telecom',
    'address',
    'physicalType',
    'position.longitude',
    'position.latitude',
    'managingOrganization',
    'partOf',
  ],
  Device: [
    'identifier',
    value('udi_device_identifier', [at('udiCarrier', first)], 'deviceIdentifier', 'Device identifier of the first UDI.'),
    'status',
    'manufacturer',
    'manufactureDate',
    'expirationDate',
    'lotNumber',
    'serialNumber',
    value(
      'device_name',
      [at('deviceName', { rule: 'where', key: 'type', values: ['user-friendly-name'], elseFirst: true })],
      'name',
      'The user-friendly name, else the first one.',
    ),
    'modelNumber',
    'type',
    'owner',
    'location',
    'note',
  ],
  Specimen: [
    'identifier',
    'accessionIdentifier',
    'status',
    'type',
    'receivedTime',
    'collection.collector',
    'collection.collected',
    'collection.quantity',
    'collection.method',
    'collection.bodySite',
    'note',
  ],
  ServiceRequest: [
    'identifier',
    'status',
    'intent',
    'category',
    'priority',
    'doNotPerform',
    'code',
    'quantity',
    'occurrence',
    'authoredOn',
    'requester',
    'performerType',
    'performer',
    'reasonCode',
    'bodySite',
    'note',
    'patientInstruction',
  ],
};
