// What is known of an expression before it runs, beside the Expression itself.

import type { ElementModel } from '../fhir/element-model.ts';
import { NumberText } from '../json.ts';
import type { ElementKey, Expression, Scalar, ValueKind } from '../plan/expression.ts';
import type { ViewFunction } from '../types.ts';
import { kindOfType } from './types-of-values.ts';
import type { ExpressionPlace, ProblemList } from './view-problems.ts';

/** One of the types that an element may have, under the JSON key that goes with it. */
export interface Choice {
  readonly key: ElementKey;
  readonly type: string;
}

export interface Outcome {
  readonly expression: Expression;
  /** All that are possible; none: nothing is known, or nothing can come. */
  readonly types: readonly string[];
  /** Of an element with several types, as long as the key tells which. */
  readonly choices?: readonly Choice[];
  /** Of References: the resource types they may point to; none: any. */
  readonly targets?: readonly string[];
}

export interface ViewConstant {
  readonly value: Scalar;
  readonly type: string;
}

/** What an expression of a view may refer to. */
export interface ExpressionContext {
  readonly model: ElementModel;
  /** The view's resource type. */
  readonly resourceType: string;
  readonly constants: ReadonlyMap<string, ViewConstant>;
  readonly functions: ReadonlyMap<string, ViewFunction>;
  readonly problems: ProblemList;
  readonly place: ExpressionPlace;
}

/** What `$this` is at some place of an expression. */
export interface Scope {
  readonly focus: Outcome;
  /** True in arguments that are evaluated for each item, where `$index` counts. */
  readonly isLoop: boolean;
}

/** Not among what is evaluated here: the fhirpath package does. */
export class NotNative extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'NotNative';
  }
}

/** A problem was reported; nothing can come of the expression. */
export class Unusable extends Error {}

export function outcome(expression: Expression, ...types: readonly string[]): Outcome {
  return { expression, types };
}

export const emptyOutcome: Outcome = { expression: { kind: 'empty', isMany: false }, types: [] };

export function isEmpty({ expression }: Outcome): boolean {
  return expression.kind === 'empty';
}

export function isUnknown({ expression, types }: Outcome): boolean {
  return types.length === 0 && expression.kind !== 'empty';
}

/** The same values, or some of them. */
export function withExpression(of: Outcome, expression: Expression): Outcome {
  return { expression, types: of.types, ...(of.targets && { targets: of.targets }) };
}

/** The one kind that all values are of. */
export function kindOf({ types }: Outcome): ValueKind | undefined {
  const [kind, ...others] = new Set(types.map(kindOfType));
  return others.length === 0 ? kind : undefined;
}

/** Where strings are expected, FHIR's dates and times count as such: in JSON they are. */
export function isText(of: Outcome): boolean {
  return of.types.length > 0 && of.types.every((type) => kindOfType(type) === 'text' || (!type.startsWith('System.') && isTemporal(type)));
}

function isTemporal(type: string): boolean {
  const kind = kindOfType(type);
  return kind === 'moment' || kind === 'time';
}

export function mergeTypes(...outcomes: readonly Outcome[]): readonly string[] {
  return [...new Set(outcomes.flatMap(({ types }) => types))];
}

export function isIntegerType(type: string): boolean {
  return type === 'System.Integer' || type === 'integer' || type === 'positiveInt' || type === 'unsignedInt';
}

export function nameTypes(of: Outcome): string {
  return of.types.map((type) => type.replace('System.', '')).join(' or ') || 'values of unknown type';
}

export function readNumber(text: string): number | NumberText {
  const value = Number(text);
  return String(value) === text ? value : new NumberText(text);
}

const namedUrls: Readonly<Record<string, string>> = { ucum: 'http://unitsofmeasure.org', sct: 'http://snomed.info/sct', loinc: 'http://loinc.org' };

/** Of constants that FHIR itself brings; https://hl7.org/fhir/R4/fhirpath.html#variables */
export function namedUrl(name: string): string | undefined {
  if (name.startsWith('vs-')) return `http://hl7.org/fhir/ValueSet/${name.slice(3)}`;
  if (name.startsWith('ext-')) return `http://hl7.org/fhir/StructureDefinition/${name.slice(4)}`;
  return Object.hasOwn(namedUrls, name) ? namedUrls[name] : undefined;
}
