// Plan → the function that appends one row per resource. Closures are built once per table: no eval, no generated
// code. Columns are grouped by the object they read, so that an absent object costs one test, not one per column.

import type { ElementModel } from '../../fhir/element-model.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import type { Flattener, FlattenContext, ResourceEnvelope, TableBuilder } from '../../types.ts';
import type { Cell, Plan, PlanNode } from '../plan.ts';
import { compileCell, type ReadCell } from './cells.ts';
import { compileItemRule } from './item-rules.ts';
import { compileOtherJson } from './other-json.ts';
import type { Row } from './row.ts';

/** Makes a Plan executable. */
export function compilePlan(plan: Plan, model: ElementModel): Flattener {
  return {
    name: plan.schema.name,
    resourceType: plan.schema.resourceType,
    tables: [plan.schema],
    bind: (builders, context) => bindPlan(plan, model, builders[0] as TableBuilder, context),
  };
}

interface NodeColumns {
  readonly columnIndexes: readonly number[];
  readonly reads: readonly ReadCell[];
}

function bindPlan(plan: Plan, model: ElementModel, builder: TableBuilder, context: FlattenContext): (envelope: ResourceEnvelope, id: string) => void {
  const nodeCount = plan.nodes.length;
  const findNode = plan.nodes.map(compileNode);
  const parents = plan.nodes.map((node) => (node.kind === 'resource' ? -1 : node.parent));
  const columnsOf = groupColumns(plan, context);
  const otherJsonIndex = plan.cells.findIndex((cell) => cell.kind === 'otherJson');
  const writeOtherJson = compileOtherJson(plan, model, context);
  const row: Row = { slots: new Array<JsonObject | undefined>(nodeCount).fill(undefined), id: '', hasNumberText: false };
  const { slots } = row;

  return (envelope, id) => {
    row.id = id;
    row.hasNumberText = envelope.hasNumberText;
    slots[0] = envelope.resource;
    for (let node = 1; node < nodeCount; node++) {
      const parent = slots[parents[node] as number];
      slots[node] = parent === undefined ? undefined : (findNode[node] as FindNode)(parent);
    }
    builder.beginRow();
    for (let node = 0; node < nodeCount; node++) {
      if (slots[node] === undefined) continue;
      const columns = columnsOf[node] as NodeColumns;
      for (let index = 0; index < columns.reads.length; index++) {
        const value = (columns.reads[index] as ReadCell)(row);
        if (value !== undefined) builder.set(columns.columnIndexes[index] as number, value);
      }
    }
    if (otherJsonIndex >= 0) {
      const text = writeOtherJson(envelope.resource, row);
      if (text !== undefined) builder.set(otherJsonIndex, text);
    }
    builder.endRow();
  };
}

type FindNode = (parent: JsonObject) => JsonObject | undefined;

function compileNode(node: PlanNode): FindNode {
  switch (node.kind) {
    case 'resource':
      return (parent) => parent;
    case 'child': {
      const { key } = node;
      return (parent) => {
        const value = parent[key];
        return value !== undefined && isJsonObject(value) ? value : undefined;
      };
    }
    case 'item': {
      const { key } = node;
      const choose = compileItemRule(node.rule);
      return (parent) => {
        const value = parent[key];
        return value !== undefined && Array.isArray(value) ? choose(value) : undefined;
      };
    }
    default:
      return node satisfies never;
  }
}

/** Columns by the node without which they are null: the one they read, or the resource for cells that read several. */
function groupColumns(plan: Plan, context: FlattenContext): readonly NodeColumns[] {
  const groups = plan.nodes.map(() => ({ columnIndexes: [] as number[], reads: [] as ReadCell[] }));
  plan.cells.forEach((cell, columnIndex) => {
    if (cell.kind === 'otherJson' || cell.kind === 'nothing') return;
    const group = groups[nodeOf(cell)] as (typeof groups)[number];
    group.columnIndexes.push(columnIndex);
    group.reads.push(compileCell(cell, context.storage));
  });
  return groups;
}

function nodeOf(cell: Cell): number {
  switch (cell.kind) {
    case 'value':
    case 'list':
    case 'joinItems':
    case 'reference':
    case 'rendered':
    case 'presentKey':
    case 'count':
    case 'hours':
    case 'flagOrPresent':
      return cell.node;
    case 'firstOf': {
      const nodes = new Set(cell.cells.map(nodeOf));
      return nodes.size === 1 ? ([...nodes][0] as number) : 0;
    }
    case 'id':
    case 'nothing':
    case 'otherJson':
      return 0;
    default:
      return cell satisfies never;
  }
}
