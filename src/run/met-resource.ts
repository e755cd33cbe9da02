// A resource as the index knows it, once it has been met.

import type { ResourceEnvelope } from '../types.ts';
import { instantMs, lastUpdatedMs } from './last-updated.ts';
import type { IndexedResource } from './resource-index.ts';

/** When it was updated is asked for only where there are several versions, or parts. */
export class MetResource implements IndexedResource {
  readonly resourceType: string;
  readonly id: string;
  readonly contentHash: number;
  readonly #envelope: ResourceEnvelope;

  constructor(envelope: ResourceEnvelope, resourceType: string, id: string, contentHash: number) {
    this.#envelope = envelope;
    this.resourceType = resourceType;
    this.id = id;
    this.contentHash = contentHash;
  }

  get lastUpdatedMs(): number {
    const { head } = this.#envelope;
    return head === undefined ? lastUpdatedMs(this.#envelope.resource) : instantMs(head.lastUpdated);
  }
}
