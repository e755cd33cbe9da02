// One FHIRPath expression, evaluated here and by the fhirpath package, for comparing the two.

import type { ElementModel } from '../../src/fhir/element-model.ts';
import { isJsonObject, type JsonObject, type JsonValue, NumberText } from '../../src/json.ts';
import { createCompiler } from '../../src/plan/view-engine/compile-expression.ts';
import { type Evaluation, noValue, type Plural, type Value } from '../../src/plan/view-engine/values.ts';
import { hasNumberText } from '../../src/read/parse-lossless.ts';
import { checkNames } from '../../src/view/check-names.ts';
import type { FhirpathPackage } from '../../src/view/fhirpath-package.ts';
import { Lowerer } from '../../src/view/lower-expression.ts';
import { NotNative, type Outcome, Unusable } from '../../src/view/outcome.ts';
import { parseExpression } from '../../src/view/parse-expression.ts';
import { printExpression } from '../../src/view/print-expression.ts';
import { ProblemList } from '../../src/view/view-problems.ts';

/** Values, or that there was none because of a fault. */
export type Result = readonly unknown[] | 'fault';

export interface Evaluator {
  /** Why it is not evaluated here; undefined when it is. */
  readonly notNative: string | undefined;
  readonly outcome: Outcome | undefined;
  native(resource: JsonObject): Result;
  byPackage(resource: JsonObject): Result;
}

/** Throws what is wrong with the expression. */
export function makeEvaluator(text: string, resourceType: string, model: ElementModel, fhirpath: FhirpathPackage): Evaluator {
  const syntax = parseExpression(text);
  const problems = new ProblemList('test', 'test', false);
  const context = { model, resourceType, constants: new Map(), functions: new Map(), problems, place: { path: '', text } };
  checkNames(syntax, context);
  let outcome: Outcome | undefined;
  let notNative: string | undefined;
  try {
    if (problems.hasErrors) throw new Unusable();
    outcome = new Lowerer(context).lower(syntax, { focus: { types: [resourceType], expression: { kind: 'focus', isMany: false } }, isLoop: false });
  } catch (error) {
    if (error instanceof Unusable) throw new Error(problems.problems.map(({ diagnostic }) => diagnostic.message).join('; '));
    if (!(error instanceof NotNative)) throw error;
    notNative = error.message;
  }
  const compilePackage = (printed: string, base: string) => fhirpath.compile(printed, base, new Map());
  const native = outcome && createCompiler(compilePackage).plural(outcome.expression);
  const foreign = compilePackage(printExpression(syntax, new Map()), '');
  return {
    notNative,
    outcome,
    native: (resource) => (native === undefined ? 'fault' : run(native, resource)),
    byPackage: (resource) => run((focus, evaluation, out) => out.push(...foreign(focus as Value, evaluation)), resource),
  };
}

function run(evaluate: Plural | ((focus: Value | undefined, evaluation: Evaluation, out: Value[]) => unknown), resource: JsonObject): Result {
  const evaluation: Evaluation = { resource, id: String(resource['id']), hasNumberText: hasNumberText(resource), rowIndex: 0, index: 0, references: undefined };
  const out: Value[] = [];
  try {
    evaluate(resource, evaluation, out);
  } catch (error) {
    if (error instanceof Error && error.name === 'EvaluationFault') return 'fault';
    throw error;
  }
  return out.filter((value) => value !== noValue).map((value) => plain(value as JsonValue));
}

/** Numbers as numbers: how they are written is not what is compared. */
function plain(value: JsonValue): unknown {
  if (value instanceof NumberText) return Number(value.text);
  if (Array.isArray(value)) return value.map(plain);
  if (isJsonObject(value)) return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, plain(child)]));
  return value;
}

/** The same, but for the last digits of a quotient. */
export function areSame(a: Result, b: Result): boolean {
  if (a === 'fault' || b === 'fault') return a === b;
  return a.length === b.length && a.every((value, index) => isSame(value, b[index]));
}

/** The text of a quotient. */
const longDecimal = /^-?\d+\.\d{20,}$/;

function isSame(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a === b || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
  if (typeof a === 'string' && typeof b === 'string' && longDecimal.test(a) && longDecimal.test(b)) return isSame(Number(a), Number(b));
  return JSON.stringify(a) === JSON.stringify(b);
}
