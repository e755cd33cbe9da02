// Records that were taken as tapes → envelopes whose resource is parsed only when somebody asks for it.

import { keyNumbers } from '../bytes/key-names.ts';
import type { RecordTape } from '../bytes/record-tape.ts';
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

  constructor(tape: RecordTape, token: number, resourceType: string, idToken: number, meta: number, contained: number, identifier: number) {
    this.resourceType = resourceType;
    this.id = idToken === 0 ? undefined : textOf(tape, idToken);
    this.token = token;
    this.idToken = idToken;
    this.identifierToken = identifier;
    this.#tape = tape;
    this.#meta = meta;
    this.#containedToken = contained;
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
  if (tape.kind(token) !== tokenKinds.object) return undefined;
  let resourceType: string | undefined;
  let id = 0;
  let meta = 0;
  let contained = 0;
  let identifier = 0;
  const end = tape.next(token);
  for (let member = tape.first(token); member < end; member = tape.next(member)) {
    switch (tape.key(member)) {
      case keyNumbers.resourceType:
        resourceType = tape.kind(member) === tokenKinds.string ? tape.name(member) : undefined;
        break;
      case keyNumbers.id:
        id = member;
        break;
      case keyNumbers.meta:
        meta = member;
        break;
      case keyNumbers.contained:
        contained = member;
        break;
      case keyNumbers.identifier:
        identifier = member;
        break;
    }
  }
  if (resourceType === undefined || resourceType === 'Bundle') return undefined;
  return new TakenHead(tape, token, resourceType, id, meta, contained, identifier);
}

/** The usual entry of a Bundle: one with a resource and nothing to be said about it. */
export function readEntry(tape: RecordTape): { readonly head: ResourceHead; readonly fullUrl: string | undefined } | undefined {
  const entry = tape.root;
  if (tape.kind(entry) !== tokenKinds.object) return undefined;
  let resource = 0;
  let fullUrl: string | undefined;
  const end = tape.next(entry);
  for (let member = tape.first(entry); member < end; member = tape.next(member)) {
    const key = tape.key(member);
    if (key === keyNumbers.resource) resource = member;
    else if (key === keyNumbers.fullUrl) fullUrl = textOf(tape, member);
    else if (key === keyNumbers.request && mayDelete(tape, member)) return undefined;
  }
  const head = resource === 0 ? undefined : readHead(tape, resource);
  return head === undefined ? undefined : { head, fullUrl };
}

function mayDelete(tape: RecordTape, request: number): boolean {
  if (tape.kind(request) !== tokenKinds.object) return false;
  return memberText(tape, request, keyNumbers.method) === 'DELETE';
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
