// The rows being filled: one for each table, or several where items hold items of their own table.

import { refuse } from './cells';
import { allocateArena } from './memory';
import {
  FRAME_BYTES,
  PLAN_STATES,
  PLAN_STATE_COUNT,
  STATE_DEPTH,
  STATE_FIRST_ROW,
  STATE_INDEX,
  STATE_IS_RECURSIVE,
  STATE_NEXT_INDEX,
  STATE_NODE_COUNT,
  STATE_OPEN,
  STATE_PARENT_INDEX,
  STATE_ROW,
  STATE_SLOTS,
} from './plan-words';
import { addRow, truncateRows } from './rows';
import { plan } from './this-resource';

export function beginRow(state: usize, arrayIndex: u32): void {
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

export function endRow(state: usize): void {
  store<u32>(state, load<u32>(state, STATE_DEPTH) - 1, STATE_DEPTH);
  const frame = <usize>load<u32>(state, STATE_OPEN);
  if (frame == 0) return;
  store<u32>(state, load<u32>(frame), STATE_OPEN);
  store<u32>(state, load<u32>(frame, 4), STATE_ROW);
  store<u32>(state, load<u32>(frame, 8), STATE_INDEX);
  store<u32>(state, load<u32>(frame, 12), STATE_PARENT_INDEX);
  store<u32>(state, load<u32>(frame, 16), STATE_SLOTS);
}

/** The object that a node of the row has; 0 where it is absent. */
export function slotOf(state: usize, node: u32): usize {
  return load<u32>(<usize>load<u32>(state, STATE_SLOTS) + (node << 2));
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
