// The default tables of a FHIR version as flatteners, made when their resource type is first met.

import type { ElementModel } from '../fhir/element-model.ts';
import type { Flattener, TableSchema } from '../types.ts';
import { planGenericTable, planMainTable } from './defaults/main-table.ts';
import { compileResource } from './engine/compile-resource.ts';
import type { ResourcePlan } from './plan.ts';

export interface DefaultTables {
  /** The resource types of the FHIR version, sorted. */
  readonly resourceTypes: readonly string[];
  /** Flatteners of a resource type; a generic table for a type that the version does not define. */
  flattenersFor(resourceType: string): readonly Flattener[];
  schemaOf(resourceType: string): TableSchema;
}

/** Plans the tables of a resource type. */
export function planDefaultTables(model: ElementModel, resourceType: string): ResourcePlan {
  const isDefined = model.resourceTypes.includes(resourceType);
  const main = isDefined ? planMainTable(model, resourceType) : planGenericTable(model, resourceType);
  return { main, codings: undefined, extensions: undefined };
}

export function makeDefaultTables(model: ElementModel): DefaultTables {
  return {
    resourceTypes: model.resourceTypes,
    flattenersFor: (resourceType) => [compileResource(planDefaultTables(model, resourceType), model)],
    schemaOf: (resourceType) => planDefaultTables(model, resourceType).main.schema,
  };
}
