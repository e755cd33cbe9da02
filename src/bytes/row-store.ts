// The memory of the module where rows wait to be encoded, without strings being made of them. All tables of a reading
// share it: when it is full they are all written, then it is used anew.

import type { CellStorage, TableBuilder, TableSchema } from '../types.ts';
import type { KeyNames } from './key-names.ts';
import type { ByteFunctions } from './load-module.ts';
import { RowStoreBuilder } from './row-store-builder.ts';
import type { SlicedBuffer } from './sliced-buffer.ts';

/** Texts get memory by pieces of this size at least. */
const pieceByteCount = 64 * 1024;
/** From this many characters on, the native encoder is faster than the loop. */
const longTextLength = 48;
/** UTF-8 bytes per UTF-16 unit at most. */
const maxBytesPerUnit = 3;

export class RowStore {
  readonly functions: ByteFunctions;
  /** Of the records that rows may be made from as they stand; undefined where they are parsed. */
  readonly keys: KeyNames | undefined;
  /** The module's memory. */
  readonly bytes: SlicedBuffer;
  readonly words: Uint32Array;
  /** Where the text last encoded is. */
  textAddress = 0;
  textByteCount = 0;
  /** Builders whose rows are elsewhere, or are being written: while there are any, none must be added in the module. */
  awayCount = 0;
  readonly #others: OtherBuilders;
  readonly #builders: RowStoreBuilder[] = [];
  readonly #constants = new Map<string, { readonly address: number; readonly byteCount: number }>();
  /** What is free of the memory for texts. */
  #freeAddress = 0;
  #freeEnd = 0;

  constructor(functions: ByteFunctions, others: OtherBuilders, keys?: KeyNames) {
    this.functions = functions;
    this.keys = keys;
    this.bytes = Buffer.from(functions.memory.buffer) as SlicedBuffer;
    this.words = new Uint32Array(functions.memory.buffer);
    this.#others = others;
  }

  /** Of the rows of all tables, with their texts. */
  get heldByteCount(): number {
    return this.functions.heldByteCount();
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
    return this.bytes.utf8Slice(address, address + byteCount);
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
