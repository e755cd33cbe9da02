// Parquet files of one table that this tool wrote → one file with the row groups of all.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { EncodedTarget } from '../../types.ts';
import { outputError } from '../files/output-error.ts';
import { FileMetaData, findMetaData, magic } from './row-group-file.ts';
import { readStruct } from './thrift.ts';

const pieceBytes = 1024 * 1024;

export async function joinParquetFiles(paths: readonly string[], target: EncodedTarget): Promise<void> {
  const metaData = new FileMetaData();
  let offset = 0;
  const append = async (bytes: Uint8Array): Promise<void> => {
    offset += bytes.length;
    await target.append(bytes);
  };
  await append(magic);
  for (const path of paths) {
    const file = openFile(path);
    try {
      const found = readMetaData(file);
      metaData.add(readStruct(found.bytes), offset);
      for (let position = magic.length; position < found.start; position += pieceBytes) {
        await append(readPiece(file, position, Math.min(pieceBytes, found.start - position)));
      }
    } catch (error) {
      throw outputError(error, path);
    } finally {
      closeSync(file);
    }
  }
  await append(metaData.footer());
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw outputError(error, path);
  }
}

/** The metadata, and where it starts: right behind the pages. */
function readMetaData(file: number): { readonly bytes: Uint8Array; readonly start: number } {
  const { size } = fstatSync(file);
  for (let length = Math.min(size, pieceBytes); ; length = Math.min(size, length * 4)) {
    const bytes = findMetaData(readPiece(file, size - length, length));
    if (bytes !== undefined) return { bytes, start: size - bytes.length - 2 * magic.length };
    if (length === size) throw new RangeError('a Parquet file without metadata');
  }
}

function readPiece(file: number, position: number, length: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length; ) {
    const count = readSync(file, bytes, done, length - done, position + done);
    if (count === 0) throw new RangeError('a file is shorter than it was');
    done += count;
  }
  return bytes;
}
