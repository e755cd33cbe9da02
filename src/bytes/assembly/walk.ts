// One walk through the tape of a resource, as plan/engine/walk-resource.ts walks the parsed one: each leaf value ends in
// a cell that shows it, in a row of the coding or extension table, under a rule that leaves it out, or in other_json.
// What this engine does not do makes it refuse the resource, whose rows are taken back.

import { accept, isRefused, kindOf, member, nextOf, refuse, textAt, textLength } from './cells';
import {
  addCoding,
  addCodingText,
  beginCodings,
  codingTextCount,
  isPromoting,
  setPromoting,
  setUnshownCoding,
  setUnshownText,
  unshownText,
} from './coding-rows';
import { beginDropped, commitDropped, dropValue } from './dropped-values';
import { compileItem, compileKey, noteReference } from './host';
import { choose } from './items';
import { keep, keepExtensions } from './keep';
import { allocateArena, restStart } from './memory';
import { beginRow, endRow, takeBackRows } from './open-rows';
import {
  DROPS_OBJECT,
  DROPS_STRING,
  EXPECTS_ARRAY,
  EXPECTS_LEAF,
  EXPECTS_OBJECT,
  HANDLER_CELLS,
  HANDLER_CELL_COUNT,
  HANDLER_KEYS,
  HANDLER_KEY_MASK,
  HANDLER_NODES,
  HANDLER_NODE_COUNT,
  HANDLER_NUMBER,
  KEY_CHILD,
  KEY_DROP,
  KEY_EXPECTS,
  KEY_ID,
  KEY_IS_CODING,
  KEY_ITEM_HANDLERS,
  KEY_LEAF_COUNT,
  KEY_LEAVES,
  KEY_NUMBER,
  KEY_ROLE,
  KEY_ROWS,
  KEY_ROW_COUNT,
  KEY_RULES,
  KEY_RULE_COUNT,
  KEY_SEARCH,
  OP_BYTES,
  OP_COLUMN,
  OP_STATE,
  PLAN_OTHER_JSON,
  PLAN_REPETITIONS,
  PLAN_REPETITION_COUNT,
  PLAN_ROOT,
  PLAN_STATES,
  PLAN_STATE_COUNT,
  PLAN_TYPE,
  REPETITION_BYTES,
  ROLE_CODING_BOOLEAN,
  ROLE_CODING_STRING,
  ROLE_CONCEPT_CODINGS,
  ROLE_CONCEPT_TEXT,
  ROLE_EXTENSIONS,
  RULE_BYTES,
  STATE_DEPTH,
  STATE_FIRST_ROW,
  STATE_NEXT_INDEX,
  STATE_ROW,
  STATE_SLOTS,
} from './plan-words';
import { readCell } from './read-cell';
import { commitNotes } from './reference-notes';
import { CONTAINMENT_ID_LENGTH, CONTAINMENT_TYPE } from './reference-words';
import { beginReferences } from './references';
import { hasRoom, put, putKey, putNull, putValue, restAt, rewindRest, setRefusedKey } from './rest';
import { setCell } from './rows';
import { isFit, takeLeaf } from './take-leaf';
import { KIND_ARRAY, KIND_FALSE, KIND_OBJECT, KIND_STRING, KIND_TRUE } from './tape';
import { beginResource, hasCodings, hasExtensions, plan } from './this-resource';
import { resource } from './values';
import { IS_INDEX, beginPath, popPath, pushPath } from './walk-path';

let textKey: u32 = 0;
let modifierExtensionKey: u32 = 0;

export function setWalkKeys(text: u32, modifierExtension: u32): void {
  textKey = text;
  modifierExtensionKey = modifierExtension;
}

/**
 * Adds the rows of a resource; false, with no row added, when another engine has to. `place` is 0 for a resource that
 * neither contains others nor is contained.
 */
export function flatten(planAddress: usize, resource: usize, id: usize, idByteCount: u32, place: usize): bool {
  beginResource(planAddress, place, id, idByteCount);
  beginCodings();
  beginPath();
  beginDropped();
  rewindRest(restStart);
  // Without a table of extensions, those that may change a meaning are counted wherever they are kept.
  setRefusedKey(hasExtensions ? 0 : modifierExtensionKey);
  accept();
  if (place == 0) beginReferences(0, id, idByteCount, load<u32>(plan, PLAN_TYPE));
  else beginReferences(place, load<u32>(place), load<u32>(place, CONTAINMENT_ID_LENGTH), load<u32>(place, CONTAINMENT_TYPE));
  const stateCount = load<u32>(plan, PLAN_STATE_COUNT);
  const states = load<u32>(plan, PLAN_STATES);
  for (let index: u32 = 0; index < stateCount; index++) {
    const state = <usize>load<u32>(states + (index << 2));
    store<u32>(state, load<u32>(load<u32>(state), 4), STATE_FIRST_ROW);
  }
  const main = <usize>load<u32>(states);
  beginRow(main, 0);
  let isKept = false;
  if (!isRefused) isKept = walkObject(load<u32>(plan, PLAN_ROOT), resource);
  endRow(main);
  if (!isRefused && isKept) setOtherJson(main);
  if (isRefused) {
    takeBackRows();
    return false;
  }
  repeatCells(main);
  commitNotes();
  commitDropped();
  return true;
}

function setOtherJson(main: usize): void {
  const column = load<u32>(plan, PLAN_OTHER_JSON);
  if (column == 0xffffffff) return;
  const length = <u32>(restAt - restStart);
  const to = allocateArena(length);
  if (to == 0) {
    refuse();
    return;
  }
  memory.copy(to, restStart, length);
  setCell(load<u32>(main, STATE_ROW), column, to, length);
}

/** Columns of child tables that repeat one of the main row. */
function repeatCells(main: usize): void {
  const count = load<u32>(plan, PLAN_REPETITION_COUNT);
  let at = <usize>load<u32>(plan, PLAN_REPETITIONS);
  const mainRow = <usize>load<u32>(main, STATE_ROW);
  for (let index: u32 = 0; index < count; index++, at += REPETITION_BYTES) {
    const state = <usize>load<u32>(at);
    const table = <usize>load<u32>(state);
    const firstRow = load<u32>(state, STATE_FIRST_ROW);
    const rowCount = load<u32>(table, 4);
    if (firstRow == rowCount) continue;
    const cell = mainRow + (load<u32>(at, 8) << 3);
    const address = load<u32>(cell);
    if (address == 0) continue;
    const length = load<u32>(cell, 4);
    const column = load<u32>(at, 4);
    const rows = <usize>load<u32>(table, 8);
    for (let row = firstRow; row < rowCount; row++) setCell(load<u32>(rows + (row << 2)), column, address, length);
    // The host knows what was noted of the main row's cell.
    const site = load<u32>(at, 12);
    if (site != 0) noteReference(site, 0, 0, address, length, rowCount - firstRow);
  }
}

/** What to do with a key; 0, and the resource is refused, when that is for another engine. */
function handlerOfKey(handler: usize, key: u32): usize {
  const mask = load<u32>(handler, HANDLER_KEY_MASK);
  const keys = <usize>load<u32>(handler, HANDLER_KEYS);
  let slot = (key * 0x9e5) & mask;
  while (true) {
    const at = keys + (slot << 3);
    const found = load<u32>(at);
    if (found == key) return load<u32>(at, 4);
    if (found == 0) break;
    slot = (slot + 1) & mask;
  }
  return compileKey(load<u32>(handler, HANDLER_NUMBER), key);
}

/** Returns true when something of the object was kept: its text stands at the end of the rest. */
function walkObject(handler: usize, object: usize): bool {
  const nodeCount = load<u32>(handler, HANDLER_NODE_COUNT);
  let node = <usize>load<u32>(handler, HANDLER_NODES);
  for (let index: u32 = 0; index < nodeCount; index++, node += 8) {
    const slots = <usize>load<u32>(load<u32>(node), STATE_SLOTS);
    store<u32>(slots + (load<u32>(node, 4) << 2), <u32>object);
  }
  const textCount = codingTextCount;
  let isAnyKept = false;
  const end = nextOf(object);
  for (let value = object + 16; value < end; value = nextOf(value)) {
    const key = handlerOfKey(handler, load<u16>(value, 2));
    if (key == 0) {
      refuse();
      return false;
    }
    if (walkKey(key, value, object, !isAnyKept)) isAnyKept = true;
    if (isRefused) return false;
  }
  if (unshownText == object && textCount == codingTextCount) addCodingText(member(object, textKey));
  const cellCount = load<u32>(handler, HANDLER_CELL_COUNT);
  let cell = <usize>load<u32>(handler, HANDLER_CELLS);
  for (let index: u32 = 0; index < cellCount; index++, cell += OP_BYTES) {
    if (readCell(cell)) setCell(load<u32>(load<u32>(cell, OP_STATE), STATE_ROW), load<u32>(cell, OP_COLUMN), textAt, textLength);
  }
  if (isRefused) return false;
  if (isAnyKept) put(0x7d);
  return isAnyKept;
}

function walkKey(key: usize, value: usize, owner: usize, isFirst: bool): bool {
  const count = load<u32>(key, KEY_LEAF_COUNT);
  let leaf = <usize>load<u32>(key, KEY_LEAVES);
  let isShown = false;
  for (let index: u32 = 0; index < count; index++, leaf += OP_BYTES) if (takeLeaf(leaf, value, owner)) isShown = true;
  if (isShown || isRefused) return false;
  const kind = kindOf(value);
  const drop = load<u32>(key, KEY_DROP);
  if ((drop == DROPS_OBJECT && kind == KIND_OBJECT) || (drop == DROPS_STRING && kind == KIND_STRING)) {
    dropValue(key, value);
    return false;
  }
  const role = load<u32>(key, KEY_ROLE);
  if (role >= ROLE_CONCEPT_TEXT && hasCodings && !isPromoting) {
    if (role == ROLE_CONCEPT_TEXT && kind == KIND_STRING) {
      setUnshownText(owner);
      return false;
    }
    if (role == ROLE_CODING_STRING ? kind == KIND_STRING : role == ROLE_CODING_BOOLEAN && (kind == KIND_TRUE || kind == KIND_FALSE)) {
      setUnshownCoding(owner);
      return false;
    }
  }
  switch (load<u32>(key, KEY_EXPECTS)) {
    case EXPECTS_OBJECT:
      if (kind == KIND_OBJECT) return walkChild(key, load<u32>(key, KEY_CHILD), value, isFirst);
      refuse();
      return false;
    case EXPECTS_ARRAY:
      if (kind == KIND_ARRAY) return walkArray(key, value, owner, isFirst);
      refuse();
      return false;
    case EXPECTS_LEAF:
      if (!isFit(key, value)) {
        refuse();
        return false;
      }
      break;
    default:
      break;
  }
  return keep(key, value, owner, isFirst);
}

export function walkChild(key: usize, handler: usize, object: usize, isFirst: bool): bool {
  const id = load<u32>(key, KEY_ID);
  const mark = restAt;
  putKey(isFirst, id);
  pushPath(id);
  if (isRefused) return false;
  const isKept = walkObject(handler, object);
  if (load<u32>(key, KEY_IS_CODING) != 0) addCoding(object, 0, 0xffffffff, 0);
  popPath();
  if (!isKept) rewindRest(mark);
  return isKept;
}

/** Keeps the array's text with `null` for items that are shown, unless all are. */
export function walkArray(key: usize, list: usize, owner: usize, isFirst: bool): bool {
  const rowCount = load<u32>(key, KEY_ROW_COUNT);
  const rows = <usize>load<u32>(key, KEY_ROWS);
  for (let index: u32 = 0; index < rowCount; index++) {
    const state = <usize>load<u32>(rows + (index << 2));
    if (load<u32>(state, STATE_DEPTH) == 0) store<u32>(state, 0, STATE_NEXT_INDEX);
  }
  const role = load<u32>(key, KEY_ROLE);
  const id = load<u32>(key, KEY_ID);
  const ruleCount = load<u32>(key, KEY_RULE_COUNT);
  if (role == ROLE_EXTENSIONS) {
    // They are counted.
    if (id == modifierExtensionKey) {
      refuse();
      return false;
    }
    if (hasExtensions) {
      if (ruleCount > 0) walkPromoted(key, list);
      return !isPromoting && !isRefused && keepExtensions(id, list, isFirst);
    }
  }
  const rules = <usize>load<u32>(key, KEY_RULES);
  let chosen: usize = 0;
  let first: usize = 0;
  if (ruleCount == 1) first = choose(rules, list);
  else if (ruleCount > 1) {
    chosen = allocateArena(ruleCount << 2);
    if (chosen == 0) {
      refuse();
      return false;
    }
    for (let index: u32 = 0; index < ruleCount; index++) store<u32>(chosen + (index << 2), <u32>choose(rules + index * RULE_BYTES, list));
  }
  const mark = restAt;
  putKey(isFirst, id);
  pushPath(id);
  let isAnyKept = false;
  const isCoding = load<u32>(key, KEY_IS_CODING) != 0;
  const end = nextOf(list);
  let index: u32 = 0;
  for (let item = list + 16; item < end && !isRefused; item = nextOf(item), index++) {
    if (!hasRoom(2)) break;
    put(index == 0 ? 0x5b : 0x2c);
    pushPath(index | IS_INDEX);
    let isKept = true;
    if (kindOf(item) == KIND_OBJECT) {
      let chosenBy: u32 = 0;
      if (ruleCount == 1) {
        if (first == item) chosenBy = 1;
      } else {
        for (let rule: u32 = 0; rule < ruleCount; rule++) if (load<u32>(chosen + (rule << 2)) == <u32>item) chosenBy |= 1 << rule;
      }
      isKept = walkItem(key, item, index, chosenBy);
      if (isRefused) return false;
      // The codings of a concept belong to the path of the concept.
      if (role == ROLE_CONCEPT_CODINGS) addCoding(item, 2, index, member(owner, textKey));
      else if (isCoding) addCoding(item, 0, 0xffffffff, 0);
    } else {
      putValue(item);
    }
    popPath();
    if (isKept) isAnyKept = true;
    else putNull();
  }
  popPath();
  if (isRefused) return false;
  if (!isAnyKept) {
    rewindRest(mark);
    return false;
  }
  put(0x5d);
  return true;
}

/** Sets the columns of promoted extensions, which stand in rows of the extension table all the same. */
function walkPromoted(key: usize, list: usize): void {
  const ruleCount = load<u32>(key, KEY_RULE_COUNT);
  const rules = <usize>load<u32>(key, KEY_RULES);
  const chosen = allocateArena(ruleCount << 2);
  if (chosen == 0) {
    refuse();
    return;
  }
  for (let rule: u32 = 0; rule < ruleCount; rule++) store<u32>(chosen + (rule << 2), <u32>choose(rules + rule * RULE_BYTES, list));
  const wasPromoting = isPromoting;
  setPromoting(true);
  const mark = restAt;
  const end = nextOf(list);
  for (let item = list + 16; item < end && !isRefused; item = nextOf(item)) {
    let chosenBy: u32 = 0;
    for (let rule: u32 = 0; rule < ruleCount; rule++) if (load<u32>(chosen + (rule << 2)) == <u32>item) chosenBy |= 1 << rule;
    if (chosenBy == 0 || kindOf(item) != KIND_OBJECT) continue;
    walkItem(key, item, 0, chosenBy);
    rewindRest(mark);
  }
  setPromoting(wasPromoting);
}

function walkItem(key: usize, item: usize, index: u32, chosenBy: u32): bool {
  const handlers = <usize>load<u32>(key, KEY_ITEM_HANDLERS);
  let handler = <usize>load<u32>(handlers + (chosenBy << 2));
  if (handler == 0) {
    handler = compileItem(load<u32>(key, KEY_NUMBER), chosenBy);
    if (handler == 0) {
      refuse();
      return false;
    }
    store<u32>(handlers + (chosenBy << 2), <u32>handler);
  }
  if (handler == 1) {
    const search = <usize>load<u32>(key, KEY_SEARCH);
    if (search != 0) return walkObject(search, item);
    putValue(item);
    return true;
  }
  const rowCount = load<u32>(key, KEY_ROW_COUNT);
  const rows = <usize>load<u32>(key, KEY_ROWS);
  for (let row: u32 = 0; row < rowCount; row++) beginRow(load<u32>(rows + (row << 2)), index);
  if (isRefused) return false;
  const isKept = walkObject(handler, item);
  for (let row: u32 = 0; row < rowCount; row++) endRow(load<u32>(rows + (row << 2)));
  return isKept;
}
