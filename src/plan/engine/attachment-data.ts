// `data` of an Attachment or Binary → its text, or the path of a file that is written with its bytes.
// https://hl7.org/fhir/R4/datatypes.html#base64Binary: base64 may hold white space, which means nothing.

import type { JsonObject, JsonValue } from '../../json.ts';
import type { SaveFile } from '../../types.ts';

/** Undefined for what the mode cannot show: then the value is left out and counted. */
export type ReadAttachment = (data: JsonValue | undefined, object: JsonObject) => string | undefined;

export function compileAttachment(as: 'text' | 'files', saveFile: SaveFile | undefined): ReadAttachment {
  const read = as === 'text' ? decodeText : (data: string, contentType: string) => saveBytes(data, contentType, saveFile);
  // The main table and a child table may show the same one, one after the other.
  let last: { data: string; contentType: string; cell: string | undefined } | undefined;
  return (data, { contentType }) => {
    if (typeof data !== 'string') return undefined;
    const type = typeof contentType === 'string' ? contentType : '';
    if (last?.data !== data || last.contentType !== type) last = { data, contentType: type, cell: read(data, type) };
    return last.cell;
  };
}

/** Undefined unless it is base64. */
function decodeBase64(data: string): Buffer | undefined {
  const plain = /\s/.test(data) ? data.replaceAll(/\s+/g, '') : data;
  return plain.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(plain) ? Buffer.from(plain, 'base64') : undefined;
}

/** https://www.rfc-editor.org/rfc/rfc6839 for the endings. */
const textTypes = /^(?:text\/[\w.+-]+|application\/(?:json|xml|ndjson|x-ndjson|javascript|yaml)|[\w.-]+\/[\w.-]+\+(?:json|xml|yaml))$/;
const charsetParameter = /;\s*charset\s*=\s*"?([\w.:-]+)"?/i;

function decodeText(data: string, contentType: string): string | undefined {
  const [mediaType = ''] = contentType.split(';');
  if (!textTypes.test(mediaType.trim().toLowerCase())) return undefined;
  const bytes = decodeBase64(data);
  const decoder = bytes && createDecoder(charsetParameter.exec(contentType)?.[1] ?? 'utf-8');
  try {
    return decoder?.decode(bytes);
  } catch {
    // Bytes that are no text in this charset.
    return undefined;
  }
}

function createDecoder(charset: string): InstanceType<typeof TextDecoder> | undefined {
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch {
    // A charset that is not known here.
    return undefined;
  }
}

function saveBytes(data: string, contentType: string, saveFile: SaveFile | undefined): string | undefined {
  const bytes = decodeBase64(data);
  return bytes === undefined ? undefined : saveFile?.(bytes, contentType);
}
