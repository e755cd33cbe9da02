// gzip (RFC 1952), any number of members → bytes. Written out because Node's gunzip loses good data when a checksum is
// wrong or something follows the last member.

import { updateCrc32 } from './crc32.ts';
import { inflateRaw } from './inflate-raw.ts';
import type { ExpansionGuard } from './limit-expansion.ts';
import type { PulledChunks } from './pull-chunks.ts';
import { SourceFault } from './source-fault.ts';

const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
const FLAG_HEADER_CRC = 2;
const FLAG_EXTRA = 4;
const FLAG_NAME = 8;
const FLAG_COMMENT = 16;
/** A file name or comment in a header that goes on for longer is no header. */
const NAME_BYTES = 64 * 1024;

export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b && head[2] === 8;
}

/** Throws a SourceFault at damage, after everything before it has been yielded. */
export async function* unpackGzip(packed: PulledChunks, guard: ExpansionGuard): AsyncGenerator<Buffer, void, undefined> {
  try {
    for (let memberCount = 0; ; memberCount++) {
      const head = await packed.peek(3);
      if (head.length === 0 && memberCount > 0) return;
      if (!isGzip(head)) {
        // Padding with zeros is common (tapes, block devices).
        if (memberCount > 0 && (await isZeroPadding(packed))) return;
        throw damage(memberCount > 0 ? 'bytes after its end that are not gzip' : 'its header is cut off');
      }
      await skipHeader(packed, guard);
      yield* unpackMember(packed, guard);
    }
  } finally {
    await packed.close();
  }
}

async function* unpackMember(packed: PulledChunks, guard: ExpansionGuard): AsyncGenerator<Buffer, void, undefined> {
  let checksum = 0;
  let byteCount = 0;
  const member = inflateRaw(packed, (packedBytes) => {
    guard.packedBytes += packedBytes;
  });
  try {
    for (;;) {
      const { done, value } = await member.next();
      if (done === true) {
        if (value === 'truncated') throw damage('it is cut off');
        if (value === 'damaged') throw damage('its bytes do not decode');
        break;
      }
      checksum = updateCrc32(value, checksum);
      byteCount += value.length;
      yield value;
      guard.addUnpacked(value.length);
    }
  } finally {
    await member.return('complete');
  }
  const trailer = await packed.take(TRAILER_BYTES);
  guard.packedBytes += trailer.length;
  if (trailer.length < TRAILER_BYTES) throw damage('it is cut off');
  if (trailer.readUInt32LE(0) !== checksum) throw damage('its checksum is wrong');
  if (trailer.readUInt32LE(4) !== byteCount % 2 ** 32) throw damage('its length is wrong');
}

async function skipHeader(packed: PulledChunks, guard: ExpansionGuard): Promise<void> {
  const header = await packed.take(HEADER_BYTES);
  if (header.length < HEADER_BYTES) throw damage('its header is cut off');
  const flags = header[3] as number;
  guard.packedBytes += HEADER_BYTES;
  if (flags & FLAG_EXTRA) {
    const size = await packed.take(2);
    await packed.take(size.length < 2 ? 0 : size.readUInt16LE(0));
  }
  if (flags & FLAG_NAME) await skipText(packed);
  if (flags & FLAG_COMMENT) await skipText(packed);
  if (flags & FLAG_HEADER_CRC) await packed.take(2);
}

/** Text in a header ends with a zero byte. */
async function skipText(packed: PulledChunks): Promise<void> {
  for (let byteCount = 0; byteCount < NAME_BYTES; byteCount++) {
    const [byte] = await packed.take(1);
    if (byte === undefined) throw damage('its header is cut off');
    if (byte === 0) return;
  }
  throw damage('its header is not gzip');
}

async function isZeroPadding(packed: PulledChunks): Promise<boolean> {
  for (let chunk = await packed.next(); chunk !== undefined; chunk = await packed.next()) {
    if (chunk.some((byte) => byte !== 0)) return false;
  }
  return true;
}

function damage(reason: string): SourceFault {
  return new SourceFault('SOURCE_DAMAGED', { format: 'gzip', reason });
}
