// Numbers, dates and booleans → Arrow's values of one size.

import { type ColumnRows, valueKinds } from '../../bytes/column-rows.ts';
import type { CellValue } from '../../types.ts';
import { type CellCounts, type Cells, type ColumnBuffer, type ColumnData, cleared, copyBits, copyInto, firstCapacity, grow, Validity } from './column-data.ts';
import { booleanOf } from './read-cells.ts';

type FixedArray = Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>;

/** Digits in all, and after the point. */
interface DecimalLimits {
  readonly precision: number;
  readonly scale: number;
}

/** Values of one size. */
export class FixedBuffer<Values extends FixedArray> implements ColumnBuffer {
  readonly counts: CellCounts = { unfit: 0, replacedCharacters: 0 };
  readonly #make: new (
    length: number,
  ) => Values;
  readonly #perRow: number;
  readonly #store: (values: Values, index: number, cell: CellValue) => boolean;
  readonly #kind: number;
  readonly #limits: DecimalLimits | undefined;
  readonly #validity = new Validity();
  #values: Values;

  /** @param store - puts a cell into the element at `index`; false when it does not fit */
  constructor(
    make: new (length: number) => Values,
    kind: keyof typeof valueKinds,
    store: (values: Values, index: number, cell: CellValue) => boolean,
    limits?: DecimalLimits,
  ) {
    this.#make = make;
    this.#perRow = kind === 'decimal' ? 2 : 1;
    this.#store = store;
    this.#kind = valueKinds[kind];
    this.#limits = limits;
    this.#values = new make(0);
  }

  get byteCount(): number {
    if (!this.#validity.hasValues) return 0;
    return this.#validity.rowCount * this.#perRow * this.#values.BYTES_PER_ELEMENT + this.#validity.byteCount;
  }

  append(cells: Cells, rowCount: number): void {
    const first = this.#validity.rowCount;
    this.#validity.add(rowCount);
    for (let row = 0; row < rowCount; row++) {
      const cell = cells[row];
      if (cell !== undefined) this.#put(first + row, cell);
    }
  }

  appendRows(rows: ColumnRows): void {
    const fill = (firstRow: number): number => {
      const first = this.#validity.rowCount;
      const filled = rows.fillValues(firstRow, first & 7, this.#kind, this.#limits);
      if (filled === 0) return 0;
      const { valueCount } = rows;
      const { memory, validity, values } = rows.places;
      this.#validity.addFrom(memory, validity, filled, valueCount);
      if (valueCount === 0) return filled;
      const end = (first + filled) * this.#perRow;
      if (end > this.#values.length) this.#reserve(end);
      copyInto(this.#values, first * this.#perRow, memory, values, filled * this.#perRow);
      return filled;
    };
    rows.each(fill, this);
  }

  appendNulls(rowCount: number): void {
    this.#validity.add(rowCount);
  }

  view(): ColumnData {
    const { hasValues, rowCount } = this.#validity;
    const length = rowCount * this.#perRow;
    if (hasValues && this.#values.length < length) this.#reserve(length);
    const values = hasValues ? (this.#values.subarray(0, length) as Values) : undefined;
    return { ...this.#validity.view(), offsets: undefined, values, items: undefined };
  }

  clear(): void {
    this.#values = cleared(this.#values, this.#validity.rowCount * this.#perRow);
    this.#validity.clear();
  }

  #put(row: number, cell: CellValue): void {
    const end = (row + 1) * this.#perRow;
    if (end > this.#values.length) this.#reserve(Math.max(end, this.#validity.rowCount * this.#perRow));
    if (this.#store(this.#values, row * this.#perRow, cell)) this.#validity.set(row);
    else this.counts.unfit++;
  }

  #reserve(length: number): void {
    const grown = new this.#make(Math.max(length, this.#values.length * 2, firstCapacity * this.#perRow));
    grown.set(this.#values as never);
    this.#values = grown;
  }
}

export class BooleanBuffer implements ColumnBuffer {
  readonly counts: CellCounts = { unfit: 0, replacedCharacters: 0 };
  readonly #validity = new Validity();
  #bits = new Uint8Array(0);

  get byteCount(): number {
    return this.#validity.byteCount * 2;
  }

  append(cells: Cells, rowCount: number): void {
    const first = this.#validity.rowCount;
    this.#validity.add(rowCount);
    for (let index = 0; index < rowCount; index++) {
      const cell = cells[index];
      if (cell === undefined) continue;
      const value = booleanOf(cell);
      if (value === undefined) {
        this.counts.unfit++;
        continue;
      }
      const row = first + index;
      this.#validity.set(row);
      if (row >> 3 >= this.#bits.length) this.#bits = grow(this.#bits, (this.#validity.rowCount + 7) >> 3);
      if (value) this.#bits[row >> 3] = (this.#bits[row >> 3] as number) | (1 << (row & 7));
    }
  }

  appendRows(rows: ColumnRows): void {
    const fill = (firstRow: number): number => {
      const first = this.#validity.rowCount;
      const filled = rows.fillValues(firstRow, first & 7, valueKinds.boolean, undefined);
      if (filled === 0) return 0;
      const { valueCount } = rows;
      const { memory, validity, values } = rows.places;
      this.#validity.addFrom(memory, validity, filled, valueCount);
      if (valueCount === 0) return filled;
      const end = (first + filled + 7) >> 3;
      if (end > this.#bits.length) this.#bits = grow(this.#bits, end);
      copyBits(this.#bits, first >> 3, first & 7, memory, values, end - (first >> 3));
      return filled;
    };
    rows.each(fill, this);
  }

  appendNulls(rowCount: number): void {
    this.#validity.add(rowCount);
  }

  view(): ColumnData {
    const { hasValues, rowCount } = this.#validity;
    const needed = (rowCount + 7) >> 3;
    if (hasValues && this.#bits.length < needed) this.#bits = grow(this.#bits, needed);
    return { ...this.#validity.view(), offsets: undefined, values: hasValues ? this.#bits.subarray(0, needed) : undefined, items: undefined };
  }

  clear(): void {
    this.#bits = cleared(this.#bits, (this.#validity.rowCount + 7) >> 3);
    this.#validity.clear();
  }
}
