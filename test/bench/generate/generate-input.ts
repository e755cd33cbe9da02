// Writes the bench's input: node --import tsx generate-input.ts bundles|ndjson|lines|observations|large <folder> <amount>
// A process of its own, so that the bench stays small: on Linux a child's peak memory starts at its parent's.

import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { toCompactText, toPrettyText } from './json-text.ts';
import { makePatientRecord, type Resource } from './patient-record.ts';

const megabyte = 1_000_000;

function entryOf(resource: Resource) {
  return { fullUrl: `urn:uuid:${resource.id}`, resource, request: { method: 'POST', url: resource.resourceType } };
}

/** One transaction Bundle a patient. */
function writeBundles(folder: string, count: number): void {
  for (let number = 1; number <= count; number++) {
    const entry = makePatientRecord(number).map(entryOf);
    writeFileSync(join(folder, `patient-${String(number).padStart(4, '0')}.json`), toPrettyText({ resourceType: 'Bundle', type: 'transaction', entry }));
  }
}

/** Lines as a server exports them: references by type and id, where the record's Bundle has urns and searches. */
function exportRecord(number: number): { readonly resourceType: string; readonly line: string }[] {
  const resources = makePatientRecord(number);
  const typeById = new Map(resources.map(({ id, resourceType }) => [id, resourceType]));
  return resources.map((resource) => {
    const line = toCompactText(resource)
      .replace(/"reference":"urn:uuid:([^"]+)"/g, (whole, id: string) => (typeById.has(id) ? `"reference":"${typeById.get(id)}/${id}"` : whole))
      .replace(/"reference":"(\w+)\?identifier=[^"|]*\|([^"]+)"/g, '"reference":"$1/$2"');
    return { resourceType: resource.resourceType, line };
  });
}

/** A bulk export: one file a resource type, until all together have the size. */
function writeNdjson(folder: string, megabytes: number): void {
  const files = new Map<string, number>();
  let byteCount = 0;
  for (let number = 1; byteCount < megabytes * megabyte; number++) {
    const linesByType = new Map<string, string[]>();
    for (const { line, resourceType } of exportRecord(number)) {
      const lines = linesByType.get(resourceType) ?? [];
      lines.push(line);
      linesByType.set(resourceType, lines);
    }
    for (const [type, lines] of linesByType) {
      let file = files.get(type);
      if (file === undefined) {
        file = openSync(join(folder, `${type}.000.ndjson`), 'w');
        files.set(type, file);
      }
      byteCount += writeSync(file, `${lines.join('\n')}\n`);
    }
  }
  for (const file of files.values()) closeSync(file);
}

/** Observations only, in one file. */
function writeObservations(folder: string, megabytes: number): void {
  const file = openSync(join(folder, 'Observation.000.ndjson'), 'w');
  let byteCount = 0;
  for (let number = 1; byteCount < megabytes * megabyte; number++) {
    const observations = exportRecord(number).filter(({ resourceType }) => resourceType === 'Observation');
    byteCount += writeSync(file, observations.map(({ line }) => `${line}\n`).join(''));
  }
  closeSync(file);
}

/** The same resources in one file. */
function writeLines(folder: string, megabytes: number): void {
  const file = openSync(join(folder, 'all.ndjson'), 'w');
  let byteCount = 0;
  for (let number = 1; byteCount < megabytes * megabyte; number++) {
    byteCount += writeSync(
      file,
      exportRecord(number)
        .map(({ line }) => `${line}\n`)
        .join(''),
    );
  }
  closeSync(file);
}

/** All patients in one Bundle: what cannot be held in memory, and not be parsed at once. */
function writeLargeBundle(folder: string, megabytes: number): void {
  const file = openSync(join(folder, 'bundle.json'), 'w');
  let byteCount = writeSync(file, '{\n  "resourceType": "Bundle",\n  "type": "collection",\n  "entry": [ ');
  for (let number = 1; byteCount < megabytes * megabyte; number++) {
    const entries = makePatientRecord(number).map((resource) => toPrettyText(entryOf(resource), '  '));
    byteCount += writeSync(file, (number === 1 ? '' : ', ') + entries.join(', '));
  }
  writeSync(file, ' ]\n}\n');
  closeSync(file);
}

const writers: Readonly<Record<string, (folder: string, amount: number) => void>> = {
  bundles: writeBundles,
  ndjson: writeNdjson,
  lines: writeLines,
  observations: writeObservations,
  large: writeLargeBundle,
};

const [kind = '', folder = '', amount = ''] = process.argv.slice(2);
const write = writers[kind];
if (write === undefined) throw new Error(`kind ${kind} is none of ${Object.keys(writers).join(', ')}`);
mkdirSync(folder, { recursive: true });
write(folder, Number(amount));
