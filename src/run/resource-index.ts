// Which resources have been met, by type and id → whether one is new, a repetition, or another version.
// About 25 bytes a resource, in typed arrays. It holds hashes, not ids: equal hash with equal content is a repetition;
// equal hash with other content is settled in a second reading of the input, where ids are compared letter by letter.

import { createKeyHash, type KeyHash } from './key-hash.ts';
import type { IdentifiedResources } from './reference-index.ts';

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

/** What the first reading of one part has learnt. The arrays are shared with the index, without copying. */
export interface IndexContent {
  readonly entryCount: number;
  readonly highs: Uint32Array;
  readonly lows: Uint32Array;
  readonly contentHashes: Uint32Array;
  readonly lastUpdatedMs: Float64Array;
  /** Entry → its later occurrences, in order, where they are not all like the first. */
  readonly suspects: ReadonlyMap<number, readonly LaterOccurrence[]>;
}

/** What the parts have found out together, for the second reading of one of them. */
export interface PartDecisions {
  /** Entry → 1 when an earlier part has the same with the same content. */
  readonly repeated: Uint8Array | undefined;
  /** What references can find by identifier; undefined when none asked. */
  readonly identified?: IdentifiedResources | undefined;
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
  /** Known when the second reading comes to it. */
  firstKey: string | undefined;
}

const firstCapacity = 1024;
const growth = 1.5;
/** Slots per entry at least; beyond, probing gets slow. */
const slotsPerEntry = 1.25;

export class ResourceIndex {
  /** Distinct hashes met: the number of entries. */
  #entryCount = 0;
  #highs = sharedWords(firstCapacity);
  #lows = sharedWords(firstCapacity);
  #contentHashes = sharedWords(firstCapacity);
  #lastUpdatedMs = sharedDoubles(firstCapacity);
  /** Hash slot → entry + 1, 0 when free; open addressing, a power of two long. */
  #slots = new Uint32Array(firstCapacity * 2);
  /** Entry → its occurrences that differ from one another. */
  readonly #suspects = new Map<number, Suspects>();
  readonly #keyHash: KeyHash;
  readonly #keepsSequences: boolean;
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
    this.#keepsSequences = isPart;
  }

  /** True when some resource came with other content later on. */
  get needsSecondReading(): boolean {
    return this.#suspects.size > 0;
  }

  /** First reading. */
  add(resource: IndexedResource): FirstVerdict {
    const slot = this.#findSlot(resource);
    const entry = (this.#slots[slot] as number) - 1;
    if (entry < 0) {
      this.#addEntry(slot, resource);
      return 'new';
    }
    const number = this.#laterCount++;
    let suspects = this.#suspects.get(entry);
    if (suspects === undefined) {
      if (this.#contentHashes[entry] === resource.contentHash) return 'identical';
      suspects = { laterByKey: new Map(), sequence: [], firstKey: undefined };
      this.#suspects.set(entry, suspects);
    }
    const { lastUpdatedMs, contentHash } = resource;
    const key = keyOf(resource);
    if (this.#keepsSequences) addUnlessRepeated(suspects.sequence, { key, number, lastUpdatedMs, contentHash });
    const later = suspects.laterByKey.get(key);
    if (later === undefined) {
      suspects.laterByKey.set(key, { number, lastUpdatedMs, contentHash });
      return 'differs';
    }
    if (later.contentHash === contentHash) return 'identical';
    if (wins(lastUpdatedMs, later.lastUpdatedMs)) Object.assign(later, { number, lastUpdatedMs, contentHash });
    return 'differs';
  }

  /** True when a resource with this type and id was met, as far as hashes tell. */
  has(resourceType: string, id: string): boolean {
    return this.#slots[this.#findSlot({ resourceType, id })] !== 0;
  }

  content(): IndexContent {
    const suspects = new Map([...this.#suspects].map(([entry, { sequence }]) => [entry, sequence]));
    return {
      entryCount: this.#entryCount,
      highs: this.#highs,
      lows: this.#lows,
      contentHashes: this.#contentHashes,
      lastUpdatedMs: this.#lastUpdatedMs,
      suspects,
    };
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
    const entry = (this.#slots[this.#findSlot(resource)] as number) - 1;
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
      const later = suspects.laterByKey.get(suspects.firstKey);
      return later !== undefined && this.#supersedesFirst(entry, later) ? verdictOnLoser(resource, later.contentHash) : 'keep';
    }
    if (suspects === undefined) return 'identical';
    const key = keyOf(resource);
    const later = suspects.laterByKey.get(key);
    // A key that no later occurrence had in the first reading: a repetition of the entry's first, before it had rivals.
    if (later === undefined) return key === suspects.firstKey ? 'identical' : 'changed';
    if (key === suspects.firstKey && !this.#supersedesFirst(entry, later)) {
      return verdictOnLoser(resource, this.#contentHashes[entry] as number);
    }
    return number === later.number ? 'keep' : verdictOnLoser(resource, later.contentHash);
  }

  /** After the second reading: true when it came to all that the first had. */
  get isSecondReadingComplete(): boolean {
    return this.#seenCount === this.#entryCount;
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

  #supersedesFirst(entry: number, later: Later): boolean {
    return wins(later.lastUpdatedMs, this.#lastUpdatedMs[entry] as number);
  }

  /** The slot of the resource's hash: its entry's, or the free one where it belongs. */
  #findSlot(resource: Pick<IndexedResource, 'resourceType' | 'id'>): number {
    const keyHash = this.#keyHash;
    keyHash.hash(resource.resourceType, resource.id);
    const { high, low } = keyHash;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = low & mask;
    for (let entry = slots[slot] as number; entry !== 0; entry = slots[slot] as number) {
      if (this.#lows[entry - 1] === low && this.#highs[entry - 1] === high) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #addEntry(freeSlot: number, resource: IndexedResource): void {
    const entry = this.#entryCount++;
    if (entry === this.#highs.length) this.#growEntries();
    this.#highs[entry] = this.#keyHash.high;
    this.#lows[entry] = this.#keyHash.low;
    this.#contentHashes[entry] = resource.contentHash;
    this.#lastUpdatedMs[entry] = resource.lastUpdatedMs;
    this.#slots[freeSlot] = entry + 1;
    if (this.#entryCount * slotsPerEntry > this.#slots.length) this.#growSlots();
  }

  #growEntries(): void {
    const capacity = Math.ceil(this.#highs.length * growth);
    this.#highs = copyInto(sharedWords(capacity), this.#highs);
    this.#lows = copyInto(sharedWords(capacity), this.#lows);
    this.#contentHashes = copyInto(sharedWords(capacity), this.#contentHashes);
    this.#lastUpdatedMs = copyInto(sharedDoubles(capacity), this.#lastUpdatedMs);
  }

  #growSlots(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let entry = 0; entry < this.#entryCount; entry++) {
      let slot = (this.#lows[entry] as number) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry + 1;
    }
    this.#slots = slots;
  }
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

function copyInto<T extends Uint32Array | Float64Array>(target: T, source: T): T {
  target.set(source);
  return target;
}

/** A repetition of the occurrence right before it changes nothing, whatever came before the two. */
function addUnlessRepeated(sequence: LaterOccurrence[], occurrence: LaterOccurrence): void {
  const last = sequence.at(-1);
  if (last === undefined || last.contentHash !== occurrence.contentHash || last.key !== occurrence.key) sequence.push(occurrence);
}

// Shared memory, so that the thread which puts the parts together reads another one's entries without a copy.
function sharedWords(count: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(count * Uint32Array.BYTES_PER_ELEMENT));
}

function sharedDoubles(count: number): Float64Array {
  return new Float64Array(new SharedArrayBuffer(count * Float64Array.BYTES_PER_ELEMENT));
}

/** For `createKeyHash`. */
export function randomSeeds(): readonly [number, number] {
  return [randomSeed(), randomSeed()];
}

function randomSeed(): number {
  return Math.floor(Math.random() * 0x1_0000_0000) | 0;
}
