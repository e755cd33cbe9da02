import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { parquetReaders, type ReadFile } from '../support/read-typed.ts';
import { makeFolder, ndjson, readFolder, runCommand } from '../support/run-command.ts';

const readParquet = parquetReaders['hyparquet'] as ReadFile;

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

describe.each([
  ['with child tables', []],
  ['with main tables only', ['--no-details']],
])('contained resources, %s', (_, flags: string[]) => {
  const hasDetails = flags.length === 0;

  it('are rows of their own types, which the references in the container join to', async () => {
    const tables = await convert(request, ...flags);
    expect(tables.medication).toMatchObject([{ id: 'r#m', code_text: 'Aspirin', contained_in: 'MedicationRequest/r', other_json: '' }]);
    expect(tables.practitioner).toMatchObject([{ id: 'r#p', name_family: 'Lima', contained_in: 'MedicationRequest/r' }]);
    expect(tables.medication_request).toMatchObject([{ id: 'r', medication_id: 'r#m', requester_id: 'r#p', contained_in: '', other_json: '' }]);
    if (hasDetails) expect(tables['details/practitioner_name']).toMatchObject([{ practitioner_id: 'r#p', idx: '0', family: 'Lima' }]);
    else expect(Object.keys(tables).sort()).toEqual(['medication', 'medication_request', 'practitioner']);
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
      ...flags,
    );
    expect(tables.encounter).toMatchObject([{ id: 'c#e', service_provider_id: 'c#o' }]);
    expect(tables.organization).toMatchObject([{ id: 'c#o' }]);
    if (hasDetails) expect(tables['details/encounter_diagnosis']).toMatchObject([{ encounter_id: 'c#e', condition_id: 'c' }]);
  });

  it('stay in other_json where they can have no table', async () => {
    const odd = [{ resourceType: '../x', id: 'a' }, { id: 'b' }, 'text'];
    const tables = await convert({ resourceType: 'Patient', id: 'p', contained: [...odd, { resourceType: 'Organization', id: 'o' }] }, ...flags);
    expect(JSON.parse(tables.patient?.[0]?.other_json as string)).toEqual({ contained: [...odd, null] });
    expect(tables.organization).toMatchObject([{ id: 'p#o' }]);
  });
});

it('leave the same rows in the main tables with and without child tables, but for other_json', async () => {
  const rowsOf = async (...flags: string[]) => {
    const main = Object.entries(await convert(request, ...flags)).filter(([name]) => !name.startsWith('details/'));
    return Object.fromEntries(main.map(([name, rows]) => [name, rows.map(({ other_json: _, ...row }) => row)]));
  };
  expect(await rowsOf('--no-details')).toEqual(await rowsOf());
});

describe('a resource that contains more than is held of rows in memory', () => {
  // More rows than a batch, and more bytes than all tables together hold, by themselves and while others come.
  const count = 9000;
  const contained = Array.from({ length: 2 * count }, (_, index) => ({
    resourceType: index % 2 === 0 ? 'Organization' : 'Location',
    id: `${index}`,
    name: `the name of ${index}, "${'x'.repeat(index % 200)}"`,
  }));
  const bundle = ndjson({ resourceType: 'Patient', id: 'p', contained }, { resourceType: 'Organization', id: 'last', name: 'last' });
  const idsOf = (parity: number) => contained.flatMap(({ id }, index) => (index % 2 === parity ? [`p#${id}`] : []));
  const expected = { organization: [...idsOf(0), 'last'], location: idsOf(1) };

  it('has each of them as one row of CSV', async () => {
    const cwd = makeFolder({ 'in.ndjson': bundle });
    expect(await runCommand(['in.ndjson', '-o', 'out', '-q'], { cwd })).toMatchObject({ exitCode: 0, stderr: '' });
    const files = readFolder(`${cwd}/out`);
    for (const [table, ids] of Object.entries(expected)) {
      const rows = parse(files[`${table}.csv`] as string, { columns: true }) as Record<string, string>[];
      expect(rows.map(({ id }) => id)).toEqual(ids);
    }
  });

  it('has each of them as one row of Parquet', async () => {
    const cwd = makeFolder({ 'in.ndjson': bundle });
    expect(await runCommand(['in.ndjson', '-o', 'out', '-q', '-f', 'parquet'], { cwd })).toMatchObject({ exitCode: 0, stderr: '' });
    for (const [table, ids] of Object.entries(expected)) {
      const { columns, rows } = await readParquet(`${cwd}/out/${table}.parquet`);
      expect(rows.map((row) => row[columns.indexOf('id')])).toEqual(ids);
    }
  });
});
