// Plan → for each of its nodes, what to do with each key of the node's object. A leaf's cell is set and found to be
// shown by one and the same function, so that a column and other_json can never disagree on what is shown.

import { isJsonObject, type JsonObject, type JsonValue, stringifyJson } from '../../json.ts';
import type { CellStorage, ColumnType, FlattenContext, PrimitiveTypeName } from '../../types.ts';
import type { ArrayPlace, Cell, ItemRule, NodeIndex, Plan, ReferenceShape } from '../plan.ts';
import { compileAttachment } from './attachment-data.ts';
import { compileCell, isStoredAsList, joinAll, listAll, type ReadCell } from './cells.ts';
import { type ChooseItem, compileItemRule } from './item-rules.ts';
import { losesDigits, type PrimitiveReader, type ReadPrimitive, readPrimitiveAs } from './primitives.ts';
import { showsLiteral, showsType } from './references.ts';
import { NotedColumn, type TableState, type TakeLeaf } from './table-state.ts';

/** What one node of one table makes of its object. */
export interface Contribution {
  /** For the caches of merged handlers. */
  readonly index: number;
  readonly state: TableState;
  readonly node: NodeIndex;
  /** Type path in the element model. */
  readonly type: string;
  /** `Patient.name` */
  readonly path: string;
  readonly keys: Map<string, ContributionKey>;
  /** Cells that are computed once the object has been read. */
  readonly computed: ComputedCell[];
}

export interface ComputedCell {
  readonly column: number;
  readonly read: ReadCell;
  /** What `read` reads, and where a reference's id is counted, for engines that read it otherwise. */
  readonly cell: Cell;
  readonly type: ColumnType;
  readonly noteName: string | undefined;
}

export interface ContributionKey {
  readonly leaves: Leaf[];
  /** Of the object under the key. */
  readonly children: Contribution[];
  /** Of one item of the array under the key. */
  readonly items: ChosenItem[];
  /** Of every item of the array under the key. */
  readonly everyItem: Contribution[];
  /** Tables that have a row for every item of the array under the key: what binds each, or gives what it was bound to. */
  readonly rows: (() => RowSource)[];
}

export interface ChosenItem {
  readonly choose: ChooseItem;
  /** What `choose` does. */
  readonly rule: ItemRule;
  readonly contribution: Contribution;
}

/** A table as the place of its items sees it. */
export interface RowSource {
  readonly state: TableState;
  /** What the table makes of an item. */
  readonly root: Contribution;
}

/** What a leaf's functions do, for engines that do it otherwise; keys and nodes as the plan has them. */
export type LeafRule =
  | { readonly kind: 'value'; readonly column: number; readonly type: PrimitiveTypeName; readonly path: string }
  | { readonly kind: 'list'; readonly column: number; readonly type: PrimitiveTypeName; readonly separator: string; readonly path: string }
  | { readonly kind: 'ownId' }
  | { readonly kind: 'resourceType' }
  | { readonly kind: 'json'; readonly column: number; readonly earlierKeys: readonly string[] }
  | { readonly kind: 'implied'; readonly value: string }
  | { readonly kind: 'joinedItem'; readonly list: ArrayPlace; readonly separator: string }
  | {
      readonly kind: 'firstOf';
      readonly plan: Plan;
      readonly type: PrimitiveTypeName;
      readonly columnType: ColumnType;
      readonly path: string;
      readonly earlier: readonly Cell[];
    }
  | { readonly kind: 'reference'; readonly shape: ReferenceShape; readonly hasIdentifierColumn: boolean }
  | { readonly kind: 'referenceType'; readonly shape: ReferenceShape }
  | { readonly kind: 'referenceIdentifier' | 'attachment' };

export interface Leaf {
  readonly state: TableState;
  readonly rule: LeafRule;
  readonly take: TakeLeaf;
  /** False when the value has not the JSON type that FHIR gives the element. */
  isFit(value: JsonValue): boolean;
}

/** The contributions of a plan's nodes; all are reached from that of node 0. `nextIndex` numbers them. */
export function contributePlan(plan: Plan, state: TableState, flattenContext: FlattenContext, nextIndex: () => number): readonly Contribution[] {
  const contributions = plan.nodes.map(
    (node, index): Contribution => ({
      index: nextIndex(),
      state,
      node: index,
      type: node.type,
      path: node.kind === 'resource' ? node.type : node.path,
      keys: new Map(),
      computed: [],
    }),
  );
  const at = (node: NodeIndex) => contributions[node] as Contribution;
  for (const [index, node] of plan.nodes.entries()) {
    if (node.kind === 'child') keyOf(at(node.parent), node.key).children.push(at(index));
    else if (node.kind === 'item') {
      keyOf(at(node.parent), node.key).items.push({ choose: compileItemRule(node.rule), rule: node.rule, contribution: at(index) });
    }
  }
  const shownDirectly = new Set(plan.cells.filter((cell) => cell.kind === 'value').map((cell) => `${cell.node}.${cell.key}`));
  const { storage } = flattenContext;
  const context: Context = { plan, state, storage, flattenContext, at, shownDirectly, nextIndex };
  for (const [column, cell] of plan.cells.entries()) addCell(context, cell, column);
  for (const { node, key, value } of plan.implied) {
    keyOf(at(node), key).leaves.push({ state, rule: { kind: 'implied', value }, take: (found) => found === value, isFit: isString });
  }
  return contributions;
}

interface Context {
  readonly plan: Plan;
  readonly state: TableState;
  readonly storage: CellStorage;
  readonly flattenContext: FlattenContext;
  readonly at: (node: NodeIndex) => Contribution;
  /** `node.key` of all leaves that have a cell of their own. */
  readonly shownDirectly: ReadonlySet<string>;
  readonly nextIndex: () => number;
}

/** What is known of a key of a contribution's object; made empty when first asked for. */
export function keyOf(contribution: Contribution, key: string): ContributionKey {
  let found = contribution.keys.get(key);
  if (found === undefined) {
    found = { leaves: [], children: [], items: [], everyItem: [], rows: [] };
    contribution.keys.set(key, found);
  }
  return found;
}

function addCell(context: Context, cell: Cell, column: number): void {
  const { at, state } = context;
  switch (cell.kind) {
    case 'id':
      // In a child table it is the parent's key, and an element's own id stays data.
      if (context.plan.nodes[0]?.kind === 'resource') {
        keyOf(at(0), 'id').leaves.push({ state, rule: { kind: 'ownId' }, take: (value) => isOwnId(value, state), isFit: isString });
        // The table's name tells the type.
        keyOf(at(0), 'resourceType').leaves.push({ state, rule: { kind: 'resourceType' }, take: () => true, isFit: isString });
      }
      addComputed(context, cell, column);
      return;
    case 'value': {
      const { read, isShown } = readerOf(context, cell, typeOf(context.plan, column));
      keyOf(at(cell.node), cell.key).leaves.push({
        state,
        rule: { kind: 'value', column, type: cell.type, path: `${at(cell.node).path}.${cell.key}` },
        take: takeValue(state, column, read, isShown),
        isFit: (value) => read(value) !== undefined,
      });
      return;
    }
    case 'list':
      keyOf(at(cell.node), cell.key).leaves.push(makeListLeaf(context, cell, column));
      return;
    case 'joinItems':
      addJoinItems(context, cell);
      addComputed(context, cell, column);
      return;
    case 'firstOf':
      addFirstOf(context, cell, typeOf(context.plan, column));
      addComputed(context, cell, column);
      return;
    case 'reference':
      addReference(context, cell);
      addComputed(context, cell, column);
      return;
    case 'json':
      addJson(context, cell, column);
      return;
    case 'attachment':
      addAttachment(context, cell, column);
      return;
    case 'index':
    case 'parentIndex':
    case 'ancestorIndex':
    case 'rendered':
    case 'presentKey':
    case 'count':
    case 'hours':
    case 'flagOrPresent':
      addComputed(context, cell, column);
      return;
    case 'containedIn':
    case 'version':
      addComputed(context, cell, column);
      return;
    case 'repeated':
    case 'otherJson':
      return;
    default:
      cell satisfies never;
  }
}

/** The row's id is the resource's, or ends in it where the resource is contained in another. */
function isOwnId(value: JsonValue, { resource }: TableState): boolean {
  return value === resource.id || (resource.containedIn !== undefined && `${resource.containerId}#${value}` === resource.id);
}

/** The object is shown whole, whatever it holds; of several, which FHIR forbids, the first of the keys. */
function addJson({ at, state }: Context, cell: Extract<Cell, { kind: 'json' }>, column: number): void {
  for (const [position, key] of cell.keys.entries()) {
    const earlier = cell.keys.slice(0, position);
    keyOf(at(cell.node), key).leaves.push({
      state,
      rule: { kind: 'json', column, earlierKeys: earlier },
      take(value, object) {
        if (!isJsonObject(value) || earlier.some((other) => isJsonObject(object[other]))) return false;
        state.builder.set(state.row, column, stringifyJson(value));
        return true;
      },
      isFit: isJsonObject,
    });
  }
}

function addAttachment({ at, state }: Context, cell: Extract<Cell, { kind: 'attachment' }>, column: number): void {
  const read = compileAttachment(cell.as, state.resource.saveFile);
  keyOf(at(cell.node), 'data').leaves.push({
    state,
    rule: { kind: 'attachment' },
    take(value, object) {
      const text = read(value, object);
      if (text !== undefined) state.builder.set(state.row, column, text);
      return text !== undefined;
    },
    isFit: isString,
  });
}

function isString(value: JsonValue | undefined): boolean {
  return typeof value === 'string';
}

function typeOf(plan: Plan, column: number): ColumnType {
  const found = plan.schema.columns[column];
  if (found === undefined) throw new RangeError(`${plan.schema.name} has no column ${column}`);
  return found.type;
}

interface LeafReader {
  readonly read: ReadPrimitive;
  /** True when a value that `read` accepts can be told from the cell; counts where the cell says it otherwise. Undefined: always. */
  readonly isShown: ((value: JsonValue) => boolean) | undefined;
}

function readerOf(context: Context, cell: Extract<Cell, { kind: 'value' | 'list' }>, column: ColumnType): LeafReader {
  const { read, judge } = readPrimitiveAs(cell.type, column, context.storage);
  return { read, isShown: judge && countJudged(context, judge, `${context.at(cell.node).path}.${cell.key}`) };
}

function countJudged({ flattenContext }: Context, judge: NonNullable<PrimitiveReader['judge']>, path: string): (value: JsonValue) => boolean {
  return (value) => {
    const rule = judge(value);
    if (rule === undefined) return true;
    flattenContext.countNormalised(rule, path);
    return !losesDigits(rule);
  };
}

function takeValue(state: TableState, column: number, read: ReadPrimitive, isShown: LeafReader['isShown']): TakeLeaf {
  return (value) => {
    const cell = read(value);
    if (cell === undefined) return false;
    state.builder.set(state.row, column, cell);
    return isShown === undefined || isShown(value);
  };
}

function makeListLeaf(context: Context, cell: Extract<Cell, { kind: 'list' }>, column: number): Leaf {
  const { state, storage } = context;
  const type = typeOf(context.plan, column);
  const { read, isShown } = readerOf(context, cell, type);
  const { separator } = cell;
  const isWhole = isStoredAsList(type, storage);
  return {
    state,
    rule: { kind: 'list', column, type: cell.type, separator, path: `${context.at(cell.node).path}.${cell.key}` },
    take(value) {
      const shown = isWhole ? listAll(value, read) : joinAll(value, read, separator);
      if (shown !== undefined) state.builder.set(state.row, column, shown);
      return isWhole ? isEveryItemShown(value, read, isShown) : isListShown(value, read, separator);
    },
    isFit: (value) => Array.isArray(value) && value.every((item) => item === null || read(item) !== undefined),
  };
}

function isEveryItemShown(value: JsonValue, read: ReadPrimitive, isShown: LeafReader['isShown']): boolean {
  if (!Array.isArray(value)) return false;
  let isEvery = true;
  // Not `every`: what differs is counted for all items.
  for (const item of value) {
    if (item !== null && (read(item) === undefined || isShown?.(item) === false)) isEvery = false;
  }
  return isEvery;
}

/** A joined list is shown when a reader can take it apart again. */
function isListShown(value: JsonValue, read: ReadPrimitive, separator: string): boolean {
  if (!Array.isArray(value)) return false;
  for (const item of value) {
    if (item === null) continue;
    const text = read(item);
    if (typeof text !== 'string' || !isSeparable(text, separator, value.length)) return false;
  }
  return true;
}

/**
 * A list joined by "; " is taken apart also when it has one item only; one joined by a space or a newline, such as
 * the given names or the notes, is read as a whole by people when there is one.
 */
function isSeparable(text: string, separator: string, itemCount: number): boolean {
  if (separator.startsWith(';')) return !text.includes(';');
  return itemCount === 1 || !text.includes(separator);
}

/** A cell that needs more than one leaf is computed when the objects that it reads are known. */
function addComputed(context: Context, cell: Cell, column: number): void {
  const node = commonNode(context.plan, nodesOf(cell));
  const type = typeOf(context.plan, column);
  const noteName = noteNameOf(context, cell, column);
  const read = compileCell(cell, type, context.storage, noteName === undefined ? undefined : noteColumn(context, column, noteName));
  context.at(node).computed.push({ column, read, cell, type, noteName });
}

/** The column's name, for columns with ids of references where these are counted. */
function noteNameOf({ plan, state }: Context, cell: Cell, column: number): string | undefined {
  if (state.resource.referenceCounter === undefined || cell.kind !== 'reference' || cell.part !== 'id') return undefined;
  return plan.schema.columns[column]?.name;
}

function noteColumn({ plan, state }: Context, column: number, name: string): NotedColumn {
  const noted = new NotedColumn(state.resource.referenceCounter?.column(plan.schema.name, name));
  state.noted.set(column, noted);
  return noted;
}

function nodesOf(cell: Cell): readonly NodeIndex[] {
  switch (cell.kind) {
    case 'firstOf':
      return cell.cells.flatMap(nodesOf);
    case 'id':
    case 'index':
    case 'parentIndex':
    case 'ancestorIndex':
    case 'repeated':
    case 'containedIn':
    case 'version':
    case 'otherJson':
      return [0];
    default:
      return [cell.node];
  }
}

/** The deepest node that stands above all of these. */
function commonNode(plan: Plan, nodes: readonly NodeIndex[]): NodeIndex {
  const [first = 0, ...others] = nodes;
  const isAboveAll = (node: NodeIndex) => others.every((other) => ancestorsOf(plan, other).includes(node));
  return ancestorsOf(plan, first).find(isAboveAll) ?? 0;
}

/** The node itself, its parent, and so on up to 0. */
function ancestorsOf(plan: Plan, node: NodeIndex): readonly NodeIndex[] {
  const found = plan.nodes[node];
  return found === undefined || found.kind === 'resource' || found.kind === 'row' ? [node] : [node, ...ancestorsOf(plan, found.parent)];
}

function addJoinItems({ at, state, nextIndex }: Context, cell: Extract<Cell, { kind: 'joinItems' }>): void {
  const parent = at(cell.node);
  const everyItem: Contribution = {
    index: nextIndex(),
    state,
    node: -1,
    type: cell.itemType,
    path: `${parent.path}.${cell.key}`,
    keys: new Map(),
    computed: [],
  };
  keyOf(everyItem, cell.itemKey).leaves.push({
    state,
    rule: { kind: 'joinedItem', list: { node: cell.node, key: cell.key }, separator: cell.separator },
    take(value) {
      const list = state.slots[cell.node]?.[cell.key];
      return typeof value === 'string' && Array.isArray(list) && isSeparable(value, cell.separator, list.length);
    },
    isFit: isString,
  });
  keyOf(parent, cell.key).everyItem.push(everyItem);
}

/** The cell shows the first operand that is present; the others are shown only where earlier ones are absent. */
function addFirstOf(context: Context, cell: Extract<Cell, { kind: 'firstOf' }>, column: ColumnType): void {
  const { at, plan, shownDirectly, state } = context;
  for (const [position, operand] of cell.cells.entries()) {
    // What follows a computed operand cannot be told from the cell.
    if (operand.kind !== 'value') return;
    if (shownDirectly.has(`${operand.node}.${operand.key}`)) continue;
    const { read, isShown } = readerOf(context, operand, column);
    const isEarlierPresent = cell.cells.slice(0, position).map((earlier) => findPresence(context, earlier, column));
    keyOf(at(operand.node), operand.key).leaves.push({
      state,
      rule: {
        kind: 'firstOf',
        plan,
        type: operand.type,
        columnType: column,
        path: `${at(operand.node).path}.${operand.key}`,
        earlier: cell.cells.slice(0, position),
      },
      take: (value) => read(value) !== undefined && !isEarlierPresent.some((isPresent) => isPresent()) && (isShown === undefined || isShown(value)),
      isFit: (value) => read(value) !== undefined,
    });
  }
}

function findPresence({ plan, state, storage }: Context, cell: Cell, column: ColumnType): () => boolean {
  if (cell.kind !== 'value') return () => false;
  const { key } = cell;
  const { read } = readPrimitiveAs(cell.type, column, storage);
  const find = findObject(plan, state, cell.node);
  return () => read(find()?.[key]) !== undefined;
}

/** Finds a node's object by its path from the row's object, when it may not have been met yet. */
function findObject(plan: Plan, state: TableState, node: NodeIndex): () => JsonObject | undefined {
  const found = plan.nodes[node];
  if (found === undefined || found.kind === 'resource' || found.kind === 'row') return () => state.slots[node];
  const findParent = findObject(plan, state, found.parent);
  if (found.kind === 'child') {
    return () => {
      const value = findParent()?.[found.key];
      return isJsonObject(value) ? value : undefined;
    };
  }
  const choose = compileItemRule(found.rule);
  return () => {
    const value = findParent()?.[found.key];
    return Array.isArray(value) ? choose(value) : undefined;
  };
}

function addReference({ at, plan, state }: Context, cell: Extract<Cell, { kind: 'reference' }>): void {
  const { node, shape } = cell;
  switch (cell.part) {
    case 'id': {
      // Where the ids stand at the head of a table, the reference may have no other columns.
      const hasIdentifierColumn = plan.cells.some((other) => other.kind === 'reference' && other.part === 'identifier' && other.node === node);
      keyOf(at(node), 'reference').leaves.push({
        state,
        rule: { kind: 'reference', shape, hasIdentifierColumn },
        take: (_, object) => showsLiteral(object, shape, hasIdentifierColumn, state.resource),
        isFit: isString,
      });
      return;
    }
    case 'type':
      keyOf(at(node), 'type').leaves.push({
        state,
        rule: { kind: 'referenceType', shape },
        take: (_, object) => showsType(object, shape, state.resource),
        isFit: isString,
      });
      return;
    case 'identifier': {
      if (shape.identifierNode === undefined) return;
      const take: TakeLeaf = (value, object) => isString(value) && isString(object.value);
      const leaf: Leaf = { state, rule: { kind: 'referenceIdentifier' }, take, isFit: isString };
      keyOf(at(shape.identifierNode), 'system').leaves.push(leaf);
      keyOf(at(shape.identifierNode), 'value').leaves.push(leaf);
      return;
    }
    default:
      cell.part satisfies never;
  }
}
