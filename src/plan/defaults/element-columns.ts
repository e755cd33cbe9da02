// One element of a type → its columns: by its data type, by the rules for lists and choices, or, for a single backbone
// element, by its own elements.

import { type Element, type ElementType, isPrimitive } from '../../fhir/element-model.ts';
import type { PrimitiveTypeName } from '../../types.ts';
import type { ItemRule, NodeIndex } from '../plan.ts';
import { addChoiceColumns } from './choice-columns.ts';
import { toSnakeCase } from './names.ts';
import { type PlanBuilder, primitive } from './plan-builder.ts';
import { addCodeableReferenceColumns, addObjectColumns } from './type-columns.ts';

/** Repeating references whose first item stands in the main table. */
const firstReferenceNames = new Set(['performer', 'author', 'payor', 'generalPractitioner', 'reasonReference', 'location']);

const bestItemRules: Readonly<Record<string, ItemRule>> = {
  CodeableConcept: { rule: 'first' },
  Coding: { rule: 'standardCoding' },
  Identifier: { rule: 'bestIdentifier' },
  HumanName: { rule: 'bestName' },
  Address: { rule: 'bestAddress' },
};

export interface ElementOptions {
  /** Show the first item of a list that would otherwise stand in a child table only. */
  readonly isFirstShown?: boolean;
  /** In child tables: show also what a main table leaves to them, such as the parts of a Timing and open choices. */
  readonly isComplete?: boolean;
  /** Of a choice: types that have no columns of their own. */
  readonly hiddenTypes?: readonly string[];
}

/** How a list of a data type is joined, where people write it otherwise than with a semicolon. */
const separators: Readonly<Record<string, string>> = {
  'HumanName.given': ' ',
  'HumanName.prefix': ' ',
  'HumanName.suffix': ' ',
  'Address.line': ', ',
};

/** Adds the columns of an element of the node's object. */
export function addElementColumns(builder: PlanBuilder, node: NodeIndex, element: Element, base: string, options: ElementOptions = {}): void {
  if (element.isChoice) {
    addChoiceColumns(builder, node, element, base, options);
    return;
  }
  const type = element.types[0] as ElementType;
  if (isPrimitive(type)) {
    addPrimitiveColumn(builder, node, element, type, base);
    return;
  }
  if (!element.isList) {
    addObject(builder, builder.child(node, element.name), type, base, options);
    return;
  }
  if (type.code === 'ContactPoint') {
    addContactColumns(builder, node, element, base);
  } else if (type.code === 'Annotation') {
    addJoinedNotes(builder, node, element, base);
  } else if (type.code === 'CodeableReference') {
    const [concept, reference] = (['concept', 'reference'] as const).map((key) => builder.item(node, element.name, { rule: 'having', key }));
    addCodeableReferenceColumns(builder, concept as NodeIndex, reference as NodeIndex, base, type.targets);
  } else {
    const isShownByDefault = type.code === 'Reference' && firstReferenceNames.has(element.name);
    const rule = bestItemRules[type.code] ?? (options.isFirstShown === true || isShownByDefault ? { rule: 'first' } : undefined);
    if (rule !== undefined) addObject(builder, builder.item(node, element.name, rule), type, base, options);
  }
}

function addPrimitiveColumn(builder: PlanBuilder, node: NodeIndex, element: Element, type: ElementType, base: string): void {
  const fhirType = type.code as PrimitiveTypeName;
  const fhirPath = `${builder.pathOf(node)}.${element.name}`;
  if (element.isList) {
    const separator = separators[`${builder.typeOf(node)}.${element.name}`] ?? '; ';
    builder.add({
      base,
      type: { kind: 'list', fhirType },
      cell: { kind: 'list', node, key: element.name, type: fhirType, separator },
      fhirPath,
      description: `All values of ${fhirPath}.`,
    });
  } else {
    builder.addValue(base, '', node, element.name, `${fhirPath} (${fhirType}).`);
  }
}

function addContactColumns(builder: PlanBuilder, node: NodeIndex, element: Element, base: string): void {
  const stem = element.name === 'telecom' ? base.replace(/_?telecom$/, '') : base;
  for (const system of ['phone', 'email']) {
    const contact = builder.item(node, element.name, { rule: 'contactPoint', system });
    const path = `${builder.pathOf(node)}.${element.name}`;
    const isBare = stem === '';
    builder.addValue(
      isBare ? system : stem,
      isBare ? '' : `_${system}`,
      contact,
      'value',
      `The ${system} of ${path} that is preferred by rank, use and order.`,
    );
  }
}

function addJoinedNotes(builder: PlanBuilder, node: NodeIndex, element: Element, base: string): void {
  const path = `${builder.pathOf(node)}.${element.name}`;
  builder.add({
    base,
    type: primitive('markdown'),
    cell: { kind: 'joinItems', node, key: element.name, itemKey: 'text', itemType: 'Annotation', separator: '\n' },
    fhirPath: `${path}.text`,
    description: `Texts of ${path}, one a line.`,
  });
}

function addObject(builder: PlanBuilder, node: NodeIndex, type: ElementType, base: string, options: ElementOptions): void {
  const isFlattened = type.code === 'BackboneElement' || type.code === 'Element' || (type.code === 'Timing' && options.isComplete === true);
  if (isFlattened) addBackboneColumns(builder, node, base, options);
  else addObjectColumns(builder, node, type, base);
}

/** A single backbone element is flattened: its elements become columns with its name before theirs. */
function addBackboneColumns(builder: PlanBuilder, node: NodeIndex, base: string, options: ElementOptions): void {
  for (const element of builder.model.elementsOf(builder.typeOf(node))) {
    if (element.name === 'id' || element.name === 'extension' || element.name === 'modifierExtension') continue;
    addElementColumns(builder, node, element, `${base}_${toSnakeCase(element.name)}`, { isComplete: options.isComplete === true });
  }
}
