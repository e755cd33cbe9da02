// Whole Parquet files of one row group each → the parts of one file of many. The library writes whole files only, or
// holds an open writer for each table; put together here, a table has state in WebAssembly only while a group is at work.
// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift

import {
  int16Field,
  int64Field,
  listField,
  readInnerStruct,
  readInteger,
  readStruct,
  readStructs,
  structField,
  type ThriftStruct,
  writeStruct,
} from './thrift.ts';

export const magic = Buffer.from('PAR1');
const lengthBytes = 4;

/** Fields of the metadata, by the names that the format gives them. */
const fileMetaData = { numRows: 3, rowGroups: 4 };
const rowGroup = { columns: 1, numRows: 3, fileOffset: 5, ordinal: 7 };
const columnChunk = { fileOffset: 2, metaData: 3, indexes: [4, 5, 6, 7] };
const columnMetaData = { totalCompressedSize: 7, dataPageOffset: 9, indexPageOffset: 10, dictionaryPageOffset: 11, bloomFilter: [14, 15] };

/** A Parquet file taken apart. */
export interface RowGroupFile {
  /** The pages of all columns. They stand right behind the magic number. */
  readonly pages: Uint8Array;
  readonly metaData: ThriftStruct;
}

/** The bytes of the metadata, given the last bytes of a file; undefined when these are too few. */
export function findMetaData(tail: Uint8Array): Uint8Array | undefined {
  const start = startOfMetaData(tail);
  return start < 0 ? undefined : tail.subarray(start, tail.length - magic.length - lengthBytes);
}

/** Where the metadata begins in the last bytes of a file; negative when these are too few. */
export function startOfMetaData(tail: Uint8Array): number {
  const end = tail.length - magic.length - lengthBytes;
  return end - new DataView(tail.buffer, tail.byteOffset, tail.byteLength).getUint32(end, true);
}

/** @param file - with one row group, or none; it stays as it is. */
export function takeApart(file: Uint8Array): RowGroupFile {
  // A copy, since it is kept longer than the pages.
  const metaData = readStruct(new Uint8Array(findMetaData(file) ?? []));
  let end = magic.length;
  for (const group of readStructs(metaData.get(fileMetaData.rowGroups))) {
    for (const chunk of readStructs(group.get(rowGroup.columns))) end = Math.max(end, endOfPages(chunk));
  }
  return { pages: file.subarray(magic.length, end), metaData };
}

/** Where the pages of a column end in the file; what comes after them are indexes of pages, which are left out. */
function endOfPages(chunk: ThriftStruct): number {
  const metaData = readInnerStruct(chunk.get(columnChunk.metaData));
  let start = Number.POSITIVE_INFINITY;
  for (const field of [columnMetaData.dataPageOffset, columnMetaData.dictionaryPageOffset]) {
    if (metaData.has(field)) start = Math.min(start, readInteger(metaData.get(field)));
  }
  return start + readInteger(metaData.get(columnMetaData.totalCompressedSize));
}

/** The metadata of a file that grows by row groups. */
export class FileMetaData {
  readonly #rowGroups: Uint8Array[] = [];
  #rowCount = 0;
  #head: ThriftStruct | undefined;

  /** Adds what a file has, whose pages now stand at `offset`. */
  add(metaData: ThriftStruct, offset: number): void {
    this.#head ??= metaData;
    const shift = offset - magic.length;
    for (const group of readStructs(metaData.get(fileMetaData.rowGroups))) {
      this.#rowCount += readInteger(group.get(rowGroup.numRows));
      moveRowGroup(group, shift, this.#rowGroups.length);
      this.#rowGroups.push(writeStruct(group));
    }
  }

  /** All that comes after the pages. */
  footer(): Uint8Array {
    if (this.#head === undefined) throw new Error('a Parquet file has a schema, if no rows');
    const fields = new Map(this.#head).set(fileMetaData.numRows, int64Field(this.#rowCount)).set(fileMetaData.rowGroups, listField(this.#rowGroups));
    const metaData = writeStruct(fields);
    const length = Buffer.alloc(lengthBytes);
    length.writeUInt32LE(metaData.length);
    return Buffer.concat([metaData, length, magic]);
  }
}

function moveRowGroup(group: ThriftStruct, shift: number, ordinal: number): void {
  move(group, rowGroup.fileOffset, shift);
  // 16 bits; without it readers count for themselves.
  if (ordinal < 2 ** 15) group.set(rowGroup.ordinal, int16Field(ordinal));
  else group.delete(rowGroup.ordinal);
  const chunks = readStructs(group.get(rowGroup.columns));
  for (const chunk of chunks) {
    // 0 is what the format asks for where there is nothing to point to.
    if (readInteger(chunk.get(columnChunk.fileOffset)) !== 0) move(chunk, columnChunk.fileOffset, shift);
    for (const index of columnChunk.indexes) chunk.delete(index);
    const metaData = readInnerStruct(chunk.get(columnChunk.metaData));
    for (const field of [columnMetaData.dataPageOffset, columnMetaData.indexPageOffset, columnMetaData.dictionaryPageOffset]) move(metaData, field, shift);
    for (const field of columnMetaData.bloomFilter) metaData.delete(field);
    chunk.set(columnChunk.metaData, structField(metaData));
  }
  group.set(rowGroup.columns, listField(chunks.map(writeStruct)));
}

function move(fields: ThriftStruct, field: number, shift: number): void {
  if (shift !== 0 && fields.has(field)) fields.set(field, int64Field(readInteger(fields.get(field)) + shift));
}
