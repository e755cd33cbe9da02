// JSON documents → resources: a Bundle entry by entry, an array item by item, a single resource, or several of these
// one after the other. Built for documents of any length: no more than one entry is held at a time.

import type { DiagnosticCode, MessageParameters } from '../diagnostics.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import type { BundleScope, DecodedSource, DocumentKind, ReadContext, ResourceEnvelope } from '../types.ts';
import { asBuffer } from './byte-collector.ts';
import { type CutEvent, DocumentCutter } from './cut-document.ts';
import { HeldRefusals } from './held-refusals.ts';
import { findFault, parseRecord, parseTaken, RecordFault } from './parse-record.ts';
import { limitParameters } from './read-limits.ts';
import { RecordPlace } from './resource-envelope.ts';
import { readEntry, readHead, TakenEnvelope } from './taken-envelope.ts';
import { BundleTally } from './tally-bundle.ts';
import { checkResourceType, describeJson, fullUrlOf, makeEnvelope, takeEntryResource, unpackBundle } from './unpack-bundle.ts';

/** What is wrong with the rest of a source: told when its end is known. */
interface BrokenRest {
  readonly code: DiagnosticCode;
  readonly reason: string;
  readonly kept: number;
  readonly entryIndex: number | undefined;
  readonly byteOffset: number;
}

/** Closes what the frame of a Bundle leaves open before its first entry. */
const FRAME_END = Buffer.from(']}');

/** Reads a source, or one line of it. */
export class DocumentRun {
  readonly #source: DecodedSource;
  readonly #context: ReadContext;
  readonly #cutter: DocumentCutter;
  /** Counts from 1; -1 when the run is the whole source. */
  #line: number;
  #tally = new BundleTally();
  #bundle: BundleScope = { outer: undefined };
  #kind: DocumentKind | undefined;
  /** End of the bytes given so far. */
  #endOffset: number;
  #brokenRest: BrokenRest | undefined;
  #isBroken = false;
  /** Of a lone document, or of the first items of an array. */
  readonly #held: HeldRefusals;
  /** Something in the source is FHIR, was meant to be, or cannot be told for a fault. */
  #hasFhir = false;

  constructor(source: DecodedSource, context: ReadContext, startOffset = source.startOffset, line = -1) {
    this.#source = source;
    this.#context = context;
    this.#held = new HeldRefusals(context);
    this.#line = line;
    this.#endOffset = startOffset;
    this.#cutter = new DocumentCutter(context.limits, startOffset, context.tape);
  }

  /** Between documents: all that were begun have ended well. */
  get isComplete(): boolean {
    return !this.#isBroken && this.#cutter.isBetweenDocuments;
  }

  /** The bytes end inside a string. */
  get isInString(): boolean {
    return !this.#isBroken && this.#cutter.isInString;
  }

  /** The bytes end among the entries of a Bundle. */
  get isInBundle(): boolean {
    return this.#cutter.isCut && this.#cutter.kind === 'object';
  }

  /** The resources that end in this chunk. */
  *read(chunk: Uint8Array): Generator<ResourceEnvelope, void, undefined> {
    this.#endOffset += chunk.length;
    if (this.#isBroken) return;
    const cutter = this.#cutter;
    cutter.feed(asBuffer(chunk));
    for (let event = cutter.next(); event !== undefined; event = cutter.next()) {
      // Nearly all of a Bundle goes this way, where nothing is made for a resource but its envelope.
      const taken = event === 'element' ? this.#takeElement() : undefined;
      if (taken !== undefined) yield taken;
      else yield* this.#readEvent(event);
      if (this.#isBroken) return;
    }
  }

  /** The bytes were the first line of several. */
  finishFirstLine(): void {
    this.#line = 1;
    this.finish();
  }

  finish(): void {
    if (!this.#isBroken && this.#cutter.finish() === 'fault') this.#readFault();
    if (this.#cutter.documentCount === 1 && !this.#isBroken) this.#refuseHeld();
    else this.#held.release();
    if (this.#kind !== undefined && this.#line < 0) this.#context.onKind(this.#kind);
    const rest = this.#brokenRest;
    if (rest === undefined) return;
    const location = {
      sourceName: this.#source.name,
      ...(this.#line < 0 ? {} : { line: this.#line }),
      ...(rest.entryIndex === undefined ? {} : { entryIndex: rest.entryIndex }),
      byteOffset: rest.byteOffset,
    };
    const extent = this.#line < 0 ? 'file' : 'line';
    this.#context.report(rest.code, location, { reason: rest.reason, kept: rest.kept, extent, unreadBytes: this.#endOffset - rest.byteOffset });
  }

  *#readEvent(event: CutEvent): Generator<ResourceEnvelope, void, undefined> {
    switch (event) {
      case 'opened':
        return this.#openBundle();
      case 'element':
        return yield* this.#readElement();
      case 'document':
        return yield* this.#endDocument();
      case 'fault':
        return this.#readFault();
    }
  }

  /** Checks what stands before the entries at once, so that no entry of a text is taken that is no JSON before it. */
  #openBundle(): void {
    this.#tellKind('bundle');
    const cutter = this.#cutter;
    if (cutter.elementCount === 0) {
      this.#tally = new BundleTally();
      this.#bundle = { outer: undefined };
    }
    if (cutter.isTooLarge) return;
    const frame = Buffer.concat([cutter.buffer.subarray(cutter.start, cutter.end), FRAME_END]);
    const fault = parseRecord({ buffer: frame, start: 0, end: frame.length, isAscii: false }, false);
    if (fault instanceof RecordFault) this.#breakOff(fault.reason, cutter.findFrameOffset(fault.byteOffset), 'BUNDLE_BROKEN');
  }

  /** The element as a resource that is not parsed, if it can be. */
  #takeElement(): ResourceEnvelope | undefined {
    const cutter = this.#cutter;
    if (!cutter.hasTape || cutter.isTooLarge) return undefined;
    if (cutter.kind !== 'array') return this.#takeEntry(this.#placeElement());
    this.#tellKind('array');
    return this.#takeResource(this.#placeElement());
  }

  #placeElement(): RecordPlace {
    const cutter = this.#cutter;
    return RecordPlace.ofRecord(this.#source.name, this.#line, cutter.elementIndex, cutter.byteOffset, cutter);
  }

  *#readElement(): Generator<ResourceEnvelope, void, undefined> {
    const cutter = this.#cutter;
    const isItem = cutter.kind === 'array';
    if (isItem) this.#tellKind('array');
    const place = this.#placeElement();
    if (this.#isOverLimits(place)) {
      if (!isItem) this.#tally.entryCount++;
      return;
    }
    const value = this.#parseItem();
    if (value instanceof RecordFault) {
      if (!value.isEndCertain) return this.#breakOff(value.reason, cutter.byteOffset + value.byteOffset, undefined, cutter.elementIndex);
      if (isItem) this.#meetFhir();
      else this.#tally.entryCount++;
      return place.reject(this.#context, value.code, { reason: value.reason }, value.byteOffset);
    }
    let resource: JsonObject | undefined;
    if (!isItem) resource = takeEntryResource(value, place, this.#tally, this.#context);
    else if (this.#isResource(value, place)) resource = value as JsonObject;
    if (resource === undefined) return;
    if (resource.resourceType === 'Bundle') yield* unpackBundle(resource, cutter.hasOddNumber, place, this.#context, isItem ? undefined : this.#bundle);
    else if (isItem) yield makeEnvelope(resource, cutter.hasOddNumber, place);
    else yield makeEnvelope(resource, cutter.hasOddNumber, place, fullUrlOf(value), this.#bundle);
  }

  *#endDocument(): Generator<ResourceEnvelope, void, undefined> {
    const cutter = this.#cutter;
    if (cutter.kind === 'array') return this.#tellKind('array');
    if (cutter.documentCount > 1) this.#meetFhir();
    const place = RecordPlace.ofRecord(this.#source.name, this.#line, -1, cutter.byteOffset, cutter);
    if (this.#isOverLimits(place)) return;
    const taken = cutter.isCut ? undefined : this.#takeResource(place);
    if (taken !== undefined) {
      this.#tellKind('resource');
      yield taken;
      return;
    }
    const value = this.#parseItem();
    if (value instanceof RecordFault) {
      const byteOffset = cutter.findFrameOffset(value.byteOffset);
      if (cutter.isCut || cutter.resourceType === 'Bundle') return this.#breakOff(value.reason, byteOffset, 'BUNDLE_BROKEN');
      place.reject(this.#context, value.code, { reason: value.reason }, value.byteOffset);
      this.#isBroken = !value.isEndCertain;
      return;
    }
    const document = value as JsonObject;
    if (cutter.isCut) {
      this.#context.onBundle(this.#tally.finish(this.#source.name, document));
      this.#tally = new BundleTally();
      if (document.resourceType !== 'Bundle') {
        place.reject(this.#context, document.resourceType === undefined ? 'RESOURCE_TYPE_MISSING' : 'RESOURCE_TYPE_INVALID');
      }
      return;
    }
    if (!this.#isResource(document, place)) return;
    const isBundle = document.resourceType === 'Bundle';
    this.#tellKind(isBundle ? 'bundle' : 'resource');
    if (isBundle) yield* unpackBundle(document, cutter.hasOddNumber, place, this.#context);
    else yield makeEnvelope(document, cutter.hasOddNumber, place);
  }

  #parseItem(): JsonValue | RecordFault {
    const cutter = this.#cutter;
    const { tape } = this.#context;
    return cutter.hasTape && tape !== undefined ? parseTaken(cutter, tape) : parseRecord(cutter, cutter.hasOddNumber, cutter.oddNumbers);
  }

  /** The item as a resource that is not parsed; undefined when there is no tape, or anything to be said about it. */
  #takeResource(place: RecordPlace): ResourceEnvelope | undefined {
    const { tape } = this.#context;
    if (!this.#cutter.hasTape || tape === undefined) return undefined;
    const head = readHead(tape, tape.root);
    if (head === undefined) return undefined;
    this.#meetFhir();
    return new TakenEnvelope(head, this.#cutter, tape, place, undefined, undefined);
  }

  /** The same for the resource of an entry. */
  #takeEntry(place: RecordPlace): ResourceEnvelope | undefined {
    const { tape } = this.#context;
    const entry = this.#cutter.hasTape && tape !== undefined ? readEntry(tape) : undefined;
    if (entry === undefined || tape === undefined) return undefined;
    this.#tally.entryCount++;
    this.#tally.resourceCount++;
    this.#tally.addTakenEntry(tape, entry.head.token);
    return new TakenEnvelope(entry.head, this.#cutter, tape, place, entry.fullUrl, this.#bundle);
  }

  /** The item is what was read of the record at whose end, or in which, the text stopped to be JSON. */
  #readFault(): void {
    const cutter = this.#cutter;
    let reason = cutter.faultReason;
    let byteOffset = cutter.faultOffset;
    if (cutter.isFaultInItem) {
      const fault = findFault(cutter);
      const isCutShort = cutter.isTooLarge && (fault.reason === 'unexpected end of text' || fault.reason === 'unfinished string');
      if (!isCutShort) {
        reason = fault.reason;
        byteOffset = cutter.isFaultInElement ? cutter.byteOffset + fault.byteOffset : cutter.findFrameOffset(fault.byteOffset);
      }
    }
    if (cutter.kind === 'array' || cutter.isCut || cutter.resourceType === 'Bundle') {
      this.#breakOff(reason, byteOffset);
      return;
    }
    this.#isBroken = true;
    this.#held.release();
    const place = RecordPlace.ofRecord(this.#source.name, this.#line, -1, cutter.byteOffset, cutter);
    place.reject(this.#context, 'RECORD_NOT_JSON', { reason }, byteOffset - cutter.byteOffset);
  }

  #breakOff(
    reason: string,
    byteOffset: number,
    code: DiagnosticCode = this.#cutter.kind === 'array' ? 'ARRAY_BROKEN' : 'BUNDLE_BROKEN',
    kept: number = this.#cutter.elementCount,
  ): void {
    this.#isBroken = true;
    this.#brokenRest = { code, reason, kept, entryIndex: this.#cutter.isCut ? kept : undefined, byteOffset };
    if (code === 'BUNDLE_BROKEN') this.#context.onBundle(this.#tally.finish(this.#source.name, {}));
  }

  #isOverLimits(place: RecordPlace): boolean {
    const { limits } = this.#context;
    let code: DiagnosticCode;
    let parameters: MessageParameters;
    if (this.#cutter.isTooLarge) [code, parameters] = limitParameters('RECORD_TOO_LARGE', limits);
    else if (this.#cutter.depth > limits.depth) [code, parameters] = limitParameters('RECORD_TOO_DEEP', limits);
    else return false;
    place.reject(this.#context, code, parameters);
    return true;
  }

  /** Refuses what is none: at once, or at the end when there was nothing else. */
  #isResource(value: JsonValue, place: RecordPlace): boolean {
    if (isJsonObject(value) && value.resourceType !== undefined) this.#meetFhir();
    const context = this.#hasFhir ? this.#context : this.#held.context;
    if (!isJsonObject(value)) place.reject(context, 'RECORD_NOT_OBJECT', { found: describeJson(value) });
    else if (checkResourceType(value, place, context)) return true;
    if (this.#held.isFull) this.#refuseHeld();
    return false;
  }

  #meetFhir(): void {
    this.#hasFhir = true;
    this.#held.release();
  }

  /** Nothing but these: the source as a whole is refused, and the rest of it not looked at. A line has its neighbours. */
  #refuseHeld(): void {
    if (this.#held.count === 0) return;
    if (this.#line >= 0) {
      this.#meetFhir();
      return;
    }
    this.#held.forget();
    this.#isBroken = true;
    this.#kind = undefined;
    this.#context.report('SOURCE_NOT_FHIR', { sourceName: this.#source.name }, { found: 'JSON without resourceType' });
  }

  #tellKind(kind: DocumentKind): void {
    this.#kind ??= kind;
  }
}
