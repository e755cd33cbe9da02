// A cell's value → its text, for storage that holds texts only.

import type { CellValue } from './types.ts';

/** Flatteners in text storage set strings; a plugin's may set others. Lists are joined as CSV has them. */
export function textOf(value: CellValue): string {
  if (!Array.isArray(value)) return String(value);
  const items = value.filter((item: CellValue | null) => item !== null);
  return items.map((item: CellValue) => (typeof item === 'string' ? item : textOf(item))).join('; ');
}
