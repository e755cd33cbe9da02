// What each part of the sources has met → what of it the whole run keeps: the same that one reading in the order of the
// sources would. A part has to be read again where something of it must not be, or not yet be, in the output.

import { type Contest, firstOccurrence, type IndexContent, otherPart, type PartDecisions, wins } from './resource-index.ts';

/** Undefined for a part whose rows stand as they were written. */
export type Settlement = readonly (PartDecisions | undefined)[];

/** Undefined when two keys share a hash, so that only a reading in one piece can tell them apart. */
export function settleDuplicates(parts: readonly IndexContent[]): Settlement | undefined {
  const [only] = parts;
  // A single part has decided about its own while it was read.
  if (parts.length === 1 && only !== undefined) return [only.suspects.size > 0 ? noDecisions : undefined];
  const { bases, firstOf, contestedIds } = findShared(parts);
  const members = new Map<number, Member[]>([...contestedIds].map((id) => [id, []]));
  const repeated: (Uint8Array | undefined)[] = parts.map(() => undefined);
  for (const [part, { entryCount }] of parts.entries()) {
    const ids = firstOf[part] as Uint32Array;
    const base = bases[part] as number;
    for (let entry = 0; entry < entryCount; entry++) {
      const id = ids[entry] as number;
      if (contestedIds.has(id)) {
        members.get(id)?.push({ part, entry });
      } else if (id !== base + entry) {
        const marks = repeated[part] ?? new Uint8Array(entryCount);
        marks[entry] = 1;
        repeated[part] = marks;
      }
    }
  }
  const contested = parts.map(() => new Map<number, Contest>());
  for (const [id, rivals] of members) {
    const winner = findWinner(parts, rivals);
    if (winner === undefined) return undefined;
    for (const { part, entry } of rivals) {
      contested[part]?.set(entry, { id, contentHash: winner.contentHash, number: winner.part === part ? winner.number : otherPart });
    }
  }
  return parts.map(({ suspects }, part) => {
    const contests = contested[part] as Map<number, Contest>;
    const isSettled = suspects.size === 0 && contests.size === 0 && repeated[part] === undefined;
    return isSettled ? undefined : { repeated: repeated[part], contested: contests };
  });
}

const noDecisions: PartDecisions = { repeated: undefined, contested: new Map() };

/** An entry of a part's index. */
interface Member {
  readonly part: number;
  readonly entry: number;
}

interface Occurrence {
  readonly part: number;
  readonly number: number;
  readonly lastUpdatedMs: number;
  readonly contentHash: number;
}

interface Shared {
  /** Part → the number of its first entry when the entries of all parts are counted through. */
  readonly bases: readonly number[];
  /** Part → entry → the number of the first entry with the same hash in any part. */
  readonly firstOf: readonly Uint32Array[];
  /** Those first entries of which several parts have different versions. */
  readonly contestedIds: ReadonlySet<number>;
}

function findShared(parts: readonly IndexContent[]): Shared {
  const bases: number[] = [];
  let total = 0;
  for (const { entryCount } of parts) {
    bases.push(total);
    total += entryCount;
  }
  const highs = new Uint32Array(total);
  const lows = new Uint32Array(total);
  const contentHashes = new Uint32Array(total);
  const hasSuspects = new Uint8Array(total);
  /** Hash slot → number of an entry + 1; open addressing. */
  const slots = new Uint32Array(2 ** Math.ceil(Math.log2(Math.max(2, total * 1.5))));
  const mask = slots.length - 1;
  const contestedIds = new Set<number>();
  const firstOf = parts.map((part, partNumber) => {
    const base = bases[partNumber] as number;
    highs.set(part.highs.subarray(0, part.entryCount), base);
    lows.set(part.lows.subarray(0, part.entryCount), base);
    contentHashes.set(part.contentHashes.subarray(0, part.entryCount), base);
    for (const entry of part.suspects.keys()) hasSuspects[base + entry] = 1;
    const ids = new Uint32Array(part.entryCount);
    for (let id = base; id < base + part.entryCount; id++) {
      let slot = (lows[id] as number) & mask;
      let first = (slots[slot] as number) - 1;
      while (first >= 0 && (lows[first] !== lows[id] || highs[first] !== highs[id])) {
        slot = (slot + 1) & mask;
        first = (slots[slot] as number) - 1;
      }
      if (first < 0) {
        slots[slot] = id + 1;
        ids[id - base] = id;
        continue;
      }
      ids[id - base] = first;
      if (contentHashes[first] !== contentHashes[id] || hasSuspects[first] === 1 || hasSuspects[id] === 1) contestedIds.add(first);
    }
    return ids;
  });
  return { bases, firstOf, contestedIds };
}

/** Goes through all occurrences in the order of the sources, by the rule of ResourceIndex. */
function findWinner(parts: readonly IndexContent[], members: readonly Member[]): Occurrence | undefined {
  let key: string | undefined;
  let first: Occurrence | undefined;
  let later: Occurrence | undefined;
  for (const { part, entry } of members) {
    const { contentHashes, lastUpdatedMs, suspects } = parts[part] as IndexContent;
    const laterOnes = suspects.get(entry) ?? [];
    for (const occurrence of laterOnes) {
      key ??= occurrence.key;
      if (occurrence.key !== key) return undefined;
    }
    const itsFirst = { number: firstOccurrence, lastUpdatedMs: lastUpdatedMs[entry] as number, contentHash: contentHashes[entry] as number };
    for (const { number, lastUpdatedMs, contentHash } of [itsFirst, ...laterOnes]) {
      const occurrence: Occurrence = { part, number, lastUpdatedMs, contentHash };
      if (first === undefined) first = occurrence;
      else if (later === undefined) later = contentHash === first.contentHash ? undefined : occurrence;
      else if (contentHash !== later.contentHash && wins(lastUpdatedMs, later.lastUpdatedMs)) later = occurrence;
    }
  }
  return first !== undefined && later !== undefined && wins(later.lastUpdatedMs, first.lastUpdatedMs) ? later : first;
}
