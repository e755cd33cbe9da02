// Cells of typed storage → values of a physical type. A cell that the default tables set always fits (the engine has
// asked the same questions); a view's or a plugin's may not, and is then undefined: null in the output, and counted.

import { fitsDecimal, significandOf } from '../../decimal-text.ts';
import type { CellValue } from '../../types.ts';

export function booleanOf(cell: CellValue): boolean | undefined {
  if (typeof cell === 'boolean') return cell;
  return cell === 'true' ? true : cell === 'false' ? false : undefined;
}

export function int32Of(cell: CellValue): number | undefined {
  const value = typeof cell === 'number' ? cell : typeof cell === 'bigint' || isIntegerText(cell) ? Number(cell) : undefined;
  // "| 0" makes 0 of -0.
  return value !== undefined && (value | 0) === value ? value | 0 : undefined;
}

export function int64Of(cell: CellValue): bigint | undefined {
  const value = typeof cell === 'bigint' ? cell : Number.isSafeInteger(cell) || isIntegerText(cell) ? BigInt(cell as number | string) : undefined;
  return value !== undefined && BigInt.asIntN(64, value) === value ? value : undefined;
}

export function doubleOf(cell: CellValue): number | undefined {
  const value = typeof cell === 'number' ? cell : typeof cell === 'bigint' || isNumberText(cell) ? Number(cell) : undefined;
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

/** The text of a number, as written. */
export function numberTextOf(cell: CellValue): string | undefined {
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : undefined;
  if (typeof cell === 'bigint') return String(cell);
  return isNumberText(cell) ? cell : undefined;
}

/** The number times ten to the scale. */
export function decimalOf(cell: CellValue, limits: { readonly precision: number; readonly scale: number }): bigint | undefined {
  const text = numberTextOf(cell);
  if (text === undefined) return undefined;
  const significand = significandOf(text);
  if (!fitsDecimal(significand, limits)) return undefined;
  const { digits, exponent, isNegative } = significand;
  const unscaled = digits === '' ? 0n : BigInt(digits) * 10n ** BigInt(exponent + limits.scale);
  return isNegative ? -unscaled : unscaled;
}

export function textOf(cell: CellValue): string {
  if (typeof cell === 'string') return cell;
  if (!Array.isArray(cell)) return String(cell);
  return cell
    .filter((item: CellValue | null) => item !== null)
    .map(textOf)
    .join('; ');
}

function isIntegerText(cell: CellValue): cell is string {
  return typeof cell === 'string' && /^-?\d{1,30}$/.test(cell);
}

function isNumberText(cell: CellValue): cell is string {
  return typeof cell === 'string' && /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(cell);
}
