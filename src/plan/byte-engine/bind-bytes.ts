// The tables of a resource type, as the object engine has bound them → a function that fills them from a tape. The
// object engine stays the measure: what is not done here exactly as there is left to it.

import type { RowStore } from '../../bytes/row-store.ts';
import { RowStoreBuilder } from '../../bytes/row-store-builder.ts';
import type { Containment, FlattenContext, TableBuilder, TableSchema } from '../../types.ts';
import type { RowSource } from '../engine/contributions.ts';
import type { ExtensionRows } from '../engine/extension-rows.ts';
import type { HandlerSet, ObjectHandler } from '../engine/handlers.ts';
import type { TableState } from '../engine/table-state.ts';
import type { ByteProgram } from './byte-program.ts';
import type { ByteScope } from './byte-scope.ts';
import { programFor, tableOf } from './programs.ts';

/** A column of a child table that repeats one of the main row. */
export interface RepeatedColumn {
  readonly state: TableState;
  readonly column: number;
  readonly mainColumn: number;
  readonly name: string;
  readonly mainName: string;
  /** The columns show ids of references, which are counted. */
  readonly isNoted: boolean;
}

export interface BoundTables {
  readonly context: FlattenContext;
  readonly handlers: HandlerSet;
  readonly rootHandler: ObjectHandler;
  /** The main table first. */
  readonly tables: readonly RowSource[];
  readonly repeated: readonly RepeatedColumn[];
  readonly codings: { readonly builder: TableBuilder; readonly isComplete: boolean } | undefined;
  readonly extensions: { readonly builder: TableBuilder; readonly rows: ExtensionRows } | undefined;
  readonly main: TableSchema;
  readonly otherJsonColumn: number;
}

/** Adds the rows of a resource whose token stands at the address; false, without any row, when it cannot. */
export type FlattenToken = (token: number, id: string, containment: Containment | undefined) => boolean;

const noColumn = 0xffffffff;
const stateWords = { table: 0, isRecursive: 6, nodeCount: 7, slots: 8, length: 11 } as const;

/** Undefined where the rows do not wait in a row store, or more is asked for than this engine does. */
export function bindBytes(bound: BoundTables): FlattenToken | undefined {
  const { codings, context, extensions, tables } = bound;
  const builders = [...tables.map(({ state }) => state.builder), codings?.builder, extensions?.builder].filter((builder) => builder !== undefined);
  const program = programFor(context, builders);
  if (program === undefined) return undefined;
  const written = write(program, bound);
  if (written === undefined) return undefined;
  const { plan, scope } = written;
  const rowBuilders = builders.filter((builder) => builder instanceof RowStoreBuilder);
  return (token, id, containment) => {
    if (program.isBroken || containment?.versionHash !== undefined) return false;
    for (let index = 0; index < rowBuilders.length; index++) if (!(rowBuilders[index] as RowStoreBuilder).isInStore) return false;
    if (!program.store.encode(id)) return false;
    const { textAddress, textByteCount } = program.store;
    const place = containment === undefined ? 0 : writeContainment(program, containment, bound.main.resourceType, textAddress, textByteCount);
    if (place === undefined) return false;
    program.scope = scope;
    program.references.begin(id, containment);
    program.checks.begin();
    const extensionCount = extensions?.builder.rowCount ?? 0;
    if (runs(program, plan, token, textAddress, textByteCount, place)) {
      program.checks.commit(context.countNormalised);
      return true;
    }
    context.referenceCounter?.discard();
    // Those that found no room in the store are not the module's to take back.
    extensions?.builder.truncate(extensionCount);
    return false;
  };
}

/** False when another engine has to do it: now, or, where there was no room for a plan, from now on. */
function runs(program: ByteProgram, plan: number, token: number, id: number, idByteCount: number, place: number): boolean {
  try {
    return program.store.functions.flatten(plan, token, id, idByteCount, place) !== 0;
  } catch {
    program.isBroken = true;
    program.store.functions.takeBackRows();
    return false;
  }
}

/** Undefined when the module has no memory left for the plan. */
function write(program: ByteProgram, bound: BoundTables): { readonly plan: number; readonly scope: ByteScope } | undefined {
  const { context, extensions, handlers, tables } = bound;
  try {
    const states = new Map(tables.map(({ state }) => [state, writeState(program, state)]));
    const scope: ByteScope = { handlers, context, extensions: extensions?.rows, states };
    return { plan: writePlan(program, scope, bound), scope };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function writeState(program: ByteProgram, state: TableState): number {
  const words = new Array<number>(stateWords.length).fill(0);
  words[stateWords.table] = tableOf(state.builder) as number;
  words[stateWords.isRecursive] = state.isRecursive ? 1 : 0;
  words[stateWords.nodeCount] = state.nodeCount;
  words[stateWords.slots] = program.allocate(state.nodeCount);
  return program.write(words);
}

function writePlan(program: ByteProgram, scope: ByteScope, bound: BoundTables): number {
  const { codings, extensions, main, otherJsonColumn, repeated, rootHandler } = bound;
  // Tables without states of their own: their rows are taken back like those of the others.
  const others = [codings?.builder, extensions?.builder].filter((builder) => builder !== undefined);
  const states = [...scope.states.values(), ...others.map((builder) => writeTableOnly(program, builder))];
  const repetitions = repeated.flatMap(({ column, isNoted, mainColumn, mainName, name, state }) => {
    const table = state.builder.schema.name;
    const site = isNoted ? program.references.repetition(scope, table, name, `${main.name}.${mainName}`) : 0;
    return [scope.states.get(state) as number, column, mainColumn, site];
  });
  return program.write([
    program.handler(rootHandler, scope),
    states.length,
    program.write(states),
    otherJsonColumn < 0 ? noColumn : otherJsonColumn,
    repeated.length,
    program.write(repetitions),
    codings === undefined ? 0 : (tableOf(codings.builder) as number),
    codings?.isComplete === true ? 1 : 0,
    extensions === undefined ? 0 : (tableOf(extensions.builder) as number),
    ...program.textOf(main.resourceType),
    program.references.numberOf(main.resourceType),
  ]);
}

function writeTableOnly(program: ByteProgram, builder: TableBuilder): number {
  const words = new Array<number>(stateWords.length).fill(0);
  words[stateWords.table] = tableOf(builder) as number;
  return program.write(words);
}

const containmentWords = {
  id: 0,
  idByteCount: 1,
  type: 2,
  containedIn: 3,
  containedInByteCount: 4,
  listLength: 5,
  list: 6,
  hasUnpacked: 7,
  unpackedCount: 8,
  unpacked: 9,
  length: 10,
} as const;

/** How a resource stands to others, as words in the arena; undefined when there is no room for them. */
function writeContainment(program: ByteProgram, containment: Containment, ownType: string, ownId: number, ownIdByteCount: number): number | undefined {
  const { references, store } = program;
  const { words } = store;
  const { containedIn, containedTypes, containerId, containerType = ownType, unpacked } = containment;
  const listLength = containedTypes?.size ?? 0;
  const address = store.functions.allocateArena((containmentWords.length + listLength * 3 + (unpacked?.size ?? 0)) * 4);
  if (address === 0) return undefined;
  const head = address >> 2;
  const list = head + containmentWords.length;
  words.fill(0, head, list);
  words[head + containmentWords.id] = ownId;
  words[head + containmentWords.idByteCount] = ownIdByteCount;
  words[head + containmentWords.type] = references.numberOf(containerType);
  words[head + containmentWords.listLength] = listLength;
  words[head + containmentWords.list] = list << 2;
  if (containerId !== undefined && !writeText(store, head + containmentWords.id, containerId)) return undefined;
  if (containedIn !== undefined && !writeText(store, head + containmentWords.containedIn, containedIn)) return undefined;
  let word = list;
  if (containedTypes !== undefined) {
    for (const [localId, type] of containedTypes) {
      if (!writeText(store, word, localId)) return undefined;
      words[word + 2] = references.numberOf(type);
      word += 3;
    }
  }
  if (unpacked === undefined) return address;
  words[head + containmentWords.hasUnpacked] = 1;
  words[head + containmentWords.unpackedCount] = unpacked.size;
  words[head + containmentWords.unpacked] = word << 2;
  for (const index of unpacked) words[word++] = index;
  return address;
}

/** Into two words: where it stands, and how many bytes it has. False when there is no room for it. */
function writeText(store: RowStore, word: number, text: string): boolean {
  if (!store.encode(text)) return false;
  store.words[word] = store.textAddress;
  store.words[word + 1] = store.textByteCount;
  return true;
}
