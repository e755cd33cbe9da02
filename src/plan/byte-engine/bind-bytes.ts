// The tables of a resource type, as the object engine has bound them → a function that fills them from a tape. The
// object engine stays the measure: what is not done here exactly as there is left to it.

import type { RowStore } from '../../bytes/row-store.ts';
import type { Containment, FlattenContext, TableBuilder, TableSchema } from '../../types.ts';
import type { Contribution } from '../engine/contributions.ts';
import type { ExtensionRows } from '../engine/extension-rows.ts';
import type { HandlerSet, ObjectHandler } from '../engine/handlers.ts';
import type { TableState } from '../engine/table-state.ts';
import type { ByteProgram } from './byte-program.ts';
import type { ByteScope } from './byte-scope.ts';
import { ByteStates } from './byte-states.ts';
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
  /** Of all tables. */
  readonly builders: readonly TableBuilder[];
  readonly repeated: readonly RepeatedColumn[];
  readonly codings: { readonly builder: TableBuilder; readonly isComplete: boolean } | undefined;
  readonly extensions: { readonly builder: TableBuilder; readonly rows: ExtensionRows } | undefined;
  readonly main: TableSchema;
  readonly otherJsonColumn: number;
}

/** Adds the rows of a resource whose token stands at the address; false, without any row, when it cannot. */
export type FlattenToken = (token: number, id: string, containment: Containment | undefined) => boolean;

const noColumn = 0xffffffff;

/** Undefined where the rows do not wait in a row store, or more is asked for than this engine does. */
export function bindBytes(bound: BoundTables): FlattenToken | undefined {
  const { builders, context, extensions } = bound;
  const program = programFor(context, builders);
  if (program === undefined) return undefined;
  const written = write(program, bound);
  if (written === undefined) return undefined;
  const { plan, scope } = written;
  return (token, id, containment) => {
    if (program.isBroken || containment?.versionHash !== undefined || program.store.awayCount > 0) return false;
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
  const { builders, context, extensions, handlers } = bound;
  try {
    const scope: ByteScope = { handlers, context, extensions: extensions?.rows, states: new ByteStates(program, builders.length) };
    return { plan: writePlan(program, scope, bound), scope };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function writePlan(program: ByteProgram, scope: ByteScope, bound: BoundTables): number {
  const { codings, extensions, main, otherJsonColumn, repeated, rootHandler } = bound;
  const { states } = scope;
  // The first one is the main table's: its row is the one that the others belong to.
  states.of((rootHandler.contributions[0] as Contribution).state);
  const root = program.handler(rootHandler, scope);
  for (const rows of [codings, extensions]) if (rows !== undefined) states.add(rows.builder);
  const repetitions = repeated.flatMap(({ column, isNoted, mainColumn, mainName, name, state }) => {
    const table = state.builder.schema.name;
    const site = isNoted ? program.references.repetition(scope, table, name, `${main.name}.${mainName}`) : 0;
    return [states.of(state), column, mainColumn, site];
  });
  const plan = program.write([
    root,
    states.count,
    states.list,
    otherJsonColumn < 0 ? noColumn : otherJsonColumn,
    repeated.length,
    program.write(repetitions),
    codings === undefined ? 0 : (tableOf(codings.builder) as number),
    codings?.isComplete === true ? 1 : 0,
    extensions === undefined ? 0 : (tableOf(extensions.builder) as number),
    ...program.textOf(main.resourceType),
    program.references.numberOf(main.resourceType),
  ]);
  states.tell(plan);
  return plan;
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
  let isWritten = containerId === undefined || writeText(store, head + containmentWords.id, containerId);
  isWritten &&= containedIn === undefined || writeText(store, head + containmentWords.containedIn, containedIn);
  let word = list;
  // Loops over maps and sets would make this the function that V8 takes longest to optimize.
  containedTypes?.forEach((type, localId) => {
    isWritten &&= writeText(store, word, localId);
    words[word + 2] = references.numberOf(type);
    word += 3;
  });
  if (!isWritten) return undefined;
  if (unpacked === undefined) return address;
  words[head + containmentWords.hasUnpacked] = 1;
  words[head + containmentWords.unpackedCount] = unpacked.size;
  words[head + containmentWords.unpacked] = word << 2;
  unpacked.forEach((index) => {
    words[word++] = index;
  });
  return address;
}

/** Into two words: where it stands, and how many bytes it has. False when there is no room for it. */
function writeText(store: RowStore, word: number, text: string): boolean {
  if (!store.encode(text)) return false;
  store.words[word] = store.textAddress;
  store.words[word + 1] = store.textByteCount;
  return true;
}
