// Parsed records → resource envelopes: checks the shape of entries and resources, and takes nested Bundles apart.

import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import type { BundleScope, ReadContext, ResourceEnvelope } from '../types.ts';
import { hasNumberText } from './parse-lossless.ts';
import { readDeletion } from './read-deletion.ts';
import { RecordEnvelope, type RecordPlace } from './resource-envelope.ts';
import { BundleTally } from './tally-bundle.ts';

/** The resource of a Bundle's entry; undefined when it has none (a DELETE, a response) or was refused. */
export function takeEntryResource(entry: JsonValue, place: RecordPlace, tally: BundleTally, context: ReadContext): JsonObject | undefined {
  tally.entryCount++;
  if (!isJsonObject(entry)) {
    place.reject(context, 'ENTRY_NOT_OBJECT', { found: describeJson(entry) });
    return undefined;
  }
  tally.addEntry(entry);
  const deletion = entry.request === undefined ? undefined : readDeletion(entry);
  if (deletion !== undefined) {
    if (deletion === 'unclear') context.report('DELETION_UNCLEAR', place.location());
    else context.onDeletion?.(deletion);
    return undefined;
  }
  const resource = entry.resource;
  if (resource === undefined) return undefined;
  if (!isJsonObject(resource)) {
    place.reject(context, 'ENTRY_RESOURCE_NOT_OBJECT', { found: describeJson(resource) });
    return undefined;
  }
  if (!checkResourceType(resource, place, context)) return undefined;
  tally.resourceCount++;
  return resource;
}

/** True when the object names its type; else it is refused. Whether that is a name of FHIR's is for others to say. */
export function checkResourceType(resource: JsonObject, place: RecordPlace, context: ReadContext): boolean {
  const { resourceType } = resource;
  if (typeof resourceType === 'string') return true;
  place.reject(context, resourceType === undefined ? 'RESOURCE_TYPE_MISSING' : 'RESOURCE_TYPE_INVALID');
  return false;
}

/** `fullUrl` of an entry, where it is text. */
export function fullUrlOf(entry: JsonValue): string | undefined {
  const fullUrl = (entry as JsonObject).fullUrl;
  return typeof fullUrl === 'string' ? fullUrl : undefined;
}

/** @param mayHoldNumberText - the record around it held numbers that were kept as text. */
export function makeEnvelope(
  resource: JsonObject,
  mayHoldNumberText: boolean,
  place: RecordPlace,
  fullUrl: string | undefined = undefined,
  bundle: BundleScope | undefined = undefined,
): ResourceEnvelope {
  return new RecordEnvelope(resource, mayHoldNumberText && hasNumberText(resource), place, fullUrl, bundle);
}

/** The resources of a parsed Bundle, at any depth. Recursive: the depth limit of records bounds it. */
export function* unpackBundle(
  bundle: JsonObject,
  mayHoldNumberText: boolean,
  place: RecordPlace,
  context: ReadContext,
  outer: BundleScope | undefined = undefined,
): Generator<ResourceEnvelope, void, undefined> {
  const scope: BundleScope = { outer };
  const tally = new BundleTally();
  // One entry where FHIR wants a list of them is what naive XML converters write.
  const entries = bundle.entry === undefined ? [] : Array.isArray(bundle.entry) ? bundle.entry : [bundle.entry];
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index] as JsonValue;
    const entryPlace = place.ofEntry(index, entry);
    const resource = takeEntryResource(entry, entryPlace, tally, context);
    if (resource === undefined) continue;
    if (resource.resourceType === 'Bundle') yield* unpackBundle(resource, mayHoldNumberText, entryPlace, context, scope);
    else yield makeEnvelope(resource, mayHoldNumberText, entryPlace, fullUrlOf(entry), scope);
  }
  context.onBundle(tally.finish(place.sourceName, bundle));
}

/** What a value is, for messages. */
export function describeJson(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'object') return isJsonObject(value) ? 'object' : 'number';
  return typeof value;
}
