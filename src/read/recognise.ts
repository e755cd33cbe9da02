// The first bytes of a source → what it is. By content only: names lie.

import { isAscii, isUtf8 } from 'node:buffer';
import type { DiagnosticCode, MessageParameters } from '../diagnostics.ts';
import { isJsonObject, type JsonValue } from '../json.ts';
import { isSpace, LINE_FEED, OPEN_BRACE, OPEN_BRACKET, skipSpace } from './byte-codes.ts';
import { asBuffer } from './byte-collector.ts';
import { locateJsonFault } from './locate-json-fault.ts';

/** How many bytes of a source readers get to recognise it by. */
export const HEAD_BYTES = 1024 * 1024;

/** Lines that are tried for being a resource of their own. */
const TRIED_LINES = 20;
/** How far they may be: to look through all of the head costs more than reading it. The document reader finds lines that are longer. */
const TRIED_BYTES = 128 * 1024;

/** True for lines of JSON: at least one line is a whole resource by itself, and it is not the only line. */
export function looksLikeNdjson(head: Uint8Array, isWhole: boolean): boolean {
  const bytes = asBuffer(head);
  const first = lineAt(bytes, skipSpace(bytes, 0, bytes.length), isWhole);
  if (first === undefined || skipSpace(bytes, first.end, bytes.length) === bytes.length) return false;
  const firstValue = parseOrUndefined(bytes, first.start, first.end);
  if (firstValue !== undefined && (first.start === 0 || bytes[first.start - 1] === LINE_FEED) && hasResourceType(firstValue)) return true;
  if (!hasResourceLine(bytes, first.end, isWhole)) return false;
  if (firstValue !== undefined) return true;
  // One bad line at the top, or a document that happens to hold a resource on a line of its own? The lines after a bad
  // one make no sense as its continuation.
  if (bytes[first.start] === OPEN_BRACKET) return false;
  const text = bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8');
  const fault = locateJsonFault(text);
  if (fault === undefined || fault.reason === 'unexpected end of text' || fault.reason === 'unfinished string') return false;
  const second = lineAt(bytes, skipSpace(bytes, first.end, bytes.length), isWhole);
  const thirdStart = second === undefined ? bytes.length : skipSpace(bytes, second.end, bytes.length);
  return Buffer.byteLength(text.slice(0, fault.offset)) <= thirdStart;
}

/** True for anything that starts as a JSON object or array, unless it is known to be JSON that is no FHIR. */
export function looksLikeDocument(head: Uint8Array, isWhole: boolean): boolean {
  const bytes = asBuffer(head);
  const start = skipSpace(bytes, 0, bytes.length);
  if (bytes[start] !== OPEN_BRACE && bytes[start] !== OPEN_BRACKET) return false;
  if (isUtf32(bytes) || findSidecar(bytes, isWhole) !== undefined) return false;
  if (bytes.includes('"resourceType"')) return true;
  const line = lineAt(bytes, start, isWhole);
  const lineValue = line === undefined ? undefined : parseOrUndefined(bytes, line.start, line.end);
  // Lines of JSON without a single resource among the first ones are some other program's.
  if (line !== undefined && lineValue !== undefined && !hasResourceType(lineValue) && skipSpace(bytes, line.end, bytes.length) < bytes.length) {
    return Array.isArray(lineValue) && lineValue.some(hasResourceType);
  }
  if (!isWhole) return true;
  const value = parseOrUndefined(bytes, 0, bytes.length);
  if (value === undefined) return true;
  return Array.isArray(value) ? value.some(hasResourceType) : hasResourceType(value);
}

/** What to say of a source that no reader recognised. */
export function describeUnrecognised(head: Uint8Array, isWhole: boolean): { code: DiagnosticCode; parameters: MessageParameters } {
  const bytes = asBuffer(head);
  const start = skipSpace(bytes, 0, bytes.length);
  if (start === bytes.length) {
    return isWhole ? { code: 'SOURCE_EMPTY', parameters: {} } : { code: 'SOURCE_NOT_FHIR', parameters: { found: 'nothing but white space at its start' } };
  }
  const sidecar = findSidecar(bytes, isWhole);
  if (sidecar !== undefined) return { code: 'SOURCE_SIDECAR', parameters: { found: sidecar } };
  return { code: 'SOURCE_NOT_FHIR', parameters: { found: describeContent(bytes, start, isWhole) } };
}

function describeContent(bytes: Buffer, start: number, isWhole: boolean): string {
  if (isUtf32(bytes)) return 'UTF-32 text: convert it to UTF-8 first';
  const opening = bytes.toString('latin1', start, start + 512);
  if (bytes.includes(0)) return bytes.toString('latin1', 257, 262) === 'ustar' ? 'a tar archive: unpack it first' : 'binary data';
  if (opening.startsWith('<')) {
    const isFhir = bytes.includes('http://hl7.org/fhir');
    return isFhir ? 'XML: convert it to JSON first' : /^<(!doctype\s+)?html/i.test(opening) ? 'HTML' : 'XML';
  }
  if (/^@prefix|^<https?:/.test(opening)) return 'RDF: convert it to JSON first';
  if (isWhole && parseOrUndefined(bytes, start, bytes.length) !== undefined) return 'JSON without resourceType';
  if (isWhole && !isUtf8(bytes)) return 'binary data, or text that is not UTF-8';
  return /^[[{]/.test(opening) ? 'JSON without resourceType' : 'text that is not JSON';
}

/**
 * Files that a bulk export puts beside the resources.
 * https://hl7.org/fhir/uv/bulkdata/export.html#response---complete-status, https://github.com/smart-on-fhir/bulk-data-client/wiki/Bulk-Data-Export-Log-Items
 */
function findSidecar(bytes: Buffer, isWhole: boolean): string | undefined {
  const start = skipSpace(bytes, 0, bytes.length);
  if (bytes[start] !== OPEN_BRACE) return undefined;
  const line = lineAt(bytes, start, isWhole);
  if (line !== undefined && bytes.subarray(line.start, line.end).includes('"exportId"')) {
    const value = parseOrUndefined(bytes, line.start, line.end);
    if (isJsonObject(value) && typeof value.exportId === 'string' && typeof value.eventId === 'string' && !hasResourceType(value)) {
      return 'bulk export log';
    }
  }
  if (isWhole && bytes.includes('"transactionTime"')) {
    const value = parseOrUndefined(bytes, start, bytes.length);
    if (isJsonObject(value) && value.transactionTime !== undefined && Array.isArray(value.output) && !hasResourceType(value)) {
      return 'bulk export manifest';
    }
  }
  return undefined;
}

/** Looks for a line after `from` that starts in column 0 and is a resource. */
function hasResourceLine(bytes: Buffer, from: number, isWhole: boolean): boolean {
  const near = bytes.subarray(0, from + TRIED_BYTES);
  let start = from;
  for (let tried = 0; tried < TRIED_LINES; tried++) {
    start = near.indexOf('\n{', start);
    if (start < 0) return false;
    const line = lineAt(bytes, start + 1, isWhole);
    if (line === undefined) return false;
    const value = parseOrUndefined(bytes, line.start, line.end);
    if (value !== undefined && hasResourceType(value)) return true;
    start = line.end;
  }
  return false;
}

/** The line that starts at `start`; undefined when the head ends before it does. */
function lineAt(bytes: Buffer, start: number, isWhole: boolean): { start: number; end: number } | undefined {
  if (start >= bytes.length) return undefined;
  let end = bytes.indexOf(LINE_FEED, start);
  if (end < 0 && !isWhole) return undefined;
  if (end < 0) end = bytes.length;
  while (end > start && isSpace(bytes[end - 1] as number)) end--;
  return { start, end };
}

function parseOrUndefined(bytes: Buffer, from: number, to: number): JsonValue | undefined {
  const part = bytes.subarray(from, to);
  if (!isUtf8(part)) return undefined;
  try {
    return JSON.parse(part.toString('utf8')) as JsonValue;
  } catch {
    return undefined;
  }
}

function hasResourceType(value: JsonValue): boolean {
  return isJsonObject(value) && value.resourceType !== undefined;
}

function isUtf32(bytes: Buffer): boolean {
  const start = bytes.toString('latin1', 0, 4);
  return start === '\xff\xfe\0\0' || start === '\0\0\xfe\xff' || /^(\0\0\0[{[]|[{[]\0\0\0)/.test(start);
}
