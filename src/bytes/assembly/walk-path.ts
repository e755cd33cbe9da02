// Where the walk is, as a FHIR path with indexes: `Patient.name[1].given`. Written only when a row needs it.

import { refuse, setText, textAt, textLength, writeNumber } from './cells';
import { allocateArena } from './memory';
import { PLAN_TYPE_TEXT, PLAN_TYPE_TEXT_LENGTH } from './plan-words';
import { keyTextAt, keyTextLength } from './rest';
import { plan } from './this-resource';

/** Keys, and indexes with the highest bit set. */
const pathStart: usize = memory.data(1024, 4);
let pathAt: usize = pathStart;
const pathEnd: usize = pathStart + 1000;
export const IS_INDEX: u32 = 0x8000_0000;

export function beginPath(): void {
  pathAt = pathStart;
}

export function pushPath(segment: u32): void {
  if (pathAt >= pathEnd) {
    refuse();
    return;
  }
  store<u32>(pathAt, segment);
  pathAt += 4;
}

// @ts-ignore
@inline
export function popPath(): void {
  pathAt -= 4;
}

/** Where the path ends without its last segments. */
export function pathWithout(levelCount: u32): usize {
  return pathAt - (levelCount << 2);
}

/** The index that a path ends in, with its highest bit set; 0 when it ends in a key. */
export function lastIndex(end: usize): u32 {
  if (end <= pathStart) return 0;
  const last = load<u32>(end - 4);
  return last & IS_INDEX ? last : 0;
}

/** Sets the text to the path up to a segment, such as `Patient.name[1].given`. */
export function writePath(end: usize): void {
  let length = load<u32>(plan, PLAN_TYPE_TEXT_LENGTH);
  for (let at = pathStart; at < end; at += 4) {
    const segment = load<u32>(at);
    length += segment & IS_INDEX ? 12 : 1 + keyTextLength(segment);
  }
  const to = allocateArena(length);
  if (to == 0) {
    refuse();
    return;
  }
  let out = to + load<u32>(plan, PLAN_TYPE_TEXT_LENGTH);
  memory.copy(to, load<u32>(plan, PLAN_TYPE_TEXT), out - to);
  for (let at = pathStart; at < end; at += 4) {
    const segment = load<u32>(at);
    if (segment & IS_INDEX) {
      store<u8>(out++, 0x5b);
      writeNumber(segment & ~IS_INDEX);
      memory.copy(out, textAt, textLength);
      out += textLength;
      store<u8>(out++, 0x5d);
    } else {
      store<u8>(out++, 0x2e);
      const keyLength = keyTextLength(segment);
      memory.copy(out, keyTextAt(segment), keyLength);
      out += keyLength;
    }
  }
  setText(to, <u32>(out - to));
}

/** The path of the walk as text, for the host; its address. The length is that of the text found last. */
export function describePath(): usize {
  writePath(pathAt);
  return textAt;
}
