// Resources of an unknown FHIR version → the version whose element model knows most of their keys.
// Resources do not say their version: https://hl7.org/fhir/R5/versioning.html#mt-version. Keys tell, where versions differ.

import { isJsonObject, type JsonObject, type JsonValue, NumberText } from '../json.ts';
import { type ElementModel, type FhirVersion, fhirVersions, isPrimitive, type KeyedElement } from './element-model.ts';
import { notInR5 } from './models/not-in-r5.ts';

/** The keys of a resource, and of what is this many levels below it, are looked at. */
const DEEPEST_LEVEL = 2;

/** Stand everywhere, or hold what is not of their own type. */
const ignoredKeys = new Set(['resourceType', 'fhir_comments', 'extension', 'modifierExtension', 'contained']);
/** What stands below these says nothing about the resource. */
const closedTypes = new Set(['Extension', 'Resource', 'Narrative', 'Meta']);

/** What was seen under a key. */
interface SeenKey {
  isList: boolean;
  isSingle: boolean;
  isObject: boolean;
  isValue: boolean;
  readonly below: Map<string, SeenKey>;
}

/** Keys that were seen in resources, each place once however often it occurs. */
export class SeenKeys {
  readonly byType = new Map<string, Map<string, SeenKey>>();

  add(resource: JsonObject): void {
    const { resourceType } = resource;
    if (typeof resourceType !== 'string') return;
    let keys = this.byType.get(resourceType);
    if (keys === undefined) {
      keys = new Map();
      this.byType.set(resourceType, keys);
    }
    addKeys(keys, resource, 0);
  }

  /** Adds what was seen elsewhere; true when some of it is new here. */
  addAll({ byType }: SeenKeys): boolean {
    let isNew = false;
    for (const [resourceType, others] of byType) {
      let keys = this.byType.get(resourceType);
      if (keys === undefined) {
        keys = new Map();
        this.byType.set(resourceType, keys);
        isNew = true;
      }
      isNew = addSeen(keys, others) || isNew;
    }
    return isNew;
  }
}

const shapes = ['isList', 'isSingle', 'isObject', 'isValue'] as const;

function addSeen(keys: Map<string, SeenKey>, others: ReadonlyMap<string, SeenKey>): boolean {
  let isNew = false;
  for (const [key, other] of others) {
    let seen = keys.get(key);
    if (seen === undefined) {
      seen = { isList: false, isSingle: false, isObject: false, isValue: false, below: new Map() };
      keys.set(key, seen);
    }
    for (const shape of shapes) {
      if (!other[shape] || seen[shape]) continue;
      seen[shape] = true;
      isNew = true;
    }
    isNew = addSeen(seen.below, other.below) || isNew;
  }
  return isNew;
}

function addKeys(keys: Map<string, SeenKey>, object: JsonObject, level: number): void {
  for (const key in object) {
    if (ignoredKeys.has(key)) continue;
    let seen = keys.get(key);
    if (seen === undefined) {
      seen = { isList: false, isSingle: false, isObject: false, isValue: false, below: new Map() };
      keys.set(key, seen);
    }
    const value = object[key] as JsonValue;
    if (Array.isArray(value)) {
      seen.isList = true;
      for (const item of value) addValue(seen, item, level);
    } else {
      seen.isSingle = true;
      addValue(seen, value, level);
    }
  }
}

function addValue(seen: SeenKey, value: JsonValue, level: number): void {
  if (isJsonObject(value)) {
    seen.isObject = true;
    if (level < DEEPEST_LEVEL) addKeys(seen.below, value, level + 1);
  } else if (value instanceof NumberText || (value !== null && !Array.isArray(value))) {
    seen.isValue = true;
  }
}

let keysBeforeR5: ReadonlyMap<string, readonly string[]> | undefined;

/** True when some of the keys or types are those of R4 and no more of R5: in most resources the versions differ little. */
export function isBeforeR5({ byType }: SeenKeys): boolean {
  keysBeforeR5 ??= new Map(
    notInR5
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([type, ...keys]) => [type as string, keys]),
  );
  for (const [type, seen] of byType) {
    const keys = keysBeforeR5.get(type);
    if (keys !== undefined && (keys.length === 0 || keys.some((key) => seen.has(key)))) return true;
  }
  return false;
}

/** How many of the keys a version does not have, or not in this shape; a resource type that it does not have is one. */
export function countUnknownKeys(seen: SeenKeys, model: ElementModel): number {
  let count = 0;
  for (const [resourceType, keys] of seen.byType) count += model.resourceTypes.includes(resourceType) ? countUnknown(keys, resourceType, model) : 1;
  return count;
}

function countUnknown(keys: ReadonlyMap<string, SeenKey>, type: string, model: ElementModel): number {
  const known = model.byKey(type);
  let count = 0;
  for (const [key, seen] of keys) {
    // `_birthDate` holds what belongs to the primitive `birthDate`: https://hl7.org/fhir/R4/json.html#primitive
    const found = known.get(key.startsWith('_') ? key.slice(1) : key);
    if (found === undefined) count++;
    else if (key.startsWith('_')) count += isPrimitive(found.type) ? 0 : 1;
    else if (!fits(seen, found)) count++;
    else if (!closedTypes.has(found.type.code)) count += countUnknown(seen.below, found.type.path, model);
  }
  return count;
}

function fits(seen: SeenKey, { element, type }: KeyedElement): boolean {
  if (element.isList ? seen.isSingle : seen.isList) return false;
  return isPrimitive(type) ? !seen.isObject : !seen.isValue;
}

export interface SourceKeys {
  readonly sourceName: string;
  readonly seen: SeenKeys;
}

/** Unknown keys by version: the fewest win. */
export type VersionScores = Readonly<Record<FhirVersion, number>>;

export interface DetectedVersion {
  readonly version: FhirVersion;
  /** Of all sources together. */
  readonly scores: VersionScores;
  /** Sources that no one version fits best, by the versions that fit them; empty when there is one for all. */
  readonly mixture: readonly { readonly versions: readonly FhirVersion[]; readonly sourceNames: readonly string[] }[];
}

/** The version that fits best, the oldest of equals. */
export function detectVersion(sources: readonly SourceKeys[], models: Readonly<Record<FhirVersion, ElementModel>>): DetectedVersion {
  const total: Record<FhirVersion, number> = { r4: 0, r4b: 0, r5: 0 };
  const namesByFit = new Map<string, string[]>();
  let common: readonly FhirVersion[] = fhirVersions;
  for (const { sourceName, seen } of sources) {
    const scores = fhirVersions.map((version) => countUnknownKeys(seen, models[version]));
    const least = Math.min(...scores);
    const fitting = fhirVersions.filter((_, index) => scores[index] === least);
    for (const [index, version] of fhirVersions.entries()) total[version] += scores[index] as number;
    // All versions alike: such as Patients, which tell nothing.
    if (fitting.length === fhirVersions.length) continue;
    common = common.filter((version) => fitting.includes(version));
    const names = namesByFit.get(fitting.join());
    if (names === undefined) namesByFit.set(fitting.join(), [sourceName]);
    else names.push(sourceName);
  }
  const least = Math.min(...Object.values(total));
  const version = fhirVersions.find((candidate) => total[candidate] === least) as FhirVersion;
  const mixture = [...namesByFit].map(([fitting, sourceNames]) => ({ versions: fitting.split(',') as FhirVersion[], sourceNames }));
  // Oldest first, whatever the order of the files: `r4`, `r4,r4b`, `r4b` and so on.
  mixture.sort((a, b) => (a.versions.join() < b.versions.join() ? -1 : 1));
  return { version, scores: total, mixture: common.length > 0 ? [] : mixture };
}
