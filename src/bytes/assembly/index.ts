// What the host sees of the module.

export { allocateArena, allocateHeap, arenaByteCount, outPosition, resetArena, truncateArena } from './memory';
export { addKey, scan } from './tape';
