// A column of rows → its parts in Arrow's memory layout, in the memory for output, from where the host copies them:
// validity bits, where each row's part ends, values of one size, texts. What is not plain is the host's: a call ends before
// such a cell, and none of its rows are done when it is the first. https://arrow.apache.org/docs/format/Columnar.html

import { isNumberRead, readBoolean, readDecimal, readInteger } from './column-numbers';
import { readDouble } from './doubles';
import { addItems, beginItems, itemBytesEnd, itemCount, itemValueCount } from './list-items';
import { copyBytes, orRows, setBit } from './layout';
import { outEnd, outStart } from './memory';
import { momentPrecision, PRECISION_DAY, PRECISION_MONTH, PRECISION_NONE, PRECISION_TIME, readMoment, zoneStart } from './temporal';
import { columnCountOf, rowAt, rowCountOf } from './rows';

/** What a column holds; src/bytes/column-rows.ts has the same numbers. */
const BOOLEAN: u32 = 0;
const INT32: u32 = 1;
const INT64: u32 = 2;
const DOUBLE: u32 = 3;
const DECIMAL: u32 = 4;
const DATE: u32 = 5;
const LOCAL: u32 = 6;
const UTC: u32 = 7;

/** Rows of one call, and items of lists. */
const mostRows: u32 = 32768;

/** A column's own parts. */
const rowValidity: usize = outStart;
const rowEnds: usize = rowValidity + 0x2000;
const rowValues: usize = rowEnds + (<usize>mostRows << 2);
/** Of its texts, which may be those of another column: the zone of a timestamp, the items of a list. */
const textValidity: usize = rowValues + (<usize>mostRows << 4);
const textEnds: usize = textValidity + 0x2000;
const textBytes: usize = textEnds + (<usize>mostRows << 2);
const textBytesEnd: usize = outEnd - 64;

/** Texts of more bytes than this, as a rule, are copied once, by the host. */
const longText: u32 = 1024;
/** What 31 bits hold, less what a vector may write. */
const mostTextEnd: u32 = 0x7fff_ff00;

/** What the last call made: see `columnParts`. */
const parts: usize = memory.data(11 << 2, 4);

/**
 * Address of words: addresses of the row's validity, ends and values, and of the texts' validity, ends and bytes; then of
 * the last call: rows with a value, texts, texts with a value, bytes of texts; and how many texts are the host's to copy, all
 * or none: at the place for values is where each is, and how large.
 */
export function columnParts(): usize {
  store<u32>(parts, <u32>rowValidity);
  store<u32>(parts, <u32>rowEnds, 4);
  store<u32>(parts, <u32>rowValues, 8);
  store<u32>(parts, <u32>textValidity, 12);
  store<u32>(parts, <u32>textEnds, 16);
  store<u32>(parts, <u32>textBytes, 20);
  return parts;
}

function endPart(valueCount: u32, textCount: u32, textValueCount: u32, textByteCount: u32): void {
  store<u32>(parts, valueCount, 24);
  store<u32>(parts, textCount, 28);
  store<u32>(parts, textValueCount, 32);
  store<u32>(parts, textByteCount, 36);
  store<u32>(parts, 0, 40);
}

/** Address of two words per column: the first is 0 where all is null; 0 when there are too many columns. */
export function filledColumns(table: usize): usize {
  if (<usize>columnCountOf(table) << 3 >= outEnd - outStart - 64) return 0;
  orRows(table, outStart);
  return outStart;
}

function clearBits(at: usize, count: u32): void {
  const end = at + ((count + 7) >> 3);
  for (let to = at; to < end; to += 16) v128.store(to, i64x2.splat(0));
}

// @ts-ignore
@inline
function lastRow(table: usize, firstRow: u32): u32 {
  const rowCount = rowCountOf(table);
  return rowCount - firstRow > mostRows ? firstRow + mostRows : rowCount;
}

/**
 * These functions return how many rows they have done, from `firstRow` on. `bit`: the first bit to set is this one, of the
 * first byte. `end`: where the row before ends.
 */
export function fillTexts(table: usize, column: u32, firstRow: u32, bit: u32, end: u32): u32 {
  const endRow = lastRow(table, firstRow);
  const offset = <usize>column << 3;
  clearBits(textValidity, bit + endRow - firstRow);
  let ends = textEnds;
  let listEnd = rowValues;
  let textEnd = end;
  let index = firstRow;
  for (; index < endRow; index++) {
    const cell = load<u64>(rowAt(table, index) + offset);
    if (<u32>cell != 0) {
      const byteCount = <u32>(cell >> 32);
      if (byteCount > mostTextEnd - textEnd) break;
      textEnd += byteCount;
      store<u64>(listEnd, cell);
      listEnd += 8;
      setBit(textValidity, bit + index - firstRow);
    }
    store<u32>(ends, textEnd);
    ends += 4;
  }
  const valueCount = <u32>(listEnd - rowValues) >> 3;
  const byteCount = textEnd - end;
  const isHost = byteCount > <u32>(textBytesEnd - textBytes) || byteCount > valueCount * longText;
  if (!isHost) copyTexts(listEnd);
  endPart(0, index - firstRow, valueCount, byteCount);
  store<u32>(parts, isHost ? valueCount : 0, 40);
  return index - firstRow;
}

function copyTexts(listEnd: usize): void {
  let to = textBytes;
  for (let at = rowValues; at < listEnd; at += 8) to = copyBytes(to, load<u32>(at), load<u32>(at, 4));
}

/** @param limits - of decimals: the digits before the point at most, and after it (8 bits) */
export function fillValues(table: usize, column: u32, kind: u32, firstRow: u32, bit: u32, limits: u32): u32 {
  const endRow = lastRow(table, firstRow);
  const offset = <usize>column << 3;
  clearBits(rowValidity, bit + endRow - firstRow);
  const sizeShift: usize = kind == DECIMAL ? 4 : kind == INT32 ? 2 : 3;
  // A boolean is a bit, at the place of its row.
  if (kind == BOOLEAN) clearBits(rowValues, bit + endRow - firstRow);
  let valueCount: u32 = 0;
  let index = firstRow;
  for (; index < endRow; index++) {
    const cell = load<u64>(rowAt(table, index) + offset);
    const address = <usize>(cell & 0xffffffff);
    const place = index - firstRow;
    const to = rowValues + (<usize>place << sizeShift);
    if (address == 0) {
      if (kind == BOOLEAN) continue;
      if (sizeShift == 2) store<u32>(to, 0);
      else store<u64>(to, 0);
      if (sizeShift == 4) store<u64>(to, 0, 8);
      continue;
    }
    const byteCount = <u32>(cell >> 32);
    switch (kind) {
      case BOOLEAN:
        if (readBoolean(address, byteCount)) setBit(rowValues, bit + place);
        break;
      case INT32:
        store<i32>(to, <i32>readInteger(address, byteCount, 9));
        break;
      case INT64:
        store<i64>(to, readInteger(address, byteCount, 18));
        break;
      case DOUBLE:
        store<f64>(to, readDouble(address, byteCount));
        break;
      default: {
        const unscaled = readDecimal(address, byteCount, limits >> 8, limits & 0xff);
        store<i64>(to, unscaled);
        store<i64>(to, unscaled >> 63, 8);
        break;
      }
    }
    if (!isNumberRead) break;
    setBit(rowValidity, bit + place);
    valueCount++;
  }
  endPart(valueCount, 0, 0, 0);
  return index - firstRow;
}

/** Days or microseconds, and as texts what they do not say: the zone, or how precise the text is. */
export function fillMoments(table: usize, column: u32, kind: u32, firstRow: u32, bit: u32, end: u32): u32 {
  const endRow = lastRow(table, firstRow);
  const offset = <usize>column << 3;
  clearBits(rowValidity, bit + endRow - firstRow);
  clearBits(textValidity, bit + endRow - firstRow);
  const shift = <usize>end - textBytes;
  let to = textBytes;
  let ends = textEnds;
  let valueCount: u32 = 0;
  let textCount: u32 = 0;
  let index = firstRow;
  for (; index < endRow; index++) {
    const cell = load<u64>(rowAt(table, index) + offset);
    const address = <usize>(cell & 0xffffffff);
    const place = index - firstRow;
    let value: i64 = 0;
    if (address != 0) {
      const byteCount = <u32>(cell >> 32);
      value = readMoment(address, byteCount, kind == DATE, kind == UTC);
      const precision = momentPrecision;
      if (precision == PRECISION_NONE || textBytesEnd - to < 16) break;
      setBit(rowValidity, bit + place);
      valueCount++;
      if (precision != PRECISION_TIME) {
        // day, month, year
        store<u64>(to, precision == PRECISION_DAY ? 0x796164 : precision == PRECISION_MONTH ? 0x68746e6f6d : 0x72616579);
        to += precision == PRECISION_DAY ? 3 : precision == PRECISION_MONTH ? 5 : 4;
      } else if (zoneStart >= 0) {
        to = copyBytes(to, address + zoneStart, byteCount - <u32>zoneStart);
      }
      if (precision != PRECISION_TIME || zoneStart >= 0) {
        setBit(textValidity, bit + place);
        textCount++;
      }
    }
    if (kind == DATE) store<i32>(rowValues + (<usize>place << 2), <i32>value);
    else store<i64>(rowValues + (<usize>place << 3), value);
    store<u32>(ends, <u32>(to + shift));
    ends += 4;
  }
  endPart(valueCount, index - firstRow, textCount, <u32>(to - textBytes));
  return index - firstRow;
}

/** Lists of texts, written as JSON. `end` and `itemBit` are of the items, `textEnd` of their texts. */
export function fillTextLists(table: usize, column: u32, firstRow: u32, bit: u32, end: u32, itemBit: u32, textEnd: u32): u32 {
  const endRow = lastRow(table, firstRow);
  const offset = <usize>column << 3;
  clearBits(rowValidity, bit + endRow - firstRow);
  clearBits(textValidity, itemBit + mostRows);
  beginItems(mostRows, textValidity, itemBit, textEnds, textBytes, textEnd);
  let valueCount: u32 = 0;
  let index = firstRow;
  for (; index < endRow; index++) {
    const cell = load<u64>(rowAt(table, index) + offset);
    const address = <usize>(cell & 0xffffffff);
    const place = index - firstRow;
    if (address != 0) {
      const byteCount = <u32>(cell >> 32);
      if (byteCount > <u32>(textBytesEnd - itemBytesEnd) || !addItems(address, address + byteCount)) break;
      setBit(rowValidity, bit + place);
      valueCount++;
    }
    store<u32>(rowEnds + (<usize>place << 2), end + itemCount);
  }
  endPart(valueCount, itemCount, itemValueCount, <u32>(itemBytesEnd - textBytes));
  return index - firstRow;
}
