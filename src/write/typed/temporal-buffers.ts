// Dates and timestamps → two columns: the days or microseconds since 1970, and what of the text these do not say.

import { type ColumnRows, momentKinds } from '../../bytes/column-rows.ts';
import { fitsUtc, readTemporal, Temporal, zoneOf } from '../../temporal.ts';
import { type CellCounts, type Cells, type ColumnData, cleared, copyInto, firstCapacity, Validity } from './column-data.ts';
import { TextBuffer } from './text-buffer.ts';

export type TemporalKind = 'date' | 'local' | 'utc';

/** Shared: what it holds is used before the next text is read. */
const temporal = new Temporal();

/** One column of the schema that is two in the output. */
export class TemporalBuffers {
  readonly counts: CellCounts = { unfit: 0, replacedCharacters: 0 };
  readonly #kind: TemporalKind;
  /** 32-bit words that a row takes: timestamps have 64 bits. */
  readonly #perRow: number;
  readonly #validity = new Validity();
  #words = new Int32Array(0);
  readonly #rests = new TextBuffer();
  /** Of the batch at work, reused. */
  readonly #restCells: (string | undefined)[] = [];

  constructor(kind: TemporalKind) {
    this.#kind = kind;
    this.#perRow = kind === 'date' ? 1 : 2;
  }

  get byteCount(): number {
    const { hasValues, rowCount } = this.#validity;
    return (hasValues ? rowCount * this.#perRow * this.#words.BYTES_PER_ELEMENT : 0) + this.#validity.byteCount + this.#rests.byteCount;
  }

  append(cells: Cells, rowCount: number): void {
    const first = this.#validity.rowCount;
    this.#validity.add(rowCount);
    for (let row = 0; row < rowCount; row++) {
      const cell = cells[row];
      let rest: string | undefined;
      if (cell !== undefined) {
        if (typeof cell === 'string' && readTemporal(cell, temporal) && this.#fits()) {
          this.#put(first + row);
          rest = zoneOf(cell, temporal);
        } else {
          this.counts.unfit++;
        }
      }
      this.#restCells[row] = rest;
    }
    this.#rests.append(this.#restCells, rowCount);
  }

  appendRows(rows: ColumnRows): void {
    const fill = (firstRow: number): number => {
      const first = this.#validity.rowCount;
      const filled = rows.fillMoments(firstRow, first & 7, momentKinds[this.#kind], this.#rests.length);
      if (filled === 0) return 0;
      const { valueCount } = rows;
      const { memory, validity, values } = rows.places;
      this.#validity.addFrom(memory, validity, filled, valueCount);
      this.#rests.addTexts(rows);
      if (valueCount === 0) return filled;
      this.#reserve(first + filled);
      copyInto(this.#words, first * this.#perRow, memory, values, filled * this.#perRow);
      return filled;
    };
    rows.each(fill, this);
  }

  appendNulls(rowCount: number): void {
    this.#validity.add(rowCount);
    this.#rests.appendNulls(rowCount);
  }

  /** The values, then the precision or zone. */
  view(): readonly ColumnData[] {
    const { hasValues, rowCount } = this.#validity;
    if (hasValues) this.#reserve(rowCount);
    const { buffer } = this.#words;
    const length = hasValues ? rowCount : 0;
    const values = this.#kind === 'date' ? new Int32Array(buffer, 0, length) : new BigInt64Array(buffer, 0, length);
    return [{ ...this.#validity.view(), offsets: undefined, values: hasValues ? values : undefined, items: undefined }, this.#rests.view()];
  }

  clear(): void {
    this.#words = cleared(this.#words, this.#validity.rowCount * this.#perRow);
    this.#validity.clear();
    this.#rests.clear();
  }

  #fits(): boolean {
    if (this.#kind === 'date') return temporal.precision !== 'time';
    return this.#kind === 'local' || fitsUtc(temporal);
  }

  #put(row: number): void {
    this.#validity.set(row);
    if ((row + 1) * this.#perRow > this.#words.length) this.#reserve(this.#validity.rowCount);
    if (this.#kind === 'date') this.#words[row] = temporal.day;
    else writeMicroseconds(this.#words, row * 2, this.#kind === 'utc' ? temporal.offsetMinutes : 0);
  }

  #reserve(rowCount: number): void {
    const needed = rowCount * this.#perRow;
    if (needed <= this.#words.length) return;
    const grown = new Int32Array(Math.max(needed, this.#words.length * 2, firstCapacity * this.#perRow));
    grown.set(this.#words);
    this.#words = grown;
  }
}

const wordSize = 2 ** 32;
const secondsPerDay = 86_400;
const perSecond = 1_000_000;

/** Writes 64 bits as two words, the lower one first: a BigInt a row would be garbage. Exact for all years of FHIR. */
function writeMicroseconds(words: Int32Array, index: number, offsetMinutes: number): void {
  const seconds = temporal.day * secondsPerDay + Math.floor(temporal.microsecond / perSecond) - offsetMinutes * 60;
  const total = seconds * perSecond + (temporal.microsecond % perSecond);
  if (Number.isSafeInteger(total)) {
    const upper = Math.floor(total / wordSize);
    words[index] = (total - upper * wordSize) | 0;
    words[index + 1] = upper;
    return;
  }
  const exact = BigInt(seconds) * 1_000_000n + BigInt(temporal.microsecond % perSecond);
  words[index] = Number(BigInt.asIntN(32, exact));
  words[index + 1] = Number(exact >> 32n);
}
