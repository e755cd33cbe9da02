// Cells set one by one → columns of them: strings for text sinks, what the flatteners set for typed ones.
// Columns get memory only when a first value comes: most columns of most tables are empty, and a run may hold hundreds
// of tables at once. The arrays are reused from batch to batch.

import { textOf } from '../cell-text.ts';
import type { Batch, CellStorage, CellValue, TableBuilder, TableSchema, Vector } from '../types.ts';

/** In text storage strings only. */
type CellColumn = (CellValue | undefined)[];

/** Rows a builder makes room for at first; doubled as needed up to what was asked for. */
const firstCapacity = 32;

/** Shared by all columns without a value. */
const noValues: CellColumn = [];

/** A builder whose vectors hold strings. It grows with the rows; whoever fills it decides when to `take`. */
export function createTextBuilder(schema: TableSchema): TableBuilder {
  return new CellBuilder(schema, 'text');
}

/** The same with cells as flatteners set them for typed sinks. */
export function createTypedBuilder(schema: TableSchema): TableBuilder {
  return new CellBuilder(schema, 'typed');
}

class CellBuilder implements TableBuilder {
  readonly schema: TableSchema;
  readonly #storage: CellStorage['kind'];
  rowCount = 0;
  /** Characters rather than bytes: near enough for deciding when to flush. */
  byteCount = 0;
  /** Column index → its values; `noValues` until the first one of the whole run. */
  readonly #columns: CellColumn[];
  /** Column index → 1 when this batch has a value in it. */
  readonly #isFilled: Uint8Array;
  /** Length of every allocated column. */
  #capacity = firstCapacity;
  /** Columns of the batch given away by the last `take`, cleared before they are filled again. */
  #givenRowCount = 0;

  constructor(schema: TableSchema, storage: CellStorage['kind']) {
    this.schema = schema;
    this.#storage = storage;
    this.#columns = schema.columns.map(() => noValues);
    this.#isFilled = new Uint8Array(schema.columns.length);
  }

  addRow(): number {
    if (this.#givenRowCount > 0) this.#clearGiven();
    if (this.rowCount === this.#capacity) this.#grow();
    this.byteCount += 1;
    return this.rowCount++;
  }

  set(rowIndex: number, columnIndex: number, value: CellValue): void {
    const cell = typeof value === 'string' || this.#storage === 'typed' ? value : textOf(value);
    if (this.#isFilled[columnIndex] !== 1) this.#startColumn(columnIndex);
    (this.#columns[columnIndex] as CellColumn)[rowIndex] = cell;
    this.byteCount += typeof cell === 'string' ? cell.length + 1 : sizeOf(cell);
  }

  get(rowIndex: number, columnIndex: number): CellValue | undefined {
    return this.#isFilled[columnIndex] === 1 ? this.#columns[columnIndex]?.[rowIndex] : undefined;
  }

  truncate(rowCount: number): void {
    for (const column of this.#columns) {
      if (column !== noValues) column.fill(undefined, rowCount, this.rowCount);
    }
    if (rowCount === 0) this.byteCount = 0;
    this.rowCount = rowCount;
  }

  take(): Batch {
    const rowCount = this.rowCount;
    const vectors = this.#columns.map((values, index) => {
      const isAllNull = this.#isFilled[index] === 0;
      // In text storage `set` has made strings of all.
      return { storage: this.#storage, isAllNull, values: isAllNull ? noValues : values } as Vector;
    });
    this.#givenRowCount = rowCount;
    this.rowCount = 0;
    this.byteCount = 0;
    return { schema: this.schema, rowCount, vectors };
  }

  #startColumn(columnIndex: number): void {
    if (columnIndex >= this.#columns.length) throw new RangeError(`table ${this.schema.name} has no column ${columnIndex}`);
    this.#isFilled[columnIndex] = 1;
    if (this.#columns[columnIndex] === noValues) this.#columns[columnIndex] = emptyColumn(this.#capacity);
  }

  #clearGiven(): void {
    for (let index = 0; index < this.#columns.length; index++) {
      if (this.#isFilled[index] === 1) (this.#columns[index] as CellColumn).fill(undefined, 0, this.#givenRowCount);
    }
    this.#isFilled.fill(0);
    this.#givenRowCount = 0;
  }

  #grow(): void {
    this.#capacity *= 2;
    for (let index = 0; index < this.#columns.length; index++) {
      const old = this.#columns[index] as CellColumn;
      if (old === noValues) continue;
      // A new array, not a longer `length`: V8 would turn the old one into a slow dictionary.
      const grown = emptyColumn(this.#capacity);
      for (let row = 0; row < old.length; row++) grown[row] = old[row];
      this.#columns[index] = grown;
    }
  }
}

function emptyColumn(capacity: number): CellColumn {
  return new Array<CellValue | undefined>(capacity).fill(undefined);
}

/** Bytes of a cell that is no text. */
function sizeOf(value: CellValue): number {
  if (!Array.isArray(value)) return typeof value === 'string' ? value.length : 8;
  return value.reduce((sum: number, item: CellValue | null) => sum + (item === null ? 1 : sizeOf(item)), 8);
}
