// Decimal arithmetic on JSON numbers as they are written: 0.1 + 0.2 is 0.3. What is computed has no zeros at its end.
// https://hl7.org/fhirpath/N1/#decimal

import { NumberText } from '../../json.ts';

export interface Decimal {
  /** All digits, the last `scale` of them after the point. */
  readonly digits: bigint;
  readonly scale: number;
}

/** Of a quotient that does not end: as many as the fhirpath package has. */
const quotientDigits = 31;
/** A hostile exponent must not fill the memory. */
const largestExponent = 400;
const numberPattern = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** Undefined for what is no number, or has an absurd exponent. */
export function parseDecimal(text: string): Decimal | undefined {
  const parts = numberPattern.exec(text);
  if (parts === null) return undefined;
  const [, sign, whole = '', fraction = '', exponentText = '0'] = parts;
  const exponent = Number(exponentText);
  if (Math.abs(exponent) > largestExponent) return undefined;
  const digits = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n);
  const scale = fraction.length - exponent;
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}

export function decimalOf(value: number | NumberText): Decimal | undefined {
  return parseDecimal(typeof value === 'number' ? String(value) : value.text);
}

export function decimalText({ digits, scale }: Decimal): string {
  const sign = digits < 0n ? '-' : '';
  const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0');
  return scale === 0 ? sign + text : `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

/** As JSON would hold it. */
export function valueOfDecimal(decimal: Decimal): number | NumberText {
  const text = decimalText(decimal);
  const value = Number(text);
  return String(value) === text ? value : new NumberText(text);
}

/** Negative, 0 or positive; undefined where a number cannot be read. */
export function compareNumbers(a: number | NumberText, b: number | NumberText): number | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : 0;
  const [left, right] = align(decimalOf(a), decimalOf(b));
  if (left === undefined || right === undefined) return undefined;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Undefined for a division by zero, as FHIRPath has it. */
export function calculate(operator: '+' | '-' | '*' | '/' | 'div' | 'mod', a: number | NumberText, b: number | NumberText): number | NumberText | undefined {
  if (operator !== '/' && typeof a === 'number' && typeof b === 'number' && Number.isSafeInteger(a) && Number.isSafeInteger(b)) {
    const result = calculateIntegers(operator, a, b);
    if (result === undefined || Number.isSafeInteger(result)) return result;
  }
  const left = decimalOf(a);
  const right = decimalOf(b);
  if (left === undefined || right === undefined) return undefined;
  const scale = Math.max(left.scale, right.scale);
  const [leftDigits, rightDigits] = align(left, right) as [bigint, bigint];
  switch (operator) {
    case '+':
      return valueOfDecimal(trim({ digits: leftDigits + rightDigits, scale }));
    case '-':
      return valueOfDecimal(trim({ digits: leftDigits - rightDigits, scale }));
    case '*':
      return valueOfDecimal(trim({ digits: left.digits * right.digits, scale: left.scale + right.scale }));
    case '/':
      return right.digits === 0n ? undefined : valueOfDecimal(divide(leftDigits, rightDigits));
    case 'div':
      return right.digits === 0n ? undefined : valueOfDecimal({ digits: leftDigits / rightDigits, scale: 0 });
    case 'mod':
      return right.digits === 0n ? undefined : valueOfDecimal(trim({ digits: leftDigits % rightDigits, scale }));
    default:
      return operator satisfies never;
  }
}

export function negate(value: number | NumberText): number | NumberText | undefined {
  const decimal = decimalOf(value);
  return decimal && valueOfDecimal(trim({ digits: -decimal.digits, scale: decimal.scale }));
}

function calculateIntegers(operator: '+' | '-' | '*' | 'div' | 'mod', a: number, b: number): number | undefined {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case 'div':
      return b === 0 ? undefined : Math.trunc(a / b) + 0;
    case 'mod':
      return b === 0 ? undefined : (a % b) + 0;
    default:
      return operator satisfies never;
  }
}

/** Exact where it ends soon; else rounded to so many significant digits. */
function divide(a: bigint, b: bigint): Decimal {
  const sign = a < 0n !== b < 0n ? -1n : 1n;
  const dividend = a < 0n ? -a : a;
  const divisor = b < 0n ? -b : b;
  if (dividend === 0n) return { digits: 0n, scale: 0 };
  // The quotient has one digit more than the lengths tell, or just as many.
  let scale = quotientDigits + String(divisor).length - String(dividend).length;
  if (String(shift(dividend, scale) / divisor).length > quotientDigits) scale--;
  scale = Math.max(0, scale);
  const digits = (shift(dividend, scale) * 2n + divisor) / (divisor * 2n);
  return trim({ digits: digits * sign, scale });
}

function shift(digits: bigint, places: number): bigint {
  return places <= 0 ? digits : digits * 10n ** BigInt(places);
}

/** Without zeros at the end. */
function trim({ digits, scale }: Decimal): Decimal {
  let trimmed = digits;
  let left = scale;
  while (left > 0 && trimmed % 10n === 0n) {
    trimmed /= 10n;
    left--;
  }
  return { digits: trimmed, scale: left };
}

function align(a: Decimal | undefined, b: Decimal | undefined): readonly [bigint, bigint] | readonly [undefined, undefined] {
  if (a === undefined || b === undefined) return [undefined, undefined];
  const scale = Math.max(a.scale, b.scale);
  return [a.digits * 10n ** BigInt(scale - a.scale), b.digits * 10n ** BigInt(scale - b.scale)];
}
