// Resource type → Plan of its main table: ids first, then the elements in specification order (all of them, or those
// of the curated list), promoted extensions, meta, and other_json with everything else.

import type { Element, ElementModel } from '../../fhir/element-model.ts';
import type { NodeIndex, TablePlan } from '../plan.ts';
import { addChildTables } from './child-tables.ts';
import { addComputedColumn, addCuratedColumns } from './curated-columns.ts';
import { curatedTables } from './curated-tables.ts';
import { addDataColumn, addNarrativeColumns } from './document-columns.ts';
import { addElementColumns } from './element-columns.ts';
import { toSnakeCase } from './names.ts';
import { PlanBuilder, primitive } from './plan-builder.ts';
import { promotedExtensions } from './promoted-extensions.ts';
import { addReferenceColumns, addReferenceKeys, referenceShape } from './reference-columns.ts';
import type { DefaultTableOptions } from './table-options.ts';
import { versionColumn } from './version-column.ts';

/** Elements of Resource and DomainResource, which have columns at the head or the end of the table, or none. */
const baseElements = new Set(['id', 'meta', 'implicitRules', 'language', 'text', 'contained', 'extension', 'modifierExtension']);

/** With `--columns wide`, where the plain ones among them have columns too. */
const wideBaseElements = new Set([...baseElements].filter((name) => name !== 'implicitRules' && name !== 'language'));

/** The elements that say whom a resource is about, and in which encounter; dots lead into a backbone element. */
const patientPaths = ['subject', 'patient', 'beneficiary', 'for'];
const encounterPaths = ['encounter', 'context', 'context.encounter'];

/** A reference whose id stands at the head of the table. */
interface HoistedReference {
  readonly node: NodeIndex;
  readonly element: Element;
  readonly targets: readonly string[];
}

export function planMainTable(model: ElementModel, resourceType: string, options: DefaultTableOptions): TablePlan {
  const builder = new PlanBuilder(model, { kind: 'resource', type: resourceType }, options);
  addIdColumn(builder, resourceType);
  const hoisted = addHeadColumns(builder, resourceType);
  const curated = curatedTables[resourceType];
  const start = builder.columnCount;
  for (const entry of curated ?? []) addCuratedColumns(builder, entry);
  if (options.columns === 'wide') builder.addMissing(start, () => addAllElements(builder, resourceType, hoisted, wideBaseElements));
  else if (curated === undefined) addAllElements(builder, resourceType, hoisted, baseElements);
  for (const column of promotedExtensions[resourceType] ?? []) addComputedColumn(builder, column);
  if (model.element(resourceType, 'text') !== undefined) addNarrativeColumns(builder, builder.child(0, 'text'), 'text');
  addTrailingColumns(builder, resourceType);
  if (options.hasDetails) addChildTables(builder, resourceType);
  return builder.build({
    name: toSnakeCase(resourceType),
    role: 'main',
    resourceType,
    description: `One row per ${resourceType}.`,
  });
}

/** A table for a resource type that FHIR does not define: everything but id and meta stands in other_json. */
export function planGenericTable(model: ElementModel, resourceType: string, options: DefaultTableOptions): TablePlan {
  const builder = new PlanBuilder(model, { kind: 'resource', type: 'DomainResource' }, options);
  addIdColumn(builder, resourceType);
  addNarrativeColumns(builder, builder.child(0, 'text'), 'text');
  addTrailingColumns(builder, resourceType);
  return builder.build({
    name: toSnakeCase(resourceType),
    role: 'main',
    resourceType,
    description: `One row per ${resourceType}, a type that this FHIR version does not define.`,
  });
}

function addIdColumn(builder: PlanBuilder, resourceType: string): void {
  builder.add({
    base: 'id',
    rank: 'key',
    type: primitive('id'),
    cell: { kind: 'id' },
    fhirPath: `${resourceType}.id`,
    description: 'Id of the resource.',
    isNullable: false,
  });
  if (builder.options.hasVersions) builder.add(versionColumn);
}

function addAllElements(builder: PlanBuilder, resourceType: string, hoisted: readonly HoistedReference[], excluded: ReadonlySet<string>): void {
  for (const element of builder.model.elementsOf(resourceType)) {
    if (!excluded.has(element.name)) addMainElement(builder, 0, element, toSnakeCase(element.name), hoisted);
  }
}

function addHeadColumns(builder: PlanBuilder, resourceType: string): readonly HoistedReference[] {
  const patient = findReference(builder, patientPaths, resourceType, 'Patient');
  const encounter = findReference(builder, encounterPaths, resourceType, 'Encounter');
  if (patient !== undefined) addKeyReference(builder, patient, 'patient', 'Patient');
  if (encounter !== undefined) addKeyReference(builder, encounter, 'encounter', 'Encounter');
  const hoisted = [patient, encounter].filter((found) => found !== undefined);
  for (const { node, element, targets } of hoisted) {
    const isOther = targets.length !== 1;
    if (isOther && !element.isList) addReferenceKeys(builder, node, toSnakeCase(element.name), targets);
  }
  return hoisted;
}

function findReference(builder: PlanBuilder, paths: readonly string[], resourceType: string, target: string): HoistedReference | undefined {
  for (const path of paths) {
    const [name = '', below] = path.split('.');
    let element = builder.model.element(resourceType, name);
    if (element === undefined) continue;
    let parent: NodeIndex = 0;
    if (below !== undefined) {
      if (element.isList || element.types[0]?.code !== 'BackboneElement') continue;
      parent = builder.child(0, name);
      element = builder.model.element(builder.typeOf(parent), below);
      if (element === undefined) continue;
    }
    const [type] = element.types;
    if (element.isChoice || type?.code !== 'Reference') continue;
    if (type.targets.length > 0 && !type.targets.includes(target)) continue;
    const node = element.isList
      ? builder.item(parent, element.name, { rule: 'referenceTo', key: undefined, type: target })
      : builder.child(parent, element.name);
    return { node, element, targets: type.targets };
  }
  return undefined;
}

function addKeyReference(builder: PlanBuilder, reference: HoistedReference, base: string, target: string): void {
  const { node, targets } = reference;
  const shape = { ...referenceShape(builder, node, targets), onlyType: target, hasTypeColumn: false };
  builder.add({
    base,
    suffix: '_id',
    rank: 'key',
    type: primitive('id'),
    cell: { kind: 'reference', node, part: 'id', shape },
    fhirPath: `${builder.pathOf(node)}.reference`,
    description: `Id of the ${target} that ${builder.pathOf(node)} points to.`,
  });
}

function addMainElement(builder: PlanBuilder, node: NodeIndex, element: Element, base: string, hoisted: readonly HoistedReference[]): void {
  const reference = hoisted.find((found) => found.element === element);
  if (builder.typeOf(node) === 'Binary' && element.name === 'data') addDataColumn(builder, node, base, '');
  else if (reference === undefined) addElementColumns(builder, node, element, base);
  else if (!element.isList) addReferenceColumns(builder, reference.node, base, reference.targets, { isHoisted: true });
}

function addTrailingColumns(builder: PlanBuilder, resourceType: string): void {
  const meta = builder.child(0, 'meta');
  if (builder.options.hasVersions || builder.options.columns === 'wide') {
    builder.add({
      base: 'meta_version_id',
      rank: 'key',
      type: primitive('id'),
      cell: builder.value(meta, 'versionId'),
      fhirPath: `${resourceType}.meta.versionId`,
      description: 'Version of the resource on its server.',
    });
  }
  builder.add({
    base: 'meta_last_updated',
    rank: 'key',
    type: primitive('instant'),
    cell: builder.value(meta, 'lastUpdated'),
    fhirPath: `${resourceType}.meta.lastUpdated`,
    description: 'When the resource was last changed on its server.',
  });
  builder.add({
    base: 'meta_profile',
    rank: 'key',
    type: { kind: 'list', fhirType: 'canonical' },
    cell: { kind: 'list', node: meta, key: 'profile', type: 'canonical', separator: '; ' },
    fhirPath: `${resourceType}.meta.profile`,
    description: 'Profiles that the resource claims to follow.',
  });
  builder.add({
    base: 'meta_source',
    rank: 'key',
    type: primitive('uri'),
    cell: builder.value(meta, 'source'),
    fhirPath: `${resourceType}.meta.source`,
    description: 'Where the resource comes from.',
  });
  builder.add({
    base: 'contained_in',
    rank: 'key',
    type: primitive('string'),
    cell: { kind: 'containedIn' },
    description: 'Type/id of the resource that contains this one.',
  });
  builder.add({
    base: 'other_json',
    rank: 'key',
    type: { kind: 'json' },
    cell: { kind: 'otherJson' },
    description: "Everything of the resource that no column shows, as JSON in the resource's own shape; null stands for an item of a list that columns show.",
  });
}
