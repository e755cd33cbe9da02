// An entry of a Bundle → the deletion it asks for, or tells of: transactions and batches, histories, and the `deleted` files
// of a bulk export. https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.request

import { isJsonObject, type JsonObject } from '../json.ts';
import type { Deletion } from '../types.ts';

/** `Patient/1`, `/Patient/1`, `https://host/fhir/Patient/1`. */
const instanceUrl = /^(?:https?:\/\/[^?#]*\/|\/)?([A-Z][A-Za-z]{1,63})\/([A-Za-z0-9\-._]+)$/;
/** https://hl7.org/fhir/R4/datatypes.html#instant */
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** `unclear`: a deletion of what a search finds, or of nothing that has a name. */
export function readDeletion({ request, response }: JsonObject): Deletion | 'unclear' | undefined {
  if (!isJsonObject(request) || request.method !== 'DELETE') return undefined;
  const match = typeof request.url === 'string' ? instanceUrl.exec(request.url) : null;
  if (match === null) return 'unclear';
  const moment = isJsonObject(response) ? response.lastModified : undefined;
  const lastModifiedMs = typeof moment === 'string' && instant.test(moment) ? Date.parse(moment) : Number.NaN;
  return { resourceType: match[1] as string, id: match[2] as string, lastModifiedMs };
}
