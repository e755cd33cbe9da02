// One walk through the tape of a resource, as plan/engine/walk-resource.ts walks the parsed one: each leaf value ends in
// a cell that shows it, in a row of the coding or extension table, under a rule that leaves it out, or in other_json.
// What this engine does not do makes it refuse the resource, whose rows are taken back.
//
// The plan stands in the heap, in structures of u32 words that plan/byte-engine writes; see the offsets below.

import {
  accept,
  isListFit,
  isListShown,
  isRefused,
  isSame,
  isSeparable,
  isText,
  itemCount,
  joinList,
  kindOf,
  member,
  nextOf,
  readPrimitive,
  readString,
  refuse,
  setText,
  textAt,
  textLength,
  unitCount,
  writeNumber,
  READ_STRING,
} from './cells';
import { addExtensions, compileItem, compileKey, computeCell, countDropped, judgeList, noteReference, writeList } from './host';
import { choose } from './items';
import { allocateArena } from './memory';
import {
  beginReferences,
  commitReferences,
  CONTAINMENT_HAS_UNPACKED,
  CONTAINMENT_ID_LENGTH,
  CONTAINMENT_IN,
  CONTAINMENT_IN_LENGTH,
  CONTAINMENT_TYPE,
  CONTAINMENT_UNPACKED,
  CONTAINMENT_UNPACKED_COUNT,
  readReferenceId,
  readReferenceIdentifier,
  readReferenceType,
  showsLiteral,
  showsType,
} from './references';
import { render } from './renderings';
import { hasRoom, keyTextAt, keyTextLength, leafCount, put, putKey, putNull, putValue, restAt, rewindRest, setRefusedKey } from './rest';
import { addRow, setCell, truncateRows } from './rows';
import { KIND_ARRAY, KIND_FALSE, KIND_NULL, KIND_OBJECT, KIND_STRING, KIND_TRUE } from './tape';
import { restEnd, restStart } from './memory';
import { isTypeFit, isTypeShown } from './typed';

// A table being filled.
const STATE_TABLE: usize = 0;
const STATE_ROW: usize = 4;
const STATE_INDEX: usize = 8;
const STATE_PARENT_INDEX: usize = 12;
const STATE_DEPTH: usize = 16;
const STATE_NEXT_INDEX: usize = 20;
const STATE_IS_RECURSIVE: usize = 24;
const STATE_NODE_COUNT: usize = 28;
const STATE_SLOTS: usize = 32;
const STATE_OPEN: usize = 36;
const STATE_FIRST_ROW: usize = 40;
/** Words kept for a row around the one being filled. */
const FRAME_BYTES: u32 = 24;

// What to do with an object.
const HANDLER_NODE_COUNT: usize = 0;
const HANDLER_NODES: usize = 4;
const HANDLER_CELL_COUNT: usize = 8;
const HANDLER_CELLS: usize = 12;
const HANDLER_KEY_MASK: usize = 16;
const HANDLER_KEYS: usize = 20;
const HANDLER_NUMBER: usize = 24;

// What to do with a key of an object.
const KEY_ID: usize = 0;
const KEY_ROLE: usize = 4;
const KEY_LEAF_COUNT: usize = 8;
const KEY_LEAVES: usize = 12;
const KEY_EXPECTS: usize = 16;
const KEY_DROP: usize = 20;
const KEY_CHILD: usize = 24;
const KEY_RULE_COUNT: usize = 28;
const KEY_RULES: usize = 32;
const KEY_ROW_COUNT: usize = 36;
const KEY_ROWS: usize = 40;
const KEY_ITEM_HANDLERS: usize = 44;
const KEY_SEARCH: usize = 48;
const KEY_NUMBER: usize = 52;
const KEY_IS_CODING: usize = 56;
const RULE_BYTES: u32 = 16;

const ROLE_CONTAINED: u32 = 1;
const ROLE_EXTENSIONS: u32 = 2;
const ROLE_PRIMITIVE_ELEMENT: u32 = 3;
const ROLE_CONCEPT_CODINGS: u32 = 4;
const ROLE_CONCEPT_TEXT: u32 = 5;
const ROLE_CODING_STRING: u32 = 6;
const ROLE_CODING_BOOLEAN: u32 = 7;

const EXPECTS_LEAF: u32 = 1;
const EXPECTS_OBJECT: u32 = 2;
const EXPECTS_ARRAY: u32 = 3;

const DROPS_OBJECT: u32 = 1;
const DROPS_STRING: u32 = 2;

// A leaf or a cell: what it is, the table, the column, and words of its own.
const OP_KIND: usize = 0;
const OP_STATE: usize = 4;
const OP_COLUMN: usize = 8;
const OP_A: usize = 12;
const OP_B: usize = 16;
const OP_C: usize = 20;
const OP_D: usize = 24;
const OP_E: usize = 28;
const OP_BYTES: u32 = 32;

/** The number of the host's check stands above what a column takes. */
const CHECK_NUMBER_SHIFT: u32 = 8;

const LEAF_VALUE: u32 = 1;
const LEAF_LIST: u32 = 2;
const LEAF_OWN_ID: u32 = 3;
const LEAF_ALWAYS: u32 = 4;
const LEAF_JSON: u32 = 5;
const LEAF_IMPLIED: u32 = 6;
const LEAF_JOINED_ITEM: u32 = 7;
const LEAF_FIRST_OF: u32 = 8;
const LEAF_REFERENCE: u32 = 9;
const LEAF_REFERENCE_TYPE: u32 = 10;
const LEAF_TYPED_LIST: u32 = 11;
const LEAF_REFERENCE_IDENTIFIER: u32 = 12;

const CELL_ID: u32 = 1;
const CELL_INDEX: u32 = 2;
const CELL_PARENT_INDEX: u32 = 3;
const CELL_VALUE: u32 = 4;
const CELL_LIST: u32 = 5;
const CELL_FIRST_OF: u32 = 6;
const CELL_REFERENCE_ID: u32 = 7;
const CELL_REFERENCE_TYPE: u32 = 8;
const CELL_REFERENCE_IDENTIFIER: u32 = 9;
const CELL_COMPUTED: u32 = 10;
const CELL_PRESENT_KEY: u32 = 11;
const CELL_COUNT: u32 = 12;
const CELL_FLAG: u32 = 13;
const CELL_NONE: u32 = 14;
const CELL_CONTAINED_IN: u32 = 15;
const CELL_RENDERED: u32 = 16;
const CELL_TYPED_LIST: u32 = 17;

// Where a node's object is found before it has been met.
const PLACE_SLOT: u32 = 0;
const PLACE_CHILD: u32 = 1;

// All tables of a resource type.
const PLAN_ROOT: usize = 0;
const PLAN_STATE_COUNT: usize = 4;
const PLAN_STATES: usize = 8;
const PLAN_OTHER_JSON: usize = 12;
const PLAN_REPETITION_COUNT: usize = 16;
const PLAN_REPETITIONS: usize = 20;
const PLAN_CODINGS: usize = 24;
const PLAN_ARE_CODINGS_COMPLETE: usize = 28;
const PLAN_EXTENSIONS: usize = 32;
const PLAN_TYPE_TEXT: usize = 36;
const PLAN_TYPE_TEXT_LENGTH: usize = 40;
const PLAN_TYPE: usize = 44;
const REPETITION_BYTES: u32 = 16;

let plan: usize = 0;
let containment: usize = 0;
let idAt: usize = 0;
let idLength: u32 = 0;
let hasCodings: bool = false;
let hasExtensions: bool = false;
/** The concept whose text, and the coding whose values, no column shows: they get a row when they are done. */
let unshownText: usize = 0;
let unshownCoding: usize = 0;
let codingTextCount: u32 = 0;
/** Inside an extension that has columns: its rows are added elsewhere. */
let isPromoting: bool = false;

// Keys of Coding, in the order of the columns of the coding table, and those of its owner.
let codingKeys: usize = 0;
let userSelectedKey: u32 = 0;
let textKey: u32 = 0;
let modifierExtensionKey: u32 = 0;
let extensionKey: u32 = 0;
let valueKey: u32 = 0;

/** Where the walk is: keys, and indexes with the highest bit set. */
const pathStart: usize = memory.data(1024, 4);
let pathAt: usize = pathStart;
const pathEnd: usize = pathStart + 1000;
const IS_INDEX: u32 = 0x8000_0000;

/** What was left out so far: key handler, leaf count, units of text. */
const dropStart: usize = memory.data(768, 4);
const dropEnd: usize = dropStart + 768;
let dropAt: usize = dropStart;

/** `keys`: system, version, code, display. */
export function setWalkKeys(keys: usize, userSelected: u32, text: u32, modifierExtension: u32, extension: u32, value: u32): void {
  codingKeys = keys;
  userSelectedKey = userSelected;
  textKey = text;
  modifierExtensionKey = modifierExtension;
  extensionKey = extension;
  valueKey = value;
}

/**
 * Adds the rows of a resource; false, with no row added, when another engine has to. `place` is 0 for a resource that
 * neither contains others nor is contained.
 */
export function flatten(planAddress: usize, resource: usize, id: usize, idByteCount: u32, place: usize): bool {
  plan = planAddress;
  idAt = id;
  idLength = idByteCount;
  hasCodings = load<u32>(plan, PLAN_CODINGS) != 0;
  hasExtensions = load<u32>(plan, PLAN_EXTENSIONS) != 0;
  unshownText = 0;
  unshownCoding = 0;
  isPromoting = false;
  pathAt = pathStart;
  dropAt = dropStart;
  rewindRest(restStart);
  // Without a table of extensions, those that may change a meaning are counted wherever they are kept.
  setRefusedKey(hasExtensions ? 0 : modifierExtensionKey);
  accept();
  containment = place;
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
  commitReferences();
  for (let at = dropStart; at < dropAt; at += 12) countDropped(load<u32>(at), load<u32>(at, 4), load<u32>(at, 8));
  return true;
}

/** Leaves no row of the resource at hand. */
export function takeBackRows(): void {
  const stateCount = load<u32>(plan, PLAN_STATE_COUNT);
  const states = load<u32>(plan, PLAN_STATES);
  for (let index: u32 = 0; index < stateCount; index++) {
    const state = <usize>load<u32>(states + (index << 2));
    truncateRows(load<u32>(state), load<u32>(state, STATE_FIRST_ROW));
    // Rows that had no room are open still.
    while (load<u32>(state, STATE_OPEN) != 0) endRow(state);
    store<u32>(state, 0, STATE_DEPTH);
  }
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

function beginRow(state: usize, arrayIndex: u32): void {
  const depth = load<u32>(state, STATE_DEPTH);
  const slotBytes = load<u32>(state, STATE_NODE_COUNT) << 2;
  if (depth > 0) {
    const frame = allocateArena(FRAME_BYTES + slotBytes);
    if (frame == 0) {
      refuse();
      return;
    }
    store<u32>(frame, load<u32>(state, STATE_OPEN));
    store<u32>(frame, load<u32>(state, STATE_ROW), 4);
    store<u32>(frame, load<u32>(state, STATE_INDEX), 8);
    store<u32>(frame, load<u32>(state, STATE_PARENT_INDEX), 12);
    store<u32>(frame, load<u32>(state, STATE_SLOTS), 16);
    store<u32>(state, <u32>frame, STATE_OPEN);
    store<u32>(state, load<u32>(state, STATE_INDEX), STATE_PARENT_INDEX);
    store<u32>(state, <u32>(frame + FRAME_BYTES), STATE_SLOTS);
  } else {
    store<u32>(state, 0xffffffff, STATE_PARENT_INDEX);
  }
  memory.fill(load<u32>(state, STATE_SLOTS), 0, slotBytes);
  store<u32>(state, depth + 1, STATE_DEPTH);
  let index = arrayIndex;
  if (load<u32>(state, STATE_IS_RECURSIVE) != 0) {
    index = load<u32>(state, STATE_NEXT_INDEX);
    store<u32>(state, index + 1, STATE_NEXT_INDEX);
  }
  store<u32>(state, index, STATE_INDEX);
  const row = addRow(load<u32>(state));
  if (row == 0) refuse();
  store<u32>(state, <u32>row, STATE_ROW);
}

function endRow(state: usize): void {
  store<u32>(state, load<u32>(state, STATE_DEPTH) - 1, STATE_DEPTH);
  const frame = <usize>load<u32>(state, STATE_OPEN);
  if (frame == 0) return;
  store<u32>(state, load<u32>(frame), STATE_OPEN);
  store<u32>(state, load<u32>(frame, 4), STATE_ROW);
  store<u32>(state, load<u32>(frame, 8), STATE_INDEX);
  store<u32>(state, load<u32>(frame, 12), STATE_PARENT_INDEX);
  store<u32>(state, load<u32>(frame, 16), STATE_SLOTS);
}

function push(segment: u32): void {
  if (pathAt >= pathEnd) {
    refuse();
    return;
  }
  store<u32>(pathAt, segment);
  pathAt += 4;
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
      unshownText = owner;
      return false;
    }
    if (role == ROLE_CODING_STRING ? kind == KIND_STRING : role == ROLE_CODING_BOOLEAN && (kind == KIND_TRUE || kind == KIND_FALSE)) {
      unshownCoding = owner;
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

function dropValue(key: usize, value: usize): void {
  if (dropAt >= dropEnd) {
    refuse();
    return;
  }
  store<u32>(dropAt, load<u32>(key, KEY_NUMBER));
  store<u32>(dropAt, leafCount(value), 4);
  store<u32>(dropAt, textUnits(value), 8);
  dropAt += 12;
}

/** Units of all texts that a value holds. */
function textUnits(value: usize): u32 {
  const kind = kindOf(value);
  if (kind == KIND_STRING) return unitCount(value);
  if (kind != KIND_ARRAY && kind != KIND_OBJECT) return 0;
  const end = nextOf(value);
  let count: u32 = 0;
  for (let item = value + 16; item < end; item = nextOf(item)) count += textUnits(item);
  return count;
}

function walkChild(key: usize, handler: usize, object: usize, isFirst: bool): bool {
  const id = load<u32>(key, KEY_ID);
  const mark = restAt;
  putKey(isFirst, id);
  push(id);
  if (isRefused) return false;
  const isKept = walkObject(handler, object);
  if (load<u32>(key, KEY_IS_CODING) != 0) addCoding(object, 0, 0xffffffff, 0);
  pathAt -= 4;
  if (!isKept) rewindRest(mark);
  return isKept;
}

/** Keeps the array's text with `null` for items that are shown, unless all are. */
function walkArray(key: usize, list: usize, owner: usize, isFirst: bool): bool {
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
  push(id);
  let isAnyKept = false;
  const isCoding = load<u32>(key, KEY_IS_CODING) != 0;
  const end = nextOf(list);
  let index: u32 = 0;
  for (let item = list + 16; item < end && !isRefused; item = nextOf(item), index++) {
    if (!hasRoom(2)) break;
    put(index == 0 ? 0x5b : 0x2c);
    push(index | IS_INDEX);
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
    pathAt -= 4;
    if (isKept) isAnyKept = true;
    else putNull();
  }
  pathAt -= 4;
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
  isPromoting = true;
  const mark = restAt;
  const end = nextOf(list);
  for (let item = list + 16; item < end && !isRefused; item = nextOf(item)) {
    let chosenBy: u32 = 0;
    for (let rule: u32 = 0; rule < ruleCount; rule++) if (load<u32>(chosen + (rule << 2)) == <u32>item) chosenBy |= 1 << rule;
    if (chosenBy == 0 || kindOf(item) != KIND_OBJECT) continue;
    walkItem(key, item, 0, chosenBy);
    rewindRest(mark);
  }
  isPromoting = wasPromoting;
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

/** A value that no column is about. */
function keep(key: usize, value: usize, owner: usize, isFirst: bool): bool {
  const role = load<u32>(key, KEY_ROLE);
  const kind = kindOf(value);
  const id = load<u32>(key, KEY_ID);
  if (role == ROLE_PRIMITIVE_ELEMENT && hasExtensions) return keepPrimitiveElement(id, value, isFirst);
  if (role == ROLE_CONTAINED && kind == KIND_ARRAY) return keepContained(id, value, isFirst);
  const search = <usize>load<u32>(key, KEY_SEARCH);
  if (search != 0) {
    if (kind == KIND_ARRAY) return walkArray(key, value, owner, isFirst);
    if (kind == KIND_OBJECT) return walkChild(key, search, value, isFirst);
  }
  if (id == modifierExtensionKey) {
    refuse();
    return false;
  }
  putKey(isFirst, id);
  putValue(value);
  return true;
}

/** Contained resources with rows of their own leave a `null` where others are kept beside them. */
function keepContained(id: u32, list: usize, isFirst: bool): bool {
  const mark = restAt;
  putKey(isFirst, id);
  if (isRefused) return false;
  if (containment == 0 || load<u32>(containment, CONTAINMENT_HAS_UNPACKED) == 0) {
    putValue(list);
    return true;
  }
  let isAnyKept = false;
  const end = nextOf(list);
  let index: u32 = 0;
  for (let item = list + 16; item < end && !isRefused; item = nextOf(item), index++) {
    if (!hasRoom(2)) break;
    put(index == 0 ? 0x5b : 0x2c);
    if (isUnpacked(index)) putNull();
    else {
      isAnyKept = true;
      putValue(item);
    }
  }
  if (!isAnyKept) {
    rewindRest(mark);
    return false;
  }
  put(0x5d);
  return true;
}

function isUnpacked(index: u32): bool {
  const count = load<u32>(containment, CONTAINMENT_UNPACKED_COUNT);
  const places = <usize>load<u32>(containment, CONTAINMENT_UNPACKED);
  for (let place: u32 = 0; place < count; place++) if (load<u32>(places + (place << 2)) == index) return true;
  return false;
}

/** The row's id is the resource's, or ends in it where the resource is contained in another. */
function isOwnId(value: usize): bool {
  readString(value);
  if (textLength == idLength && isSame(textAt, idAt, idLength)) return true;
  if (containment == 0 || load<u32>(containment, CONTAINMENT_IN) == 0) return false;
  const outerLength = load<u32>(containment, CONTAINMENT_ID_LENGTH);
  if (idLength != outerLength + 1 + textLength || load<u8>(idAt + outerLength) != 0x23) return false;
  return isSame(idAt, load<u32>(containment), outerLength) && isSame(idAt + outerLength + 1, textAt, textLength);
}

/** `_birthDate`, or `_given` beside an array: https://hl7.org/fhir/R4/json.html#primitive */
function keepPrimitiveElement(id: u32, value: usize, isFirst: bool): bool {
  const mark = restAt;
  putKey(isFirst, id);
  // The number of a name is that before the one with `_`.
  push(id - 1);
  if (isRefused) return false;
  let isKept = false;
  if (kindOf(value) == KIND_ARRAY) {
    const end = nextOf(value);
    let index: u32 = 0;
    for (let item = value + 16; item < end && !isRefused; item = nextOf(item), index++) {
      if (!hasRoom(2)) break;
      put(index == 0 ? 0x5b : 0x2c);
      push(index | IS_INDEX);
      if (keepElement(item)) isKept = true;
      else putNull();
      pathAt -= 4;
    }
    if (isKept && hasRoom(1)) put(0x5d);
  } else {
    isKept = keepElement(value);
  }
  pathAt -= 4;
  if (!isKept) rewindRest(mark);
  return isKept;
}

/** What stands beside a primitive: its extensions have rows. */
function keepElement(element: usize): bool {
  const kind = kindOf(element);
  if (kind == KIND_NULL) return false;
  if (kind != KIND_OBJECT) {
    putValue(element);
    return true;
  }
  let isAnyKept = false;
  const end = nextOf(element);
  for (let value = element + 16; value < end && !isRefused; value = nextOf(value)) {
    const key = <u32>load<u16>(value, 2);
    if (key == modifierExtensionKey) refuse();
    else if (key == extensionKey && kindOf(value) == KIND_ARRAY) {
      if (keepExtensions(key, value, !isAnyKept)) isAnyKept = true;
    } else {
      putKey(!isAnyKept, key);
      putValue(value);
      isAnyKept = true;
    }
  }
  if (isAnyKept && hasRoom(1)) put(0x7d);
  return isAnyKept;
}

function keepExtensions(id: u32, list: usize, isFirst: bool): bool {
  const mark = restAt;
  putKey(isFirst, id);
  if (isRefused) return false;
  const byteCount = addExtensions(list, 0, restAt, restEnd);
  if (byteCount < 0) {
    refuse();
    return false;
  }
  if (byteCount == 0) {
    rewindRest(mark);
    return false;
  }
  rewindRest(restAt + byteCount);
  return true;
}

/** Adds a row for a coding that no column shows; `levelsUp` of the path are not the row's. */
function addCoding(coding: usize, levelsUp: u32, codingIndex: u32, text: usize): void {
  const isUnshown = unshownCoding == coding;
  unshownCoding = 0;
  if (!hasCodings || isPromoting || isRefused || (!isUnshown && load<u32>(plan, PLAN_ARE_CODINGS_COMPLETE) == 0)) return;
  const row = beginCodingRow(levelsUp, codingIndex);
  if (row == 0) return;
  for (let offset: u32 = 0; offset < 4; offset++) {
    const value = member(coding, load<u32>(codingKeys + (offset << 2)));
    if (value != 0 && readPrimitive(value, READ_STRING)) setCell(row, 4 + offset, textAt, textLength);
  }
  const userSelected = member(coding, userSelectedKey);
  if (userSelected != 0 && readPrimitive(userSelected, 2)) setCell(row, 8, textAt, textLength);
  if (text != 0 && kindOf(text) == KIND_STRING) setCodingText(row, text);
}

/** Adds a row for the text of a concept without codings. */
function addCodingText(text: usize): void {
  const row = beginCodingRow(0, 0xffffffff);
  if (row != 0) setCodingText(row, text);
}

function setCodingText(row: usize, text: usize): void {
  codingTextCount++;
  readString(text);
  setCell(row, 9, textAt, textLength);
}

function beginCodingRow(levelsUp: u32, codingIndex: u32): usize {
  const row = addRow(load<u32>(plan, PLAN_CODINGS));
  if (row == 0) {
    refuse();
    return 0;
  }
  setCell(row, 0, idAt, idLength);
  let end = pathAt - (levelsUp << 2);
  if (end > pathStart) {
    const last = load<u32>(end - 4);
    if (last & IS_INDEX) {
      end -= 4;
      writeNumber(last & ~IS_INDEX);
      setCell(row, 2, textAt, textLength);
    }
  }
  writePath(end);
  setCell(row, 1, textAt, textLength);
  if (codingIndex != 0xffffffff) {
    writeNumber(codingIndex);
    setCell(row, 3, textAt, textLength);
  }
  return row;
}

/** Sets the text to the path up to a segment, such as `Patient.name[1].given`. */
function writePath(end: usize): void {
  let length = load<u32>(plan, PLAN_TYPE_TEXT_LENGTH);
  for (let at = pathStart; at < end; at += 4) {
    const segment = load<u32>(at);
    length += segment & IS_INDEX ? 12 : 1 + keyTextLength(segment);
  }
  const to = allocateArena(length);
  if (to == 0) {
    refuse();
    return;
  }
  let out = to + load<u32>(plan, PLAN_TYPE_TEXT_LENGTH);
  memory.copy(to, load<u32>(plan, PLAN_TYPE_TEXT), out - to);
  for (let at = pathStart; at < end; at += 4) {
    const segment = load<u32>(at);
    if (segment & IS_INDEX) {
      store<u8>(out++, 0x5b);
      writeNumber(segment & ~IS_INDEX);
      memory.copy(out, textAt, textLength);
      out += textLength;
      store<u8>(out++, 0x5d);
    } else {
      store<u8>(out++, 0x2e);
      const keyLength = keyTextLength(segment);
      memory.copy(out, keyTextAt(segment), keyLength);
      out += keyLength;
    }
  }
  setText(to, <u32>(out - to));
}

/** The path of the walk as text, for the host; its address. The length is that of the text found last. */
export function describePath(): usize {
  writePath(pathAt);
  return textAt;
}

export function textByteCount(): u32 {
  return textLength;
}

/** Sets the text, for the host. */
export function setHostText(address: usize, byteCount: u32): void {
  setText(address, byteCount);
}

/** Sets the text of a value that fits a column; false when it does not. */
function readTyped(token: usize, how: u32, check: u32): bool {
  return readPrimitive(token, how) && (check == 0 || isTypeFit(token, check));
}

/** Sets the cells that show a leaf value; true when it can be told from them. */
function takeLeaf(leaf: usize, value: usize, owner: usize): bool {
  switch (load<u32>(leaf)) {
    case LEAF_VALUE:
      if (!readTyped(value, load<u32>(leaf, OP_A), load<u32>(leaf, OP_D))) return false;
      setCell(load<u32>(load<u32>(leaf, OP_STATE), STATE_ROW), load<u32>(leaf, OP_COLUMN), textAt, textLength);
      return load<u32>(leaf, OP_D) == 0 || isTypeShown(value, load<u32>(leaf, OP_D));
    case LEAF_TYPED_LIST: {
      const check = load<u32>(leaf, OP_D) >> CHECK_NUMBER_SHIFT;
      if (writeList(check, value) != 0) {
        setCell(load<u32>(load<u32>(leaf, OP_STATE), STATE_ROW), load<u32>(leaf, OP_COLUMN), textAt, textLength);
      }
      return judgeList(check, value) == 1;
    }
    case LEAF_LIST: {
      const how = load<u32>(leaf, OP_A);
      const separator = <usize>load<u32>(leaf, OP_B);
      const separatorLength = load<u32>(leaf, OP_C);
      if (!joinList(value, how, 0, separator, separatorLength)) return kindOf(value) == KIND_ARRAY && isListShown(value, how, separator, separatorLength);
      setCell(load<u32>(load<u32>(leaf, OP_STATE), STATE_ROW), load<u32>(leaf, OP_COLUMN), textAt, textLength);
      return isListShown(value, how, separator, separatorLength);
    }
    case LEAF_OWN_ID:
      return kindOf(value) == KIND_STRING && isOwnId(value);
    case LEAF_ALWAYS:
      return true;
    case LEAF_JSON: {
      if (kindOf(value) != KIND_OBJECT) return false;
      const keys = <usize>load<u32>(leaf, OP_A);
      const count = load<u32>(leaf, OP_B);
      for (let index: u32 = 0; index < count; index++) {
        const earlier = member(owner, load<u32>(keys + (index << 2)));
        if (earlier != 0 && kindOf(earlier) == KIND_OBJECT) return false;
      }
      const mark = restAt;
      putValue(value);
      const length = <u32>(restAt - mark);
      const to = allocateArena(length);
      if (to == 0) refuse();
      if (isRefused) return false;
      memory.copy(to, mark, length);
      rewindRest(mark);
      setCell(load<u32>(load<u32>(leaf, OP_STATE), STATE_ROW), load<u32>(leaf, OP_COLUMN), to, length);
      return true;
    }
    case LEAF_IMPLIED:
      return isText(value, load<u32>(leaf, OP_A), load<u32>(leaf, OP_B));
    case LEAF_JOINED_ITEM: {
      if (kindOf(value) != KIND_STRING) return false;
      const object = slotOf(load<u32>(leaf, OP_STATE), load<u32>(leaf, OP_D));
      const list = object == 0 ? 0 : member(object, load<u32>(leaf, OP_E));
      if (list == 0 || kindOf(list) != KIND_ARRAY) return false;
      readString(value);
      return isSeparable(load<u32>(leaf, OP_A), load<u32>(leaf, OP_B), itemCount(list));
    }
    case LEAF_FIRST_OF: {
      const check = load<u32>(leaf, OP_D);
      if (!readTyped(value, load<u32>(leaf, OP_A), check)) return false;
      const count = load<u32>(leaf, OP_B);
      let place = <usize>load<u32>(leaf, OP_C);
      for (let index: u32 = 0; index < count; index++, place += 16) {
        const object = findObject(load<u32>(place));
        if (object != 0 && readTyped(member(object, load<u32>(place, 4)), load<u32>(place, 8), load<u32>(place, 12))) return false;
      }
      return check == 0 || isTypeShown(value, check);
    }
    case LEAF_REFERENCE:
      return showsLiteral(owner, load<u32>(leaf, OP_A), load<u32>(leaf, OP_B) != 0);
    case LEAF_REFERENCE_TYPE:
      return showsType(owner, load<u32>(leaf, OP_A));
    case LEAF_REFERENCE_IDENTIFIER: {
      const identified = member(owner, valueKey);
      return kindOf(value) == KIND_STRING && identified != 0 && kindOf(identified) == KIND_STRING;
    }
    default:
      refuse();
      return false;
  }
}

/** True when a value has the JSON type that FHIR gives the element. */
function isFit(key: usize, value: usize): bool {
  const count = load<u32>(key, KEY_LEAF_COUNT);
  let leaf = <usize>load<u32>(key, KEY_LEAVES);
  for (let index: u32 = 0; index < count; index++, leaf += OP_BYTES) {
    switch (load<u32>(leaf)) {
      case LEAF_VALUE:
      case LEAF_FIRST_OF:
        if (readTyped(value, load<u32>(leaf, OP_A), load<u32>(leaf, OP_D))) return true;
        break;
      case LEAF_TYPED_LIST:
        if (judgeList(load<u32>(leaf, OP_D) >> CHECK_NUMBER_SHIFT, value) != 0) return true;
        break;
      case LEAF_LIST:
        if (isListFit(value, load<u32>(leaf, OP_A))) return true;
        break;
      case LEAF_JSON:
        if (kindOf(value) == KIND_OBJECT) return true;
        break;
      default:
        if (kindOf(value) == KIND_STRING) return true;
    }
  }
  return false;
}

function slotOf(state: usize, node: u32): usize {
  return load<u32>(<usize>load<u32>(state, STATE_SLOTS) + (node << 2));
}

/** A place: kind, then state and node of a slot; or outer place, key, and for an item its rule. */
function findObject(place: usize): usize {
  const kind = load<u32>(place);
  if (kind == PLACE_SLOT) return slotOf(load<u32>(place, 4), load<u32>(place, 8));
  const outer = findObject(load<u32>(place, 4));
  if (outer == 0) return 0;
  const value = member(outer, load<u32>(place, 8));
  if (value == 0) return 0;
  if (kind == PLACE_CHILD) return kindOf(value) == KIND_OBJECT ? value : 0;
  return kindOf(value) == KIND_ARRAY ? choose(place + 12, value) : 0;
}

/** Sets the text of a cell that is computed when the objects it reads are known; false when it is null. */
function readCell(cell: usize): bool {
  const kind = load<u32>(cell);
  const state = <usize>load<u32>(cell, OP_STATE);
  switch (kind) {
    case CELL_ID:
      setText(idAt, idLength);
      return true;
    case CELL_INDEX:
      writeNumber(load<u32>(load<u32>(cell, OP_A), STATE_INDEX));
      return true;
    case CELL_PARENT_INDEX: {
      const index = load<u32>(state, STATE_PARENT_INDEX);
      if (index == 0xffffffff) return false;
      writeNumber(index);
      return true;
    }
    case CELL_FIRST_OF: {
      const count = load<u32>(cell, OP_A);
      let operand = <usize>load<u32>(cell, OP_B);
      for (let index: u32 = 0; index < count; index++, operand += OP_BYTES) if (readCell(operand)) return true;
      return false;
    }
    case CELL_NONE:
      return false;
    case CELL_CONTAINED_IN:
      if (containment == 0 || load<u32>(containment, CONTAINMENT_IN) == 0) return false;
      setText(load<u32>(containment, CONTAINMENT_IN), load<u32>(containment, CONTAINMENT_IN_LENGTH));
      return true;
    default:
      break;
  }
  const object = slotOf(state, load<u32>(cell, OP_A));
  if (object == 0) return false;
  switch (kind) {
    case CELL_VALUE:
      return readTyped(member(object, load<u32>(cell, OP_B)), load<u32>(cell, OP_C), load<u32>(cell, OP_D));
    case CELL_TYPED_LIST: {
      const list = member(object, load<u32>(cell, OP_B));
      return list != 0 && writeList(load<u32>(cell, OP_D) >> CHECK_NUMBER_SHIFT, list) != 0;
    }
    case CELL_LIST: {
      const texts = <usize>load<u32>(cell, OP_D);
      return joinList(member(object, load<u32>(cell, OP_B)), load<u32>(cell, OP_C), load<u32>(cell, OP_E), load<u32>(texts), load<u32>(texts, 4));
    }
    case CELL_REFERENCE_ID:
      return readReferenceId(object, load<u32>(cell, OP_B), load<u32>(cell, OP_C), load<u32>(cell, OP_D) != 0);
    case CELL_REFERENCE_TYPE:
      return readReferenceType(object, load<u32>(cell, OP_B));
    case CELL_REFERENCE_IDENTIFIER:
      return readReferenceIdentifier(object);
    case CELL_COMPUTED:
    case CELL_RENDERED: {
      let token = object;
      const key = load<u32>(cell, OP_C);
      if (key != 0) token = member(object, key);
      if (token == 0) return false;
      const how = load<u32>(cell, OP_B);
      return kind == CELL_RENDERED ? render(token, how) : computeCell(how, token) != 0;
    }
    case CELL_PRESENT_KEY: {
      const count = load<u32>(cell, OP_B);
      let label = <usize>load<u32>(cell, OP_C);
      for (let index: u32 = 0; index < count; index++, label += 12) {
        if (member(object, load<u32>(label)) == 0) continue;
        setText(load<u32>(label, 4), load<u32>(label, 8));
        return true;
      }
      return false;
    }
    case CELL_COUNT: {
      const list = member(object, load<u32>(cell, OP_B));
      if (list == 0 || kindOf(list) != KIND_ARRAY) return false;
      writeNumber(itemCount(list));
      return true;
    }
    case CELL_FLAG: {
      const flag = member(object, load<u32>(cell, OP_B));
      const isTrue = flag != 0 && kindOf(flag) == KIND_TRUE;
      if (member(object, load<u32>(cell, OP_C)) != 0 || isTrue) return readTrue();
      return flag != 0 && kindOf(flag) == KIND_FALSE && readPrimitive(flag, 2);
    }
    default:
      refuse();
      return false;
  }
}

const trueText: usize = memory.data<u8>([0x74, 0x72, 0x75, 0x65]);

function readTrue(): bool {
  setText(trueText, 4);
  return true;
}
