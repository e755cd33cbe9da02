// What the rows of a table have between their cells, for encoders of text: the columns that have values, each with the
// bytes since the one before it. Columns without any value cost nothing per row but these bytes.

import { allocateHeap, outStart } from './memory';
import { columnCountOf, rowAt, rowCountOf } from './rows';

/** A filled column: offset of its cell in a row, address and size of the bytes before it, what it is (u32 each). */
export const filledByteCount: usize = 16;

let scratch: usize = 0;
let scratchByteCount: u32 = 0;
let columns: usize = 0;
let columnsEnd: usize = 0;
let tailAt: usize = 0;
let tailEnd: usize = 0;

// @ts-ignore
@inline
export function layoutColumns(): usize {
  return columns;
}

// @ts-ignore
@inline
export function layoutColumnsEnd(): usize {
  return columnsEnd;
}

// @ts-ignore
@inline
export function layoutTail(): usize {
  return tailAt;
}

// @ts-ignore
@inline
export function layoutTailByteCount(): u32 {
  return <u32>(tailEnd - tailAt);
}

/** Copies by 16 bytes; up to 15 bytes beyond are overwritten. Returns the end. */
// @ts-ignore
@inline
export function copyBytes(to: usize, from: usize, byteCount: u32): usize {
  v128.store(to, v128.load(from));
  for (let done: u32 = 16; done < byteCount; done += 16) v128.store(to + done, v128.load(from + done));
  return to + byteCount;
}

/** Of bits that begin at an address, the lowest of each byte first. */
// @ts-ignore
@inline
export function setBit(at: usize, bit: u32): void {
  const byte = at + (bit >> 3);
  store<u8>(byte, load<u8>(byte) | (<u8>1 << <u8>(bit & 7)));
}

/** Writes a row of which a cell's address is 0 where it is so in all rows; what it is otherwise, means nothing. */
export function orRows(table: usize, to: usize): void {
  const rowByteCount = ((columnCountOf(table) << 3) + 15) & ~15;
  const rowCount = rowCountOf(table);
  for (let at: usize = 0; at < rowByteCount; at += 16) v128.store(to + at, i64x2.splat(0));
  for (let index: u32 = 0; index < rowCount; index++) {
    const row = rowAt(table, index);
    // A row of an odd number of cells is followed by 8 bytes of something else, which nobody looks at.
    for (let at: usize = 0; at < rowByteCount; at += 16) v128.store(to + at, v128.or(v128.load(to + at), v128.load(row + at)));
  }
}

/**
 * Finds it for all rows; a row ends with a line feed. `plan`: what is written of which columns, for each the offset of its
 * cell in a row and what it is (u32 both); 0: each column as it is. False: no memory.
 */
export function makeLayout(table: usize, delimiter: u32, nullAt: usize, nullByteCount: u32, plan: usize, planCount: u32): bool {
  const rowByteCount = ((columnCountOf(table) << 3) + 15) & ~15;
  const columnCount = plan == 0 ? columnCountOf(table) : planCount;
  const byteCount = <u64>rowByteCount + (<u64>columnCount << 4) + <u64>columnCount * <u64>(nullByteCount + 1) + 64;
  if (byteCount > <u64>scratchByteCount) {
    if (byteCount > 0x400000) return false;
    scratch = allocateHeap(<u32>byteCount << 1);
    scratchByteCount = scratch == 0 ? 0 : <u32>byteCount << 1;
    if (scratch == 0) return false;
  }
  const seen = scratch;
  orRows(table, seen);
  columns = scratch + rowByteCount;
  columnsEnd = columns;
  let gap = columns + (<usize>columnCount << 4);
  let gapStart = gap;
  for (let column: u32 = 0; column < columnCount; column++) {
    if (column > 0) store<u8>(gap++, <u8>delimiter);
    const offset = plan == 0 ? <usize>column << 3 : <usize>load<u32>(plan + (<usize>column << 3));
    if (load<u32>(seen + offset) == 0) {
      for (let at: u32 = 0; at < nullByteCount; at++) store<u8>(gap++, load<u8>(nullAt + at));
      continue;
    }
    store<u32>(columnsEnd, <u32>offset);
    store<u32>(columnsEnd, <u32>gapStart, 4);
    store<u32>(columnsEnd, <u32>(gap - gapStart), 8);
    store<u32>(columnsEnd, plan == 0 ? 0 : load<u32>(plan + (<usize>column << 3), 4), 12);
    columnsEnd += filledByteCount;
    gapStart = gap;
  }
  store<u8>(gap++, 0x0a);
  tailAt = gapStart;
  tailEnd = gap;
  return true;
}

/** Of the table of the layout made last: whether one of these columns of a plan has a value. */
export function isAnyFilled(places: usize, count: u32): bool {
  const end = places + (<usize>count << 3);
  for (let place = places; place < end; place += 8) if (load<u32>(scratch + <usize>load<u32>(place)) != 0) return true;
  return false;
}

let encodedEnd: usize = outStart;

/** Bytes that the last call of an encoder made. */
export function encodedByteCount(): u32 {
  return <u32>(encodedEnd - outStart);
}

// @ts-ignore
@inline
export function endEncoding(end: usize): void {
  encodedEnd = end;
}
