// What references point to, across the sources: entries of Bundles by their fullUrl, resources by their identifiers.
// What comes later than the reference that needs it is found in a second reading, which is asked for only then.
//
// `urn:uuid:U` means, in this order: the entry of its own Bundle with this fullUrl, of the Bundles around that one, the
// resource of the input whose id is U, the only entry of any other Bundle with this fullUrl.

import type { ByteFunctions } from '../bytes/load-module.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import type { BundleScope, ReferenceLookup, ReferenceTarget, ResourceEnvelope, ResourceIdentifier } from '../types.ts';
import { type IdentifierRecords, IdentifierSpool } from './identifier-spool.ts';
import type { KeyHash } from './key-hash.ts';
import { KeyTable, type KeyTableContent } from './key-table.ts';
import type { ResourceIndex } from './resource-index.ts';

/** What one reading of a part has learnt of references. */
export interface ReferenceFindings {
  /** Texts that references ask for: identifiers, and urns that no entry of their Bundle has. */
  readonly wanted: KeyTableContent;
  /** Where they may be found. */
  readonly identifiers: IdentifierRecords;
  /** Ids of urns that no entry of their Bundle has; own word: how many types were known to have a resource with that id. */
  readonly strays: KeyTableContent;
  /** Types of the resources met. */
  readonly types: readonly string[];
  /** Keys of resources that have no rows, since nobody asked for their tables. */
  readonly others: KeyTableContent;
  /** A reference came before the entry of its Bundle that it points to, so that a second reading tells more. */
  readonly hasForward: boolean;
}

/** What all parts together have found, for the second reading of one of them. */
export interface ReferenceDecisions {
  /** `high low` of a wanted text → the resources that have it. */
  readonly identified: ReadonlyMap<string, readonly ReferenceTarget[]>;
  /** Entry of the part's strays → types of other parts' resources with that id. */
  readonly strayTypes: ReadonlyMap<number, readonly string[]>;
  /** Keys of the other parts' resources that may have no row. */
  readonly suspects: readonly KeyTableContent[];
}

export const noReferenceDecisions: ReferenceDecisions = { identified: new Map(), strayTypes: new Map(), suspects: [] };

/** A Bundle as it is read. */
interface Scope {
  readonly number: number;
  readonly outer: Scope | undefined;
  /** Entries of the indexes when the Bundle began: later ones are its own. */
  readonly firstEntry: number;
  readonly firstOther: number;
  /** fullUrl → entries so far whose id is not the fullUrl's. */
  readonly renamed: Map<string, ReferenceTarget>;
  /** Id → the entry so far that has it; undefined where several types do. In the first reading. */
  readonly own: Map<string, ReferenceTarget | undefined>;
  /** References so far whose entry had not come; in the first reading. */
  awaitedCount: number;
}

const mostFound = 4096;
/** Ids of a Bundle that are kept as texts: others are found by their hashes, with the same result. */
const mostOwn = 4096;
const urnPattern = /^urn:(?:uuid|oid):(.+)$/;
/** Own words of an entry of `#awaited`: the target's type counted from 1 when it has come, and its id likewise when it is not the urn's. */
const awaitedWords = { type: 0, id: 1 } as const;

export class ReferenceIndex implements ReferenceLookup {
  readonly #resources: ResourceIndex;
  readonly #keyHash: KeyHash;
  readonly #canReadAgain: boolean;
  readonly #spool = new IdentifierSpool();
  readonly #wanted = new KeyTable(0);
  readonly #strays = new KeyTable(1);
  /** Scope and urn → the entry that came later than a reference to it. */
  readonly #awaited = new KeyTable(2);
  readonly #awaitedIds: string[] = [];
  /** Resources without rows of their own, by type and id. */
  readonly #others = new KeyTable(0);
  #otherSeenCount = 0;
  readonly #types: string[] = [];
  readonly #typeNumbers = new Map<string, number>();
  #hasForward = false;
  /** Given for the second reading. */
  #decisions: ReferenceDecisions | undefined;

  #bundle: BundleScope | undefined;
  #scope: Scope | undefined;
  #scopeCount = 0;
  /** Of the Bundles around the one being read. */
  #scopes = new Map<BundleScope, Scope>();
  /** Urns of the scope that were found: the same few are asked for again and again. */
  readonly #found = new Map<string, ReferenceTarget>();
  generation = 0;

  /** @param canReadAgain - false when what comes later is of no use any more. */
  constructor(resources: ResourceIndex, keyHash: KeyHash, canReadAgain = true) {
    this.#resources = resources;
    this.#keyHash = keyHash;
    this.#canReadAgain = canReadAgain;
  }

  /** Before the first reading: what the resources to come were taken with. */
  useModule(functions: ByteFunctions): void {
    if (this.#canReadAgain) this.#spool.useModule(functions, this.#keyHash.seeds);
  }

  startSecondReading(decisions: ReferenceDecisions): void {
    this.#decisions = decisions;
    this.#enter(undefined);
    this.#scopeCount = 0;
    this.#scopes.clear();
    this.#otherSeenCount = 0;
  }

  /** To be called before a resource's references are looked up, and before the resource goes to the index of resources. */
  add(resourceType: string, id: string, envelope: ResourceEnvelope, hasRow: boolean): void {
    const { bundle, fullUrl } = envelope;
    if (bundle !== this.#bundle) this.#enter(bundle);
    if (!hasRow) this.#addOther(resourceType, id);
    if (this.#decisions === undefined) {
      const typeNumber = this.#numberOf(resourceType);
      if (this.#canReadAgain) this.#spoolAll(typeNumber, resourceType, id, envelope);
    }
    if (fullUrl !== undefined && this.#scope !== undefined) this.#addEntry(fullUrl, { type: resourceType, id }, this.#scope);
  }

  /** To be called in the first reading when the index of resources has got an entry. */
  noteNew(type: string, id: string): void {
    if (this.#decisions !== undefined) return;
    for (let scope = this.#scope; scope !== undefined; scope = scope.outer) {
      const { own } = scope;
      // One that is kept must not be taken for the only one.
      if (own.has(id)) own.set(id, undefined);
      else if (own.size < mostOwn) own.set(id, { type, id });
    }
  }

  /** Takes down what a resource refers to that is not flattened in this reading, but may be in the second. */
  scan(value: JsonValue): void {
    if (Array.isArray(value)) for (const item of value) this.scan(item);
    else if (isJsonObject(value)) {
      this.#scanReference(value);
      for (const key in value) if (typeof value[key] === 'object') this.scan(value[key] as JsonValue);
    }
  }

  #scanReference({ identifier, reference }: JsonObject): void {
    if (typeof reference === 'string') {
      const urn = urnPattern.exec(reference);
      if (urn !== null) this.#countStray(urn[1] as string);
      const query = reference.indexOf('?identifier=');
      if (urn !== null || query < 0) this.#want(reference);
      else this.#want(decodeLoosely(reference.slice(query + '?identifier='.length)));
    } else if (isJsonObject(identifier) && typeof identifier['value'] === 'string') {
      this.#want(`${typeof identifier['system'] === 'string' ? identifier['system'] : ''}|${identifier['value']}`);
    }
  }

  #enter(bundle: BundleScope | undefined): void {
    this.#found.clear();
    this.generation++;
    this.#bundle = bundle;
    if (bundle === undefined) {
      this.#scope = undefined;
      this.#scopes.clear();
      return;
    }
    const around = new Map<BundleScope, Scope>();
    this.#scope = this.#scopeOf(bundle, around);
    this.#scopes = around;
  }

  /** Bundles that have ended are forgotten: those which are neither the one entered nor around it. */
  #scopeOf(bundle: BundleScope, around: Map<BundleScope, Scope>): Scope {
    const outer = bundle.outer === undefined ? undefined : this.#scopeOf(bundle.outer, around);
    let scope = this.#scopes.get(bundle);
    if (scope === undefined) {
      const isFirstReading = this.#decisions === undefined;
      scope = {
        number: this.#scopeCount++,
        outer,
        firstEntry: isFirstReading ? this.#resources.entryCount : this.#resources.seenCount,
        firstOther: isFirstReading ? this.#others.entryCount : this.#otherSeenCount,
        renamed: new Map(),
        own: new Map(),
        awaitedCount: 0,
      };
    }
    around.set(bundle, scope);
    return scope;
  }

  #numberOf(resourceType: string): number {
    let number = this.#typeNumbers.get(resourceType);
    if (number === undefined) {
      number = this.#types.push(resourceType) - 1;
      this.#typeNumbers.set(resourceType, number);
    }
    return number;
  }

  #addOther(resourceType: string, id: string): void {
    this.#keyHash.hash(resourceType, id);
    const { high, low } = this.#keyHash;
    const entry = this.#others.find(high, low);
    if (entry < 0) {
      this.#others.add(high, low);
      this.noteNew(resourceType, id);
    } else if (this.#decisions !== undefined && entry === this.#otherSeenCount) this.#otherSeenCount++;
  }

  #addEntry(fullUrl: string, target: ReferenceTarget, scope: Scope): void {
    const isRenamed = !endsWithId(fullUrl, target.id);
    if (isRenamed) {
      scope.renamed.set(fullUrl, target);
      this.#forget(fullUrl);
    }
    if (this.#decisions !== undefined) return;
    if (isRenamed && this.#canReadAgain) {
      this.#keyHash.hashText(fullUrl);
      this.#spoolHash(target.type, target.id);
    }
    const awaited = scope.awaitedCount === 0 ? -1 : this.#findAwaited(scope, fullUrl);
    if (awaited < 0) return;
    // A reference before this entry was taken to mean something else, or nothing.
    this.#hasForward = true;
    this.#forget(fullUrl);
    this.#awaited.setWord(awaited, awaitedWords.type, this.#numberOf(target.type) + 1);
    if (isRenamed) this.#awaited.setWord(awaited, awaitedWords.id, this.#awaitedIds.push(target.id));
  }

  #forget(urn: string): void {
    this.#found.delete(urn);
    this.generation++;
  }

  #findAwaited(scope: Scope, urn: string): number {
    this.#hashInScope(scope, urn);
    return this.#awaited.find(this.#keyHash.high, this.#keyHash.low);
  }

  #hashInScope({ number }: Scope, urn: string): void {
    const keyHash = this.#keyHash;
    keyHash.hashText(urn);
    keyHash.high = (keyHash.high ^ Math.imul(number + 1, 0x9e3779b1)) >>> 0;
    keyHash.low = (keyHash.low ^ Math.imul(number + 1, 0x85ebca77)) >>> 0;
  }

  #spoolAll(typeNumber: number, type: string, id: string, envelope: ResourceEnvelope): void {
    const { head } = envelope;
    if (head === undefined) this.#spoolIdentifiers(type, id, identifiersOf(envelope.resource));
    else if (head.identifierToken !== 0 && (id !== head.id || !this.#spool.addTaken(head, typeNumber))) this.#spoolIdentifiers(type, id, head.identifiers);
  }

  /** By `system|value`, by `|value` without a system, and by the value alone, whatever the system. */
  #spoolIdentifiers(type: string, id: string, identifiers: readonly ResourceIdentifier[]): void {
    for (const { system = '', value } of identifiers) {
      this.#keyHash.hashText(system, value);
      this.#spoolHash(type, id);
      this.#keyHash.hashText(value);
      this.#spoolHash(type, id);
    }
  }

  #spoolHash(type: string, id: string): void {
    this.#spool.add(this.#keyHash.high, this.#keyHash.low, this.#numberOf(type), id);
  }

  findUrn(urn: string, id: string, targets: readonly string[]): ReferenceTarget | undefined {
    const known = this.#found.get(urn);
    if (known !== undefined && (targets.length === 0 || targets.includes(known.type))) return known;
    const target = this.#findInBundles(urn, id, targets) ?? this.#findAnywhere(urn, id, targets);
    if (target !== undefined) {
      // What others have kept of this is not to outlive it.
      if (known !== undefined || this.#found.size === mostFound) this.generation++;
      if (this.#found.size === mostFound) this.#found.clear();
      this.#found.set(urn, target);
    }
    return target;
  }

  /** The entry of the Bundle, or of one around it. */
  #findInBundles(urn: string, id: string, targets: readonly string[]): ReferenceTarget | undefined {
    for (let scope = this.#scope; scope !== undefined; scope = scope.outer) {
      const target = scope.renamed.get(urn) ?? this.#findSameId(scope, id, targets) ?? this.#findLater(scope, urn, id);
      if (target !== undefined) return target;
    }
    return undefined;
  }

  /** An entry so far whose id is the urn's. */
  #findSameId({ firstEntry, firstOther, own }: Scope, id: string, targets: readonly string[]): ReferenceTarget | undefined {
    if (id === '') return undefined;
    const isFirstReading = this.#decisions === undefined;
    // Most references lead to one of these, and hashes would have to be tried for each type.
    const only = isFirstReading ? own.get(id) : undefined;
    if (only !== undefined) return only;
    const entryEnd = isFirstReading ? Number.POSITIVE_INFINITY : this.#resources.seenCount;
    const otherEnd = isFirstReading ? Number.POSITIVE_INFINITY : this.#otherSeenCount;
    return this.#firstType(id, targets, this.#types, (_, high, low) => {
      const entry = this.#resources.entryOfKey(high, low);
      if (entry >= 0) return entry >= firstEntry && entry < entryEnd;
      const other = this.#others.find(high, low);
      return other >= firstOther && other < otherEnd;
    });
  }

  /** An entry that comes later: known in the second reading. */
  #findLater(scope: Scope, urn: string, id: string): ReferenceTarget | undefined {
    const entry = this.#findAwaited(scope, urn);
    if (entry < 0) {
      if (this.#decisions !== undefined || !this.#canReadAgain) return undefined;
      this.#awaited.add(this.#keyHash.high, this.#keyHash.low);
      scope.awaitedCount++;
      return undefined;
    }
    const type = this.#awaited.word(entry, awaitedWords.type);
    if (type === 0 || this.#decisions === undefined) return undefined;
    const idNumber = this.#awaited.word(entry, awaitedWords.id);
    return { type: this.#types[type - 1] as string, id: idNumber === 0 ? id : (this.#awaitedIds[idNumber - 1] as string) };
  }

  #findAnywhere(urn: string, id: string, targets: readonly string[]): ReferenceTarget | undefined {
    if (this.#decisions === undefined) {
      this.#want(urn);
      if (id === '') return undefined;
      this.#countStray(id);
      return this.#firstType(id, targets, this.#types, (_, high, low) => this.#isMet(high, low));
    }
    if (id !== '') {
      const elsewhere = this.#decisions.strayTypes.get(this.#strayOf(id)) ?? [];
      const types = elsewhere.length === 0 ? this.#types : [...this.#types, ...elsewhere];
      const sameId = this.#firstType(id, targets, types, (type, high, low) => elsewhere.includes(type) || this.#isMet(high, low));
      if (sameId !== undefined) return sameId;
    }
    return this.findIdentifier(urn, targets) ?? this.findIdentifier(urn, []);
  }

  #isMet(high: number, low: number): boolean {
    return this.#resources.entryOfKey(high, low) >= 0 || this.#others.find(high, low) >= 0;
  }

  /** In the order of the targets; then a type that FHIR does not allow there, which is better than none. */
  #firstType(
    id: string,
    targets: readonly string[],
    types: readonly string[],
    test: (type: string, high: number, low: number) => boolean,
  ): ReferenceTarget | undefined {
    const keyHash = this.#keyHash;
    keyHash.hashText(id);
    const { high, low } = keyHash;
    const passes = (type: string): boolean => {
      keyHash.withType(type, high, low);
      return test(type, keyHash.high, keyHash.low);
    };
    for (const type of targets) if (passes(type)) return { type, id };
    let first: string | undefined;
    for (const type of types) if ((first === undefined || type < first) && passes(type)) first = type;
    return first === undefined ? undefined : { type: first, id };
  }

  #strayOf(id: string): number {
    this.#keyHash.hashText(id);
    return this.#strays.find(this.#keyHash.high, this.#keyHash.low);
  }

  #countStray(id: string): void {
    if (!this.#canReadAgain || this.#strayOf(id) >= 0) return;
    const { high, low } = this.#keyHash;
    const stray = this.#strays.add(high, low);
    let typeCount = 0;
    for (const type of this.#types) {
      this.#keyHash.withType(type, high, low);
      if (this.#isMet(this.#keyHash.high, this.#keyHash.low)) typeCount++;
    }
    this.#strays.setWord(stray, 0, typeCount);
  }

  #want(text: string): void {
    if (!this.#canReadAgain) return;
    this.#keyHash.hashText(text);
    this.#wanted.findOrAdd(this.#keyHash.high, this.#keyHash.low);
  }

  /** The only resource of an allowed type with this identifier; known in the second reading. */
  findIdentifier(identifier: string, targets: readonly string[]): ReferenceTarget | undefined {
    if (this.#decisions === undefined) {
      this.#want(identifier);
      return undefined;
    }
    if (this.#decisions.identified.size === 0) return undefined;
    this.#keyHash.hashText(identifier);
    const found = this.#decisions.identified.get(wantedKey(this.#keyHash.high, this.#keyHash.low));
    const allowed = targets.length === 0 ? found : found?.filter(({ type }) => targets.includes(type));
    return allowed?.length === 1 ? allowed[0] : undefined;
  }

  /** @param mustCountAgain - more is known now of what references lead to than when they were counted */
  findings(mustCountAgain: boolean): ReferenceFindings {
    return {
      wanted: this.#wanted.content(),
      identifiers: this.#spool.records(),
      strays: this.#strays.content(),
      types: this.#types,
      others: this.#others.content(),
      hasForward: this.#decisions === undefined && (this.#hasForward || mustCountAgain),
    };
  }

  /** Gives back what stands outside of memory. */
  close(): void {
    this.#spool.close();
  }
}

/** True for `urn:uuid:` or `urn:oid:` and the id, and for any other URL whose last segment it is. */
function endsWithId(fullUrl: string, id: string): boolean {
  if (!fullUrl.endsWith(id)) return false;
  const idStart = fullUrl.length - id.length;
  if (fullUrl.startsWith('urn:uuid:')) return idStart === 'urn:uuid:'.length;
  if (fullUrl.startsWith('urn:oid:')) return idStart === 'urn:oid:'.length;
  return fullUrl[idStart - 1] === '/';
}

/** Key of {@link ReferenceDecisions.identified}. */
export function wantedKey(high: number, low: number): string {
  return `${high} ${low}`;
}

/** One where FHIR wants a list of them is taken for such a list. */
function identifiersOf({ identifier: identifiers }: JsonObject): readonly ResourceIdentifier[] {
  if (identifiers === undefined) return [];
  return (Array.isArray(identifiers) ? identifiers : [identifiers]).flatMap((identifier) => {
    if (!isJsonObject(identifier)) return [];
    const { system, value } = identifier;
    return typeof value === 'string' ? [{ system: typeof system === 'string' ? system : undefined, value }] : [];
  });
}

function decodeLoosely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
