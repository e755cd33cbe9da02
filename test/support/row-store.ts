// A row store as runs have it, for tests of what uses one.

import { createBuilder } from '../../src/builtin.ts';
import { loadByteFunctions } from '../../src/bytes/load-module.ts';
import { RowStore } from '../../src/bytes/row-store.ts';
import { createDiscardBuilder } from '../../src/table/discard-builder.ts';

const arenaByteCount = 0x400_0000 - 64;

/** @param leftByteCount - room for rows and texts, all there is when not given. */
export async function makeRowStore(leftByteCount?: number): Promise<RowStore> {
  const functions = await loadByteFunctions();
  if (leftByteCount !== undefined) functions.allocateArena(arenaByteCount - leftByteCount);
  return new RowStore(functions, { createOverflow: createBuilder, createDiscardBuilder });
}
