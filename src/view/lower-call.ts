// Function calls → Expressions, for the functions that are evaluated here.

import type { Expression, StringFunction } from '../plan/expression.ts';
import {
  type ExpressionContext,
  emptyOutcome,
  isEmpty,
  isIntegerType,
  isText,
  isUnknown,
  kindOf,
  mergeTypes,
  NotNative,
  nameTypes,
  type Outcome,
  outcome,
  type Scope,
  Unusable,
  withExpression,
} from './outcome.ts';
import type { Syntax, TypeName } from './syntax.ts';
import { isPrimitiveName } from './types-of-values.ts';

/** What functions need to lower their arguments. */
export interface ExpressionLowerer {
  readonly context: ExpressionContext;
  lower(syntax: Syntax, scope: Scope): Outcome;
  focusOf(scope: Scope): Outcome;
  itemScope(of: Outcome): Scope;
  ofType(of: Outcome, type: string, offset: number): Outcome;
  asType(of: Outcome, type: string, offset: number): Outcome;
  isOfType(of: Outcome, type: string): Outcome;
  typeNamed(name: TypeName): string;
  truthOf(of: Outcome): Expression;
  union(operands: readonly Outcome[]): Outcome;
  primitiveElements(of: Outcome): Expression;
  warn(code: 'VIEW_NEVER' | 'VIEW_PATH_UNKNOWN' | 'VIEW_CHOICE_KEY', offset: number, parameters: Readonly<Record<string, string>>): void;
}

type Call = Extract<Syntax, { kind: 'call' }>;
type Lower = (lowerer: ExpressionLowerer, of: Outcome, call: Call, scope: Scope) => Outcome;

export function lowerCall(lowerer: ExpressionLowerer, of: Outcome, call: Call, scope: Scope): Outcome {
  const custom = lowerer.context.functions.get(call.name);
  if (custom !== undefined) {
    const args = call.args.map((arg) => lowerer.lower(arg, scope).expression);
    const expression: Expression = { kind: 'call', function: custom, of: of.expression, args, isMany: custom.isSingle !== true };
    return custom.type === undefined ? { expression, types: [] } : outcome(expression, custom.type);
  }
  const lower = native.get(call.name);
  if (lower === undefined) throw new NotNative(`${call.name}()`);
  return lower(lowerer, of, call, scope);
}

const boolean = (expression: Expression): Outcome => outcome(expression, 'System.Boolean');

/** The type that an argument names: `ofType(Quantity)`, `ofType(FHIR.Quantity)`. */
export function readTypeArgument(argument: Syntax | undefined): TypeName | undefined {
  if (argument?.kind !== 'member') return undefined;
  const { name, of, offset } = argument;
  if (of === undefined) return { namespace: undefined, name, offset };
  return of.kind === 'member' && of.of === undefined ? { namespace: of.name, name, offset: of.offset } : undefined;
}

function typeArgument(lowerer: ExpressionLowerer, { args }: Call): string {
  const name = readTypeArgument(args[0]);
  if (name === undefined) throw new Unusable();
  return lowerer.typeNamed(name);
}

/** One of a list. */
const part =
  (which: 'first' | 'last' | 'single'): Lower =>
  (_, of) =>
    isEmpty(of) ? of : withExpression(of, { kind: 'part', of: of.expression, part: which, isMany: false });

const counted =
  (kind: 'skip' | 'take'): Lower =>
  (lowerer, of, { args }, scope) => {
    if (isEmpty(of)) return of;
    const count = argument(lowerer, args, 0, scope, 'number');
    return withExpression(of, { kind, of: of.expression, count: count.expression, isMany: of.expression.isMany });
  };

/** A condition for each item. */
function criterionOf(lowerer: ExpressionLowerer, of: Outcome, criterion: Syntax): Expression {
  return lowerer.truthOf(lowerer.lower(criterion, lowerer.itemScope(of)));
}

const where: Lower = (lowerer, of, { args: [criterion] }) => {
  if (isEmpty(of) || criterion === undefined) return of;
  return withExpression(of, { kind: 'where', of: of.expression, criterion: criterionOf(lowerer, of, criterion), isMany: of.expression.isMany });
};

const presence =
  (kind: 'exists' | 'empty?'): Lower =>
  (lowerer, of, call, scope) => {
    const kept = call.args.length === 0 ? of : where(lowerer, of, call, scope);
    return boolean({ kind, of: kept.expression, isMany: false });
  };

const booleans =
  (test: 'allTrue' | 'anyTrue' | 'allFalse' | 'anyFalse'): Lower =>
  (_, of) => {
    if (!isEmpty(of) && kindOf(of) !== 'boolean') throw new NotNative(`${test}() of ${nameTypes(of)}`);
    return boolean({ kind: 'booleans', test, of: of.expression, isMany: false });
  };

/** A function of one string, with arguments of these kinds. */
const ofString =
  (name: StringFunction, type: string, ...kinds: readonly ('text' | 'number')[]): Lower =>
  (lowerer, of, { args }, scope) => {
    if (isEmpty(of)) return of;
    if (!isText(of)) throw new NotNative(`${name}() of ${nameTypes(of)}`);
    const operands = args.map((_, index) => argument(lowerer, args, index, scope, kinds[index] ?? 'text').expression);
    return outcome({ kind: 'string', function: name, of: of.expression, args: operands, isMany: false }, type);
  };

function argument(lowerer: ExpressionLowerer, args: readonly Syntax[], index: number, scope: Scope, kind: 'text' | 'number'): Outcome {
  const syntax = args[index];
  const of = syntax === undefined ? emptyOutcome : lowerer.lower(syntax, scope);
  const fits = kind === 'text' ? isText(of) : of.types.length > 0 && of.types.every(isIntegerType);
  if (!fits && !isEmpty(of)) throw new NotNative(`an argument that is no ${kind}`);
  return of;
}

const convert =
  (to: 'toString' | 'toInteger' | 'toDecimal' | 'toBoolean', type: string): Lower =>
  (_, of) => {
    if (isEmpty(of)) return of;
    const kind = kindOf(of);
    const isKnown = kind === 'text' || kind === 'boolean' || (kind === 'number' && (to !== 'toInteger' || of.types.every(isIntegerType)));
    // A date of FHIR is written as it stands.
    if (!isKnown && !(to === 'toString' && of.types.every((candidate) => isPrimitiveName(candidate) && kind !== undefined)))
      throw new NotNative(`${to}() of ${nameTypes(of)}`);
    return outcome({ kind: 'convert', to, of: of.expression, isMany: false }, type);
  };

const boundary =
  (side: 'low' | 'high'): Lower =>
  (_, of, { args, name }) => {
    if (isEmpty(of)) return of;
    const [type, ...others] = of.types;
    if (args.length > 0 || type === undefined || others.length > 0) throw new NotNative(`${name}() with a precision, or of several types`);
    const kind = kindOf(of);
    const as = kind === 'number' || kind === 'time' ? kind : kind === 'moment' ? (/date$/i.test(type) ? 'date' : 'dateTime') : undefined;
    if (as === undefined) throw new NotNative(`${name}() of ${nameTypes(of)}`);
    return withExpression(kind === 'number' ? outcome(of.expression, 'System.Decimal') : of, { kind: 'boundary', side, as, of: of.expression, isMany: false });
  };

/** The argument is a pattern that is known, so that a wrong one is found now. */
const matches =
  (wrap: (pattern: string) => string): Lower =>
  (lowerer, of, { args, name }, scope) => {
    if (isEmpty(of)) return of;
    const [syntax] = args;
    const pattern = syntax === undefined ? emptyOutcome : lowerer.lower(syntax, scope);
    if (args.length > 1 || pattern.expression.kind !== 'literal' || !isText(of)) throw new NotNative(`${name}() with flags or a computed pattern`);
    try {
      return boolean({ kind: 'matches', of: of.expression, pattern: new RegExp(wrap(String(pattern.expression.value)), 'us'), isMany: false });
    } catch {
      lowerer.context.problems.addAt('VIEW_SYNTAX', lowerer.context.place, syntax?.offset ?? 0, { reason: 'this is no regular expression' });
      throw new Unusable();
    }
  };

const iif: Lower = (lowerer, of, { args: [condition, whenTrue, otherwise], of: input }, scope) => {
  if (condition === undefined || whenTrue === undefined) return emptyOutcome;
  // Before a point stands what the arguments are about: one value at most.
  const hasInput = input !== undefined;
  if (hasInput && of.expression.isMany) throw new NotNative('iif() of several values');
  const inner: Scope = hasInput ? { ...lowerer.itemScope(of), isLoop: false } : scope;
  const test = lowerer.lower(condition, inner);
  if (!isEmpty(test) && kindOf(test) !== 'boolean') throw new NotNative('iif() with a condition that is no boolean');
  const yes = lowerer.lower(whenTrue, inner);
  const no = otherwise === undefined ? emptyOutcome : lowerer.lower(otherwise, inner);
  const isMany = yes.expression.isMany || no.expression.isMany;
  const chosen: Expression = { kind: 'choose', condition: test.expression, whenTrue: yes.expression, otherwise: no.expression, isMany };
  const isOpen = isUnknown(yes) || isUnknown(no);
  const expression: Expression = hasInput ? { kind: 'with', of: of.expression, projection: chosen, isMany } : chosen;
  return { expression, types: isOpen ? [] : mergeTypes(yes, no) };
};

const native: ReadonlyMap<string, Lower> = new Map<string, Lower>([
  ['where', where],
  ['exists', presence('exists')],
  ['empty', presence('empty?')],
  ['first', part('first')],
  ['last', part('last')],
  ['single', part('single')],
  ['tail', (_, of) => (isEmpty(of) ? of : withExpression(of, { kind: 'part', part: 'tail', of: of.expression, isMany: of.expression.isMany }))],
  ['skip', counted('skip')],
  ['take', counted('take')],
  ['count', (_, of) => outcome({ kind: 'count', of: of.expression, isMany: false }, 'System.Integer')],
  ['not', (lowerer, of) => (isEmpty(of) ? of : boolean({ kind: 'not', of: lowerer.truthOf(of), isMany: false }))],
  ['allTrue', booleans('allTrue')],
  ['anyTrue', booleans('anyTrue')],
  ['allFalse', booleans('allFalse')],
  ['anyFalse', booleans('anyFalse')],
  [
    'all',
    (lowerer, of, { args: [criterion] }) =>
      criterion === undefined || isEmpty(of)
        ? boolean({ kind: 'literal', value: true, isMany: false })
        : boolean({ kind: 'all', of: of.expression, criterion: criterionOf(lowerer, of, criterion), isMany: false }),
  ],
  [
    'select',
    (lowerer, of, { args: [projection] }) => {
      if (isEmpty(of) || projection === undefined) return of;
      const projected = lowerer.lower(projection, lowerer.itemScope(of));
      const isMany = of.expression.isMany || projected.expression.isMany;
      return isEmpty(projected) ? projected : withExpression(projected, { kind: 'select', of: of.expression, projection: projected.expression, isMany });
    },
  ],
  [
    'extension',
    (lowerer, of, { args }, scope) => {
      if (isEmpty(of)) return of;
      if (isUnknown(of)) throw new NotNative('extensions of values whose type is not known');
      const url = argument(lowerer, args, 0, scope, 'text');
      const areObjects = of.types.every((type) => !isPrimitiveName(type));
      if (!areObjects && !of.types.every(isPrimitiveName)) throw new NotNative('extensions of objects and primitives');
      const from = areObjects ? of.expression : lowerer.primitiveElements(of);
      return outcome({ kind: 'extension', of: from, url: url.expression, isMany: true }, 'Extension');
    },
  ],
  ['ofType', (lowerer, of, call) => lowerer.ofType(of, typeArgument(lowerer, call), call.offset)],
  ['as', (lowerer, of, call) => lowerer.asType(of, typeArgument(lowerer, call), call.offset)],
  ['is', (lowerer, of, call) => lowerer.isOfType(of, typeArgument(lowerer, call))],
  [
    'hasValue',
    (_, of) => {
      if (isUnknown(of)) throw new NotNative('hasValue() of values whose type is not known');
      return boolean({ kind: 'hasValue', of: of.expression, isMany: false });
    },
  ],
  ['union', (lowerer, of, { args: [other] }, scope) => lowerer.union(other === undefined ? [of] : [of, lowerer.lower(other, scope)])],
  [
    'combine',
    (lowerer, of, { args: [other] }, scope) => {
      const right = other === undefined ? emptyOutcome : lowerer.lower(other, scope);
      if (isUnknown(of) || isUnknown(right)) throw new NotNative('combine() of values whose type is not known');
      return { expression: { kind: 'combine', left: of.expression, right: right.expression, isMany: true }, types: mergeTypes(of, right) };
    },
  ],
  ['iif', iif],
  ['startsWith', ofString('startsWith', 'System.Boolean', 'text')],
  ['endsWith', ofString('endsWith', 'System.Boolean', 'text')],
  ['contains', ofString('contains', 'System.Boolean', 'text')],
  ['indexOf', ofString('indexOf', 'System.Integer', 'text')],
  ['lastIndexOf', ofString('lastIndexOf', 'System.Integer', 'text')],
  ['substring', ofString('substring', 'System.String', 'number', 'number')],
  ['replace', ofString('replace', 'System.String', 'text', 'text')],
  ['upper', ofString('upper', 'System.String')],
  ['lower', ofString('lower', 'System.String')],
  ['trim', ofString('trim', 'System.String')],
  ['length', ofString('length', 'System.Integer')],
  ['matches', matches((pattern) => pattern)],
  ['matchesFull', matches((pattern) => `^(?:${pattern})$`)],
  [
    'split',
    (lowerer, of, { args }, scope) => {
      if (isEmpty(of)) return of;
      if (!isText(of)) throw new NotNative(`split() of ${nameTypes(of)}`);
      return outcome({ kind: 'split', of: of.expression, separator: argument(lowerer, args, 0, scope, 'text').expression, isMany: true }, 'System.String');
    },
  ],
  [
    'join',
    (lowerer, of, { args }, scope) => {
      if (isEmpty(of)) return of;
      if (!isText(of)) throw new NotNative(`join() of ${nameTypes(of)}`);
      const separator = args.length === 0 ? undefined : argument(lowerer, args, 0, scope, 'text').expression;
      return outcome({ kind: 'join', of: of.expression, separator, isMany: false }, 'System.String');
    },
  ],
  ['toString', convert('toString', 'System.String')],
  ['toInteger', convert('toInteger', 'System.Integer')],
  ['toDecimal', convert('toDecimal', 'System.Decimal')],
  ['toBoolean', convert('toBoolean', 'System.Boolean')],
  ['lowBoundary', boundary('low')],
  ['highBoundary', boundary('high')],
  ['getResourceKey', (_, of) => outcome({ kind: 'resourceKey', of: of.expression, isMany: false }, 'id')],
  [
    'getReferenceKey',
    (lowerer, of, call) => {
      if (isEmpty(of)) return of;
      const type = call.args.length === 0 ? undefined : typeArgument(lowerer, call);
      if (!isUnknown(of) && !of.types.includes('Reference')) {
        lowerer.warn('VIEW_NEVER', call.offset, { reason: `${nameTypes(of)} is no Reference` });
        return emptyOutcome;
      }
      return outcome({ kind: 'referenceKey', of: of.expression, type, targets: of.targets ?? [], isMany: of.expression.isMany }, 'id');
    },
  ],
]);
