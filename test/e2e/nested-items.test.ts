// HL7's examples: elements that hold themselves or one another, counted in the JSON by a few lines and held against the rows.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRows } from '../support/containment.ts';
import { type PlainJson, type PlainResource, readResources, withContained, withoutRepetitions } from '../support/read-input.ts';
import { runCommand } from '../support/run-command.ts';
import { findSharedFolder } from '../support/shared-data.ts';

const folder = findSharedFolder('data/hl7-r4-examples');

const objects = (value: PlainJson | undefined): PlainResource[] => (Array.isArray(value) ? (value as PlainResource[]) : []);
/** The items under a key, and theirs under the same key, each after the one that holds it. */
const deep = (value: PlainResource, key: string): PlainResource[] => objects(value[key]).flatMap((item) => [item, ...deep(item, key)]);
const responseItems = (value: PlainResource): PlainResource[] =>
  objects(value.item).flatMap((item) => [item, ...responseItems(item), ...objects(item.answer).flatMap(responseItems)]);
const details = (value: PlainResource): PlainResource[] => objects(value.item).flatMap((item) => objects(item.detail));
const subDetails = (value: PlainResource): PlainResource[] => details(value).flatMap((detail) => objects(detail.subDetail));
const adjudications = (items: PlainResource[]): PlainResource[] => items.flatMap((item) => objects(item.adjudication));
const doses = (value: PlainResource): PlainResource[] => objects(value.dosageInstruction).flatMap((dosage) => objects(dosage.doseAndRate));

/** Table → type, what has a row there, and a column with the element that it shows. */
const tables: readonly [string, string, (resource: PlainResource) => PlainResource[], string, string][] = [
  ['questionnaire_item', 'Questionnaire', (resource) => deep(resource, 'item'), 'link_id', 'linkId'],
  ['questionnaire_response_item', 'QuestionnaireResponse', responseItems, 'link_id', 'linkId'],
  ['questionnaire_response_item_answer', 'QuestionnaireResponse', (resource) => responseItems(resource).flatMap((item) => objects(item.answer)), '', ''],
  ['observation_component', 'Observation', ({ component }) => objects(component), 'value_string', 'valueString'],
  ['medication_request_dosage_instruction', 'MedicationRequest', ({ dosageInstruction }) => objects(dosageInstruction), 'text', 'text'],
  ['medication_request_dosage_instruction_dose_and_rate', 'MedicationRequest', doses, '', ''],
  ['claim_item', 'Claim', ({ item }) => objects(item), 'sequence', 'sequence'],
  ['claim_item_detail', 'Claim', details, 'sequence', 'sequence'],
  ['claim_item_detail_sub_detail', 'Claim', subDetails, 'sequence', 'sequence'],
  ['explanation_of_benefit_item', 'ExplanationOfBenefit', ({ item }) => objects(item), 'sequence', 'sequence'],
  ['explanation_of_benefit_item_adjudication', 'ExplanationOfBenefit', ({ item }) => adjudications(objects(item)), '', ''],
  ['claim_response_item_adjudication', 'ClaimResponse', ({ item }) => adjudications(objects(item)), '', ''],
];

describe.skipIf(folder === undefined)('rows of nested items', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'fhir-flatten-test-'));
  const out = join(cwd, 'out');
  let resources: PlainResource[] = [];

  beforeAll(async () => {
    await runCommand([folder as string, '-o', 'out', '-q'], { cwd });
    resources = withContained(withoutRepetitions(readResources(folder as string)));
  }, 120_000);
  afterAll(() => rmSync(cwd, { recursive: true, force: true }));

  it.each(tables)('%s', (table, type, itemsOf, column, key) => {
    const items = resources.filter(({ resourceType }) => resourceType === type).flatMap(itemsOf);
    const rows = readRows(join(out, 'details', `${table}.csv`));
    expect(items.length).toBeGreaterThan(0);
    expect(rows.length).toBe(items.length);
    if (key === '') return;
    const texts = (values: unknown[]): unknown[] => values.filter(Boolean).sort();
    expect(texts(rows.map((row) => row[column]))).toEqual(texts(items.map((item) => item[key])));
  });

  it('questionnaire_item tells by parent_idx which item holds another', () => {
    const rows = readRows(join(out, 'details/questionnaire_item.csv'));
    const linkIds = new Map(rows.map((row) => [`${row.questionnaire_id} ${row.idx}`, row.link_id]));
    const pairs = (item: PlainResource): unknown[] => objects(item.item).flatMap((inner) => [`${item.linkId} > ${inner.linkId ?? ''}`, ...pairs(inner)]);
    const expected = resources.filter(({ resourceType }) => resourceType === 'Questionnaire').flatMap((resource) => objects(resource.item).flatMap(pairs));
    const nested = rows.filter((row) => row.parent_idx);
    expect(expected.length).toBeGreaterThan(50);
    expect(nested.map((row) => `${linkIds.get(`${row.questionnaire_id} ${row.parent_idx}`)} > ${row.link_id}`).sort()).toEqual(expected.sort());
  });
});
