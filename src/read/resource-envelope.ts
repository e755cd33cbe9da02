// Where a record stands in the input, and the resource found there as the next stage gets it.

import type { DiagnosticCode, Location, MessageParameters } from '../diagnostics.ts';
import { type JsonObject, type JsonValue, stringifyJson } from '../json.ts';
import type { BundleScope, ReadContext, ResourceEnvelope } from '../types.ts';
import { REJECT_TEXT_BYTES } from './byte-collector.ts';
import { type RecordBytes, showRecord } from './parse-record.ts';

/** Positions are -1 where a record has none of that kind. */
export class RecordPlace {
  readonly #sourceName: string;
  readonly #line: number;
  readonly #entryIndex: number;
  readonly #byteOffset: number;
  readonly #text: RecordBytes | JsonValue;
  readonly #isParsed: boolean;

  private constructor(sourceName: string, line: number, entryIndex: number, byteOffset: number, text: RecordBytes | JsonValue, isParsed: boolean) {
    this.#sourceName = sourceName;
    this.#line = line;
    this.#entryIndex = entryIndex;
    this.#byteOffset = byteOffset;
    this.#text = text;
    this.#isParsed = isParsed;
  }

  /** @param record - the bytes, read when asked for: they may be gone once the next record is taken. */
  static ofRecord(sourceName: string, line: number, entryIndex: number, byteOffset: number, record: RecordBytes): RecordPlace {
    return new RecordPlace(sourceName, line, entryIndex, byteOffset, record, false);
  }

  /** An entry of a Bundle that was parsed as a whole. The outermost Bundle's index is the one that is shown. */
  ofEntry(index: number, entry: JsonValue): RecordPlace {
    return new RecordPlace(this.#sourceName, this.#line, this.#entryIndex < 0 ? index : this.#entryIndex, this.#byteOffset, entry, true);
  }

  get sourceName(): string {
    return this.#sourceName;
  }

  location(): Location {
    return {
      sourceName: this.#sourceName,
      ...(this.#line < 0 ? {} : { line: this.#line }),
      ...(this.#entryIndex < 0 ? {} : { entryIndex: this.#entryIndex }),
      byteOffset: this.#byteOffset,
    };
  }

  rawText(): string {
    return this.#isParsed ? stringifyJson(this.#text as JsonValue) : showRecord(this.#text as RecordBytes);
  }

  rawBytes(): Uint8Array {
    if (this.#isParsed) return Buffer.from(this.rawText());
    const { buffer, start, end } = this.#text as RecordBytes;
    return buffer.subarray(start, end);
  }

  /** Refuses the record. `byteOffset` says where in it the fault is, if not at its start. */
  reject(context: ReadContext, code: DiagnosticCode, parameters: MessageParameters = {}, faultByteOffset = 0): void {
    const location = this.location();
    const { text, isCut } = this.#isParsed ? cutText(this.rawText()) : cutRecord(this.#text as RecordBytes);
    context.reject({
      code,
      location: faultByteOffset === 0 ? location : { ...location, byteOffset: this.#byteOffset + faultByteOffset },
      parameters,
      rawText: text,
      isRawTextCut: isCut,
    });
  }
}

export class RecordEnvelope implements ResourceEnvelope {
  readonly resource: JsonObject;
  readonly hasNumberText: boolean;
  readonly fullUrl: string | undefined;
  readonly bundle: BundleScope | undefined;
  readonly #place: RecordPlace;

  constructor(resource: JsonObject, hasNumberText: boolean, place: RecordPlace, fullUrl: string | undefined, bundle: BundleScope | undefined) {
    this.resource = resource;
    this.hasNumberText = hasNumberText;
    this.fullUrl = fullUrl;
    this.bundle = bundle;
    this.#place = place;
  }

  location(): Location {
    return this.#place.location();
  }

  rawText(): string {
    return this.#place.rawText();
  }

  rawBytes(): Uint8Array {
    return this.#place.rawBytes();
  }
}

function cutText(text: string): { text: string; isCut: boolean } {
  const isCut = text.length > REJECT_TEXT_BYTES;
  return { text: isCut ? text.slice(0, REJECT_TEXT_BYTES).replace(/[\ud800-\udbff]$/, '') : text, isCut };
}

function cutRecord(record: RecordBytes): { text: string; isCut: boolean } {
  const isCut = record.end - record.start > REJECT_TEXT_BYTES || record.isPartial === true;
  let end = Math.min(record.end, record.start + REJECT_TEXT_BYTES);
  // Not in the middle of a character: continuation bytes are 10xxxxxx, lead bytes 11xxxxxx.
  if (isCut) {
    while (end > record.start && ((record.buffer[end - 1] as number) & 0xc0) === 0x80) end--;
    if (end > record.start && ((record.buffer[end - 1] as number) & 0xc0) === 0xc0) end--;
  }
  return { text: showRecord({ buffer: record.buffer, start: record.start, end, isAscii: record.isAscii }), isCut };
}
