// What the host sees of the module.

export { setText, textByteCount } from './cells';
export { setCodingKeys } from './coding-rows';
export { columnParts, filledColumns, fillMoments, fillTextLists, fillTexts, fillValues } from './columns';
export { encodeCopy } from './copy';
export { encodeCsv } from './csv';
export { addToHash, beginHash, endHash } from './hash';
export { prepareExpressions } from './expressions';
export { foundAddress, readEntry, readHead, shapeWithout } from './heads';
export { setHashSeeds, writeIdentifiers } from './identifiers';
export { setCodingRules } from './items';
export { setKeepKeys } from './keep';
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
} from './memory';
export { forgetTargets } from './reference-entries';
export { unmetNotes } from './reference-notes';
export { setReferenceKeys } from './references';
export { takeBackRows } from './open-rows';
export { setRenderingKeys } from './renderings';
export { setKeyTexts } from './rest';
export { addRow, clearRows, createTable, discardRows, truncateRows } from './rows';
export { hasRewritten } from './strings';
export { oddNumberCount, scan, tapeAddress } from './tape';
export { setLeafKeys } from './take-leaf';
export { setListBrackets } from './typed-lists';
export { flatten, setWalkKeys } from './walk';
export { describePath } from './walk-path';
export { flattenView } from './view';
