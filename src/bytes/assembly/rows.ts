// The rows of tables, as they wait to be encoded. A table, in the heap: number of columns, number of rows, row vector (the
// address of each row), rows that the vector has room for, bytes of the cells set by the host, 1 where rows are thrown
// away (all u32). A row, in the arena: address and size of each cell (u32 both); address 0 is null.

import { allocateArena, allocateHeap } from './memory';

const columnCountAt: usize = 0;
const rowCountAt: usize = 4;
const rowVectorAt: usize = 8;
const capacityAt: usize = 12;
const byteCountAt: usize = 16;
const isDiscardedAt: usize = 20;
const tableByteCount: u32 = 32;
const firstCapacity: u32 = 32;

/** Capacity's binary logarithm → the first of the row vectors that no table uses any more; each begins with the next. */
let freeVectors: usize = 0;

/** 0 when there is no more memory. */
export function createTable(columnCount: u32): usize {
  const table = allocateHeap(tableByteCount);
  if (table != 0) store<u32>(table, columnCount, columnCountAt);
  return table;
}

/** From now on the table has one row at most, the last one added, and says that it has none. False: no memory. */
export function discardRows(table: usize): bool {
  const row = allocateHeap(load<u32>(table, columnCountAt) << 3);
  if (row == 0) return false;
  store<u32>(table, <u32>row, rowVectorAt);
  store<u32>(table, 1, isDiscardedAt);
  return true;
}

/** A row of nulls; 0 when there is no more memory. */
export function addRow(table: usize): usize {
  const byteCount = load<u32>(table, columnCountAt) << 3;
  if (load<u32>(table, isDiscardedAt) != 0) {
    const only = <usize>load<u32>(table, rowVectorAt);
    clear(only, byteCount);
    return only;
  }
  const rowCount = load<u32>(table, rowCountAt);
  if (rowCount == load<u32>(table, capacityAt) && !growVector(table)) return 0;
  const row = allocateArena(byteCount);
  if (row == 0) return 0;
  clear(row, byteCount);
  store<u32>(<usize>load<u32>(table, rowVectorAt) + (<usize>rowCount << 2), <u32>row);
  store<u32>(table, rowCount + 1, rowCountAt);
  return row;
}

// @ts-ignore
@inline
export function setCell(row: usize, column: u32, address: usize, byteCount: u32): void {
  store<u64>(row + (<usize>column << 3), <u64>address | (<u64>byteCount << 32));
}

/** Forgets the rows from this one on. */
export function truncateRows(table: usize, rowCount: u32): void {
  if (rowCount < load<u32>(table, rowCountAt)) store<u32>(table, rowCount, rowCountAt);
}

/** Forgets all rows, and gives their vector to whoever needs one. */
export function clearRows(table: usize): void {
  if (load<u32>(table, isDiscardedAt) != 0) return;
  giveVector(load<u32>(table, rowVectorAt), load<u32>(table, capacityAt));
  store<u64>(table, 0, rowCountAt);
  store<u64>(table, 0, capacityAt);
}

// @ts-ignore
@inline
function clear(from: usize, byteCount: u32): void {
  const end = from + byteCount;
  let at = from;
  for (; at + 16 <= end; at += 16) v128.store(at, i64x2.splat(0));
  if (at < end) store<u64>(at, 0);
}

function growVector(table: usize): bool {
  const capacity = load<u32>(table, capacityAt);
  const old = load<u32>(table, rowVectorAt);
  const wanted = capacity == 0 ? firstCapacity : capacity << 1;
  const grown = takeVector(wanted);
  if (grown == 0) return false;
  for (let at: usize = 0; at < <usize>capacity << 2; at += 16) v128.store(grown + at, v128.load(<usize>old + at));
  giveVector(old, capacity);
  store<u32>(table, <u32>grown, rowVectorAt);
  store<u32>(table, wanted, capacityAt);
  return true;
}

function takeVector(capacity: u32): usize {
  if (freeVectors == 0) {
    freeVectors = allocateHeap(32 << 2);
    if (freeVectors == 0) return 0;
  }
  const slot = freeVectors + (<usize>ctz(capacity) << 2);
  const found = <usize>load<u32>(slot);
  if (found == 0) return allocateHeap(capacity << 2);
  store<u32>(slot, load<u32>(found));
  return found;
}

function giveVector(vector: u32, capacity: u32): void {
  if (capacity == 0) return;
  const slot = freeVectors + (<usize>ctz(capacity) << 2);
  store<u32>(<usize>vector, load<u32>(slot));
  store<u32>(slot, vector);
}

// @ts-ignore
@inline
export function columnCountOf(table: usize): u32 {
  return load<u32>(table, columnCountAt);
}

// @ts-ignore
@inline
export function rowCountOf(table: usize): u32 {
  return load<u32>(table, rowCountAt);
}

// @ts-ignore
@inline
export function rowAt(table: usize, index: u32): usize {
  return load<u32>(<usize>load<u32>(table, rowVectorAt) + (<usize>index << 2));
}
