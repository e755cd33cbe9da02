// A user's way of finding resources in the bytes of a file → a reader. Unpacking, places of records, limits and what
// becomes of bad ones are not its business.

import { describeFault } from '../describe-fault.ts';
import { isJsonObject, type JsonObject, type JsonValue, NumberText, stringifyJson } from '../json.ts';
import type { DecodedSource, ReadContext, Reader, ResourceEnvelope } from '../types.ts';
import { invalidPlugin } from './plugin-fault.ts';

/** A resource that was found, and where. A Bundle's entries are taken out of it. */
export interface ReadItem {
  readonly resource: object;
  /** As of a Bundle's entry. */
  readonly fullUrl?: string;
  /** From 1. */
  readonly line?: number;
  /** From 0. */
  readonly entryIndex?: number;
  /** From 0, in the unpacked file. */
  readonly byteOffset?: number;
}

export interface ReaderSpec {
  readonly name: string;
  /** True for a file of its kind, by the first bytes (at most 1 MB; `isWhole`: all of it). It is asked before the built-in ones. */
  recognise(head: Uint8Array, isWhole: boolean): boolean;
  /**
   * The resources of a file, in its order, from its bytes: unpacked, as UTF-8. A chunk is valid until the next one is
   * asked for. When it throws, what came before is used, and the source is reported as damaged.
   */
  read(chunks: AsyncIterable<Uint8Array>, source: { readonly name: string }): AsyncIterable<ReadItem> | Iterable<ReadItem>;
}

/** Defines a reader. Throws a UserError (PLUGIN_INVALID) when it cannot be used. */
export function defineReader(spec: ReaderSpec): Reader {
  const { name } = spec;
  if (typeof name !== 'string' || name === '') throw invalidPlugin('?', 'a reader has no name');
  if (typeof spec.recognise !== 'function' || typeof spec.read !== 'function') throw invalidPlugin(`reader ${name}`, 'it takes functions recognise and read');
  return { name, recognise: (head, isWhole) => spec.recognise(head, isWhole) === true, read: (source, context) => readItems(spec, source, context) };
}

async function* readItems(spec: ReaderSpec, source: DecodedSource, context: ReadContext): AsyncGenerator<Iterable<ResourceEnvelope>, void, undefined> {
  context.onKind('resource');
  try {
    for await (const item of spec.read(source.chunks, { name: source.name })) yield toEnvelopes(item, source.name, context);
  } catch (error) {
    // Faults of the bytes themselves are reported where they are unpacked.
    context.report('SOURCE_DAMAGED', { sourceName: source.name }, { format: spec.name, reason: describeFault(error) });
  }
}

function* toEnvelopes(item: unknown, sourceName: string, context: ReadContext): Generator<ResourceEnvelope, void, undefined> {
  const { byteOffset, entryIndex, fullUrl, line, resource } = (isJsonObject(item as JsonValue) ? item : {}) as Partial<ReadItem>;
  const location = {
    sourceName,
    ...(line !== undefined && { line }),
    ...(entryIndex !== undefined && { entryIndex }),
    ...(byteOffset !== undefined && { byteOffset }),
  };
  if (!isJsonObject(resource as JsonValue | undefined)) {
    context.reject({ code: 'RECORD_NOT_OBJECT', location, parameters: { found: 'value' }, rawText: '', isRawTextCut: false });
    return;
  }
  const json = resource as JsonObject;
  const depth = depthOf(json, context.limits.depth);
  if (depth > context.limits.depth) {
    context.reject({ code: 'RECORD_TOO_DEEP', location, parameters: { limit: context.limits.depth }, rawText: '', isRawTextCut: false });
  } else if (json['resourceType'] === 'Bundle' && Array.isArray(json['entry'])) {
    for (const [index, entry] of json['entry'].entries()) {
      if (!isJsonObject(entry) || entry['resource'] === undefined) continue;
      const inner = {
        resource: entry['resource'] as object,
        entryIndex: entryIndex ?? index,
        ...(typeof entry['fullUrl'] === 'string' && { fullUrl: entry['fullUrl'] }),
      };
      yield* toEnvelopes({ ...location, ...inner }, sourceName, context);
    }
  } else {
    const clean = cleanJson(json) as JsonObject;
    let text: string | undefined;
    const rawText = (): string => {
      text ??= stringifyJson(clean);
      return text;
    };
    yield { resource: clean, hasNumberText: hasNumberText(clean), fullUrl, location: () => location, rawText, rawBytes: () => Buffer.from(rawText()) };
  }
}

/** Level by level, so that no depth overflows the stack; ends above the limit. */
function depthOf(value: JsonValue, limit: number): number {
  let level: readonly JsonValue[] = [value];
  for (let depth = 0; ; depth++) {
    const objects = level.filter((item) => typeof item === 'object' && item !== null && !(item instanceof NumberText));
    if (objects.length === 0 || depth > limit) return depth;
    level = objects.flatMap((item) => Object.values(item as JsonObject));
  }
}

/** A copy of what JSON can say: a program's objects may hold more. Undefined where it says nothing. */
function cleanJson(value: unknown): JsonValue | undefined {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null || value instanceof NumberText) return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'object') return undefined;
  if ('toJSON' in value && typeof value.toJSON === 'function') return cleanJson(value.toJSON());
  if (Array.isArray(value)) return value.map((item) => cleanJson(item) ?? null);
  const copy: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    const json = cleanJson(member);
    if (json === undefined) continue;
    // Assigned, it would set the prototype.
    if (key === '__proto__') Object.defineProperty(copy, key, { value: json, enumerable: true });
    else copy[key] = json;
  }
  return copy;
}

function hasNumberText(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return value instanceof NumberText || Object.values(value as JsonObject).some(hasNumberText);
}
