// Reads bytes, text or found sources to their end and keeps all that was said about them, for the tests of src/read.

import { expect } from 'vitest';
import { openByteLane } from '../../src/bytes/byte-lane.ts';
import type { RecordTape } from '../../src/bytes/record-tape.ts';
import type { DiagnosticCode, Location, MessageParameters } from '../../src/diagnostics.ts';
import { loadModel } from '../../src/fhir/load-model.ts';
import { isJsonObject, type JsonValue, stringifyJson } from '../../src/json.ts';
import { jsonReaders } from '../../src/read/json-readers.ts';
import { readSource } from '../../src/read/read-source.ts';
import type { BundleEnvelope, DocumentKind, ReadContext, Reader, ReadLimits, RejectedRecord, ResourceEnvelope, Source } from '../../src/types.ts';

export interface ReadRecord {
  /** Numbers as written. */
  readonly json: string;
  readonly resource: JsonValue;
  readonly hasNumberText: boolean;
  readonly fullUrl: string | undefined;
  readonly location: Location;
  readonly rawText: string;
}

export interface ReadResult {
  readonly records: ReadRecord[];
  readonly ids: (JsonValue | undefined)[];
  readonly rejects: RejectedRecord[];
  readonly reports: { code: DiagnosticCode; location: Location; parameters: MessageParameters }[];
  readonly bundles: BundleEnvelope[];
  readonly kinds: DocumentKind[];
  /** Codes of rejects and reports, in order. */
  readonly codes: DiagnosticCode[];
  rawBytes: number;
}

export const testLimits: ReadLimits = { recordBytes: 16 * 1024 * 1024, depth: 200, expansion: 200 };

export async function readSources(sources: readonly Source[], limits: Partial<ReadLimits> = {}, tape?: RecordTape): Promise<ReadResult> {
  const { result, context } = makeContext(limits, tape);
  for (const source of sources) await collect(readSource(source, jsonReaders, context), result);
  return result;
}

/** Of the keys of R4, and of those that tests invent. */
export const { tape } = await openByteLane([...(await loadModel('r4')).jsonKeys(), 'x', 'y', 'a', 'b', 'n', 'big', 'items', 'v']);

/** Whether resources are parsed at once or when asked for, all else is the same. */
async function readBothWays(read: (tape: RecordTape | undefined) => Promise<ReadResult>): Promise<ReadResult> {
  const [parsed, taken] = [await read(undefined), await read(tape)];
  expect(taken).toEqual(parsed);
  return taken;
}

function makeContext(limits: Partial<ReadLimits>, tape?: RecordTape): { result: ReadResult; context: ReadContext } {
  const result: ReadResult = { records: [], ids: [], rejects: [], reports: [], bundles: [], kinds: [], codes: [], rawBytes: 0 };
  const context: ReadContext = {
    limits: { ...testLimits, ...limits },
    tape,
    reject: (record) => {
      result.rejects.push(record);
      result.codes.push(record.code);
    },
    report: (code, location, parameters = {}) => {
      result.reports.push({ code, location, parameters });
      result.codes.push(code);
    },
    onRawBytes: (byteCount) => {
      result.rawBytes += byteCount;
    },
    onBundle: (bundle) => result.bundles.push(bundle),
    onKind: (kind) => result.kinds.push(kind),
  };
  return { result, context };
}

async function collect(runs: AsyncIterable<Iterable<ResourceEnvelope>>, result: ReadResult): Promise<void> {
  for await (const run of runs) {
    for (const envelope of run) {
      checkHead(envelope);
      result.ids.push(envelope.resource.id);
      result.records.push({
        json: stringifyJson(envelope.resource),
        resource: envelope.resource,
        hasNumberText: envelope.hasNumberText,
        fullUrl: envelope.fullUrl,
        location: envelope.location(),
        rawText: envelope.rawText(),
      });
    }
  }
}

/** What is told before the resource is parsed is what the resource says. */
function checkHead(envelope: ResourceEnvelope): void {
  const { head } = envelope;
  if (head === undefined) return;
  const { resourceType, id, lastUpdated, identifiers } = head;
  const { resource } = envelope;
  const meta = isJsonObject(resource.meta) ? resource.meta : {};
  const written = resource.identifier === undefined ? [] : [resource.identifier].flat().filter((identifier) => isJsonObject(identifier));
  expect({ resourceType, id, lastUpdated, identifiers }).toEqual({
    resourceType: textOf(resource.resourceType),
    id: textOf(resource.id),
    lastUpdated: textOf(meta.lastUpdated),
    identifiers: written.flatMap(({ system, value }) => (typeof value === 'string' ? [{ system: textOf(system), value }] : [])),
  });
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** @param chunkBytes - the source hands over chunks of this size, all in one buffer that is reused, as files do. */
export function read(content: string | Uint8Array, options: { chunkBytes?: number; limits?: Partial<ReadLimits>; name?: string } = {}): Promise<ReadResult> {
  return readBothWays((tape) => readSources([sourceOf(content, options.chunkBytes, options.name)], options.limits, tape));
}

export function sourceOf(content: string | Uint8Array, chunkBytes = Number.POSITIVE_INFINITY, name = 'input.json'): Source {
  const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.from(content);
  return {
    name,
    isNamedByUser: true,
    byteSize: bytes.length,
    async *open(onRawBytes = () => {}) {
      const reused = Buffer.alloc(Math.min(bytes.length, chunkBytes));
      for (let from = 0; from < bytes.length; from += chunkBytes) {
        const byteCount = bytes.copy(reused, 0, from, Math.min(bytes.length, from + chunkBytes));
        onRawBytes(byteCount);
        yield reused.subarray(0, byteCount);
      }
    },
  };
}

/** Reads by one reader alone, in chunks cut at the given places: recognition would join the first ones. */
export async function readCut(reader: Reader, content: string | Buffer, cuts: readonly number[], limits: Partial<ReadLimits> = {}): Promise<ReadResult> {
  return readBothWays((tape) => readCutBy(reader, content, cuts, limits, tape));
}

async function readCutBy(
  reader: Reader,
  content: string | Buffer,
  cuts: readonly number[],
  limits: Partial<ReadLimits>,
  tape: RecordTape | undefined,
): Promise<ReadResult> {
  const bytes = Buffer.from(content);
  const places = [0, ...cuts, bytes.length];
  const { result, context } = makeContext(limits, tape);
  await collect(reader.read({ name: 'input.json', isNamedByUser: true, startOffset: 0, chunks: chunks() }, context), result);
  return result;

  async function* chunks(): AsyncGenerator<Buffer> {
    const reused = Buffer.alloc(bytes.length);
    for (let index = 1; index < places.length; index++) {
      const byteCount = bytes.copy(reused, 0, places[index - 1], places[index]);
      yield reused.subarray(0, byteCount);
      // What is still needed of the chunk must have been copied by now.
      reused.fill(0x7a);
    }
  }
}
