// What each part of the sources has met → what of it the whole run keeps: the same that one reading in the order of the
// sources would. A part has to be read again where something of it must not be, or not yet be, in the output.

import { KeyTable } from './key-table.ts';
import {
  type Contest,
  entryWords,
  firstOccurrence,
  type IndexContent,
  type KeptTime,
  otherPart,
  type PartDecisions,
  updatedOf,
  wins,
} from './resource-index.ts';

/** Undefined for a part whose rows stand as they were written. */
export type Settlement = readonly (PartDecisions | undefined)[];

/** Undefined when two keys share a hash, or two times a millisecond: only a reading in one piece can tell them apart. */
export function settleDuplicates(parts: readonly IndexContent[]): Settlement | undefined {
  const [only] = parts;
  // A single part has decided about its own while it was read.
  if (parts.length === 1 && only !== undefined) return [only.suspects.size > 0 ? noDecisions : undefined];
  const tables = parts.map(({ entries }) => KeyTable.of(entries));
  const { bases, firstOf, contestedIds } = findShared(parts, tables);
  const members = new Map<number, Member[]>([...contestedIds].map((id) => [id, []]));
  const repeated: (Uint8Array | undefined)[] = parts.map(() => undefined);
  for (const [part, { entries }] of parts.entries()) {
    const { entryCount } = entries;
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
    const winner = findWinner(parts, tables, rivals);
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
  readonly updated: KeptTime;
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

function findShared(parts: readonly IndexContent[], tables: readonly KeyTable[]): Shared {
  const bases: number[] = [];
  let total = 0;
  for (const { entries } of parts) {
    bases.push(total);
    total += entries.entryCount;
  }
  /** Own words: the content's hash, and the number of the first entry with the key. */
  const all = new KeyTable(2);
  const hasSuspects = new Uint8Array(total);
  const contestedIds = new Set<number>();
  const firstOf = parts.map((part, partNumber) => {
    const base = bases[partNumber] as number;
    const entries = tables[partNumber] as KeyTable;
    for (const entry of part.suspects.keys()) hasSuspects[base + entry] = 1;
    const ids = new Uint32Array(entries.entryCount);
    for (let entry = 0; entry < ids.length; entry++) {
      const contentHash = entries.word(entry, entryWords.contentHash);
      const known = all.find(entries.high(entry), entries.low(entry));
      if (known < 0) {
        const added = all.add(entries.high(entry), entries.low(entry));
        all.setWord(added, 0, contentHash);
        all.setWord(added, 1, base + entry);
        ids[entry] = base + entry;
        continue;
      }
      const first = all.word(known, 1);
      ids[entry] = first;
      if (all.word(known, 0) !== contentHash || hasSuspects[first] === 1 || hasSuspects[base + entry] === 1) contestedIds.add(first);
    }
    return ids;
  });
  return { bases, firstOf, contestedIds };
}

/** Goes through all occurrences in the order of the sources, by the rule of ResourceIndex. */
function findWinner(parts: readonly IndexContent[], tables: readonly KeyTable[], members: readonly Member[]): Occurrence | undefined {
  let key: string | undefined;
  let first: Occurrence | undefined;
  let later: Occurrence | undefined;
  for (const { part, entry } of members) {
    const { suspects } = parts[part] as IndexContent;
    const entries = tables[part] as KeyTable;
    const laterOnes = suspects.get(entry) ?? [];
    for (const occurrence of laterOnes) {
      key ??= occurrence.key;
      if (occurrence.key !== key) return undefined;
    }
    const itsFirst = { part, number: firstOccurrence, updated: updatedOf(entries, entry), contentHash: entries.word(entry, entryWords.contentHash) };
    const others = laterOnes.map(({ number, lastUpdatedMs, contentHash }) => ({ part, number, updated: { ms: lastUpdatedMs, isExact: true }, contentHash }));
    for (const occurrence of [itsFirst, ...others]) {
      if (first === undefined) first = occurrence;
      else if (later === undefined) later = occurrence.contentHash === first.contentHash ? undefined : occurrence;
      else if (occurrence.contentHash !== later.contentHash) {
        const isNewer = winsAsKept(occurrence.updated, later.updated);
        if (isNewer === undefined) return undefined;
        if (isNewer) later = occurrence;
      }
    }
  }
  if (first === undefined || later === undefined) return first;
  const isNewer = winsAsKept(later.updated, first.updated);
  return isNewer === undefined ? undefined : isNewer ? later : first;
}

/** Undefined when it depends on what was not kept. */
function winsAsKept(later: KeptTime, earlier: KeptTime): boolean | undefined {
  const isKnown = (later.isExact && earlier.isExact) || Math.floor(later.ms) !== Math.floor(earlier.ms);
  return isKnown ? wins(later.ms, earlier.ms) : undefined;
}
