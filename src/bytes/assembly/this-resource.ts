// The resource at hand: its plan, its id, and how it stands to those that it contains or is contained in.

import { isSame, readString, textAt, textLength } from './cells';
import { PLAN_CODINGS, PLAN_EXTENSIONS } from './plan-words';
import { CONTAINMENT_ID_LENGTH, CONTAINMENT_IN, CONTAINMENT_UNPACKED, CONTAINMENT_UNPACKED_COUNT } from './reference-words';

/** Of the structure that plan-words.ts calls a plan. */
export let plan: usize = 0;
/** See references.ts; 0 for a resource that neither contains others nor is contained. */
export let containment: usize = 0;
export let idAt: usize = 0;
export let idLength: u32 = 0;
export let hasCodings: bool = false;
export let hasExtensions: bool = false;

export function beginResource(planAddress: usize, place: usize, id: usize, idByteCount: u32): void {
  plan = planAddress;
  containment = place;
  idAt = id;
  idLength = idByteCount;
  hasCodings = load<u32>(plan, PLAN_CODINGS) != 0;
  hasExtensions = load<u32>(plan, PLAN_EXTENSIONS) != 0;
}

export function isUnpacked(index: u32): bool {
  const count = load<u32>(containment, CONTAINMENT_UNPACKED_COUNT);
  const places = <usize>load<u32>(containment, CONTAINMENT_UNPACKED);
  for (let place: u32 = 0; place < count; place++) if (load<u32>(places + (place << 2)) == index) return true;
  return false;
}

/** The row's id is the resource's, or ends in it where the resource is contained in another. */
export function isOwnId(value: usize): bool {
  readString(value);
  if (textLength == idLength && isSame(textAt, idAt, idLength)) return true;
  if (containment == 0 || load<u32>(containment, CONTAINMENT_IN) == 0) return false;
  const outerLength = load<u32>(containment, CONTAINMENT_ID_LENGTH);
  if (idLength != outerLength + 1 + textLength || load<u8>(idAt + outerLength) != 0x23) return false;
  return isSame(idAt, load<u32>(containment), outerLength) && isSame(idAt + outerLength + 1, textAt, textLength);
}
