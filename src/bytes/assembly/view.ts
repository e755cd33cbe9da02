// Rows of a view from the tape of a resource, as plan/view-engine/compile-view.ts makes them from the parsed one. The plan
// stands in the heap, in structures of u32 words that plan/byte-engine/bind-view.ts writes.

import { accept, endOf, isRefused, kindOf, readString, refuse, setText, startOf, textAt, textLength } from './cells';
import { isTrue } from './equality';
import { plural, single } from './expressions';
import { evaluateOperation } from './host';
import { allocateArena, allocateHeap, restStart, tapeEnd, tapeStart } from './memory';
import { beginReferences } from './references';
import { hasRoom, putValue, restAt, rewindRest } from './rest';
import { addRow, setCell, truncateRows } from './rows';
import { KIND_FALSE, KIND_OBJECT, KIND_STRING, KIND_TRUE } from './tape';

import { beginValues, KIND_NO_VALUE, popTo, refusal, rowIndex, setRowIndex, stackTop } from './values';

const PLAN_TABLE: usize = 0;
const PLAN_COLUMN_COUNT: usize = 4;
/** The row being made: address and size of each cell. */
const PLAN_CELLS: usize = 8;
const PLAN_CRITERION_COUNT: usize = 12;
const PLAN_CRITERIA: usize = 16;
const PLAN_SELECTION_COUNT: usize = 20;
const PLAN_SELECTIONS: usize = 24;

const SELECTION_KIND: usize = 0;
const SELECTION_PATH_COUNT: usize = 4;
const SELECTION_PATHS: usize = 8;
const SELECTION_COLUMN_COUNT: usize = 12;
const SELECTION_COLUMNS: usize = 16;
const SELECTION_INNER_COUNT: usize = 20;
const SELECTION_INNER: usize = 24;
/** All columns, also of the inner selections. */
const SELECTION_ALL_COUNT: usize = 28;
const SELECTION_ALL: usize = 32;

const PLAIN: u32 = 0;
const FOR_EACH: u32 = 1;
const FOR_EACH_OR_NULL: u32 = 2;
const REPEAT: u32 = 3;
/** Its inner selections give their rows one after the other; otherwise every row of one goes with every row of the others. */
const UNION: u32 = 4;

const COLUMN_INDEX: usize = 0;
const COLUMN_NODE: usize = 4;
const COLUMN_IS_COLLECTION: usize = 8;
const COLUMN_KIND: usize = 12;
const COLUMN_OPERATION: usize = 16;
const COLUMN_SHOWS_INDEX_ONLY: usize = 20;
const COLUMN_BYTES: usize = 24;

const AS_TEXT: u32 = 0;
const AS_JSON: u32 = 1;
/** By an operation of the host. */
const AS_FITTED: u32 = 2;

// Selections that are still to come for a row: u32 words.
const FRAME_LIST: usize = 0;
const FRAME_LEFT: usize = 4;
const FRAME_FOCUS: usize = 8;
const FRAME_NEXT: usize = 12;
const FRAME_BYTES: usize = 16;
const framesByteCount: u32 = 1 << 16;

/** Between the items of a collection. */
const itemSeparator: u16 = 0x203b;

let plan: usize = 0;
let cells: usize = 0;
let framesStart: usize = 0;
let frameTop: usize = 0;

/** 1 when the rows have been added, 0 when another engine has to. */
export function flattenView(planAddress: usize, resource: usize, id: usize, idByteCount: u32): bool {
  plan = planAddress;
  cells = load<u32>(plan, PLAN_CELLS);
  if (framesStart == 0) framesStart = allocateHeap(framesByteCount);
  frameTop = framesStart;
  rewindRest(restStart);
  accept();
  beginReferences(0, id, idByteCount, 0);
  beginValues(resource, id, idByteCount);
  const table = <usize>load<u32>(plan, PLAN_TABLE);
  const firstRow = load<u32>(table, 4);
  const criterionCount = load<u32>(plan, PLAN_CRITERION_COUNT);
  const criteria = <usize>load<u32>(plan, PLAN_CRITERIA);
  for (let index: u32 = 0; index < criterionCount; index++) {
    const value = single(load<u32>(criteria + (index << 2)), resource);
    if (isRefused || (value != 0 && kindOf(value) != KIND_TRUE && kindOf(value) != KIND_FALSE)) return false;
    if (!isTrue(value)) return true;
  }
  emitAll(load<u32>(plan, PLAN_SELECTIONS), load<u32>(plan, PLAN_SELECTION_COUNT), resource, 0);
  if (isRefused) truncateRows(table, firstRow);
  return !isRefused;
}

/** The rows of selections, each with every row of the others; then what `next` says, or a row. */
function emitAll(list: usize, count: u32, focus: usize, next: usize): void {
  if (isRefused) return;
  if (count == 0) {
    if (next == 0) addViewRow();
    else emitAll(load<u32>(next), load<u32>(next, FRAME_LEFT), load<u32>(next, FRAME_FOCUS), load<u32>(next, FRAME_NEXT));
    return;
  }
  const selection = <usize>load<u32>(list);
  if (count == 1) {
    emit(selection, focus, next);
    return;
  }
  const frame = frameTop;
  if (frame + FRAME_BYTES > framesStart + framesByteCount) {
    refuse();
    return;
  }
  frameTop += FRAME_BYTES;
  store<u32>(frame, <u32>list + 4, FRAME_LIST);
  store<u32>(frame, count - 1, FRAME_LEFT);
  store<u32>(frame, <u32>focus, FRAME_FOCUS);
  store<u32>(frame, <u32>next, FRAME_NEXT);
  emit(selection, focus, frame);
  frameTop = frame;
}

function emit(selection: usize, focus: usize, next: usize): void {
  const kind = load<u32>(selection);
  switch (kind) {
    case FOR_EACH:
    case FOR_EACH_OR_NULL: {
      const base = stackTop;
      plural(load<u32>(load<u32>(selection, SELECTION_PATHS)), focus);
      const end = stackTop;
      const outer = rowIndex;
      if (end == base && kind == FOR_EACH_OR_NULL && !isRefused) {
        setRowIndex(0);
        setAbsent(selection);
        emitAll(0, 0, 0, next);
      }
      for (let at = base; at < end && !isRefused; at += 4) {
        setRowIndex(<u32>((at - base) >> 2));
        emitOne(selection, load<u32>(at), next);
      }
      setRowIndex(outer);
      popTo(base);
      return;
    }
    case REPEAT: {
      const outer = rowIndex;
      descend(selection, focus, 0, next);
      setRowIndex(outer);
      return;
    }
    case UNION: {
      const count = load<u32>(selection, SELECTION_INNER_COUNT);
      const inner = <usize>load<u32>(selection, SELECTION_INNER);
      for (let index: u32 = 0; index < count && !isRefused; index++) emit(load<u32>(inner + (index << 2)), focus, next);
      return;
    }
    default:
      emitOne(selection, focus, next);
  }
}

function emitOne(selection: usize, focus: usize, next: usize): void {
  const count = load<u32>(selection, SELECTION_COLUMN_COUNT);
  let column = <usize>load<u32>(selection, SELECTION_COLUMNS);
  for (let index: u32 = 0; index < count; index++, column += COLUMN_BYTES) setColumn(column, focus);
  emitAll(load<u32>(selection, SELECTION_INNER), load<u32>(selection, SELECTION_INNER_COUNT), focus, next);
}

/** Items, their items and so on; returns how many there are with those before. */
function descend(selection: usize, focus: usize, before: u32, next: usize): u32 {
  const pathCount = load<u32>(selection, SELECTION_PATH_COUNT);
  const paths = <usize>load<u32>(selection, SELECTION_PATHS);
  let count = before;
  for (let path: u32 = 0; path < pathCount; path++) {
    const base = stackTop;
    plural(load<u32>(paths + (path << 2)), focus);
    const end = stackTop;
    for (let at = base; at < end && !isRefused; at += 4) {
      setRowIndex(count++);
      emitOne(selection, load<u32>(at), next);
      count = descend(selection, load<u32>(at), count, next);
    }
    popTo(base);
  }
  return count;
}

/** Of the row that stands for no item. */
function setAbsent(selection: usize): void {
  const count = load<u32>(selection, SELECTION_ALL_COUNT);
  let column = <usize>load<u32>(selection, SELECTION_ALL);
  for (let index: u32 = 0; index < count; index++, column += COLUMN_BYTES) {
    if (load<u32>(column, COLUMN_SHOWS_INDEX_ONLY) != 0) setColumn(column, 0);
    else if (load<u32>(column, COLUMN_IS_COLLECTION) != 0) setCell(cells, load<u32>(column), cells, 0);
    else setCell(cells, load<u32>(column), 0, 0);
  }
}

function addViewRow(): void {
  if (isRefused) return;
  const row = addRow(load<u32>(plan, PLAN_TABLE));
  if (row == 0) refuse();
  else memory.copy(row, cells, load<u32>(plan, PLAN_COLUMN_COUNT) << 3);
}

function setColumn(column: usize, focus: usize): void {
  if (isRefused) return;
  const index = load<u32>(column);
  const node = <usize>load<u32>(column, COLUMN_NODE);
  if (load<u32>(column, COLUMN_IS_COLLECTION) != 0) {
    readCollection(column, node, focus);
    setCell(cells, index, textAt, textLength);
    return;
  }
  const value = single(node, focus);
  if (value != 0 && !isRefused && readCell(column, value)) setCell(cells, index, textAt, textLength);
  else setCell(cells, index, 0, 0);
}

function readCollection(column: usize, node: usize, focus: usize): void {
  const base = stackTop;
  plural(node, focus);
  const end = stackTop;
  let count: u32 = 0;
  let mark = restStart;
  for (let at = base; at < end && !isRefused; at += 4) {
    rewindRest(mark);
    if (!readCell(column, load<u32>(at))) continue;
    // The usual list has one item, whose text is taken as it stands.
    if (end - base == 4) break;
    if (!hasRoom(textLength + 2)) break;
    if (count++ > 0) {
      store<u16>(mark, itemSeparator);
      mark += 2;
    }
    memory.copy(mark, textAt, textLength);
    mark += textLength;
  }
  popTo(base);
  if (end - base == 4 && !isRefused && isTextFound) return;
  const length = <u32>(mark - restStart);
  const to = allocateArena(length);
  if (to == 0) {
    refuse();
    return;
  }
  memory.copy(to, restStart, length);
  setText(to, length);
}

/** `readCell` has found a text. */
let isTextFound: bool = false;

function readCell(column: usize, value: usize): bool {
  isTextFound = kindOf(value) != KIND_NO_VALUE && readText(load<u32>(column, COLUMN_KIND), column, value);
  return isTextFound;
}

function readText(how: u32, column: usize, value: usize): bool {
  const kind = kindOf(value);
  if (how == AS_FITTED) {
    const fitted = evaluateOperation(load<u32>(column, COLUMN_OPERATION), value, 0);
    if (fitted == refusal) refuse();
    if (fitted == 0 || fitted == refusal) return false;
    readString(fitted);
    return true;
  }
  if (kind == KIND_OBJECT || (how == AS_JSON && kind == KIND_STRING)) {
    // Only a tape's strings have their quotes, and their escapes, around them.
    if (value < tapeStart || value >= tapeEnd) refuse();
    else readJson(value);
    return !isRefused;
  }
  if (kind == KIND_STRING) readString(value);
  else setText(startOf(value), <u32>(endOf(value) - startOf(value)));
  return !isRefused;
}

/** The JSON text of a value, written after what stands in the rest, then moved where it stays. */
function readJson(value: usize): void {
  const mark = restAt;
  putValue(value);
  const length = <u32>(restAt - mark);
  const to = isRefused ? 0 : allocateArena(length);
  if (to == 0) {
    refuse();
    return;
  }
  memory.copy(to, mark, length);
  rewindRest(mark);
  setText(to, length);
}
