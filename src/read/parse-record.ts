// Bytes of one record → its JSON value, or what is wrong with it and where.

import { isAscii, isUtf8 } from 'node:buffer';
import type { RecordTape } from '../bytes/record-tape.ts';
import type { JsonValue } from '../json.ts';
import { isBalanced, locateJsonFault } from './locate-json-fault.ts';
import { parseLossless, parseLosslessAt } from './parse-lossless.ts';

/** A record's bytes: [start, end) of a buffer that is reused once the next record is taken. */
export interface RecordBytes {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  /** True when the bytes are known to be ASCII, false when that has not been looked at. */
  readonly isAscii: boolean;
  /** True when the record went on past `end` and only its first bytes were kept. */
  readonly isPartial?: boolean;
}

export class RecordFault {
  readonly code: 'RECORD_NOT_JSON' | 'RECORD_NOT_UTF8';
  readonly reason: string;
  /** From the record's first byte. */
  readonly byteOffset: number;
  /** False when brackets or quotes do not match, so that the place where the record ends is a guess. */
  readonly isEndCertain: boolean;

  constructor(code: 'RECORD_NOT_JSON' | 'RECORD_NOT_UTF8', reason: string, byteOffset: number, isEndCertain: boolean) {
    this.code = code;
    this.reason = reason;
    this.byteOffset = byteOffset;
    this.isEndCertain = isEndCertain;
  }
}

/**
 * @param hasOddNumber - from the scanner; true takes the slower parse that keeps the text of numbers.
 * @param oddNumbers - where these numbers begin, in bytes from the record's first; undefined where that is not known.
 */
export function parseRecord(record: RecordBytes, hasOddNumber: boolean, oddNumbers?: readonly number[]): JsonValue | RecordFault {
  const text = decodeRecord(record);
  if (text === undefined) return new RecordFault('RECORD_NOT_UTF8', 'bytes that are no UTF-8', 0, true);
  try {
    if (!hasOddNumber) return JSON.parse(text) as JsonValue;
    return oddNumbers === undefined ? parseLossless(text) : parseLosslessAt(text, toTextIndexes(record, text, oddNumbers));
  } catch {
    return explainFault(text);
  }
}

/** A record of which there is a tape, and therefore no fault. */
export function parseTaken(record: RecordBytes, tape: RecordTape): JsonValue {
  const oddNumbers = tape.mayHaveOddNumbers ? tape.oddNumbers() : [];
  const value = parseRecord(record, oddNumbers.length > 0, oddNumbers);
  if (value instanceof RecordFault) throw new Error(`a tape of what is no JSON: ${value.reason}`);
  return value;
}

/** Places in the bytes of a record → places in its text. */
function toTextIndexes(record: RecordBytes, text: string, byteOffsets: readonly number[]): readonly number[] {
  if (text.length === record.end - record.start) return byteOffsets;
  let index = 0;
  let from = record.start;
  return byteOffsets.map((byteOffset) => {
    const to = record.start + byteOffset;
    index += record.buffer.toString('utf8', from, to).length;
    from = to;
    return index;
  });
}

/** The first fault of a record that is known to be broken or unfinished. */
export function findFault(record: RecordBytes): RecordFault {
  const text = decodeRecord(record);
  if (text !== undefined) return explainFault(text);
  const fault = locateJsonFault(record.buffer.toString('latin1', record.start, record.end));
  return new RecordFault('RECORD_NOT_JSON', fault?.reason ?? 'unexpected end of text', fault?.offset ?? record.end - record.start, false);
}

function explainFault(text: string): RecordFault {
  const fault = locateJsonFault(text) ?? { offset: text.length, reason: 'unexpected end of text' };
  return new RecordFault('RECORD_NOT_JSON', fault.reason, Buffer.byteLength(text.slice(0, fault.offset)), isBalanced(text));
}

/** Undefined when the bytes are no UTF-8. */
function decodeRecord(record: RecordBytes): string | undefined {
  const { buffer, start, end } = record;
  // A Latin-1 decode of ASCII is a copy, and gives JSON.parse the one-byte string it is fastest on.
  if (record.isAscii) return buffer.toString('latin1', start, end);
  const bytes = buffer.subarray(start, end);
  if (isAscii(bytes)) return bytes.toString('latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}

/** The record as text for people; bytes that are no UTF-8 are read as Latin-1, so that they can be found again. */
export function showRecord(record: RecordBytes): string {
  return decodeRecord(record) ?? record.buffer.toString('latin1', record.start, record.end);
}
