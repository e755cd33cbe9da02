// A zip archive → its members as sources, in the order of their names. Read by the archive's directory; without one (a
// download that broke off) by the headers in front of each member.

import { type Entry, fromFd, getFileNameLowLevel, type ZipFile } from 'yauzl';
import { cleanName } from './clean-name.ts';
import { updateCrc32 } from './crc32.ts';
import { inflateRaw } from './inflate-raw.ts';
import type { ExpansionGuard } from './limit-expansion.ts';
import { PulledChunks } from './pull-chunks.ts';
import { readAt, readRange } from './read-range.ts';
import { type LocalHeader, recoverMembers } from './recover-zip.ts';
import { SourceFault } from './source-fault.ts';

const STORED = 0;
const DEFLATED = 8;
const FLAG_ENCRYPTED = 1;

export interface ZipMember {
  /** For messages only: it is never used as a path. */
  readonly name: string;
  readonly isEncrypted: boolean;
  readonly method: number;
  readonly headerOffset: number;
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  readonly checksum: number;
}

export interface ZipDirectory {
  readonly members: readonly ZipMember[];
  /** What is wrong with the archive as a whole; its members up to there are listed. */
  readonly fault: SourceFault | undefined;
}

/** Lists the members worth reading: folders, hidden files and what macOS adds are left out. */
export async function listMembers(fd: number): Promise<ZipDirectory> {
  const members: ZipMember[] = [];
  let fault: SourceFault | undefined;
  try {
    const archive = await openArchive(fd);
    for await (const entry of archive.eachEntry()) addMember(members, fromEntry(entry), entry.extraFields);
  } catch (error) {
    // yauzl's messages may hold names and bytes of the archive: not passed on.
    const isEncrypted = error instanceof Error && error.message.startsWith('strong encryption');
    if (members.length === 0 && !isEncrypted) for (const header of await recoverMembers(fd)) addMember(members, header);
    fault = isEncrypted ? new SourceFault('SOURCE_ENCRYPTED') : damage('its directory is broken or cut off');
  }
  members.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.headerOffset - b.headerOffset));
  return { members, fault };
}

function openArchive(fd: number): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    // Names stay bytes: yauzl would refuse the whole archive for one odd name.
    fromFd(fd, { autoClose: false, lazyEntries: true, decodeStrings: false, validateEntrySizes: false }, (error, archive) => {
      if (error) reject(error);
      else resolve(archive);
    });
  });
}

function fromEntry(entry: Entry): LocalHeader {
  return {
    flags: entry.generalPurposeBitFlag,
    method: entry.compressionMethod,
    checksum: entry.crc32,
    packedBytes: entry.compressedSize,
    unpackedBytes: entry.uncompressedSize,
    fileName: entry.fileNameRaw,
    headerOffset: entry.relativeOffsetOfLocalHeader,
  };
}

function addMember(members: ZipMember[], header: LocalHeader, extraFields: Entry['extraFields'] = []): void {
  const name = decodeName(header, extraFields);
  if (name.endsWith('/') || isHiddenName(name)) return;
  members.push({
    name: cleanName(name),
    isEncrypted: (header.flags & FLAG_ENCRYPTED) !== 0,
    method: header.method,
    headerOffset: header.headerOffset,
    packedBytes: header.packedBytes,
    unpackedBytes: header.unpackedBytes,
    checksum: header.checksum,
  });
}

function decodeName(header: LocalHeader, extraFields: Entry['extraFields']): string {
  try {
    return getFileNameLowLevel(header.flags, header.fileName, extraFields, false);
  } catch {
    return header.fileName.toString('latin1');
  }
}

function isHiddenName(name: string): boolean {
  return name.split(/[\\/]/).some((part) => (part.startsWith('.') && part !== '.' && part !== '..') || part === '__MACOSX');
}

/** The member's bytes. Throws a SourceFault at damage, after everything before it has been yielded. */
export async function* readMember(
  fd: number,
  member: ZipMember,
  guard: ExpansionGuard,
  onRawBytes: (byteCount: number) => void,
): AsyncGenerator<Buffer, void, undefined> {
  const dataOffset = await findData(fd, member);
  if (member.isEncrypted) throw new SourceFault('SOURCE_ENCRYPTED');
  if (member.method !== STORED && member.method !== DEFLATED) throw damage(`compression method ${member.method} is not supported`);
  const packed = new PulledChunks(readRange(fd, dataOffset, member.packedBytes, onRawBytes));
  let checksum = 0;
  let byteCount = 0;
  let isCutOff = false;
  const countPacked = (packedBytes: number) => {
    guard.packedBytes += packedBytes;
  };
  const unpacked = member.method === STORED ? copyStored(packed, countPacked) : inflateRaw(packed, countPacked);
  try {
    for (;;) {
      const { done, value } = await unpacked.next();
      if (done === true) {
        if (value === 'damaged') throw damage('its bytes do not decode');
        isCutOff = value === 'truncated';
        break;
      }
      checksum = updateCrc32(value, checksum);
      byteCount += value.length;
      yield value;
      guard.addUnpacked(value.length);
    }
  } finally {
    await unpacked.return('complete');
    await packed.close();
  }
  // A deflate stream whose last byte is the last of the member cannot be told from one that is cut off but by its size.
  if (byteCount !== member.unpackedBytes) throw damage(isCutOff ? 'it is cut off' : 'its length is wrong');
  if (checksum !== member.checksum) throw damage('its checksum is wrong');
}

async function* copyStored(
  packed: PulledChunks,
  onPackedBytes: (byteCount: number) => void,
): AsyncGenerator<Buffer, 'complete' | 'truncated' | 'damaged', undefined> {
  for (let chunk = await packed.next(); chunk !== undefined; chunk = await packed.next()) {
    onPackedBytes(chunk.length);
    yield chunk;
  }
  return 'truncated';
}

const LOCAL_HEADER_BYTES = 30;

/** The directory says where the member's header is; the data follow it. */
async function findData(fd: number, member: ZipMember): Promise<number> {
  const header = await readAt(fd, member.headerOffset, LOCAL_HEADER_BYTES);
  if (header.length < LOCAL_HEADER_BYTES || header.readUInt32LE(0) !== 0x04034b50) throw damage('its header is missing');
  return member.headerOffset + LOCAL_HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
}

function damage(reason: string): SourceFault {
  return new SourceFault('SOURCE_DAMAGED', { format: 'zip', reason });
}
