// The byte engine of a reading: one for all of its default tables and views, since the module has one host.

import { RowStoreBuilder } from '../../bytes/row-store-builder.ts';
import type { FlattenContext, TableBuilder } from '../../types.ts';
import { ByteProgram } from './byte-program.ts';

const programs = new WeakMap<FlattenContext, ByteProgram>();

/** Undefined where rows do not wait in a row store, or their resources are parsed. */
export function programFor(context: FlattenContext, builders: readonly TableBuilder[]): ByteProgram | undefined {
  const { audit, storage } = context;
  const isForBytes = storage.kind === 'text' || storage.lists !== undefined;
  if (!isForBytes || audit !== undefined || !builders.every((builder) => 'table' in builder)) return undefined;
  const store = builders.find((builder) => builder instanceof RowStoreBuilder)?.store;
  if (store?.keys === undefined) return undefined;
  let program = programs.get(context);
  if (program === undefined) {
    program = new ByteProgram(store, store.keys, context);
    programs.set(context, program);
    const { references } = program;
    context.referenceCounter?.addForms(() => references.takeForms());
  }
  return program;
}

/** The address of a builder's table, also of one whose rows nobody wants. */
export function tableOf(builder: TableBuilder): number | undefined {
  return 'table' in builder && typeof builder.table === 'number' ? builder.table : undefined;
}
