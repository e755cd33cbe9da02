// A resource → those that it contains, as resources of their own: what they are called, and where they stand.

import type { Location } from '../diagnostics.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import type { BundleScope, ResourceEnvelope, ResourceHead } from '../types.ts';
import { resourceTypeOf, tableType } from './read-resources.ts';

/** What is said of a contained resource; undefined where it can have no table. */
export interface ContainedName {
  readonly type: string;
  readonly id: string | undefined;
  readonly head: ResourceHead | undefined;
}

/** One for each item of `contained`; undefined where that is no list. */
export function containedOf(envelope: ResourceEnvelope): readonly (ContainedName | undefined)[] | undefined {
  const { head } = envelope;
  if (head !== undefined && !head.hasOddContained) {
    return head.contained?.map((inner) => {
      const type = tableType(inner.resourceType);
      return type === undefined ? undefined : { type, id: inner.id, head: inner };
    });
  }
  const { contained } = envelope.resource;
  if (!Array.isArray(contained)) return undefined;
  return contained.map((resource) => {
    const type = isJsonObject(resource) ? resourceTypeOf(resource) : undefined;
    if (!isJsonObject(resource) || type === undefined) return undefined;
    const id = Object.hasOwn(resource, 'id') ? resource['id'] : undefined;
    return { type, id: typeof id === 'string' ? id : undefined, head: undefined };
  });
}

/** Its own id, unless another one of its type has that before it; without an id, its place. */
export function chooseLocalId(ownId: string | undefined, type: string, index: number, taken: ReadonlySet<string>): string {
  const own = ownId === undefined || ownId === '' ? `${index}` : ownId;
  let localId = own;
  for (let number = 2; taken.has(`${type} ${localId}`); number++) localId = `${own}#${number}`;
  return localId;
}

/** A contained resource stands where its container does. */
export class ContainedEnvelope implements ResourceEnvelope {
  readonly head: ResourceHead | undefined;
  readonly fullUrl = undefined;
  readonly #container: ResourceEnvelope;
  readonly #index: number;

  constructor(container: ResourceEnvelope, index: number, head: ResourceHead | undefined) {
    this.head = head;
    this.#container = container;
    this.#index = index;
  }

  get resource(): JsonObject {
    return (this.#container.resource['contained'] as JsonValue[])[this.#index] as JsonObject;
  }

  get hasNumberText(): boolean {
    return this.#container.hasNumberText;
  }

  get bundle(): BundleScope | undefined {
    return this.#container.bundle;
  }

  location(): Location {
    return this.#container.location();
  }

  rawText(): string {
    return this.#container.rawText();
  }

  rawBytes(): Uint8Array {
    return this.#container.rawBytes();
  }
}
