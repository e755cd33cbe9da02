// Strings of a record: where they end, whether they are UTF-8, and those anew that stand otherwise than JSON.stringify
// would write them.

import {
  BACKSLASH,
  BACKSPACE,
  CARRIAGE_RETURN,
  FORM_FEED,
  LINE_FEED,
  NINE,
  QUOTE,
  SLASH,
  SMALL_A,
  SMALL_B,
  SMALL_F,
  SMALL_N,
  SMALL_R,
  SMALL_T,
  SMALL_U,
  SPACE,
  TAB,
  ZERO,
} from './characters';

/** Flags of a string. */
export const HAS_ESCAPE: u8 = 1;
export const HAS_NON_ASCII: u8 = 2;
/** While a string is read: it has escapes that JSON.stringify would not write. */
export const MUST_REWRITE: u8 = 128;

/** `\\u`. */
const UNICODE_ESCAPE: u16 = 0x755c;

/** Of the string that `findStringEnd` has read last. */
export let stringFlags: u8 = 0;
let isRewritten: bool = false;

/** To be called before each record. */
export function beginStrings(): void {
  isRewritten = false;
}

/** True when a string of the record does not stand as it was written. */
export function hasRewritten(): bool {
  return isRewritten;
}

/** The escapes that JSON.stringify writes too: a text that has no others stands as JSON.stringify would write it. */
// @ts-ignore: a decorator
@inline
function isKeptEscape(byte: u8): bool {
  return byte == QUOTE || byte == BACKSLASH || byte == SMALL_N || byte == SMALL_T || byte == SMALL_R || byte == SMALL_B || byte == SMALL_F;
}

/** Where the quote is that ends the string whose text begins at `from`; 0 when it is refused. It may be beyond `limit`. */
// @ts-ignore: a decorator
@inline
export function findStringEnd(from: usize, limit: usize): usize {
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
export function isDigit(byte: u8): bool {
  return byte >= ZERO && byte <= NINE;
}

// @ts-ignore: a decorator
@inline
function isContinuation(byte: u32): bool {
  return (byte & 0xc0) == 0x80;
}

/** https://www.rfc-editor.org/rfc/rfc3629#section-4; a quote stands at `to`, which ends every sequence. */
export function isUtf8(from: usize, to: usize): bool {
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
export function rewriteString(from: usize, quote: usize): usize {
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
