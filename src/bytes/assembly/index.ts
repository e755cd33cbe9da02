// What the host sees of the module.

export { encodeCopy } from './copy';
export { encodeCsv } from './csv';
export { addToHash, beginHash, endHash } from './hash';
export { prepareExpressions } from './expressions';
export { setCodingRules } from './items';
export { addKeys } from './keys';
export { encodedByteCount } from './layout';
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
export { forgetTargets, setReferenceKeys, unmetNotes } from './references';
export { setRenderingKeys } from './renderings';
export { setKeyTexts } from './rest';
export { addRow, clearRows, createTable, discardRows, setCell, truncateRows } from './rows';
export { hasRewritten, oddNumberCount, scan, tapeAddress } from './tape';
export { describePath, flatten, setHostText, setWalkKeys, takeBackRows, textByteCount } from './walk';
export { flattenView } from './view';
