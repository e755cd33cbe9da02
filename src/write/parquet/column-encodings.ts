// The rows that a row group begins with → how its columns are encoded: a dictionary only for texts that repeat, and no
// compression for nothing. https://parquet.apache.org/docs/file-format/data-pages/encodings/

import type { ColumnData } from '../typed/column-data.ts';
import type { RowGroup } from '../typed/row-groups.ts';
import type { IpcColumn } from './ipc-stream.ts';

/** By name; what is named in neither has a dictionary and is compressed, as all lists are: the library cannot be told of these. */
export interface ColumnEncodings {
  /** Without a dictionary. */
  readonly plain: readonly string[];
  /** Without a value in the whole group: neither a dictionary nor compression. */
  readonly empty: readonly string[];
}

/** Texts looked at for each column. */
const sampleCount = 32;
/** A dictionary pays from so many texts a different one on. */
const leastRepetition = 2;

/** @param isWhole - the group has no other rows */
export function chooseEncodings(columns: readonly IpcColumn[], rows: RowGroup, isWhole: boolean): ColumnEncodings {
  const plain: string[] = [];
  const empty: string[] = [];
  for (const [index, { name, type }] of columns.entries()) {
    if (type.kind === 'list') continue;
    const column = rows.columns[index] as ColumnData;
    const isText = type.kind === 'text' || type.kind === 'json' || type.kind === 'numeric';
    if (column.nullCount === column.length) {
      // Rows to come may have values.
      if (isWhole) empty.push(name);
    } else if (!isText || !repeats(column)) {
      plain.push(name);
    }
  }
  return { plain, empty };
}

/** True when texts, looked at here and there, come more than once. */
function repeats({ length, offsets, values }: ColumnData): boolean {
  if (offsets === undefined || !(values instanceof Uint8Array)) return false;
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const texts = new Set<string>();
  let textCount = 0;
  const step = Math.max(1, Math.floor(length / sampleCount));
  for (let row = 0; row < length; row += step) {
    const [start, end] = [offsets[row] as number, offsets[row + 1] as number];
    if (start === end) continue;
    textCount++;
    texts.add(bytes.toString('latin1', start, end));
  }
  return textCount >= texts.size * leastRepetition;
}
