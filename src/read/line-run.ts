// Lines of JSON → resources. A newline cannot stand inside a JSON value of one line, so whatever a line holds, the
// next one starts afresh. Long lines are read like documents: a Bundle among them entry by entry.

import { isAscii } from 'node:buffer';
import type { MessageParameters } from '../diagnostics.ts';
import { isJsonObject } from '../json.ts';
import type { DecodedSource, ReadContext, ResourceEnvelope } from '../types.ts';
import { CARRIAGE_RETURN, isSpace, LINE_FEED, SPACE, TAB } from './byte-codes.ts';
import { ByteCollector } from './byte-collector.ts';
import { DocumentRun } from './document-run.ts';
import { parseRecord, type RecordBytes, RecordFault } from './parse-record.ts';
import { limitParameters } from './read-limits.ts';
import { RecordPlace } from './resource-envelope.ts';
import { ValueScanner } from './scan-value.ts';
import { readHead, TakenEnvelope } from './taken-envelope.ts';
import { checkResourceType, describeJson, makeEnvelope, unpackBundle } from './unpack-bundle.ts';

const NOTHING: Buffer = Buffer.alloc(0);
/** Lines up to this length are parsed as a whole. */
const LONG_LINE_BYTES = 1024 * 1024;

export class LineRun implements RecordBytes {
  // The line being read, without the white space around it.
  buffer: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  isAscii = false;

  readonly #source: DecodedSource;
  readonly #context: ReadContext;
  readonly #scanner = new ValueScanner();
  /** The start of a line whose end lies in a later chunk. */
  readonly #carried: ByteCollector;
  readonly #longLineBytes: number;
  /** The line being read, when it is a long one. */
  #longLine: DocumentRun | undefined;
  /** Counts from 1. */
  #line: number;
  /** Where the line being read begins in the source. */
  #lineOffset: number;

  constructor(source: DecodedSource, context: ReadContext, startOffset = source.startOffset, line = 1) {
    this.#source = source;
    this.#context = context;
    this.#line = line;
    this.#lineOffset = startOffset;
    // What is over the limit as a line may be a Bundle of small entries.
    this.#longLineBytes = Math.min(LONG_LINE_BYTES, context.limits.recordBytes);
    this.#carried = new ByteCollector(this.#longLineBytes);
  }

  /** The resources of the lines that end in this chunk. */
  *read(chunk: Buffer): Generator<ResourceEnvelope, void, undefined> {
    // With a tape few lines are parsed, and each is looked at then.
    const isChunkAscii = this.#context.tape === undefined && isAscii(chunk);
    this.#context.tape?.forgetBytes();
    let from = 0;
    for (let to = chunk.indexOf(LINE_FEED); to >= 0; to = chunk.indexOf(LINE_FEED, from)) {
      // Blank lines come by the million in padded files.
      if (to > from || this.#carriedBytes > 0) yield* this.#endLine(chunk, from, to, isChunkAscii);
      this.#line++;
      this.#lineOffset += this.#carriedBytes + to + 1 - from;
      this.#carriedBytes = 0;
      from = to + 1;
    }
    yield* this.#carry(chunk.subarray(from));
  }

  /** A last line without a newline. */
  *finish(): Generator<ResourceEnvelope, void, undefined> {
    if (this.#carriedBytes > 0) yield* this.#endLine(NOTHING, 0, 0, false);
  }

  /** Bytes of the line being read that came with earlier chunks. */
  #carriedBytes = 0;

  *#carry(bytes: Buffer): Generator<ResourceEnvelope, void, undefined> {
    this.#carriedBytes += bytes.length;
    if (this.#carriedBytes > this.#longLineBytes) yield* this.#readLong(bytes);
    else this.#carried.append(bytes, 0, bytes.length);
  }

  *#endLine(chunk: Buffer, from: number, to: number, isChunkAscii: boolean): Generator<ResourceEnvelope, void, undefined> {
    if (this.#carriedBytes + to - from > this.#longLineBytes) {
      yield* this.#readLong(chunk.subarray(from, to));
      this.#longLine?.finish();
      this.#longLine = undefined;
      return;
    }
    if (this.#carriedBytes === 0) {
      this.#show(chunk, from, to, isChunkAscii);
    } else {
      this.#carried.append(chunk, from, to);
      this.#show(this.#carried.buffer.subarray(0, this.#carried.length), 0, this.#carried.length, false);
    }
    yield* this.#readLine();
    this.#carried.clear();
  }

  *#readLong(bytes: Buffer): Generator<ResourceEnvelope, void, undefined> {
    if (this.#longLine === undefined) {
      this.#longLine = new DocumentRun(this.#source, this.#context, this.#lineOffset, this.#line);
      yield* this.#longLine.read(this.#carried.buffer.subarray(0, this.#carried.length));
      this.#carried.clear();
    }
    yield* this.#longLine.read(bytes);
  }

  #show(buffer: Buffer, from: number, to: number, isBufferAscii: boolean): void {
    let start = from;
    let end = to;
    while (start < end && isSpace(buffer[start] as number)) start++;
    while (end > start && isLineSpace(buffer[end - 1] as number)) end--;
    this.buffer = buffer;
    this.start = start;
    this.end = end;
    this.isAscii = isBufferAscii;
    this.#lineStart = start - from;
  }

  /** White space before the record. */
  #lineStart = 0;

  *#readLine(): Generator<ResourceEnvelope, void, undefined> {
    if (this.start === this.end) return;
    const place = RecordPlace.ofRecord(this.#source.name, this.#line, -1, this.#lineOffset + this.#lineStart, this);
    const taken = this.#takeLine(place);
    if (taken !== undefined) {
      yield taken;
      return;
    }
    const scanner = this.#scanner;
    scanner.begin();
    scanner.scan(this.buffer, this.start, this.end);
    if (scanner.maxDepth > this.#context.limits.depth) return place.reject(this.#context, ...limitParameters('RECORD_TOO_DEEP', this.#context.limits));
    const value = parseRecord(this, scanner.hasOddNumber, scanner.oddNumbers);
    if (value instanceof RecordFault) {
      const parameters: MessageParameters = { reason: value.reason };
      return place.reject(this.#context, value.code, parameters, value.byteOffset);
    }
    if (!isJsonObject(value)) return place.reject(this.#context, 'RECORD_NOT_OBJECT', { found: describeJson(value) });
    if (!checkResourceType(value, place, this.#context)) return;
    if (value.resourceType === 'Bundle') yield* unpackBundle(value, scanner.hasOddNumber, place, this.#context);
    else yield makeEnvelope(value, scanner.hasOddNumber, place);
  }

  /** The line as a resource that is not parsed; undefined when there is no tape of it, or anything to be said about it. */
  #takeLine(place: RecordPlace): ResourceEnvelope | undefined {
    const { limits, tape } = this.#context;
    if (tape === undefined || !tape.take(this.buffer, this.start, this.end, limits.depth)) return undefined;
    const head = readHead(tape, tape.root);
    return head === undefined ? undefined : new TakenEnvelope(head, this, tape, place, undefined, undefined);
  }
}

function isLineSpace(byte: number): boolean {
  return byte === CARRIAGE_RETURN || byte === SPACE || byte === TAB;
}
