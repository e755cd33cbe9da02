// The text of a JSON number → its digits and their place, for columns that hold decimals exactly.

export interface Significand {
  readonly isNegative: boolean;
  /** Without zeros around them; empty for zero. */
  readonly digits: string;
  /** The power of ten of the last digit. */
  readonly exponent: number;
}

export function significandOf(text: string): Significand {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  const [, sign, whole = '', fraction = '', power = '0'] = match ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const trimmed = digits.replace(/0+$/, '');
  return { isNegative: sign === '-', digits: trimmed, exponent: Number(power) - fraction.length + (digits.length - trimmed.length) };
}

/** True when the number has at most `scale` digits after the point and `precision` in all. */
export function fitsDecimal({ digits, exponent }: Significand, { precision, scale }: { readonly precision: number; readonly scale: number }): boolean {
  return digits === '' || (-exponent <= scale && digits.length + exponent <= precision - scale);
}
