// The byte engine takes resources as they usually are, without anybody parsing them; of one that it refuses, nothing is
// left behind.

import { expect, it } from 'vitest';
import { openByteLane } from '../../src/bytes/byte-lane.ts';
import { RowStore } from '../../src/bytes/row-store.ts';
import type { RowStoreBuilder } from '../../src/bytes/row-store-builder.ts';
import { loadModel } from '../../src/fhir/load-model.ts';
import type { JsonObject } from '../../src/json.ts';
import { makeDefaultTables } from '../../src/plan/default-tables.ts';
import type { DefaultTableOptions } from '../../src/plan/defaults/table-options.ts';
import { readHead } from '../../src/read/taken-envelope.ts';
import { createTextBuilder } from '../../src/table/cell-builder.ts';
import { createDiscardBuilder } from '../../src/table/discard-builder.ts';
import type { Containment, FlattenContext } from '../../src/types.ts';

const model = await loadModel('r4');
const asksForParsing = new Error('parsed');

/** Flattens resources one after another into the same tables. */
async function openFlattener(resourceType: string, options: Partial<DefaultTableOptions> = {}) {
  const { functions, keys, tape } = await openByteLane(model.jsonKeys());
  const store = new RowStore(functions, { createOverflow: createTextBuilder, createDiscardBuilder }, keys);
  const [flattener] = makeDefaultTables(model, options).flattenersFor(resourceType);
  if (flattener === undefined) throw new Error('no flattener');
  const builders: RowStoreBuilder[] = flattener.tables.map((schema) => store.createBuilder(schema, { kind: 'text' }));
  const notes = { discarded: 0, dropped: 0, forms: undefined as (() => ReadonlyMap<string, number>) | undefined };
  const note = () => false;
  const context: FlattenContext = {
    storage: { kind: 'text' },
    countMisfit: () => expect.unreachable('a misfit is counted'),
    countUnknown: () => expect.unreachable('an unknown key is counted'),
    countDropped: () => notes.dropped++,
    countNormalised: () => {},
    referenceCounter: {
      generation: 0,
      column: () => note,
      quietColumn: () => note,
      addForms: (read) => {
        notes.forms = read;
      },
      discard: () => notes.discarded++,
    } as NonNullable<FlattenContext['referenceCounter']>,
  };
  const flatten = flattener.bind(builders, context);
  function add(resource: JsonObject, containment?: Containment): boolean {
    const bytes = Buffer.from(JSON.stringify(resource));
    expect(tape.take(bytes, 0, bytes.length, 100)).toBe(true);
    const envelope = {
      head: readHead(tape, tape.root),
      get resource(): JsonObject {
        throw asksForParsing;
      },
      hasNumberText: false,
      fullUrl: undefined,
      bundle: undefined,
      location: () => ({ sourceName: 'test' }),
      rawText: () => '',
      rawBytes: () => bytes,
    };
    try {
      flatten(envelope, String(resource.id), containment);
      return true;
    } catch (error) {
      if (error !== asksForParsing) throw error;
      return false;
    }
  }
  // A row that the object engine has begun is taken back by whoever calls it.
  const rowCounts = () => Object.fromEntries(builders.map(({ schema, rowCount }) => [schema.name, rowCount]).filter(([, count]) => count !== 0));
  return { add, builders, notes, rowCounts };
}

const concept = { coding: [{ system: 'http://loinc.org', code: '8302-2', display: 'Height' }, { code: 'h' }], text: 'Height' };
const subject = { reference: 'Patient/p1', display: 'Ada' };
const meta = { versionId: '1', lastUpdated: '2024-01-01T00:00:00Z', profile: ['http://hl7.org/fhir/us/core/x'], tag: [{ code: 't' }] };
const text = { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>' };
const extension = [
  { url: 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-race', extension: [{ url: 'text', valueString: 'White' }] },
  { url: 'http://x/birthPlace', valueAddress: { city: 'Boston' } },
];

const usual: readonly JsonObject[] = [
  {
    resourceType: 'Patient',
    id: 'p1',
    meta,
    text,
    extension,
    identifier: [{ use: 'official', type: concept, system: 'http://s', value: '1' }, { value: '2' }],
    active: true,
    name: [{ use: 'official', family: 'Lovelace', given: ['Ada', 'Augusta'], prefix: ['Lady'] }],
    telecom: [{ system: 'phone', value: '555', use: 'home' }],
    gender: 'female',
    birthDate: '1815-12-10',
    _birthDate: { extension: [{ url: 'http://x/birthTime', valueDateTime: '1815-12-10T01:00:00Z' }] },
    address: [{ line: ['1 Main'], city: 'London', extension: [{ url: 'http://x/geo', valueDecimal: 1.5 }] }],
    maritalStatus: concept,
    multipleBirthBoolean: false,
    communication: [{ language: { text: 'English' } }],
    generalPractitioner: [{ reference: 'Practitioner/d1' }],
  },
  {
    resourceType: 'Observation',
    id: 'o1',
    meta,
    status: 'final',
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }] }],
    code: concept,
    subject,
    encounter: { reference: 'urn:uuid:e1' },
    effectiveDateTime: '2024-01-01T00:00:00Z',
    valueQuantity: { value: 180.5, unit: 'cm', system: 'http://unitsofmeasure.org', code: 'cm' },
    interpretation: [concept],
    referenceRange: [{ low: { value: 1 }, high: { value: 2 }, text: 'usual' }],
    component: [{ code: concept, valueQuantity: { value: 120, unit: 'mmHg' } }],
  },
  {
    resourceType: 'Encounter',
    id: 'e1',
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
    type: [concept],
    subject,
    participant: [{ type: [concept], individual: { reference: 'Practitioner?identifier=http://npi|9' }, period: { start: '2024-01-01' } }],
    period: { start: '2024-01-01T00:00:00Z', end: '2024-01-01T01:00:00Z' },
    location: [{ location: { reference: 'Location/l1' } }],
  },
  {
    resourceType: 'Condition',
    id: 'c1',
    clinicalStatus: concept,
    code: concept,
    subject,
    encounter: { reference: 'Encounter/e1' },
    onsetDateTime: '2024-01-01',
  },
  {
    resourceType: 'Procedure',
    id: 'pr1',
    status: 'completed',
    code: concept,
    subject,
    performedPeriod: { start: '2024-01-01T00:00:00Z', end: '2024-01-01T01:00:00Z' },
    reasonReference: [{ reference: 'Condition/c1' }],
  },
  {
    resourceType: 'MedicationRequest',
    id: 'm1',
    status: 'active',
    intent: 'order',
    medicationCodeableConcept: concept,
    subject,
    dosageInstruction: [{ sequence: 1, timing: { repeat: { frequency: 1, period: 1, periodUnit: 'd' } }, doseAndRate: [{ doseQuantity: { value: 1 } }] }],
  },
  {
    resourceType: 'Claim',
    id: 'cl1',
    status: 'active',
    type: concept,
    use: 'claim',
    patient: subject,
    item: [{ sequence: 1, productOrService: concept, encounter: [{ reference: 'Encounter/e1' }], net: { value: 10.25, currency: 'USD' } }],
    total: { value: 10.25, currency: 'USD' },
  },
  {
    resourceType: 'Questionnaire',
    id: 'q1',
    status: 'active',
    item: [
      {
        linkId: '1',
        type: 'group',
        item: [
          { linkId: '1.1', type: 'string', item: [{ linkId: '1.1.1', type: 'display' }] },
          { linkId: '1.2', type: 'date' },
        ],
      },
    ],
  },
  { resourceType: 'DiagnosticReport', id: 'dr1', status: 'final', code: concept, subject, result: [{ reference: 'Observation/o1' }], conclusion: 'fine' },
  {
    resourceType: 'Immunization',
    id: 'i1',
    status: 'completed',
    vaccineCode: concept,
    patient: subject,
    occurrenceDateTime: '2024-01-01',
    primarySource: true,
  },
  { resourceType: 'Organization', id: 'og1', active: true, type: [concept], name: 'Clinic', address: [{ city: 'Boston' }], telecom: [{ value: '1' }] },
];

it.each(
  usual.flatMap((resource) => [{}, { hasDetails: false }, { codings: 'all' as const }].map((options) => [resource.resourceType, options, resource] as const)),
)('a usual %s is taken, with %j', async (type, options, resource) => {
  const { add, notes, rowCounts } = await openFlattener(String(type), options);
  expect(add(resource)).toBe(true);
  expect(add(resource)).toBe(true);
  expect(Object.values(rowCounts())).toContain(2);
  expect(notes.discarded).toBe(0);
});

it('a Claim is taken that contains other resources, and refers to them', async () => {
  const { add, builders } = await openFlattener('Claim');
  const claim = { ...usual.find(({ resourceType }) => resourceType === 'Claim'), provider: { reference: '#d' } };
  const contained = [{ resourceType: 'Practitioner', id: 'd' }];
  const containedTypes = new Map([['d', 'Practitioner']]);
  expect(add({ ...claim, contained } as JsonObject, { containedTypes, unpacked: new Set([0]) } as unknown as Containment)).toBe(true);
  const [main] = builders;
  const provider = main?.schema.columns.findIndex(({ name }) => name === 'provider_id') ?? -1;
  expect(main?.get(0, provider)).toBe('cl1#d');
});

it('nothing is left of a resource that is refused', async () => {
  const { add, builders, notes, rowCounts } = await openFlattener('Observation');
  const good = usual.find(({ resourceType }) => resourceType === 'Observation') as JsonObject;
  expect(add(good)).toBe(true);
  const before = rowCounts();
  const forms = Object.fromEntries(notes.forms?.() ?? []);
  const dropped = notes.dropped;
  // Rows, notes, codings and what is left out come first; then something that is for the other engine.
  const refused = {
    ...good,
    extension,
    text,
    performer: [{ reference: 'Practitioner/d1' }],
    note: [{ text: 'n', authorReference: { type: 'Patient' } }],
    status: 3,
  };
  const ordered = Object.fromEntries(Object.entries(refused).sort(([a], [b]) => Number(a === 'status') - Number(b === 'status')));
  expect(add(ordered as JsonObject)).toBe(false);
  // The object engine has begun its main row before it asked for the resource.
  builders[0]?.truncate(before['observation'] ?? 0);
  expect(rowCounts()).toEqual(before);
  expect(notes.discarded).toBe(1);
  expect(notes.dropped).toBe(dropped);
  expect(add(good)).toBe(true);
  expect(rowCounts()).toEqual(Object.fromEntries(Object.entries(before).map(([name, count]) => [name, Number(count) * 2])));
  expect(Object.fromEntries(notes.forms?.() ?? [])).toEqual(forms);
});

it('a child table that is first met in a resource that is refused has none of its rows, and those of the next', async () => {
  const { add, builders, rowCounts } = await openFlattener('Patient');
  const contact = [{ gender: 'female', telecom: [{ value: '1' }, { value: '2' }] }, { gender: 'male' }];
  expect(add({ resourceType: 'Patient', id: 'p1', contact, active: 'no boolean' } as JsonObject)).toBe(false);
  builders[0]?.truncate(0);
  expect(rowCounts()).toEqual({});
  expect(add({ resourceType: 'Patient', id: 'p2', contact, active: true } as JsonObject)).toBe(true);
  expect(rowCounts()).toEqual({ patient: 1, patient_contact: 2, patient_contact_telecom: 2 });
});
