// JSON text of a list of texts and nulls → its items, as the texts of a column. What has other items, or `\u` in it, is
// the host's; see src/write/typed/list-text.ts.

import { BACKSLASH, CLOSE_BRACKET, COMMA, OPEN_BRACKET, QUOTE } from './characters';
import { setBit } from './layout';

/** Since `beginItems`. */
export let itemCount: u32 = 0;
export let itemValueCount: u32 = 0;
/** Where the texts of the items end. */
export let itemBytesEnd: usize = 0;

let mostItems: u32 = 0;
let validity: usize = 0;
let firstBit: u32 = 0;
let ends: usize = 0;
/** From where a text is to where it will be. */
let shift: usize = 0;

/** Where items go: at most `count`; the bits have been cleared. `firstEnd`: where the text before ends. */
export function beginItems(count: u32, validityAt: usize, bit: u32, endsAt: usize, bytesAt: usize, firstEnd: u32): void {
  itemCount = 0;
  itemValueCount = 0;
  itemBytesEnd = bytesAt;
  mostItems = count;
  validity = validityAt;
  firstBit = bit;
  ends = endsAt;
  shift = <usize>firstEnd - bytesAt;
}

/** False, with nothing added, for what is the host's. There is room for as many bytes as the text has. */
export function addItems(address: usize, end: usize): bool {
  const countBefore = itemCount;
  const valueCountBefore = itemValueCount;
  const bytesBefore = itemBytesEnd;
  if (readItems(address, end)) return true;
  for (let index = countBefore; index < itemCount; index++) {
    const byte = validity + ((firstBit + index) >> 3);
    store<u8>(byte, load<u8>(byte) & ~(<u8>1 << <u8>((firstBit + index) & 7)));
  }
  itemCount = countBefore;
  itemValueCount = valueCountBefore;
  itemBytesEnd = bytesBefore;
  return false;
}

function readItems(address: usize, end: usize): bool {
  if (end - address < 2 || load<u8>(address) != OPEN_BRACKET) return false;
  let at = address + 1;
  if (load<u8>(at) == CLOSE_BRACKET) return at + 1 == end;
  while (at < end) {
    if (itemCount == mostItems) return false;
    if (load<u8>(at) == QUOTE) {
      at = copyString(at + 1, end);
      if (at == 0) return false;
      setBit(validity, firstBit + itemCount);
      itemValueCount++;
    } else if (load<u32>(at) == 0x6c6c756e) {
      at += 4;
    } else {
      return false;
    }
    store<u32>(ends + (<usize>itemCount << 2), <u32>(itemBytesEnd + shift));
    itemCount++;
    if (at >= end) return false;
    const after = load<u8>(at++);
    if (after == CLOSE_BRACKET) return at == end;
    if (after != COMMA) return false;
  }
  return false;
}

/** Copies to behind the last quote, and returns where that is; 0: it is the host's. */
function copyString(start: usize, end: usize): usize {
  const quotes = i8x16.splat(QUOTE);
  const backslashes = i8x16.splat(BACKSLASH);
  let to = itemBytesEnd;
  let from = start;
  while (from < end) {
    const bytes = v128.load(from);
    v128.store(to, bytes);
    const special = i8x16.bitmask(v128.or(i8x16.eq(bytes, quotes), i8x16.eq(bytes, backslashes)));
    if (special == 0) {
      from += 16;
      to += 16;
      continue;
    }
    const before = ctz(special);
    from += before;
    to += before;
    if (from >= end) return 0;
    if (load<u8>(from) == QUOTE) {
      itemBytesEnd = to;
      return from + 1;
    }
    const byte = unescape(load<u8>(from, 1));
    if (byte == 0) return 0;
    store<u8>(to++, byte);
    from += 2;
  }
  return 0;
}

function unescape(letter: u8): u8 {
  switch (letter) {
    case 0x22:
    case 0x5c:
    case 0x2f:
      return letter;
    case 0x62:
      return 0x08;
    case 0x66:
      return 0x0c;
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
    default:
      return 0;
  }
}
