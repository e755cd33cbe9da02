// Resource type → Plan of its main table: ids first, then the elements in specification order (all of them, or those
// of the curated list), promoted extensions, meta, and other_json with everything else.

import type { Element, ElementModel, KeyedElement } from '../../fhir/element-model.ts';
import type { Cell, NodeIndex, TablePlan } from '../plan.ts';
import { addChildTables } from './child-tables.ts';
import { type ComputedColumn, type CuratedEntry, curatedTables, promotedExtensions, type Step } from './curated-tables.ts';
import { addElementColumns } from './element-columns.ts';
import { toSnakeCase } from './names.ts';
import { PlanBuilder, primitive } from './plan-builder.ts';
import { addReferenceColumns, addReferenceKeys, referenceShape } from './reference-columns.ts';
import { addTypeColumns, conceptLabel, firstOf } from './type-columns.ts';

/** Elements of Resource and DomainResource, which have columns at the head or the end of the table, or none. */
const baseElements = new Set(['id', 'meta', 'implicitRules', 'language', 'text', 'contained', 'extension', 'modifierExtension']);

/** The elements that say whom a resource is about, and in which encounter; dots lead into a backbone element. */
const patientPaths = ['subject', 'patient', 'beneficiary', 'for'];
const encounterPaths = ['encounter', 'context', 'context.encounter'];

/** A reference whose id stands at the head of the table. */
interface HoistedReference {
  readonly node: NodeIndex;
  readonly element: Element;
  readonly targets: readonly string[];
}

export function planMainTable(model: ElementModel, resourceType: string, hasDetails: boolean): TablePlan {
  const builder = new PlanBuilder(model, { kind: 'resource', type: resourceType });
  builder.add({
    base: 'id',
    rank: 'key',
    type: primitive('id'),
    cell: { kind: 'id' },
    fhirPath: `${resourceType}.id`,
    description: 'Id of the resource.',
    isNullable: false,
  });
  const hoisted = addHeadColumns(builder, resourceType);
  const curated = curatedTables[resourceType];
  if (curated === undefined) {
    for (const element of model.elementsOf(resourceType)) {
      if (!baseElements.has(element.name)) addMainElement(builder, 0, element, toSnakeCase(element.name), hoisted);
    }
  } else {
    for (const entry of curated) addEntry(builder, entry, hoisted);
  }
  for (const column of promotedExtensions[resourceType] ?? []) addComputed(builder, column);
  addTrailingColumns(builder, resourceType);
  if (hasDetails) addChildTables(builder, resourceType);
  return builder.build({
    name: toSnakeCase(resourceType),
    role: 'main',
    resourceType,
    description: `One row per ${resourceType}.`,
  });
}

/** A table for a resource type that FHIR does not define: everything but id and meta stands in other_json. */
export function planGenericTable(model: ElementModel, resourceType: string): TablePlan {
  const builder = new PlanBuilder(model, { kind: 'resource', type: 'DomainResource' });
  builder.add({
    base: 'id',
    rank: 'key',
    type: primitive('id'),
    cell: { kind: 'id' },
    fhirPath: `${resourceType}.id`,
    description: 'Id of the resource.',
    isNullable: false,
  });
  addTrailingColumns(builder, resourceType);
  return builder.build({
    name: toSnakeCase(resourceType),
    role: 'main',
    resourceType,
    description: `One row per ${resourceType}, a type that this FHIR version does not define.`,
  });
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

function addEntry(builder: PlanBuilder, entry: CuratedEntry, hoisted: readonly HoistedReference[]): void {
  if (typeof entry !== 'string') {
    addComputed(builder, entry);
    return;
  }
  const names = entry.split('.');
  let node: NodeIndex = 0;
  for (const name of names.slice(0, -1)) node = builder.child(node, name);
  const element = builder.model.element(builder.typeOf(node), names.at(-1) as string);
  if (element === undefined) throw new Error(`FHIR ${builder.model.version} has no ${builder.pathOf(node)}.${names.at(-1)}`);
  addMainElement(builder, node, element, names.map(toSnakeCase).join('_'), hoisted, true);
}

function addMainElement(
  builder: PlanBuilder,
  node: NodeIndex,
  element: Element,
  base: string,
  hoisted: readonly HoistedReference[],
  isFirstShown = false,
): void {
  const reference = hoisted.find((found) => found.element === element);
  if (reference === undefined) addElementColumns(builder, node, element, base, { isFirstShown });
  else if (!element.isList) addReferenceColumns(builder, reference.node, base, reference.targets, { isHoisted: true });
}

function addComputed(builder: PlanBuilder, column: ComputedColumn): void {
  const cells: Cell[] = [];
  const paths = new Set<string>();
  let type: Parameters<PlanBuilder['add']>[0]['type'] = primitive('string');
  for (const { at, show } of column.from) {
    const node = follow(builder, at);
    switch (show.as) {
      case 'value': {
        const cell = builder.value(node, show.key);
        cells.push(cell);
        paths.add(`${builder.pathOf(node)}.${show.key}`);
        type = primitive(cell.type);
        break;
      }
      case 'label': {
        const element = findByKey(builder, node, show.key).element;
        const concept = element.isList ? builder.item(node, show.key, { rule: 'first' }) : builder.child(node, show.key);
        cells.push(...conceptLabel(builder, concept));
        paths.add(builder.pathOf(concept));
        break;
      }
      case 'count':
        cells.push({ kind: 'count', node, key: show.key });
        paths.add(`${builder.pathOf(node)}.${show.key}`);
        type = primitive('unsignedInt');
        break;
      case 'hours':
        cells.push({ kind: 'hours', node, startKey: show.startKey, endKey: show.endKey });
        paths.add(builder.pathOf(node));
        type = primitive('decimal');
        break;
      case 'columns':
        addGroup(builder, node, show.key, column.name);
        return;
      default:
        show satisfies never;
    }
  }
  builder.add({ base: column.name, type, cell: firstOf(cells), fhirPath: [...paths].join(' | '), description: column.description });
}

/** All columns of the element under a key; a choice is named by its stem. */
function addGroup(builder: PlanBuilder, node: NodeIndex, key: string, base: string): void {
  const byName = builder.model.element(builder.typeOf(node), key);
  if (byName !== undefined) {
    addElementColumns(builder, node, byName, base, { isFirstShown: true });
    return;
  }
  addTypeColumns(builder, node, key, findByKey(builder, node, key).type, base);
}

function follow(builder: PlanBuilder, steps: readonly Step[]): NodeIndex {
  let node: NodeIndex = 0;
  for (const { key, rule } of steps) node = rule === undefined ? builder.child(node, key) : builder.item(node, key, rule);
  return node;
}

function findByKey(builder: PlanBuilder, node: NodeIndex, key: string): KeyedElement {
  const found = builder.model.byKey(builder.typeOf(node)).get(key);
  if (found === undefined) throw new Error(`FHIR ${builder.model.version} has no ${builder.pathOf(node)}.${key}`);
  return found;
}

function addTrailingColumns(builder: PlanBuilder, resourceType: string): void {
  const meta = builder.child(0, 'meta');
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
    cell: { kind: 'nothing' },
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
