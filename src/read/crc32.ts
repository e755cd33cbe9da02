// Checksum of gzip and zip: zlib's own where Node has it.

import zlib from 'node:zlib';

/** https://www.rfc-editor.org/rfc/rfc1952#section-8, for Node before 20.15. */
const CRC_TABLE = new Uint32Array(256).map((_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

export function updateCrc32(bytes: Buffer, checksum: number): number {
  if (typeof zlib.crc32 === 'function') return zlib.crc32(bytes, checksum);
  let value = ~checksum;
  for (const byte of bytes) value = (CRC_TABLE[(value ^ byte) & 0xff] as number) ^ (value >>> 8);
  return ~value >>> 0;
}
