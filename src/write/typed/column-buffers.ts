// Physical type → the buffer that gathers a column of it, one row group at a time.

import type { ColumnRows } from '../../bytes/column-rows.ts';
import type { PhysicalType } from '../../physical-type.ts';
import type { CellValue } from '../../types.ts';
import { type CellCounts, type Cells, type ColumnBuffer, type ColumnData, Offsets, offsetBytes, Validity } from './column-data.ts';
import { BooleanBuffer, FixedBuffer } from './fixed-buffers.ts';
import { decimalOf, doubleOf, int32Of, int64Of } from './read-cells.ts';
import { TextBuffer } from './text-buffer.ts';

export function createColumnBuffer(type: PhysicalType): ColumnBuffer {
  switch (type.kind) {
    case 'text':
    case 'json':
    case 'numeric':
      return new TextBuffer();
    case 'boolean':
      return new BooleanBuffer();
    case 'int32':
      return new FixedBuffer(Int32Array, 'int32', (values, index, cell) => store(values, index, int32Of(cell)));
    case 'double':
      return new FixedBuffer(Float64Array, 'double', (values, index, cell) => store(values, index, doubleOf(cell)));
    case 'int64':
      return new FixedBuffer(BigInt64Array, 'int64', (values, index, cell) => store(values, index, int64Of(cell)));
    case 'decimal':
      return new FixedBuffer(BigInt64Array, 'decimal', (values, index, cell) => storeWide(values, index, decimalOf(cell, type)), type);
    case 'list':
      return new ListBuffer(createColumnBuffer(type.item));
    case 'date':
    case 'timestamp':
      throw new TypeError('dates fill two columns at once');
    default:
      return type satisfies never;
  }
}

function store<Value>(values: { [index: number]: Value }, index: number, value: Value | undefined): boolean {
  if (value === undefined) return false;
  values[index] = value;
  return true;
}

/** In 128 bits. */
function storeWide(values: { [index: number]: bigint }, index: number, value: bigint | undefined): boolean {
  if (value === undefined) return false;
  values[index] = BigInt.asIntN(64, value);
  values[index + 1] = value >> 64n;
  return true;
}

class ListBuffer implements ColumnBuffer {
  readonly #items: ColumnBuffer;
  readonly #validity = new Validity();
  readonly #offsets = new Offsets();
  /** Those of the batch at work, reused. */
  readonly #cells: (CellValue | undefined)[] = [];
  #itemCount = 0;

  constructor(items: ColumnBuffer) {
    this.#items = items;
  }

  get counts(): CellCounts {
    return this.#items.counts;
  }

  get byteCount(): number {
    return this.#validity.hasValues ? this.#items.byteCount + offsetBytes(this.#validity.rowCount) + this.#validity.byteCount : 0;
  }

  append(cells: Cells, rowCount: number): void {
    const first = this.#validity.rowCount;
    this.#validity.add(rowCount);
    this.#offsets.reserve(first + rowCount);
    let itemCount = 0;
    for (let row = 0; row < rowCount; row++) {
      const cell = cells[row];
      if (cell !== undefined) {
        this.#validity.set(first + row);
        // A view's cell may be a single value.
        const items: readonly (CellValue | null)[] = Array.isArray(cell) ? cell : [cell];
        for (let index = 0; index < items.length; index++) this.#cells[itemCount++] = items[index] ?? undefined;
      }
      this.#offsets.end(first + row, this.#itemCount + itemCount);
    }
    this.#items.append(this.#cells, itemCount);
    this.#itemCount += itemCount;
  }

  appendRows(rows: ColumnRows): void {
    const items = this.#items;
    const fill = (firstRow: number): number => {
      if (!(items instanceof TextBuffer)) return 0;
      const first = this.#validity.rowCount;
      const filled = rows.fillTextLists(firstRow, first & 7, this.#itemCount, items.length);
      if (filled === 0) return 0;
      const { ends, memory, validity } = rows.places;
      this.#offsets.endFrom(memory, ends, first, filled);
      this.#validity.addFrom(memory, validity, filled, rows.valueCount);
      items.addTexts(rows);
      this.#itemCount += rows.textCount;
      return filled;
    };
    rows.each(fill, this);
  }

  appendNulls(rowCount: number): void {
    this.#offsets.endAll(this.#validity.rowCount, rowCount, this.#itemCount);
    this.#validity.add(rowCount);
  }

  view(): ColumnData {
    const { hasValues, rowCount } = this.#validity;
    return { ...this.#validity.view(), offsets: hasValues ? this.#offsets.view(rowCount) : undefined, values: undefined, items: this.#items.view() };
  }

  clear(): void {
    this.#offsets.clear(this.#validity.rowCount);
    this.#validity.clear();
    this.#items.clear();
    this.#itemCount = 0;
    this.#cells.length = 0;
  }
}
