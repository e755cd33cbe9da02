// The bytes of a JSON record → its tape: one token of 16 bytes per value, in the order of the text. What JSON.parse would
// refuse, change or take otherwise than it is written (faults, bytes that are no UTF-8, escapes of half a character, keys
// twice or unknown to FHIR) is refused: another reader takes such a record.
//
// Strings stand as JSON.stringify would write them, so that their text can be copied. One with other escapes is written
// anew in its place, with white space after it; its bytes are nobody's any more when the record is refused after that.
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
/** While a string is read: it has escapes that JSON.stringify would not write. */
const MUST_REWRITE: u8 = 128;
/** Flag of a number: a double may not give its text back. Never missing where it does not. */
export const MAY_BE_ODD: u8 = 4;

export const TOKEN_BYTES: usize = 16;

/** 15 significant digits always survive a double. */
const safeDigits: usize = 15;
/** Longer keys are not FHIR's. */
const longestKey: usize = 255;

const BACKSPACE: u8 = 0x08;
const FORM_FEED: u8 = 0x0c;
const QUOTE: u8 = 0x22;
const SLASH: u8 = 0x2f;
const PLUS: u8 = 0x2b;
const COMMA: u8 = 0x2c;
const MINUS: u8 = 0x2d;
const POINT: u8 = 0x2e;
const ZERO: u8 = 0x30;
const ONE: u8 = 0x31;
const NINE: u8 = 0x39;
const COLON: u8 = 0x3a;
const OPEN_BRACKET: u8 = 0x5b;
const BACKSLASH: u8 = 0x5c;
const CLOSE_BRACKET: u8 = 0x5d;
const SMALL_A: u8 = 0x61;
const SMALL_B: u8 = 0x62;
const SMALL_E: u8 = 0x65;
const SMALL_F: u8 = 0x66;
const SMALL_N: u8 = 0x6e;
const SMALL_R: u8 = 0x72;
const SMALL_T: u8 = 0x74;
const SMALL_U: u8 = 0x75;
const OPEN_BRACE: u8 = 0x7b;
const CLOSE_BRACE: u8 = 0x7d;
const SPACE: u8 = 0x20;
const TAB: u8 = 0x09;
const LINE_FEED: u8 = 0x0a;
const CARRIAGE_RETURN: u8 = 0x0d;
/** Little-endian words. */
const TRUE_WORD: u32 = 0x65757274;
const ALSE_WORD: u32 = 0x65736c61;
const NULL_WORD: u32 = 0x6c6c756e;
/** `\\u`, likewise. */
const UNICODE_ESCAPE: u16 = 0x755c;

/** The next byte to read. */
let position: usize = 0;
/** The record ends here at the latest: bytes beyond may be looked at, but no value may have any of them. */
let limit: usize = 0;
/** Where the next token goes. */
let tapeTop: usize = 0;
/** Of the string that `findStringEnd` has read last. */
let stringFlags: u8 = 0;
let oddNumbers: u32 = 0;
let isRewritten: bool = false;

/** Slots of the key table: number (u16, 0 in a free slot), length (u16), address of the text (u32). */
// @ts-ignore: a decorator
@inline
function slotAddress(slot: u32): usize {
  return keyTable + ((<usize>slot) << 3);
}

// @ts-ignore: a decorator
@inline
function hashKey(text: usize, length: usize): u32 {
  let hash = <u32>length * 0x9e3779b1;
  if (length >= 4) {
    hash ^= load<u32>(text) * 0x85ebca6b;
    hash ^= rotl(load<u32>(text + length - 4) * 0xc2b2ae35, 13);
    hash ^= load<u32>(text + (length >> 1) - 2) * 0x27d4eb2f;
  } else {
    hash ^= (<u32>load<u8>(text)) * 0x85ebca6b + (<u32>load<u8>(text + (length >> 1))) * 0xc2b2ae35 + (<u32>load<u8>(text + length - 1)) * 0x27d4eb2f;
  }
  hash ^= hash >> 15;
  hash *= 0x2c1b3c6d;
  return hash ^ (hash >> 13);
}

/** Adds a key of 1 to 255 bytes whose text stays where it is. There must be free slots left. */
export function addKey(text: usize, length: usize, key: u32): void {
  let slot = hashKey(text, length) & (keySlots - 1);
  while (load<u16>(slotAddress(slot)) != 0) slot = (slot + 1) & (keySlots - 1);
  const address = slotAddress(slot);
  store<u16>(address, <u16>key);
  store<u16>(address, <u16>length, 2);
  store<u32>(address, <u32>text, 4);
}

/** The key's number; 0 for one that is not in the table. */
// @ts-ignore: a decorator
@inline
function findKey(text: usize, length: usize): u32 {
  if (length > longestKey) return 0;
  let slot = hashKey(text, length) & (keySlots - 1);
  let address = slotAddress(slot);
  let key = load<u16>(address);
  while (key != 0 && (load<u16>(address, 2) != <u16>length || !isSameText(text, load<u32>(address, 4), length))) {
    slot = (slot + 1) & (keySlots - 1);
    address = slotAddress(slot);
    key = load<u16>(address);
  }
  return key;
}

// @ts-ignore: a decorator
@inline
function isSameText(one: usize, other: usize, length: usize): bool {
  let index: usize = 0;
  for (; index + 8 <= length; index += 8) if (load<u64>(one + index) != load<u64>(other + index)) return false;
  for (; index < length; index++) if (load<u8>(one + index) != load<u8>(other + index)) return false;
  return true;
}

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

/** The escapes that JSON.stringify writes too: a text that has no others stands as JSON.stringify would write it. */
// @ts-ignore: a decorator
@inline
function isKeptEscape(byte: u8): bool {
  return byte == QUOTE || byte == BACKSLASH || byte == SMALL_N || byte == SMALL_T || byte == SMALL_R || byte == SMALL_B || byte == SMALL_F;
}

/** Where the quote is that ends the string whose text begins at `from`; 0 when it is refused. */
// @ts-ignore: a decorator
@inline
function findStringEnd(from: usize): usize {
  let at = from;
  let flags: u8 = 0;
  while (at < limit) {
    const bytes = v128.load(at);
    const nonAscii = i8x16.bitmask(bytes);
    const isSpecial = v128.or(i8x16.eq(bytes, i8x16.splat(QUOTE)), i8x16.eq(bytes, i8x16.splat(BACKSLASH)));
    const special = i8x16.bitmask(v128.or(isSpecial, i8x16.lt_u(bytes, i8x16.splat(SPACE))));
    if (special == 0) {
      if (nonAscii != 0) flags |= HAS_NON_ASCII;
      at += 16;
      continue;
    }
    const plainBytes = ctz(special);
    if ((nonAscii & ((1 << plainBytes) - 1)) != 0) flags |= HAS_NON_ASCII;
    at += plainBytes;
    const byte = load<u8>(at);
    if (byte == QUOTE) {
      stringFlags = flags;
      return at;
    }
    if (byte != BACKSLASH) return 0;
    const escaped = load<u8>(at, 1);
    if (isKeptEscape(escaped)) flags |= HAS_ESCAPE;
    else if (escaped == SMALL_U || escaped == SLASH) flags |= MUST_REWRITE;
    else return 0;
    at += 2;
  }
  return 0;
}

// @ts-ignore: a decorator
@inline
function isDigit(byte: u8): bool {
  return byte >= ZERO && byte <= NINE;
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

// @ts-ignore: a decorator
@inline
function isContinuation(byte: u32): bool {
  return (byte & 0xc0) == 0x80;
}

/** https://www.rfc-editor.org/rfc/rfc3629#section-4; a quote stands at `to`, which ends every sequence. */
function isUtf8(from: usize, to: usize): bool {
  let at = from;
  while (at < to) {
    const lead = <u32>load<u8>(at);
    if (lead < 0x80) {
      at++;
      continue;
    }
    const second = <u32>load<u8>(at, 1);
    if (lead < 0xc2 || lead > 0xf4 || !isContinuation(second)) return false;
    if (lead < 0xe0) {
      at += 2;
      continue;
    }
    if (!isContinuation(load<u8>(at, 2))) return false;
    if (lead < 0xf0) {
      if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f)) return false;
      at += 3;
      continue;
    }
    if (!isContinuation(load<u8>(at, 3))) return false;
    if ((lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) return false;
    at += 4;
  }
  return at == to;
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
  const quote = findStringEnd(from);
  if (quote == 0) return false;
  if ((stringFlags & HAS_NON_ASCII) != 0 && !isUtf8(from, quote)) return false;
  const end = (stringFlags & MUST_REWRITE) != 0 ? rewriteString(from, quote) : quote;
  if (end == 0) return false;
  addToken(KIND_STRING, stringFlags, key, from, end);
  position = quote + 1;
  return true;
}

/** The four hexadecimal digits before `to` as a number; -1 when they are none. */
function readHex(from: usize, to: usize): i32 {
  if (from + 4 > to) return -1;
  let code: i32 = 0;
  for (let at = from; at < from + 4; at++) {
    const byte = load<u8>(at);
    const letter = byte | SPACE;
    if (isDigit(byte)) code = (code << 4) | (byte - ZERO);
    else if (letter >= SMALL_A && letter <= SMALL_F) code = (code << 4) | (letter - SMALL_A + 10);
    else return -1;
  }
  return code;
}

/** The letter of the escape that JSON.stringify writes for a character; 0 when it writes another, or none. */
function escapeOf(code: i32): u8 {
  switch (code) {
    case QUOTE:
      return QUOTE;
    case BACKSLASH:
      return BACKSLASH;
    case BACKSPACE:
      return SMALL_B;
    case TAB:
      return SMALL_T;
    case LINE_FEED:
      return SMALL_N;
    case FORM_FEED:
      return SMALL_F;
    case CARRIAGE_RETURN:
      return SMALL_R;
    default:
      return 0;
  }
}

/** Writes a character that needs no escape as UTF-8; returns where the next one goes. */
function writeCharacter(at: usize, code: i32): usize {
  if (code < 0x80) {
    store<u8>(at, <u8>code);
    return at + 1;
  }
  stringFlags |= HAS_NON_ASCII;
  let length: usize = 2;
  let lead = 0xc0;
  if (code >= 0x10000) {
    length = 4;
    lead = 0xf0;
  } else if (code >= 0x800) {
    length = 3;
    lead = 0xe0;
  }
  let rest = code;
  for (let index = length - 1; index > 0; index--) {
    store<u8>(at + index, <u8>(0x80 | (rest & 0x3f)));
    rest >>= 6;
  }
  store<u8>(at, <u8>(lead | rest));
  return at + length;
}

/**
 * Writes the string whose text is [from, quote) as JSON.stringify would, which never takes more room, and sets its
 * flags. Returns where its quote is now, or 0 where it is no text or one that UTF-8 cannot say.
 */
function rewriteString(from: usize, quote: usize): usize {
  isRewritten = true;
  stringFlags &= HAS_NON_ASCII;
  let to = from;
  let at = from;
  while (at < quote) {
    const byte = load<u8>(at);
    if (byte != BACKSLASH) {
      store<u8>(to++, byte);
      at++;
      continue;
    }
    const escaped = load<u8>(at, 1);
    if (escaped == SLASH) {
      store<u8>(to++, SLASH);
      at += 2;
      continue;
    }
    if (escaped != SMALL_U) {
      stringFlags |= HAS_ESCAPE;
      store<u16>(to, load<u16>(at));
      to += 2;
      at += 2;
      continue;
    }
    let code = readHex(at + 2, quote);
    if (code < 0) return 0;
    at += 6;
    if ((code & 0xf800) == 0xd800) {
      const low = code < 0xdc00 && load<u16>(at) == UNICODE_ESCAPE ? readHex(at + 2, quote) : -1;
      if (low < 0xdc00 || low > 0xdfff) return 0;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      at += 6;
    }
    const letter = escapeOf(code);
    if (letter != 0) {
      stringFlags |= HAS_ESCAPE;
      store<u8>(to, BACKSLASH);
      store<u8>(to, letter, 1);
      to += 2;
    } else if (code >= <i32>SPACE) to = writeCharacter(to, code);
    else return 0;
  }
  store<u8>(to, QUOTE);
  memory.fill(to + 1, SPACE, quote - to);
  return to;
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
    const end = findStringEnd(text);
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
  isRewritten = false;
  return readValue(0, mostDepth) && position <= limit ? position : 0;
}

/** Where every tape begins. */
export function tapeAddress(): usize {
  return tapeStart;
}

/** True when a string of the record does not stand as it was written. */
export function hasRewritten(): bool {
  return isRewritten;
}

/** How many numbers of the tape may be odd. */
export function oddNumberCount(): u32 {
  return oddNumbers;
}
