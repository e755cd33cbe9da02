// The bytes of a JSON record → its tape: one token of 16 bytes per value, in the order of the text. What JSON.parse would
// refuse, change or take otherwise than it is written (faults, bytes that are no UTF-8, escapes of half a character, keys
// twice or unknown to FHIR) is refused: another reader takes such a record.
//
// Strings stand as JSON.stringify would write them, so that their text can be copied. One with other escapes is written
// anew in its place, with white space after it; its bytes are nobody's any more when the record is refused after that.
//
// A token: kind (u8), flags (u8), number of the key it stands under (u16, 0 in arrays), start (u32), end (u32), next
// token after it and all it holds (u32). Start and end of a string are those between its quotes.

import {
  CARRIAGE_RETURN,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  LINE_FEED,
  MINUS,
  OPEN_BRACE,
  OPEN_BRACKET,
  PLUS,
  POINT,
  QUOTE,
  SMALL_E,
  SMALL_F,
  SMALL_T,
  SPACE,
  TAB,
  ZERO,
} from './characters';
import { findKey } from './keys';
import { tapeEnd, tapeStart } from './memory';
import { HAS_NON_ASCII, MUST_REWRITE, beginStrings, findStringEnd, isDigit, isUtf8, rewriteString, stringFlags } from './strings';

export const KIND_NULL: u8 = 0;
export const KIND_FALSE: u8 = 1;
export const KIND_TRUE: u8 = 2;
export const KIND_NUMBER: u8 = 3;
export const KIND_STRING: u8 = 4;
export const KIND_ARRAY: u8 = 5;
export const KIND_OBJECT: u8 = 6;

/** Flag of a number: a double may not give its text back. Never missing where it does not. */
export const MAY_BE_ODD: u8 = 4;

export const TOKEN_BYTES: usize = 16;

/** 15 significant digits always survive a double. */
const safeDigits: usize = 15;

/** Little-endian words. */
const TRUE_WORD: u32 = 0x65757274;
const ALSE_WORD: u32 = 0x65736c61;
const NULL_WORD: u32 = 0x6c6c756e;

/** The next byte to read. */
let position: usize = 0;
/** The record ends here at the latest: bytes beyond may be looked at, but no value may have any of them. */
let limit: usize = 0;
/** Where the next token goes. */
let tapeTop: usize = 0;
let oddNumbers: u32 = 0;

/** The first place from `at` on without white space; maybe beyond the limit. */
// @ts-ignore: a decorator
@inline
function skipSpace(at: usize): usize {
  let byte = load<u8>(at);
  if (byte > SPACE) return at;
  while (byte == SPACE || byte == LINE_FEED || byte == CARRIAGE_RETURN || byte == TAB) {
    if (byte == SPACE) {
      // Pretty-printed text has its indents, which are long.
      const spaces = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(SPACE)));
      if (spaces == 0xffff) {
        at += 16;
        if (at >= limit) return limit;
      } else at += ctz(~spaces);
    } else at++;
    byte = load<u8>(at);
  }
  return at;
}

// @ts-ignore: a decorator
@inline
function skipDigits(at: usize): usize {
  while (isDigit(load<u8>(at))) at++;
  return at;
}

/** Reads the number at `position`, up to its end. https://www.rfc-editor.org/rfc/rfc8259#section-6 */
function readNumber(key: u32): bool {
  const from = position;
  const digits = load<u8>(from) == MINUS ? from + 1 : from;
  const first = load<u8>(digits);
  if (!isDigit(first)) return false;
  const point = first == ZERO ? digits + 1 : skipDigits(digits + 1);
  let at = point;
  let isOdd = false;
  if (load<u8>(at) == POINT) {
    at = skipDigits(point + 1);
    if (at == point + 1) return false;
    // String() writes no zeros at the end, and very small numbers with an exponent.
    isOdd = load<u8>(at - 1) == ZERO || (first == ZERO && load<u8>(point + 1) == ZERO) || at - digits - 1 > safeDigits;
  } else {
    // Also -0, which becomes 0.
    isOdd = point - digits > safeDigits || (first == ZERO && from != digits);
  }
  if ((load<u8>(at) | SPACE) == SMALL_E) {
    at++;
    const sign = load<u8>(at);
    if (sign == PLUS || sign == MINUS) at++;
    const exponent = at;
    at = skipDigits(at);
    if (at == exponent) return false;
    isOdd = true;
  }
  if (isOdd) oddNumbers++;
  addToken(KIND_NUMBER, isOdd ? MAY_BE_ODD : 0, key, from, at);
  position = at;
  return at <= limit;
}

/** Adds the token of a value that holds no others. There is room for one: `readValue` has seen to that. */
// @ts-ignore: a decorator
@inline
function addToken(kind: u8, flags: u8, key: u32, start: usize, end: usize): void {
  const token = tapeTop;
  tapeTop = token + TOKEN_BYTES;
  store<u32>(token, <u32>kind | ((<u32>flags) << 8) | (key << 16));
  store<u32>(token, <u32>start, 4);
  store<u32>(token, <u32>end, 8);
  store<u32>(token, <u32>tapeTop, 12);
}

/** Adds the token of a value whose end is not known yet. */
// @ts-ignore: a decorator
@inline
function openToken(kind: u8, key: u32): usize {
  const token = tapeTop;
  tapeTop = token + TOKEN_BYTES;
  store<u32>(token, <u32>kind | (key << 16));
  store<u32>(token, <u32>position, 4);
  return token;
}

/** The value that the token is for ends before `end`, and has all tokens so far. */
// @ts-ignore: a decorator
@inline
function closeToken(token: usize, end: usize): bool {
  position = end;
  store<u32>(token, <u32>end, 8);
  store<u32>(token, <u32>tapeTop, 12);
  return end <= limit;
}

function readString(key: u32): bool {
  const from = position + 1;
  const quote = findStringEnd(from, limit);
  if (quote == 0) return false;
  if ((stringFlags & HAS_NON_ASCII) != 0 && !isUtf8(from, quote)) return false;
  const end = (stringFlags & MUST_REWRITE) != 0 ? rewriteString(from, quote) : quote;
  if (end == 0) return false;
  addToken(KIND_STRING, stringFlags, key, from, end);
  position = quote + 1;
  return true;
}

function readLiteral(first: u8, key: u32): bool {
  const from = position;
  let kind = KIND_NULL;
  let end = from + 4;
  if (first == SMALL_T) {
    if (load<u32>(from) != TRUE_WORD) return false;
    kind = KIND_TRUE;
  } else if (first == SMALL_F) {
    if (load<u32>(from, 1) != ALSE_WORD) return false;
    kind = KIND_FALSE;
    end = from + 5;
  } else if (load<u32>(from) != NULL_WORD) return false;
  addToken(kind, 0, key, from, end);
  position = end;
  return end <= limit;
}

/** The object whose token this is has the key already. */
function hasMember(object: usize, key: u32): bool {
  for (let token = object + TOKEN_BYTES; token < tapeTop; token = load<u32>(token, 12)) if (load<u16>(token, 2) == <u16>key) return true;
  return false;
}

function readObject(key: u32, depth: i32): bool {
  if (depth == 0) return false;
  const token = openToken(KIND_OBJECT, key);
  let at = skipSpace(position + 1);
  if (load<u8>(at) == CLOSE_BRACE) return closeToken(token, at + 1);
  // One bit for each remainder of a key's number: only where two have the same are all looked at.
  let seen: u64 = 0;
  let after: u8;
  at = position;
  do {
    at = skipSpace(at + 1);
    if (load<u8>(at) != QUOTE) return false;
    const text = at + 1;
    const end = findStringEnd(text, limit);
    if (end <= text) return false;
    const member = findKey(text, end - text);
    if (member == 0) return false;
    const bit = (<u64>1) << (member & 63);
    if ((seen & bit) != 0 && hasMember(token, member)) return false;
    seen |= bit;
    at = skipSpace(end + 1);
    if (load<u8>(at) != COLON) return false;
    position = skipSpace(at + 1);
    if (!readValue(member, depth - 1)) return false;
    at = skipSpace(position);
    after = load<u8>(at);
  } while (after == COMMA);
  return after == CLOSE_BRACE && closeToken(token, at + 1);
}

function readArray(key: u32, depth: i32): bool {
  if (depth == 0) return false;
  const token = openToken(KIND_ARRAY, key);
  let at = skipSpace(position + 1);
  if (load<u8>(at) == CLOSE_BRACKET) return closeToken(token, at + 1);
  let after: u8;
  at = position;
  do {
    position = skipSpace(at + 1);
    if (!readValue(0, depth - 1)) return false;
    at = skipSpace(position);
    after = load<u8>(at);
  } while (after == COMMA);
  return after == CLOSE_BRACKET && closeToken(token, at + 1);
}

/** Reads the value that begins at `position`, up to its end; false when it is refused. */
function readValue(key: u32, depth: i32): bool {
  if (position >= limit || tapeTop >= tapeEnd) return false;
  const first = load<u8>(position);
  if (first == QUOTE) return readString(key);
  if (first == OPEN_BRACE) return readObject(key, depth);
  if (first == OPEN_BRACKET) return readArray(key, depth);
  return first >= SMALL_F ? readLiteral(first, key) : readNumber(key);
}

/**
 * Reads the value that begins at `from`, where no white space may stand, and ends at `to` at the latest. Returns where it
 * ends, or 0 when it is refused. What is beyond `to` may be anything. `mostDepth` objects and arrays may stand in one
 * another; the stack has room for a few thousand.
 */
export function scan(from: usize, to: usize, mostDepth: i32): usize {
  position = from;
  limit = to;
  tapeTop = tapeStart;
  oddNumbers = 0;
  beginStrings();
  return readValue(0, mostDepth) && position <= limit ? position : 0;
}

/** Where every tape begins. */
export function tapeAddress(): usize {
  return tapeStart;
}

/** How many numbers of the tape may be odd. */
export function oddNumberCount(): u32 {
  return oddNumbers;
}
