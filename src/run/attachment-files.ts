// The bytes of an attachment → the name of the file that holds them: a hash, and an ending by their content type.

import { sha256Hex } from '../lazy-crypto.ts';
import type { PartSink, SaveFile } from '../types.ts';

/** The types that people have programs for; other files end in `bin`. */
const endings: ReadonlyMap<string, string> = new Map([
  ['application/dicom', 'dcm'],
  ['application/fhir+json', 'json'],
  ['application/fhir+xml', 'xml'],
  ['application/gzip', 'gz'],
  ['application/hl7-cda+xml', 'xml'],
  ['application/json', 'json'],
  ['application/msword', 'doc'],
  ['application/pdf', 'pdf'],
  ['application/rtf', 'rtf'],
  ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'docx'],
  ['application/xml', 'xml'],
  ['application/zip', 'zip'],
  ['audio/mpeg', 'mp3'],
  ['audio/wav', 'wav'],
  ['image/bmp', 'bmp'],
  ['image/gif', 'gif'],
  ['image/jpeg', 'jpg'],
  ['image/png', 'png'],
  ['image/svg+xml', 'svg'],
  ['image/tiff', 'tif'],
  ['text/cql', 'cql'],
  ['text/csv', 'csv'],
  ['text/html', 'html'],
  ['text/markdown', 'md'],
  ['text/plain', 'txt'],
  ['text/rtf', 'rtf'],
  ['text/xml', 'xml'],
  ['video/mp4', 'mp4'],
]);

/** Keeps bytes in a sink; the same bytes of the same type are one file. */
export function saveInto(sink: PartSink): SaveFile {
  return (bytes, contentType) => {
    const mediaType = (contentType.split(';')[0] ?? '').trim().toLowerCase();
    const name = `${sha256Hex(bytes, 32)}.${endings.get(mediaType) ?? 'bin'}`;
    sink.saveFile?.(name, bytes);
    return `attachments/${name}`;
  };
}
