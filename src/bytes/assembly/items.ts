// Which item of a list a rule chooses; see plan/engine/item-rules.ts, which does the rarer rules for this engine too.

import { endOf, isSame, isText, kindOf, member, nextOf, startOf } from './cells';
import { chooseItem } from './host';
import { mayPointTo } from './references';
import { KIND_ARRAY, KIND_FALSE, KIND_NUMBER, KIND_OBJECT, KIND_STRING, KIND_TRUE } from './tape';

const FIRST: u32 = 1;
const HAVING: u32 = 2;
const STANDARD_CODING: u32 = 3;
const WHERE: u32 = 4;
const RANKED: u32 = 6;
const WHERE_CODE: u32 = 7;
const REFERENCE_TO: u32 = 8;
const LOWEST: u32 = 9;

/** Texts: u32 count, then address and length of each. */
let standardSystems: usize = 0;
let terminologyBase: usize = 0;
let systemKey: u32 = 0;
let codeKey: u32 = 0;
let codingKey: u32 = 0;

/** `base`: address and length of the start that standard systems of HL7 have. */
export function setCodingRules(systems: usize, base: usize, system: u32, code: u32, coding: u32): void {
  standardSystems = systems;
  terminologyBase = base;
  systemKey = system;
  codeKey = code;
  codingKey = coding;
}

function isAmong(token: usize, texts: usize): bool {
  const count = load<u32>(texts);
  for (let index: u32 = 0; index < count; index++) {
    const text = texts + 4 + (index << 3);
    if (isText(token, load<u32>(text), load<u32>(text, 4))) return true;
  }
  return false;
}

/** A rule: kind, three words (see the host's compiler). */
export function choose(rule: usize, list: usize): usize {
  const kind = load<u32>(rule);
  const end = nextOf(list);
  let token = list + 16;
  switch (kind) {
    case FIRST:
      for (; token < end; token = nextOf(token)) if (kindOf(token) == KIND_OBJECT) return token;
      return 0;
    case HAVING: {
      const key = load<u32>(rule, 4);
      for (; token < end; token = nextOf(token)) if (kindOf(token) == KIND_OBJECT && member(token, key) != 0) return token;
      return 0;
    }
    case STANDARD_CODING:
      return chooseStandardCoding(list);
    case WHERE: {
      const key = load<u32>(rule, 4);
      const texts = load<u32>(rule, 8);
      const flags = load<u32>(rule, 12);
      let first: usize = 0;
      for (; token < end; token = nextOf(token)) {
        if (kindOf(token) != KIND_OBJECT) continue;
        if (first == 0) first = token;
        const value = member(token, key);
        if (value == 0) continue;
        const valueKind = kindOf(value);
        if (valueKind == KIND_TRUE ? flags & 2 : valueKind == KIND_FALSE ? flags & 4 : isAmong(value, texts)) return token;
      }
      return flags & 1 ? first : 0;
    }
    case RANKED:
      return chooseRanked(rule, list);
    case WHERE_CODE:
      return chooseWhereCode(load<u32>(rule, 4), load<u32>(rule, 8), list);
    case REFERENCE_TO: {
      const key = load<u32>(rule, 4);
      for (; token < end; token = nextOf(token)) {
        if (kindOf(token) != KIND_OBJECT) continue;
        const reference = key == 0 ? token : member(token, key);
        if (reference != 0 && kindOf(reference) == KIND_OBJECT && mayPointTo(reference, load<u32>(rule, 8))) return token;
      }
      return 0;
    }
    case LOWEST:
      return chooseLowest(load<u32>(rule, 4), load<u32>(rule, 8), list);
    default:
      return chooseItem(load<u32>(rule, 4), list);
  }
}

/** Rule: key, ranks (u32 count and rank of others, then address, length and rank of each text), rank without the key. */
function chooseRanked(rule: usize, list: usize): usize {
  const key = load<u32>(rule, 4);
  const ranks = <usize>load<u32>(rule, 8);
  const count = load<u32>(ranks);
  const end = nextOf(list);
  let best: usize = 0;
  let bestRank: u32 = 0xffffffff;
  for (let token = list + 16; token < end; token = nextOf(token)) {
    if (kindOf(token) != KIND_OBJECT) continue;
    const value = member(token, key);
    let rank = load<u32>(ranks, 4);
    if (value == 0) rank = load<u32>(rule, 12);
    else {
      for (let index: u32 = 0; index < count; index++) {
        const text = ranks + 8 + <usize>index * 12;
        if (isText(value, load<u32>(text), load<u32>(text, 4))) {
          rank = load<u32>(text, 8);
          break;
        }
      }
    }
    if (rank < bestRank) {
      best = token;
      bestRank = rank;
    }
  }
  return best;
}

/** The first item whose concept has one of the codes, tried in order. */
function chooseWhereCode(key: u32, codes: usize, list: usize): usize {
  const count = load<u32>(codes);
  const end = nextOf(list);
  for (let index: u32 = 0; index < count; index++) {
    const code = codes + 4 + (index << 3);
    for (let token = list + 16; token < end; token = nextOf(token)) {
      if (kindOf(token) == KIND_OBJECT && hasCode(member(token, key), load<u32>(code), load<u32>(code, 4))) return token;
    }
  }
  return 0;
}

function hasCode(concept: usize, text: usize, byteCount: u32): bool {
  if (concept == 0 || kindOf(concept) != KIND_OBJECT) return false;
  const codings = member(concept, codingKey);
  if (codings == 0 || kindOf(codings) != KIND_ARRAY) return false;
  const end = nextOf(codings);
  for (let coding = codings + 16; coding < end; coding = nextOf(coding)) {
    if (kindOf(coding) == KIND_OBJECT && isText(member(coding, codeKey), text, byteCount)) return true;
  }
  return false;
}

/** The item with the smallest whole number under a key, else the first; other numbers are for the host. */
function chooseLowest(key: u32, hostRule: u32, list: usize): usize {
  const end = nextOf(list);
  let best: usize = 0;
  let bestNumber: u64 = u64.MAX_VALUE;
  for (let token = list + 16; token < end; token = nextOf(token)) {
    if (kindOf(token) != KIND_OBJECT) continue;
    let number: u64 = u64.MAX_VALUE - 1;
    const value = member(token, key);
    if (value != 0 && kindOf(value) == KIND_NUMBER) {
      const start = startOf(value);
      const length = endOf(value) - start;
      if (length > 15) return chooseItem(hostRule, list);
      number = 0;
      for (let at = start; at < start + length; at++) {
        const digit = <u32>load<u8>(at) - 0x30;
        if (digit > 9) return chooseItem(hostRule, list);
        number = number * 10 + digit;
      }
    }
    if (number < bestNumber) {
      best = token;
      bestNumber = number;
    }
  }
  return best;
}

export function chooseStandardCoding(list: usize): usize {
  const end = nextOf(list);
  let token = list + 16;
  if (token < end && nextOf(token) == end) return kindOf(token) == KIND_OBJECT ? token : 0;
  let first: usize = 0;
  let firstWithCode: usize = 0;
  for (; token < end; token = nextOf(token)) {
    if (kindOf(token) != KIND_OBJECT) continue;
    if (first == 0) first = token;
    const code = member(token, codeKey);
    if (code == 0 || kindOf(code) != KIND_STRING) continue;
    const system = member(token, systemKey);
    if (system != 0 && kindOf(system) == KIND_STRING) {
      if (isAmong(system, standardSystems)) return token;
      const baseLength = load<u32>(terminologyBase, 4);
      if (<u32>(endOf(system) - startOf(system)) >= baseLength && isSame(startOf(system), load<u32>(terminologyBase), baseLength)) return token;
    }
    if (firstWithCode == 0) firstWithCode = token;
  }
  return firstWithCode != 0 ? firstWithCode : first;
}
