// R4 path from an object of a plan → the element that the model's version has there, with the node that holds it.

import { type Element, type ElementType, jsonKey } from '../../fhir/element-model.ts';
import type { ItemRule, NodeIndex } from '../plan.ts';
import { laterPath, type Step } from './moved-elements.ts';
import type { PlanBuilder } from './plan-builder.ts';

export interface LocatedElement {
  /** The object that has the element. */
  readonly node: NodeIndex;
  readonly element: Element;
  /** The one type of a choice that the path named by its JSON key, such as `valueCoding`; undefined for the element as a whole. */
  readonly chosen: ElementType | undefined;
}

/** Undefined when the version has no such element; a path that R4 does not have either is a mistake in the curated lists. */
export function locateElement(builder: PlanBuilder, node: NodeIndex, path: string): LocatedElement | undefined {
  const { version } = builder.model;
  const later = laterPath(version, builder.typeOf(node), path);
  if (later !== undefined) return followLater(builder, node, typeof later === 'string' ? splitPath(later) : later);
  const dot = path.indexOf('.');
  if (dot >= 0) {
    const head = locateElement(builder, node, path.slice(0, dot));
    return head === undefined ? undefined : locateElement(builder, enter(builder, head), path.slice(dot + 1));
  }
  const found = findElement(builder, node, path);
  if (found === undefined && version === 'r4') throw unknownElement(builder, node, path);
  return found;
}

/** Follows R4 steps; undefined when the version has not all of them. */
export function followSteps(builder: PlanBuilder, steps: readonly Step[]): NodeIndex | undefined {
  let node: NodeIndex = 0;
  for (const { key, rule } of steps) {
    const found = locateElement(builder, node, key);
    if (found === undefined) return undefined;
    node = enter(builder, found, rule);
  }
  return node;
}

/** The JSON key that the path named; the bare name of a choice as a whole. */
export function keyOf({ element, chosen }: LocatedElement): string {
  return chosen === undefined ? element.name : jsonKey(element, chosen);
}

/** The object under an element, or one item of its list. */
export function enter(builder: PlanBuilder, found: LocatedElement, rule: ItemRule = { rule: 'first' }): NodeIndex {
  const { node, element } = found;
  const key = keyOf(found);
  return element.isList ? builder.item(node, key, translateRule(builder, node, key, rule)) : builder.child(node, key);
}

/** The element of that name, or one type of a choice by its JSON key. */
function findElement(builder: PlanBuilder, node: NodeIndex, name: string): LocatedElement | undefined {
  const type = builder.typeOf(node);
  const element = builder.model.element(type, name);
  if (element !== undefined) return { node, element, chosen: undefined };
  const keyed = builder.model.byKey(type).get(name);
  return keyed === undefined ? undefined : { node, element: keyed.element, chosen: keyed.type };
}

/** Steps of the later version are taken as they are: one that it does not have is a mistake in the list of moved elements. */
function followLater(builder: PlanBuilder, start: NodeIndex, steps: readonly Step[]): LocatedElement {
  let node = start;
  let targets: readonly string[] | undefined;
  for (const [index, { key, rule }] of steps.entries()) {
    const found = findElement(builder, node, key);
    if (found === undefined) throw unknownElement(builder, node, key);
    const next = steps[index + 1];
    if (next === undefined) return { ...found, element: withTargets(found.element, targets) };
    const [type] = found.element.types;
    targets = type?.code === 'CodeableReference' && next.key === 'reference' ? type.targets : undefined;
    node = enter(builder, found, rule ?? { rule: 'having', key: next.key });
  }
  throw new RangeError('a path has at least one step');
}

/** What a CodeableReference may point to is said of itself, not of its reference. */
function withTargets(element: Element, targets: readonly string[] | undefined): Element {
  return targets === undefined ? element : { ...element, types: element.types.map((type) => ({ ...type, targets })) };
}

function splitPath(path: string): readonly Step[] {
  return path.split('.').map((key) => ({ key }));
}

/** The key that a rule looks at, where the version keeps it. */
function translateRule(builder: PlanBuilder, node: NodeIndex, listKey: string, rule: ItemRule): ItemRule {
  if (!('key' in rule) || rule.key === undefined) return rule;
  const itemType = builder.model.byKey(builder.typeOf(node)).get(listKey)?.type.path ?? '';
  const key = laterPath(builder.model.version, itemType, rule.key);
  return typeof key === 'string' ? { ...rule, key } : rule;
}

function unknownElement(builder: PlanBuilder, node: NodeIndex, key: string): Error {
  return new Error(`FHIR ${builder.model.version} has no ${builder.pathOf(node)}.${key}`);
}
