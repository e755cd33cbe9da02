// Labels of values, as plan/engine/renderings.ts writes them: the frequent ones; the others are the host's.

import { READ_BOOLEAN, READ_DECIMAL, kindOf, member, readPrimitive, readString, refuse, setText, textAt, textLength } from './cells';
import { chooseStandardCoding } from './items';
import { allocateArena } from './memory';
import { KIND_ARRAY, KIND_NUMBER, KIND_OBJECT, KIND_STRING } from './tape';

const RENDER_PRIMITIVE: u32 = 1;
const RENDER_QUANTITY: u32 = 2;

let valueKey: u32 = 0;
let unitKey: u32 = 0;
let codeKey: u32 = 0;
let comparatorKey: u32 = 0;
let textKey: u32 = 0;
let codingKey: u32 = 0;
let displayKey: u32 = 0;

export function setRenderingKeys(value: u32, unit: u32, code: u32, comparator: u32, text: u32, coding: u32, display: u32): void {
  valueKey = value;
  unitKey = unit;
  codeKey = code;
  comparatorKey = comparator;
  textKey = text;
  codingKey = coding;
  displayKey = display;
}

/** Sets the text of a value's label; false when it has none. */
export function render(token: usize, how: u32): bool {
  if (how == RENDER_PRIMITIVE) return renderPrimitive(token);
  if (kindOf(token) != KIND_OBJECT) return false;
  return how == RENDER_QUANTITY ? renderQuantity(token) : renderConcept(token);
}

function renderPrimitive(token: usize): bool {
  if (token == 0) return false;
  const kind = kindOf(token);
  if (kind == KIND_STRING) {
    readString(token);
    return true;
  }
  return readPrimitive(token, kind == KIND_NUMBER ? READ_DECIMAL : READ_BOOLEAN);
}

/** `186.4 cm`, `<5 mg`. */
function renderQuantity(quantity: usize): bool {
  const value = member(quantity, valueKey);
  if (value == 0 || kindOf(value) != KIND_NUMBER) return false;
  let comparatorAt: usize = 0;
  let comparatorLength: u32 = 0;
  if (renderPrimitive(member(quantity, comparatorKey))) {
    comparatorAt = textAt;
    comparatorLength = textLength;
  }
  let unitAt: usize = 0;
  let unitLength: u32 = 0;
  if (renderPrimitive(member(quantity, unitKey)) || renderPrimitive(member(quantity, codeKey))) {
    unitAt = textAt;
    unitLength = textLength;
    // UCUM's code for a bare number: https://ucum.org/ucum#section-Dimensionless-Units
    if (unitLength == 1 && load<u8>(unitAt) == 0x31) unitLength = 0;
  }
  readPrimitive(value, READ_DECIMAL);
  if (comparatorLength == 0 && unitLength == 0) return true;
  const amountAt = textAt;
  const amountLength = textLength;
  const to = allocateArena(comparatorLength + amountLength + 1 + unitLength);
  if (to == 0) {
    refuse();
    return false;
  }
  memory.copy(to, comparatorAt, comparatorLength);
  memory.copy(to + comparatorLength, amountAt, amountLength);
  let length = comparatorLength + amountLength;
  if (unitLength > 0) {
    store<u8>(to + length, 0x20);
    memory.copy(to + length + 1, unitAt, unitLength);
    length += 1 + unitLength;
  }
  setText(to, length);
  return true;
}

function renderConcept(concept: usize): bool {
  const text = member(concept, textKey);
  if (text != 0 && kindOf(text) == KIND_STRING) {
    readString(text);
    return true;
  }
  const codings = member(concept, codingKey);
  if (codings == 0 || kindOf(codings) != KIND_ARRAY) return false;
  const coding = chooseStandardCoding(codings);
  return coding != 0 && (renderPrimitive(member(coding, displayKey)) || renderPrimitive(member(coding, codeKey)));
}
