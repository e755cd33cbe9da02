// NDJSON → resources, line by line. A newline cannot stand inside a JSON value of one line, so whatever a line holds, the
// next one starts afresh.

import { isAscii } from 'node:buffer';
import type { MessageParameters } from '../diagnostics.ts';
import { isJsonObject } from '../json.ts';
import type { DecodedSource, ReadContext, Reader, ResourceEnvelope } from '../types.ts';
import { CARRIAGE_RETURN, isSpace, LINE_FEED, SPACE, TAB } from './byte-codes.ts';
import { asBuffer, ByteCollector } from './byte-collector.ts';
import { parseRecord, type RecordBytes, RecordFault } from './parse-record.ts';
import { limitParameters } from './read-limits.ts';
import { looksLikeNdjson } from './recognise.ts';
import { RecordPlace } from './resource-envelope.ts';
import { ValueScanner } from './scan-value.ts';
import { checkResourceType, describeJson, makeEnvelope, unpackBundle } from './unpack-bundle.ts';

export const ndjsonReader: Reader = {
  name: 'ndjson',
  recognise: looksLikeNdjson,
  async *read(source, context) {
    context.onKind('ndjson');
    const lines = new LineRun(source, context);
    for await (const chunk of source.chunks) yield lines.read(asBuffer(chunk));
    yield lines.finish();
  },
};

class LineRun implements RecordBytes {
  // The line being read, without the white space around it.
  buffer: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  isAscii = false;
  isPartial = false;

  readonly #source: DecodedSource;
  readonly #context: ReadContext;
  readonly #scanner = new ValueScanner();
  /** The start of a line whose end lies in a later chunk. */
  readonly #carried: ByteCollector;
  /** Counts from 1. */
  #line = 1;
  /** Where the line being read begins in the source. */
  #lineOffset: number;

  constructor(source: DecodedSource, context: ReadContext) {
    this.#source = source;
    this.#context = context;
    this.#lineOffset = source.startOffset;
    // White space does not count against the limit, but a byte or two of it stands at the end of lines.
    this.#carried = new ByteCollector(context.limits.recordBytes + 2);
  }

  /** The resources of the lines that end in this chunk. */
  *read(chunk: Buffer): Generator<ResourceEnvelope, void, undefined> {
    const isChunkAscii = isAscii(chunk);
    let from = 0;
    for (let to = chunk.indexOf(LINE_FEED); to >= 0; to = chunk.indexOf(LINE_FEED, from)) {
      let lineBytes = to - from;
      if (lineBytes === 0 && this.#carried.totalLength === 0) {
        // Blank lines come by the million in padded files.
        this.#line++;
        this.#lineOffset++;
        from = to + 1;
        continue;
      }
      if (this.#carried.totalLength === 0) {
        this.#show(chunk, from, to, isChunkAscii, false);
      } else {
        lineBytes += this.#carried.totalLength;
        this.#carried.append(chunk, from, to);
        this.#show(this.#carried.buffer, 0, this.#carried.length, false, this.#carried.isOverLimit);
      }
      yield* this.#readLine();
      this.#carried.clear();
      this.#line++;
      this.#lineOffset += lineBytes + 1;
      from = to + 1;
    }
    this.#carried.append(chunk, from, chunk.length);
  }

  /** A last line without a newline. */
  *finish(): Generator<ResourceEnvelope, void, undefined> {
    this.#show(this.#carried.buffer, 0, this.#carried.length, false, this.#carried.isOverLimit);
    yield* this.#readLine();
    this.#carried.clear();
  }

  #show(buffer: Buffer, from: number, to: number, isBufferAscii: boolean, isPartial: boolean): void {
    let start = from;
    let end = to;
    while (start < end && isSpace(buffer[start] as number)) start++;
    while (end > start && isLineSpace(buffer[end - 1] as number)) end--;
    this.buffer = buffer;
    this.start = start;
    this.end = end;
    this.isAscii = isBufferAscii;
    this.isPartial = isPartial;
    this.#lineStart = start - from;
  }

  /** White space before the record. */
  #lineStart = 0;

  *#readLine(): Generator<ResourceEnvelope, void, undefined> {
    if (this.start === this.end) return;
    const place = RecordPlace.ofRecord(this.#source.name, this.#line, -1, this.#lineOffset + this.#lineStart, this);
    const scanner = this.#scanner;
    scanner.begin();
    if (this.isPartial || this.end - this.start > this.#context.limits.recordBytes) {
      return this.#refuse(place, 'RECORD_TOO_LARGE');
    }
    scanner.scan(this.buffer, this.start, this.end);
    if (scanner.maxDepth > this.#context.limits.depth) return this.#refuse(place, 'RECORD_TOO_DEEP');
    const value = parseRecord(this, scanner.hasOddNumber, scanner.oddNumbers);
    if (value instanceof RecordFault) {
      const parameters: MessageParameters = { reason: value.reason };
      return place.reject(this.#context, value.code, parameters, value.byteOffset);
    }
    if (!isJsonObject(value)) return place.reject(this.#context, 'RECORD_NOT_OBJECT', { found: describeJson(value) });
    if (!checkResourceType(value, place, this.#context)) return;
    if (value.resourceType === 'Bundle') yield* unpackBundle(value, scanner.hasOddNumber, place, this.#context);
    else yield makeEnvelope(value, scanner.hasOddNumber, undefined, place);
  }

  #refuse(place: RecordPlace, code: 'RECORD_TOO_LARGE' | 'RECORD_TOO_DEEP'): void {
    const [, parameters] = limitParameters(code, this.#context.limits);
    place.reject(this.#context, code, parameters);
  }
}

function isLineSpace(byte: number): boolean {
  return byte === CARRIAGE_RETURN || byte === SPACE || byte === TAB;
}
