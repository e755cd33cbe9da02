// The one memory of the module: what stands where. Tables of the program (key names, plans) are allocated for good in
// the heap; a record's tape and its other_json are made anew for each record; the arena holds what rows point to until
// they have been written.

/** Slots of the table of key names, 8 bytes each. */
export const keySlots: u32 = 16384;
export const keyTable: usize = 0x20000;
/** Grows from here for good. */
const heapStart: usize = keyTable + ((<usize>keySlots) << 3);
const heapEnd: usize = 0x0200_0000;
/** One token of 16 bytes for each value of the record at hand. */
export const tapeStart: usize = heapEnd;
export const tapeEnd: usize = 0x0300_0000;
/** JSON text of what no cell shows, of the record at hand. */
export const restStart: usize = tapeEnd;
export const restEnd: usize = 0x0340_0000;
/** Encoded rows on their way out. */
export const outStart: usize = restEnd;
export const outEnd: usize = 0x0380_0000;
export const arenaStart: usize = outEnd;
/** The memory's end, less what a vector load may read beyond a text. */
export const arenaEnd: usize = 0x0780_0000 - 64;

let heapTop: usize = heapStart;
let arenaTop: usize = arenaStart;
/** The text that was placed last, as long as it is known to be there; 0 when it is not. */
let textStart: usize = 0;
let textEnd: usize = 0;
/** Changes with each reset. */
export let arenaGeneration: u32 = 0;

/** Memory that is never given back, all zero; 0 when there is no more. */
export function allocateHeap(byteCount: u32): usize {
  const found = heapTop;
  const top = found + ((byteCount + 7) & ~7);
  if (top > heapEnd) return 0;
  heapTop = top;
  return found;
}

/** Memory until the next reset, with whatever was there before; 0 when there is no more. */
export function allocateArena(byteCount: u32): usize {
  const found = arenaTop;
  const top = found + ((byteCount + 7) & ~7);
  if (top > arenaEnd) return 0;
  arenaTop = top;
  return found;
}

/** Room in the arena for text to be read. The text before is given up unless something has come after it: rows of it. */
export function allocateText(byteCount: u32): usize {
  if (textEnd != 0 && arenaTop == textEnd) arenaTop = textStart;
  textStart = allocateArena(byteCount);
  textEnd = textStart == 0 ? 0 : arenaTop;
  return textStart;
}

/** Where the text is that was placed last; 0 when it is gone. */
export function placedText(): usize {
  return textStart;
}

/** Forgets all that was allocated in the arena. */
export function resetArena(): void {
  truncateArena(0);
  arenaGeneration++;
}

export function arenaByteCount(): u32 {
  return <u32>(arenaTop - arenaStart);
}

/** The same without the text that is being read. */
export function heldByteCount(): u32 {
  return arenaByteCount() - <u32>(textStart == 0 ? 0 : textEnd - textStart);
}

/** Takes back what was allocated since the arena had this size. */
export function truncateArena(byteCount: u32): void {
  arenaTop = arenaStart + byteCount;
  if (arenaTop >= textEnd) return;
  textStart = 0;
  textEnd = 0;
}

export function outPosition(): usize {
  return outStart;
}
