// Lists of texts → the text that typed storage keeps a list as, until its items are taken apart again; see
// src/write/typed/list-text.ts and src/write/postgres/array-text.ts, which agree on lists of plain strings but for their brackets.
// All others are the host's.

import { endOf, kindOf, nextOf, refuse, setText, startOf } from './cells';
import { COMMA, QUOTE } from './characters';
import { judgeList, writeList } from './host';
import { allocateArena } from './memory';
import { CHECK_NUMBER_SHIFT } from './plan-words';
import { HAS_ESCAPE } from './strings';
import { KIND_ARRAY, KIND_STRING } from './tape';

/** A list whose items are strings, all of which fit. */
const CHECK_TEXT_LIST: u32 = 10;

let openBracket: u8 = 0;
let closeBracket: u8 = 0;

export function setListBrackets(open: u32, close: u32): void {
  openBracket = <u8>open;
  closeBracket = <u8>close;
}

/** Sets the text of a list; false when no item fits. */
export function readTypedList(list: usize, check: u32): bool {
  return isOfPlainStrings(list, check) ? joinStrings(list) : writeList(check >> CHECK_NUMBER_SHIFT, list) != 0;
}

/** 1 when every item is shown, 2 when each fits, else 0. */
export function judgeTypedList(list: usize, check: u32): u32 {
  return isOfPlainStrings(list, check) ? 1 : judgeList(check >> CHECK_NUMBER_SHIFT, list);
}

function isOfPlainStrings(list: usize, check: u32): bool {
  if ((check & 0xff) != CHECK_TEXT_LIST || kindOf(list) != KIND_ARRAY) return false;
  const end = nextOf(list);
  const first = list + 16;
  for (let token = first; token < end; token = nextOf(token)) {
    if (kindOf(token) != KIND_STRING || (load<u8>(token, 1) & HAS_ESCAPE) != 0) return false;
  }
  return first < end;
}

function joinStrings(list: usize): bool {
  const end = nextOf(list);
  let byteCount: u32 = 1;
  for (let token = list + 16; token < end; token = nextOf(token)) byteCount += <u32>(endOf(token) - startOf(token)) + 3;
  const to = allocateArena(byteCount);
  if (to == 0) {
    refuse();
    return false;
  }
  let at = to;
  for (let token = list + 16; token < end; token = nextOf(token)) {
    store<u8>(at, at == to ? openBracket : COMMA);
    store<u8>(at, QUOTE, 1);
    at += 2;
    const length = endOf(token) - startOf(token);
    memory.copy(at, startOf(token), length);
    at += length;
    store<u8>(at++, QUOTE);
  }
  store<u8>(at, closeBracket);
  setText(to, byteCount);
  return true;
}
