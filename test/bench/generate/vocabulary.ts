// Codes that the generated records draw from: few, as in real records, where the same ones come again and again.

export interface Code {
  readonly system: string;
  readonly code: string;
  readonly display: string;
}

const snomed = 'http://snomed.info/sct';
const loinc = 'http://loinc.org';
const rxnorm = 'http://www.nlm.nih.gov/research/umls/rxnorm';
const cvx = 'http://hl7.org/fhir/sid/cvx';

function codesOf(system: string, entries: readonly (readonly [code: string, display: string])[]): readonly Code[] {
  return entries.map(([code, display]) => ({ system, code, display }));
}

export const encounterTypes = codesOf(snomed, [
  ['162673000', 'General examination of patient (procedure)'],
  ['185345009', 'Encounter for symptom'],
  ['185347001', 'Encounter for problem (procedure)'],
  ['390906007', 'Follow-up encounter'],
  ['50849002', 'Emergency room admission (procedure)'],
]);

export const conditionCodes = codesOf(snomed, [
  ['59621000', 'Essential hypertension (disorder)'],
  ['444814009', 'Viral sinusitis (disorder)'],
  ['195662009', 'Acute viral pharyngitis (disorder)'],
  ['73595000', 'Stress (finding)'],
  ['160903007', 'Full-time employment (finding)'],
  ['271737000', 'Anemia (disorder)'],
  ['15777000', 'Prediabetes'],
]);

export const procedureCodes = codesOf(snomed, [
  ['710824005', 'Assessment of health and social care needs (procedure)'],
  ['430193006', 'Medication reconciliation (procedure)'],
  ['171207006', 'Depression screening (procedure)'],
  ['454711000124102', 'Depression screening using Patient Health Questionnaire Two-Item score (procedure)'],
]);

export const medicationCodes = codesOf(rxnorm, [
  ['314076', 'lisinopril 10 MG Oral Tablet'],
  ['310798', 'hydrochlorothiazide 25 MG Oral Tablet'],
  ['849574', 'naproxen sodium 220 MG Oral Tablet'],
  ['860975', '24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet'],
]);

export const vaccineCodes = codesOf(cvx, [
  ['140', 'Influenza, seasonal, injectable, preservative free'],
  ['113', 'Td (adult), 5 Lf tetanus toxoid, preservative free, adsorbed'],
  ['208', 'SARS-COV-2 (COVID-19) vaccine, mRNA, spike protein, LNP, preservative free, 30 mcg/0.3mL dose'],
]);

export const reportCodes = codesOf(loinc, [
  ['51990-0', 'Basic metabolic panel - Blood'],
  ['57698-3', 'Lipid panel with direct LDL - Serum or Plasma'],
  ['58410-2', 'CBC panel - Blood by Automated count'],
]);

export const noteCodes = codesOf(loinc, [
  ['34117-2', 'History and physical note'],
  ['51847-2', 'Evaluation+Plan note'],
]);

export interface Measurement {
  readonly code: Code;
  readonly category: 'vital-signs' | 'laboratory';
  readonly unit: string;
  readonly low: number;
  readonly high: number;
  readonly digits: number;
}

function measure(code: string, display: string, category: Measurement['category'], unit: string, low: number, high: number, digits: number): Measurement {
  return { code: { system: loinc, code, display }, category, unit, low, high, digits };
}

export const measurements: readonly Measurement[] = [
  measure('8302-2', 'Body Height', 'vital-signs', 'cm', 140, 199, 1),
  measure('29463-7', 'Body Weight', 'vital-signs', 'kg', 45, 120, 1),
  measure('39156-5', 'Body mass index (BMI) [Ratio]', 'vital-signs', 'kg/m2', 18, 38, 2),
  measure('8867-4', 'Heart rate', 'vital-signs', '/min', 55, 100, 0),
  measure('2339-0', 'Glucose [Mass/volume] in Blood', 'laboratory', 'mg/dL', 65, 180, 2),
  measure('38483-4', 'Creatinine [Mass/volume] in Blood', 'laboratory', 'mg/dL', 0.6, 3.5, 2),
  measure('2947-0', 'Sodium [Moles/volume] in Blood', 'laboratory', 'mmol/L', 136, 145, 2),
  measure('2093-3', 'Cholesterol [Mass/volume] in Serum or Plasma', 'laboratory', 'mg/dL', 130, 280, 2),
  measure('718-7', 'Hemoglobin [Mass/volume] in Blood', 'laboratory', 'g/dL', 11, 17, 1),
];

export const bloodPressure: Code = { system: loinc, code: '85354-9', display: 'Blood pressure panel with all children optional' };
export const diastolic = measure('8462-4', 'Diastolic blood pressure', 'vital-signs', 'mm[Hg]', 60, 95, 0);
export const systolic = measure('8480-6', 'Systolic blood pressure', 'vital-signs', 'mm[Hg]', 95, 150, 0);
export const smokingStatus: Code = { system: loinc, code: '72166-2', display: 'Tobacco smoking status' };
export const neverSmoker: Code = { system: snomed, code: '266919005', display: 'Never smoked tobacco (finding)' };
