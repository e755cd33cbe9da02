// FHIRPath expressions over the tape, as plan/view-engine evaluates them over parsed resources. What would be an error
// there, or is not done here, makes the module refuse the resource.
//
// Nodes stand in the heap, in structures of u32 words that plan/byte-engine/byte-expressions.ts writes.

import { endOf, isRefused, kindOf, readString, refuse, startOf, textAt, textLength } from './cells';
import { OPEN, SAME, isEqual, isTrue } from './equality';
import { evaluateOperation } from './host';
import { isResourceOf, pushElements, pushExtensions, pushMembers, readMember, setMemberKeys } from './members';
import { allocateArena } from './memory';
import { readReferenceKey } from './references';
import { KIND_FALSE, KIND_NULL, KIND_OBJECT, KIND_STRING, KIND_TRUE } from './tape';
import {
  KIND_NO_VALUE,
  falseToken,
  idToken,
  itemIndex,
  makeNumber,
  makeToken,
  moveDown,
  popTo,
  prepareValues,
  push,
  refusal,
  resource,
  rowIndex,
  setItemIndex,
  stackTop,
  toBoolean,
  trueToken,
} from './values';

const NODE_IS_MANY: usize = 4;
const NODE_A: usize = 8;
const NODE_B: usize = 12;
const NODE_C: usize = 16;
const NODE_D: usize = 20;

const FOCUS: u32 = 1;
const RESOURCE: u32 = 2;
const ROW_INDEX: u32 = 3;
const INDEX: u32 = 4;
const LITERAL: u32 = 5;
const EMPTY: u32 = 6;
const MEMBER: u32 = 7;
const PRIMITIVE_ELEMENT: u32 = 8;
const EXTENSION: u32 = 9;
const WHERE: u32 = 10;
const SELECT: u32 = 11;
const RESOURCES_OF: u32 = 12;
const ITEM: u32 = 13;
const PART: u32 = 14;
const SKIP: u32 = 15;
const TAKE: u32 = 16;
const EXISTS: u32 = 17;
const HAS_VALUE: u32 = 18;
const ALL: u32 = 19;
const BOOLEANS: u32 = 20;
const COUNT: u32 = 21;
const NOT: u32 = 22;
const IS_THERE: u32 = 23;
const LOGIC: u32 = 24;
const EQUAL: u32 = 25;
const IS_AMONG: u32 = 26;
const UNION: u32 = 27;
const COMBINE: u32 = 28;
const JOIN: u32 = 29;
const CHOOSE: u32 = 30;
const WITH: u32 = 31;
const RESOURCE_KEY: u32 = 32;
const REFERENCE_KEY: u32 = 33;
const OPERATION: u32 = 34;

const PART_FIRST: u32 = 1;
const PART_TAIL: u32 = 3;
const PART_SINGLE: u32 = 4;

const AND: u32 = 1;
const OR: u32 = 2;
const XOR: u32 = 3;

/** To be called once. Returns where the tokens for true, for false and for no value stand, one after the other. */
export function prepareExpressions(extensionKey: u32, urlKey: u32, resourceTypeKey: u32): usize {
  setMemberKeys(extensionKey, urlKey, resourceTypeKey);
  return prepareValues();
}

// @ts-ignore
@inline
function isMet(criterion: usize, focus: usize): bool {
  return isTrue(single(criterion, focus));
}

/** The one value of an expression, or 0. */
export function single(node: usize, focus: usize): usize {
  return load<u32>(node, NODE_IS_MANY) != 0 ? onlyOne(node, focus) : evaluateOne(node, focus);
}

/** Pushes the values of an expression. */
export function plural(node: usize, focus: usize): void {
  if (load<u32>(node, NODE_IS_MANY) != 0) {
    evaluateMany(node, focus);
    return;
  }
  const value = evaluateOne(node, focus);
  if (value != 0) push(value);
}

function onlyOne(node: usize, focus: usize): usize {
  const base = stackTop;
  evaluateMany(node, focus);
  const count = (stackTop - base) >> 2;
  popTo(base);
  if (count > 1) refuse();
  return count == 0 ? 0 : <usize>load<u32>(base);
}

function countOf(node: usize, focus: usize): u32 {
  const base = stackTop;
  plural(node, focus);
  const count = <u32>((stackTop - base) >> 2);
  popTo(base);
  return count;
}

function evaluateOne(node: usize, focus: usize): usize {
  const a = <usize>load<u32>(node, NODE_A);
  switch (load<u32>(node)) {
    case FOCUS:
      return focus;
    case RESOURCE:
      return resource;
    case ROW_INDEX:
      return makeNumber(rowIndex);
    case INDEX:
      return makeNumber(itemIndex);
    case LITERAL:
      return a;
    case EMPTY:
      return 0;
    case MEMBER:
      return readMember(single(a, focus), load<u32>(node, NODE_B), load<u32>(node, NODE_C));
    case WHERE: {
      const value = single(a, focus);
      if (value == 0) return 0;
      const outer = itemIndex;
      setItemIndex(0);
      const isKept = isMet(load<u32>(node, NODE_B), value);
      setItemIndex(outer);
      return isKept ? value : 0;
    }
    case SELECT: {
      const value = single(a, focus);
      return value == 0 ? 0 : single(load<u32>(node, NODE_B), value);
    }
    case WITH:
      return single(load<u32>(node, NODE_B), single(a, focus));
    case RESOURCES_OF: {
      const value = single(a, focus);
      return isResourceOf(value, load<u32>(node, NODE_B), load<u32>(node, NODE_C)) ? value : 0;
    }
    case ITEM: {
      const base = stackTop;
      plural(a, focus);
      const at = base + (<usize>load<u32>(node, NODE_B) << 2);
      const value = at < stackTop ? <usize>load<u32>(at) : 0;
      popTo(base);
      return value;
    }
    case PART:
      return readPart(a, load<u32>(node, NODE_B), focus);
    case SKIP:
    case TAKE: {
      const isSkip = load<u32>(node) == SKIP;
      return (load<u32>(node, NODE_B) > 0) != isSkip ? single(a, focus) : 0;
    }
    case EXISTS:
      return toBoolean((countOf(a, focus) > 0) == (load<u32>(node, NODE_B) != 0));
    case HAS_VALUE: {
      const base = stackTop;
      plural(a, focus);
      const isOne = stackTop - base == 4;
      const value = isOne ? <usize>load<u32>(base) : 0;
      popTo(base);
      return toBoolean(isOne && kindOf(value) != KIND_OBJECT && kindOf(value) != KIND_NO_VALUE);
    }
    case ALL: {
      const base = stackTop;
      plural(a, focus);
      const end = stackTop;
      const outer = itemIndex;
      let areMet = true;
      for (let at = base; at < end && areMet && !isRefused; at += 4) {
        setItemIndex(<u32>((at - base) >> 2));
        areMet = isMet(load<u32>(node, NODE_B), load<u32>(at));
      }
      setItemIndex(outer);
      popTo(base);
      return toBoolean(areMet);
    }
    case BOOLEANS: {
      const isOfAll = load<u32>(node, NODE_B) != 0;
      const sought = load<u32>(node, NODE_C) != 0 ? KIND_TRUE : KIND_FALSE;
      const base = stackTop;
      plural(a, focus);
      let result = isOfAll;
      for (let at = base; at < stackTop; at += 4) {
        if ((kindOf(load<u32>(at)) == sought) == isOfAll) continue;
        result = !isOfAll;
        break;
      }
      popTo(base);
      return toBoolean(result);
    }
    case COUNT:
      return makeNumber(countOf(a, focus));
    case NOT: {
      const value = single(a, focus);
      if (value == 0) return 0;
      const kind = kindOf(value);
      return kind == KIND_TRUE ? falseToken : kind == KIND_FALSE ? trueToken : 0;
    }
    case IS_THERE: {
      const value = single(a, focus);
      return value == 0 || kindOf(value) == KIND_NO_VALUE ? 0 : trueToken;
    }
    case LOGIC:
      return combine(<u32>a, load<u32>(node, NODE_B), load<u32>(node, NODE_C), focus);
    case EQUAL:
      return compareLists(node, focus);
    case IS_AMONG: {
      const value = single(load<u32>(node, NODE_B), focus);
      if (value == 0) return 0;
      const base = stackTop;
      plural(load<u32>(node, NODE_C), focus);
      let isFound = false;
      for (let at = base; at < stackTop && !isFound; at += 4) isFound = isEqual(<u32>a, load<u32>(at), value) == SAME;
      popTo(base);
      return toBoolean(isFound);
    }
    case JOIN:
      return joinTexts(a, load<u32>(node, NODE_B), load<u32>(node, NODE_C), focus);
    case CHOOSE:
      return single(isMet(a, focus) ? load<u32>(node, NODE_B) : load<u32>(node, NODE_C), focus);
    case RESOURCE_KEY:
      return single(a, focus) == resource ? idToken : 0;
    case REFERENCE_KEY:
      return readKey(node, single(a, focus));
    case OPERATION: {
      const first = single(load<u32>(node, NODE_B), focus);
      const second = load<u32>(node, NODE_C);
      const value = evaluateOperation(<u32>a, first, second == 0 ? 0 : single(second, focus));
      if (value != refusal) return value;
      refuse();
      return 0;
    }
    default:
      return onlyOne(node, focus);
  }
}

function evaluateMany(node: usize, focus: usize): void {
  const a = <usize>load<u32>(node, NODE_A);
  const base = stackTop;
  switch (load<u32>(node)) {
    case MEMBER: {
      if (load<u32>(a, NODE_IS_MANY) == 0) {
        pushMembers(evaluateOne(a, focus), load<u32>(node, NODE_B), load<u32>(node, NODE_C));
        return;
      }
      evaluateMany(a, focus);
      const end = stackTop;
      for (let at = base; at < end; at += 4) pushMembers(load<u32>(at), load<u32>(node, NODE_B), load<u32>(node, NODE_C));
      moveDown(base, end);
      return;
    }
    case PRIMITIVE_ELEMENT:
    case EXTENSION:
    case RESOURCES_OF:
    case REFERENCE_KEY: {
      plural(a, focus);
      const end = stackTop;
      for (let at = base; at < end && !isRefused; at += 4) pushOfItem(node, load<u32>(at), focus);
      moveDown(base, end);
      return;
    }
    case WHERE: {
      plural(a, focus);
      const end = stackTop;
      const outer = itemIndex;
      let to = base;
      for (let at = base; at < end && !isRefused; at += 4) {
        setItemIndex(<u32>((at - base) >> 2));
        const item = load<u32>(at);
        if (!isMet(load<u32>(node, NODE_B), item)) continue;
        store<u32>(to, item);
        to += 4;
      }
      setItemIndex(outer);
      popTo(to);
      return;
    }
    case SELECT: {
      plural(a, focus);
      const end = stackTop;
      const outer = itemIndex;
      for (let at = base; at < end && !isRefused; at += 4) {
        setItemIndex(<u32>((at - base) >> 2));
        plural(load<u32>(node, NODE_B), load<u32>(at));
      }
      setItemIndex(outer);
      moveDown(base, end);
      return;
    }
    case WITH:
      plural(load<u32>(node, NODE_B), single(a, focus));
      return;
    case PART:
    case SKIP:
    case TAKE: {
      plural(a, focus);
      const all = stackTop - base;
      const isTake = load<u32>(node) == TAKE;
      const border: usize = load<u32>(node) == PART ? 4 : min<usize>(<usize>load<u32>(node, NODE_B) << 2, all);
      if (isTake) popTo(base + border);
      else if (all > 0) moveDown(base, base + border);
      return;
    }
    case UNION: {
      const count = load<u32>(node, NODE_B);
      const operands = <usize>load<u32>(node, NODE_C);
      for (let index: u32 = 0; index < count; index++) plural(load<u32>(operands + (index << 2)), focus);
      const end = stackTop;
      let to = base;
      for (let at = base; at < end && !isRefused; at += 4) {
        const value = load<u32>(at);
        let isNew = true;
        for (let known = base; known < to && isNew; known += 4) isNew = isEqual(<u32>a, load<u32>(known), value) != SAME;
        if (!isNew) continue;
        store<u32>(to, value);
        to += 4;
      }
      popTo(to);
      return;
    }
    case COMBINE:
      plural(a, focus);
      plural(load<u32>(node, NODE_B), focus);
      return;
    case CHOOSE:
      plural(isMet(a, focus) ? load<u32>(node, NODE_B) : load<u32>(node, NODE_C), focus);
      return;
    default: {
      const value = evaluateOne(node, focus);
      if (value != 0) push(value);
    }
  }
}

function pushOfItem(node: usize, item: usize, focus: usize): void {
  switch (load<u32>(node)) {
    case RESOURCES_OF:
      if (isResourceOf(item, load<u32>(node, NODE_B), load<u32>(node, NODE_C))) push(item);
      return;
    case REFERENCE_KEY: {
      const key = readKey(node, item);
      if (key != 0) push(key);
      return;
    }
    case EXTENSION:
      pushExtensions(item, single(load<u32>(node, NODE_B), focus));
      return;
    default:
      pushElements(item, load<u32>(node, NODE_B), load<u32>(node, NODE_C));
  }
}

function readPart(input: usize, part: u32, focus: usize): usize {
  if (load<u32>(input, NODE_IS_MANY) == 0) return part == PART_TAIL ? 0 : evaluateOne(input, focus);
  if (part == PART_SINGLE) return onlyOne(input, focus);
  const base = stackTop;
  evaluateMany(input, focus);
  const at = part == PART_FIRST ? base : stackTop - 4;
  const value = stackTop == base ? 0 : <usize>load<u32>(at);
  popTo(base);
  return value;
}

/** https://hl7.org/fhirpath/N1/#boolean-logic: three values, the third one empty. */
function combine(operator: u32, left: usize, right: usize, focus: usize): usize {
  const a = single(left, focus);
  const aKind = a == 0 ? KIND_NULL : kindOf(a);
  if (operator == AND && aKind == KIND_FALSE) return falseToken;
  if (operator == OR && aKind == KIND_TRUE) return trueToken;
  if (operator > XOR && aKind == KIND_FALSE) return trueToken;
  const b = single(right, focus);
  const bKind = b == 0 ? KIND_NULL : kindOf(b);
  if (operator == AND) return bKind == KIND_FALSE ? falseToken : aKind == KIND_TRUE && bKind == KIND_TRUE ? trueToken : 0;
  if (operator == OR) return bKind == KIND_TRUE ? trueToken : aKind == KIND_FALSE && bKind == KIND_FALSE ? falseToken : 0;
  const isA = aKind == KIND_TRUE || aKind == KIND_FALSE;
  const isB = bKind == KIND_TRUE || bKind == KIND_FALSE;
  if (operator == XOR) return isA && isB ? toBoolean(aKind != bKind) : 0;
  return bKind == KIND_TRUE ? trueToken : aKind == KIND_TRUE && bKind == KIND_FALSE ? falseToken : 0;
}

/** Empty when a side is; false when there are more on one side than on the other. */
function compareLists(node: usize, focus: usize): usize {
  const as = load<u32>(node, NODE_A);
  const isNegated = load<u32>(node, NODE_D) != 0;
  const left = <usize>load<u32>(node, NODE_B);
  const right = <usize>load<u32>(node, NODE_C);
  if (load<u32>(left, NODE_IS_MANY) == 0 && load<u32>(right, NODE_IS_MANY) == 0) {
    const a = evaluateOne(left, focus);
    const b = evaluateOne(right, focus);
    const equal = a == 0 || b == 0 ? OPEN : isEqual(as, a, b);
    return equal == OPEN ? 0 : toBoolean((equal == SAME) != isNegated);
  }
  const base = stackTop;
  plural(left, focus);
  const middle = stackTop;
  plural(right, focus);
  const leftBytes = middle - base;
  const rightBytes = stackTop - middle;
  popTo(base);
  if (leftBytes == 0 || rightBytes == 0) return 0;
  if (leftBytes != rightBytes) return toBoolean(isNegated);
  let isOpen = false;
  for (let at: usize = 0; at < leftBytes && !isRefused; at += 4) {
    const equal = isEqual(as, load<u32>(base + at), load<u32>(middle + at));
    if (equal == OPEN) isOpen = true;
    else if (equal != SAME) return toBoolean(isNegated);
  }
  return isOpen ? 0 : toBoolean(!isNegated);
}

function joinTexts(input: usize, separator: usize, separatorLength: u32, focus: usize): usize {
  const base = stackTop;
  plural(input, focus);
  const end = stackTop;
  popTo(base);
  let count: u32 = 0;
  let byteCount: u32 = 0;
  let last: usize = 0;
  for (let at = base; at < end; at += 4) {
    const item = <usize>load<u32>(at);
    if (kindOf(item) != KIND_STRING) continue;
    last = item;
    count++;
    byteCount += <u32>(endOf(item) - startOf(item)) + separatorLength;
  }
  if (count <= 1) return last;
  const to = allocateArena(byteCount);
  if (to == 0) {
    refuse();
    return 0;
  }
  let out = to;
  let isFirst = true;
  for (let at = base; at < end; at += 4) {
    const item = <usize>load<u32>(at);
    if (kindOf(item) != KIND_STRING) continue;
    if (!isFirst) out = copyTo(out, separator, separatorLength);
    isFirst = false;
    readString(item);
    out = copyTo(out, textAt, textLength);
  }
  return makeToken(KIND_STRING, to, <u32>(out - to));
}

function copyTo(to: usize, from: usize, byteCount: u32): usize {
  memory.copy(to, from, byteCount);
  return to + byteCount;
}

function readKey(node: usize, reference: usize): usize {
  if (reference == 0 || kindOf(reference) != KIND_OBJECT) return 0;
  if (!readReferenceKey(reference, load<u32>(node, NODE_B), load<u32>(node, NODE_C), load<u32>(node, NODE_D) != 0)) return 0;
  return makeToken(KIND_STRING, textAt, textLength);
}
