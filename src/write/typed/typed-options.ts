// What the command line says about typed columns → checked options.

import { UserError } from '../../diagnostics.ts';
import type { TypedOptions } from '../../types.ts';

export const defaultTypedOptions: TypedOptions = { timestamps: 'local', decimals: 'double' };

/** What a 128-bit decimal holds. */
const maxPrecision = 38;

/** `double`, `text`, `decimal(18,4)` → the option. Throws a UserError (usage). */
export function parseDecimals(text: string): TypedOptions['decimals'] {
  if (text === 'double' || text === 'text') return text;
  const match = /^decimal\((\d{1,2}),\s*(\d{1,2})\)$/.exec(text);
  const [precision, scale] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || precision < 1 || precision > maxPrecision || scale > precision) throw new UserError('DECIMALS_INVALID', { exitCode: 2 });
  return { precision, scale };
}
