// What the structures of one resource type have in common.

import type { FlattenContext } from '../../types.ts';
import type { ExtensionRows } from '../engine/extension-rows.ts';
import type { HandlerSet } from '../engine/handlers.ts';
import type { ByteStates } from './byte-states.ts';

/** All that the structures of one resource type refer to. */
export interface ByteScope {
  readonly handlers: HandlerSet;
  readonly context: FlattenContext;
  readonly extensions: ExtensionRows | undefined;
  readonly states: ByteStates;
}
