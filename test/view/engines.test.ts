// Views from the tapes of records: what comes out is what parsed resources give, cell by cell, and error by error. Most
// resources are not parsed for it.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadModel } from '../../src/fhir/load-model.ts';
import type { JsonObject } from '../../src/json.ts';
import type { Flattener } from '../../src/types.ts';
import { makePatientRecord } from '../bench/generate/patient-record.ts';
import { type BothEngines, type Compared, openBothEngines } from '../support/both-engines.ts';
import { HostileFhir } from '../support/hostile-fhir.ts';
import { made, patients } from '../support/random-expressions.ts';
import { makeFlattener } from '../support/run-view.ts';
import { findSharedFolder } from '../support/shared-data.ts';
import { expressions } from './expressions/list.ts';

const model = await loadModel('r4');
let engines: BothEngines;

beforeAll(async () => {
  engines = await openBothEngines();
});

/** The share of records that were not parsed. */
function expectSame(compared: readonly Compared[], what: string): number {
  for (const { bytes, objects } of compared) expect(bytes, what).toEqual(objects);
  return compared.length === 0 ? 1 : compared.filter(({ isTaken }) => isTaken).length / compared.length;
}

/** A table with an expression alone, as one value or as several: a fault of one must not hide the others. */
async function viewsOf(resource: string, path: string): Promise<readonly Flattener[]> {
  const views = [false, true].map((collection) => ({ resource, select: [{ column: [{ name: 'a', path, collection }] }] }));
  const made = await Promise.allSettled(views.map((view) => makeFlattener(view)));
  return made.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

describe('expressions that people write', () => {
  for (const [type, list] of Object.entries(expressions)) {
    if (list.length === 0) continue;
    it(`give the same from bytes and from objects: ${type}`, async () => {
      const records = [...odd(type), ...real(type)];
      let count = 0;
      for (const path of list) {
        for (const flattener of await viewsOf(type, path)) {
          expectSame(engines.compare(flattener, records), path);
          count++;
        }
      }
      expect(count).toBeGreaterThan(list.length);
    });
  }
});

describe('random expressions over random patients', () => {
  for (const kind of ['many', 'one', 'num', 'bool'] as const) {
    it(`give the same from bytes and from objects: ${kind}`, async () => {
      let takenCount = 0;
      await fc.assert(
        fc.asyncProperty(made[kind], fc.array(patients, { minLength: 1, maxLength: 3 }), async (path, resources) => {
          for (const flattener of await viewsOf('Patient', path)) {
            const records = resources.map((resource) => JSON.stringify(resource));
            if (expectSame(engines.compare(flattener, records), path) === 1) takenCount++;
          }
        }),
        { numRuns: 400, seed: 20261122 },
      );
      expect(takenCount).toBeGreaterThan(200);
    });
  }
});

const shaped = fc.letrec((tie) => ({
  select: fc.record(
    {
      column: fc.array(
        fc.constantFrom(
          { path: 'given.first()' },
          { path: 'given', collection: true },
          { path: 'value' },
          { path: '%rowIndex' },
          { path: '$this', collection: true },
          { path: '%resource.gender' },
          { path: "iif(%rowIndex > 0, use, 'first')" },
        ),
        { minLength: 1, maxLength: 3 },
      ),
      forEach: fc.constantFrom('name', 'telecom', 'name.given', 'period', "extension.where(url = 'http://example.org/a')", 'name | telecom'),
      select: fc.array(tie('select'), { maxLength: 2, depthIdentifier: 'select' }),
      unionAll: fc.array(tie('branch'), { minLength: 2, maxLength: 3, depthIdentifier: 'select' }),
      isNullable: fc.boolean(),
    },
    { requiredKeys: ['column'] },
  ),
  branch: fc.record({
    forEach: fc.constantFrom('name', 'telecom', 'contact.name', 'link'),
    isNullable: fc.boolean(),
    path: fc.constantFrom('use', 'system', '%rowIndex'),
  }),
}));

interface Shape {
  readonly column: readonly { readonly path: string; readonly collection?: boolean }[];
  readonly forEach?: string;
  readonly isNullable?: boolean;
  readonly select?: readonly Shape[];
  readonly unionAll?: readonly { readonly forEach: string; readonly isNullable: boolean; readonly path: string }[];
}

/** With names that are all different, but the same in the branches of a union. */
function nameColumns({ column, forEach, isNullable, select, unionAll }: Shape, names: { count: number }): object {
  const name = () => `c${names.count++}`;
  const columns = column.map((one) => ({ ...one, name: name() }));
  const shared = name();
  return {
    column: columns,
    ...(forEach !== undefined && { [isNullable === true ? 'forEachOrNull' : 'forEach']: forEach }),
    ...(select !== undefined && { select: select.map((one) => nameColumns(one, names)) }),
    ...(unionAll !== undefined && {
      unionAll: unionAll.map((branch) => ({
        [branch.isNullable ? 'forEachOrNull' : 'forEach']: branch.forEach,
        column: [{ name: shared, path: `${branch.path}.toString()` }],
      })),
    }),
  };
}

describe('views of many shapes', () => {
  it('give the same rows in the same order', async () => {
    let rowCount = 0;
    let viewCount = 0;
    await fc.assert(
      fc.asyncProperty(shaped.select, shaped.select, fc.array(patients, { minLength: 1, maxLength: 3 }), async (one, other, resources) => {
        const names = { count: 0 };
        const select = [nameColumns(one as Shape, names), nameColumns(other as Shape, names)];
        const flattener = await makeFlattener({ resource: 'Patient', select, where: [{ path: 'active.exists() or gender.exists()' }] }).catch(() => undefined);
        if (flattener === undefined) return;
        viewCount++;
        const compared = engines.compare(
          flattener,
          resources.map((resource) => JSON.stringify(resource)),
        );
        expectSame(compared, JSON.stringify(select));
        for (const { bytes } of compared) rowCount += typeof bytes === 'string' ? 0 : bytes.length;
      }),
      { numRuns: 500, seed: 20261123 },
    );
    expect(viewCount).toBeGreaterThan(300);
    expect(rowCount).toBeGreaterThan(1000);
  });

  it('go down into items of items', async () => {
    const questionnaire = (items: number, depth: number): object => ({
      linkId: `${items}.${depth}`,
      ...(depth > 0 && { item: Array.from({ length: items }, (_, index) => questionnaire(index, depth - 1)) }),
    });
    const record = JSON.stringify({ resourceType: 'Questionnaire', id: 'q', status: 'draft', item: [questionnaire(3, 3), questionnaire(2, 1)] });
    const flattener = await makeFlattener({
      resource: 'Questionnaire',
      select: [
        {
          repeat: ['item'],
          column: [
            { name: 'link', path: 'linkId' },
            { name: 'index', path: '%rowIndex' },
          ],
          select: [{ forEachOrNull: 'item', column: [{ name: 'inner', path: 'linkId' }] }],
        },
      ],
    });
    const compared = engines.compare(flattener, [record]);
    expect(expectSame(compared, 'repeat')).toBe(1);
    expect(compared[0]?.bytes.length).toBeGreaterThan(10);
  });
});

describe('a view as people have them', () => {
  it('parses no resource of the usual kind', async () => {
    const view: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../bench/views/observations.json'), 'utf8'));
    const records = [1, 2, 3].flatMap((number) => makePatientRecord(number).map((resource) => JSON.stringify(resource)));
    const compared = engines.compare(await makeFlattener(view), records);
    expect(compared.length).toBeGreaterThan(100);
    expect(expectSame(compared, 'the view')).toBe(1);
  });

  it('leaves an error to the engine that says what it is', async () => {
    const flattener = await makeFlattener({ resource: 'Patient', select: [{ column: [{ name: 'a', path: 'name.family' }] }] });
    const records = ['Ada', 'Beth'].map((family, index) => JSON.stringify({ resourceType: 'Patient', id: 'p', name: Array(2 - index).fill({ family }) }));
    const compared = engines.compare(flattener, records);
    expect(compared.map(({ isTaken }) => isTaken)).toEqual([false, true]);
    expect(compared[0]?.bytes).toContain('VIEW_SEVERAL_VALUES');
    expectSame(compared, 'several values');
  });
});

const conformance = findSharedFolder('sql-on-fhir/tests');

describe.skipIf(conformance === undefined)("the cases of HL7's suite", () => {
  it('give the same from bytes and from objects', async () => {
    let count = 0;
    for (const name of readdirSync(conformance as string)) {
      const { resources, tests } = JSON.parse(readFileSync(join(conformance as string, name), 'utf8')) as {
        resources: JsonObject[];
        tests: { view: object }[];
      };
      for (const { view } of tests) {
        const flattener = await makeFlattener(view).catch(() => undefined);
        if (flattener === undefined) continue;
        expectSame(
          engines.compare(
            flattener,
            resources.map((resource) => JSON.stringify(resource)),
          ),
          JSON.stringify(view),
        );
        count++;
      }
    }
    expect(count).toBeGreaterThan(100);
  });
});

/** Resources as nobody should write them; also without the keys that are none of FHIR's, for which no record is read as bytes. */
function odd(type: string): readonly string[] {
  const lines = new HostileFhir(model, 7, [type]).makeLines(30).split('\n');
  return lines.filter((line) => line !== '').flatMap((line) => [line, dropForeignKeys(line)]);
}

const known = new Set([...model.jsonKeys()].flatMap((key) => [key, `_${key}`]));

function dropForeignKeys(line: string): string {
  return JSON.stringify(
    JSON.parse(line, function (this: unknown, key, value) {
      return Array.isArray(this) || key === '' || known.has(key) ? value : undefined;
    }),
  );
}

function real(type: string): readonly string[] {
  const bulk = findSharedFolder('data/bulk-ndjson');
  const examples = findSharedFolder('data/hl7-r4-examples');
  const lines: string[] = [];
  if (bulk !== undefined) {
    for (const name of readdirSync(bulk)) if (name.startsWith(`${type}.`)) lines.push(...readFileSync(join(bulk, name), 'utf8').split('\n').slice(0, 100));
  }
  if (examples !== undefined) {
    const prefix = `"resourceType"`;
    for (const name of readdirSync(examples)) {
      if (!name.toLowerCase().startsWith(type.toLowerCase())) continue;
      const text = readFileSync(join(examples, name), 'utf8').trim();
      if (text.includes(prefix)) lines.push(text);
    }
  }
  return lines.filter((line) => line !== '');
}
