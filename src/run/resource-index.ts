// Which resources have been met, by type and id → whether one is new, a repetition, or another version.
// 18 bytes a resource, 24 where several threads read. It holds hashes, not ids: equal hash with equal content is a
// repetition; equal hash with other content is settled in a second reading of the input, where ids are compared letter
// by letter.

import { createKeyHash, type KeyHash } from './key-hash.ts';
import { KeyTable, type KeyTableContent } from './key-table.ts';
import type { ReferenceDecisions } from './reference-index.ts';

/** What the index is told of a resource. */
export interface IndexedResource {
  readonly resourceType: string;
  readonly id: string;
  /** `meta.lastUpdated` in milliseconds; NaN when there is none. */
  readonly lastUpdatedMs: number;
  /** 32 bits of the record's text. */
  readonly contentHash: number;
}

/** `differs`: same type and id (as far as hashes tell), other content; needs the second reading. */
export type FirstVerdict = 'new' | 'identical' | 'differs';
/** `changed`: the second reading does not repeat the first. */
export type SecondVerdict = 'keep' | 'identical' | 'superseded' | 'changed';

/** The best later occurrence of one key (type/id) among those that share a hash. */
interface Later {
  /** Counts later occurrences of the whole reading. */
  number: number;
  lastUpdatedMs: number;
  contentHash: number;
}

/** An occurrence that is not the first of its entry. */
export interface LaterOccurrence extends Readonly<Later> {
  /** `Type/id`. */
  readonly key: string;
}

/** What the first reading of one part has learnt. The memory is shared with the index, without copying. */
export interface IndexContent {
  /** Words of an entry: see {@link entryWords}. */
  readonly entries: KeyTableContent;
  /** Entry → its later occurrences, in order, where they are not all like the first. */
  readonly suspects: ReadonlyMap<number, readonly LaterOccurrence[]>;
}

/** What the parts have found out together, for the second reading of one of them. */
export interface PartDecisions {
  /** Entry → 1 when an earlier part has the same with the same content. */
  readonly repeated: Uint8Array | undefined;
  /** What references find in the whole input. */
  readonly references?: ReferenceDecisions | undefined;
  /** Entries that several parts have, with different content. */
  readonly contested: ReadonlyMap<number, Contest>;
}

/** The version that is kept of what several parts have. */
export interface Contest {
  /** The same in all parts. */
  readonly id: number;
  readonly contentHash: number;
  /** Which later occurrence of this part it is; `firstOccurrence`, or `otherPart`. */
  readonly number: number;
}

export const firstOccurrence = -1;
export const otherPart = -2;

interface Suspects {
  readonly laterByKey: Map<string, Later>;
  /** Where the input is read in parts: each of them, since which one wins is known only together with the other parts'. */
  readonly sequence: LaterOccurrence[];
  /** Of the entry's first occurrence, known when the second reading comes to it. */
  firstKey: string | undefined;
  firstUpdatedMs: number;
}

/** The own words of an entry. When the first occurrence was updated is kept where parts are compared with one another. */
export const entryWords = { contentHash: 0, updated: 1 } as const;
/** Bits of the key that make room for the time: 53 are left, so that one pair in nine million billions collides, which costs a second reading. */
const updatedSpareBits = 11;
/** In the year 2109. */
const latestMs = 2 ** 42 - 3;

export class ResourceIndex {
  readonly #entries: KeyTable;
  /** Entry → its occurrences that differ from one another. */
  readonly #suspects = new Map<number, Suspects>();
  readonly #keyHash: KeyHash;
  readonly #isPart: boolean;
  #decisions: PartDecisions = { repeated: undefined, contested: new Map() };
  /** In the second reading: contest → the key it is about. */
  readonly #contestKeys = new Map<number, string>();
  #hasCollision = false;
  /** Occurrences after the first of their entry, in this reading. */
  #laterCount = 0;
  /** In the second reading: entries whose first occurrence has come by. */
  #seenCount = 0;

  /** @param isPart - true when others index the rest of the sources, with the same `keyHash`. */
  constructor(keyHash: KeyHash = createKeyHash(...randomSeeds()), isPart = false) {
    this.#keyHash = keyHash;
    this.#isPart = isPart;
    this.#entries = new KeyTable(isPart ? 2 : 1, isPart ? updatedSpareBits : 0);
  }

  /** Distinct hashes met: the number of entries. */
  get entryCount(): number {
    return this.#entries.entryCount;
  }

  /** In the second reading: entries whose first occurrence has come by. */
  get seenCount(): number {
    return this.#seenCount;
  }

  /** Bytes held, but for what suspects take. */
  get byteCount(): number {
    return this.#entries.byteCount;
  }

  /** True when some resource came with other content later on. */
  get needsSecondReading(): boolean {
    return this.#suspects.size > 0;
  }

  /** First reading. */
  add(resource: IndexedResource): FirstVerdict {
    const entry = this.entryOf(resource.resourceType, resource.id);
    if (entry < 0) {
      this.#addEntry(resource);
      return 'new';
    }
    const number = this.#laterCount++;
    let suspects = this.#suspects.get(entry);
    if (suspects === undefined) {
      if (this.#contentHashOf(entry) === resource.contentHash) return 'identical';
      suspects = { laterByKey: new Map(), sequence: [], firstKey: undefined, firstUpdatedMs: Number.NaN };
      this.#suspects.set(entry, suspects);
    }
    const { lastUpdatedMs, contentHash } = resource;
    const key = keyOf(resource);
    if (this.#isPart) addUnlessRepeated(suspects.sequence, { key, number, lastUpdatedMs, contentHash });
    const later = suspects.laterByKey.get(key);
    if (later === undefined) {
      suspects.laterByKey.set(key, { number, lastUpdatedMs, contentHash });
      return 'differs';
    }
    if (later.contentHash === contentHash) return 'identical';
    if (wins(lastUpdatedMs, later.lastUpdatedMs)) Object.assign(later, { number, lastUpdatedMs, contentHash });
    return 'differs';
  }

  /** The entry of a resource with this type and id, as far as hashes tell; -1 when none was met. */
  entryOf(resourceType: string, id: string): number {
    this.#keyHash.hash(resourceType, id);
    return this.entryOfKey(this.#keyHash.high, this.#keyHash.low);
  }

  entryOfKey(high: number, low: number): number {
    return this.#entries.find(high, low);
  }

  content(): IndexContent {
    const suspects = new Map([...this.#suspects].map(([entry, { sequence }]) => [entry, sequence]));
    return { entries: this.#entries.content(), suspects };
  }

  /** Begins the second reading, of the same resources in the same order. */
  startSecondReading(decisions: PartDecisions = this.#decisions): void {
    this.#decisions = decisions;
    this.#contestKeys.clear();
    this.#laterCount = 0;
    this.#seenCount = 0;
  }

  /** Second reading. */
  check(resource: IndexedResource): SecondVerdict {
    const entry = this.entryOf(resource.resourceType, resource.id);
    if (entry < 0 || entry > this.#seenCount) return 'changed';
    const isFirst = entry === this.#seenCount;
    const number = isFirst ? firstOccurrence : this.#laterCount++;
    if (isFirst) this.#seenCount++;
    if (this.#decisions.repeated?.[entry] === 1) return 'identical';
    const contest = this.#decisions.contested.get(entry);
    if (contest !== undefined) {
      this.#noteContestKey(contest, resource);
      return number === contest.number ? 'keep' : verdictOnLoser(resource, contest.contentHash);
    }
    const suspects = this.#suspects.get(entry);
    if (isFirst) {
      if (suspects === undefined) return 'keep';
      suspects.firstKey = keyOf(resource);
      suspects.firstUpdatedMs = resource.lastUpdatedMs;
      const later = suspects.laterByKey.get(suspects.firstKey);
      return later !== undefined && wins(later.lastUpdatedMs, suspects.firstUpdatedMs) ? verdictOnLoser(resource, later.contentHash) : 'keep';
    }
    if (suspects === undefined) return 'identical';
    const key = keyOf(resource);
    const later = suspects.laterByKey.get(key);
    // A key that no later occurrence had in the first reading: a repetition of the entry's first, before it had rivals.
    if (later === undefined) return key === suspects.firstKey ? 'identical' : 'changed';
    if (key === suspects.firstKey && !wins(later.lastUpdatedMs, suspects.firstUpdatedMs)) {
      return verdictOnLoser(resource, this.#contentHashOf(entry));
    }
    return number === later.number ? 'keep' : verdictOnLoser(resource, later.contentHash);
  }

  /** After the second reading: true when it came to all that the first had. */
  get isSecondReadingComplete(): boolean {
    return this.#seenCount === this.#entries.entryCount;
  }

  /** Contest → key, as the second reading found it. Parts that disagree were misled by a collision of hashes. */
  get contestKeys(): ReadonlyMap<number, string> {
    return this.#contestKeys;
  }

  /** True when the second reading found two keys in one contest. */
  get hasCollision(): boolean {
    return this.#hasCollision;
  }

  #noteContestKey({ id }: Contest, resource: IndexedResource): void {
    const key = keyOf(resource);
    const known = this.#contestKeys.get(id);
    if (known === undefined) this.#contestKeys.set(id, key);
    else if (known !== key) this.#hasCollision = true;
  }

  #contentHashOf(entry: number): number {
    return this.#entries.word(entry, entryWords.contentHash);
  }

  /** After `entryOf` has not found it. */
  #addEntry(resource: IndexedResource): void {
    const entry = this.#entries.add(this.#keyHash.high, this.#keyHash.low);
    this.#entries.setWord(entry, entryWords.contentHash, resource.contentHash);
    if (this.#isPart) keepUpdated(this.#entries, entry, resource.lastUpdatedMs);
  }
}

/** A time as an entry keeps it: in whole milliseconds. */
export interface KeptTime {
  /** NaN when there is none. */
  readonly ms: number;
  /** False when there was more to it than that. */
  readonly isExact: boolean;
}

/** 43 bits: twice the milliseconds since 1970 and 2 more, odd when inexact; 0 when there is no time. */
function keepUpdated(entries: KeyTable, entry: number, lastUpdatedMs: number): void {
  const ms = Math.min(Math.max(Math.floor(lastUpdatedMs), 0), latestMs);
  const kept = Number.isNaN(lastUpdatedMs) ? 0 : (ms + 1) * 2 + (ms === lastUpdatedMs ? 0 : 1);
  entries.setWord(entry, entryWords.updated, kept % 0x1_0000_0000);
  entries.setSpare(entry, Math.floor(kept / 0x1_0000_0000));
}

export function updatedOf(entries: KeyTable, entry: number): KeptTime {
  const kept = entries.spare(entry) * 0x1_0000_0000 + entries.word(entry, entryWords.updated);
  return { ms: kept === 0 ? Number.NaN : Math.floor(kept / 2) - 1, isExact: kept % 2 === 0 };
}

/** The rule: the newest `meta.lastUpdated` when both have one (the later read when equal), else the last one read. */
export function wins(laterMs: number, earlierMs: number): boolean {
  return !(laterMs < earlierMs);
}

function verdictOnLoser(loser: IndexedResource, winnerHash: number): SecondVerdict {
  return loser.contentHash === winnerHash ? 'identical' : 'superseded';
}

function keyOf({ resourceType, id }: IndexedResource): string {
  return `${resourceType}/${id}`;
}

/** A repetition of the occurrence right before it changes nothing, whatever came before the two. */
function addUnlessRepeated(sequence: LaterOccurrence[], occurrence: LaterOccurrence): void {
  const last = sequence.at(-1);
  if (last === undefined || last.contentHash !== occurrence.contentHash || last.key !== occurrence.key) sequence.push(occurrence);
}

/** For `createKeyHash`. */
export function randomSeeds(): readonly [number, number] {
  return [randomSeed(), randomSeed()];
}

function randomSeed(): number {
  return Math.floor(Math.random() * 0x1_0000_0000) | 0;
}
