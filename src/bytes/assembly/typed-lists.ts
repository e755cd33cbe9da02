// Lists of texts or of integers → the text that typed storage keeps a list as, until its items are taken apart again; see
// src/write/typed/list-text.ts and src/write/postgres/array-text.ts, which agree on lists of plain items but for their brackets,
// and that the items of arrays are always quoted. All others are the host's.

import { endOf, kindOf, nextOf, refuse, setText, startOf } from './cells';
import { COMMA, OPEN_BRACE, QUOTE } from './characters';
import { judgeList, writeList } from './host';
import { allocateArena } from './memory';
import { CHECK_NUMBER_SHIFT } from './plan-words';
import { HAS_ESCAPE } from './strings';
import { KIND_ARRAY, KIND_STRING } from './tape';
import { isPlainInteger } from './typed';

/** A list whose items are strings, all of which fit. */
const CHECK_TEXT_LIST: u32 = 10;
/** A list whose items are integers of 32 bits. */
const CHECK_INT32_LIST: u32 = 11;

let openBracket: u8 = 0;
let closeBracket: u8 = 0;

export function setListBrackets(open: u32, close: u32): void {
  openBracket = <u8>open;
  closeBracket = <u8>close;
}

/** Sets the text of a list; false when no item fits. */
export function readTypedList(list: usize, check: u32): bool {
  return isPlain(list, check) ? joinItems(list, (check & 0xff) == CHECK_TEXT_LIST || openBracket == OPEN_BRACE) : writeList(check >> CHECK_NUMBER_SHIFT, list) != 0;
}

/** 1 when every item is shown, 2 when each fits, else 0. */
export function judgeTypedList(list: usize, check: u32): u32 {
  return isPlain(list, check) ? 1 : judgeList(check >> CHECK_NUMBER_SHIFT, list);
}

function isPlain(list: usize, check: u32): bool {
  const kind = check & 0xff;
  if ((kind != CHECK_TEXT_LIST && kind != CHECK_INT32_LIST) || kindOf(list) != KIND_ARRAY) return false;
  const end = nextOf(list);
  const first = list + 16;
  for (let token = first; token < end; token = nextOf(token)) {
    if (kind == CHECK_INT32_LIST) {
      if (!isPlainInteger(token)) return false;
    } else if (kindOf(token) != KIND_STRING || (load<u8>(token, 1) & HAS_ESCAPE) != 0) return false;
  }
  return first < end;
}

function joinItems(list: usize, isQuoted: bool): bool {
  const end = nextOf(list);
  let byteCount: u32 = 1;
  const around: u32 = isQuoted ? 3 : 1;
  for (let token = list + 16; token < end; token = nextOf(token)) byteCount += <u32>(endOf(token) - startOf(token)) + around;
  const to = allocateArena(byteCount);
  if (to == 0) {
    refuse();
    return false;
  }
  let at = to;
  for (let token = list + 16; token < end; token = nextOf(token)) {
    store<u8>(at, at == to ? openBracket : COMMA);
    at++;
    if (isQuoted) store<u8>(at++, QUOTE);
    const length = endOf(token) - startOf(token);
    memory.copy(at, startOf(token), length);
    at += length;
    if (isQuoted) store<u8>(at++, QUOTE);
  }
  store<u8>(at, closeBracket);
  setText(to, byteCount);
  return true;
}
