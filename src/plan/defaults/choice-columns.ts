// Choice elements (value[x]) → columns. https://hl7.org/fhir/R4/formats.html#choice
// Time-like choices become start and end, concept-or-reference choices one group, all others a label, the type that
// was chosen, and a group for each type.

import { type Element, type ElementType, isPrimitive, jsonKey } from '../../fhir/element-model.ts';
import type { Cell, NodeIndex, Rendering } from '../plan.ts';
import { toSnakeCase } from './names.ts';
import { type PlanBuilder, primitive } from './plan-builder.ts';
import { addConceptOrReferenceColumns, addTypeColumns, firstOf } from './type-columns.ts';

/** An element with more types is open: any data type may stand there. */
const mostTypes = 20;

const timeTypes = new Set(['date', 'dateTime', 'instant', 'Period', 'Timing', 'Age', 'Range', 'string']);

/** The choice elements that are points or spans of time are named in no list of FHIR; their types tell. */
function isTimeLike(element: Element): boolean {
  const codes = element.types.map((type) => type.code);
  return codes.every((code) => timeTypes.has(code)) && codes.some((code) => code === 'dateTime' || code === 'Period' || code === 'date');
}

function isConceptOrReference(element: Element): boolean {
  const codes = element.types.map((type) => type.code).sort();
  return codes.length === 2 && codes[0] === 'CodeableConcept' && codes[1] === 'Reference';
}

export interface ChoiceOptions {
  readonly isComplete?: boolean;
  readonly hiddenTypes?: readonly string[];
}

/** Open choices have columns in child tables only, which are complete. */
export function addChoiceColumns(builder: PlanBuilder, node: NodeIndex, element: Element, base: string, options: ChoiceOptions): void {
  if (element.types.length > mostTypes) {
    if (options.isComplete === true) addOpenColumns(builder, node, element, base);
  } else if (isTimeLike(element)) addTimeColumns(builder, node, element, base);
  else if (isConceptOrReference(element)) addConceptOrReference(builder, node, element, base);
  else addGroupPerType(builder, node, element, base, options.hiddenTypes);
}

function addTypeColumn(builder: PlanBuilder, node: NodeIndex, element: Element, base: string): void {
  const path = `${builder.pathOf(node)}.${element.name}[x]`;
  builder.add({
    base,
    suffix: '_type',
    type: primitive('code'),
    cell: { kind: 'presentKey', node, labels: new Map(element.types.map((type) => [jsonKey(element, type), type.code])) },
    fhirPath: path,
    description: `Data type that ${path} has.`,
  });
}

function addTimeColumns(builder: PlanBuilder, node: NodeIndex, element: Element, base: string): void {
  const path = `${builder.pathOf(node)}.${element.name}[x]`;
  const starts: Cell[] = [];
  const texts: Cell[] = [];
  let period: NodeIndex | undefined;
  let age: NodeIndex | undefined;
  for (const type of element.types) {
    const key = jsonKey(element, type);
    if (type.code === 'Period') {
      period = builder.child(node, key);
      starts.push(builder.value(period, 'start'));
    } else if (type.code === 'Age') age = builder.child(node, key);
    else if (type.code === 'string') texts.unshift(builder.value(node, key));
    else if (type.code === 'Timing') texts.push({ kind: 'rendered', node, key, as: 'timing' });
    else if (type.code === 'Range') texts.push({ kind: 'rendered', node, key, as: 'range' });
    else starts.unshift(builder.value(node, key));
  }
  builder.add({
    base,
    suffix: '_start',
    type: primitive('dateTime'),
    cell: firstOf(starts),
    fhirPath: path,
    description: `${path}: the moment, or the start of the period.`,
  });
  if (period !== undefined) builder.addValue(base, '_end', period, 'end', `${path}: the end of the period.`);
  addTypeColumn(builder, node, element, base);
  if (age !== undefined) {
    builder.addValue(base, '_age', age, 'value', `${path} as an age.`);
    builder.add({
      base,
      suffix: '_age_unit',
      type: primitive('string'),
      cell: firstOf([builder.value(age, 'unit'), builder.value(age, 'code')]),
      fhirPath: `${path}.unit | ${path}.code`,
      description: `Unit of the age in ${base}_age.`,
    });
  }
  // Timing and Range alone have no text of their own: they stay whole in other_json.
  if (element.types.some((type) => type.code === 'string')) {
    builder.add({
      base,
      suffix: '_text',
      type: primitive('string'),
      cell: firstOf(texts),
      fhirPath: path,
      description: `${path} in words, when it is neither a moment nor a period.`,
    });
  }
}

function addConceptOrReference(builder: PlanBuilder, node: NodeIndex, element: Element, base: string): void {
  const type = element.types.find((candidate) => candidate.code === 'Reference') as ElementType;
  const concept = builder.child(node, `${element.name}CodeableConcept`);
  addConceptOrReferenceColumns(builder, concept, builder.child(node, `${element.name}Reference`), base, type.targets);
}

/** The type, the value as text where it has one, and the JSON of a value that is an object. */
function addOpenColumns(builder: PlanBuilder, node: NodeIndex, element: Element, base: string): void {
  const path = `${builder.pathOf(node)}.${element.name}[x]`;
  const isObject = (type: ElementType) => !isPrimitive(type);
  const primitives = element.types.filter(isPrimitive).map((type) => builder.value(node, jsonKey(element, type)));
  addTypeColumn(builder, node, element, base);
  builder.add({
    base,
    type: primitive('string'),
    cell: firstOf([...primitives, ...labelsOf(node, element.types.filter(isObject), element)]),
    fhirPath: path,
    description: `${path} as one text.`,
  });
  builder.add({
    base,
    suffix: '_json',
    type: { kind: 'json' },
    cell: { kind: 'json', node, keys: element.types.filter(isObject).map((type) => jsonKey(element, type)) },
    fhirPath: path,
    description: `${path} as JSON, when it is no primitive.`,
  });
}

/** The cells that write a choice as text, for the types that have a short form. */
function labelsOf(node: NodeIndex, types: readonly ElementType[], element: Element): readonly Cell[] {
  return types.flatMap((type): Cell[] => {
    const as = isPrimitive(type) ? 'primitive' : renderings[type.code];
    return as === undefined ? [] : [{ kind: 'rendered', node, key: jsonKey(element, type), as }];
  });
}

const renderings: Readonly<Record<string, Rendering>> = {
  CodeableConcept: 'concept',
  Quantity: 'quantity',
  Age: 'quantity',
  Duration: 'quantity',
  Count: 'quantity',
  Distance: 'quantity',
  Range: 'range',
  Ratio: 'ratio',
  Period: 'period',
  Money: 'money',
  Reference: 'reference',
  Timing: 'timing',
  HumanName: 'humanName',
};

function addGroupPerType(builder: PlanBuilder, node: NodeIndex, element: Element, base: string, hiddenTypes: readonly string[] = []): void {
  const path = `${builder.pathOf(node)}.${element.name}[x]`;
  const labels = labelsOf(node, element.types, element);
  const flag = findFlag(element);
  if (flag !== undefined) {
    builder.add({
      base,
      type: primitive('boolean'),
      cell: { kind: 'flagOrPresent', node, ...flag },
      fhirPath: path,
      description: `True when ${path} is true or gives a time.`,
    });
  } else if (labels.length > 0) {
    builder.add({ base, type: primitive('string'), cell: firstOf(labels), fhirPath: path, description: `${path} as one text, such as "186.4 cm".` });
  }
  addTypeColumn(builder, node, element, base);
  for (const type of element.types) {
    if (hiddenTypes.includes(type.code)) continue;
    const key = jsonKey(element, type);
    addTypeColumns(builder, node, key, type, toSnakeCase(`${base}_${type.code.charAt(0).toUpperCase()}${type.code.slice(1)}`));
  }
}

/** `deceased[x]`: a boolean or a time that says the same. */
function findFlag(element: Element): { booleanKey: string; otherKey: string } | undefined {
  const [first, second] = element.types;
  if (element.types.length !== 2 || first?.code !== 'boolean' || second?.code !== 'dateTime') return undefined;
  return { booleanKey: jsonKey(element, first), otherKey: jsonKey(element, second) };
}
