import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { makeFolder, ndjson, readFolder, runCommand } from '../support/run-command.ts';

const request = {
  resourceType: 'MedicationRequest',
  id: 'r',
  contained: [
    { resourceType: 'Medication', id: 'm', code: { text: 'Aspirin' } },
    { resourceType: 'Practitioner', id: 'p', name: [{ family: 'Lima' }] },
  ],
  medicationReference: { reference: '#m' },
  requester: { reference: '#p' },
};

async function convert(resource: unknown, ...flags: string[]): Promise<Record<string, Record<string, string>[]>> {
  const cwd = makeFolder({ 'in.ndjson': ndjson(resource) });
  const { exitCode, stderr } = await runCommand(['in.ndjson', '-o', 'out', '-q', ...flags], { cwd });
  expect([exitCode, stderr]).toEqual([0, '']);
  const files = Object.entries(readFolder(`${cwd}/out`)).filter(([name]) => name.endsWith('.csv'));
  return Object.fromEntries(files.map(([name, text]) => [name.replace('.csv', ''), parse(text, { columns: true })]));
}

describe('contained resources, with --details', () => {
  it('are rows of their own types, which the references in the container join to', async () => {
    const tables = await convert(request, '--details');
    expect(tables.medication).toMatchObject([{ id: 'r#m', code_text: 'Aspirin', contained_in: 'MedicationRequest/r', other_json: '' }]);
    expect(tables.practitioner).toMatchObject([{ id: 'r#p', name_family: 'Lima', contained_in: 'MedicationRequest/r' }]);
    expect(tables.medication_request).toMatchObject([{ id: 'r', medication_id: 'r#m', requester_id: 'r#p', contained_in: '', other_json: '' }]);
    expect(tables['details/practitioner_name']).toMatchObject([{ practitioner_id: 'r#p', idx: '0', family: 'Lima' }]);
  });

  it('refer to each other and to their container', async () => {
    const tables = await convert(
      {
        resourceType: 'Condition',
        id: 'c',
        contained: [
          { resourceType: 'Encounter', id: 'e', serviceProvider: { reference: '#o' }, diagnosis: [{ condition: { reference: '#' } }] },
          { resourceType: 'Organization', id: 'o' },
        ],
        encounter: { reference: '#e' },
      },
      '--details',
    );
    expect(tables.encounter).toMatchObject([{ id: 'c#e', service_provider_id: 'c#o' }]);
    expect(tables.organization).toMatchObject([{ id: 'c#o' }]);
    expect(tables['details/encounter_diagnosis']).toMatchObject([{ encounter_id: 'c#e', condition_id: 'c' }]);
  });

  it('stay in other_json where they can have no table', async () => {
    const odd = [{ resourceType: '../x', id: 'a' }, { id: 'b' }, 'text'];
    const tables = await convert({ resourceType: 'Patient', id: 'p', contained: [...odd, { resourceType: 'Organization', id: 'o' }] }, '--details');
    expect(JSON.parse(tables.patient?.[0]?.other_json as string)).toEqual({ contained: [...odd, null] });
    expect(tables.organization).toMatchObject([{ id: 'p#o' }]);
  });
});

it.each([[[]], [['--no-details']]])('without --details contained resources stay in other_json (%j)', async (flags: string[]) => {
  const tables = await convert(request, ...flags);
  expect(Object.keys(tables)).toEqual(['medication_request']);
  expect(JSON.parse(tables.medication_request?.[0]?.other_json as string)).toEqual({ contained: request.contained });
});
