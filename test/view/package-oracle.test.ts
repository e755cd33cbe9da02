// What is evaluated here gives what the fhirpath package gives, on the resources of Synthea, a bulk export and HL7's
// examples. What differs on purpose is listed in the README and tested in differences.test.ts.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadModel } from '../../src/fhir/load-model.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/json.ts';
import { parseLossless } from '../../src/read/parse-lossless.ts';
import { loadFhirpathPackage } from '../../src/view/fhirpath-package.ts';
import { areSame, makeEvaluator } from '../support/evaluate.ts';
import { findSharedFolder } from '../support/shared-data.ts';
import { expressions } from './expressions/list.ts';

const examples = findSharedFolder('data/hl7-r4-examples');
const bundles = findSharedFolder('data/synthea-bundles');
const bulk = findSharedFolder('data/bulk-ndjson');
const model = await loadModel('r4');
const fhirpath = await loadFhirpathPackage('r4');

const perType = 40;

/** Resources by type, some of each from each place. */
function collect(): ReadonlyMap<string, readonly JsonObject[]> {
  const byType = new Map<string, JsonObject[]>();
  const add = (resource: JsonValue | undefined, limit: number): void => {
    if (resource === undefined || !isJsonObject(resource) || typeof resource['resourceType'] !== 'string') return;
    const list = byType.get(resource['resourceType']) ?? [];
    if (list.length < limit) list.push(resource);
    byType.set(resource['resourceType'], list);
  };
  for (const name of readdirSync(examples as string)) {
    const text = readFileSync(join(examples as string, name), 'utf8');
    if (name.endsWith('.json') && text.length < 200_000) add(parseLossless(text), perType);
  }
  for (const name of readdirSync(bulk as string)) {
    const lines = readFileSync(join(bulk as string, name), 'utf8').split('\n', 20);
    for (const line of lines) if (line.startsWith('{')) add(parseLossless(line), perType * 2);
  }
  for (const name of readdirSync(bundles as string).slice(0, 2)) {
    const { entry } = parseLossless(readFileSync(join(bundles as string, name), 'utf8')) as unknown as { entry: { resource: JsonObject }[] };
    for (const { resource } of entry) add(resource, perType * 3);
  }
  return byType;
}

describe.skipIf(examples === undefined || bundles === undefined || bulk === undefined)('expressions over shared data', () => {
  const byType = examples === undefined ? new Map<string, readonly JsonObject[]>() : collect();

  it('are more than 300', () => {
    expect(Object.values(expressions).flat().length).toBeGreaterThan(300);
  });

  for (const [type, list] of Object.entries(expressions)) {
    if (list.length === 0) continue;
    it(`give the same here and there: ${type}`, () => {
      const resources = byType.get(type) ?? [];
      expect(resources.length, 'no example').toBeGreaterThan(0);
      const different: string[] = [];
      for (const text of list) {
        const evaluator = makeEvaluator(text, type, model, fhirpath);
        expect(evaluator.notNative, text).toBeUndefined();
        const resource = resources.find((candidate) => !areSame(evaluator.native(candidate), evaluator.byPackage(candidate)));
        if (resource !== undefined) {
          different.push(
            `${text} on ${resource['id']}: ${JSON.stringify(evaluator.native(resource))} here, ${JSON.stringify(evaluator.byPackage(resource))} there`,
          );
        }
      }
      expect(different).toEqual([]);
    });
  }

  it('give the same for every element of every type, and for what the elements hold', () => {
    const different: string[] = [];
    let count = 0;
    for (const [type, resources] of byType) {
      if (!model.resourceTypes.includes(type)) continue;
      for (const text of elementPaths(type)) {
        const evaluator = makeEvaluator(text, type, model, fhirpath);
        if (evaluator.notNative !== undefined) continue;
        count++;
        const isOdd = resources.slice(0, 2).some((resource) => !areSame(evaluator.native(resource), evaluator.byPackage(resource)));
        if (isOdd) different.push(`${type}: ${text}`);
      }
    }
    expect(different).toEqual([]);
    expect(count).toBeGreaterThan(10_000);
  });
});

/** Elements and their elements, `ofType` of each type of a choice. */
function elementPaths(type: string): readonly string[] {
  const paths = model.elementsOf(type).flatMap((element) =>
    element.types.flatMap((elementType) => {
      const path = element.isChoice ? `${element.name}.ofType(${elementType.code})` : element.name;
      if (elementType.code === 'Resource') return [path];
      // The package's grammar has made `sort` a word of its own.
      const names = model.elementsOf(elementType.path).map(({ name }) => name);
      return [path, ...names.filter((name) => name !== 'sort').map((name) => `${path}.\`${name}\``)];
    }),
  );
  return paths.flatMap((path) => [path, `${path}.exists()`]);
}
