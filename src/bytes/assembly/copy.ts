// Rows of a table → the text format of COPY in the memory for output, as src/write/postgres/copy-encoder.ts writes them.
// A row with a cell that needs a closer look (a value that may not fit, NUL, escapes in JSON) is left to the host.
// https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2

import { copyBytes, endEncoding, filledByteCount, isAnyFilled, layoutColumns, layoutColumnsEnd, layoutTail, layoutTailByteCount, makeLayout } from './layout';
import { outEnd, outStart } from './memory';
import { rowAt, rowCountOf } from './rows';
import { PRECISION_MONTH, PRECISION_NONE, PRECISION_TIME, PRECISION_YEAR, readTemporal, zoneStart } from './temporal';

/** What a column is; src/write/postgres/copy-plan.ts has the same numbers. */
const TEXT: u32 = 0;
/** In an index, which holds texts of so many characters. */
const INDEXED: u32 = 1;
const JSON: u32 = 2;
const BOOLEAN: u32 = 3;
const INT32: u32 = 4;
const INT64: u32 = 5;
const NUMERIC: u32 = 6;
const DATE: u32 = 7;
const LOCAL: u32 = 8;
const UTC: u32 = 9;
const ZONE: u32 = 10;

const longestKey: u32 = 600;
/** Longer ones may have numbers that jsonb does not take. */
const longestJson: u32 = 131072;
/** Longer numbers may have too many digits. */
const longestNumber: u32 = 1000;
/** With as many digits of a fraction as a timestamp has room for. */
const wallClockLength: u32 = 26;
const extraByteCount: u32 = 64;

let hasLayout: bool = false;

/**
 * As `encodeCsv`; `plan` is told of in layout.ts. It also ends before a row that is the host's; none: that row is. -1 where
 * one of the columns that the plan leaves out, which follow in it, has a value; or where there is no memory for the layout.
 */
export function encodeCopy(table: usize, firstRow: u32, nullAt: usize, plan: usize, planCount: u32, leftOutCount: u32): i32 {
  endEncoding(outStart);
  if (firstRow == 0) {
    hasLayout = makeLayout(table, 0x09, nullAt, 2, plan, planCount) && !isAnyFilled(plan + (<usize>planCount << 3), leftOutCount);
  }
  if (!hasLayout) return -1;
  const rowCount = rowCountOf(table);
  const columns = layoutColumns();
  const columnsEnd = layoutColumnsEnd();
  const tail = layoutTail();
  const tailByteCount = layoutTailByteCount();
  let to = outStart;
  for (let index = firstRow; index < rowCount; index++) {
    const row = rowAt(table, index);
    const rowStart = to;
    for (let column = columns; column < columnsEnd; column += filledByteCount) {
      const cell = load<u64>(row + <usize>load<u32>(column));
      const address = <usize>(cell & 0xffffffff);
      const byteCount = <u32>(cell >> 32);
      const gapByteCount = load<u32>(column, 8);
      const most = <u64>to + <u64>gapByteCount + (<u64>byteCount << 1) + <u64>extraByteCount;
      if (most > <u64>outEnd) {
        endEncoding(rowStart);
        return <i32>(index - firstRow);
      }
      to = copyBytes(to, load<u32>(column, 4), gapByteCount);
      to = address == 0 ? writeNull(to) : writeCell(to, address, byteCount, load<u32>(column, 12));
      if (to == 0) {
        endEncoding(rowStart);
        return <i32>(index - firstRow);
      }
    }
    if (<u64>to + <u64>tailByteCount + <u64>extraByteCount > <u64>outEnd) {
      endEncoding(rowStart);
      return <i32>(index - firstRow);
    }
    to = copyBytes(to, tail, tailByteCount);
  }
  endEncoding(to);
  return <i32>(rowCount - firstRow);
}

// @ts-ignore
@inline
function writeNull(to: usize): usize {
  store<u16>(to, 0x4e5c);
  return to + 2;
}

/** Where it ends; 0: the host has to. */
function writeCell(to: usize, address: usize, byteCount: u32, kind: u32): usize {
  switch (kind) {
    case TEXT:
      return writeText(to, address, byteCount);
    case INDEXED:
      return byteCount > longestKey ? 0 : writeText(to, address, byteCount);
    case JSON:
      return isPlainJson(address, byteCount) ? writeText(to, address, byteCount) : 0;
    case BOOLEAN:
      return writeBoolean(to, address, byteCount);
    case INT32:
      return isInteger(address, byteCount, 9) ? copyBytes(to, address, byteCount) : 0;
    case INT64:
      return isInteger(address, byteCount, 18) ? copyBytes(to, address, byteCount) : 0;
    case NUMERIC:
      return isNumber(address, byteCount) ? copyBytes(to, address, byteCount) : 0;
    case DATE:
      return readTemporal(address, byteCount) == PRECISION_NONE ? 0 : writeDate(to, address, byteCount);
    case LOCAL:
      return readTemporal(address, byteCount) == PRECISION_NONE ? 0 : writeWallClock(to, address, byteCount);
    case UTC:
      return writeInZone(to, address, byteCount);
    case ZONE:
      return writeZone(to, address, byteCount);
    default:
      return 0;
  }
}

// @ts-ignore
@inline
function escapeOf(byte: u8): u8 {
  if (byte == 0x5c) return 0x5c;
  if (byte >= 0x0e || byte < 0x08) return 0;
  switch (byte) {
    case 0x08:
      return 0x62;
    case 0x09:
      return 0x74;
    case 0x0a:
      return 0x6e;
    case 0x0b:
      return 0x76;
    case 0x0c:
      return 0x66;
    default:
      return 0x72;
  }
}

function writeText(start: usize, address: usize, byteCount: u32): usize {
  const backslashes = i8x16.splat(0x5c);
  const controls = i8x16.splat(0x0e);
  const end = address + byteCount;
  let to = start;
  let from = address;
  while (from < end) {
    const bytes = v128.load(from);
    v128.store(to, bytes);
    const left = <u32>(end - from);
    let special = i8x16.bitmask(v128.or(i8x16.eq(bytes, backslashes), i8x16.lt_u(bytes, controls)));
    if (left < 16) special &= (1 << left) - 1;
    if (special == 0) {
      const count: u32 = left < 16 ? left : 16;
      to += count;
      from += count;
      continue;
    }
    const before = ctz(special);
    to += before;
    from += before;
    const byte = load<u8>(from++);
    if (byte == 0) return 0;
    const letter = escapeOf(byte);
    if (letter != 0) {
      store<u8>(to++, 0x5c);
      store<u8>(to++, letter);
    } else {
      store<u8>(to++, byte);
    }
  }
  return to;
}

/** No \u escapes, and no number with an exponent of many digits: nothing that jsonb may not take. */
function isPlainJson(address: usize, byteCount: u32): bool {
  if (byteCount > longestJson) return false;
  const end = address + byteCount;
  let isInText = false;
  for (let at = address; at < end; at++) {
    const byte = load<u8>(at);
    if (byte == 0x5c) {
      at++;
      if (at < end && load<u8>(at) == 0x75) return false;
    } else if (byte == 0x22) {
      isInText = !isInText;
    } else if (!isInText && (byte | 0x20) == 0x65 && at > address && load<u8>(at - 1) - 0x30 < 10) {
      // An exponent: rare enough outside of texts.
      return false;
    }
  }
  return true;
}

function writeBoolean(to: usize, address: usize, byteCount: u32): usize {
  if (byteCount == 4 && load<u32>(address) == 0x65757274) {
    store<u8>(to, 0x74);
    return to + 1;
  }
  if (byteCount == 5 && load<u8>(address) == 0x66 && load<u32>(address, 1) == 0x65736c61) {
    store<u8>(to, 0x66);
    return to + 1;
  }
  return 0;
}

/** As it would be written anew: without needless zeros, and of so few digits that it fits. */
function isInteger(address: usize, byteCount: u32, mostDigits: u32): bool {
  const end = address + byteCount;
  let at = address;
  if (byteCount > 1 && load<u8>(at) == 0x2d) at++;
  const count = <u32>(end - at);
  if (count == 0 || count > mostDigits) return false;
  if (load<u8>(at) == 0x30) return byteCount == 1;
  for (; at < end; at++) if (load<u8>(at) - 0x30 >= 10) return false;
  return true;
}

/** Without an exponent. */
function isNumber(address: usize, byteCount: u32): bool {
  if (byteCount > longestNumber) return false;
  const end = address + byteCount;
  let at = address;
  if (byteCount > 1 && load<u8>(at) == 0x2d) at++;
  let start = at;
  while (at < end && load<u8>(at) - 0x30 < 10) at++;
  if (at == start) return false;
  if (at == end) return true;
  if (load<u8>(at++) != 0x2e) return false;
  start = at;
  while (at < end && load<u8>(at) - 0x30 < 10) at++;
  return at > start && at == end;
}

/** The first day of a month or year. */
function writeDate(to: usize, address: usize, byteCount: u32): usize {
  if (byteCount >= 10) return copyBytes(to, address, 10);
  if (byteCount >= 7) {
    copyBytes(to, address, 7);
    store<u8>(to, 0x2d, 7);
    store<u16>(to, 0x3130, 8);
    return to + 10;
  }
  copyBytes(to, address, 4);
  store<u32>(to, 0x2d31302d, 4);
  store<u16>(to, 0x3130, 8);
  return to + 10;
}

function writeWallClock(to: usize, address: usize, byteCount: u32): usize {
  if (byteCount <= 10) return writeDate(to, address, byteCount);
  const count = zoneStart < 0 ? byteCount : <u32>zoneStart;
  return copyBytes(to, address, count < wallClockLength ? count : wallClockLength);
}

function writeInZone(start: usize, address: usize, byteCount: u32): usize {
  if (readTemporal(address, byteCount) == PRECISION_NONE) return 0;
  const to = writeWallClock(start, address, byteCount);
  return byteCount <= 10 || zoneStart < 0 ? to : copyBytes(to, address + zoneStart, byteCount - zoneStart);
}

function writeZone(to: usize, address: usize, byteCount: u32): usize {
  const precision = readTemporal(address, byteCount);
  if (precision == PRECISION_NONE) return 0;
  if (precision == PRECISION_TIME) return zoneStart < 0 ? writeNull(to) : copyBytes(to, address + zoneStart, byteCount - zoneStart);
  if (precision == PRECISION_YEAR) {
    store<u32>(to, 0x72616579);
    return to + 4;
  }
  if (precision == PRECISION_MONTH) {
    store<u64>(to, 0x68746e6f6d);
    return to + 5;
  }
  store<u32>(to, 0x00796164);
  return to + 3;
}
