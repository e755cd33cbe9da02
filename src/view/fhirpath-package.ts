// The rest of FHIRPath, by the `fhirpath` package: loaded when a view needs it. It knows nothing of how numbers were
// written, of %rowIndex, or of the run's keys; here it learns.

import type { FhirVersion } from '../fhir/element-model.ts';
import { isJsonObject, type JsonObject, type JsonValue, NumberText } from '../json.ts';
import type { PackageExpression } from '../plan/view-engine/compiler.ts';
import { readKey } from '../plan/view-engine/reference-keys.ts';
import { type Evaluation, EvaluationFault, type Value } from '../plan/view-engine/values.ts';
import type { ViewFunction } from '../types.ts';
import { readNumber } from './outcome.ts';

type Package = typeof import('fhirpath');

export interface FhirpathPackage {
  /** `base`: the type of what the expression is about; empty for a resource. Throws when the text is none of its own. */
  compile(text: string, base: string, functions: ReadonlyMap<string, ViewFunction>): PackageExpression;
}

export async function loadFhirpathPackage(version: FhirVersion): Promise<FhirpathPackage> {
  const fhirpath = (await import('fhirpath')).default as unknown as Package;
  // R4B has no model of its own there; R4's differs from it in a few new resource types.
  const model = version === 'r5' ? (await import('fhirpath/fhir-context/r5')).default : (await import('fhirpath/fhir-context/r4')).default;
  const copyRoot = rememberLast((resource) => copyFor(fhirpath, resource));
  return { compile: (text, base, functions) => compile(fhirpath, model, copyRoot, text, base, functions) };
}

/** Several expressions ask for the same resource one after another. */
function rememberLast(copy: (resource: JsonObject) => unknown): (resource: JsonObject) => unknown {
  let last: { readonly resource: JsonObject; readonly copied: unknown } | undefined;
  return (resource) => {
    if (last?.resource !== resource) last = { resource, copied: copy(resource) };
    return last.copied;
  };
}

function compile(
  fhirpath: Package,
  model: Parameters<Package['compile']>[1],
  copyRoot: (resource: JsonObject) => unknown,
  text: string,
  base: string,
  functions: ReadonlyMap<string, ViewFunction>,
): PackageExpression {
  /** Of the call under way. */
  let current: Evaluation | undefined;
  let root: unknown;
  const keys = {
    getResourceKey: {
      fn: (items: readonly unknown[]) => items.flatMap((item) => (item === root && current !== undefined ? [current.id] : [])),
      arity: { 0: [] },
    },
    getReferenceKey: {
      fn: (items: readonly unknown[], type?: { readonly name?: string }) =>
        items.flatMap((item) => (isJsonObject(item as JsonValue) ? (readKey(item as JsonObject, type?.name, [], current?.references) ?? []) : [])),
      arity: { 0: [], 1: ['TypeSpecifier'] },
    },
  };
  const custom = [...functions.values()].map(({ arity = { min: 0, max: 8 }, call, name }) => {
    const arities = Array.from({ length: Math.min(arity.max, 16) - arity.min + 1 }, (_, index) => [
      index + arity.min,
      new Array<string>(index + arity.min).fill('AnyAtRoot'),
    ]);
    return [name, { fn: (items: readonly unknown[], ...args: readonly (readonly unknown[])[]) => call(items, ...args), arity: Object.fromEntries(arities) }];
  });
  const options = {
    keepDecimalTypes: true,
    // 0.1 + 0.2 is 0.3, as here.
    preciseMath: true,
    // Its own way is to print the values on stdout.
    traceFn: () => {},
    userInvocationTable: { ...keys, ...Object.fromEntries(custom) },
  };
  const evaluate = fhirpath.compile(base === '' ? text : { base, expression: text }, model, options as unknown as Parameters<Package['compile']>[2]);

  return (focus, evaluation) => {
    const { hasNumberText, resource, rowIndex } = evaluation;
    current = evaluation;
    root = hasNumberText ? copyRoot(resource) : resource;
    const input = focus === resource ? root : hasNumberText ? copyFor(fhirpath, focus as JsonValue) : focus;
    try {
      const found = evaluate(input, { rowIndex, resource: root, rootResource: root }) as unknown as readonly unknown[];
      return found.flatMap((item) => fromPackage(fhirpath, item) ?? []) as Value[];
    } catch (error) {
      if (error instanceof EvaluationFault) throw error;
      // What it says may show values.
      throw new EvaluationFault('VIEW_EXPRESSION_FAILED');
    } finally {
      current = undefined;
      root = undefined;
    }
  };
}

/** With decimals as the package has them, so that no digit is lost. */
function copyFor(fhirpath: Package, value: JsonValue): unknown {
  if (value instanceof NumberText) return fhirpath.FP_Decimal.getDecimal(value.text);
  if (Array.isArray(value)) return value.map((item) => copyFor(fhirpath, item));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, copyFor(fhirpath, child)]));
}

function fromPackage(fhirpath: Package, value: unknown): JsonValue | undefined {
  if (value instanceof fhirpath.FP_Decimal) return readNumber(value.toString());
  if (typeof value === 'bigint') return readNumber(String(value));
  if (Array.isArray(value)) return value.map((item) => fromPackage(fhirpath, item) ?? null);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, fromPackage(fhirpath, child) ?? null]));
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}
