// Batches → rows in the text format of COPY: rows of a store are encoded where they are, in the module's memory, but for
// those with cells that need a closer look; vectors of cells here. Columns that had no value so far are left out: the server
// takes more time for a null that is written than for one that is not.

import { RowBatch } from '../../bytes/row-batch.ts';
import { readTemporal, Temporal, zoneOf } from '../../temporal.ts';
import type { Batch, CellValue, Vector } from '../../types.ts';
import { booleanOf, doubleOf, int32Of, int64Of, numberTextOf, textOf } from '../typed/read-cells.ts';
import { arrayLiteral } from './array-text.ts';
import { type CopyPlan, placeCopyPlan, writeCopyPlan } from './copy-plan.ts';
import { CopyWriter } from './copy-writer.ts';
import { fitsNumeric, makeStorable } from './json-text.ts';
import { type LoadTable, longestKey, type SqlColumn } from './load-table.ts';

const tab = 0x09;
const lineFeed = 0x0a;
const nullText = '\\N';
const nullBytes = [...Buffer.from(nullText)];

type WriteCell = (writer: CopyWriter, value: CellValue) => void;

interface FilledColumn {
  /** Between the column before it that has values, and this one. */
  readonly gap: Uint8Array;
  readonly values: readonly (CellValue | undefined)[];
  readonly write: WriteCell;
}

export class CopyEncoder {
  readonly #writer = new CopyWriter();
  /** Made when first used: most rows are encoded in the module. */
  readonly #writers = new Map<SqlColumn, WriteCell>();
  readonly #written: Set<SqlColumn>;
  /** These are written, in their order. */
  #columns: readonly SqlColumn[] = [];
  /** The others. */
  #unwritten: readonly SqlColumn[] = [];
  /** Numbers and escapes of JSON that jsonb does not take. */
  #replacedInJsonCount = 0;
  #unfitCount = 0;
  #expectedByteCount = 16_384;

  readonly #table: LoadTable;
  #plan: CopyPlan | undefined;

  /** `always`: columns that are written also where they have no value. */
  constructor(table: LoadTable, always: readonly SqlColumn[]) {
    this.#table = table;
    // There is no statement without a column.
    this.#written = new Set([...table.columns.slice(0, 1), ...always]);
    this.#chooseColumns();
  }

  /** Those that the rows encoded last have: never fewer than earlier ones. */
  get columns(): readonly SqlColumn[] {
    return this.#columns;
  }

  /** What was written as U+FFFD. */
  get replacedCharacterCount(): number {
    return this.#writer.replacedCharacterCount + this.#replacedInJsonCount;
  }

  /** Cells that are null because their value did not fit the type of the column. */
  get unfitCount(): number {
    return this.#unfitCount;
  }

  /** `take` gets the rows in one or more pieces, and must not keep them: they are gone with the next piece. */
  encode(batch: Batch, take: (rows: Uint8Array) => void): void {
    if (batch instanceof RowBatch && this.#encodeRows(batch, take)) return;
    take(this.#encodeVectors(batch));
  }

  #chooseColumns(): void {
    this.#columns = this.#table.columns.filter((column) => this.#written.has(column));
    this.#unwritten = this.#table.columns.filter((column) => !this.#written.has(column));
    if (this.#plan !== undefined) writeCopyPlan(this.#plan, this.#columns, this.#unwritten, this.#table);
  }

  /** False where all that have values are written already. */
  #addFilled(isFilled: (sourceIndex: number) => boolean): boolean {
    const found = this.#unwritten.filter(({ sourceIndex }) => isFilled(sourceIndex));
    if (found.length === 0) return false;
    for (const column of found) this.#written.add(column);
    this.#chooseColumns();
    return true;
  }

  /** False, with nothing taken, where there is no memory for so many columns: that is found with the first row. */
  #encodeRows(batch: RowBatch, take: (rows: Uint8Array) => void): boolean {
    const { rowCount, store, table } = batch;
    const { bytes, functions } = store;
    if (this.#plan?.store !== store) {
      this.#plan = placeCopyPlan(store, this.#table);
      this.#chooseColumns();
    }
    const plan = this.#plan;
    if (plan === undefined) return false;
    const nullAddress = store.constant(nullText).address;
    for (let row = 0; row < rowCount; ) {
      const encoded = functions.encodeCopy(table, row, nullAddress, plan.address, plan.columnCount, plan.leftOutCount);
      if (encoded < 0) {
        const filled = functions.filledColumns(table) >> 2;
        if (filled === 0 || !this.#addFilled((sourceIndex) => store.words[filled + sourceIndex * 2] !== 0)) return false;
        continue;
      }
      const start = functions.outPosition();
      take(encoded === 0 ? this.#encodeRow(batch, row) : bytes.subarray(start, start + functions.encodedByteCount()));
      row += Math.max(1, encoded);
    }
    return true;
  }

  #encodeRow(batch: RowBatch, row: number): Uint8Array {
    const writer = this.#writer;
    writer.start(this.#expectedByteCount);
    for (const [index, column] of this.#columns.entries()) {
      if (index > 0) writer.writePlain('\t');
      const value = batch.valueAt(row, column.sourceIndex);
      if (value === undefined) writer.writePlain(nullText);
      else this.#writerOf(column)(writer, value);
    }
    writer.writePlain('\n');
    return writer.finish();
  }

  #encodeVectors(batch: Batch): Uint8Array {
    this.#addFilled((sourceIndex) => batch.vectors[sourceIndex]?.isAllNull === false);
    const { columns, tail } = this.#layOut(batch.vectors);
    const writer = this.#writer;
    writer.start(this.#expectedByteCount);
    for (let row = 0; row < batch.rowCount; row++) {
      for (let index = 0; index < columns.length; index++) {
        const { gap, values, write } = columns[index] as FilledColumn;
        writer.writeBytes(gap);
        const value = values[row];
        if (value === undefined) writer.writePlain(nullText);
        else write(writer, value);
      }
      writer.writeBytes(tail);
    }
    const bytes = writer.finish();
    this.#expectedByteCount = Math.max(16_384, Math.ceil(bytes.length * 1.1));
    return bytes;
  }

  #layOut(vectors: readonly Vector[]): { columns: FilledColumn[]; tail: Uint8Array } {
    const columns: FilledColumn[] = [];
    let gap: number[] = [];
    for (const [index, column] of this.#columns.entries()) {
      if (index > 0) gap.push(tab);
      const vector = vectors[column.sourceIndex] as Vector;
      if (vector.isAllNull) {
        gap.push(...nullBytes);
      } else {
        columns.push({ gap: Uint8Array.from(gap), values: vector.values, write: this.#writerOf(column) });
        gap = [];
      }
    }
    gap.push(lineFeed);
    return { columns, tail: Uint8Array.from(gap) };
  }

  #writerOf(column: SqlColumn): WriteCell {
    let writer = this.#writers.get(column);
    if (writer === undefined) {
      writer = this.#table.joinColumns.includes(column) ? this.#compileIndexed() : this.#compile(column);
      this.#writers.set(column, writer);
    }
    return writer;
  }

  #compileIndexed(): WriteCell {
    return (writer, value) => {
      const text = textOf(value);
      if (text.length <= longestKey) return writer.writeText(text);
      this.#unfitCount++;
      writer.writePlain(nullText);
    };
  }

  #compile({ column, part, type }: SqlColumn): WriteCell {
    const temporal = new Temporal();
    /** What the flatteners of the default tables set always fits; a view's or a plugin's cell may not. */
    const plain =
      (toText: (value: CellValue) => string | undefined): WriteCell =>
      (writer, value) => {
        const text = toText(value);
        if (text === undefined) this.#unfitCount++;
        writer.writePlain(text ?? nullText);
      };
    const moment = (toText: (text: string) => string): WriteCell =>
      plain((value) => (typeof value === 'string' && readTemporal(value, temporal) ? toText(value) : undefined));
    if (part !== 'value') {
      return (writer, value) => {
        const text = typeof value === 'string' && readTemporal(value, temporal) ? zoneOf(value, temporal) : undefined;
        writer.writePlain(text ?? nullText);
      };
    }
    switch (type.kind) {
      case 'text':
        return (writer, value) => writer.writeText(textOf(value));
      case 'json':
        return (writer, value) => writer.writeText(makeStorable(jsonOf(value), (count) => (this.#replacedInJsonCount += count)));
      case 'boolean':
        return plain((value) => {
          const boolean = booleanOf(value);
          return boolean === undefined ? undefined : boolean ? 't' : 'f';
        });
      case 'int32':
        return plain((value) => int32Of(value)?.toString());
      case 'int64':
        return plain((value) => int64Of(value)?.toString());
      case 'double':
        return plain((value) => doubleOf(value)?.toString());
      case 'decimal':
      case 'numeric':
        return plain((value) => {
          const text = numberTextOf(value);
          return text === undefined || !fitsNumeric(text) ? undefined : text;
        });
      case 'date':
        return moment(fullDate);
      case 'timestamp':
        return type.isUtc ? moment((text) => inZone(text, temporal)) : moment((text) => wallClock(text, temporal));
      case 'list':
        return (writer, value) => writer.writeText(arrayLiteral(Array.isArray(value) ? value : [value as CellValue]));
      default:
        throw new Error(`no cells for ${column.name} ${type satisfies never}`);
    }
  }
}

/** The first day of a month or year. */
function fullDate(date: string): string {
  return date.length >= 10 ? date.slice(0, 10) : date.length >= 7 ? `${date.slice(0, 7)}-01` : `${date.slice(0, 4)}-01-01`;
}

/** With as many digits of a fraction as a timestamp has room for: the server would round. */
const wallClockLength = '2024-01-01T00:00:00.000000'.length;

function wallClock(text: string, { zoneStart }: Temporal): string {
  return text.length <= 10 ? fullDate(text) : text.slice(0, Math.min(zoneStart < 0 ? text.length : zoneStart, wallClockLength));
}

/** Without a zone it is taken in the session's, which is UTC. */
function inZone(text: string, temporal: Temporal): string {
  const { zoneStart } = temporal;
  return `${wallClock(text, temporal)}${text.length <= 10 || zoneStart < 0 ? '' : text.slice(zoneStart)}`;
}

/** A plugin may set other values than JSON text. */
function jsonOf(value: CellValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint') return String(value);
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? String(item) : item));
}
