// References resolved over the whole input.

import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { joinReferences, readReferenceReport, reportedDangling } from '../support/check-references.ts';
import { type PlainJson, type PlainResource, readResources } from '../support/read-input.ts';
import { makeFolder, ndjson, readFolder, runCommand } from '../support/run-command.ts';
import { findSharedFolder } from '../support/shared-data.ts';

type Rows = Record<string, Record<string, string>[]>;

async function convert(files: Record<string, string>, ...flags: string[]): Promise<Rows> {
  const cwd = makeFolder(files);
  const { exitCode, stderr } = await runCommand(['in', '-o', 'out', '-q', ...flags], { cwd });
  expect([exitCode, stderr]).toEqual([0, '']);
  return readTables(`${cwd}/out`);
}

function readTables(folder: string): Rows {
  const files = Object.entries(readFolder(folder)).filter(([name]) => name.endsWith('.csv'));
  return Object.fromEntries(files.map(([name, text]) => [name.replace('.csv', ''), parse(text, { columns: true })]));
}

function bundle(...entries: readonly [fullUrl: string, resource: object][]): string {
  return JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: entries.map(([fullUrl, resource]) => ({ fullUrl, resource })) });
}

const uuid = '0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0';
const observation = { resourceType: 'Observation', id: 'o', subject: { reference: `urn:uuid:${uuid}` } };

describe('urn:uuid references', () => {
  it('give the id and type of the entry with that fullUrl, which may have another id', async () => {
    const { observation: rows } = await convert({
      'in/a.json': bundle([`urn:uuid:${uuid}`, { resourceType: 'Patient', id: 'p1' }], ['urn:uuid:2', observation]),
    });
    expect(rows).toMatchObject([{ patient_id: 'p1', subject_id: 'p1', subject_type: 'Patient' }]);
    expect(JSON.parse(rows?.[0]?.other_json as string)).toEqual({ subject: { reference: `urn:uuid:${uuid}` } });
  });

  it('find entries that come later', async () => {
    const { observation: rows } = await convert({
      'in/a.json': bundle(['urn:uuid:2', observation], [`urn:uuid:${uuid}`, { resourceType: 'Patient', id: 'p1' }]),
    });
    expect(rows).toMatchObject([{ patient_id: 'p1', subject_type: 'Patient' }]);
  });

  it('give no patient_id when the entry is no patient', async () => {
    const { observation: rows } = await convert({
      'in/a.json': bundle([`urn:uuid:${uuid}`, { resourceType: 'Group', id: uuid }], ['urn:uuid:2', observation]),
    });
    expect(rows).toMatchObject([{ patient_id: '', subject_id: uuid, subject_type: 'Group', other_json: '' }]);
  });

  it('tell entries with the same fullUrl and id apart by what the reference may point to, whichever comes first', async () => {
    const entry = (resourceType: string): [string, object] => [`urn:uuid:${uuid}`, { resourceType, id: uuid }];
    const both: [string, object] = ['urn:uuid:2', { ...observation, encounter: { reference: `urn:uuid:${uuid}` } }];
    for (const entries of [
      [entry('Patient'), entry('Encounter')],
      [entry('Encounter'), entry('Patient')],
    ]) {
      const { observation: rows } = await convert({ 'in/a.json': bundle(...entries, both) });
      expect(rows).toMatchObject([{ patient_id: uuid, subject_type: 'Patient', encounter_id: uuid, other_json: '' }]);
    }
  });

  it('mean the same however many entries there are, and after a Bundle in between', async () => {
    const performed = (id: string): [string, object] => [`urn:uuid:${id}`, { ...observation, id, performer: [{ reference: `urn:uuid:${uuid}` }] }];
    const others = (count: number) => {
      return Array.from({ length: count }, (_, index): [string, object] => [`urn:uuid:g${index}`, { resourceType: 'Group', id: `g${index}` }]);
    };
    const both: [string, object][] = [
      [`http://a.example/Practitioner/${uuid}`, { resourceType: 'Practitioner', id: uuid }],
      [`urn:uuid:${uuid}`, { resourceType: 'Patient', id: uuid }],
    ];
    const inner: [string, object] = ['urn:uuid:b', JSON.parse(bundle(['urn:uuid:o', { resourceType: 'Organization', id: 'o' }]))];
    const typesIn = async (...entries: [string, object][]) => {
      const { observation: rows } = await convert({ 'in/a.json': bundle(...entries) });
      return rows?.map(({ performer_type, subject_type }) => [performer_type, subject_type]);
    };
    const few = await typesIn(...both, performed('o1'), performed('o2'));
    expect(few).toHaveLength(2);
    expect(await typesIn(...others(4096), ...both, performed('o1'), performed('o2'))).toEqual(few);
    expect(await typesIn(both[0] as [string, object], ...others(4096), both[1] as [string, object], performed('o1'), performed('o2'))).toEqual(few);
    expect(await typesIn(...both, performed('o1'), inner, performed('o2'))).toEqual(few);
    expect(await typesIn(both[0] as [string, object], inner, both[1] as [string, object], performed('o1'), performed('o2'))).toEqual(few);
  });

  it('find entries among thousands in one Bundle', async () => {
    const patients = Array.from({ length: 5000 }, (_, index): [string, object] => [`urn:uuid:p${index}`, { resourceType: 'Patient', id: `p${index}` }]);
    const observations = [0, 4095, 4096, 4999].map((index): [string, object] => {
      return [`urn:uuid:o${index}`, { ...observation, id: `o${index}`, subject: { reference: `urn:uuid:p${index}` } }];
    });
    const { observation: rows } = await convert({ 'in/a.json': bundle(...patients, ...observations) });
    expect(rows?.map(({ patient_id, subject_type }) => `${subject_type}/${patient_id}`)).toEqual([
      'Patient/p0',
      'Patient/p4095',
      'Patient/p4096',
      'Patient/p4999',
    ]);
  });

  it('give their own id when there is no such entry', async () => {
    const { observation: rows } = await convert({ 'in/a.json': bundle(['urn:uuid:2', observation]) });
    expect(rows).toMatchObject([{ patient_id: uuid, subject_id: uuid, subject_type: '' }]);
  });

  it('mean the entry of their Bundle, though it comes later and a resource elsewhere has the id of the urn', async () => {
    const { observation: rows } = await convert({
      'in/a.ndjson': ndjson({ resourceType: 'Patient', id: uuid }),
      'in/b.json': bundle(['urn:uuid:2', observation], [`urn:uuid:${uuid}`, { resourceType: 'Patient', id: 'p1' }]),
    });
    expect(rows).toMatchObject([{ patient_id: 'p1', subject_id: 'p1' }]);
  });

  const entryOf = (id: string): [string, object] => ['urn:uuid:1', { resourceType: 'Patient', id }];
  const toFirst = (id: string): [string, object] => [`urn:uuid:${id}`, { ...observation, id, subject: { reference: 'urn:uuid:1' } }];
  const patientIds = (rows: Rows[string] | undefined) => Object.fromEntries(rows?.map((row) => [row.id, row.patient_id]) ?? []);

  it.each([[[]], [['--threads', '2']]])('belong to their Bundle: in the next one of the file the same urn means another entry %j', async (flags: string[]) => {
    const lines = `${bundle(entryOf('a'), toFirst('o1'))}\n${bundle(toFirst('o2'), entryOf('b'))}\n`;
    const { observation: rows } = await convert({ 'in/a.ndjson': lines, 'in/b.json': bundle(toFirst('o3'), entryOf('c')) }, ...flags);
    expect(patientIds(rows)).toEqual({ o1: 'a', o2: 'b', o3: 'c' });
  });

  it('mean an entry of the inner Bundle, else of the one around it', async () => {
    const inner = JSON.parse(bundle(entryOf('inner'), toFirst('o1')));
    const empty = JSON.parse(bundle(toFirst('o2')));
    const { observation: rows } = await convert({ 'in/a.json': bundle(['urn:uuid:8', empty], ['urn:uuid:9', inner], toFirst('o3'), entryOf('outer')) });
    expect(patientIds(rows)).toEqual({ o1: 'inner', o2: 'outer', o3: 'outer' });
  });

  it('mean an entry of the Bundle around theirs also when it comes after the inner Bundle', async () => {
    const inner = { resourceType: 'Bundle', type: 'collection', entry: [{ fullUrl: 'urn:uuid:i', resource: { ...toFirst('o1')[1] } }] };
    const { observation: rows } = await convert({ 'in/a.json': bundle(['urn:uuid:b', inner], toFirst('o2'), entryOf('a')), 'in/b.json': bundle(entryOf('b')) });
    expect(patientIds(rows)).toEqual({ o1: 'a', o2: 'a' });
  });

  it('mean the last entry so far of those with the same fullUrl', async () => {
    const { observation: rows } = await convert({ 'in/a.json': bundle(entryOf('a'), toFirst('o1'), entryOf('b'), toFirst('o2'), entryOf('1'), toFirst('o3')) });
    expect(patientIds(rows)).toEqual({ o1: 'a', o2: 'b', o3: 'b' });
  });

  it.each([
    ['an id that only ends it', 'urn:oid:1.2.3', '2.3'],
    ['an id that is longer', 'urn:oid:3', '2.3'],
    ['the id of an urn of the other kind', 'urn:uuid:1.2.3', 'd-1.2.3'],
    ['the whole of it as id', 'urn:oid:1.2.3', '1.2.3'],
    ['escapes and letters beyond ASCII', 'urn:uuid:\u00e9"\\-\u{1f600}', 'p1'],
  ])('find a fullUrl with %s, before and after it', async (_, fullUrl, id) => {
    const to = (own: string): [string, object] => [`urn:uuid:${own}`, { ...observation, id: own, subject: { reference: fullUrl } }];
    const { observation: rows } = await convert({ 'in/a.json': bundle(to('o1'), [fullUrl, { resourceType: 'Patient', id }], to('o2')) });
    expect(patientIds(rows)).toEqual({ o1: id, o2: id });
  });

  it.each([[[]], [['--threads', '2']]])('mean the only entry of another Bundle, where their own has none %j', async (flags: string[]) => {
    const files = { 'in/a.json': bundle(toFirst('o1')), 'in/b.json': bundle(entryOf('b')) };
    expect(patientIds((await convert(files, ...flags)).observation)).toEqual({ o1: 'b' });
    expect(patientIds((await convert({ ...files, 'in/c.json': bundle(entryOf('c')) }, ...flags)).observation)).toEqual({ o1: '1' });
  });

  it.each([[[]], [['--threads', '2']]])('mean the resource with their id, wherever it stands %j', async (flags: string[]) => {
    const { observation: rows } = await convert(
      { 'in/a.json': bundle(['urn:uuid:2', observation]), 'in/b.ndjson': ndjson({ resourceType: 'Patient', id: uuid }) },
      ...flags,
    );
    expect(rows).toMatchObject([{ patient_id: uuid, subject_id: uuid, subject_type: 'Patient' }]);
  });

  it('find what they point to also when its table is not asked for', async () => {
    const { observation: rows } = await convert({ 'in/a.json': bundle(toFirst('o1'), entryOf('a')) }, '-t', 'observation');
    expect(rows).toMatchObject([{ patient_id: 'a', subject_id: 'a', subject_type: 'Patient' }]);
  });

  it('belong to their file: the same urn may mean another resource in the next', async () => {
    const { observation: rows } = await convert({
      'in/a.json': bundle(['urn:uuid:1', { resourceType: 'Patient', id: 'a' }], ['urn:uuid:2', { ...observation, subject: { reference: 'urn:uuid:1' } }]),
      'in/b.json': bundle(
        ['urn:uuid:1', { resourceType: 'Patient', id: 'b' }],
        ['urn:uuid:2', { ...observation, id: 'o2', subject: { reference: 'urn:uuid:1' } }],
      ),
    });
    expect(rows?.map((row) => row.patient_id)).toEqual(['a', 'b']);
  });
});

describe('references by identifier', () => {
  const organization = { resourceType: 'Organization', id: 'o1', identifier: [{ system: 'http://s', value: 'v' }] };
  const byQuery = { resourceType: 'Patient', id: 'p1', managingOrganization: { reference: 'Organization?identifier=http://s|v' } };
  const byIdentifier = { resourceType: 'Patient', id: 'p2', managingOrganization: { identifier: { system: 'http://s', value: 'v' } } };

  it.each([
    ['after', { 'in/a.ndjson': ndjson(byQuery, byIdentifier), 'in/b.ndjson': ndjson(organization) }, []],
    ['before', { 'in/b.ndjson': ndjson(byQuery, byIdentifier), 'in/a.ndjson': ndjson(organization) }, []],
    ['in the part of another thread than', { 'in/a.ndjson': ndjson(byQuery, byIdentifier), 'in/b.ndjson': ndjson(organization) }, ['--threads', '2']],
  ])('join when the target comes %s them', async (_, files, flags) => {
    const { patient } = await convert(files, ...flags);
    const ids = patient?.map((row) => [row.id, row.managing_organization_id, row.managing_organization_identifier]);
    expect(ids).toEqual([
      ['p1', 'o1', 'http://s|v'],
      ['p2', 'o1', 'http://s|v'],
    ]);
  });

  it('show the identifier alone when none or several resources have it', async () => {
    const none = await convert({ 'in/a.ndjson': ndjson(byQuery) });
    expect(none.patient).toMatchObject([{ managing_organization_id: '', managing_organization_identifier: 'http://s|v' }]);
    const several = await convert({ 'in/a.ndjson': ndjson(byQuery, organization, { ...organization, id: 'o2' }) });
    expect(several.patient).toMatchObject([{ managing_organization_id: '', managing_organization_identifier: 'http://s|v' }]);
  });

  it('find only resources of a type that the reference may have', async () => {
    const { patient } = await convert({ 'in/a.ndjson': ndjson(byIdentifier, { ...organization, resourceType: 'Practitioner' }) });
    expect(patient).toMatchObject([{ managing_organization_id: '' }]);
  });

  it('join to any type of resource that has identifiers', async () => {
    const order = { resourceType: 'ServiceRequest', id: 'sr', identifier: [{ system: 'http://s', value: '7' }] };
    const report = { resourceType: 'DiagnosticReport', id: 'd', basedOn: [{ identifier: { system: 'http://s', value: '7' } }] };
    const { 'details/diagnostic_report_based_on': rows } = await convert({ 'in/a.ndjson': ndjson(report, order) });
    expect(rows).toMatchObject([{ based_on_id: 'sr', based_on_type: 'ServiceRequest' }]);
  });

  it('take a search without a system as one in all systems, and an identifier without one as just that', async () => {
    const search = { ...byQuery, managingOrganization: { reference: 'Organization?identifier=v' } };
    const bare = { ...byIdentifier, managingOrganization: { identifier: { value: 'v' } } };
    const { patient } = await convert({ 'in/a.ndjson': ndjson(search, bare, organization) });
    expect(patient?.map((row) => row.managing_organization_id)).toEqual(['o1', '']);
    const systemless = await convert({ 'in/a.ndjson': ndjson(search, bare, { ...organization, identifier: [{ value: 'v' }] }) });
    expect(systemless.patient?.map((row) => row.managing_organization_id)).toEqual(['o1', 'o1']);
  });

  it('join also when some resource comes twice', async () => {
    const twice = { resourceType: 'Location', id: 'l', name: 'one' };
    const { patient } = await convert({ 'in/a.ndjson': ndjson(twice, { ...twice, name: 'two' }, byQuery), 'in/b.ndjson': ndjson(organization) });
    expect(patient).toMatchObject([{ managing_organization_id: 'o1' }]);
  });
});

describe('references that lead nowhere', () => {
  const resources = [
    {
      resourceType: 'Observation',
      id: 'o1',
      subject: { reference: 'Patient/here' },
      performer: [{ reference: 'Practitioner/x' }, { reference: 'Practitioner/y' }],
    },
    { resourceType: 'Observation', id: 'o2', subject: { reference: 'http://host.example/fhir/Patient/there' }, component: [{}, {}] },
    { resourceType: 'Observation', id: 'o3', subject: { reference: 'urn:uuid:5' }, encounter: { reference: '#e' }, device: { display: 'a device' } },
    {
      resourceType: 'Observation',
      id: 'o4',
      performer: [{ reference: 'Practitioner?identifier=s|v' }, { identifier: { value: 'w' } }, { reference: 'no such form' }],
    },
    { resourceType: 'Patient', id: 'here' },
  ];

  it.each([[['--threads', '1']], [['--threads', '2']]])('are counted by type, form and column %j', async (flags: string[]) => {
    const cwd = makeFolder({ 'in/a.ndjson': ndjson(...resources.slice(0, 2)), 'in/b.ndjson': ndjson(...resources.slice(2)) });
    const { stderr } = await runCommand(['in', '-o', 'out', ...flags], { cwd });
    const report = readReferenceReport(join(cwd, 'out'));
    expect(report).toEqual({
      ids: 10,
      withoutId: 4,
      byType: {
        '(unknown)': { targets: 1, ids: { urn: 1 }, withoutId: { identifier: 1, other: 1 } },
        Encounter: { targets: 1, ids: { contained: 1 }, withoutId: {} },
        Patient: { targets: 2, ids: { absolute: 4, urn: 1 }, withoutId: {} },
        Practitioner: { targets: 2, ids: { relative: 3 }, withoutId: { conditional: 2 } },
      },
      idsByColumn: {
        'observation.encounter_id': 1,
        'observation.patient_id': 2,
        'observation.performer_id': 1,
        'observation.subject_id': 2,
        'observation_component.patient_id': 2,
        'observation_performer.performer_id': 2,
      },
      withoutIdByColumn: { 'observation.performer_id': 1, 'observation_performer.performer_id': 3 },
      toTablesNotAskedFor: {},
    });
    expect(joinReferences(join(cwd, 'out'))).toEqual({ joined: 2, ...reportedDangling(report) });
    expect(stderr).toContain('10 ids lead to no row: Patient 5, Practitioner 3, Encounter 1, unknown type 1');
    expect(stderr).toContain('4 references have no id');
  });

  it.each([[['--threads', '1']], [['--threads', '2']]])('are counted when what they point to was deleted, before or after %j', async (flags: string[]) => {
    const patient = { resourceType: 'Patient', id: 'p' };
    const about = { resourceType: 'Observation', id: 'o', subject: { reference: 'Patient/p' } };
    const deletion = JSON.stringify({ resourceType: 'Bundle', type: 'history', entry: [{ request: { method: 'DELETE', url: 'Patient/p' } }] });
    for (const lines of [[patient, about], [about, patient], [about]].map((resources) => ndjson(...resources))) {
      for (const files of [
        { 'in/a.ndjson': lines + deletion },
        { 'in/a.ndjson': lines, 'in/b.json': deletion },
        { 'in/0.json': deletion, 'in/a.ndjson': lines },
      ]) {
        const cwd = makeFolder(files);
        await runCommand(['in', '-o', 'out', ...flags], { cwd });
        const { joined: _, ...dangling } = joinReferences(join(cwd, 'out'));
        expect([files, dangling]).toEqual([files, reportedDangling(readReferenceReport(join(cwd, 'out')))]);
      }
    }
  });

  it('are not counted when they lead to a table that nobody asked for', async () => {
    const cwd = makeFolder({ 'in.ndjson': ndjson(...resources) });
    const { stderr } = await runCommand(['in.ndjson', '-o', 'out', '-t', 'observation'], { cwd });
    const report = readReferenceReport(join(cwd, 'out'));
    expect(report).toMatchObject({ ids: 1, byType: { '(unknown)': { targets: 1, ids: { urn: 1 } } } });
    expect(report.toTablesNotAskedFor).toEqual({ Encounter: 1, Patient: 5, Practitioner: 1 });
    expect(stderr).toContain('1 id leads to no row');
  });
});

describe('contained resources', () => {
  it('tell the type of references to them, and the container that of references to it', async () => {
    const { observation: rows, patient } = await convert({
      'in/a.ndjson': ndjson({
        resourceType: 'Observation',
        id: 'o',
        contained: [
          { resourceType: 'Group', id: 'g' },
          { resourceType: 'Patient', id: 'p', link: [{ other: { reference: '#' } }] },
          { resourceType: 'Patient', id: 'p' },
        ],
        subject: { reference: '#g' },
        hasMember: [{ reference: '#' }],
      }),
    });
    expect(rows).toMatchObject([{ patient_id: '', subject_id: 'o#g', subject_type: 'Group' }]);
    expect(patient?.map((row) => row.id)).toEqual(['o#p', 'o#p#2']);
  });
});

describe('real data', () => {
  const bulk = findSharedFolder('data/bulk-ndjson');
  const synthea = findSharedFolder('data/synthea-bundles');

  /** `Type?identifier=s|v` and identifier-only references, as `system|value` with the types they may have. */
  function identifierReferences(value: PlainJson | undefined, found: string[] = []): string[] {
    if (Array.isArray(value)) for (const item of value) identifierReferences(item, found);
    else if (typeof value === 'object' && value !== null) {
      const { reference, identifier } = value;
      if (typeof reference === 'string' && reference.includes('?identifier=')) found.push(reference.split('?identifier=')[1] as string);
      else if (reference === undefined && typeof identifier === 'object' && identifier !== null && !Array.isArray(identifier) && 'value' in identifier) {
        found.push(`${identifier.system}|${identifier.value}`);
      }
      for (const item of Object.values(value)) identifierReferences(item, found);
    }
    return found;
  }

  it.skipIf(bulk === undefined)('bulk-ndjson: all references by identifier that have a target join to it', async () => {
    const cwd = makeFolder();
    await runCommand([bulk as string, '-o', 'out', '-q'], { cwd });
    const resources = readResources(bulk as string);
    const identified = new Set(
      resources.flatMap(({ identifier }) =>
        (Array.isArray(identifier) ? identifier : []).map((item) => `${(item as PlainResource).system}|${(item as PlainResource).value}`),
      ),
    );
    const expected = resources.flatMap((resource) => identifierReferences(resource)).filter((identifier) => identified.has(identifier)).length;
    const tables = readTables(join(cwd, 'out'));
    const ids = new Set(Object.entries(tables).flatMap(([table, rows]) => (table.includes('/') ? [] : rows.map((row) => row.id))));
    let joined = 0;
    let dangling = 0;
    for (const [table, rows] of Object.entries(tables)) {
      // A reference list stands in its child table; the main table repeats the first of some.
      const columns = Object.keys(rows[0] ?? {}).filter((column) => column.endsWith('_identifier'));
      for (const row of rows) {
        for (const column of columns) {
          const id = row[column.replace(/_identifier$/, '_id')];
          if (!row[column] || !identified.has(row[column])) continue;
          if (id && ids.has(id)) joined++;
          else dangling++;
        }
      }
      expect([table, dangling]).toEqual([table, 0]);
    }
    expect(expected).toBeGreaterThan(1000);
    expect(joined).toBeGreaterThanOrEqual(expected);
  });

  it.skipIf(synthea === undefined)('synthea-bundles: no urn remains in an id column, and each id that came from one joins', async () => {
    const cwd = makeFolder();
    await runCommand([synthea as string, '-o', 'out', '-q'], { cwd });
    const tables = readTables(join(cwd, 'out'));
    const ids = new Set(Object.entries(tables).flatMap(([table, rows]) => (table.includes('/') ? [] : rows.map((row) => row.id))));
    let joined = 0;
    for (const [table, rows] of Object.entries(tables)) {
      const columns = Object.keys(rows[0] ?? {}).filter((column) => column.endsWith('_id') && column !== 'id');
      const bad = rows.flatMap((row) =>
        columns.filter(
          (column) => row[column] && (row[column]?.startsWith('urn:') || /^[0-9a-f-]{36}(#|$)/.test(row[column] as string)) && !ids.has(row[column]),
        ),
      );
      expect([table, [...new Set(bad)]]).toEqual([table, []]);
      joined += rows.reduce((sum, row) => sum + columns.filter((column) => ids.has(row[column] as string)).length, 0);
    }
    expect(joined).toBeGreaterThan(50_000);
  });
});
