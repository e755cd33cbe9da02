// Identifiers of a resource → records for src/run/identifier-spool.ts, with the hashes of src/run/key-hash.ts: bit for bit
// the same as there, where those are made whose texts are not ASCII as they stand.

import { endOf, kindOf, member, nextOf, startOf } from './cells';
import { KIND_ARRAY, KIND_OBJECT, KIND_STRING } from './tape';

/** The numbers that src/bytes/key-names.ts gives them. */
const KEY_SYSTEM: u32 = 13;
const KEY_VALUE: u32 = 15;

const HEAD_BYTES: u32 = 14;
const MULTIPLIER_A: u32 = 0x85ebca6b;
const MULTIPLIER_B: u32 = 0xc2b2ae35;
const VERTICAL_BAR: u32 = 0x7c;
const MOST_TYPES: u32 = 0x10000;

let seedA: u32 = 0;
let seedB: u32 = 0;
let laneA: u32 = 0;
let laneB: u32 = 0;

export function setHashSeeds(a: u32, b: u32): void {
  seedA = a;
  seedB = b;
}

function begin(): void {
  laneA = seedA;
  laneB = seedB;
}

// @ts-ignore
@inline
function addUnit(unit: u32): void {
  const a = (laneA ^ unit) * MULTIPLIER_A;
  const b = (laneB ^ unit) * MULTIPLIER_B;
  laneA = a ^ (a >> 15);
  laneB = b ^ (b >> 13);
}

function addText(token: usize): void {
  const end = endOf(token);
  for (let at = startOf(token); at < end; at++) addUnit(<u32>load<u8>(at));
}

function finish(half: u32): u32 {
  let bits = (half ^ (half >> 16)) * MULTIPLIER_A;
  bits = (bits ^ (bits >> 13)) * MULTIPLIER_B;
  return bits ^ (bits >> 16);
}

/** Writes the record of what has been hashed; returns where it ends. */
function writeRecord(at: usize, typeNumber: u32, id: usize): usize {
  const idByteCount = <u32>(endOf(id) - startOf(id));
  store<u32>(at, finish(laneA ^ (laneB * MULTIPLIER_A)));
  store<u32>(at, finish(laneB ^ (laneA * MULTIPLIER_B)), 4);
  store<u16>(at, <u16>typeNumber, 8);
  store<u32>(at, idByteCount, 10);
  memory.copy(at + HEAD_BYTES, startOf(id), idByteCount);
  return at + HEAD_BYTES + idByteCount;
}

// @ts-ignore
@inline
function isPlain(text: usize): bool {
  return load<u8>(text, 1) == 0;
}

/**
 * For each identifier that has a value a record by `system|value` and one by the value alone, written at `top`. Returns
 * where they end; 0 when they do not all end before `end`, or some text does not stand there as it is said.
 */
export function writeIdentifiers(identifier: usize, id: usize, typeNumber: u32, top: usize, end: usize): usize {
  if (id == 0 || kindOf(id) != KIND_STRING || !isPlain(id) || typeNumber >= MOST_TYPES) return 0;
  const recordBytes = HEAD_BYTES + <u32>(endOf(id) - startOf(id));
  const itemsEnd = nextOf(identifier);
  let at = top;
  for (let item = kindOf(identifier) == KIND_ARRAY ? identifier + 16 : identifier; item < itemsEnd; item = nextOf(item)) {
    if (kindOf(item) != KIND_OBJECT) continue;
    const value = member(item, KEY_VALUE);
    if (value == 0 || kindOf(value) != KIND_STRING) continue;
    if (!isPlain(value) || at + 2 * recordBytes > end) return 0;
    const system = member(item, KEY_SYSTEM);
    begin();
    if (system != 0 && kindOf(system) == KIND_STRING) {
      if (!isPlain(system)) return 0;
      addText(system);
    }
    addUnit(VERTICAL_BAR);
    addText(value);
    at = writeRecord(at, typeNumber, id);
    begin();
    addText(value);
    at = writeRecord(at, typeNumber, id);
  }
  return at;
}
