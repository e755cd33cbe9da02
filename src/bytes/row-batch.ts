// Rows that a store holds → what encoders and sinks take: bytes where they are, or values when somebody asks.

import type { Batch, CellStorage, CellValue, ListText, TableSchema, Vector } from '../types.ts';
import type { RowStore } from './row-store.ts';
import { rowVectorWord } from './row-words.ts';

/** For texts that UTF-8 has no bytes for. */
export const loneSurrogates = /\p{Surrogate}/gu;

/** Rows that a store holds. Valid until the store is reset, or a row is added to their table. */
export class RowBatch implements Batch {
  readonly schema: TableSchema;
  readonly rowCount: number;
  readonly store: RowStore;
  /** The table's address. */
  readonly table: number;
  /** Place of a cell (row × columns + column) → what it was set to, where its bytes do not tell. */
  readonly #odd: ReadonlyMap<number, CellValue>;
  readonly #storage: CellStorage;
  #oddColumns: ReadonlySet<number> | undefined;
  #vectors: readonly Vector[] | undefined;

  constructor(schema: TableSchema, storage: CellStorage, store: RowStore, table: number, rowCount: number, odd: ReadonlyMap<number, CellValue>) {
    this.schema = schema;
    this.store = store;
    this.table = table;
    this.rowCount = rowCount;
    this.#odd = odd;
    this.#storage = storage;
  }

  /** Lone surrogates that are U+FFFD in the rows' bytes. */
  get replacedCharacterCount(): number {
    let count = 0;
    for (const text of this.#odd.values()) if (typeof text === 'string') count += text.match(loneSurrogates)?.length ?? 0;
    return count;
  }

  /** The cells as strings; made when first asked for. */
  get vectors(): readonly Vector[] {
    this.#vectors ??= this.schema.columns.map((_, column) => this.#decodeColumn(column, 0, this.rowCount));
    return this.#vectors;
  }

  /** True while the cells are only bytes. */
  get isInStore(): boolean {
    return this.#vectors === undefined;
  }

  /** False where bytes do not tell what some cell of a column was set to. */
  isPlain(column: number): boolean {
    if (this.#odd.size === 0) return true;
    const { length } = this.schema.columns;
    this.#oddColumns ??= new Set([...this.#odd.keys()].map((place) => place % length));
    return !this.#oddColumns.has(column);
  }

  /** The cells of some rows, as vectors have them. */
  cellsOf(column: number, firstRow: number, endRow: number): readonly (CellValue | undefined)[] {
    return this.#decodeColumn(column, firstRow, endRow).values;
  }

  /** As it is in the rows' bytes; undefined for null. */
  textAt(row: number, column: number): string | undefined {
    return textOfCell(this.store, this.table, row, column);
  }

  /** As it was set, but for numbers and booleans, which are texts. */
  valueAt(row: number, column: number): CellValue | undefined {
    const odd = this.#odd.get(row * this.schema.columns.length + column);
    if (odd !== undefined) return odd;
    const text = this.textAt(row, column);
    const lists = this.#listsOf(column);
    return text === undefined || lists === undefined ? text : lists.read(text);
  }

  #listsOf(column: number): ListText | undefined {
    return this.#storage.kind === 'typed' && this.schema.columns[column]?.type.kind === 'list' ? this.#storage.lists : undefined;
  }

  #decodeColumn(column: number, firstRow: number, endRow: number): Vector {
    const { schema, store, table } = this;
    const { words } = store;
    const vector = (words[(table >> 2) + rowVectorWord] as number) >> 2;
    const values = new Array<CellValue | undefined>(endRow - firstRow).fill(undefined);
    const lists = this.#listsOf(column);
    let isAllNull = true;
    let lastAddress = 0;
    let lastByteCount = 0;
    let last: CellValue | undefined;
    for (let row = firstRow; row < endRow; row++) {
      const cell = ((words[vector + row] as number) >> 2) + column * 2;
      const address = words[cell] as number;
      if (address === 0) continue;
      isAllNull = false;
      const byteCount = words[cell + 1] as number;
      // Rows of one resource often repeat a text, and share its bytes. After an empty one there may be another.
      if (address !== lastAddress || byteCount !== lastByteCount) {
        const text = store.decode(address, byteCount);
        last = lists === undefined ? text : lists.read(text);
      }
      lastAddress = address;
      lastByteCount = byteCount;
      values[row - firstRow] = last;
    }
    if (this.#odd.size > 0) {
      const { length } = schema.columns;
      for (const [place, value] of this.#odd) {
        const row = Math.floor(place / length);
        if (place % length === column && row >= firstRow && row < endRow) values[row - firstRow] = value;
      }
    }
    return { storage: this.#storage.kind, isAllNull, values } as Vector;
  }
}

export function textOfCell(store: RowStore, table: number, row: number, column: number): string | undefined {
  const { words } = store;
  const cell = ((words[((words[(table >> 2) + rowVectorWord] as number) >> 2) + row] as number) >> 2) + column * 2;
  const address = words[cell] as number;
  return address === 0 ? undefined : store.decode(address, words[cell + 1] as number);
}
