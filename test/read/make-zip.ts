// Writes small zip archives for tests, byte by byte, so that they can be damaged on purpose.

import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipInput {
  readonly name: string | Buffer;
  readonly content: Buffer | string;
  readonly isStored?: boolean;
  readonly flags?: number;
  readonly method?: number;
  readonly checksum?: number;
  /** Replaces the compressed bytes. */
  readonly packed?: Buffer;
}

/** @param hasDirectory - false leaves out what stands at the end, as when a download breaks off. */
export function makeZip(inputs: readonly ZipInput[], hasDirectory = true): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const input of inputs) {
    const name = Buffer.from(input.name as string);
    const content = Buffer.from(input.content as string);
    const packed = input.packed ?? (input.isStored ? content : deflateRawSync(content));
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(input.flags ?? 0x800, 2);
    fields.writeUInt16LE(input.method ?? (input.isStored ? 0 : 8), 4);
    fields.writeUInt32LE(input.checksum ?? crc32(content), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(content.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, name, packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), fields, rest, name]));
    parts.push(local);
    offset += local.length;
  }
  if (!hasDirectory) return Buffer.concat(parts);
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(inputs.length, 8);
  end.writeUInt16LE(inputs.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}
