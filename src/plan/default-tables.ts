// The default tables of a FHIR version as flatteners, made when their resource type is first met.

import type { ElementModel } from '../fhir/element-model.ts';
import type { DropRule, Flattener } from '../types.ts';
import { planGenericTable, planMainTable } from './defaults/main-table.ts';
import { codingTable, extensionTable } from './defaults/rest-tables.ts';
import { type DefaultTableOptions, defaultTableOptions } from './defaults/table-options.ts';
import { compileResource } from './engine/compile-resource.ts';
import type { ResourcePlan } from './plan.ts';

export interface DefaultTables {
  /** The resource types of the FHIR version, sorted. */
  readonly resourceTypes: readonly string[];
  /** Flatteners of a resource type; a generic table for a type that the version does not define. */
  flattenersFor(resourceType: string): readonly Flattener[];
}

export { type DefaultTableOptions, defaultTableOptions };

/** Plans the tables of a resource type. */
export function planDefaultTables(model: ElementModel, resourceType: string, chosen: Partial<DefaultTableOptions> = {}): ResourcePlan {
  const options = { ...defaultTableOptions, ...chosen };
  const isDefined = model.resourceTypes.includes(resourceType);
  const main = isDefined ? planMainTable(model, resourceType, options) : planGenericTable(model, resourceType, options);
  const dropRules = dropRulesOf(options);
  if (!options.hasDetails || !isDefined) return { main, codings: undefined, extensions: undefined, dropRules };
  const isComplete = options.codings === 'all';
  const codings = { schema: codingTable(resourceType, isComplete, options.hasVersions), isComplete };
  return { main, codings, extensions: extensionTable(resourceType, options.hasVersions), dropRules };
}

function dropRulesOf({ attachments, hasNarrative }: DefaultTableOptions): readonly DropRule[] {
  return [...(hasNarrative ? [] : (['narrative'] as const)), ...(attachments === 'base64' ? [] : (['attachment-data'] as const))];
}

export function makeDefaultTables(model: ElementModel, options: Partial<DefaultTableOptions>): DefaultTables {
  return {
    resourceTypes: model.resourceTypes,
    flattenersFor: (resourceType) => [compileResource(planDefaultTables(model, resourceType, options), model)],
  };
}
