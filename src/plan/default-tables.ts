// The default tables of a FHIR version as flatteners, made when their resource type is first met.

import type { ElementModel } from '../fhir/element-model.ts';
import type { Flattener, TableSchema } from '../types.ts';
import { planGenericTable, planMainTable } from './defaults/main-table.ts';
import { compilePlan } from './engine/compile-plan.ts';
import type { Plan } from './plan.ts';

export interface DefaultTables {
  /** The resource types of the FHIR version, sorted. */
  readonly resourceTypes: readonly string[];
  /** Flatteners of a resource type; a generic table for a type that the version does not define. */
  flattenersFor(resourceType: string): readonly Flattener[];
  schemaOf(resourceType: string): TableSchema;
}

/** Plans the main table of a resource type. */
export function planDefaultTable(model: ElementModel, resourceType: string): Plan {
  const isDefined = model.resourceTypes.includes(resourceType);
  return isDefined ? planMainTable(model, resourceType) : planGenericTable(model, resourceType);
}

export function makeDefaultTables(model: ElementModel): DefaultTables {
  return {
    resourceTypes: model.resourceTypes,
    flattenersFor: (resourceType) => [compilePlan(planDefaultTable(model, resourceType), model)],
    schemaOf: (resourceType) => planDefaultTable(model, resourceType).schema,
  };
}
