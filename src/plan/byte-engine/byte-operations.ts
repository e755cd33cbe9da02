// Leaves and cells of a plan → the words that assembly/walk.ts follows. What has no words there makes it refuse the
// resources that come to it.

import { isJsonObject } from '../../json.ts';
import type { ColumnType } from '../../types.ts';
import { countHours } from '../engine/cells.ts';
import type { Leaf, LeafRule } from '../engine/contributions.ts';
import { renderValue } from '../engine/renderings.ts';
import type { TableState } from '../engine/table-state.ts';
import type { Cell, NodeIndex, Plan, Rendering } from '../plan.ts';
import { readings } from './byte-checks.ts';
import type { ByteProgram } from './byte-program.ts';
import { writeRule } from './byte-rules.ts';
import type { ByteScope } from './byte-scope.ts';

const leafKinds = {
  unsupported: 0,
  value: 1,
  list: 2,
  ownId: 3,
  resourceType: 4,
  json: 5,
  implied: 6,
  joinedItem: 7,
  firstOf: 8,
  reference: 9,
  referenceType: 10,
  typedList: 11,
  referenceIdentifier: 12,
} as const;

const cellKinds = {
  unsupported: 0,
  id: 1,
  index: 2,
  parentIndex: 3,
  value: 4,
  list: 5,
  firstOf: 6,
  referenceId: 7,
  referenceType: 8,
  referenceIdentifier: 9,
  computed: 10,
  presentKey: 11,
  count: 12,
  flagOrPresent: 13,
  none: 14,
  containedIn: 15,
  rendered: 16,
  typedList: 17,
} as const;

/** What the module renders itself. */
const renderings: Readonly<Partial<Record<Rendering, number>>> = { primitive: 1, quantity: 2, concept: 3 };
const placeKinds = { slot: 0, child: 1, item: 2 } as const;
const wordCount = 8;

function operation(...words: readonly number[]): readonly number[] {
  return [...words, ...new Array<number>(wordCount - words.length).fill(0)];
}

function columnType(state: TableState, column: number): ColumnType {
  const found = state.builder.schema.columns[column];
  if (found === undefined) throw new RangeError(`${state.builder.schema.name} has no column ${column}`);
  return found.type;
}

export function writeLeaf(program: ByteProgram, scope: ByteScope, { rule, state }: Leaf): readonly number[] {
  const address = scope.states.of(state);
  const { keys } = program;
  switch (rule.kind) {
    case 'value': {
      const { check, reading } = program.checks.write(rule.type, columnType(state, rule.column), scope.context.storage, rule.path);
      return operation(leafKinds.value, address, rule.column, reading, 0, 0, check);
    }
    case 'list': {
      const { check, isList, reading } = program.checks.write(rule.type, columnType(state, rule.column), scope.context.storage, rule.path);
      if (isList) return operation(leafKinds.typedList, address, rule.column, reading, 0, 0, check);
      return operation(leafKinds.list, address, rule.column, reading, ...program.textOf(rule.separator));
    }
    case 'ownId':
      return operation(leafKinds.ownId, address);
    case 'resourceType':
      return operation(leafKinds.resourceType, address);
    case 'json': {
      const earlier = rule.earlierKeys.map((key) => keys.numberOf(key));
      return operation(leafKinds.json, address, rule.column, program.write(earlier), earlier.length);
    }
    case 'implied':
      return operation(leafKinds.implied, address, 0, ...program.textOf(rule.value));
    case 'joinedItem':
      return operation(leafKinds.joinedItem, address, 0, ...program.textOf(rule.separator), 0, rule.list.node, keys.numberOf(rule.list.key));
    case 'firstOf': {
      const places = writePlaces(program, scope, rule, state);
      const { check, reading } = program.checks.write(rule.type, rule.columnType, scope.context.storage, rule.path);
      return operation(leafKinds.firstOf, address, 0, reading, places.length / 4, program.write(places), check);
    }
    case 'reference':
      return operation(leafKinds.reference, address, 0, program.references.shape(rule.shape), rule.hasIdentifierColumn ? 1 : 0);
    case 'referenceType':
      return operation(leafKinds.referenceType, address, 0, program.references.shape(rule.shape));
    case 'referenceIdentifier':
      return operation(leafKinds.referenceIdentifier, address);
    case 'attachment':
      return operation(leafKinds.unsupported, address);
    default:
      return rule satisfies never;
  }
}

/** Of the operands before one: where their objects are, their keys, and how they are read. Computed ones count as absent. */
function writePlaces(program: ByteProgram, scope: ByteScope, rule: Extract<LeafRule, { kind: 'firstOf' }>, state: TableState): readonly number[] {
  return rule.earlier.flatMap((cell) => {
    if (cell.kind !== 'value') return [];
    const { check, reading } = program.checks.write(cell.type, rule.columnType, scope.context.storage, rule.path);
    return [writePlace(program, scope, rule.plan, state, cell.node), program.keys.numberOf(cell.key), reading, check];
  });
}

function writePlace(program: ByteProgram, scope: ByteScope, plan: Plan, state: TableState, node: NodeIndex): number {
  const found = plan.nodes[node];
  if (found === undefined || found.kind === 'resource' || found.kind === 'row') return program.write([placeKinds.slot, scope.states.of(state), node]);
  const outer = writePlace(program, scope, plan, state, found.parent);
  const key = program.keys.numberOf(found.key);
  if (found.kind === 'child') return program.write([placeKinds.child, outer, key]);
  return program.write([placeKinds.item, outer, key, ...writeRule(program, found.rule)]);
}

export function writeCell(
  program: ByteProgram,
  scope: ByteScope,
  cell: Cell,
  state: TableState,
  column: number,
  noteName: string | undefined,
): readonly number[] {
  const address = scope.states.of(state);
  const { keys } = program;
  const words = (kind: number, ...rest: readonly number[]) => operation(kind, address, column, ...rest);
  switch (cell.kind) {
    case 'id':
      return words(cellKinds.id);
    case 'index':
      return words(cellKinds.index, address);
    case 'ancestorIndex':
      return words(cellKinds.index, scope.states.of(state.above(cell.levels)));
    case 'parentIndex':
      return words(cellKinds.parentIndex);
    case 'value': {
      const { check, reading } = program.checks.write(cell.type, columnType(state, column), scope.context.storage, '');
      return words(cellKinds.value, cell.node, keys.numberOf(cell.key), reading, check);
    }
    case 'list': {
      const { check, isList, reading } = program.checks.write(cell.type, columnType(state, column), scope.context.storage, '');
      if (isList) return words(cellKinds.typedList, cell.node, keys.numberOf(cell.key), reading, check);
      return words(cellKinds.list, cell.node, keys.numberOf(cell.key), reading, program.write(program.textOf(cell.separator)), 0);
    }
    case 'joinItems': {
      const separator = program.write(program.textOf(cell.separator));
      return words(cellKinds.list, cell.node, keys.numberOf(cell.key), readings.string, separator, keys.numberOf(cell.itemKey));
    }
    case 'firstOf': {
      const operands = cell.cells.map((operand) => writeCell(program, scope, operand, state, column, undefined));
      return words(cellKinds.firstOf, operands.length, program.write(operands.flat()));
    }
    case 'reference': {
      const shape = program.references.shape(cell.shape);
      switch (cell.part) {
        case 'id':
          return words(cellKinds.referenceId, cell.node, shape, ...program.references.site(scope, state, noteName));
        case 'type':
          return words(cellKinds.referenceType, cell.node, shape);
        case 'identifier':
          return words(cellKinds.referenceIdentifier, cell.node);
        default:
          return cell.part satisfies never;
      }
    }
    case 'rendered': {
      const { as, key } = cell;
      const own = renderings[as];
      if (own !== undefined) return words(cellKinds.rendered, cell.node, own, key === undefined ? 0 : keys.numberOf(key));
      const number = program.addComputation((value) => renderValue(value, as));
      return words(cellKinds.computed, cell.node, number, key === undefined ? 0 : keys.numberOf(key));
    }
    case 'hours': {
      const { endKey, startKey } = cell;
      const number = program.addComputation((value) => (isJsonObject(value) ? countHours(value[startKey], value[endKey]) : undefined));
      return words(cellKinds.computed, cell.node, number, 0);
    }
    case 'presentKey': {
      const labels = [...cell.labels].flatMap(([key, label]) => [keys.numberOf(key), ...program.textOf(label)]);
      return words(cellKinds.presentKey, cell.node, labels.length / 3, program.write(labels));
    }
    case 'count':
      return words(cellKinds.count, cell.node, keys.numberOf(cell.key));
    case 'flagOrPresent':
      return words(cellKinds.flagOrPresent, cell.node, keys.numberOf(cell.booleanKey), keys.numberOf(cell.otherKey));
    case 'containedIn':
      return words(cellKinds.containedIn);
    // Where all versions have rows: another engine's.
    case 'version':
      return words(cellKinds.none);
    case 'json':
    case 'attachment':
    case 'repeated':
    case 'otherJson':
      return words(cellKinds.unsupported);
    default:
      return cell satisfies never;
  }
}
