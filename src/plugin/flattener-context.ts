// What a plugin's flattener is told of a resource besides the resource itself: its id, its place in the input, what its
// references point to, and the text of its numbers.

import type { Location } from '../diagnostics.ts';
import { parseReference } from '../fhir/reference.ts';
import { isJsonObject, type JsonObject, type JsonValue, NumberText, numberText } from '../json.ts';
import type { Containment, ReferenceLookup, ReferenceTarget, ResourceEnvelope } from '../types.ts';

/** Valid while `flatten` runs. */
export interface FlattenerContext {
  /** The id that the other tables have for the resource: its own, else its fullUrl's, else a hash of its content. */
  readonly id: string;
  /** `Bundle.entry.fullUrl`. */
  readonly fullUrl: string | undefined;
  /** Source, line or entry, byte offset. */
  readonly location: Location;
  /** `Type/id` of the resource that contains this one. Contained resources come only where child tables are asked for. */
  readonly containedIn: string | undefined;
  /** With `--keep-versions`, where all versions of a resource come: what the column `version_hash` holds. */
  readonly versionHash: string | undefined;
  /**
   * What a Reference (or its text, such as `Patient/1`) points to, as the `…_id` columns have it: also through
   * `urn:uuid:` and by identifier, where the target is in the input. `type` is undefined where nothing tells it.
   */
  resolve(reference: unknown): ResolvedReference | undefined;
  /** The literal text of a number, `1.00` where the parsed one is 1: `numberText(observation.valueQuantity, 'value')`. */
  numberText(element: object | undefined, key: string): `${number}` | undefined;
}

export interface ResolvedReference {
  readonly type: string | undefined;
  readonly id: string;
}

export class ResourceContext implements FlattenerContext {
  readonly id: string;
  readonly #envelope: ResourceEnvelope;
  readonly #containment: Containment | undefined;
  readonly #references: ReferenceLookup | undefined;
  readonly #plain: PlainResource;

  constructor(envelope: ResourceEnvelope, id: string, containment: Containment | undefined, references: ReferenceLookup | undefined) {
    this.id = id;
    this.#envelope = envelope;
    this.#containment = containment;
    this.#references = references;
    this.#plain = plainResourceOf(envelope);
  }

  /** With plain numbers, frozen. */
  get resource(): JsonObject {
    return this.#plain.resource;
  }

  get fullUrl(): string | undefined {
    return this.#envelope.fullUrl;
  }

  get location(): Location {
    return this.#envelope.location();
  }

  get containedIn(): string | undefined {
    return this.#containment?.containedIn;
  }

  get versionHash(): string | undefined {
    return this.#containment?.versionHash;
  }

  /** An object of the resource as it was read, with the text of its numbers. */
  original(value: object): JsonValue | undefined {
    return this.#plain.originals.get(value);
  }

  numberText(element: object | undefined, key: string): `${number}` | undefined {
    if (typeof element !== 'object' || element === null || !Object.hasOwn(element, key)) return undefined;
    const known = this.#plain.originals.get(element) ?? (element as JsonObject);
    return numberText((known as JsonObject)[key]) as `${number}` | undefined;
  }

  resolve(reference: unknown): ResolvedReference | undefined {
    const fields = typeof reference === 'string' ? { reference } : isJsonObject(reference as JsonValue) ? (reference as JsonObject) : {};
    const { identifier, reference: literal, type } = fields;
    const statedType = typeof type === 'string' ? type : undefined;
    const targets = statedType === undefined ? [] : [statedType];
    if (typeof literal !== 'string') return isJsonObject(identifier) ? this.#findIdentifier(joinIdentifier(identifier), targets) : undefined;
    const parsed = parseReference(literal);
    switch (parsed.form) {
      case 'relative':
      case 'absolute':
        return { type: parsed.type, id: parsed.id };
      case 'urn':
        return this.#references?.findUrn(literal, parsed.id, targets) ?? { type: statedType, id: parsed.id };
      case 'conditional':
        return this.#findIdentifier(parsed.identifier, [parsed.type]);
      case 'contained':
        return this.#findContained(parsed.id, statedType);
      case 'other':
        return this.#references?.findUrn(literal, '', targets);
      default:
        return parsed satisfies never;
    }
  }

  #findIdentifier(identifier: string | undefined, targets: readonly string[]): ReferenceTarget | undefined {
    return identifier === undefined ? undefined : this.#references?.findIdentifier(identifier, targets);
  }

  /** `#` alone is the container. What is known of the target counts for more than what the reference says. */
  #findContained(localId: string, statedType: string | undefined): ResolvedReference {
    const { containedTypes, containerId = this.id, containerType } = this.#containment ?? {};
    if (localId === '') return { type: containerType ?? (this.#plain.resource['resourceType'] as string), id: containerId };
    return { type: containedTypes?.get(localId) ?? statedType, id: `${containerId}#${localId}` };
  }
}

/** `system|value`, or `|value`. */
function joinIdentifier({ system, value }: JsonObject): string | undefined {
  if (typeof value !== 'string') return undefined;
  return `${typeof system === 'string' ? system : ''}|${value}`;
}

interface PlainResource {
  readonly resource: JsonObject;
  /** Objects of the resource → what they were read as; empty where the two are the same. */
  readonly originals: ReadonlyMap<unknown, JsonValue>;
}

const none: ReadonlyMap<unknown, JsonValue> = new Map();
/** Several flatteners read the same resource one after another. */
let last: { readonly source: JsonObject; readonly plain: PlainResource } | undefined;

function plainResourceOf({ hasNumberText, resource }: ResourceEnvelope): PlainResource {
  if (last?.source === resource) return last.plain;
  const plain = hasNumberText ? copyPlain(resource) : { resource: freeze(resource) as JsonObject, originals: none };
  last = { source: resource, plain };
  return plain;
}

function copyPlain(resource: JsonObject): PlainResource {
  const originals = new Map<unknown, JsonValue>();
  return { resource: toPlain(resource, originals) as JsonObject, originals };
}

/** A frozen copy with numbers for their text; `originals` takes down what its objects were. */
export function toPlain(value: JsonValue, originals: Map<unknown, JsonValue> | undefined): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof NumberText) return Number(value.text);
  let copy: JsonValue;
  if (Array.isArray(value)) {
    copy = value.map((item) => toPlain(item, originals));
  } else {
    const object: JsonObject = {};
    for (const key of Object.keys(value)) {
      const member = toPlain(value[key] as JsonValue, originals);
      // Assigned, it would set the prototype.
      if (key === '__proto__') Object.defineProperty(object, key, { value: member, enumerable: true });
      else object[key] = member;
    }
    copy = object;
  }
  originals?.set(copy, value);
  return Object.freeze(copy) as JsonValue;
}

function freeze(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) for (const item of value) freeze(item);
  else for (const key of Object.keys(value)) freeze((value as JsonObject)[key] as JsonValue);
  return Object.freeze(value) as JsonValue;
}
