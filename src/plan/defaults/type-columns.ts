// The column rules per data type: one value → the columns that show it. `base` is the column name's stem.

import { ucum } from '../../fhir/code-systems.ts';
import { type ElementType, isPrimitive } from '../../fhir/element-model.ts';
import type { Cell, NodeIndex } from '../plan.ts';
import { addDataColumn, addNarrativeColumns } from './document-columns.ts';
import { wasReferenceInR4 } from './moved-elements.ts';
import { toSnakeCase } from './names.ts';
import { type PlanBuilder, primitive } from './plan-builder.ts';
import { addReferenceColumns, addReferenceIdentifier, addReferenceKeys } from './reference-columns.ts';

/** Adds the columns of a single value under a key; types without a rule have none. */
export function addTypeColumns(builder: PlanBuilder, node: NodeIndex, key: string, type: ElementType, base: string): void {
  if (isPrimitive(type)) builder.addValue(base, '', node, key, `${builder.pathOf(node)}.${key} (${type.code}).`);
  else if (hasColumns(type)) addObjectColumns(builder, builder.child(node, key), type, base);
}

const objectRules: Readonly<Record<string, (builder: PlanBuilder, node: NodeIndex, base: string, type: ElementType) => void>> = {
  CodeableConcept: (builder, node, base) => addConceptColumns(builder, node, base),
  Coding: addCodingColumns,
  Identifier: addIdentifierColumns,
  HumanName: addHumanNameColumns,
  Address: addAddressColumns,
  ContactPoint: addContactPointColumns,
  Reference: (builder, node, base, type) => addReferenceColumns(builder, node, base, type.targets),
  CodeableReference: (builder, node, base, type) => addCodeableReferenceColumns(builder, node, node, base, type.targets),
  Period: addPeriodColumns,
  Quantity: addQuantityColumns,
  Age: addQuantityColumns,
  Duration: addQuantityColumns,
  Count: addQuantityColumns,
  Distance: addQuantityColumns,
  Range: (builder, node, base) => addQuantityGroup(builder, node, base, 'low', 'high'),
  Ratio: (builder, node, base) => addQuantityGroup(builder, node, base, 'numerator', 'denominator'),
  RatioRange: (builder, node, base) => addQuantityGroup(builder, node, base, 'lowNumerator', 'highNumerator', 'denominator'),
  Money: addMoneyColumns,
  MonetaryComponent: addMonetaryComponentColumns,
  Annotation: addAnnotationColumn,
  Attachment: addAttachmentColumns,
  Timing: addTimingColumn,
  Narrative: addNarrativeColumns,
};

function hasColumns(type: ElementType): boolean {
  return objectRules[type.code] !== undefined;
}

/** Adds the columns of an object; types without a rule have none. */
export function addObjectColumns(builder: PlanBuilder, node: NodeIndex, type: ElementType, base: string): void {
  objectRules[type.code]?.(builder, node, base, type);
}

/** The first present of several cells; one cell stands for itself. */
export function firstOf(cells: readonly Cell[]): Cell {
  return cells.length === 1 ? (cells[0] as Cell) : { kind: 'firstOf', cells };
}

/** The label of a CodeableConcept: its text, else display or code of the coding that the columns show. */
export function conceptLabel(builder: PlanBuilder, concept: NodeIndex): readonly Extract<Cell, { kind: 'value' }>[] {
  const coding = builder.item(concept, 'coding', { rule: 'standardCoding' });
  return [builder.value(concept, 'text'), builder.value(coding, 'display'), builder.value(coding, 'code')];
}

/** `reference` is the other half of a concept-or-reference choice, whose display is a label as well. */
export function addConceptColumns(builder: PlanBuilder, concept: NodeIndex, base: string, reference?: NodeIndex): void {
  const path = builder.pathOf(concept);
  const coding = builder.item(concept, 'coding', { rule: 'standardCoding' });
  const referenceDisplay = reference === undefined ? [] : [builder.value(reference, 'display')];
  const displays = [builder.value(coding, 'display'), ...referenceDisplay];
  const texts = [...conceptLabel(builder, concept), ...referenceDisplay];
  builder.add({
    base,
    type: primitive('code'),
    cell: builder.value(coding, 'code'),
    fhirPath: `${path}.coding.code`,
    description: `Code of ${path}: the first coding with a standard system, else the first with a code.`,
  });
  builder.addValue(base, '_system', coding, 'system', `System of the code in ${base}.`);
  builder.add({
    base,
    suffix: '_display',
    type: primitive('string'),
    cell: firstOf(displays),
    fhirPath: builder.pathsOf(displays),
    description: `Display of the code in ${base}.`,
  });
  builder.add({
    base,
    suffix: '_text',
    type: primitive('string'),
    cell: firstOf(texts),
    fhirPath: builder.pathsOf(texts),
    description: `Label of ${path}: its text, else the display, else the code.`,
  });
}

/** One group for a concept or a reference: the concept's columns, and the reference's id, type and identifier beside them. */
export function addConceptOrReferenceColumns(builder: PlanBuilder, concept: NodeIndex, reference: NodeIndex, base: string, targets: readonly string[]): void {
  addConceptColumns(builder, concept, base, reference);
  addReferenceKeys(builder, reference, base, targets);
  addReferenceIdentifier(builder, reference, base, targets);
}

/**
 * https://hl7.org/fhir/R5/references.html#codeablereference: may hold a concept and a reference at once. The two nodes
 * are the same for a single value; of a list they are the first item with a concept and the first with a reference.
 */
export function addCodeableReferenceColumns(
  builder: PlanBuilder,
  conceptHolder: NodeIndex,
  referenceHolder: NodeIndex,
  base: string,
  targets: readonly string[],
): void {
  const concept = builder.child(conceptHolder, 'concept');
  const reference = builder.child(referenceHolder, 'reference');
  if (wasReferenceInR4(builder.pathOf(conceptHolder))) {
    addConceptOrReferenceColumns(builder, concept, reference, base, targets);
    return;
  }
  addConceptColumns(builder, concept, base);
  addReferenceColumns(builder, reference, `${base}_reference`, targets);
}

function addCodingColumns(builder: PlanBuilder, node: NodeIndex, base: string): void {
  const path = builder.pathOf(node);
  builder.addValue(base, '', node, 'code', `Code of ${path}.`);
  builder.addValue(base, '_system', node, 'system', `System of the code in ${base}.`);
  builder.addValue(base, '_display', node, 'display', `Display of the code in ${base}.`);
}

function addIdentifierColumns(builder: PlanBuilder, node: NodeIndex, base: string): void {
  const path = builder.pathOf(node);
  builder.addValue(base, '', node, 'value', `Value of ${path}; of several, the official or usual one.`);
  builder.addValue(base, '_system', node, 'system', `System of the value in ${base}.`);
}

function addHumanNameColumns(builder: PlanBuilder, node: NodeIndex, base: string): void {
  const path = builder.pathOf(node);
  builder.add({
    base,
    type: primitive('string'),
    cell: firstOf([builder.value(node, 'text'), { kind: 'rendered', node, key: undefined, as: 'humanName' }]),
    fhirPath: `${path}.text`,
    description: `${path} as one text; of several, the official or usual one.`,
  });
  builder.addValue(base, '_family', node, 'family', `Family name of ${base}.`);
  for (const part of ['given', 'prefix', 'suffix'] as const) {
    builder.add({
      base,
      suffix: `_${part}`,
      type: { kind: 'list', fhirType: 'string' },
      cell: { kind: 'list', node, key: part, type: 'string', separator: ' ' },
      fhirPath: `${path}.${part}`,
      description: `${path}.${part}, joined by a space.`,
    });
  }
  builder.addValue(base, '_use', node, 'use', `Use of the name in ${base}.`);
}

function addAddressColumns(builder: PlanBuilder, node: NodeIndex, base: string): void {
  const path = builder.pathOf(node);
  builder.add({
    base,
    suffix: '_line',
    type: { kind: 'list', fhirType: 'string' },
    cell: { kind: 'list', node, key: 'line', type: 'string', separator: ', ' },
    fhirPath: `${path}.line`,
    description: `${path}.line, joined by a comma; of several addresses, the home one.`,
  });
  for (const key of ['city', 'district', 'state', 'postalCode', 'country', 'use']) {
    builder.addValue(base, `_${toSnakeCase(key)}`, node, key, `${path}.${key} of the address in ${base}_line.`);
  }
}

function addContactPointColumns(builder: PlanBuilder, node: NodeIndex, base: string): void {
  const path = builder.pathOf(node);
  builder.addValue(base, '', node, 'value', `Value of ${path}.`);
  builder.addValue(base, '_system', node, 'system', `Kind of the contact in ${base}.`);
  builder.addValue(base, '_use', node, 'use', `Use of the contact in ${base}.`);
}

function addPeriodColumns(builder: PlanBuilder, node: NodeIndex, base: string): void {
  const path = builder.pathOf(node);
  builder.addValue(base, '_start', node, 'start', `Start of ${path}.`);
  builder.addValue(base, '_end', node, 'end', `End of ${path}.`);
}

function addQuantityColumns(builder: PlanBuilder, node: NodeIndex, base: string): void {
  const path = builder.pathOf(node);
  builder.addValue(base, '', node, 'value', `Value of ${path}.`);
  builder.addValue(base, '_comparator', node, 'comparator', `Comparator of ${path}, when the value is a bound.`);
  builder.addValue(base, '_unit', node, 'unit', `Unit of ${path} as people write it.`);
  builder.addValue(base, '_code', node, 'code', `Unit of ${path} as a code; UCUM unless other_json says otherwise.`);
  builder.imply({ node, key: 'system', value: ucum });
}

function addQuantityGroup(builder: PlanBuilder, node: NodeIndex, base: string, ...keys: readonly string[]): void {
  const path = builder.pathOf(node);
  for (const key of keys) {
    const quantity = builder.child(node, key);
    const suffix = `_${toSnakeCase(key)}`;
    builder.addValue(base, suffix, quantity, 'value', `Value of ${path}.${key}.`);
    builder.addValue(base, `${suffix}_unit`, quantity, 'unit', `Unit of ${path}.${key}.`);
    builder.imply({ node: quantity, key: 'system', value: ucum });
  }
}

function addMoneyColumns(builder: PlanBuilder, node: NodeIndex, base: string): void {
  const path = builder.pathOf(node);
  builder.addValue(base, '', node, 'value', `Amount of ${path}.`);
  builder.addValue(base, '_currency', node, 'currency', `Currency of the amount in ${base}.`);
}

/** https://hl7.org/fhir/R5/metadatatypes.html#MonetaryComponent: a part of a price. */
function addMonetaryComponentColumns(builder: PlanBuilder, node: NodeIndex, base: string): void {
  addMoneyColumns(builder, builder.child(node, 'amount'), base);
  builder.addValue(base, '_type', node, 'type', `What the amount in ${base} is: base, surcharge, discount or tax, among others.`);
  builder.addValue(base, '_factor', node, 'factor', `Factor by which the amount in ${base} is calculated.`);
  addConceptColumns(builder, builder.child(node, 'code'), `${base}_code`);
}

function addAnnotationColumn(builder: PlanBuilder, node: NodeIndex, base: string): void {
  builder.addValue(base, '', node, 'text', `Text of ${builder.pathOf(node)}.`);
}

function addAttachmentColumns(builder: PlanBuilder, node: NodeIndex, base: string): void {
  const path = builder.pathOf(node);
  for (const key of ['contentType', 'url', 'title', 'size', 'creation', 'hash']) {
    builder.addValue(base, `_${toSnakeCase(key)}`, node, key, `${path}.${key}.`);
  }
  addDataColumn(builder, node, base, '_data');
}

function addTimingColumn(builder: PlanBuilder, node: NodeIndex, base: string): void {
  builder.add({
    base,
    suffix: '_text',
    type: primitive('string'),
    cell: { kind: 'rendered', node, key: undefined, as: 'timing' },
    fhirPath: builder.pathOf(node),
    description: `${builder.pathOf(node)} in words, such as "2 per 1 d".`,
  });
}
