// Columns keep their R4 names in later FHIR versions: the same fact, written in R4 and in R5, stands in the same columns.

import { describe, expect, it } from 'vitest';
import { fhirVersions } from '../../src/fhir/element-model.ts';
import { loadModel } from '../../src/fhir/load-model.ts';
import { planDefaultTables } from '../../src/plan/default-tables.ts';
import { addCuratedColumns } from '../../src/plan/defaults/curated-columns.ts';
import { curatedTables } from '../../src/plan/defaults/curated-tables.ts';
import { PlanBuilder } from '../../src/plan/defaults/plan-builder.ts';
import { flattenResource, leavesOf } from '../support/flatten-resource.ts';
import { flattenTables } from '../support/flatten-tables.ts';
import { concept, reference, sameFacts } from '../support/same-facts.ts';

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
