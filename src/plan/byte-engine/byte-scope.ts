// What the structures of one resource type have in common.

import type { FlattenContext } from '../../types.ts';
import type { ExtensionRows } from '../engine/extension-rows.ts';
import type { HandlerSet } from '../engine/handlers.ts';
import type { TableState } from '../engine/table-state.ts';

/** All that the structures of one resource type refer to. */
export interface ByteScope {
  readonly handlers: HandlerSet;
  readonly context: FlattenContext;
  readonly extensions: ExtensionRows | undefined;
  /** Address of each table being filled. */
  readonly states: ReadonlyMap<TableState, number>;
}

/** The address of a table of the scope. */
export function stateOf({ states }: ByteScope, state: TableState): number {
  const address = states.get(state);
  if (address === undefined) throw new Error('a plan has no other tables than its own');
  return address;
}
