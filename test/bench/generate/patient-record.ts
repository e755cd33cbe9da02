// The record of one invented patient, in the shape and proportions of Synthea's R4 export: about 1.7 MB as a
// pretty-printed transaction Bundle. References are urn:uuid within the record and conditional to what is shared.

import { Decimal, type Json } from './json-text.ts';
import { Random } from './random.ts';
import {
  bloodPressure,
  type Code,
  conditionCodes,
  diastolic,
  encounterTypes,
  type Measurement,
  measurements,
  medicationCodes,
  neverSmoker,
  noteCodes,
  procedureCodes,
  reportCodes,
  smokingStatus,
  systolic,
  vaccineCodes,
} from './vocabulary.ts';

export type Resource = { readonly resourceType: string; readonly id: string } & { readonly [key: string]: Json | undefined };

const usCore = 'http://hl7.org/fhir/us/core/StructureDefinition';
const hl7Codes = 'http://terminology.hl7.org/CodeSystem';
const supplier = 'https://records.example.org';
const clinicName = 'EXAMPLE VALLEY FAMILY PRACTICE';
const clinic = { reference: `Organization?identifier=${supplier}|1b3a8c1e-0000-4000-8000-000000000001`, display: clinicName };
const site = { reference: `Location?identifier=${supplier}|1b3a8c1e-0000-4000-8000-000000000002`, display: clinicName };

function concept(code: Code): Json {
  return { coding: [{ system: code.system, code: code.code, display: code.display }], text: code.display };
}

function coded(system: string, code: string, display?: string): Json {
  return { coding: [{ system, code, display }] };
}

function to(id: string, display?: string): { reference: string; display: string | undefined } {
  return { reference: `urn:uuid:${id}`, display };
}

/** The resources of the patient with this number, in the order of the Bundle. */
export function makePatientRecord(seed: number): Resource[] {
  return new PatientRecord(seed).make();
}

class PatientRecord {
  readonly #random: Random;
  readonly #seed: number;
  readonly #resources: Resource[] = [];
  readonly #patientId: string;
  readonly #name: string;
  readonly #doctor: { reference: string; display: string };

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = new Random(seed * 7919 + 1);
    this.#patientId = this.#random.uuid();
    this.#name = `Given${seed} Family${this.#random.between(1, 999)}`;
    const number = this.#random.between(1000, 9999);
    this.#doctor = { reference: `Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|999999${number}`, display: `Dr. Example${number} Person${number}` };
  }

  make(): Resource[] {
    this.#add('Patient', this.#patient(), this.#patientId);
    let day = Date.UTC(1985, this.#random.between(0, 11), this.#random.between(1, 28), 8);
    const encounterCount = this.#random.between(36, 47);
    for (let count = 0; count < encounterCount; count++) {
      day += this.#random.between(90, 500) * 86_400_000 + this.#random.between(0, 3600) * 1000;
      this.#addEncounter(day, count);
    }
    this.#add('Provenance', {
      meta: { profile: [`${usCore}/us-core-provenance`] },
      target: this.#resources.map((resource) => to(resource.id)),
      recorded: this.#time(day, 0),
      agent: [{ type: coded(`${hl7Codes}/provenance-participant-type`, 'author', 'Author'), who: this.#doctor, onBehalfOf: clinic }],
    });
    return this.#resources;
  }

  #add(resourceType: string, content: { readonly [key: string]: Json | undefined }, id = this.#random.uuid()): string {
    this.#resources.push({ resourceType, id, ...content });
    return id;
  }

  #time(day: number, minutes: number): string {
    return new Date(day + minutes * 60_000).toISOString().replace(/\.\d+Z$/, '+01:00');
  }

  #instant(day: number): string {
    return `${new Date(day).toISOString().slice(0, 19)}.${this.#random.between(100, 999)}+01:00`;
  }

  #amount(): Decimal {
    // Sums of doubles such as 786.3299999999999 occur in real claims, and so do amounts with both digits written.
    return new Decimal(this.#random.chance(0.2) ? String(this.#random.between(10_000, 99_999) * 0.01) : (this.#random.next() * 900 + 10).toFixed(2));
  }

  #quantity(measurement: Measurement): Json {
    const value = measurement.low + this.#random.next() * (measurement.high - measurement.low);
    return { value: new Decimal(value.toFixed(measurement.digits)), unit: measurement.unit, system: 'http://unitsofmeasure.org', code: measurement.unit };
  }

  #patient(): { readonly [key: string]: Json } {
    const random = this.#random;
    const [given, family] = this.#name.split(' ') as [string, string];
    const omb = (url: string, code: string, display: string): Json => ({
      url: `${usCore}/${url}`,
      extension: [
        { url: 'ombCategory', valueCoding: { system: 'urn:oid:2.16.840.1.113883.6.238', code, display } },
        { url: 'text', valueString: display },
      ],
    });
    const numbered = (code: string, text: string, system: string, value: string): Json => ({
      type: { coding: [{ system: `${hl7Codes}/v2-0203`, code, display: text }], text },
      system,
      value,
    });
    return {
      meta: { profile: [`${usCore}/us-core-patient`] },
      text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">Generated for measuring. Record seed: ${this.#seed}</div>` },
      extension: [
        omb('us-core-race', '2106-3', 'White'),
        omb('us-core-ethnicity', '2186-5', 'Not Hispanic or Latino'),
        { url: 'http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName', valueString: `Maiden${random.between(1, 999)}` },
        { url: `${usCore}/us-core-birthsex`, valueCode: random.pick(['M', 'F']) },
        { url: 'http://hl7.org/fhir/StructureDefinition/patient-birthPlace', valueAddress: { city: 'Exampleton', state: 'Massachusetts', country: 'US' } },
      ],
      identifier: [
        { system: supplier, value: this.#patientId },
        numbered('MR', 'Medical Record Number', 'http://hospital.example.org', this.#patientId),
        numbered('SS', 'Social Security Number', 'http://hl7.org/fhir/sid/us-ssn', `999-00-${random.between(1000, 9999)}`),
        numbered('DL', "Driver's License", 'urn:oid:2.16.840.1.113883.4.3.25', `S999${random.between(10_000, 99_999)}`),
      ],
      name: [{ use: 'official', family, given: [given], prefix: [random.pick(['Mr.', 'Mrs.', 'Ms.'])] }],
      telecom: [{ system: 'phone', value: `555-0100-${random.between(1000, 9999)}`, use: 'home' }],
      gender: random.pick(['female', 'male']),
      birthDate: `19${random.between(40, 84)}-0${random.between(1, 9)}-1${random.between(0, 9)}`,
      address: [
        {
          extension: [
            {
              url: 'http://hl7.org/fhir/StructureDefinition/geolocation',
              extension: [
                { url: 'latitude', valueDecimal: new Decimal(String(42 + random.next())) },
                { url: 'longitude', valueDecimal: new Decimal(String(-71 - random.next())) },
              ],
            },
          ],
          line: [`${random.between(1, 999)} Sample Street Unit ${random.between(1, 99)}`],
          city: 'Exampleton',
          state: 'MA',
          postalCode: `0${random.between(1000, 2799)}`,
          country: 'US',
        },
      ],
      maritalStatus: { coding: [{ system: `${hl7Codes}/v3-MaritalStatus`, code: 'M', display: 'Married' }], text: 'Married' },
      multipleBirthBoolean: false,
      communication: [
        { language: { coding: [{ system: 'urn:ietf:bcp:47', code: 'en-US', display: 'English (United States)' }], text: 'English (United States)' } },
      ],
    };
  }

  #addEncounter(day: number, number: number): void {
    const random = this.#random;
    const subject = to(this.#patientId);
    const type = random.pick(encounterTypes);
    const period = { start: this.#time(day, 0), end: this.#time(day, random.between(15, 90)) };
    const encounterId = random.uuid();
    const encounter = to(encounterId);
    this.#add(
      'Encounter',
      {
        meta: { profile: [`${usCore}/us-core-encounter`] },
        identifier: [{ use: 'official', system: supplier, value: encounterId }],
        status: 'finished',
        class: { system: `${hl7Codes}/v3-ActCode`, code: random.pick(['AMB', 'AMB', 'EMER', 'IMP']) },
        type: [concept(type)],
        subject: to(this.#patientId, this.#name),
        participant: [
          {
            type: [{ coding: [{ system: `${hl7Codes}/v3-ParticipationType`, code: 'PPRF', display: 'primary performer' }], text: 'primary performer' }],
            period,
            individual: this.#doctor,
          },
        ],
        period,
        location: [{ location: site }],
        serviceProvider: clinic,
      },
      encounterId,
    );
    const conditionIds: string[] = [];
    for (let count = random.between(0, 2); count > 1; count--) conditionIds.push(this.#addCondition(day, encounter));
    if (random.chance(0.4)) conditionIds.push(this.#addCondition(day, encounter));
    const items: Code[] = [type];
    const observationIds: string[] = [];
    for (let count = random.between(2, 6); count > 0; count--) observationIds.push(this.#addObservation(day, encounter));
    if (random.chance(0.5)) this.#addSurvey(day, encounter);
    for (let count = random.between(0, 3); count > 0; count--) items.push(this.#addProcedure(day, encounter));
    if (random.chance(0.33)) items.push(this.#addImmunization(day, encounter));
    if (random.chance(0.6)) this.#addMedicationRequest(day, encounter, conditionIds[0]);
    if (random.chance(0.7)) this.#addLabReport(day, encounter, observationIds);
    this.#addNotes(day, encounter, number);
    if (number % 10 === 3) this.#addCarePlan(day, encounter, conditionIds[0]);
    // A few stays have long bills.
    for (let count = random.chance(0.1) ? random.between(3, 12) : random.between(0, 1); count > 0; count--) items.push(random.pick(procedureCodes));
    const claimId = this.#addClaim(day, period, encounter, conditionIds, items);
    this.#addExplanation(day, period, encounter, claimId, conditionIds, items, subject);
  }

  #addCondition(day: number, encounter: Json): string {
    return this.#add('Condition', {
      meta: { profile: [`${usCore}/us-core-condition-encounter-diagnosis`] },
      clinicalStatus: coded(`${hl7Codes}/condition-clinical`, this.#random.pick(['resolved', 'active'])),
      verificationStatus: coded(`${hl7Codes}/condition-ver-status`, 'confirmed'),
      category: [coded(`${hl7Codes}/condition-category`, 'encounter-diagnosis', 'Encounter Diagnosis')],
      code: concept(this.#random.pick(conditionCodes)),
      subject: to(this.#patientId),
      encounter,
      onsetDateTime: this.#time(day, 0),
      abatementDateTime: this.#random.chance(0.6) ? this.#time(day, 30 * 1440) : undefined,
      recordedDate: this.#time(day, 0),
    });
  }

  #observationHead(category: string, profile: string, code: Code, day: number, encounter: Json): { readonly [key: string]: Json } {
    return {
      meta: { profile: [profile] },
      status: 'final',
      category: [coded(`${hl7Codes}/observation-category`, category, category)],
      code: concept(code),
      subject: to(this.#patientId),
      encounter,
      effectiveDateTime: this.#time(day, 0),
      issued: this.#instant(day),
    };
  }

  #addObservation(day: number, encounter: Json): string {
    const random = this.#random;
    if (random.chance(0.12)) {
      return this.#add('Observation', {
        ...this.#observationHead('vital-signs', `${usCore}/us-core-blood-pressure`, bloodPressure, day, encounter),
        component: [diastolic, systolic].map((part) => ({ code: concept(part.code), valueQuantity: this.#quantity(part) })),
      });
    }
    if (random.chance(0.06)) {
      return this.#add('Observation', {
        ...this.#observationHead('social-history', `${usCore}/us-core-smokingstatus`, smokingStatus, day, encounter),
        valueCodeableConcept: concept(neverSmoker),
      });
    }
    const measurement = random.pick(measurements);
    return this.#add('Observation', {
      ...this.#observationHead(measurement.category, `${usCore}/us-core-${measurement.category}`, measurement.code, day, encounter),
      valueQuantity: this.#quantity(measurement),
    });
  }

  /** Surveys are one Observation with a component for each question: the largest ones there are. */
  #addSurvey(day: number, encounter: Json): void {
    const survey: Code = {
      system: 'http://loinc.org',
      code: '93025-5',
      display: 'Protocol for Responding to and Assessing Patients Assets, Risks, and Experiences',
    };
    const component: Json[] = [];
    for (let question = 0; question < 9; question++) {
      const code: Code = {
        system: 'http://loinc.org',
        code: `9${3000 + question}-${question}`,
        display: `Question ${question} about work, housing, food, transport and family`,
      };
      const answer: Code = { system: 'http://loinc.org', code: `LA${question}-6`, display: this.#random.pick(['Yes', 'No', 'I choose not to answer']) };
      component.push({ code: concept(code), valueCodeableConcept: concept(answer) });
    }
    this.#add('Observation', { ...this.#observationHead('survey', `${usCore}/us-core-observation-survey`, survey, day, encounter), component });
  }

  #addProcedure(day: number, encounter: Json): Code {
    const code = this.#random.pick(procedureCodes);
    this.#add('Procedure', {
      meta: { profile: [`${usCore}/us-core-procedure`] },
      status: 'completed',
      code: concept(code),
      subject: to(this.#patientId),
      encounter,
      performedPeriod: { start: this.#time(day, 0), end: this.#time(day, this.#random.between(5, 50)) },
      location: site,
    });
    return code;
  }

  #addImmunization(day: number, encounter: Json): Code {
    const code = this.#random.pick(vaccineCodes);
    this.#add('Immunization', {
      meta: { profile: [`${usCore}/us-core-immunization`] },
      status: 'completed',
      vaccineCode: concept(code),
      patient: to(this.#patientId),
      encounter,
      occurrenceDateTime: this.#time(day, 0),
      primarySource: true,
      location: site,
    });
    return code;
  }

  #addMedicationRequest(day: number, encounter: Json, conditionId: string | undefined): void {
    const medication = this.#random.pick(medicationCodes);
    const id = this.#add('MedicationRequest', {
      meta: { profile: [`${usCore}/us-core-medicationrequest`] },
      status: this.#random.pick(['active', 'stopped', 'completed']),
      intent: 'order',
      medicationCodeableConcept: concept(medication),
      subject: to(this.#patientId),
      encounter,
      authoredOn: this.#time(day, 0),
      requester: this.#doctor,
      reasonReference: conditionId === undefined ? undefined : [to(conditionId)],
      dosageInstruction: [
        {
          sequence: 1,
          timing: { repeat: { frequency: this.#random.between(1, 3), period: 1, periodUnit: 'd' } },
          asNeededBoolean: false,
          doseAndRate: [
            { type: coded(`${hl7Codes}/dose-rate-type`, 'ordered', 'Ordered'), doseQuantity: { value: new Decimal(this.#random.chance(0.7) ? '1.0' : '1') } },
          ],
        },
      ],
    });
    this.#add('Claim', {
      status: 'active',
      type: coded(`${hl7Codes}/claim-type`, 'pharmacy'),
      use: 'claim',
      patient: to(this.#patientId, this.#name),
      billablePeriod: { start: this.#time(day, 0), end: this.#time(day, 15) },
      created: this.#time(day, 15),
      provider: clinic,
      priority: coded(`${hl7Codes}/processpriority`, 'normal'),
      prescription: to(id),
      insurance: [{ sequence: 1, focal: true, coverage: { display: 'Example Mutual' } }],
      item: [{ sequence: 1, productOrService: concept(medication), encounter: [encounter] }],
      total: { value: this.#amount(), currency: 'USD' },
    });
  }

  #addLabReport(day: number, encounter: Json, observationIds: readonly string[]): void {
    this.#add('DiagnosticReport', {
      meta: { profile: [`${usCore}/us-core-diagnosticreport-lab`] },
      status: 'final',
      category: [coded(`${hl7Codes}/v2-0074`, 'LAB', 'Laboratory')],
      code: concept(this.#random.pick(reportCodes)),
      subject: to(this.#patientId),
      encounter,
      effectiveDateTime: this.#time(day, 0),
      issued: this.#instant(day),
      performer: [clinic],
      result: observationIds.map((id) => to(id, 'Result of the panel')),
    });
  }

  #addNotes(day: number, encounter: { reference: string }, number: number): void {
    const note = `Visit ${number} of ${this.#name}.\n\n# Chief Complaint\nNo complaints.\n\n# Social History\n${'The text of a note that a doctor wrote. '.repeat(this.#random.between(10, 26))}\n`;
    const attachment = { contentType: 'text/plain; charset=utf-8', data: Buffer.from(note).toString('base64') };
    const codings = { coding: noteCodes.map(({ system, code, display }) => ({ system, code, display })) };
    const reportId = this.#add('DiagnosticReport', {
      meta: { profile: [`${usCore}/us-core-diagnosticreport-note`] },
      status: 'final',
      category: [codings],
      code: codings,
      subject: to(this.#patientId),
      encounter,
      effectiveDateTime: this.#time(day, 0),
      issued: this.#instant(day),
      performer: [this.#doctor],
      presentedForm: [attachment],
    });
    this.#add('DocumentReference', {
      meta: { profile: [`${usCore}/us-core-documentreference`] },
      identifier: [{ system: 'urn:ietf:rfc:3986', value: `urn:uuid:${reportId}` }],
      status: 'superseded',
      type: codings,
      category: [coded('http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category', 'clinical-note', 'Clinical Note')],
      subject: to(this.#patientId),
      date: this.#instant(day),
      author: [this.#doctor],
      custodian: clinic,
      content: [
        {
          attachment,
          format: {
            system: 'http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode',
            code: 'urn:ihe:iti:xds:2017:mimeTypeSufficient',
            display: 'mimeType Sufficient',
          },
        },
      ],
      context: { encounter: [{ reference: encounter.reference }], period: { start: this.#time(day, 0), end: this.#time(day, 15) } },
    });
  }

  #addCarePlan(day: number, encounter: Json, conditionId: string | undefined): void {
    const role = (code: string, display: string): Json => [concept({ system: 'http://snomed.info/sct', code, display })];
    const careTeamId = this.#add('CareTeam', {
      meta: { profile: [`${usCore}/us-core-careteam`] },
      status: 'active',
      subject: to(this.#patientId),
      encounter,
      period: { start: this.#time(day, 0) },
      participant: [
        { role: role('116154003', 'Patient'), member: to(this.#patientId, this.#name) },
        { role: role('223366009', 'Healthcare professional (occupation)'), member: this.#doctor },
      ],
      managingOrganization: [clinic],
    });
    this.#add('CarePlan', {
      meta: { profile: [`${usCore}/us-core-careplan`] },
      text: {
        status: 'generated',
        div: '<div xmlns="http://www.w3.org/1999/xhtml">Care plan for lifestyle education.<br/>Activities: <ul><li>Healthy diet</li></ul></div>',
      },
      status: 'active',
      intent: 'order',
      category: [coded('http://hl7.org/fhir/us/core/CodeSystem/careplan-category', 'assess-plan')],
      subject: to(this.#patientId),
      encounter,
      period: { start: this.#time(day, 0) },
      careTeam: [to(careTeamId)],
      addresses: conditionId === undefined ? undefined : [to(conditionId)],
      activity: ['183051005', '408580007'].map((code) => ({
        detail: {
          code: concept({ system: 'http://snomed.info/sct', code, display: 'Recommendation to rest' }),
          status: 'in-progress',
          location: { display: clinicName },
        },
      })),
    });
  }

  #addClaim(day: number, period: Json, encounter: Json, conditionIds: readonly string[], items: readonly Code[]): string {
    return this.#add('Claim', {
      status: 'active',
      type: coded(`${hl7Codes}/claim-type`, 'institutional'),
      use: 'claim',
      patient: to(this.#patientId, this.#name),
      billablePeriod: period,
      created: this.#time(day, 90),
      provider: clinic,
      priority: coded(`${hl7Codes}/processpriority`, 'normal'),
      facility: site,
      diagnosis: conditionIds.length === 0 ? undefined : conditionIds.map((id, index) => ({ sequence: index + 1, diagnosisReference: to(id) })),
      insurance: [{ sequence: 1, focal: true, coverage: { display: 'Example Mutual' } }],
      item: items.map((code, index) => ({
        sequence: index + 1,
        productOrService: concept(code),
        encounter: index === 0 ? [encounter] : undefined,
        net: index === 0 ? undefined : { value: this.#amount(), currency: 'USD' },
      })),
      total: { value: this.#amount(), currency: 'USD' },
    });
  }

  #addExplanation(day: number, period: Json, encounter: Json, claimId: string, conditionIds: readonly string[], items: readonly Code[], subject: Json): void {
    const doctor = { reference: this.#doctor.reference };
    const variable = 'https://bluebutton.cms.gov/resources';
    // Shares of a sum, as doubles give them: 25.832000000000004 is common in real data, 25.80 is not.
    const sum = this.#random.between(5_000, 50_000) / 100;
    const adjudications: readonly (readonly [code: string, display: string, amount: number])[] = [
      ['line_coinsrnc_amt', 'Line Beneficiary Coinsurance Amount', sum * 0.2],
      ['line_prvdr_pmt_amt', 'Line Provider Payment Amount', sum * 0.8],
      ['line_sbmtd_chrg_amt', 'Line Submitted Charge Amount', sum],
      ['line_alowd_chrg_amt', 'Line Allowed Charge Amount', sum],
      ['line_bene_ptb_ddctbl_amt', 'Line Beneficiary Part B Deductible Amount', 0],
    ];
    this.#add('ExplanationOfBenefit', {
      contained: [
        { resourceType: 'ServiceRequest', id: 'referral', status: 'completed', intent: 'order', subject, requester: doctor, performer: [doctor] },
        {
          resourceType: 'Coverage',
          id: 'coverage',
          status: 'active',
          type: { text: 'Example Mutual' },
          beneficiary: subject,
          payor: [{ display: 'Example Mutual' }],
        },
      ],
      identifier: [
        { system: `${variable}/variables/clm_id`, value: claimId },
        { system: `${variable}/identifier/claim-group`, value: '99999999999' },
      ],
      status: 'active',
      type: coded(`${hl7Codes}/claim-type`, 'institutional'),
      use: 'claim',
      patient: subject,
      billablePeriod: { start: this.#time(day, 90), end: this.#time(day, 90 + 525_600) },
      created: this.#time(day, 90),
      insurer: { display: 'Example Mutual' },
      provider: doctor,
      referral: { reference: '#referral' },
      facility: site,
      claim: to(claimId),
      outcome: 'complete',
      careTeam: [{ sequence: 1, provider: doctor, role: coded(`${hl7Codes}/claimcareteamrole`, 'primary', 'Primary Care Practitioner') }],
      diagnosis:
        conditionIds.length === 0
          ? undefined
          : conditionIds.map((id, index) => ({ sequence: index + 1, diagnosisReference: to(id), type: [coded(`${hl7Codes}/ex-diagnosistype`, 'principal')] })),
      insurance: [{ focal: true, coverage: { reference: '#coverage', display: 'Example Mutual' } }],
      item: items.map((code, index) => ({
        sequence: index + 1,
        category: coded(`${variable}/variables/line_cms_type_srvc_cd`, '1', 'Medical care'),
        productOrService: concept(code),
        servicedPeriod: period,
        locationCodeableConcept: coded(`${hl7Codes}/ex-serviceplace`, '19', 'Off Campus-Outpatient Hospital'),
        encounter: index === 0 ? [encounter] : undefined,
        net: index === 0 ? undefined : { value: sum, currency: 'USD' },
        adjudication:
          index === 0
            ? undefined
            : adjudications.map(([name, display, amount]) => ({
                category: coded(`${variable}/codesystem/adjudication`, `${variable}/variables/${name}`, display),
                amount: { value: amount, currency: 'USD' },
              })),
      })),
      total: [
        {
          category: { coding: [{ system: `${hl7Codes}/adjudication`, code: 'submitted', display: 'Submitted Amount' }], text: 'Submitted Amount' },
          amount: { value: this.#amount(), currency: 'USD' },
        },
      ],
      payment: { amount: { value: sum, currency: 'USD' } },
    });
  }
}
