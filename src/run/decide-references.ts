// What the parts' references ask for, and what the parts have → for each part what its references find in the whole
// input, and whether a second reading of it would tell more than the first did.

import type { ReferenceTarget } from '../types.ts';
import { readRecords } from './identifier-spool.ts';
import type { KeyHash } from './key-hash.ts';
import { KeyTable, type KeyTableContent } from './key-table.ts';
import type { ReferenceCountsData } from './reference-counts.ts';
import { type ReferenceDecisions, type ReferenceFindings, wantedKey } from './reference-index.ts';

export interface PartReferences {
  readonly references: ReferenceFindings;
  readonly referenceCounts: ReferenceCountsData;
  /** Type and id of the part's resources. */
  readonly ids: KeyTableContent;
}

export interface DecidedReferences {
  readonly decisions: ReferenceDecisions;
  readonly findsMore: boolean;
}

/** @param keyHash - of the parts */
export function decideReferences(parts: readonly PartReferences[], keyHash: KeyHash): readonly DecidedReferences[] {
  const identified = identify(parts.map(({ references }) => references));
  const owners = parts.map(({ ids, references }) => ({
    tables: [KeyTable.of(ids), KeyTable.of(references.others)],
    types: references.types,
  }));
  const suspects = parts.map(({ referenceCounts }) => referenceCounts.suspects);
  return parts.map(({ references }, part) => {
    const strays = settleStrays(references, part, owners, keyHash);
    return {
      decisions: { identified, strayTypes: strays.foreignTypes, suspects: suspects.filter(({ entryCount }, other) => other !== part && entryCount > 0) },
      findsMore: references.hasForward || strays.findsMore || findsIdentified(references, identified),
    };
  });
}

/** The resources of all parts that have what any part asks for. */
function identify(parts: readonly ReferenceFindings[]): ReadonlyMap<string, readonly ReferenceTarget[]> {
  const identified = new Map<string, ReferenceTarget[]>();
  const wanted = parts.map((part) => KeyTable.of(part.wanted)).filter(({ entryCount }) => entryCount > 0);
  if (wanted.length === 0) return identified;
  const isWanted = (high: number, low: number) => wanted.some((table) => table.find(high, low) >= 0);
  for (const { identifiers, types } of parts) {
    for (const { high, low, typeNumber, id } of readRecords(identifiers, isWanted)) {
      const key = wantedKey(high, low);
      const type = types[typeNumber] as string;
      const known = identified.get(key);
      if (known === undefined) identified.set(key, [{ type, id }]);
      else if (!known.some((target) => target.type === type && target.id === id)) known.push({ type, id });
    }
  }
  return identified;
}

function findsIdentified({ wanted }: ReferenceFindings, identified: ReadonlyMap<string, unknown>): boolean {
  if (identified.size === 0) return false;
  const table = KeyTable.of(wanted);
  for (let entry = 0; entry < table.entryCount; entry++) if (identified.has(wantedKey(table.high(entry), table.low(entry)))) return true;
  return false;
}

interface Owner {
  readonly tables: readonly KeyTable[];
  readonly types: readonly string[];
}

/** A stray urn finds more where more types have a resource with its id than were known when it was met. */
function settleStrays({ strays: content }: ReferenceFindings, part: number, owners: readonly Owner[], keyHash: KeyHash) {
  const foreignTypes = new Map<number, readonly string[]>();
  const strays = KeyTable.of(content);
  let findsMore = false;
  for (let stray = 0; stray < strays.entryCount; stray++) {
    const high = strays.high(stray);
    const low = strays.low(stray);
    const all = new Set<string>();
    const foreign = new Set<string>();
    for (const [number, { tables, types }] of owners.entries()) {
      for (const type of types) {
        keyHash.withType(type, high, low);
        if (!tables.some((table) => table.find(keyHash.high, keyHash.low) >= 0)) continue;
        all.add(type);
        if (number !== part) foreign.add(type);
      }
    }
    if (all.size > strays.word(stray, 0)) findsMore = true;
    if (foreign.size > 0) foreignTypes.set(stray, [...foreign]);
  }
  return { foreignTypes, findsMore };
}
