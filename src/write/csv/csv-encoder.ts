// Batches → CSV bytes: rows of a store are encoded where they are, in the module's memory; vectors of texts here. Their cells
// go straight into one buffer, row by row: building strings and encoding them afterwards took four times as long. Columns
// without any value cost nothing per row but their delimiter.

import { RowBatch } from '../../bytes/row-batch.ts';
import type { Batch, TableSchema, Vector } from '../../types.ts';
import { CellWriter } from './cell-writer.ts';
import type { CsvOptions } from './csv-options.ts';

const lineFeed = 0x0a;
const byteOrderMark = Uint8Array.of(0xef, 0xbb, 0xbf);

/** One table's encoder. Null is the null text, the empty string `""`, a cell that equals the null text is quoted. */
export class CsvEncoder {
  readonly #schema: TableSchema;
  readonly #options: CsvOptions;
  readonly #cells: CellWriter;
  readonly #nullBytes: Uint8Array;
  readonly #delimiterByte: number;
  /** Size of the last batch's bytes: the next one is likely to need as much. */
  #expectedByteCount = 16_384;
  #replacedCharacterCount = 0;

  constructor(schema: TableSchema, options: CsvOptions) {
    this.#schema = schema;
    this.#options = options;
    this.#cells = new CellWriter(options);
    this.#nullBytes = Buffer.from(options.nullText);
    this.#delimiterByte = options.delimiter.charCodeAt(0);
  }

  get replacedCharacterCount(): number {
    return this.#replacedCharacterCount + this.#cells.replacedCharacterCount;
  }

  begin(): Uint8Array | undefined {
    const mark = this.#options.hasByteOrderMark ? byteOrderMark : new Uint8Array(0);
    if (!this.#options.hasHeader) return mark.length > 0 ? mark : undefined;
    const cells = this.#cells;
    cells.start(4096);
    for (const [index, column] of this.#schema.columns.entries()) {
      if (index > 0) cells.writeBytes(Uint8Array.of(this.#delimiterByte));
      cells.writeCell(column.name);
    }
    cells.writeBytes(Uint8Array.of(lineFeed));
    return Buffer.concat([mark, cells.finish()]);
  }

  encode(batch: Batch): Uint8Array {
    return batch instanceof RowBatch ? this.#encodeRows(batch) : this.#encodeVectors(batch);
  }

  #encodeRows(batch: RowBatch): Uint8Array {
    const { rowCount, store, table } = batch;
    const { bytes, functions } = store;
    const { isFormulaSafe, nullText } = this.#options;
    const nullBytes = store.constant(nullText);
    const pieces: Uint8Array[] = [];
    for (let row = 0; row < rowCount; ) {
      const encoded = functions.encodeCsv(table, row, this.#delimiterByte, nullBytes.address, nullBytes.byteCount, isFormulaSafe ? 1 : 0);
      const start = functions.outPosition();
      // A row alone is larger than the memory for what is encoded.
      if (encoded === 0) pieces.push(this.#encodeRow(batch, row));
      else pieces.push(new Uint8Array(bytes.subarray(start, start + functions.encodedByteCount())));
      row += Math.max(1, encoded);
    }
    this.#replacedCharacterCount += batch.replacedCharacterCount;
    return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
  }

  #encodeRow(batch: RowBatch, row: number): Uint8Array {
    const cells = this.#cells;
    cells.start(this.#expectedByteCount);
    for (let column = 0; column < batch.schema.columns.length; column++) {
      if (column > 0) cells.writeBytes(Uint8Array.of(this.#delimiterByte));
      const text = batch.textAt(row, column);
      if (text === undefined) cells.writeBytes(this.#nullBytes);
      else cells.writeCell(text);
    }
    cells.writeBytes(Uint8Array.of(lineFeed));
    return cells.finish();
  }

  #encodeVectors(batch: Batch): Uint8Array {
    const { columns, tail } = this.#layOut(batch.vectors);
    const cells = this.#cells;
    const nullBytes = this.#nullBytes;
    const hasNullText = nullBytes.length > 0;
    cells.start(this.#expectedByteCount);
    for (let row = 0; row < batch.rowCount; row++) {
      for (let index = 0; index < columns.length; index++) {
        const { gap, values } = columns[index] as FilledColumn;
        cells.writeBytes(gap);
        const value = values[row];
        if (value !== undefined) cells.writeCell(value);
        else if (hasNullText) cells.writeBytes(nullBytes);
      }
      cells.writeBytes(tail);
    }
    const bytes = cells.finish();
    this.#expectedByteCount = Math.max(16_384, Math.ceil(bytes.length * 1.1));
    return bytes;
  }

  /** The columns that have values, each with the bytes between it and the one before; `tail` ends the row. */
  #layOut(vectors: readonly Vector[]): { columns: FilledColumn[]; tail: Uint8Array } {
    const columns: FilledColumn[] = [];
    let gap: number[] = [];
    for (const [index, vector] of vectors.entries()) {
      if (index > 0) gap.push(this.#delimiterByte);
      if (vector.isAllNull) {
        gap.push(...this.#nullBytes);
      } else {
        if (vector.storage !== 'text') throw new TypeError('CSV is made of texts');
        columns.push({ gap: Uint8Array.from(gap), values: vector.values });
        gap = [];
      }
    }
    gap.push(lineFeed);
    return { columns, tail: Uint8Array.from(gap) };
  }
}

interface FilledColumn {
  readonly gap: Uint8Array;
  readonly values: readonly (string | undefined)[];
}
