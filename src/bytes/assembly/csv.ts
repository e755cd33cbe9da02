// Rows of a table → CSV bytes in the memory for output, as src/write/csv/cell-writer.ts writes them.

import { copyBytes, endEncoding, filledByteCount, layoutColumns, layoutColumnsEnd, layoutTail, layoutTailByteCount, makeLayout } from './layout';
import { outEnd, outStart } from './memory';
import { rowAt, rowCountOf } from './rows';

/** Two quotes, an apostrophe, and what a vector may write too much. */
const extraByteCount: u32 = 64;

let hasLayout: bool = false;
let nullAddress: usize = 0;
let nullSize: u32 = 0;
let delimiterByte: u8 = 0;
let formulasAreEscaped: bool = false;

/**
 * Encodes rows from `firstRow` on; returns how many. Fewer than there are: the memory for output is full. None: a row alone
 * is larger than that.
 */
export function encodeCsv(table: usize, firstRow: u32, delimiter: u32, nullAt: usize, nullByteCount: u32, isFormulaSafe: bool): u32 {
  endEncoding(outStart);
  // What comes after, comes at once.
  if (firstRow == 0) hasLayout = makeLayout(table, delimiter, nullAt, nullByteCount, 0, 0);
  if (!hasLayout) return 0;
  nullAddress = nullAt;
  nullSize = nullByteCount;
  delimiterByte = <u8>delimiter;
  formulasAreEscaped = isFormulaSafe;
  const rowCount = rowCountOf(table);
  const columns = layoutColumns();
  const columnsEnd = layoutColumnsEnd();
  const tail = layoutTail();
  const tailByteCount = layoutTailByteCount();
  const delimiters = i8x16.splat(<i8>delimiter);
  const quotes = i8x16.splat(0x22);
  const returns = i8x16.splat(0x0d);
  const feeds = i8x16.splat(0x0a);
  // The size that a cell must not have to be written as it is, without a closer look.
  const suspectSize: u32 = nullByteCount == 0 ? 0xffffffff : nullByteCount;
  let to = outStart;
  for (let index = firstRow; index < rowCount; index++) {
    const row = rowAt(table, index);
    const rowStart = to;
    for (let column = columns; column < columnsEnd; column += filledByteCount) {
      const cell = load<u64>(row + <usize>load<u32>(column));
      const address = <usize>(cell & 0xffffffff);
      const byteCount = <u32>(cell >> 32);
      const gapByteCount = load<u32>(column, 8);
      const most = <u64>to + <u64>gapByteCount + <u64>nullByteCount + (<u64>byteCount << 1) + <u64>extraByteCount;
      if (most > <u64>outEnd) {
        endEncoding(rowStart);
        return index - firstRow;
      }
      to = copyBytes(to, load<u32>(column, 4), gapByteCount);
      if (address == 0) {
        if (nullByteCount > 0) to = copyBytes(to, nullAt, nullByteCount);
        continue;
      }
      if (byteCount - 1 < 16 && byteCount != suspectSize && !isFormulaSafe) {
        const bytes = v128.load(address);
        v128.store(to, bytes);
        const special = i8x16.bitmask(
          v128.or(v128.or(i8x16.eq(bytes, delimiters), i8x16.eq(bytes, quotes)), v128.or(i8x16.eq(bytes, returns), i8x16.eq(bytes, feeds))),
        );
        if ((special & ((1 << byteCount) - 1)) == 0) {
          to += byteCount;
          continue;
        }
      }
      to = writeCell(to, address, byteCount);
    }
    if (<u64>to + <u64>tailByteCount + <u64>extraByteCount > <u64>outEnd) {
      endEncoding(rowStart);
      return index - firstRow;
    }
    to = copyBytes(to, tail, tailByteCount);
  }
  endEncoding(to);
  return rowCount - firstRow;
}

function writeCell(start: usize, address: usize, byteCount: u32): usize {
  const isEscaped = formulasAreEscaped && isFormula(address, byteCount) && !isPlainNumber(address, byteCount);
  const isDelimiterAdded = isEscaped && delimiterByte == 0x27;
  if (byteCount == 0 || isDelimiterAdded || isNullText(address, byteCount, isEscaped)) return writeQuoted(start, address, byteCount, isEscaped);
  const delimiters = i8x16.splat(<i8>delimiterByte);
  const quotes = i8x16.splat(0x22);
  const returns = i8x16.splat(0x0d);
  const feeds = i8x16.splat(0x0a);
  let to = start;
  if (isEscaped) store<u8>(to++, 0x27);
  for (let done: u32 = 0; done < byteCount; done += 16) {
    const bytes = v128.load(address + done);
    v128.store(to + done, bytes);
    let special = i8x16.bitmask(
      v128.or(v128.or(i8x16.eq(bytes, delimiters), i8x16.eq(bytes, quotes)), v128.or(i8x16.eq(bytes, returns), i8x16.eq(bytes, feeds))),
    );
    if (byteCount - done < 16) special &= (1 << (byteCount - done)) - 1;
    if (special != 0) return writeQuoted(start, address, byteCount, isEscaped);
  }
  return to + byteCount;
}

function writeQuoted(start: usize, address: usize, byteCount: u32, isEscaped: bool): usize {
  const quotes = i8x16.splat(0x22);
  const end = address + byteCount;
  let to = start;
  let from = address;
  store<u8>(to++, 0x22);
  if (isEscaped) store<u8>(to++, 0x27);
  while (from < end) {
    const bytes = v128.load(from);
    v128.store(to, bytes);
    const left = <u32>(end - from);
    let found = i8x16.bitmask(i8x16.eq(bytes, quotes));
    if (left < 16) found &= (1 << left) - 1;
    if (found == 0) {
      const count: u32 = left < 16 ? left : 16;
      to += count;
      from += count;
      continue;
    }
    const count = ctz(found) + 1;
    to += count;
    from += count;
    store<u8>(to++, 0x22);
  }
  store<u8>(to++, 0x22);
  return to;
}

function isNullText(address: usize, byteCount: u32, isEscaped: bool): bool {
  const before: u32 = isEscaped ? 1 : 0;
  if (byteCount + before != nullSize) return false;
  if (isEscaped && load<u8>(nullAddress) != 0x27) return false;
  for (let at: u32 = 0; at < byteCount; at++) if (load<u8>(address + at) != load<u8>(nullAddress + before + at)) return false;
  return true;
}

/** https://owasp.org/www-community/attacks/CSV_Injection, with the full-width forms that spreadsheets fold. */
function isFormula(address: usize, byteCount: u32): bool {
  if (byteCount == 0) return false;
  const first = load<u8>(address);
  if (first == 0x3d || first == 0x2b || first == 0x2d || first == 0x40 || first == 0x09 || first == 0x0d) return true;
  if (first != 0xef || byteCount < 3 || load<u8>(address, 1) != 0xbc) return false;
  const last = load<u8>(address, 2);
  return last == 0x9d || last == 0x8b || last == 0x8d || last == 0xa0;
}

// @ts-ignore
@inline
function isDigit(at: usize): bool {
  return load<u8>(at) - 0x30 < 10;
}

/** A sign, digits with a point among them or at an end, an exponent. */
function isPlainNumber(address: usize, byteCount: u32): bool {
  const end = address + byteCount;
  let at = address;
  if (load<u8>(at) == 0x2b || load<u8>(at) == 0x2d) at++;
  const start = at;
  while (at < end && isDigit(at)) at++;
  let digitCount = at - start;
  if (at < end && load<u8>(at) == 0x2e) {
    const fraction = ++at;
    while (at < end && isDigit(at)) at++;
    digitCount += at - fraction;
  }
  if (digitCount == 0) return false;
  if (at < end && (load<u8>(at) | 0x20) == 0x65) {
    at++;
    if (at < end && (load<u8>(at) == 0x2b || load<u8>(at) == 0x2d)) at++;
    const exponent = at;
    while (at < end && isDigit(at)) at++;
    if (at == exponent) return false;
  }
  return at == end;
}
