// The code and identifier systems that columns know by name.
// https://hl7.org/fhir/R4/terminologies-systems.html

export const loinc = ['http://loinc.org'];
export const snomedCt = ['http://snomed.info/sct'];
export const rxNorm = ['http://www.nlm.nih.gov/research/umls/rxnorm'];
export const cvx = ['http://hl7.org/fhir/sid/cvx'];
export const ndc = ['http://hl7.org/fhir/sid/ndc'];
export const icd10 = [
  'http://hl7.org/fhir/sid/icd-10-cm',
  'http://hl7.org/fhir/sid/icd-10',
  'http://hl7.org/fhir/sid/icd-10-pcs',
  'http://www.cms.gov/Medicare/Coding/ICD10',
  'http://fhir.de/CodeSystem/bfarm/icd-10-gm',
  'http://fhir.de/CodeSystem/dimdi/icd-10-gm',
  'urn:oid:2.16.840.1.113883.6.3',
  'urn:oid:2.16.840.1.113883.6.90',
];
export const cpt = [
  'http://www.ama-assn.org/go/cpt',
  'urn:oid:2.16.840.1.113883.6.12',
  'https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets',
  'http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets',
  'urn:oid:2.16.840.1.113883.6.285',
];
export const ucum = 'http://unitsofmeasure.org';
export const usNpi = 'http://hl7.org/fhir/sid/us-npi';
export const usSsn = ['http://hl7.org/fhir/sid/us-ssn', 'urn:oid:2.16.840.1.113883.4.1'];

/** Of several codings the main table shows one with such a system; all of http://terminology.hl7.org counts as well. */
export const standardSystems: ReadonlySet<string> = new Set([...loinc, ...snomedCt, ...rxNorm, ...cvx, ...ndc, ...icd10, ...cpt]);
