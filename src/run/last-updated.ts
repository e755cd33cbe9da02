// `meta.lastUpdated` → milliseconds, with the microseconds that some servers write as a fraction.

import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';

/** https://hl7.org/fhir/R4/datatypes.html#instant */
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d+))?(?:Z|[+-]\d\d:\d\d)$/;

/** NaN when there is none, or none that is an instant. */
export function lastUpdatedMs(resource: JsonObject): number {
  const meta = resource['meta'];
  return isJsonObject(meta) ? instantMs(meta['lastUpdated']) : Number.NaN;
}

/** The same of the value itself. */
export function instantMs(text: JsonValue | undefined): number {
  if (typeof text !== 'string') return Number.NaN;
  const match = instant.exec(text);
  if (match === null) return Number.NaN;
  const fraction = match[1];
  const milliseconds = Date.parse(text);
  // Date.parse drops what is finer than a millisecond. A double has room for it.
  return fraction !== undefined && fraction.length > 3 ? milliseconds + Number(`0.${fraction.slice(3)}`) : milliseconds;
}
