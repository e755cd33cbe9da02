// The names of keys → their numbers, and where their texts are.

import { allocateHeap } from './memory';
import { addKey } from './tape';

const LINE_FEED: u8 = 0x0a;

/**
 * Numbers the names in [from, to), which stay where they are. Each is a line: `_`, the name, a line feed; the first has
 * number 1, with its `_` number 2, and so on. Returns the address of the table of all: by number, address (u32) and
 * length (u32) of the text. Entry 0 is no key's.
 */
export function addKeys(from: usize, to: usize, nameCount: u32): usize {
  const table = allocateHeap((2 * nameCount + 1) << 3);
  let key: u32 = 1;
  let line = from;
  for (let at = from; at < to && key < 2 * nameCount; at++) {
    if (load<u8>(at) != LINE_FEED) continue;
    addEntry(table, key, line + 1, at);
    addEntry(table, key + 1, line, at);
    key += 2;
    line = at + 1;
  }
  return table;
}

function addEntry(table: usize, key: u32, start: usize, end: usize): void {
  addKey(start, end - start, key);
  const entry = table + ((<usize>key) << 3);
  store<u32>(entry, <u32>start);
  store<u32>(entry, <u32>(end - start), 4);
}
