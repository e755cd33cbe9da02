// References by identifier look for the records of identifiers: those that the module makes of a resource's bytes are
// compared with those made of the parsed resource.

import { describe, expect, it } from 'vitest';
import { openByteLane } from '../../src/bytes/byte-lane.ts';
import type { JsonObject } from '../../src/json.ts';
import { jsonReaders } from '../../src/read/json-readers.ts';
import { readSource } from '../../src/read/read-source.ts';
import { type IdentifierRecord, readRecords } from '../../src/run/identifier-spool.ts';
import { createKeyHash } from '../../src/run/key-hash.ts';
import { ReferenceIndex } from '../../src/run/reference-index.ts';
import { ResourceIndex } from '../../src/run/resource-index.ts';
import type { ReadContext } from '../../src/types.ts';
import { sourceOf, testLimits } from '../read/read-all.ts';

const seeds = [-123_456_789, 0x7fff_fff1] as const;
const patient = { resourceType: 'Patient', id: 'a-1', identifier: [{ system: 'http://example.org/mrn', value: '12345' }] };

/** Of all resources, in the order they come. */
async function recordsOf(resources: readonly JsonObject[], isTaken: boolean): Promise<IdentifierRecord[]> {
  const lane = isTaken ? await openByteLane(['resourceType', 'id', 'identifier', 'system', 'value', 'use']) : undefined;
  const keyHash = createKeyHash(...seeds);
  const references = new ReferenceIndex(new ResourceIndex(keyHash), keyHash);
  if (lane !== undefined) references.useModule(lane.functions);
  const ignore = (): void => {};
  const context: ReadContext = { limits: testLimits, tape: lane?.tape, reject: ignore, report: ignore, onRawBytes: ignore, onBundle: ignore, onKind: ignore };
  const content = resources.map((resource) => `${JSON.stringify(resource)}\n`).join('');
  for await (const run of readSource(sourceOf(content), jsonReaders, context)) {
    for (const envelope of run) {
      const { id, resourceType } = envelope.resource;
      expect(envelope.head !== undefined).toBe(isTaken);
      references.add(String(resourceType), typeof id === 'string' && id !== '' ? id : 'made-up', envelope, true);
    }
  }
  const records = [...readRecords(references.findings(false).identifiers, () => true)];
  references.close();
  return records;
}

async function expectSame(resources: readonly JsonObject[], recordCount: number): Promise<void> {
  const records = await recordsOf(resources, true);
  expect(records).toHaveLength(recordCount);
  expect(records).toEqual(await recordsOf(resources, false));
}

describe('identifiers are found by the same hashes, under the same ids', () => {
  const shapes: readonly [string, JsonObject, number][] = [
    ['with a system', patient, 2],
    ['without a system', { ...patient, identifier: [{ value: '1' }] }, 2],
    ['with an empty system and an empty value', { ...patient, identifier: [{ system: '', value: '' }] }, 2],
    ['several of them', { ...patient, identifier: [{ value: '1' }, { use: 'usual', system: 's', value: '2' }, { system: 's' }] }, 4],
    ['one where FHIR wants a list', { ...patient, identifier: { system: 's', value: 'v' } }, 2],
    ['that are odd', { ...patient, identifier: [null, 1, 'a', [], {}, { value: 1 }, { system: 1, value: 'v' }, [{ value: 'w' }]] }, 2],
    ['that are no identifiers', { ...patient, identifier: 'a' }, 0],
    ['none of them', { resourceType: 'Patient', id: 'a' }, 0],
    ['a value of other letters', { ...patient, identifier: [{ value: '1' }, { system: 's', value: '\u00fc\u{1f600}' }] }, 4],
    ['a system of other letters', { ...patient, identifier: [{ system: 'urn:\u00fc', value: '1' }] }, 2],
    ['a value with characters that JSON escapes', { ...patient, identifier: [{ system: 's', value: '"\\\n' }] }, 2],
    ['of a resource with an id of other letters', { ...patient, id: '\u00fc\u{1f600}' }, 2],
    ['of a resource with an empty id', { ...patient, id: '' }, 2],
    ['of a resource with a number as its id', { ...patient, id: 1 }, 2],
    ['of a resource without an id', { ...patient, id: undefined as never }, 2],
  ];

  it.each(shapes)('%s', async (_, resource, recordCount) => {
    await expectSame([patient, resource, patient], recordCount + 4);
  });

  it('more of them than the module has room for, some made in one way and some in the other', async () => {
    const many = Array.from({ length: 3000 }, (_, number) => {
      const value = number % 700 === 0 ? `\u00fc${number}` : String(number);
      return { resourceType: number % 3 === 0 ? 'Patient' : 'Encounter', id: `id-${number}`, identifier: [{ system: 'http://example.org/mrn', value }] };
    });
    await expectSame(many, 6000);
  });

  it('one whose records alone are more than the module has room for', async () => {
    const identifier = Array.from({ length: 3000 }, (_, number) => ({ system: 's', value: String(number) }));
    await expectSame([patient, { ...patient, id: 'large', identifier }, patient], 6004);
  });
});
