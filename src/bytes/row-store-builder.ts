// Cells set one by one → rows of bytes in the memory of the module.

import { textOf } from '../cell-text.ts';
import type { Batch, CellStorage, CellValue, Column, ListText, TableBuilder, TableSchema } from '../types.ts';
import { loneSurrogates, RowBatch, textOfCell } from './row-batch.ts';
import type { OtherBuilders, RowStore } from './row-store.ts';
import { byteCountWord, rowCountWord, rowVectorWord } from './row-words.ts';

const cellByteCount = 8;

/** What a column of typed storage takes besides texts: numbers and booleans as their texts, lists, or nothing. */
const alsoNothing = 0;
const alsoPlain = 1;
const alsoLists = 2;

function alsoTakes({ type }: Column): number {
  if (type.kind === 'list') return alsoLists;
  // There, a text that says the same as a number is a moment, and the number is none.
  const isMoment = type.kind === 'primitive' && (type.fhirType === 'date' || type.fhirType === 'dateTime' || type.fhirType === 'instant');
  return isMoment ? alsoNothing : alsoPlain;
}

function isPlain(value: CellValue): boolean {
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER && !Object.is(value, -0);
  return typeof value === 'boolean' || typeof value === 'bigint';
}

export class RowStoreBuilder implements TableBuilder {
  readonly schema: TableSchema;
  readonly store: RowStore;
  /** 0 until the table is asked for: most never get a row, and their columns need not be made. */
  #table = 0;
  #columnCount = 0;
  readonly #createOverflow: OtherBuilders['createOverflow'];
  readonly #storage: CellStorage;
  readonly #lists: ListText | undefined;
  /** Of typed storage. */
  #alsoTakes: Uint8Array | undefined;
  /** Column → the text it was last set to, and where that is: rows of one resource, and its neighbours, repeat much. */
  #lastTexts: (string | undefined)[] = [];
  #lastAddresses = new Uint32Array();
  #lastByteCounts = new Uint32Array();
  #odd = new Map<number, CellValue>();
  /** Takes the rows while the store has no memory for them. */
  #overflow: TableBuilder | undefined;
  /** Taken, and still in the store. */
  #given: RowBatch | undefined;

  constructor(store: RowStore, schema: TableSchema, storage: CellStorage, createOverflow: OtherBuilders['createOverflow']) {
    this.store = store;
    this.#storage = storage;
    this.#lists = storage.kind === 'typed' ? storage.lists : undefined;
    this.schema = schema;
    this.#createOverflow = createOverflow;
  }

  /** Address of the table in the module's memory. */
  get table(): number {
    if (this.#table === 0) this.#open();
    return this.#table;
  }

  #open(): void {
    const { columns } = this.schema;
    this.#columnCount = columns.length;
    this.#alsoTakes = this.#storage.kind === 'typed' ? Uint8Array.from(columns, alsoTakes) : undefined;
    this.#lastTexts = new Array<string | undefined>(columns.length).fill(undefined);
    this.#lastAddresses = new Uint32Array(columns.length);
    this.#lastByteCounts = new Uint32Array(columns.length);
    this.#table = this.store.createTable(columns.length);
  }

  /** False while rows are kept elsewhere, or are being written: then none must be added in the module. */
  get isInStore(): boolean {
    return this.#overflow === undefined && this.#given === undefined;
  }

  /** In the store, but for these; the store counts its builders whose rows are not there. */
  #keepRowsIn(overflow: TableBuilder | undefined, given: RowBatch | undefined): void {
    const was = this.isInStore;
    this.#overflow = overflow;
    this.#given = given;
    if (this.isInStore !== was) this.store.awayCount += was ? 1 : -1;
  }

  get rowCount(): number {
    if (this.#overflow !== undefined) return this.#overflow.rowCount;
    if (this.#table === 0 || this.#given !== undefined) return 0;
    return this.store.words[(this.#table >> 2) + rowCountWord] as number;
  }

  get byteCount(): number {
    if (this.#overflow !== undefined) return this.#overflow.byteCount;
    if (this.#table === 0 || this.#given !== undefined) return 0;
    return this.rowCount * this.#columnCount * cellByteCount + (this.store.words[(this.#table >> 2) + byteCountWord] as number);
  }

  addRow(): number {
    if (this.#given !== undefined) this.#detachGiven();
    if (this.#overflow !== undefined) return this.#overflow.addRow();
    if (this.store.functions.addRow(this.table) === 0) return this.#overflowRows().addRow();
    return this.rowCount - 1;
  }

  set(rowIndex: number, columnIndex: number, value: CellValue): void {
    if (this.#overflow !== undefined) {
      this.#overflow.set(rowIndex, columnIndex, value);
      return;
    }
    if (columnIndex >= this.#columnCount) throw new RangeError(`table ${this.schema.name} has no column ${columnIndex}`);
    if (this.#alsoTakes !== undefined) this.#setTyped(rowIndex, columnIndex, value, this.#alsoTakes[columnIndex] as number);
    else this.#setText(rowIndex, columnIndex, typeof value === 'string' ? value : textOf(value), undefined);
  }

  #setTyped(rowIndex: number, columnIndex: number, value: CellValue, also: number): void {
    if (also === alsoLists) {
      const items = Array.isArray(value) ? (value as readonly (CellValue | null)[]) : [value as string];
      this.#setText(rowIndex, columnIndex, (this.#lists as ListText).write(items), value);
    } else if (typeof value === 'string') this.#setText(rowIndex, columnIndex, value, value);
    else if (also === alsoPlain && isPlain(value)) this.#setText(rowIndex, columnIndex, String(value), value);
    else this.#setOdd(rowIndex, columnIndex, value);
  }

  /** `typed`: the value that the text stands for, in typed storage. */
  #setText(rowIndex: number, columnIndex: number, text: string, typed: CellValue | undefined): void {
    const store = this.store;
    if (text !== this.#lastTexts[columnIndex]) {
      if (!store.encode(text)) {
        this.#overflowRows().set(rowIndex, columnIndex, typed ?? text);
        return;
      }
      this.#lastTexts[columnIndex] = text;
      this.#lastAddresses[columnIndex] = store.textAddress;
      this.#lastByteCounts[columnIndex] = store.textByteCount;
    }
    const byteCount = this.#lastByteCounts[columnIndex] as number;
    this.#point(rowIndex, columnIndex, this.#lastAddresses[columnIndex] as number, byteCount);
    if (byteCount === text.length && this.#odd.size === 0) return;
    const isOdd = text.search(loneSurrogates) >= 0;
    if (isOdd && typed !== undefined) this.#setOdd(rowIndex, columnIndex, typed);
    else if (isOdd) this.#odd.set(rowIndex * this.#columnCount + columnIndex, text);
    else this.#odd.delete(rowIndex * this.#columnCount + columnIndex);
  }

  /** A value that has no bytes: what stands for it makes the encoder ask for the value itself. */
  #setOdd(rowIndex: number, columnIndex: number, value: CellValue): void {
    const { address, byteCount } = this.store.constant('\0');
    this.#point(rowIndex, columnIndex, address, byteCount);
    this.#odd.set(rowIndex * this.#columnCount + columnIndex, value);
  }

  #point(rowIndex: number, columnIndex: number, address: number, byteCount: number): void {
    const { words } = this.store;
    const table = this.#table >> 2;
    const row = words[((words[table + rowVectorWord] as number) >> 2) + rowIndex] as number;
    const cell = (row >> 2) + columnIndex * 2;
    words[cell] = address;
    words[cell + 1] = byteCount;
    words[table + byteCountWord] = (words[table + byteCountWord] as number) + byteCount;
  }

  get(rowIndex: number, columnIndex: number): CellValue | undefined {
    if (this.#overflow !== undefined) return this.#overflow.get(rowIndex, columnIndex);
    if (this.#odd.size > 0) {
      const odd = this.#odd.get(rowIndex * this.#columnCount + columnIndex);
      if (odd !== undefined) return odd;
    }
    const { words } = this.store;
    const row = words[((words[(this.#table >> 2) + rowVectorWord] as number) >> 2) + rowIndex] as number;
    const cell = (row >> 2) + columnIndex * 2;
    const address = words[cell] as number;
    const isLast = address !== 0 && address === this.#lastAddresses[columnIndex] && words[cell + 1] === this.#lastByteCounts[columnIndex];
    const text = isLast ? this.#lastTexts[columnIndex] : textOfCell(this.store, this.#table, rowIndex, columnIndex);
    return text !== undefined && this.#lists !== undefined && this.#alsoTakes?.[columnIndex] === alsoLists ? this.#lists.read(text) : text;
  }

  truncate(rowCount: number): void {
    if (this.#overflow !== undefined) {
      this.#overflow.truncate(rowCount);
      return;
    }
    if (this.#table === 0 || this.#given !== undefined) return;
    this.store.functions.truncateRows(this.#table, rowCount);
    if (rowCount === 0) this.store.words[(this.#table >> 2) + byteCountWord] = 0;
    for (const place of this.#odd.keys()) if (place >= rowCount * this.#columnCount) this.#odd.delete(place);
  }

  take(): Batch {
    if (this.#given !== undefined) this.#detachGiven();
    if (this.#overflow !== undefined) {
      const batch = this.#overflow.take();
      this.#keepRowsIn(undefined, undefined);
      return batch;
    }
    const given = new RowBatch(this.schema, this.#storage, this.store, this.table, this.rowCount, this.#odd);
    this.#keepRowsIn(undefined, given);
    this.#odd = new Map();
    return given;
  }

  /** For the store: forgets all rows. */
  clear(): void {
    if (this.#table === 0) return;
    this.#keepRowsIn(undefined, undefined);
    if (this.#odd.size > 0) this.#odd = new Map();
    this.store.functions.clearRows(this.#table);
    this.#lastTexts.fill(undefined);
    this.#lastAddresses.fill(0);
  }

  /** Rows come while a batch is out: it gets strings of its own. */
  #detachGiven(): void {
    void this.#given?.vectors;
    this.#keepRowsIn(this.#overflow, undefined);
    this.store.functions.clearRows(this.#table);
  }

  /** From here on rows are kept outside of the store, with the same indexes. */
  #overflowRows(): TableBuilder {
    const overflow = this.#createOverflow(this.schema, this.#storage);
    const { rowCount } = this;
    for (let row = 0; row < rowCount; row++) {
      overflow.addRow();
      for (let column = 0; column < this.#columnCount; column++) {
        const text = this.get(row, column);
        if (text !== undefined) overflow.set(row, column, text);
      }
    }
    this.store.functions.clearRows(this.#table);
    this.#odd = new Map();
    this.#keepRowsIn(overflow, this.#given);
    return overflow;
  }
}
