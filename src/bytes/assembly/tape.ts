// The bytes of a JSON record → its tape: one token of 16 bytes per value, in the order of the text. What JSON.parse would
// refuse, change or take otherwise than it is written (faults, bytes that are no UTF-8, \u escapes, keys twice or
// unknown to FHIR) is refused: another reader takes such a record.
//
// A token: kind (u8), flags (u8), number of the key it stands under (u16, 0 in arrays), start (u32), end (u32), next
// token after it and all it holds (u32). Start and end of a string are those between its quotes.

import { keySlots, keyTable, tapeEnd, tapeStart } from './memory';

export const KIND_NULL: u8 = 0;
export const KIND_FALSE: u8 = 1;
export const KIND_TRUE: u8 = 2;
export const KIND_NUMBER: u8 = 3;
export const KIND_STRING: u8 = 4;
export const KIND_ARRAY: u8 = 5;
export const KIND_OBJECT: u8 = 6;
/** Flags of a string. */
export const HAS_ESCAPE: u8 = 1;
export const HAS_NON_ASCII: u8 = 2;
let at: usize = 0;
let limit: usize = 0;
let tape: usize = 0;
let flags: u8 = 0;

export function keyHash(p: usize, n: u32): u32 {
  let h: u32 = n * 0x9e3779b1;
  if (n >= 4) { h ^= load<u32>(p) * 0x85ebca6b; h ^= rotl(load<u32>(p + n - 4) * 0xc2b2ae35, 13); h ^= load<u32>(p + (n >> 1) - 2) * 0x27d4eb2f; }
  else { h ^= (<u32>load<u8>(p)) * 0x85ebca6b + (<u32>load<u8>(p + (n >> 1))) * 0xc2b2ae35 + (<u32>load<u8>(p + n - 1)) * 0x27d4eb2f; }
  h ^= h >> 15; h *= 0x2c1b3c6d; h ^= h >> 13;
  return h;
}
// slot: u16 id, u16 len, u32 ptr
export function addKey(p: usize, n: u32, id: u32): void {
  let s = keyHash(p, n) & (keySlots - 1);
  while (load<u16>(keyTable + (s << 3)) != 0) s = (s + 1) & (keySlots - 1);
  const q = keyTable + (s << 3);
  store<u16>(q, <u16>id); store<u16>(q, <u16>n, 2); store<u32>(q, <u32>p, 4);
}
// @ts-ignore
@inline
function findKey(p: usize, n: u32): u32 {
  let s = keyHash(p, n) & (keySlots - 1);
  while (true) {
    const q = keyTable + (s << 3);
    const id = load<u16>(q);
    if (id == 0) return 0;
    if (load<u16>(q, 2) == <u16>n) {
      const k = <usize>load<u32>(q, 4);
      let i: u32 = 0;
      let same = true;
      while (i + 8 <= n) { if (load<u64>(p + i) != load<u64>(k + i)) { same = false; break; } i += 8; }
      if (same) { while (i < n) { if (load<u8>(p + i) != load<u8>(k + i)) { same = false; break; } i++; } }
      if (same) return id;
    }
    s = (s + 1) & (keySlots - 1);
  }
  return 0;
}

// @ts-ignore
@inline
function skipSpace(p: usize): usize {
  if (load<u8>(p) > 32) return p;
  for (;;) {
    const c = load<u8>(p);
    if (c == 32) {
      const m = i8x16.bitmask(i8x16.eq(v128.load(p), i8x16.splat(32)));
      if (m == 0xffff) { p += 16; if (p >= limit) return limit; continue; }
      p += ctz(~m);
      continue;
    }
    if (c == 10 || c == 13 || c == 9) { p++; continue; }
    return p;
  }
}

/** after opening quote; returns index of closing quote or 0 */
// @ts-ignore
@inline
function stringEnd(start: usize): usize {
  let p = start;
  let f: u8 = 0;
  const q = i8x16.splat(34), b = i8x16.splat(92), sp = i8x16.splat(32), z = i8x16.splat(0);
  while (p < limit) {
    const v = v128.load(p);
    const high = i8x16.bitmask(v);
    const stop = i8x16.bitmask(v128.or(v128.or(i8x16.eq(v, q), i8x16.eq(v, b)), i8x16.lt_u(v, sp)));
    if (stop == 0) { if (high) f |= 2; p += 16; continue; }
    const n = ctz(stop);
    if (high & ((1 << n) - 1)) f |= 2;
    p += n;
    const c = load<u8>(p);
    if (c == 34) { flags = f; return p; }
    if (c != 92) return 0;
    f |= 1;
    const e = load<u8>(p, 1);
    if (!(e == 34 || e == 92 || e == 110 || e == 116 || e == 114 || e == 98 || e == 102)) return 0;
    p += 2;
  }
  return 0;
}

function numberEnd(start: usize): usize {
  let p = start;
  let c = load<u8>(p);
  if (c == 45) c = load<u8>(++p);
  if (c == 48) { c = load<u8>(++p); }
  else {
    if (c < 49 || c > 57) return 0;
    do { c = load<u8>(++p); } while (c >= 48 && c <= 57);
  }
  if (c == 46) {
    c = load<u8>(++p);
    if (c < 48 || c > 57) return 0;
    do { c = load<u8>(++p); } while (c >= 48 && c <= 57);
  }
  if ((c | 32) == 101) {
    c = load<u8>(++p);
    if (c == 43 || c == 45) c = load<u8>(++p);
    if (c < 48 || c > 57) return 0;
    do { c = load<u8>(++p); } while (c >= 48 && c <= 57);
  }
  return p;
}

function isUtf8(p: usize, e: usize): bool {
  while (p < e) {
    const c = <u32>load<u8>(p);
    if (c < 0x80) { p++; continue; }
    if (c < 0xc2) return false;
    const d = <u32>load<u8>(p, 1);
    if ((d & 0xc0) != 0x80) return false;
    if (c < 0xe0) { p += 2; continue; }
    if ((load<u8>(p, 2) & 0xc0) != 0x80) return false;
    if (c < 0xf0) { if (c == 0xe0 && d < 0xa0) return false; if (c == 0xed && d > 0x9f) return false; p += 3; continue; }
    if (c > 0xf4 || (load<u8>(p, 3) & 0xc0) != 0x80) return false;
    if (c == 0xf0 && d < 0x90) return false;
    if (c == 0xf4 && d > 0x8f) return false;
    p += 4;
  }
  return p == e;
}

function parseValue(key: u32, depth: i32): bool {
  const t = tape;
  if (t >= tapeEnd) return false;
  tape = t + 16;
  const c = load<u8>(at);
  if (c == 34) {
    const s = at + 1;
    const e = stringEnd(s);
    if (e == 0) return false;
    const f = flags;
    if (f & 2) { if (!isUtf8(s, e)) return false; }
    store<u32>(t, <u32>KIND_STRING | (<u32>f << 8) | (key << 16));
    store<u32>(t, <u32>s, 4); store<u32>(t, <u32>e, 8); store<u32>(t, <u32>t + 16, 12);
    at = e + 1;
    return true;
  }
  if (c == 123) {
    if (depth == 0) return false;
    store<u32>(t, <u32>KIND_OBJECT | (key << 16));
    store<u32>(t, <u32>at, 4);
    let p = skipSpace(at + 1);
    if (load<u8>(p) == 125) { p++; }
    else {
      let seen: u64 = 0;
      for (;;) {
        if (load<u8>(p) != 34) return false;
        const s = p + 1;
        const e = stringEnd(s);
        if (e <= s) return false;
        const k = findKey(s, <u32>(e - s));
        if (k == 0) return false;
        const bit = (<u64>1) << (k & 63);
        if (seen & bit) {
          let u = t + 16;
          while (u < tape) { if (load<u16>(u, 2) == <u16>k) return false; u = load<u32>(u, 12); }
        }
        seen |= bit;
        p = skipSpace(e + 1);
        if (load<u8>(p) != 58) return false;
        at = skipSpace(p + 1);
        if (!parseValue(k, depth - 1)) return false;
        p = skipSpace(at);
        const d = load<u8>(p);
        if (d == 44) { p = skipSpace(p + 1); continue; }
        if (d != 125) return false;
        p++;
        break;
      }
    }
    at = p;
    store<u32>(t, <u32>p, 8); store<u32>(t, <u32>tape, 12);
    return p <= limit;
  }
  if (c == 91) {
    if (depth == 0) return false;
    store<u32>(t, <u32>KIND_ARRAY | (key << 16));
    store<u32>(t, <u32>at, 4);
    let p = skipSpace(at + 1);
    if (load<u8>(p) == 93) { p++; }
    else {
      for (;;) {
        at = p;
        if (!parseValue(0, depth - 1)) return false;
        p = skipSpace(at);
        const d = load<u8>(p);
        if (d == 44) { p = skipSpace(p + 1); continue; }
        if (d != 93) return false;
        p++;
        break;
      }
    }
    at = p;
    store<u32>(t, <u32>p, 8); store<u32>(t, <u32>tape, 12);
    return p <= limit;
  }
  let e: usize;
  let kind: u8;
  if (c == 116) { if (load<u32>(at) != 0x65757274) return false; e = at + 4; kind = KIND_TRUE; }
  else if (c == 102) { if (load<u32>(at, 1) != 0x65736c61) return false; e = at + 5; kind = KIND_FALSE; }
  else if (c == 110) { if (load<u32>(at) != 0x6c6c756e) return false; e = at + 4; kind = KIND_NULL; }
  else { e = numberEnd(at); if (e == 0) return false; kind = KIND_NUMBER; }
  store<u32>(t, <u32>kind | (key << 16));
  store<u32>(t, <u32>at, 4); store<u32>(t, <u32>e, 8); store<u32>(t, <u32>t + 16, 12);
  at = e;
  return e <= limit;
}

/**
 * Reads the value that begins at `from`, where no white space may stand, and ends at `to` at the latest. Returns where it
 * ends, or 0 when it is refused; what is beyond `to` may be anything.
 */
export function scan(from: usize, to: usize, mostDepth: i32): usize {
  at = from;
  limit = to;
  tape = tapeStart;
  return parseValue(0, mostDepth) && at <= limit ? at : 0;
}
