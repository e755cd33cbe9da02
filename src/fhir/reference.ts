// The literal text of Reference.reference → what it points to.
// https://hl7.org/fhir/R4/references.html#literal

export type ParsedReference =
  /** `Patient/1`, `Patient/1/_history/2`, `http://host/fhir/Patient/1`. */
  | { readonly form: 'relative' | 'absolute'; readonly type: string; readonly id: string; readonly isVersioned: boolean }
  /** `urn:uuid:…`, `urn:oid:…`: the fullUrl of an entry in the same Bundle. */
  | { readonly form: 'urn'; readonly id: string }
  /** `Practitioner?identifier=system|value`; `identifier` is undefined for any other search. */
  | { readonly form: 'conditional'; readonly type: string; readonly identifier: string | undefined }
  /** `#x`: a contained resource; `#` alone is the container itself. */
  | { readonly form: 'contained'; readonly id: string }
  | { readonly form: 'other' };

const RESTFUL = /^(https?:\/\/.*\/)?([A-Z][A-Za-z]{1,63})\/([A-Za-z0-9\-.]{1,64})(\/_history\/[A-Za-z0-9\-.]{1,64})?$/;
const URN = /^urn:(?:uuid|oid):([A-Za-z0-9\-.]+)$/;
const CONDITIONAL = /^([A-Z][A-Za-z]{1,63})\?(.+)$/;

export function parseReference(text: string): ParsedReference {
  if (text.startsWith('urn:')) return parseUrn(text);
  const restful = RESTFUL.exec(text);
  if (restful !== null) {
    return {
      form: restful[1] === undefined ? 'relative' : 'absolute',
      type: restful[2] as string,
      id: restful[3] as string,
      isVersioned: restful[4] !== undefined,
    };
  }
  if (text.startsWith('#')) return { form: 'contained', id: text.slice(1) };
  const conditional = CONDITIONAL.exec(text);
  if (conditional !== null) {
    return { form: 'conditional', type: conditional[1] as string, identifier: readIdentifierQuery(conditional[2] as string) };
  }
  return { form: 'other' };
}

function parseUrn(text: string): ParsedReference {
  const urn = URN.exec(text);
  return urn === null ? { form: 'other' } : { form: 'urn', id: urn[1] as string };
}

/** `identifier=system|value`, the only parameter → `system|value`, percent escapes undone. */
function readIdentifierQuery(query: string): string | undefined {
  const match = /^identifier=([^&]+)$/.exec(query);
  if (match === null) return undefined;
  if (!query.includes('%')) return match[1];
  try {
    return decodeURIComponent(match[1] as string);
  } catch {
    return undefined;
  }
}
