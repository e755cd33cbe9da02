// A zip archive without its directory (a download that broke off) → its members, by the headers in front of them.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT 4.3.7 and 4.3.9

import { updateCrc32 } from './crc32.ts';
import { inflateRaw } from './inflate-raw.ts';
import { PulledChunks } from './pull-chunks.ts';
import { readAt, readRange } from './read-range.ts';

export interface LocalHeader {
  readonly flags: number;
  readonly method: number;
  readonly checksum: number;
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  readonly fileName: Buffer;
  readonly headerOffset: number;
}

const HEADER_BYTES = 30;
const HEADER_SIGNATURE = 0x04034b50;
const DIRECTORY_SIGNATURE = 0x02014b50;
const FLAG_SIZES_FOLLOW = 8;
const DEFLATED = 8;
const ZIP64_SIZE = 0xffffffff;
/** Checksum and sizes after the data: with or without signature, sizes of 4 or 8 bytes. */
const DESCRIPTOR_BYTES = [16, 24, 12, 20];

export async function recoverMembers(fd: number): Promise<LocalHeader[]> {
  const members: LocalHeader[] = [];
  let offset = 0;
  for (;;) {
    const fixed = await readAt(fd, offset, HEADER_BYTES);
    if (fixed.length < HEADER_BYTES || fixed.readUInt32LE(0) !== HEADER_SIGNATURE) return members;
    const nameBytes = fixed.readUInt16LE(26);
    const extraBytes = fixed.readUInt16LE(28);
    const named = await readAt(fd, offset + HEADER_BYTES, nameBytes + extraBytes);
    const dataOffset = offset + HEADER_BYTES + nameBytes + extraBytes;
    const flags = fixed.readUInt16LE(6);
    let member: LocalHeader = {
      flags,
      method: fixed.readUInt16LE(8),
      checksum: fixed.readUInt32LE(14),
      packedBytes: fixed.readUInt32LE(18),
      unpackedBytes: fixed.readUInt32LE(22),
      fileName: named.subarray(0, nameBytes),
      headerOffset: offset,
    };
    if (member.packedBytes === ZIP64_SIZE) member = { ...member, ...readZip64Sizes(named.subarray(nameBytes)) };
    const isMeasured = (flags & FLAG_SIZES_FOLLOW) !== 0 && member.packedBytes === 0;
    if (isMeasured && member.method !== DEFLATED) return members;
    if (isMeasured) member = { ...member, ...(await measure(fd, dataOffset)) };
    members.push(member);
    offset = dataOffset + member.packedBytes;
    if (isMeasured) offset += await measureDescriptor(fd, offset);
  }
}

function readZip64Sizes(extra: Buffer): Partial<LocalHeader> {
  for (let index = 0; index + 4 <= extra.length; index += 4 + extra.readUInt16LE(index + 2)) {
    if (extra.readUInt16LE(index) !== 1 || index + 20 > extra.length) continue;
    return { unpackedBytes: Number(extra.readBigUInt64LE(index + 4)), packedBytes: Number(extra.readBigUInt64LE(index + 12)) };
  }
  return {};
}

/** Sizes that are told after the data only: found by unpacking. */
async function measure(fd: number, dataOffset: number): Promise<Partial<LocalHeader>> {
  let packedBytes = 0;
  let unpackedBytes = 0;
  let checksum = 0;
  const packed = new PulledChunks(readRange(fd, dataOffset, Number.MAX_SAFE_INTEGER, () => {}));
  for await (const chunk of inflateRaw(packed, (byteCount) => (packedBytes += byteCount))) {
    unpackedBytes += chunk.length;
    checksum = updateCrc32(chunk, checksum);
  }
  await packed.close();
  return { packedBytes, unpackedBytes, checksum };
}

async function measureDescriptor(fd: number, offset: number): Promise<number> {
  const bytes = await readAt(fd, offset, 28);
  for (const byteCount of DESCRIPTOR_BYTES) {
    if (bytes.length < byteCount + 4) continue;
    const signature = bytes.readUInt32LE(byteCount);
    if (signature === HEADER_SIGNATURE || signature === DIRECTORY_SIGNATURE) return byteCount;
  }
  return 0;
}
