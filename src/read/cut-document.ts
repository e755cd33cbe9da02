// Cuts JSON documents that come in chunks of bytes into records: the entries of a Bundle, the items of an array, or a
// whole document. What a Bundle holds around its entries is collected as its frame, with `"entry":[]`. A state machine
// that can stop after any byte; the bytes inside records are left to ValueScanner.
//
// Where there is a tape, elements that lie within a chunk are taken as tapes, which finds their ends; ValueScanner has the
// rest. Of duplicate `entry` keys all entries are read; elsewhere the last duplicate wins, as with JSON.parse.

import { isAscii } from 'node:buffer';
import type { RecordTape } from '../bytes/record-tape.ts';
import type { ReadLimits } from '../types.ts';
import { CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, isSpace, OPEN_BRACE, OPEN_BRACKET, QUOTE, SPACE, skipSpace } from './byte-codes.ts';
import { REJECT_TEXT_BYTES } from './byte-collector.ts';
import { CutItem } from './cut-item.ts';
import { NameReader } from './name-reader.ts';
import { Frame, OpenPart } from './open-part.ts';
import { ValueScanner } from './scan-value.ts';

/**
 * `opened`: the frame up to the first entry stands in the item, its entries follow. `element`: an entry or item.
 * `document`: the end of a document; the item holds its text, for a Bundle that was cut its frame. `fault`: the text
 * is no JSON from `faultOffset` on, nothing more will come.
 */
export type CutEvent = 'opened' | 'element' | 'document' | 'fault';

export type CutKind = 'object' | 'array';

type State =
  | 'between documents'
  | 'in object'
  | 'in object string'
  | 'in object value'
  | 'peek element'
  | 'peek key'
  | 'peek key text'
  | 'first element'
  | 'next element'
  | 'in element'
  | 'in element string'
  | 'in element scalar'
  | 'after element'
  | 'broken';

/** Keys of Bundle.entry that no other top-level `entry` (List.entry) has. https://hl7.org/fhir/R4/bundle.html */
const BUNDLE_ENTRY_KEYS = new Set(['fullUrl', 'resource', 'search', 'request', 'response', 'link']);

export class DocumentCutter extends CutItem {
  /** Of the document being read. */
  kind: CutKind = 'object';
  /** Index of the item among the entries or items of its document. */
  elementIndex = 0;
  /** How many of them have ended. */
  elementCount = 0;
  /** True when the entries of the document being read are cut out of it. */
  isCut = false;
  /** `resourceType` of the document being read as far as it has been met. */
  resourceType: string | undefined;
  /** Documents ended so far. */
  documentCount = 0;
  faultOffset = 0;
  faultReason = '';
  /** The item is the unfinished text that holds the fault, so that a closer look at it can find the exact place. */
  isFaultInItem = false;
  /** That text is an element's, not a document's. */
  isFaultInElement = false;

  #state: State = 'between documents';
  #chunk: Buffer = Buffer.alloc(0);
  #isChunkAscii = false;
  /** Where the chunk begins in the source. */
  #chunkOffset: number;
  /** Next byte of the chunk to look at. */
  #index = 0;

  readonly #frame: Frame;
  readonly #element: OpenPart;
  /** Where a peeked-at element begins in the frame. */
  #peekFrameOffset = 0;

  readonly #scanner = new ValueScanner();
  readonly #string = new NameReader();
  #key = '';
  #isAfterColon = false;

  readonly #tape: RecordTape | undefined;
  readonly #mostDepth: number;

  constructor(limits: ReadLimits, startOffset: number, tape: RecordTape | undefined) {
    super(limits.recordBytes);
    this.#chunkOffset = startOffset;
    this.#frame = new Frame(limits.recordBytes);
    this.#element = new OpenPart(limits.recordBytes);
    this.#tape = tape;
    this.#mostDepth = limits.depth;
  }

  /** Hands over the next bytes. They must stay as they are until `next` has returned undefined. */
  feed(chunk: Buffer): void {
    this.#chunkOffset += this.#chunk.length;
    this.#chunk = chunk;
    // With a tape few records are parsed, and each is looked at then.
    this.#isChunkAscii = this.#tape === undefined && isAscii(chunk);
    this.#index = 0;
    this.#tape?.forgetBytes();
    this.#element.startChunk();
    this.#frame.startChunk();
  }

  /** The next event of the chunk, or undefined when more bytes are needed. */
  next(): CutEvent | undefined {
    this.#element.forgetTaken();
    this.#frame.forgetTaken();
    while (this.#index < this.#chunk.length && this.#state !== 'broken') {
      const event = this.#step();
      if (event !== undefined) return event;
    }
    this.#element.endChunk(this.#chunk);
    this.#frame.endChunk(this.#chunk);
    return undefined;
  }

  /** Tells that no more bytes come: a document that is still open is a fault, and what was read of it is the item. */
  finish(): 'fault' | undefined {
    this.#element.forgetTaken();
    this.#frame.forgetTaken();
    if (this.#state === 'between documents' || this.#state === 'broken') return undefined;
    const isInElement = this.#isInElement;
    this.showCollected(isInElement ? this.#element : this.#frame);
    this.isFaultInItem = isInElement || this.#frame.from >= 0;
    this.isFaultInElement = isInElement;
    return this.#fail(this.#chunkOffset + this.#chunk.length, 'unexpected end of text');
  }

  get isBetweenDocuments(): boolean {
    return this.#state === 'between documents';
  }

  /** The bytes fed so far end inside a string. */
  get isInString(): boolean {
    switch (this.#state) {
      case 'in object string':
      case 'peek key text':
      case 'in element string':
        return true;
      case 'in object value':
      case 'in element':
        return this.#scanner.isInString;
      default:
        return false;
    }
  }

  get #isInElement(): boolean {
    return this.#state === 'in element' || this.#state === 'in element string' || this.#state === 'in element scalar';
  }

  /** Place in the source of a place in the frame. */
  findFrameOffset(frameOffset: number): number {
    return this.#frame.findByteOffset(frameOffset);
  }

  #step(): CutEvent | undefined {
    switch (this.#state) {
      case 'between documents':
        return this.#startDocument();
      case 'in object':
        return this.#readObject();
      case 'in object string':
        if (this.#readString()) this.#endObjectString();
        return undefined;
      case 'in object value':
        return this.#readObjectValue();
      case 'peek element':
      case 'peek key':
        return this.#peek();
      case 'peek key text':
        if (!this.#readString()) return undefined;
        return this.#endPeek();
      case 'first element':
      case 'next element':
        return this.#startElement();
      case 'in element': {
        const end = this.#scanner.scan(this.#chunk, this.#index, this.#chunk.length);
        this.#index = end < 0 ? this.#chunk.length : end;
        return end < 0 ? undefined : this.#endElement();
      }
      case 'in element string':
        return this.#readString() ? this.#endElement() : undefined;
      case 'in element scalar':
        return this.#readElementScalar();
      case 'after element':
        return this.#readSeparator();
      case 'broken':
        return undefined;
    }
  }

  #startDocument(): CutEvent | undefined {
    this.#index = skipSpace(this.#chunk, this.#index, this.#chunk.length);
    if (this.#index === this.#chunk.length) return undefined;
    const byte = this.#chunk[this.#index] as number;
    const offset = this.#chunkOffset + this.#index;
    // Documents may follow one another (pretty-printed resources in one file); nothing may follow an array.
    const isFirst = this.documentCount === 0;
    this.showSlice(this.#chunk, this.#isChunkAscii, this.#index, Math.min(this.#chunk.length, this.#index + REJECT_TEXT_BYTES));
    this.byteOffset = offset;
    if (byte !== OPEN_BRACE && !(byte === OPEN_BRACKET && isFirst)) {
      return this.#fail(offset, isFirst ? 'unexpected character' : 'text after the end of the value');
    }
    if (this.kind === 'array') return this.#fail(offset, 'text after the end of the value');
    this.#frame.begin(offset);
    this.elementCount = 0;
    this.resourceType = undefined;
    this.isCut = byte === OPEN_BRACKET;
    this.kind = byte === OPEN_BRACKET ? 'array' : 'object';
    this.#key = '';
    this.#isAfterColon = false;
    if (byte === OPEN_BRACE) this.#frame.from = this.#index;
    this.#state = byte === OPEN_BRACE ? 'in object' : 'first element';
    this.#index++;
    return undefined;
  }

  /** Between the strings and containers of a top-level object. Its grammar is checked by JSON.parse in the end. */
  #readObject(): CutEvent | undefined {
    const chunk = this.#chunk;
    while (this.#index < chunk.length) {
      const byte = chunk[this.#index] as number;
      const index = this.#index++;
      if (byte <= SPACE) continue;
      switch (byte) {
        case QUOTE:
          this.#string.begin();
          this.#state = 'in object string';
          return undefined;
        case COLON:
          this.#key = this.#string.text;
          this.#isAfterColon = true;
          continue;
        case COMMA:
          this.#key = '';
          this.#isAfterColon = false;
          continue;
        case OPEN_BRACKET:
          if (this.#isAfterColon && this.#key === 'entry' && this.#mayBeBundle()) return this.#openEntries();
          this.#startObjectValue(index);
          return undefined;
        case OPEN_BRACE:
          this.#startObjectValue(index);
          return undefined;
        case CLOSE_BRACE:
          return this.#endObject();
        case CLOSE_BRACKET:
          this.#index = index;
          return this.#failInFrame("expected ',' or '}' after a value");
        default:
          // A number or a literal. Too rare here for a test of its text: the lossless parse will tell.
          if (byte < 0x41) this.#frame.hasOddNumber = true;
      }
    }
    return undefined;
  }

  #mayBeBundle(): boolean {
    return this.resourceType === undefined || this.resourceType === 'Bundle';
  }

  #endObjectString(): void {
    if (this.#isAfterColon && this.#key === 'resourceType') this.resourceType = this.#string.text;
    this.#isAfterColon = false;
    this.#state = 'in object';
  }

  #startObjectValue(index: number): void {
    this.#scanner.begin();
    this.#index = index;
    this.#state = 'in object value';
  }

  #readObjectValue(): undefined {
    const end = this.#scanner.scan(this.#chunk, this.#index, this.#chunk.length);
    this.#index = end < 0 ? this.#chunk.length : end;
    if (end < 0) return;
    this.#frame.depth = Math.max(this.#frame.depth, this.#scanner.maxDepth + 1);
    this.#frame.hasOddNumber ||= this.#scanner.hasOddNumber;
    this.#state = 'in object';
  }

  /** After `"entry":[`. */
  #openEntries(): CutEvent | undefined {
    if (this.resourceType === undefined && !this.isCut) {
      this.#peekFrameOffset = -1;
      this.#state = 'peek element';
      return undefined;
    }
    this.#closeFramePart(this.#index);
    this.#state = 'first element';
    return this.#showOpened();
  }

  /** The type is not known yet: whether these are entries of a Bundle is told by the first one's first key. */
  #peek(): CutEvent | undefined {
    this.#index = skipSpace(this.#chunk, this.#index, this.#chunk.length);
    if (this.#index === this.#chunk.length) return undefined;
    const byte = this.#chunk[this.#index] as number;
    if (this.#state === 'peek element' && byte === OPEN_BRACE) {
      this.#element.byteOffset = this.#chunkOffset + this.#index;
      this.#peekFrameOffset = this.#frame.totalLength + this.#index - this.#frame.from;
      this.#state = 'peek key';
      this.#index++;
    } else if (this.#state === 'peek key' && byte === QUOTE) {
      this.#string.begin();
      this.#state = 'peek key text';
      this.#index++;
    } else {
      this.#scanner.begin(this.#state === 'peek element' ? 1 : 2);
      this.#state = 'in object value';
    }
    return undefined;
  }

  #endPeek(): CutEvent | undefined {
    if (!BUNDLE_ENTRY_KEYS.has(this.#string.text)) {
      this.#scanner.begin(2);
      this.#state = 'in object value';
      return undefined;
    }
    // The element began in the frame: take it back from there.
    this.#closeFramePart(this.#index);
    const from = this.#peekFrameOffset;
    this.#element.clear();
    if (!this.#frame.isOverLimit) this.#element.append(this.#frame.buffer, from, this.#frame.length);
    this.#frame.truncate(from);
    this.#element.from = this.#index;
    this.#scanner.begin(1);
    this.#state = 'in element';
    return this.#showOpened();
  }

  #startElement(): CutEvent | undefined {
    this.#index = skipSpace(this.#chunk, this.#index, this.#chunk.length);
    if (this.#index === this.#chunk.length) return undefined;
    const byte = this.#chunk[this.#index] as number;
    if (byte === CLOSE_BRACKET && this.#state === 'first element') return this.#closeElements();
    const offset = this.#chunkOffset + this.#index;
    if (byte === CLOSE_BRACKET || byte === COMMA || byte === CLOSE_BRACE || byte === COLON) {
      return this.#fail(offset, 'expected a value');
    }
    this.#element.from = this.#index;
    this.#element.byteOffset = offset;
    this.#scanner.begin();
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      this.#state = 'in element';
      if (byte === OPEN_BRACE && this.#tape !== undefined) return this.#takeElement(this.#tape);
    } else if (byte === QUOTE) {
      this.#string.begin();
      this.#index++;
      this.#state = 'in element string';
    } else {
      this.#scanner.expectOddNumbers();
      this.#state = 'in element scalar';
    }
    return undefined;
  }

  /** The element at `#index`, if all of it is there and it can be taken as a tape. */
  #takeElement(tape: RecordTape): CutEvent | undefined {
    const end = tape.takeNext(this.#chunk, this.#index, this.#mostDepth);
    if (end < 0) return undefined;
    this.#index = end;
    const event = this.#endElement();
    this.#showTape(tape);
    return event;
  }

  #showTape(tape: RecordTape): void {
    this.hasTape = true;
    this.hasOddNumber = tape.mayHaveOddNumbers;
  }

  /** Takes an item that was put together, and whose end is known. */
  #takeCollected(tape: RecordTape): void {
    if (this.isTooLarge || this.depth > this.#mostDepth || this.start === this.end) return;
    if (tape.take(this.buffer.subarray(0, this.end), this.start, this.end, this.#mostDepth)) this.#showTape(tape);
  }

  #readElementScalar(): CutEvent | undefined {
    const chunk = this.#chunk;
    while (this.#index < chunk.length) {
      const byte = chunk[this.#index] as number;
      if (isSpace(byte) || byte === COMMA || byte === CLOSE_BRACKET || byte === CLOSE_BRACE) return this.#endElement();
      this.#index++;
    }
    return undefined;
  }

  #endElement(): CutEvent {
    this.#state = 'after element';
    this.elementIndex = this.elementCount++;
    this.depth = this.#scanner.maxDepth;
    this.hasOddNumber = this.#scanner.hasOddNumber;
    this.oddNumbers = this.#scanner.oddNumbers;
    this.hasTape = false;
    const isCollected = this.#element.totalLength > 0;
    this.#showEnded(this.#element);
    if (isCollected && this.#tape !== undefined) this.#takeCollected(this.#tape);
    return 'element';
  }

  #readSeparator(): CutEvent | undefined {
    this.#index = skipSpace(this.#chunk, this.#index, this.#chunk.length);
    if (this.#index === this.#chunk.length) return undefined;
    const byte = this.#chunk[this.#index] as number;
    if (byte === COMMA) {
      this.#index++;
      this.#state = 'next element';
      return undefined;
    }
    if (byte === CLOSE_BRACKET) return this.#closeElements();
    return this.#fail(this.#chunkOffset + this.#index, "expected ',' or ']' after a value");
  }

  /** At the `]` after the last element. */
  #closeElements(): CutEvent | undefined {
    if (this.kind === 'array') {
      this.#index++;
      this.documentCount++;
      this.#state = 'between documents';
      this.showSlice(this.#chunk, this.#isChunkAscii, this.#index, this.#index);
      return 'document';
    }
    this.#frame.reopen(this.#index, this.#chunkOffset + this.#index);
    this.#index++;
    this.#state = 'in object';
    return undefined;
  }

  #endObject(): CutEvent {
    this.#state = 'between documents';
    this.documentCount++;
    this.depth = this.#frame.depth;
    this.hasOddNumber = this.#frame.hasOddNumber;
    this.oddNumbers = undefined;
    this.hasTape = false;
    this.#showEnded(this.#frame);
    if (!this.isCut && this.resourceType !== 'Bundle' && this.#tape !== undefined) this.#takeCollected(this.#tape);
    return 'document';
  }

  /** The part that ends here becomes the item, in place where it lies within the chunk. */
  #showEnded(part: OpenPart): void {
    if (part.totalLength === 0) {
      this.byteOffset = part.byteOffset;
      this.showSlice(this.#chunk, this.#isChunkAscii, part.from, this.#index);
      part.from = -1;
      return;
    }
    part.close(this.#chunk, this.#index);
    part.isTaken = true;
    this.showCollected(part);
  }

  /** Goes on in a string; true when it has ended. */
  #readString(): boolean {
    this.#index = this.#string.read(this.#chunk, this.#index);
    return this.#string.hasEnded;
  }

  #closeFramePart(to: number): void {
    this.#frame.close(this.#chunk, to);
    this.isCut = true;
  }

  #showOpened(): CutEvent {
    this.depth = this.#frame.depth;
    this.hasOddNumber = this.#frame.hasOddNumber;
    this.oddNumbers = undefined;
    this.showCollected(this.#frame);
    return 'opened';
  }

  /** The text of the top-level object up to the bad byte becomes the item. */
  #failInFrame(reason: string): CutEvent {
    this.#frame.close(this.#chunk, this.#index + 1);
    this.showCollected(this.#frame);
    this.isFaultInItem = true;
    return this.#fail(this.#chunkOffset + this.#index, reason);
  }

  #fail(offset: number, reason: string): 'fault' {
    this.#state = 'broken';
    this.faultOffset = offset;
    this.faultReason = reason;
    return 'fault';
  }
}
