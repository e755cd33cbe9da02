// What a rule leaves out of the tables, of the resource at hand: counted when its rows are there to stay.

import { kindOf, nextOf, refuse, unitCount } from './cells';
import { countDropped } from './host';
import { KEY_NUMBER } from './plan-words';
import { leafCount } from './rest';
import { KIND_ARRAY, KIND_OBJECT, KIND_STRING } from './tape';

/** Key handler, leaf count, units of text. */
const dropStart: usize = memory.data(768, 4);
const dropEnd: usize = dropStart + 768;
let dropAt: usize = dropStart;

export function beginDropped(): void {
  dropAt = dropStart;
}

export function commitDropped(): void {
  for (let at = dropStart; at < dropAt; at += 12) countDropped(load<u32>(at), load<u32>(at, 4), load<u32>(at, 8));
}

export function dropValue(key: usize, value: usize): void {
  if (dropAt >= dropEnd) {
    refuse();
    return;
  }
  store<u32>(dropAt, load<u32>(key, KEY_NUMBER));
  store<u32>(dropAt, leafCount(value), 4);
  store<u32>(dropAt, textUnits(value), 8);
  dropAt += 12;
}

/** Units of all texts that a value holds. */
function textUnits(value: usize): u32 {
  const kind = kindOf(value);
  if (kind == KIND_STRING) return unitCount(value);
  if (kind != KIND_ARRAY && kind != KIND_OBJECT) return 0;
  const end = nextOf(value);
  let count: u32 = 0;
  for (let item = value + 16; item < end; item = nextOf(item)) count += textUnits(item);
  return count;
}
