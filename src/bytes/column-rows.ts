// A column of rows that a store holds → its parts in Arrow's memory layout, which the module makes many rows at a time.
// They stay where they are until the next call.

import type { CellValue } from '../types.ts';
import type { ByteFunctions } from './load-module.ts';
import type { RowBatch } from './row-batch.ts';

/** What the values of a column are; assembly/columns.ts has the same numbers. */
export const valueKinds = { boolean: 0, int32: 1, int64: 2, double: 3, decimal: 4 } as const;
export const momentKinds = { date: 5, local: 6, utc: 7 } as const;

/** Words that assembly/columns.ts tells parts by: places, then what the last call has made. */
const rowValidityWord = 0;
const rowEndsWord = 1;
const rowValuesWord = 2;
const textValidityWord = 3;
const textEndsWord = 4;
const textBytesWord = 5;
const valueCountWord = 6;
const textCountWord = 7;
const textValueCountWord = 8;
const textByteCountWord = 9;
const hostTextCountWord = 10;

/** Where the parts of a column are made, in the module's memory. */
export interface ColumnPlaces {
  readonly memory: ArrayBuffer;
  readonly validity: number;
  readonly ends: number;
  readonly values: number;
  readonly textValidity: number;
  readonly textEnds: number;
  readonly textBytes: number;
}

/** Who takes the cells that the module leaves to it. */
export interface CellTaker {
  append(cells: readonly (CellValue | undefined)[], rowCount: number): void;
}

export class ColumnRows {
  /** Of the column, in its table. */
  readonly index: number;
  readonly rowCount: number;
  readonly places: ColumnPlaces;
  readonly #batch: RowBatch;
  readonly #functions: ByteFunctions;
  readonly #words: Uint32Array;
  readonly #parts: number;

  constructor(batch: RowBatch, index: number, places: ColumnPlaces, parts: number) {
    this.index = index;
    this.rowCount = batch.rowCount;
    this.places = places;
    this.#batch = batch;
    this.#functions = batch.store.functions;
    this.#words = batch.store.words;
    this.#parts = parts;
  }

  /**
   * @param fill - takes rows from the first one on by a call of the methods below, and returns how many that did
   * @param taker - takes the rows that it did not
   */
  each(fill: (firstRow: number) => number, taker: CellTaker): void {
    const { rowCount } = this;
    const batch = this.#batch;
    const column = this.index;
    const isPlain = batch.isPlain(column);
    // Where cells that the module leaves follow each other, few calls should be made in vain.
    let takenCount = 0;
    for (let row = 0; row < rowCount; ) {
      const filled = isPlain ? fill(row) : 0;
      if (filled > 0) {
        row += filled;
        if (filled > takenCount) takenCount = 0;
        continue;
      }
      takenCount = isPlain ? Math.min(takenCount * 2 || 1, rowCount - row) : rowCount;
      taker.append(batch.cellsOf(column, row, row + takenCount), takenCount);
      row += takenCount;
    }
  }

  /** `bit`: the first bit to set is this one, of the first byte. `end`: where the row before ends. */
  fillTexts(firstRow: number, bit: number, end: number): number {
    return this.#functions.fillTexts(this.#batch.table, this.index, firstRow, bit, end);
  }

  /** @param limits - of decimals */
  fillValues(firstRow: number, bit: number, kind: number, limits: { readonly precision: number; readonly scale: number } | undefined): number {
    const words = limits === undefined ? 0 : ((limits.precision - limits.scale) << 8) | limits.scale;
    return this.#functions.fillValues(this.#batch.table, this.index, kind, firstRow, bit, words);
  }

  /** The texts are what the values do not say: zone or precision. */
  fillMoments(firstRow: number, bit: number, kind: number, end: number): number {
    return this.#functions.fillMoments(this.#batch.table, this.index, kind, firstRow, bit, end);
  }

  /** The texts are the items. `end`: items before; `textEnd`: where their texts end. */
  fillTextLists(firstRow: number, bit: number, end: number, textEnd: number): number {
    return this.#functions.fillTextLists(this.#batch.table, this.index, firstRow, bit, end, end & 7, textEnd);
  }

  /** Rows of the last call that are not null. */
  get valueCount(): number {
    return this.#word(valueCountWord);
  }

  /** How many texts there are, nulls included. */
  get textCount(): number {
    return this.#word(textCountWord);
  }

  get textValueCount(): number {
    return this.#word(textValueCountWord);
  }

  get textByteCount(): number {
    return this.#word(textByteCountWord);
  }

  copyTexts(target: Uint8Array, position: number): void {
    const { memory, textBytes, values } = this.places;
    const count = this.#word(hostTextCountWord);
    if (count === 0) {
      target.set(new Uint8Array(memory, textBytes, this.textByteCount), position);
      return;
    }
    const words = this.#words;
    let to = position;
    for (let word = values >> 2; word < (values >> 2) + count * 2; word += 2) {
      const byteCount = words[word + 1] as number;
      target.set(new Uint8Array(memory, words[word] as number, byteCount), to);
      to += byteCount;
    }
  }

  #word(index: number): number {
    return this.#words[this.#parts + index] as number;
  }
}

/** The columns of a batch that have values. */
export function filledColumnsOf(batch: RowBatch): readonly ColumnRows[] {
  const { functions, words } = batch.store;
  const parts = functions.columnParts() >> 2;
  const place = (word: number) => words[parts + word] as number;
  const places: ColumnPlaces = {
    memory: functions.memory.buffer,
    validity: place(rowValidityWord),
    ends: place(rowEndsWord),
    values: place(rowValuesWord),
    textValidity: place(textValidityWord),
    textEnds: place(textEndsWord),
    textBytes: place(textBytesWord),
  };
  const filled = functions.filledColumns(batch.table) >> 2;
  const columns: ColumnRows[] = [];
  const { length } = batch.schema.columns;
  for (let index = 0; index < length; index++) {
    if (filled === 0 || words[filled + index * 2] !== 0) columns.push(new ColumnRows(batch, index, places, parts));
  }
  return columns;
}
