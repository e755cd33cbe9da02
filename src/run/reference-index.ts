// What references point to, across the sources: entries of Bundles by their fullUrl, resources by their identifiers.
// What comes later than the reference that needs it is found in a second reading, which is asked for only then.

import { isJsonObject } from '../json.ts';
import type { ReferenceLookup, ReferenceTarget, ResourceEnvelope } from '../types.ts';
import type { ResourceIndex } from './resource-index.ts';

/** Types that people refer to by identifier: others are too many to keep their identifiers in memory. */
const identifiedTypes: ReadonlySet<string> = new Set([
  'CareTeam',
  'Coverage',
  'Device',
  'Encounter',
  'HealthcareService',
  'Location',
  'Medication',
  'Organization',
  'Patient',
  'Practitioner',
  'PractitionerRole',
  'RelatedPerson',
]);

/** `system|value`, or the value alone → the resources that have it. */
export type IdentifiedResources = ReadonlyMap<string, readonly ReferenceTarget[]>;

/** What one reading of a part has learnt of references. */
export interface ReferenceFindings {
  readonly identified: IdentifiedResources;
  /** Identifiers that references asked for. */
  readonly wanted: ReadonlySet<string>;
  /** A reference came before the entry of its Bundle that it points to, so that a second reading tells more. */
  readonly hasForward: boolean;
}

const mostFound = 4096;
const uuidUrl = /^urn:(?:uuid|oid):(.+)$/;

export class ReferenceIndex implements ReferenceLookup {
  readonly #resources: ResourceIndex;
  readonly #identified = new Map<string, ReferenceTarget[]>();
  readonly #wanted = new Set<string>();
  /** Source and urn → the entry, where its id is not the urn's own. */
  readonly #renamed = new Map<string, ReferenceTarget>();
  /** Source and urn → the urn's own id, of references that found nothing so far. */
  readonly #missed = new Map<string, string>();
  /** Types met so far: a urn tells none. */
  readonly #types = new Set<string>();
  /** Given for the second reading. */
  #known: IdentifiedResources | undefined;
  #scope = 0;
  /** An entry came that a reference before it should have found. */
  #wasMisled = false;
  /** Urns of the scope that were found: the same few are asked for again and again. */
  readonly #found = new Map<string, ReferenceTarget>();

  constructor(resources: ResourceIndex) {
    this.#resources = resources;
  }

  startSecondReading(known: IdentifiedResources): void {
    this.#known = known;
    this.#found.clear();
  }

  /** To be called before a resource's references are looked up. Urns belong to a scope: a source. */
  add(scope: number, resourceType: string, id: string, { fullUrl, resource }: ResourceEnvelope): void {
    if (scope !== this.#scope) this.#found.clear();
    this.#scope = scope;
    if (this.#known !== undefined) return;
    this.#types.add(resourceType);
    const urn = fullUrl === undefined ? null : uuidUrl.exec(fullUrl);
    if (urn !== null && urn[1] !== id) this.#rename(fullUrl as string, { type: resourceType, id });
    if (identifiedTypes.has(resourceType)) this.#addIdentifiers(resourceType, id, resource['identifier']);
  }

  #rename(urn: string, target: ReferenceTarget): void {
    this.#renamed.set(`${this.#scope} ${urn}`, target);
    // A reference before this entry was taken to mean a resource of another source that has the urn's id.
    if (this.#found.delete(urn)) this.#wasMisled = true;
  }

  #addIdentifiers(type: string, id: string, identifiers: unknown): void {
    for (const identifier of Array.isArray(identifiers) ? identifiers : [identifiers]) {
      if (!isJsonObject(identifier) || typeof identifier['value'] !== 'string') continue;
      const { system, value } = identifier as { system?: unknown; value: string };
      const key = typeof system === 'string' ? `${system}|${value}` : value;
      const targets = this.#identified.get(key) ?? [];
      if (!targets.some((target) => target.type === type && target.id === id)) targets.push({ type, id });
      this.#identified.set(key, targets);
    }
  }

  /** An entry of the same source; undefined when there is none, or none yet. */
  findUrn(urn: string, id: string, targets: readonly string[]): ReferenceTarget | undefined {
    const known = this.#found.get(urn);
    if (known !== undefined && (targets.length === 0 || targets.includes(known.type))) return known;
    const target = this.#searchUrn(urn, id, targets);
    if (target !== undefined) {
      if (this.#found.size === mostFound) this.#found.clear();
      this.#found.set(urn, target);
    }
    return target;
  }

  #searchUrn(urn: string, id: string, targets: readonly string[]): ReferenceTarget | undefined {
    const key = `${this.#scope} ${urn}`;
    const renamed = this.#renamed.get(key);
    if (renamed !== undefined) return renamed;
    for (const type of targets.length > 0 ? targets : this.#types) if (this.#resources.has(type, id)) return { type, id };
    // A type that FHIR does not allow there is better than none.
    if (targets.length > 0) for (const type of this.#types) if (this.#resources.has(type, id)) return { type, id };
    if (this.#known === undefined) this.#missed.set(key, id);
    return undefined;
  }

  /** The only resource of an allowed type with this identifier; known in the second reading. */
  findIdentifier(identifier: string, targets: readonly string[]): ReferenceTarget | undefined {
    if (this.#known === undefined) {
      this.#wanted.add(identifier);
      return undefined;
    }
    const found = this.#known.get(identifier)?.filter(({ type }) => targets.length === 0 || targets.includes(type));
    return found?.length === 1 ? found[0] : undefined;
  }

  findings(): ReferenceFindings {
    const isFound = ([key, id]: [string, string]) => this.#renamed.has(key) || [...this.#types].some((type) => this.#resources.has(type, id));
    return {
      identified: this.#identified,
      wanted: this.#wanted,
      hasForward: this.#known === undefined && (this.#wasMisled || [...this.#missed].some(isFound)),
    };
  }
}

/** The identified resources of all parts. */
export function mergeIdentified(parts: readonly ReferenceFindings[]): IdentifiedResources {
  const merged = new Map<string, ReferenceTarget[]>();
  for (const { identified } of parts) {
    for (const [identifier, targets] of identified) {
      const known = merged.get(identifier) ?? [];
      known.push(...targets.filter((target) => !known.some(({ type, id }) => type === target.type && id === target.id)));
      merged.set(identifier, known);
    }
  }
  return merged;
}
