// Records that were taken as tapes → envelopes whose resource is parsed only when somebody asks for it.

import { keyNumbers } from '../bytes/key-names.ts';
import { foundWords, type RecordTape } from '../bytes/record-tape.ts';
import { tokenKinds } from '../bytes/token-words.ts';
import type { Location } from '../diagnostics.ts';
import type { JsonObject } from '../json.ts';
import type { BundleScope, ResourceEnvelope, ResourceHead, ResourceIdentifier } from '../types.ts';
import { hasNumberText } from './parse-lossless.ts';
import { parseTaken, type RecordBytes } from './parse-record.ts';
import type { RecordPlace } from './resource-envelope.ts';

class TakenHead implements ResourceHead {
  readonly resourceType: string;
  readonly id: string | undefined;
  readonly token: number;
  readonly idToken: number;
  readonly identifierToken: number;
  readonly #tape: RecordTape;
  readonly #meta: number;
  readonly #containedToken: number;
  #contained: readonly ResourceHead[] | undefined;

  /** After the tape has found the members of the resource. */
  constructor(tape: RecordTape, token: number, resourceType: string) {
    this.resourceType = resourceType;
    this.idToken = tape.found(foundWords.id);
    this.id = this.idToken === 0 ? undefined : textOf(tape, this.idToken);
    this.token = token;
    this.identifierToken = tape.found(foundWords.identifier);
    this.#tape = tape;
    this.#meta = tape.found(foundWords.meta);
    this.#containedToken = tape.found(foundWords.contained);
  }

  get lastUpdated(): string | undefined {
    if (this.#meta === 0 || this.#tape.kind(this.#meta) !== tokenKinds.object) return undefined;
    return memberText(this.#tape, this.#meta, keyNumbers.lastUpdated);
  }

  get contained(): readonly ResourceHead[] | undefined {
    if (this.#containedToken === 0 || this.#tape.kind(this.#containedToken) !== tokenKinds.array) return undefined;
    this.#contained ??= readContained(this.#tape, this.#containedToken);
    return this.#contained;
  }

  get hasOddContained(): boolean {
    return this.#containedToken !== 0 && this.contained === undefined;
  }

  get identifiers(): readonly ResourceIdentifier[] {
    return this.identifierToken === 0 ? [] : readIdentifiers(this.#tape, this.identifierToken);
  }
}

/** One where FHIR wants a list of them is taken for such a list. */
function readIdentifiers(tape: RecordTape, token: number): readonly ResourceIdentifier[] {
  const found: ResourceIdentifier[] = [];
  const isList = tape.kind(token) === tokenKinds.array;
  const end = tape.next(token);
  for (let item = isList ? tape.first(token) : token; item < end; item = tape.next(item)) {
    if (tape.kind(item) !== tokenKinds.object) continue;
    const value = memberText(tape, item, keyNumbers.value);
    if (value !== undefined) found.push({ system: memberText(tape, item, keyNumbers.system), value });
  }
  return found;
}

function memberText(tape: RecordTape, object: number, key: number): string | undefined {
  const token = tape.member(object, key);
  return token === 0 ? undefined : textOf(tape, token);
}

/** Undefined where one is no resource that has a head. */
function readContained(tape: RecordTape, list: number): readonly ResourceHead[] | undefined {
  const heads: ResourceHead[] = [];
  const end = tape.next(list);
  for (let item = tape.first(list); item < end; item = tape.next(item)) {
    const head = readHead(tape, item);
    if (head === undefined) return undefined;
    heads.push(head);
  }
  return heads;
}

/** Undefined for what is no resource, and for Bundles, which are taken apart. */
export function readHead(tape: RecordTape, token: number): ResourceHead | undefined {
  return tape.findHead(token) ? makeHead(tape, token) : undefined;
}

function makeHead(tape: RecordTape, token: number): ResourceHead | undefined {
  const type = tape.found(foundWords.resourceType);
  const resourceType = type !== 0 && tape.kind(type) === tokenKinds.string ? tape.name(type) : undefined;
  return resourceType === undefined || resourceType === 'Bundle' ? undefined : new TakenHead(tape, token, resourceType);
}

/** The usual entry of a Bundle: one with a resource and nothing to be said about it. */
export function readEntry(tape: RecordTape): { readonly head: ResourceHead; readonly fullUrl: string | undefined } | undefined {
  if (!tape.findEntry()) return undefined;
  const url = tape.found(foundWords.fullUrl);
  const head = makeHead(tape, tape.found(foundWords.resource));
  return head === undefined ? undefined : { head, fullUrl: url === 0 ? undefined : textOf(tape, url) };
}

function textOf(tape: RecordTape, token: number): string | undefined {
  return tape.kind(token) === tokenKinds.string ? tape.text(token) : undefined;
}

export class TakenEnvelope implements ResourceEnvelope {
  readonly head: ResourceHead;
  readonly fullUrl: string | undefined;
  readonly bundle: BundleScope | undefined;
  readonly #record: RecordBytes;
  readonly #tape: RecordTape;
  readonly #place: RecordPlace;
  #resource: JsonObject | undefined;
  #hasNumberText: boolean | undefined;

  /** @param record - the bytes of the tape's record */
  constructor(head: ResourceHead, record: RecordBytes, tape: RecordTape, place: RecordPlace, fullUrl: string | undefined, bundle: BundleScope | undefined) {
    this.head = head;
    this.fullUrl = fullUrl;
    this.bundle = bundle;
    this.#record = record;
    this.#tape = tape;
    this.#place = place;
  }

  get resource(): JsonObject {
    if (this.#resource === undefined) {
      const record = parseTaken(this.#record, this.#tape) as JsonObject;
      this.#resource = this.head.token === this.#tape.root ? record : (record.resource as JsonObject);
    }
    return this.#resource;
  }

  get hasNumberText(): boolean {
    this.#hasNumberText ??= this.#tape.mayHaveOddNumbers && hasNumberText(this.resource);
    return this.#hasNumberText;
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
