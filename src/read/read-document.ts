// Reads what starts as a JSON object or array. When its first line turns out to be a record of its own, longer than what
// sources are recognised by, the rest is read line by line: then a bad line costs only itself.

import type { DecodedSource, ReadContext, Reader, ResourceEnvelope } from '../types.ts';
import { CARRIAGE_RETURN, COLON, COMMA, isSpace, LINE_FEED, OPEN_BRACE, OPEN_BRACKET, skipSpace } from './byte-codes.ts';
import { asBuffer } from './byte-collector.ts';
import { DocumentRun } from './document-run.ts';
import { LineRun } from './line-run.ts';
import { HEAD_BYTES, looksLikeDocument } from './recognise.ts';

export const documentReader = makeDocumentReader(HEAD_BYTES);

/** @param headBytes - documents whose first line is shorter have been told from NDJSON before. */
export function makeDocumentReader(headBytes: number): Reader {
  return {
    name: 'json',
    recognise: looksLikeDocument,
    async *read(source, context) {
      const documents = new MaybeLines(source, context, headBytes);
      for await (const chunk of source.chunks) yield documents.read(asBuffer(chunk));
      yield documents.finish();
    },
  };
}

/** Enough of the second line to see what it is. */
const LOOK_BYTES = Buffer.byteLength('{"resourceType"');

/** Reads as documents until it is decided whether the source is one of lines. */
class MaybeLines {
  readonly #source: DecodedSource;
  readonly #context: ReadContext;
  readonly #headBytes: number;
  readonly #documents: DocumentRun;
  #lines: LineRun | undefined;
  #stage: 'before the first line' | 'in the first line' | 'after the first line' | 'decided' = 'before the first line';
  #line = 1;
  /** Bytes of the first line so far. */
  #lineBytes = 0;
  /** Where the next byte stands. */
  #offset: number;
  /** The last byte of the first line that is not white space. */
  #lastByte = 0;
  /** The next byte stands in column 0. */
  #isLineStart = false;
  /** The first bytes of the second line, until they are enough. */
  #held: Buffer = Buffer.alloc(0);

  constructor(source: DecodedSource, context: ReadContext, headBytes: number) {
    this.#source = source;
    this.#context = context;
    this.#headBytes = headBytes;
    this.#offset = source.startOffset;
    this.#documents = new DocumentRun(source, context);
  }

  /** The resources that end in this chunk. */
  read(bytes: Buffer): Generator<ResourceEnvelope, void, undefined> {
    if (this.#stage === 'before the first line' && this.#hasShortLine(bytes)) this.#stage = 'decided';
    return this.#stage === 'decided' ? (this.#lines ?? this.#documents).read(bytes) : this.#readUndecided(bytes);
  }

  /** As nearly all begin: with a first line that is told from NDJSON already. The rest need not pass through here. */
  #hasShortLine(bytes: Buffer): boolean {
    return bytes.length > 0 && !isSpace(bytes[0] as number) && bytes.subarray(0, this.#headBytes).includes(LINE_FEED);
  }

  *#readUndecided(bytes: Buffer): Generator<ResourceEnvelope, void, undefined> {
    let chunk = bytes;
    if (this.#stage === 'before the first line') {
      chunk = yield* this.#readSpace(chunk);
      if (chunk.length > 0) this.#stage = 'in the first line';
    }
    if (this.#stage === 'in the first line') chunk = yield* this.#readFirstLine(chunk);
    // JSON has no line ends in strings: this line is broken.
    if (this.#stage === 'after the first line' && this.#documents.isInString) this.#startLines();
    if (this.#stage === 'after the first line') {
      if (this.#held.length === 0) chunk = yield* this.#readSpace(chunk);
      if (chunk.length === 0) return;
      chunk = Buffer.concat([this.#held, chunk]);
      if (chunk.length < LOOK_BYTES) {
        this.#held = chunk;
        return;
      }
      this.#decide(chunk);
    }
    yield* (this.#lines ?? this.#documents).read(chunk);
  }

  *finish(): Generator<ResourceEnvelope, void, undefined> {
    if (this.#held.length > 0 && this.#stage === 'after the first line') {
      this.#decide(this.#held);
      yield* (this.#lines ?? this.#documents).read(this.#held);
    }
    if (this.#lines === undefined) this.#documents.finish();
    else yield* this.#lines.finish();
  }

  /** White space is the document's, wherever it stands. Returns what follows it. */
  *#readSpace(chunk: Buffer): Generator<ResourceEnvelope, Buffer, undefined> {
    const end = skipSpace(chunk, 0, chunk.length);
    for (let index = 0; index < end; index++) if (chunk[index] === LINE_FEED) this.#line++;
    if (end > 0) this.#isLineStart = chunk[end - 1] === LINE_FEED;
    yield* this.#readDocuments(chunk.subarray(0, end));
    return chunk.subarray(end);
  }

  *#readFirstLine(chunk: Buffer): Generator<ResourceEnvelope, Buffer, undefined> {
    const newlineIndex = chunk.indexOf(LINE_FEED);
    const end = newlineIndex < 0 ? chunk.length : newlineIndex;
    this.#lineBytes += end;
    if (newlineIndex >= 0) this.#stage = this.#lineBytes < this.#headBytes ? 'decided' : 'after the first line';
    if (this.#stage === 'decided') return chunk;
    let lastIndex = end - 1;
    while (lastIndex >= 0 && isSpace(chunk[lastIndex] as number)) lastIndex--;
    if (lastIndex >= 0) this.#lastByte = chunk[lastIndex] as number;
    yield* this.#readDocuments(chunk.subarray(0, end));
    return chunk.subarray(end);
  }

  *#readDocuments(bytes: Buffer): Generator<ResourceEnvelope, void, undefined> {
    this.#offset += bytes.length;
    if (bytes.length > 0) yield* this.#documents.read(bytes);
  }

  /** @param next - the second line, from its first byte that is not white space. */
  #decide(next: Buffer): void {
    this.#stage = 'decided';
    if (this.#isRecordOfItsOwn(next)) this.#startLines();
  }

  #startLines(): void {
    this.#stage = 'decided';
    this.#context.onKind('ndjson');
    this.#documents.finishFirstLine();
    this.#lines = new LineRun(this.#source, this.#context, this.#offset, this.#line);
  }

  #isRecordOfItsOwn(next: Buffer): boolean {
    // A brace alone on its line begins a pretty-printed document.
    if (next[0] === OPEN_BRACE && (next[1] === LINE_FEED || next[1] === CARRIAGE_RETURN)) return false;
    if (this.#documents.isComplete) return true;
    // The first line is broken, or goes on here.
    if (!this.#isLineStart || next[0] !== OPEN_BRACE) return false;
    // Between values of a Bundle an entry may follow, but no resource.
    if (this.#lastByte === COMMA || this.#lastByte === OPEN_BRACKET) return this.#documents.isInBundle && next.toString('latin1').startsWith('{"resourceType"');
    return this.#lastByte !== COLON;
  }
}
