// Leaf values → the cells that show them; and whether the value can be told from these.

import {
  isListFit,
  isListShown,
  isRefused,
  isSeparable,
  isText,
  itemCount,
  joinList,
  kindOf,
  member,
  readPrimitive,
  readString,
  refuse,
  textAt,
  textLength,
} from './cells';
import { choose } from './items';
import { allocateArena } from './memory';
import { slotOf } from './open-rows';
import {
  KEY_LEAF_COUNT,
  KEY_LEAVES,
  LEAF_ALWAYS,
  LEAF_FIRST_OF,
  LEAF_IMPLIED,
  LEAF_JOINED_ITEM,
  LEAF_JSON,
  LEAF_LIST,
  LEAF_OWN_ID,
  LEAF_REFERENCE,
  LEAF_REFERENCE_IDENTIFIER,
  LEAF_REFERENCE_TYPE,
  LEAF_TYPED_LIST,
  LEAF_VALUE,
  OP_A,
  OP_B,
  OP_BYTES,
  OP_C,
  OP_COLUMN,
  OP_D,
  OP_E,
  OP_STATE,
  PLACE_CHILD,
  PLACE_SLOT,
  STATE_ROW,
} from './plan-words';
import { showsLiteral, showsType } from './references';
import { putValue, restAt, rewindRest } from './rest';
import { setCell } from './rows';
import { KIND_ARRAY, KIND_OBJECT, KIND_STRING } from './tape';
import { isOwnId } from './this-resource';
import { isTypeFit, isTypeShown } from './typed';
import { judgeTypedList, readTypedList } from './typed-lists';

let valueKey: u32 = 0;

export function setLeafKeys(value: u32): void {
  valueKey = value;
}

/** Sets the text of a value that fits a column; false when it does not. */
export function readTyped(token: usize, how: u32, check: u32): bool {
  return readPrimitive(token, how) && (check == 0 || isTypeFit(token, check));
}

/** Sets the cells that show a leaf value; true when it can be told from them. */
export function takeLeaf(leaf: usize, value: usize, owner: usize): bool {
  switch (load<u32>(leaf)) {
    case LEAF_VALUE:
      if (!readTyped(value, load<u32>(leaf, OP_A), load<u32>(leaf, OP_D))) return false;
      setCell(load<u32>(load<u32>(leaf, OP_STATE), STATE_ROW), load<u32>(leaf, OP_COLUMN), textAt, textLength);
      return load<u32>(leaf, OP_D) == 0 || isTypeShown(value, load<u32>(leaf, OP_D));
    case LEAF_TYPED_LIST: {
      const check = load<u32>(leaf, OP_D);
      if (readTypedList(value, check)) {
        setCell(load<u32>(load<u32>(leaf, OP_STATE), STATE_ROW), load<u32>(leaf, OP_COLUMN), textAt, textLength);
      }
      return judgeTypedList(value, check) == 1;
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
export function isFit(key: usize, value: usize): bool {
  const count = load<u32>(key, KEY_LEAF_COUNT);
  let leaf = <usize>load<u32>(key, KEY_LEAVES);
  for (let index: u32 = 0; index < count; index++, leaf += OP_BYTES) {
    switch (load<u32>(leaf)) {
      case LEAF_VALUE:
      case LEAF_FIRST_OF:
        if (readTyped(value, load<u32>(leaf, OP_A), load<u32>(leaf, OP_D))) return true;
        break;
      case LEAF_TYPED_LIST:
        if (judgeTypedList(value, load<u32>(leaf, OP_D)) != 0) return true;
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
