// Plan → Flattener. Closures are built once per table: no eval, no generated code.

import type { ElementModel } from '../../fhir/element-model.ts';
import type { FlattenContext, Flattener, ResourceEnvelope, TableBuilder } from '../../types.ts';
import type { Plan } from '../plan.ts';
import { contributePlan } from './contributions.ts';
import { HandlerSet } from './handlers.ts';
import { type ResourceState, TableState } from './table-state.ts';
import { ResourceWalk } from './walk-resource.ts';

/** Makes a Plan executable. */
export function compilePlan(plan: Plan, model: ElementModel): Flattener {
  return {
    name: plan.schema.name,
    resourceType: plan.schema.resourceType,
    tables: [plan.schema],
    bind: (builders, context) => bindPlan(plan, model, builders[0] as TableBuilder, context),
  };
}

function bindPlan(plan: Plan, model: ElementModel, builder: TableBuilder, context: FlattenContext): (envelope: ResourceEnvelope, id: string) => void {
  const resource: ResourceState = { id: '', hasNumberText: false };
  const state = new TableState(resource, builder, plan.nodes.length);
  let contributionCount = 0;
  const root = contributePlan(plan, state, context.storage, () => contributionCount++);
  const handlers = new HandlerSet(model);
  const rootHandler = handlers.ofOne(root);
  const walk = new ResourceWalk(handlers, context, resource);
  const otherJsonColumn = plan.cells.findIndex((cell) => cell.kind === 'otherJson');

  return (envelope, id) => {
    resource.id = id;
    resource.hasNumberText = envelope.hasNumberText;
    state.begin();
    const rest = walk.walkObject(rootHandler, envelope.resource);
    if (rest !== '' && otherJsonColumn >= 0) builder.set(state.row, otherJsonColumn, rest);
  };
}
