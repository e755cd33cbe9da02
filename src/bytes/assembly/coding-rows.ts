// Codings, and texts of concepts, that no column shows → rows of the coding table; see plan/engine/coding-rows.ts.

import { READ_STRING, isRefused, kindOf, member, readPrimitive, readString, refuse, textAt, textLength, writeNumber } from './cells';
import { PLAN_ARE_CODINGS_COMPLETE, PLAN_CODINGS } from './plan-words';
import { addRow, setCell } from './rows';
import { KIND_STRING } from './tape';
import { hasCodings, idAt, idLength, plan } from './this-resource';
import { IS_INDEX, lastIndex, pathWithout, writePath } from './walk-path';

// Keys of Coding, in the order of the columns of the coding table.
let codingKeys: usize = 0;
let userSelectedKey: u32 = 0;

/** The concept whose text, and the coding whose values, no column shows: they get a row when they are done. */
export let unshownText: usize = 0;
let unshownCoding: usize = 0;
/** Rows that show the text of a concept. */
export let codingTextCount: u32 = 0;
/** Inside an extension that has columns: its rows are added elsewhere. */
export let isPromoting: bool = false;

/** `keys`: system, version, code, display. */
export function setCodingKeys(keys: usize, userSelected: u32): void {
  codingKeys = keys;
  userSelectedKey = userSelected;
}

export function beginCodings(): void {
  unshownText = 0;
  unshownCoding = 0;
  isPromoting = false;
}

export function setUnshownText(concept: usize): void {
  unshownText = concept;
}

export function setUnshownCoding(coding: usize): void {
  unshownCoding = coding;
}

export function setPromoting(isInside: bool): void {
  isPromoting = isInside;
}

/** Adds a row for a coding that no column shows; `levelsUp` of the path are not the row's. */
export function addCoding(coding: usize, levelsUp: u32, codingIndex: u32, text: usize): void {
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
export function addCodingText(text: usize): void {
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
  let end = pathWithout(levelsUp);
  const index = lastIndex(end);
  if (index != 0) {
    end -= 4;
    writeNumber(index & ~IS_INDEX);
    setCell(row, 2, textAt, textLength);
  }
  writePath(end);
  setCell(row, 1, textAt, textLength);
  if (codingIndex != 0xffffffff) {
    writeNumber(codingIndex);
    setCell(row, 3, textAt, textLength);
  }
  return row;
}
