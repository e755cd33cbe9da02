// Cells set one by one → rows of bytes in the memory of the module, where encoders take them without making strings of
// them. All tables of a reading share that memory: when it is full they are all written, then it is used anew.

import { textOf } from '../cell-text.ts';
import type { Batch, CellStorage, CellValue, Column, ListText, TableBuilder, TableSchema, Vector } from '../types.ts';
import type { KeyNames } from './key-names.ts';
import type { ByteFunctions } from './load-module.ts';

/** Rows move on at the end of the resource that comes to this; small enough to stay near the processor. */
const fullByteCount = 6 * 1024 * 1024;
/** Texts get memory by pieces of this size at least. */
const pieceByteCount = 64 * 1024;
/** From this many characters on, the native encoder is faster than the loop. */
const longTextLength = 48;
/** UTF-8 bytes per UTF-16 unit at most. */
const maxBytesPerUnit = 3;
const cellByteCount = 8;
/** Words of a table in the module's memory; see assembly/rows.ts. */
const rowCountWord = 1;
const rowVectorWord = 2;
const byteCountWord = 4;
const loneSurrogates = /\p{Surrogate}/gu;

export class RowStore {
  readonly functions: ByteFunctions;
  /** Of the records that rows may be made from as they stand; undefined where they are parsed. */
  readonly keys: KeyNames | undefined;
  /** The module's memory. */
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  /** Where the text last encoded is. */
  textAddress = 0;
  textByteCount = 0;
  readonly #others: OtherBuilders;
  readonly #builders: RowStoreBuilder[] = [];
  readonly #constants = new Map<string, { readonly address: number; readonly byteCount: number }>();
  /** What is free of the memory for texts. */
  #freeAddress = 0;
  #freeEnd = 0;

  constructor(functions: ByteFunctions, others: OtherBuilders, keys?: KeyNames) {
    this.functions = functions;
    this.keys = keys;
    this.bytes = Buffer.from(functions.memory.buffer);
    this.words = new Uint32Array(functions.memory.buffer);
    this.#others = others;
  }

  /** True when the rows of all tables have to be written, and the store to be `reset`, before the next resource. */
  get isFull(): boolean {
    return this.functions.heldByteCount() >= fullByteCount;
  }

  createBuilder(schema: TableSchema, storage: CellStorage): RowStoreBuilder {
    const builder = new RowStoreBuilder(this, schema, storage, this.#others.createOverflow);
    this.#builders.push(builder);
    return builder;
  }

  /** A builder that never has rows to write; its table throws away those that are added in the module. */
  createDiscardBuilder(schema: TableSchema): TableBuilder & { readonly table: number } {
    const table = this.createTable(schema.columns.length);
    if (Number(this.functions.discardRows(table)) === 0) throw new RangeError('no memory for another table');
    return Object.assign(this.#others.createDiscardBuilder(schema), { table });
  }

  /** Forgets the rows of all builders: they have been written, or nobody wants them. */
  reset(): void {
    for (const builder of this.#builders) builder.clear();
    this.functions.resetArena();
    this.#freeAddress = 0;
    this.#freeEnd = 0;
  }

  /** A new reading begins, with builders of its own. */
  restart(): void {
    this.reset();
    this.#builders.length = 0;
  }

  /** Encodes a text; lone surrogates become U+FFFD. False when there is no more memory. */
  encode(text: string): boolean {
    const { length } = text;
    const maxByteCount = length * maxBytesPerUnit;
    // Also of the empty text, whose address must not be 0.
    if (this.#freeEnd - this.#freeAddress <= maxByteCount && !this.#takePiece(maxByteCount + 1)) return false;
    const address = this.#freeAddress;
    const bytes = this.bytes;
    let end = address;
    if (length <= longTextLength) {
      for (let index = 0; index < length; index++) {
        const unit = text.charCodeAt(index);
        if (unit >= 0x80) {
          end = address + bytes.write(text, address, 'utf8');
          break;
        }
        bytes[end++] = unit;
      }
    } else {
      end += bytes.write(text, address, 'utf8');
    }
    this.textAddress = address;
    this.textByteCount = end - address;
    this.#freeAddress = end;
    return true;
  }

  decode(address: number, byteCount: number): string {
    return this.bytes.toString('utf8', address, address + byteCount);
  }

  /** A text that stays. */
  constant(text: string): { readonly address: number; readonly byteCount: number } {
    let found = this.#constants.get(text);
    if (found === undefined) {
      const byteCount = Buffer.byteLength(text);
      const address = this.functions.allocateHeap(byteCount);
      if (address === 0) throw new RangeError('no memory for a text');
      this.bytes.write(text, address, 'utf8');
      found = { address, byteCount };
      this.#constants.set(text, found);
    }
    return found;
  }

  #takePiece(byteCount: number): boolean {
    const size = Math.max(byteCount, pieceByteCount);
    // The module counts in 32 bits.
    const address = size > this.bytes.length ? 0 : this.functions.allocateArena(size);
    if (address === 0) return false;
    this.#freeAddress = address;
    this.#freeEnd = address + size;
    return true;
  }

  /** For builders: a table in the module's memory. */
  createTable(columnCount: number): number {
    const table = this.functions.createTable(columnCount);
    if (table === 0) throw new RangeError('no memory for another table');
    return table;
  }
}

/** Builders that keep cells as JavaScript has them. */
export interface OtherBuilders {
  /** For the rows of a resource that alone is larger than the module's memory. */
  readonly createOverflow: (schema: TableSchema, storage: CellStorage) => TableBuilder;
  readonly createDiscardBuilder: (schema: TableSchema) => TableBuilder;
}

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
  return typeof value === 'boolean' || typeof value === 'bigint' || (typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER);
}

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
    this.#vectors ??= this.schema.columns.map((_, column) => this.#decodeColumn(column));
    return this.#vectors;
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

  #decodeColumn(column: number): Vector {
    const { rowCount, schema, store, table } = this;
    const { words } = store;
    const vector = (words[(table >> 2) + rowVectorWord] as number) >> 2;
    const values = new Array<CellValue | undefined>(rowCount).fill(undefined);
    const lists = this.#listsOf(column);
    let isAllNull = true;
    let lastAddress = 0;
    let lastByteCount = 0;
    let last: CellValue | undefined;
    for (let row = 0; row < rowCount; row++) {
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
      values[row] = last;
    }
    if (this.#odd.size > 0) {
      const { length } = schema.columns;
      for (const [place, text] of this.#odd) if (place % length === column) values[Math.floor(place / length)] = text;
    }
    return { storage: this.#storage.kind, isAllNull, values } as Vector;
  }
}

export class RowStoreBuilder implements TableBuilder {
  readonly schema: TableSchema;
  /** Address of the table in the module's memory. */
  readonly table: number;
  readonly store: RowStore;
  readonly #columnCount: number;
  readonly #createOverflow: OtherBuilders['createOverflow'];
  readonly #storage: CellStorage;
  readonly #lists: ListText | undefined;
  /** Of typed storage. */
  readonly #alsoTakes: Uint8Array | undefined;
  /** Column → the text it was last set to, and where that is: rows of one resource, and its neighbours, repeat much. */
  readonly #lastTexts: (string | undefined)[];
  readonly #lastAddresses: Uint32Array;
  readonly #lastByteCounts: Uint32Array;
  #odd = new Map<number, CellValue>();
  /** Takes the rows while the store has no memory for them. */
  #overflow: TableBuilder | undefined;
  /** Taken, and still in the store. */
  #given: RowBatch | undefined;

  constructor(store: RowStore, schema: TableSchema, storage: CellStorage, createOverflow: OtherBuilders['createOverflow']) {
    this.store = store;
    this.#storage = storage;
    this.#lists = storage.kind === 'typed' ? storage.lists : undefined;
    this.#alsoTakes = storage.kind === 'typed' ? Uint8Array.from(schema.columns, alsoTakes) : undefined;
    this.schema = schema;
    this.#columnCount = schema.columns.length;
    this.#createOverflow = createOverflow;
    this.table = store.createTable(this.#columnCount);
    this.#lastTexts = new Array<string | undefined>(this.#columnCount).fill(undefined);
    this.#lastAddresses = new Uint32Array(this.#columnCount);
    this.#lastByteCounts = new Uint32Array(this.#columnCount);
  }

  /** False while rows are kept elsewhere, or are being written: then none must be added in the module. */
  get isInStore(): boolean {
    return this.#overflow === undefined && this.#given === undefined;
  }

  get rowCount(): number {
    if (this.#overflow !== undefined) return this.#overflow.rowCount;
    return this.#given === undefined ? (this.store.words[(this.table >> 2) + rowCountWord] as number) : 0;
  }

  get byteCount(): number {
    if (this.#overflow !== undefined) return this.#overflow.byteCount;
    if (this.#given !== undefined) return 0;
    return this.rowCount * this.#columnCount * cellByteCount + (this.store.words[(this.table >> 2) + byteCountWord] as number);
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
    const table = this.table >> 2;
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
    const row = words[((words[(this.table >> 2) + rowVectorWord] as number) >> 2) + rowIndex] as number;
    const cell = (row >> 2) + columnIndex * 2;
    const address = words[cell] as number;
    const isLast = address !== 0 && address === this.#lastAddresses[columnIndex] && words[cell + 1] === this.#lastByteCounts[columnIndex];
    const text = isLast ? this.#lastTexts[columnIndex] : textOfCell(this.store, this.table, rowIndex, columnIndex);
    return text !== undefined && this.#lists !== undefined && this.#alsoTakes?.[columnIndex] === alsoLists ? this.#lists.read(text) : text;
  }

  truncate(rowCount: number): void {
    if (this.#overflow !== undefined) {
      this.#overflow.truncate(rowCount);
      return;
    }
    if (this.#given !== undefined) return;
    this.store.functions.truncateRows(this.table, rowCount);
    if (rowCount === 0) this.store.words[(this.table >> 2) + byteCountWord] = 0;
    for (const place of this.#odd.keys()) if (place >= rowCount * this.#columnCount) this.#odd.delete(place);
  }

  take(): Batch {
    if (this.#given !== undefined) this.#detachGiven();
    if (this.#overflow !== undefined) {
      const batch = this.#overflow.take();
      this.#overflow = undefined;
      return batch;
    }
    this.#given = new RowBatch(this.schema, this.#storage, this.store, this.table, this.rowCount, this.#odd);
    this.#odd = new Map();
    return this.#given;
  }

  /** For the store: forgets all rows. */
  clear(): void {
    this.#given = undefined;
    this.#overflow = undefined;
    this.#odd = new Map();
    this.store.functions.clearRows(this.table);
    this.#lastTexts.fill(undefined);
    this.#lastAddresses.fill(0);
  }

  /** Rows come while a batch is out: it gets strings of its own. */
  #detachGiven(): void {
    void this.#given?.vectors;
    this.#given = undefined;
    this.store.functions.clearRows(this.table);
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
    this.store.functions.clearRows(this.table);
    this.#odd = new Map();
    this.#overflow = overflow;
    return overflow;
  }
}

function textOfCell(store: RowStore, table: number, row: number, column: number): string | undefined {
  const { words } = store;
  const cell = ((words[((words[(table >> 2) + rowVectorWord] as number) >> 2) + row] as number) >> 2) + column * 2;
  const address = words[cell] as number;
  return address === 0 ? undefined : store.decode(address, words[cell + 1] as number);
}
