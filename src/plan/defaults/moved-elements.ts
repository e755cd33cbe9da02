// Where later FHIR versions keep what R4 has at a path: elements that were renamed, or moved into or out of another
// one. The curated tables name elements by their R4 paths, so that a column keeps its name whatever the version.
// https://hl7.org/fhir/R5/diff.html and the "R4 Diff" of each resource's page. R4B renames nothing in these types.

import type { FhirVersion } from '../../fhir/element-model.ts';
import type { ItemRule } from '../plan.ts';

/** One step from an object to an object below it: under a key, or one item of the list under a key. */
export interface Step {
  readonly key: string;
  readonly rule?: ItemRule;
}

/**
 * A path of the later version, from the object that the R4 path starts at. A text's steps through lists go to the first
 * item that has the next key; steps with a rule of their own are written out, the last one leading to the element.
 */
export type LaterPath = string | readonly Step[];

/** By type (a resource, data type or backbone path of the later version), then by R4 path. */
type MovedElements = Readonly<Record<string, Readonly<Record<string, LaterPath>>>>;

/**
 * R5 has one list of participants with functions; these codes are what recorder and asserter are converted to.
 * https://hl7.org/fhir/R5/condition-definitions.html#Condition.participant.function
 */
function participant(...codes: readonly string[]): readonly Step[] {
  return [{ key: 'participant', rule: { rule: 'whereCode', key: 'function', codes } }, { key: 'actor' }];
}

const recorder = participant('author', 'enterer');
const asserter = participant('informant');

/** The two lists of reasons became one list of CodeableReference. */
const reason = { reasonCode: 'reason.concept', reasonReference: 'reason.reference' };

const moved: Readonly<Partial<Record<FhirVersion, MovedElements>>> = {
  r5: {
    AllergyIntolerance: { recorder, asserter },
    'AllergyIntolerance.reaction': { manifestation: 'manifestation.concept' },
    CarePlan: { author: 'custodian' },
    CareTeam: { reasonCode: 'reason.concept' },
    Condition: { recorder, asserter },
    Coverage: { subscriberId: 'subscriberId.value', payor: 'insurer' },
    'Coverage.class': { value: 'value.value' },
    Device: { deviceName: 'name' },
    'Device.name': { name: 'value' },
    DocumentReference: { 'context.period': 'period', 'context.facilityType': 'facilityType', 'context.practiceSetting': 'practiceSetting' },
    'DocumentReference.content': { format: 'profile.valueCoding' },
    Dosage: { asNeededBoolean: 'asNeeded' },
    Encounter: { period: 'actualPeriod', reasonCode: 'reason.value.concept', hospitalization: 'admission' },
    'Encounter.participant': { individual: 'actor' },
    Immunization: reason,
    Location: { telecom: 'contact.telecom', physicalType: 'form' },
    Medication: { manufacturer: 'marketingAuthorizationHolder', form: 'doseForm' },
    // R5 spells it so: https://hl7.org/fhir/R5/medicationadministration-definitions.html#MedicationAdministration.occurence_x_
    MedicationAdministration: { ...reason, effective: 'occurence' },
    MedicationRequest: { ...reason, medicationCodeableConcept: 'medication.concept' },
    MedicationStatement: reason,
    Organization: { telecom: 'contact.telecom', address: 'contact.address' },
    PractitionerRole: { telecom: 'contact.telecom' },
    Procedure: { ...reason, performed: 'occurrence' },
    ServiceRequest: { ...reason, patientInstruction: 'patientInstruction.instructionMarkdown' },
  },
};

/** Elements that a later version divided: what is added to the R4 name of the columns → which element they show. */
const divided: Readonly<Partial<Record<FhirVersion, Readonly<Record<string, Readonly<Record<string, string>>>>>>> = {
  r5: {
    'Medication.amount': { _numerator: 'totalVolume' },
    'MedicationRequest.reported': { '': 'reported', _boolean: 'reported', _reference: 'informationSource' },
  },
};

/**
 * R5 elements of type CodeableReference that R4 had as a choice of CodeableConcept and Reference, or as a Reference:
 * their reference keeps R4's column names (`medication_id`).
 */
const formerReferences: ReadonlySet<string> = new Set([
  'ActivityDefinition.location',
  'Device.definition',
  'DeviceRequest.code',
  'DeviceRequest.performer',
  'Immunization.manufacturer',
  'Medication.ingredient.item',
  'MedicationAdministration.medication',
  'MedicationAdministration.performer.actor',
  'MedicationDispense.medication',
  'MedicationRequest.medication',
  'MedicationStatement.medication',
  'SupplyRequest.item',
]);

/** Undefined where the version has the element, if at all, at its R4 path. */
export function laterPath(version: FhirVersion, type: string, path: string): LaterPath | undefined {
  return moved[version]?.[type]?.[path];
}

export function dividedPaths(version: FhirVersion, path: string): Readonly<Record<string, string>> | undefined {
  return divided[version]?.[path];
}

export function wasReferenceInR4(path: string): boolean {
  return formerReferences.has(path);
}
