// The default tables of a FHIR version as flatteners, made when their resource type is first met.

import type { ElementModel } from '../fhir/element-model.ts';
import type { Flattener } from '../types.ts';
import { planGenericTable, planMainTable } from './defaults/main-table.ts';
import { codingTable, extensionTable } from './defaults/rest-tables.ts';
import { compileResource } from './engine/compile-resource.ts';
import type { ResourcePlan } from './plan.ts';

export interface DefaultTables {
  /** The resource types of the FHIR version, sorted. */
  readonly resourceTypes: readonly string[];
  /** Flatteners of a resource type; a generic table for a type that the version does not define. */
  flattenersFor(resourceType: string): readonly Flattener[];
}

export interface DefaultTableOptions {
  /** Child tables, and those of codings and extensions; without them all that the main table does not show is in other_json. */
  readonly hasDetails: boolean;
  /** `extra`: the codings that no column shows. `all`: every one. */
  readonly codings: 'extra' | 'all';
}

export const defaultTableOptions: DefaultTableOptions = { hasDetails: true, codings: 'extra' };

/** Plans the tables of a resource type. */
export function planDefaultTables(model: ElementModel, resourceType: string, options: DefaultTableOptions): ResourcePlan {
  const { hasDetails } = options;
  const isDefined = model.resourceTypes.includes(resourceType);
  const main = isDefined ? planMainTable(model, resourceType, hasDetails) : planGenericTable(model, resourceType);
  if (!hasDetails || !isDefined) return { main, codings: undefined, extensions: undefined };
  const isComplete = options.codings === 'all';
  return { main, codings: { schema: codingTable(resourceType, isComplete), isComplete }, extensions: extensionTable(resourceType) };
}

export function makeDefaultTables(model: ElementModel, options: DefaultTableOptions): DefaultTables {
  return {
    resourceTypes: model.resourceTypes,
    flattenersFor: (resourceType) => [compileResource(planDefaultTables(model, resourceType, options), model)],
  };
}
