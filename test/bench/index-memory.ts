// How many bytes the run keeps of each resource it has met: the index of ids, and what it holds of identifiers.
//   node --expose-gc --import tsx test/bench/index-memory.ts [resources]

import { createKeyHash } from '../../src/run/key-hash.ts';
import { ReferenceIndex } from '../../src/run/reference-index.ts';
import { ResourceIndex } from '../../src/run/resource-index.ts';

const resourceCount = Number(process.argv[2] ?? 2_000_000);

/** All memory that the process holds for buffers and objects, without what is garbage. */
async function heldBytes(): Promise<number> {
  // Buffers are given back some time after they were found to be garbage.
  for (let round = 0; round < 5; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
}

/** Adds resources with an identifier each, as a run with one thread or with several does. */
async function measure(isPart: boolean): Promise<string> {
  const before = await heldBytes();
  const keyHash = createKeyHash(1, 2);
  const index = new ResourceIndex(keyHash, isPart);
  const references = new ReferenceIndex(index, keyHash);
  for (let number = 0; number < resourceCount; number++) {
    const id = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
    const resource = { resourceType: 'Patient', id, identifier: [{ system: 'http://example.org/mrn', value: String(number) }] };
    const nothing = { location: () => ({ sourceName: '' }), rawText: () => '', rawBytes: () => new Uint8Array(0) };
    references.add('Patient', id, { resource, hasNumberText: false, fullUrl: undefined, ...nothing }, true);
    index.add({ resourceType: 'Patient', id, lastUpdatedMs: 1_600_000_000_000 + number, contentHash: number });
  }
  const perResource = ((await heldBytes()) - before) / resourceCount;
  const line = `${isPart ? 'several threads' : 'one thread'}: ids ${(index.byteCount / resourceCount).toFixed(1)}, ids and identifiers ${perResource.toFixed(1)}`;
  references.close();
  return line;
}

console.log(`bytes per resource, of ${resourceCount.toLocaleString('en')} resources with an identifier each`);
console.log(await measure(false));
console.log(await measure(true));
