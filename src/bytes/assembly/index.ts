// What the host sees of the module.

export { allocateArena, allocateHeap, allocateText, arenaByteCount, outPosition, placedText, resetArena, truncateArena } from './memory';
export { addKeys } from './keys';
export { oddNumberCount, scan, tapeAddress } from './tape';

