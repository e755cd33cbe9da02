// Operators, conversions, boundaries and keys: what makes one value of a few.

import { NumberText } from '../../json.ts';
import type { Conversion, Expression } from '../expression.ts';
import { type Compiler, gather } from './compiler.ts';
import { calculate, compareNumbers, decimalOf, decimalText, negate, valueOfDecimal } from './decimals.ts';
import { comparisonOf, equalityOf } from './equality.ts';
import { boundaryOf } from './moments.ts';
import { compileReferenceKey } from './reference-keys.ts';
import { isNumeric, noValue, type Single, type Value } from './values.ts';

type OperationKind =
  | 'booleans'
  | 'hasValue'
  | 'not'
  | 'isThere'
  | 'logic'
  | 'equal'
  | 'equivalent'
  | 'compare'
  | 'arithmetic'
  | 'negate'
  | 'concatenate'
  | 'convert'
  | 'boundary'
  | 'resourceKey'
  | 'referenceKey';

export function compileOperation(expression: Extract<Expression, { kind: OperationKind }>, compiler: Compiler): Single {
  switch (expression.kind) {
    case 'booleans': {
      const items = gather(compiler.plural(expression.of));
      const { test } = expression;
      const sought = test === 'allTrue' || test === 'anyTrue';
      return test.startsWith('all')
        ? (focus, evaluation) => items(focus, evaluation).every((item) => item === sought)
        : (focus, evaluation) => items(focus, evaluation).some((item) => item === sought);
    }
    case 'hasValue': {
      const items = gather(compiler.plural(expression.of));
      return (focus, evaluation) => {
        const [value, ...rest] = items(focus, evaluation);
        return value !== undefined && rest.length === 0 && (typeof value !== 'object' || value instanceof NumberText);
      };
    }
    case 'not': {
      const of = compiler.single(expression.of);
      return (focus, evaluation) => {
        const value = of(focus, evaluation);
        return typeof value === 'boolean' ? !value : undefined;
      };
    }
    case 'isThere': {
      const of = compiler.single(expression.of);
      return (focus, evaluation) => {
        const value = of(focus, evaluation);
        return value === undefined || value === noValue ? undefined : true;
      };
    }
    case 'logic':
      return compileLogic(expression.operator, compiler.single(expression.left), compiler.single(expression.right));
    case 'equal':
      return compileEqual(expression, compiler);
    case 'equivalent': {
      const left = compiler.single(expression.left);
      const right = compiler.single(expression.right);
      const { isNegated } = expression;
      return (focus, evaluation) => areEquivalent(left(focus, evaluation), right(focus, evaluation)) !== isNegated;
    }
    case 'compare': {
      const left = compiler.single(expression.left);
      const right = compiler.single(expression.right);
      const compare = comparisonOf(expression.as);
      const isMet = orderTest(expression.operator);
      return (focus, evaluation) => {
        const a = left(focus, evaluation);
        const b = right(focus, evaluation);
        if (a === undefined || b === undefined) return undefined;
        const order = compare(a, b);
        return order === undefined ? undefined : isMet(order);
      };
    }
    case 'arithmetic': {
      const left = compiler.single(expression.left);
      const right = compiler.single(expression.right);
      const { operator } = expression;
      return (focus, evaluation) => {
        const a = left(focus, evaluation);
        const b = right(focus, evaluation);
        return isNumeric(a) && isNumeric(b) ? calculate(operator, a, b) : undefined;
      };
    }
    case 'negate': {
      const of = compiler.single(expression.of);
      return (focus, evaluation) => {
        const value = of(focus, evaluation);
        return isNumeric(value) ? negate(value) : undefined;
      };
    }
    case 'concatenate': {
      const left = compiler.single(expression.left);
      const right = compiler.single(expression.right);
      const absent = expression.operator === '&' ? '' : undefined;
      return (focus, evaluation) => {
        const a = textOr(left(focus, evaluation), absent);
        const b = textOr(right(focus, evaluation), absent);
        return a === undefined || b === undefined ? undefined : a + b;
      };
    }
    case 'convert': {
      const of = compiler.single(expression.of);
      const convert = conversionOf(expression.to);
      return (focus, evaluation) => {
        const value = of(focus, evaluation);
        return value === undefined ? undefined : convert(value);
      };
    }
    case 'boundary': {
      const of = compiler.single(expression.of);
      const { as, side } = expression;
      return (focus, evaluation) => {
        const value = of(focus, evaluation);
        if (as === 'number') return isNumeric(value) ? numberBoundary(value, side) : undefined;
        return typeof value === 'string' ? boundaryOf(value, side, as) : undefined;
      };
    }
    case 'resourceKey': {
      const of = compiler.single(expression.of);
      return (focus, evaluation) => (of(focus, evaluation) === evaluation.resource ? evaluation.id : undefined);
    }
    case 'referenceKey':
      return compileReferenceKey(expression, compiler);
    default:
      return expression satisfies never;
  }
}

/** https://hl7.org/fhirpath/N1/#boolean-logic: three values, the third one empty. */
function compileLogic(operator: 'and' | 'or' | 'xor' | 'implies', left: Single, right: Single): Single {
  switch (operator) {
    case 'and':
      return (focus, evaluation) => {
        const a = left(focus, evaluation);
        if (a === false) return false;
        const b = right(focus, evaluation);
        return b === false ? false : a === true && b === true ? true : undefined;
      };
    case 'or':
      return (focus, evaluation) => {
        const a = left(focus, evaluation);
        if (a === true) return true;
        const b = right(focus, evaluation);
        return b === true ? true : a === false && b === false ? false : undefined;
      };
    case 'xor':
      return (focus, evaluation) => {
        const a = left(focus, evaluation);
        const b = right(focus, evaluation);
        return typeof a === 'boolean' && typeof b === 'boolean' ? a !== b : undefined;
      };
    case 'implies':
      return (focus, evaluation) => {
        const a = left(focus, evaluation);
        if (a === false) return true;
        const b = right(focus, evaluation);
        return b === true ? true : a === true && b === false ? false : undefined;
      };
    default:
      return operator satisfies never;
  }
}

/** Empty when a side is; false when there are more on one side than on the other. */
function compileEqual({ as, isNegated, left, right }: Extract<Expression, { kind: 'equal' }>, compiler: Compiler): Single {
  const areEqual = equalityOf(as);
  if (!left.isMany && !right.isMany) {
    const leftOf = compiler.single(left);
    const rightOf = compiler.single(right);
    return (focus, evaluation) => {
      const a = leftOf(focus, evaluation);
      const b = rightOf(focus, evaluation);
      const equal = a === undefined || b === undefined ? undefined : areEqual(a, b);
      return equal === undefined ? undefined : equal !== isNegated;
    };
  }
  const leftItems = gather(compiler.plural(left));
  const rightItems = gather(compiler.plural(right));
  return (focus, evaluation) => {
    const a = leftItems(focus, evaluation);
    const b = rightItems(focus, evaluation);
    if (a.length === 0 || b.length === 0) return undefined;
    if (a.length !== b.length) return isNegated;
    let isOpen = false;
    for (let index = 0; index < a.length; index++) {
      const equal = areEqual(a[index] as Value, b[index] as Value);
      if (equal === false) return isNegated;
      if (equal === undefined) isOpen = true;
    }
    return isOpen ? undefined : !isNegated;
  };
}

/** https://hl7.org/fhirpath/N1/#equivalent: case and the kind of white space do not matter; empty equals empty. */
function areEquivalent(a: Value | undefined, b: Value | undefined): boolean {
  if (typeof a === 'string' && typeof b === 'string') return normaliseText(a) === normaliseText(b);
  return a === b;
}

function normaliseText(text: string): string {
  return text.toUpperCase().replace(/\p{White_Space}/gu, ' ');
}

function orderTest(operator: '<' | '<=' | '>' | '>='): (order: number) => boolean {
  switch (operator) {
    case '<':
      return (order) => order < 0;
    case '<=':
      return (order) => order <= 0;
    case '>':
      return (order) => order > 0;
    case '>=':
      return (order) => order >= 0;
    default:
      return operator satisfies never;
  }
}

function textOr(value: Value | undefined, absent: string | undefined): string | undefined {
  return typeof value === 'string' ? value : absent;
}

const trueTexts: ReadonlySet<string> = new Set(['true', 't', 'yes', 'y', '1', '1.0']);
const falseTexts: ReadonlySet<string> = new Set(['false', 'f', 'no', 'n', '0', '0.0']);

/** https://hl7.org/fhirpath/N1/#conversion */
function conversionOf(to: Conversion): (value: Value) => Value | undefined {
  switch (to) {
    case 'toString':
      return (value) => {
        if (isNumeric(value)) {
          const decimal = decimalOf(value);
          return decimal && decimalText(decimal);
        }
        return typeof value === 'object' ? undefined : String(value);
      };
    case 'toInteger':
      return (value) => {
        if (typeof value === 'boolean') return value ? 1 : 0;
        if (typeof value === 'string') return /^[+-]?\d+$/.test(value) ? readNumber(value) : undefined;
        return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
      };
    case 'toDecimal':
      return (value) => {
        if (typeof value === 'boolean') return value ? 1 : 0;
        if (typeof value === 'string') return /^[+-]?\d+(\.\d+)?$/.test(value) ? readNumber(value) : undefined;
        return isNumeric(value) ? value : undefined;
      };
    case 'toBoolean':
      return (value) => {
        if (typeof value === 'boolean') return value;
        if (isNumeric(value)) return compareNumbers(value, 1) === 0 ? true : compareNumbers(value, 0) === 0 ? false : undefined;
        if (typeof value !== 'string') return undefined;
        const text = value.toLowerCase();
        return trueTexts.has(text) ? true : falseTexts.has(text) ? false : undefined;
      };
    default:
      return to satisfies never;
  }
}

function readNumber(text: string): Value | undefined {
  const decimal = decimalOf(new NumberText(text));
  return decimal && valueOfDecimal(decimal);
}

/** Half of the last decimal below or above: 0.95 and 1.05 for 1.0. */
function numberBoundary(value: number | NumberText, side: 'low' | 'high'): Value | undefined {
  const decimal = decimalOf(value);
  if (decimal === undefined) return undefined;
  const half = side === 'low' ? -5n : 5n;
  return valueOfDecimal({ digits: decimal.digits * 10n + half, scale: decimal.scale + 1 });
}
