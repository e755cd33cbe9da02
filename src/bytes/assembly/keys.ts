// The names of keys ⇄ their numbers: a hash table of the names, and by number where their texts are.

import { isSame } from './cells';
import { LINE_FEED } from './characters';
import { allocateHeap, keySlots, keyTable } from './memory';

/** Longer keys are not FHIR's. */
const longestKey: usize = 255;

/** Slots of the key table: number (u16, 0 in a free slot), length (u16), address of the text (u32). */
// @ts-ignore: a decorator
@inline
function slotAddress(slot: u32): usize {
  return keyTable + ((<usize>slot) << 3);
}

// @ts-ignore: a decorator
@inline
function hashKey(text: usize, length: usize): u32 {
  let hash = <u32>length * 0x9e3779b1;
  if (length >= 4) {
    hash ^= load<u32>(text) * 0x85ebca6b;
    hash ^= rotl(load<u32>(text + length - 4) * 0xc2b2ae35, 13);
    hash ^= load<u32>(text + (length >> 1) - 2) * 0x27d4eb2f;
  } else {
    hash ^= (<u32>load<u8>(text)) * 0x85ebca6b + (<u32>load<u8>(text + (length >> 1))) * 0xc2b2ae35 + (<u32>load<u8>(text + length - 1)) * 0x27d4eb2f;
  }
  hash ^= hash >> 15;
  hash *= 0x2c1b3c6d;
  return hash ^ (hash >> 13);
}

/** Adds a key of 1 to 255 bytes whose text stays where it is. There must be free slots left. */
function addKey(text: usize, length: usize, key: u32): void {
  let slot = hashKey(text, length) & (keySlots - 1);
  while (load<u16>(slotAddress(slot)) != 0) slot = (slot + 1) & (keySlots - 1);
  const address = slotAddress(slot);
  store<u16>(address, <u16>key);
  store<u16>(address, <u16>length, 2);
  store<u32>(address, <u32>text, 4);
}

/** The key's number; 0 for one that is not in the table. */
// @ts-ignore: a decorator
@inline
export function findKey(text: usize, length: usize): u32 {
  if (length > longestKey) return 0;
  let slot = hashKey(text, length) & (keySlots - 1);
  let address = slotAddress(slot);
  let key = load<u16>(address);
  while (key != 0 && (load<u16>(address, 2) != <u16>length || !isSame(text, load<u32>(address, 4), <u32>length))) {
    slot = (slot + 1) & (keySlots - 1);
    address = slotAddress(slot);
    key = load<u16>(address);
  }
  return key;
}

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
