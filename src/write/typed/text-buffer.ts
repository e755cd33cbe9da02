// Texts → UTF-8 bytes and where each ends. The texts of a batch are joined and encoded at once; long ones, and those
// that are not ASCII, one by one, since then their lengths in bytes have to be known.

import type { ColumnRows } from '../../bytes/column-rows.ts';
import { type CellCounts, type Cells, type ColumnBuffer, type ColumnData, keptByteCount, Offsets, offsetBytes, Validity } from './column-data.ts';
import { textOf } from './read-cells.ts';

/** Joining copies; from this many characters on, that costs more than another call of the encoder. */
const longTextLength = 128;
/** Room behind the joined text, so that text which is not ASCII shows by taking more bytes than characters. */
const spareBytes = 16;
/** Of longer texts the bytes are counted before room is made for them. */
const longestGuess = 65_536;
const loneSurrogates = /\p{Surrogate}/gu;

export class TextBuffer implements ColumnBuffer {
  readonly counts: CellCounts = { unfit: 0, replacedCharacters: 0 };
  readonly #validity = new Validity();
  readonly #offsets = new Offsets();
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;

  get byteCount(): number {
    return this.#validity.hasValues ? this.#length + offsetBytes(this.#validity.rowCount) + this.#validity.byteCount : 0;
  }

  append(cells: Cells, rowCount: number): void {
    const first = this.#validity.rowCount;
    this.#validity.add(rowCount);
    this.#offsets.reserve(first + rowCount);
    let length = 0;
    let valueCount = 0;
    let isAllText = true;
    for (let index = 0; index < rowCount; index++) {
      const cell = cells[index];
      if (cell !== undefined) {
        if (typeof cell === 'string') length += cell.length;
        else isAllText = false;
        valueCount++;
        this.#validity.set(first + index);
      }
      // Right if all is ASCII, else set anew.
      this.#offsets.end(first + index, this.#length + length);
    }
    if (valueCount === 0) return;
    if (!isAllText || length > valueCount * longTextLength || !this.#appendJoined(cells, rowCount, length)) this.#appendEach(cells, first, rowCount);
  }

  appendRows(rows: ColumnRows): void {
    const fill = (firstRow: number): number => {
      const filled = rows.fillTexts(firstRow, this.#validity.rowCount & 7, this.#length);
      if (filled > 0) this.addTexts(rows);
      return filled;
    };
    rows.each(fill, this);
  }

  /** Where the texts so far end. */
  get length(): number {
    return this.#length;
  }

  /** Adds the texts that the last call made, which began at the end of those before. */
  addTexts(rows: ColumnRows): void {
    const { places, textByteCount, textCount } = rows;
    const { memory, textEnds, textValidity } = places;
    this.#offsets.endFrom(memory, textEnds, this.#validity.rowCount, textCount);
    this.#validity.addFrom(memory, textValidity, textCount, rows.textValueCount);
    if (textByteCount === 0) return;
    this.#reserve(textByteCount);
    rows.copyTexts(this.#bytes, this.#length);
    this.#length += textByteCount;
  }

  appendNulls(rowCount: number): void {
    this.#offsets.endAll(this.#validity.rowCount, rowCount, this.#length);
    this.#validity.add(rowCount);
  }

  view(): ColumnData {
    const { hasValues, rowCount } = this.#validity;
    const values = hasValues ? this.#bytes.subarray(0, this.#length) : undefined;
    return { ...this.#validity.view(), offsets: hasValues ? this.#offsets.view(rowCount) : undefined, values, items: undefined };
  }

  clear(): void {
    if (this.#bytes.length > keptByteCount) this.#bytes = Buffer.alloc(0);
    this.#length = 0;
    this.#offsets.clear(this.#validity.rowCount);
    this.#validity.clear();
  }

  /** False, with nothing kept, when the text is not ASCII. */
  #appendJoined(cells: Cells, rowCount: number, length: number): boolean {
    this.#reserve(length + spareBytes);
    const joined = (cells.length === rowCount ? cells : cells.slice(0, rowCount)).join('');
    if (this.#bytes.write(joined, this.#length, length + spareBytes, 'utf8') !== length) return false;
    this.#length += length;
    return true;
  }

  #appendEach(cells: Cells, first: number, rowCount: number): void {
    for (let index = 0; index < rowCount; index++) {
      const cell = cells[index];
      if (cell !== undefined) this.#appendText(typeof cell === 'string' ? cell : textOf(cell));
      this.#offsets.end(first + index, this.#length);
    }
  }

  #appendText(text: string): void {
    this.#reserve(text.length < longestGuess ? text.length * 3 : Buffer.byteLength(text));
    const byteCount = this.#bytes.write(text, this.#length, 'utf8');
    this.#length += byteCount;
    if (byteCount === text.length) return;
    const replaced = text.match(loneSurrogates);
    if (replaced !== null) this.counts.replacedCharacters += replaced.length;
  }

  #reserve(byteCount: number): void {
    const needed = this.#length + byteCount;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#length * 2, 1024));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
