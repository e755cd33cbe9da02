// A resource → its id: its own, else what its Bundle entry's fullUrl says, else a hash of its content, so that
// every row has a key and the same input always gives the same one.

import { type JsonObject, type JsonValue, stringifyJson } from '../json.ts';
import { sha256Hex } from '../lazy-crypto.ts';
import type { ResourceEnvelope } from '../types.ts';

export interface ResourceId {
  readonly id: string;
  readonly origin: IdOrigin;
}

export type IdOrigin = 'resource' | 'fullUrl' | 'hash';

const uuidUrl = /^urn:uuid:(.+)$/i;
const oidUrl = /^urn:oid:(.+)$/i;

export function decideId(envelope: ResourceEnvelope, resourceType: string): ResourceId {
  const { fullUrl, head } = envelope;
  const own = head === undefined ? ownId(envelope.resource) : head.id;
  if (typeof own === 'string' && own !== '') return { id: own, origin: 'resource' };
  const fromUrl = fullUrl === undefined ? undefined : idInUrl(fullUrl, resourceType);
  if (fromUrl !== undefined) return { id: fromUrl, origin: 'fullUrl' };
  return { id: sha256Hex(stringifyJson(envelope.resource), 32), origin: 'hash' };
}

function ownId(resource: JsonObject): JsonValue | undefined {
  return Object.hasOwn(resource, 'id') ? resource['id'] : undefined;
}

/** The uuid of `urn:uuid:…`, the id of `…/Type/id` and `…/Type/id/_history/version`. */
function idInUrl(fullUrl: string, resourceType: string): string | undefined {
  const urn = uuidUrl.exec(fullUrl) ?? oidUrl.exec(fullUrl);
  if (urn !== null) return urn[1];
  const segments = fullUrl.split('/');
  const typeIndex = segments.lastIndexOf(resourceType);
  if (typeIndex < 0) return undefined;
  const [id, history, , ...rest] = segments.slice(typeIndex + 1);
  const isWhole = history === undefined || (history === '_history' && rest.length === 0);
  return isWhole && id !== undefined && /^[A-Za-z0-9\-._]+$/.test(id) ? id : undefined;
}
