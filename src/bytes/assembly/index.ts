// What the host sees of the module.

export { encodeCsv, encodedByteCount } from './csv';
export { addKeys } from './keys';
export {
  allocateArena,
  allocateHeap,
  allocateText,
  arenaByteCount,
  heldByteCount,
  outPosition,
  placedText,
  resetArena,
  truncateArena,
} from './memory';
export { addRow, clearRows, createTable, discardRows, setCell, truncateRows } from './rows';
export { oddNumberCount, scan, tapeAddress } from './tape';
