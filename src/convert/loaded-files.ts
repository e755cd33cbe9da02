// Which files a run has to read: those that no earlier run has loaded with the same options. Files are told by name, size
// and content; the content is looked at only where the file system says that something may have changed.

import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { isFileSource } from '../builtin.ts';
import type { RunReport, Source } from '../types.ts';

export interface LoadedFile {
  readonly name: string;
  readonly byteSize: number;
  readonly contentHash: string;
  /** Of the file system; text, since they exceed what a double holds. */
  readonly modifiedNs: string;
  readonly changedNs: string;
  /** Of the version and the options that decide on the tables: under others, a file counts as new. */
  readonly settingsHash: string;
}

export interface FileChoice {
  /** To be read, in their order. */
  readonly sources: readonly Source[];
  readonly skippedCount: number;
  /** What to remember when the run has succeeded. `report` tells which files could not be read well. */
  readonly toRemember: (report: RunReport) => readonly LoadedFile[];
}

/** `find` gives what is remembered of files with these names. */
export async function chooseNewFiles(
  sources: readonly Source[],
  settingsHash: string,
  find: (names: readonly string[]) => Promise<ReadonlyMap<string, LoadedFile>>,
): Promise<FileChoice> {
  const known = await find(sources.flatMap((source) => (isFileSource(source) ? [fileName(source.filePath)] : [])));
  const chosen: Source[] = [];
  const files = new Map<string, LoadedFile>();
  let skippedCount = 0;
  for (const source of sources) {
    const file = isFileSource(source) ? await describeFile(source.filePath, settingsHash, known) : undefined;
    const before = file && known.get(file.name);
    const isSame = before !== undefined && before.byteSize === file?.byteSize && before.contentHash === file.contentHash;
    if (isSame) skippedCount++;
    else chosen.push(source);
    // Also where only its times are new, so that the next run does not have to look into it.
    if (file !== undefined && !(isSame && before.modifiedNs === file.modifiedNs && before.changedNs === file.changedNs)) files.set(source.name, file);
  }
  return { sources: chosen, skippedCount, toRemember: (report) => [...files].flatMap(([name, file]) => (wasFaulty(name, report) ? [] : [file])) };
}

/** A short text for anything that JSON can say. */
export function hashSettings(settings: unknown): string {
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 32);
}

/** Undefined for what cannot be looked at: reading it will tell why. */
async function describeFile(path: string | Uint8Array, settingsHash: string, known: ReadonlyMap<string, LoadedFile>): Promise<LoadedFile | undefined> {
  try {
    const plainPath = typeof path === 'string' ? path : Buffer.from(path);
    const { ctimeNs, mtimeNs, size } = statSync(plainPath, { bigint: true });
    const name = fileName(path);
    const times = { modifiedNs: String(mtimeNs), changedNs: String(ctimeNs) };
    const before = known.get(name);
    const isUntouched =
      before !== undefined && before.byteSize === Number(size) && before.modifiedNs === times.modifiedNs && before.changedNs === times.changedNs;
    const contentHash = isUntouched ? before.contentHash : await hashFile(plainPath);
    return { name, byteSize: Number(size), contentHash, ...times, settingsHash };
  } catch {
    return undefined;
  }
}

/** Absolute, so that it does not matter where the command is run; where it is no UTF-8, with its bytes as escapes. */
function fileName(path: string | Uint8Array): string {
  if (typeof path === 'string') return resolve(path);
  return [...path]
    .map((byte) => (byte >= 0x20 && byte < 0x7f && byte !== 0x25 ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`))
    .join('');
}

async function hashFile(path: string | Buffer): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** What the medium or another program did to it may be over at the next run; what is in the file stays. */
const passingFaults = ['SOURCE_UNREADABLE', 'SOURCE_CHANGED'];

function wasFaulty(name: string, { sources }: RunReport): boolean {
  const listed = Array.isArray(sources) ? (sources as { name: string; reports?: Record<string, number> }[]) : [];
  const reports = listed.find((source) => source.name === name)?.reports ?? {};
  return passingFaults.some((code) => code in reports);
}
