// The parts that columns in Arrow's memory layout are made of: validity bits, offsets, values. A column gets memory only
// when its first value comes: most columns of most tables are empty.
// https://arrow.apache.org/docs/format/Columnar.html

import type { ColumnRows } from '../../bytes/column-rows.ts';
import type { CellValue } from '../../types.ts';

/** One column of a row group. */
export interface ColumnData {
  readonly length: number;
  readonly nullCount: number;
  /** One bit a row, set for a value; undefined when there is no null, or nothing else. */
  readonly validity: Uint8Array | undefined;
  /** `length + 1` of them, for texts and lists. */
  readonly offsets: Int32Array | undefined;
  /** Undefined when all is null. */
  readonly values: ColumnValues | undefined;
  /** Of a list. */
  readonly items: ColumnData | undefined;
}

export type ColumnValues = Uint8Array | Int32Array | Float64Array | BigInt64Array;

/** The cells of a batch, from the first row on; undefined is null. */
export type Cells = readonly (CellValue | undefined)[];

export interface ColumnBuffer {
  /** Of the rows held. The memory may be larger. */
  readonly byteCount: number;
  /** Since the buffer was made. */
  readonly counts: CellCounts;
  append(cells: Cells, rowCount: number): void;
  /** The same for rows that wait as bytes. */
  appendRows(rows: ColumnRows): void;
  appendNulls(rowCount: number): void;
  /** The rows so far, in memory that is used anew after `clear`. */
  view(): ColumnData;
  /** Forgets the rows. */
  clear(): void;
}

/** What did not go into a column as it was. */
export interface CellCounts {
  /** Cells left null because they do not fit: only views and plugins set such. */
  unfit: number;
  /** Lone surrogates written as U+FFFD. */
  replacedCharacters: number;
}

/** Rows that a column gets room for at first. */
export const firstCapacity = 1024;
/** Larger memory is not kept for the rows to come. */
export const keptByteCount = 2 * 1024 * 1024;

/** Which rows have a value, and how many there are. */
export class Validity {
  rowCount = 0;
  nullCount = 0;
  #bits = new Uint8Array(0);

  /** Makes room, all null. */
  add(rowCount: number): void {
    this.rowCount += rowCount;
    this.nullCount += rowCount;
  }

  /** Marks a row that `add` made. */
  set(row: number): void {
    if (row >> 3 >= this.#bits.length) this.#bits = grow(this.#bits, (this.rowCount + 7) >> 3);
    this.#bits[row >> 3] = (this.#bits[row >> 3] as number) | (1 << (row & 7));
    this.nullCount--;
  }

  /** Adds rows whose bits are in a memory, from the bit on that the next row has in its byte. */
  addFrom(memory: ArrayBuffer, address: number, rowCount: number, valueCount: number): void {
    const first = this.rowCount >> 3;
    const shared = this.rowCount & 7;
    this.rowCount += rowCount;
    this.nullCount += rowCount - valueCount;
    if (valueCount === 0) return;
    const end = (this.rowCount + 7) >> 3;
    if (end > this.#bits.length) this.#bits = grow(this.#bits, end);
    copyBits(this.#bits, first, shared, memory, address, end - first);
  }

  /** False while all rows are null. */
  get hasValues(): boolean {
    return this.nullCount < this.rowCount;
  }

  get byteCount(): number {
    return this.hasValues ? (this.rowCount + 7) >> 3 : 0;
  }

  view(): Pick<ColumnData, 'length' | 'nullCount' | 'validity'> {
    const { rowCount: length, nullCount } = this;
    const isMixed = nullCount > 0 && this.hasValues;
    const needed = (length + 7) >> 3;
    if (isMixed && this.#bits.length < needed) this.#bits = grow(this.#bits, needed);
    return { length, nullCount, validity: isMixed ? this.#bits.subarray(0, needed) : undefined };
  }

  clear(): void {
    this.#bits = cleared(this.#bits, (this.rowCount + 7) >> 3);
    this.rowCount = 0;
    this.nullCount = 0;
  }
}

/** Where each row ends in what the rows are made of. No memory while all ends are 0. */
export class Offsets {
  #ends = new Int32Array(0);

  reserve(rowCount: number): void {
    if (rowCount + 1 <= this.#ends.length) return;
    const grown = new Int32Array(Math.max(rowCount + 1, this.#ends.length * 2, firstCapacity));
    grown.set(this.#ends);
    this.#ends = grown;
  }

  /** For a row that there is room for. */
  end(row: number, end: number): void {
    this.#ends[row + 1] = end;
  }

  /** For rows whose ends are in a memory. */
  endFrom(memory: ArrayBuffer, address: number, firstRow: number, rowCount: number): void {
    this.reserve(firstRow + rowCount);
    copyInto(this.#ends, firstRow + 1, memory, address, rowCount);
  }

  endAll(firstRow: number, rowCount: number, end: number): void {
    if (end === 0 && this.#ends.length === 0) return;
    this.reserve(firstRow + rowCount);
    this.#ends.fill(end, firstRow + 1, firstRow + rowCount + 1);
  }

  view(rowCount: number): Int32Array | undefined {
    if (this.#ends.length === 0) return undefined;
    this.reserve(rowCount);
    return this.#ends.subarray(0, rowCount + 1);
  }

  clear(rowCount: number): void {
    this.#ends = cleared(this.#ends, rowCount + 1);
  }
}

/** Bytes of `rowCount` rows and the end before the first. */
export function offsetBytes(rowCount: number): number {
  return (rowCount + 1) * Int32Array.BYTES_PER_ELEMENT;
}

/** Memory for the rows to come, all zero; so many elements have been used. */
export function cleared<Values extends Uint8Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>>(
  values: Values,
  usedCount: number,
): Values {
  if (values.byteLength > keptByteCount) return new (values.constructor as new (length: number) => Values)(0);
  new Uint8Array(values.buffer, 0, Math.min(usedCount, values.length) * values.BYTES_PER_ELEMENT).fill(0);
  return values;
}

export function grow(bytes: Uint8Array<ArrayBuffer>, needed: number): Uint8Array<ArrayBuffer> {
  const grown = new Uint8Array(Math.max(needed, bytes.length * 2, firstCapacity / 8));
  grown.set(bytes);
  return grown;
}

/** Copies so many elements of a memory, to the element at `index`. */
export function copyInto(target: ColumnValues, index: number, memory: ArrayBuffer, address: number, count: number): void {
  const View = target.constructor as new (buffer: ArrayBuffer, byteOffset: number, length: number) => never;
  // Of the same type, the one is moved into the other as bytes.
  target.set(new View(memory, address, count), index);
}

/** Copies bytes of bits; the first so many bits belong to what was there before. */
export function copyBits(target: Uint8Array, index: number, keptBitCount: number, memory: ArrayBuffer, address: number, byteCount: number): void {
  const kept = keptBitCount === 0 ? 0 : (target[index] as number);
  target.set(new Uint8Array(memory, address, byteCount), index);
  target[index] = (target[index] as number) | kept;
}
