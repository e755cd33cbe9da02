// Cells that are computed when the objects they read are known.

import { itemCount, joinList, kindOf, member, readPrimitive, refuse, setBoolean, setText, writeNumber } from './cells';
import { isTrue } from './equality';
import { computeCell } from './host';
import { slotOf } from './open-rows';
import {
  CELL_COMPUTED,
  CELL_CONTAINED_IN,
  CELL_COUNT,
  CELL_FIRST_OF,
  CELL_FLAG,
  CELL_ID,
  CELL_INDEX,
  CELL_LIST,
  CELL_NONE,
  CELL_PARENT_INDEX,
  CELL_PRESENT_KEY,
  CELL_REFERENCE_ID,
  CELL_REFERENCE_IDENTIFIER,
  CELL_REFERENCE_TYPE,
  CELL_RENDERED,
  CELL_TYPED_LIST,
  CELL_VALUE,
  OP_A,
  OP_B,
  OP_BYTES,
  OP_C,
  OP_D,
  OP_E,
  OP_STATE,
  STATE_INDEX,
  STATE_PARENT_INDEX,
} from './plan-words';
import { CONTAINMENT_IN, CONTAINMENT_IN_LENGTH } from './reference-words';
import { readReferenceId, readReferenceIdentifier, readReferenceType } from './references';
import { render } from './renderings';
import { readTyped } from './take-leaf';
import { KIND_ARRAY, KIND_FALSE, KIND_TRUE } from './tape';
import { containment, idAt, idLength } from './this-resource';
import { readTypedList } from './typed-lists';

/** Sets the text of a cell that is computed when the objects it reads are known; false when it is null. */
export function readCell(cell: usize): bool {
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
      return list != 0 && readTypedList(list, load<u32>(cell, OP_D));
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
      if (member(object, load<u32>(cell, OP_C)) != 0 || isTrue) {
        setBoolean(true);
        return true;
      }
      return flag != 0 && kindOf(flag) == KIND_FALSE && readPrimitive(flag, 2);
    }
    default:
      refuse();
      return false;
  }
}
