// Plan → for each node, which leaf values its cells show. This is derived from the cells themselves, so that a
// column and otherJson can never disagree on what is shown.

import type { JsonObject, JsonValue } from '../../json.ts';
import type { StorageKind } from '../../types.ts';
import type { Cell, Plan } from '../plan.ts';
import { type ReadPrimitive, readPrimitiveAs } from './primitives.ts';
import { showsLiteral, showsType } from './references.ts';
import type { Row } from './row.ts';

export interface ShownLeaf {
  isShown(value: JsonValue, object: JsonObject, row: Row): boolean;
  /** False when the JSON type is not the one FHIR gives the element. */
  isFit(value: JsonValue): boolean;
}

export interface ShownKey {
  readonly leaves: ShownLeaf[];
  readonly children: number[];
  readonly items: number[];
  readonly everyItem: number[];
}

/** What is shown of the object of one node, by JSON key. */
export interface Shown {
  readonly type: string;
  readonly path: string;
  readonly isRoot: boolean;
  readonly keys: Map<string, ShownKey>;
}

/** One entry per node, then one per `joinItems` cell, which holds for every item of its list. */
export function collectShown(plan: Plan, storage: StorageKind): readonly Shown[] {
  const shown: Shown[] = plan.nodes.map((node) => ({
    type: node.type,
    path: node.kind === 'resource' ? node.type : node.path,
    isRoot: node.kind === 'resource',
    keys: new Map(),
  }));
  plan.nodes.forEach((node, index) => {
    if (node.kind === 'child') keyOf(shown[node.parent] as Shown, node.key).children.push(index);
    else if (node.kind === 'item') keyOf(shown[node.parent] as Shown, node.key).items.push(index);
  });
  for (const cell of plan.cells) addCell(shown, cell, storage);
  for (const { node, key, value } of plan.implied) {
    keyOf(shown[node] as Shown, key).leaves.push({ isShown: (found) => found === value, isFit: (found) => typeof found === 'string' });
  }
  return shown;
}

function keyOf(shown: Shown, key: string): ShownKey {
  let found = shown.keys.get(key);
  if (found === undefined) {
    found = { leaves: [], children: [], items: [], everyItem: [] };
    shown.keys.set(key, found);
  }
  return found;
}

function addCell(shown: Shown[], cell: Cell, storage: StorageKind): void {
  switch (cell.kind) {
    case 'id':
      keyOf(shown[0] as Shown, 'id').leaves.push({ isShown: (value, _, row) => value === row.id, isFit: isString });
      // The table's name tells the type.
      keyOf(shown[0] as Shown, 'resourceType').leaves.push({ isShown: () => true, isFit: isString });
      return;
    case 'value': {
      const read = readPrimitiveAs(cell.type, storage);
      keyOf(shown[cell.node] as Shown, cell.key).leaves.push({
        isShown: (value) => read(value) !== undefined,
        isFit: (value) => read(value) !== undefined,
      });
      return;
    }
    case 'list': {
      const read = readPrimitiveAs(cell.type, storage);
      keyOf(shown[cell.node] as Shown, cell.key).leaves.push({
        isShown: (value) => isListShown(value, read, cell.separator),
        isFit: (value) => Array.isArray(value) && value.every((item) => item === null || read(item) !== undefined),
      });
      return;
    }
    case 'joinItems':
      addJoinItems(shown, cell);
      return;
    case 'firstOf':
      addFirstOf(shown, cell, storage);
      return;
    case 'reference':
      addReference(shown, cell);
      return;
    case 'rendered':
    case 'presentKey':
    case 'count':
    case 'hours':
    case 'flagOrPresent':
    case 'nothing':
    case 'otherJson':
      return;
    default:
      cell satisfies never;
  }
}

function isString(value: JsonValue | undefined): boolean {
  return typeof value === 'string';
}

/** A joined list can be taken apart again when no item holds the separator's first character. */
function isListShown(value: JsonValue, read: ReadPrimitive, separator: string): boolean {
  if (!Array.isArray(value)) return false;
  return value.every((item) => {
    if (item === null) return true;
    const text = read(item);
    return typeof text === 'string' && isSeparable(text, separator, value.length);
  });
}

function isSeparable(text: string, separator: string, itemCount: number): boolean {
  // Given names are joined by a space, and a space inside one of several names cannot be told from it; a list
  // joined by "; " is kept even when alone, since a reader would take it apart.
  if (separator.startsWith(';')) return !text.includes(';');
  return itemCount === 1 || !text.includes(separator);
}

function addJoinItems(shown: Shown[], cell: Extract<Cell, { kind: 'joinItems' }>): void {
  const parent = shown[cell.node] as Shown;
  const isShown = (value: JsonValue, list: JsonValue | undefined) =>
    typeof value === 'string' && Array.isArray(list) && isSeparable(value, cell.separator, list.length);
  const key = keyOf(parent, cell.key);
  const everyItem: Shown = { type: cell.itemType, path: `${parent.path}.${cell.key}`, isRoot: false, keys: new Map() };
  keyOf(everyItem, cell.itemKey).leaves.push({
    isShown: (value, _, row) => isShown(value, row.slots[cell.node]?.[cell.key]),
    isFit: isString,
  });
  key.everyItem.push(shown.length);
  shown.push(everyItem);
}

/** Only the operand whose value the cell holds is shown: the first that is present. */
function addFirstOf(shown: Shown[], cell: Extract<Cell, { kind: 'firstOf' }>, storage: StorageKind): void {
  const earlier: ((row: Row) => boolean)[] = [];
  for (const operand of cell.cells) {
    if (operand.kind === 'value') {
      const { node, key } = operand;
      const read = readPrimitiveAs(operand.type, storage);
      const before = [...earlier];
      keyOf(shown[node] as Shown, key).leaves.push({
        isShown: (value, object, row) => object === row.slots[node] && read(value) !== undefined && !before.some((isPresent) => isPresent(row)),
        isFit: (value) => read(value) !== undefined,
      });
      earlier.push((row) => read(row.slots[node]?.[key]) !== undefined);
    } else {
      // Computed operands show nothing; when one is present, the later ones are not in the cell.
      break;
    }
  }
}

function addReference(shown: readonly Shown[], cell: Extract<Cell, { kind: 'reference' }>): void {
  const { node, shape } = cell;
  const own = shown[node] as Shown;
  switch (cell.part) {
    case 'id':
      keyOf(own, 'reference').leaves.push({ isShown: (_, object, row) => showsLiteral(object, shape, row), isFit: isString });
      return;
    case 'type':
      keyOf(own, 'type').leaves.push({ isShown: (_, object) => showsType(object, shape), isFit: isString });
      return;
    case 'identifier': {
      if (shape.identifierNode === undefined) return;
      const identifier = shown[shape.identifierNode] as Shown;
      const isShown = (value: JsonValue, object: JsonObject) => isString(value) && isString(object.value);
      keyOf(identifier, 'system').leaves.push({ isShown, isFit: isString });
      keyOf(identifier, 'value').leaves.push({ isShown, isFit: isString });
      return;
    }
    default:
      cell.part satisfies never;
  }
}
