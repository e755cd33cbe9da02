// The columns of the off-the-shelf pipeline: what somebody would pick by hand for the types in the bench's input, about
// thirty a type, and the rest of the resource as JSON. Comparable to the default tables in number and kind.

const standardSystems = new Set([
  'http://loinc.org',
  'http://snomed.info/sct',
  'http://www.nlm.nih.gov/research/umls/rxnorm',
  'http://hl7.org/fhir/sid/cvx',
  'http://hl7.org/fhir/sid/icd-10-cm',
]);

const isStandard = (coding) => standardSystems.has(coding.system) || coding.system?.startsWith('http://terminology.hl7.org/');

function concept(value) {
  const coding = value?.coding?.find(isStandard) ?? value?.coding?.[0];
  return [coding?.code, coding?.system, coding?.display, value?.text ?? coding?.display ?? coding?.code];
}

function idOf(reference) {
  const text = reference?.reference;
  if (text === undefined) return undefined;
  if (text.startsWith('urn:uuid:')) return text.slice(9);
  return text.includes('?') ? undefined : text.slice(text.lastIndexOf('/') + 1);
}

function party(reference) {
  const text = reference?.reference;
  const at = text?.indexOf('?identifier=') ?? -1;
  return [idOf(reference), reference?.display, at === -1 ? undefined : text.slice(at + 12)];
}

const quantity = (value) => [value?.value, value?.comparator, value?.unit, value?.code];
const money = (value) => [value?.value, value?.currency];
const period = (value) => [value?.start, value?.end];
const identifier = (list) => [list?.[0]?.value, list?.[0]?.system];
const byType = (list, code) => list?.find((item) => item.type?.coding?.some((coding) => coding.code === code))?.value;
const extension = (resource, url) => resource.extension?.find((item) => item.url === url);
const ombCode = (item) => item?.extension?.find((part) => part.url === 'ombCategory')?.valueCoding;
const notes = (list) => list?.map((item) => item.text).join('\n');

/** For each type: the keys that its cells show, and the cells. */
const picks = {
  Patient: {
    shown: [
      'extension',
      'identifier',
      'active',
      'name',
      'telecom',
      'gender',
      'birthDate',
      'deceasedDateTime',
      'address',
      'maritalStatus',
      'multipleBirthBoolean',
      'communication',
    ],
    cells(patient) {
      const name = patient.name?.[0];
      const address = patient.address?.[0];
      const race = ombCode(extension(patient, 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-race'));
      const ethnicity = ombCode(extension(patient, 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity'));
      return [
        ...identifier(patient.identifier),
        byType(patient.identifier, 'MR'),
        byType(patient.identifier, 'SS'),
        byType(patient.identifier, 'DL'),
        patient.active,
        [...(name?.prefix ?? []), ...(name?.given ?? []), name?.family].join(' '),
        name?.family,
        name?.given?.join(' '),
        name?.prefix?.join(' '),
        name?.use,
        patient.telecom?.find((item) => item.system === 'phone')?.value,
        patient.telecom?.find((item) => item.system === 'email')?.value,
        patient.gender,
        patient.birthDate,
        patient.deceasedDateTime,
        address?.line?.join(', '),
        address?.city,
        address?.state,
        address?.postalCode,
        address?.country,
        ...concept(patient.maritalStatus),
        patient.multipleBirthBoolean,
        ...concept(patient.communication?.[0]?.language),
        race?.code,
        race?.display,
        ethnicity?.code,
        ethnicity?.display,
        extension(patient, 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex')?.valueCode,
      ];
    },
  },
  Encounter: {
    shown: [
      'identifier',
      'status',
      'class',
      'type',
      'serviceType',
      'priority',
      'subject',
      'participant',
      'period',
      'reasonCode',
      'hospitalization',
      'location',
      'serviceProvider',
    ],
    cells: (encounter) => [
      idOf(encounter.subject),
      encounter.subject?.display,
      ...identifier(encounter.identifier),
      encounter.status,
      encounter.class?.code,
      encounter.class?.system,
      ...concept(encounter.type?.[0]),
      ...concept(encounter.serviceType),
      ...period(encounter.period),
      encounter.period?.end === undefined ? undefined : (Date.parse(encounter.period.end) - Date.parse(encounter.period.start)) / 3_600_000,
      ...concept(encounter.reasonCode?.[0]),
      ...concept(encounter.hospitalization?.dischargeDisposition),
      ...party(encounter.participant?.[0]?.individual),
      ...party(encounter.location?.[0]?.location),
      ...party(encounter.serviceProvider),
    ],
  },
  Condition: {
    shown: [
      'clinicalStatus',
      'verificationStatus',
      'category',
      'severity',
      'code',
      'subject',
      'encounter',
      'onsetDateTime',
      'abatementDateTime',
      'recordedDate',
      'recorder',
      'note',
    ],
    cells: (condition) => [
      idOf(condition.subject),
      idOf(condition.encounter),
      ...concept(condition.clinicalStatus),
      ...concept(condition.verificationStatus),
      ...concept(condition.category?.[0]),
      ...concept(condition.severity),
      ...concept(condition.code),
      condition.onsetDateTime,
      condition.abatementDateTime,
      condition.recordedDate,
      ...party(condition.recorder),
      notes(condition.note),
    ],
  },
  Observation: {
    shown: [
      'status',
      'category',
      'code',
      'subject',
      'encounter',
      'effectiveDateTime',
      'issued',
      'performer',
      'valueQuantity',
      'valueCodeableConcept',
      'valueString',
      'interpretation',
      'note',
    ],
    cells: (observation) => [
      idOf(observation.subject),
      idOf(observation.encounter),
      observation.status,
      ...concept(observation.category?.[0]),
      ...concept(observation.code),
      observation.effectiveDateTime,
      observation.issued,
      ...party(observation.performer?.[0]),
      ...quantity(observation.valueQuantity),
      ...concept(observation.valueCodeableConcept),
      observation.valueString,
      ...concept(observation.interpretation?.[0]),
      observation.component?.length,
      notes(observation.note),
    ],
  },
  Procedure: {
    shown: [
      'status',
      'category',
      'code',
      'subject',
      'encounter',
      'performedPeriod',
      'performedDateTime',
      'performer',
      'location',
      'reasonCode',
      'bodySite',
      'outcome',
      'note',
    ],
    cells: (procedure) => [
      idOf(procedure.subject),
      idOf(procedure.encounter),
      procedure.status,
      ...concept(procedure.category),
      ...concept(procedure.code),
      procedure.performedDateTime ?? procedure.performedPeriod?.start,
      procedure.performedPeriod?.end,
      ...party(procedure.performer?.[0]?.actor),
      ...party(procedure.location),
      ...concept(procedure.reasonCode?.[0]),
      ...concept(procedure.bodySite?.[0]),
      ...concept(procedure.outcome),
      notes(procedure.note),
    ],
  },
  DiagnosticReport: {
    shown: [
      'identifier',
      'status',
      'category',
      'code',
      'subject',
      'encounter',
      'effectiveDateTime',
      'issued',
      'performer',
      'conclusion',
      'conclusionCode',
      'presentedForm',
    ],
    cells: (report) => [
      idOf(report.subject),
      idOf(report.encounter),
      ...identifier(report.identifier),
      report.status,
      ...concept(report.category?.[0]),
      ...concept(report.code),
      report.effectiveDateTime,
      report.issued,
      ...party(report.performer?.[0]),
      ...party(report.resultsInterpreter?.[0]),
      report.conclusion,
      ...concept(report.conclusionCode?.[0]),
      report.result?.length,
    ],
  },
  DocumentReference: {
    shown: ['identifier', 'status', 'docStatus', 'type', 'category', 'subject', 'date', 'author', 'custodian', 'description', 'content', 'context'],
    cells(document) {
      const content = document.content?.[0];
      return [
        idOf(document.subject),
        idOf(document.context?.encounter?.[0]),
        ...identifier(document.identifier),
        document.status,
        document.docStatus,
        ...concept(document.type),
        ...concept(document.category?.[0]),
        document.date,
        ...party(document.author?.[0]),
        ...party(document.custodian),
        document.description,
        ...period(document.context?.period),
        ...concept(document.context?.facilityType),
        content?.attachment?.contentType,
        content?.attachment?.url,
        content?.attachment?.title,
        content?.format?.code,
        content?.format?.display,
      ];
    },
  },
  Claim: {
    shown: [
      'identifier',
      'status',
      'type',
      'subType',
      'use',
      'patient',
      'billablePeriod',
      'created',
      'insurer',
      'provider',
      'facility',
      'priority',
      'prescription',
      'total',
    ],
    cells: (claim) => [
      idOf(claim.patient),
      idOf(claim.item?.[0]?.encounter?.[0]),
      ...identifier(claim.identifier),
      claim.status,
      ...concept(claim.type),
      ...concept(claim.subType),
      claim.use,
      ...period(claim.billablePeriod),
      claim.created,
      ...party(claim.insurer),
      ...party(claim.provider),
      ...party(claim.facility),
      ...concept(claim.priority),
      idOf(claim.prescription),
      ...money(claim.total),
      claim.item?.length,
    ],
  },
  ExplanationOfBenefit: {
    shown: [
      'identifier',
      'status',
      'type',
      'use',
      'patient',
      'billablePeriod',
      'created',
      'insurer',
      'provider',
      'facility',
      'claim',
      'outcome',
      'disposition',
      'payment',
    ],
    cells: (benefit) => [
      idOf(benefit.patient),
      ...identifier(benefit.identifier),
      benefit.status,
      ...concept(benefit.type),
      benefit.use,
      ...period(benefit.billablePeriod),
      benefit.created,
      ...party(benefit.insurer),
      ...party(benefit.provider),
      ...party(benefit.facility),
      idOf(benefit.claim),
      benefit.outcome,
      benefit.disposition,
      ...money(benefit.total?.find((item) => item.category?.coding?.[0]?.code === 'submitted')?.amount),
      ...money(benefit.payment?.amount),
      benefit.payment?.date,
      benefit.item?.length,
    ],
  },
  MedicationRequest: {
    shown: [
      'identifier',
      'status',
      'intent',
      'category',
      'priority',
      'medicationCodeableConcept',
      'subject',
      'encounter',
      'authoredOn',
      'requester',
      'reasonCode',
      'note',
    ],
    cells(request) {
      const dosage = request.dosageInstruction?.[0];
      return [
        idOf(request.subject),
        idOf(request.encounter),
        ...identifier(request.identifier),
        request.status,
        request.intent,
        ...concept(request.category?.[0]),
        request.priority,
        ...concept(request.medicationCodeableConcept),
        idOf(request.medicationReference),
        request.authoredOn,
        ...party(request.requester),
        ...concept(request.reasonCode?.[0]),
        idOf(request.reasonReference?.[0]),
        dosage?.text,
        dosage?.doseAndRate?.[0]?.doseQuantity?.value,
        dosage?.timing?.repeat?.frequency,
        dosage?.timing?.repeat?.period,
        dosage?.timing?.repeat?.periodUnit,
        dosage?.asNeededBoolean,
        notes(request.note),
      ];
    },
  },
  Immunization: {
    shown: [
      'identifier',
      'status',
      'vaccineCode',
      'patient',
      'encounter',
      'occurrenceDateTime',
      'primarySource',
      'location',
      'lotNumber',
      'expirationDate',
      'site',
      'route',
      'performer',
    ],
    cells: (immunization) => [
      idOf(immunization.patient),
      idOf(immunization.encounter),
      ...identifier(immunization.identifier),
      immunization.status,
      ...concept(immunization.vaccineCode),
      immunization.occurrenceDateTime,
      immunization.primarySource,
      ...party(immunization.location),
      ...party(immunization.performer?.[0]?.actor),
      immunization.lotNumber,
      immunization.expirationDate,
      ...concept(immunization.site),
      ...concept(immunization.route),
      ...quantity(immunization.doseQuantity),
    ],
  },
};

/** For types without a list of their own. */
const otherPick = {
  shown: ['identifier', 'status', 'category', 'code', 'subject', 'patient', 'encounter', 'period', 'recorded'],
  cells: (resource) => [
    idOf(resource.subject ?? resource.patient),
    idOf(resource.encounter),
    ...identifier(resource.identifier),
    resource.status,
    ...concept(resource.category?.[0]),
    ...concept(resource.code),
    ...period(resource.period),
    resource.recorded,
  ],
};

const everywhere = ['resourceType', 'id', 'meta', 'text'];

/** The row of a resource: id, picked cells, meta, and the keys that no cell shows as JSON. */
export function pickRow(resource) {
  const pick = picks[resource.resourceType] ?? otherPick;
  const rest = { ...resource };
  for (const key of everywhere) delete rest[key];
  for (const key of pick.shown) delete rest[key];
  return [resource.id, ...pick.cells(resource), resource.meta?.lastUpdated, resource.meta?.profile?.join('; '), JSON.stringify(rest)];
}
