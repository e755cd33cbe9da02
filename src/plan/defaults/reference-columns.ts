// A Reference → the columns of its id, its type, its display, and the identifier by which it may point instead.

import type { NodeIndex, ReferenceShape } from '../plan.ts';
import { type PlanBuilder, primitive } from './plan-builder.ts';

/** References to these show the identifier, since suppliers often point to people and places by it. */
const identifiedTargets = new Set([
  'Patient',
  'Practitioner',
  'PractitionerRole',
  'RelatedPerson',
  'Organization',
  'Location',
  'HealthcareService',
  'CareTeam',
]);

export interface ReferenceOptions {
  /** Leave out `X_id` and `X_type`, which stand at the head of the table. */
  readonly isHoisted?: boolean;
}

export function referenceShape(builder: PlanBuilder, node: NodeIndex, targets: readonly string[]): ReferenceShape {
  const isIdentified = targets.length === 0 || targets.some((target) => identifiedTargets.has(target));
  return {
    targets,
    onlyType: undefined,
    hasTypeColumn: targets.length !== 1,
    identifierNode: isIdentified ? builder.child(node, 'identifier') : undefined,
  };
}

export function addReferenceKeys(builder: PlanBuilder, node: NodeIndex, base: string, targets: readonly string[]): void {
  const path = builder.pathOf(node);
  const shape = referenceShape(builder, node, targets);
  builder.add({
    base,
    suffix: '_id',
    type: primitive('id'),
    cell: { kind: 'reference', node, part: 'id', shape },
    fhirPath: `${path}.reference`,
    description: `Id of the ${describeTargets(targets)} that ${path} points to.`,
  });
  if (!shape.hasTypeColumn) return;
  builder.add({
    base,
    suffix: '_type',
    type: primitive('code'),
    cell: { kind: 'reference', node, part: 'type', shape },
    fhirPath: `${path}.type`,
    description: `Resource type that ${base}_id belongs to.`,
  });
}

export function addReferenceColumns(builder: PlanBuilder, node: NodeIndex, base: string, targets: readonly string[], options: ReferenceOptions = {}): void {
  const path = builder.pathOf(node);
  if (options.isHoisted !== true) addReferenceKeys(builder, node, base, targets);
  builder.addValue(base, '_display', node, 'display', `Display of ${path}.`);
  addReferenceIdentifier(builder, node, base, targets);
}

export function addReferenceIdentifier(builder: PlanBuilder, node: NodeIndex, base: string, targets: readonly string[]): void {
  const shape = referenceShape(builder, node, targets);
  if (shape.identifierNode === undefined) return;
  builder.add({
    base,
    suffix: '_identifier',
    type: primitive('string'),
    cell: { kind: 'reference', node, part: 'identifier', shape },
    fhirPath: `${builder.pathOf(node)}.identifier`,
    description: `Identifier by which ${builder.pathOf(node)} points, as system|value.`,
  });
}

function describeTargets(targets: readonly string[]): string {
  return targets.length === 0 || targets.length > 4 ? 'resource' : targets.join(' or ');
}
