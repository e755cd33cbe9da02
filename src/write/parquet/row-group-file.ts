// Whole Parquet files of one row group each → the parts of one file of many. The library writes whole files only, or
// holds an open writer for each table; put together here, a run has no state in WebAssembly whatever the number of tables.
// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift

import { readStruct, type ThriftStruct, type ThriftValue, writeStruct, writeStructAround } from './thrift.ts';

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
  const end = tail.length - magic.length - lengthBytes;
  const start = end - new DataView(tail.buffer, tail.byteOffset, tail.byteLength).getUint32(end, true);
  return start < 0 ? undefined : tail.subarray(start, end);
}

/** @param file - with one row group, or none; it stays as it is. */
export function takeApart(file: Uint8Array): RowGroupFile {
  const metaData = readStruct(findMetaData(file) ?? new Uint8Array(0));
  const ends = structsOf(metaData.fields.get(fileMetaData.rowGroups)).flatMap((group) => structsOf(group.fields.get(rowGroup.columns)).map(endOfPages));
  return { pages: file.subarray(magic.length, Math.max(magic.length, ...ends)), metaData };
}

/** Where the pages of a column end in the file; what comes after them are indexes of pages, which are left out. */
function endOfPages(chunk: ThriftStruct): number {
  const { fields } = structOf(chunk.fields.get(columnChunk.metaData));
  const starts = [columnMetaData.dataPageOffset, columnMetaData.dictionaryPageOffset].flatMap((field) =>
    fields.has(field) ? [integerOf(fields.get(field))] : [],
  );
  return Math.min(...starts.map(Number)) + Number(integerOf(fields.get(columnMetaData.totalCompressedSize)));
}

/** The metadata of a file that grows by row groups. */
export class FileMetaData {
  readonly #rowGroups: Uint8Array[] = [];
  #rowCount = 0n;
  #head: ThriftStruct | undefined;

  /** Adds what a file has, whose pages now stand at `offset`. */
  add(metaData: ThriftStruct, offset: number): void {
    this.#head ??= metaData;
    const shift = BigInt(offset - magic.length);
    for (const group of structsOf(metaData.fields.get(fileMetaData.rowGroups))) {
      this.#rowCount += integerOf(group.fields.get(rowGroup.numRows));
      moveRowGroup(group, shift, this.#rowGroups.length);
      this.#rowGroups.push(writeStruct(group));
    }
  }

  /** All that comes after the pages. */
  footer(): Uint8Array {
    if (this.#head === undefined) throw new Error('a Parquet file has a schema, if no rows');
    const fields = new Map(this.#head.fields).set(fileMetaData.numRows, { type: 6, value: this.#rowCount });
    const metaData = writeStructAround({ type: 12, fields }, fileMetaData.rowGroups, this.#rowGroups);
    const length = Buffer.alloc(lengthBytes);
    length.writeUInt32LE(metaData.length);
    return Buffer.concat([metaData, length, magic]);
  }
}

function moveRowGroup({ fields }: ThriftStruct, shift: bigint, ordinal: number): void {
  move(fields, rowGroup.fileOffset, shift);
  // 16 bits; without it readers count for themselves.
  if (ordinal < 2 ** 15) fields.set(rowGroup.ordinal, { type: 4, value: BigInt(ordinal) });
  else fields.delete(rowGroup.ordinal);
  for (const chunk of structsOf(fields.get(rowGroup.columns))) {
    // 0 is what the format asks for where there is nothing to point to.
    if (integerOf(chunk.fields.get(columnChunk.fileOffset)) !== 0n) move(chunk.fields, columnChunk.fileOffset, shift);
    for (const index of columnChunk.indexes) chunk.fields.delete(index);
    const metaData = structOf(chunk.fields.get(columnChunk.metaData)).fields;
    for (const field of [columnMetaData.dataPageOffset, columnMetaData.indexPageOffset, columnMetaData.dictionaryPageOffset]) move(metaData, field, shift);
    for (const field of columnMetaData.bloomFilter) metaData.delete(field);
  }
}

function move(fields: Map<number, ThriftValue>, field: number, shift: bigint): void {
  if (fields.has(field)) fields.set(field, { type: 6, value: integerOf(fields.get(field)) + shift });
}

function structsOf(value: ThriftValue | undefined): readonly ThriftStruct[] {
  return value !== undefined && 'items' in value ? value.items.map(structOf) : [];
}

function structOf(value: ThriftValue | undefined): ThriftStruct {
  if (value?.type !== 12) throw new TypeError('not a Parquet file of the library');
  return value;
}

function integerOf(value: ThriftValue | undefined): bigint {
  if (value?.type !== 6) throw new TypeError('not a Parquet file of the library');
  return value.value;
}
