// One source → its resources: opened, unpacked, transcoded, recognised, read. What is wrong with it is reported; what
// can be read is read.

import { open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReadContext, Reader, ResourceEnvelope, Source } from '../types.ts';
import { checkUnchanged, isFileSource } from './file-source.ts';
import { isCompanion } from './is-companion.ts';
import { isZip } from './is-zip.ts';
import { ExpansionGuard } from './limit-expansion.ts';
import { PulledChunks } from './pull-chunks.ts';
import { describeUnrecognised, HEAD_BYTES } from './recognise.ts';
import { SourceFault, toSourceFault } from './source-fault.ts';
import { transcode } from './transcode.ts';
import { isGzip, unpackGzip } from './unpack-gzip.ts';
import { writeFully } from './write-fully.ts';

type Resources = AsyncGenerator<Iterable<ResourceEnvelope>, void, undefined>;

/**
 * Yields runs of resources: one await per chunk, none per resource. Each run must be taken to its end before the next
 * is asked for, and an envelope is valid until the next one is taken. Ending the loop early closes the source.
 */
export async function* readSource(source: Source, readers: readonly Reader[], context: ReadContext): Resources {
  let countedBytes = 0;
  const raw = new PulledChunks(
    source.open((byteCount) => {
      countedBytes += byteCount;
      context.onRawBytes(byteCount);
    }),
  );
  const named: Named = { name: source.name, isNamedByUser: source.isNamedByUser, hasFault: false };
  try {
    const head = await raw.peek(4);
    if (isZip(head)) {
      yield* isFileSource(source) ? readZipFile(source.filePath, countedBytes, named, raw, readers, context) : readZipStream(named, raw, readers, context);
    } else {
      yield* readPacked(named, raw, readers, context);
    }
  } catch (error) {
    reportFault(error, named, context);
  } finally {
    await raw.close();
  }
}

interface Named {
  readonly name: string;
  readonly isNamedByUser: boolean;
  /** Set when something was reported that explains why there is nothing to read. */
  hasFault: boolean;
}

/** Bytes that are gzip or text. */
async function* readPacked(named: Named, raw: PulledChunks, readers: readonly Reader[], context: ReadContext): Resources {
  if (!isGzip(await raw.peek(3))) return yield* readText(named, raw, readers, context);
  const unpacked = new PulledChunks(untilFault(unpackGzip(raw, new ExpansionGuard(context.limits.expansion)), named, context));
  try {
    const head = await unpacked.peek(4);
    if (isGzip(head) || isZip(head)) throw new SourceFault('SOURCE_NESTED_ARCHIVE');
    yield* readText(named, unpacked, readers, context);
  } finally {
    await unpacked.close();
  }
}

async function* readText(named: Named, bytes: PulledChunks, readers: readonly Reader[], context: ReadContext): Resources {
  const { startOffset, chunks } = await transcode(bytes);
  const { headBytes = Number.POSITIVE_INFINITY } = context;
  const text = new PulledChunks(cut(untilFault(chunks, named, context), headBytes));
  try {
    const opening = await text.peek(Math.min(HEAD_BYTES, headBytes));
    const head = opening.subarray(0, HEAD_BYTES);
    const isWhole = text.hasEnded && head.length === opening.length;
    const reader = readers.find((candidate) => candidate.recognise(head, isWhole));
    if (reader !== undefined) {
      yield* reader.read({ name: named.name, isNamedByUser: named.isNamedByUser, startOffset, chunks: text.rest() }, context);
      return;
    }
    const { code, parameters } = describeUnrecognised(head, isWhole);
    if (code === 'SOURCE_EMPTY' && named.hasFault) return;
    const isLeftOut = code === 'SOURCE_NOT_FHIR' && !named.isNamedByUser && isCompanion(named.name, parameters);
    context.report(isLeftOut ? 'SOURCE_COMPANION' : code, { sourceName: named.name }, parameters);
  } catch (error) {
    if (!(error instanceof EndOfLook)) throw error;
  } finally {
    await text.close();
  }
}

/** Ends a reading, unlike the end of the source: nothing is wrong with a resource that is not there to its end. */
class EndOfLook extends Error {}

function cut(chunks: AsyncIterable<Uint8Array>, byteCount: number): AsyncIterable<Uint8Array> {
  return byteCount === Number.POSITIVE_INFINITY ? chunks : untilByte(chunks, byteCount);
}

async function* untilByte(chunks: AsyncIterable<Uint8Array>, byteCount: number): AsyncGenerator<Uint8Array, void, undefined> {
  let left = byteCount;
  for await (const chunk of chunks) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) throw new EndOfLook();
  }
}

/** Ends at a fault instead of failing, so that what came before is read like any other data. */
async function* untilFault(chunks: AsyncIterable<Uint8Array>, named: Named, context: ReadContext): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* chunks;
  } catch (error) {
    reportFault(error, named, context);
  }
}

async function* readZipFile(
  filePath: string | Buffer,
  countedBytes: number,
  named: Named,
  raw: PulledChunks,
  readers: readonly Reader[],
  context: ReadContext,
): Resources {
  await raw.close();
  const archive = await open(filePath, 'r');
  // The look at the first bytes has been counted already.
  let uncountedBytes = countedBytes;
  const onRawBytes = (byteCount: number) => {
    const skipped = Math.min(byteCount, uncountedBytes);
    uncountedBytes -= skipped;
    if (byteCount > skipped) context.onRawBytes(byteCount - skipped);
  };
  try {
    const before = await archive.stat();
    yield* readZip(archive.fd, named, onRawBytes, readers, context);
    checkUnchanged(before, await archive.stat());
  } finally {
    await archive.close();
  }
}

/** A zip is read by the directory at its end: from a pipe it goes to a temporary file first. */
async function* readZipStream(named: Named, raw: PulledChunks, readers: readonly Reader[], context: ReadContext): Resources {
  const filePath = join(tmpdir(), `fhir-flatten-${process.pid}-${Math.random().toString(36).slice(2)}.zip`);
  const spool = await open(filePath, 'wx+', 0o600);
  try {
    // Without its name the file goes away with the process, however that ends.
    await unlink(filePath);
    for await (const chunk of untilFault(raw.rest(), named, context)) await writeFully(spool, chunk);
    yield* readZip(spool.fd, named, () => {}, readers, context);
  } finally {
    await spool.close();
  }
}

async function* readZip(fd: number, named: Named, onRawBytes: (byteCount: number) => void, readers: readonly Reader[], context: ReadContext): Resources {
  const { listMembers, readMember } = await import('./unpack-zip.ts');
  const { members, fault } = await listMembers(fd);
  const guard = new ExpansionGuard(context.limits.expansion);
  for (const member of members) {
    if (guard.isExceeded) break;
    const memberNamed: Named = { name: `${named.name}!${member.name}`, isNamedByUser: false, hasFault: false };
    const bytes = new PulledChunks(untilFault(readMember(fd, member, guard, onRawBytes), memberNamed, context));
    try {
      if (isZip(await bytes.peek(4))) throw new SourceFault('SOURCE_NESTED_ARCHIVE');
      yield* readPacked(memberNamed, bytes, readers, context);
    } catch (error) {
      reportFault(error, memberNamed, context);
    } finally {
      await bytes.close();
    }
  }
  if (fault !== undefined) throw fault;
}

function reportFault(error: unknown, named: Named, context: ReadContext): void {
  const fault = toSourceFault(error);
  if (fault === undefined) throw error;
  named.hasFault = true;
  context.report(fault.code, { sourceName: named.name }, fault.parameters);
}
