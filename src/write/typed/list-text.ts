// Lists of typed cells ↔ JSON text, while their rows wait as bytes: each item comes back as it was set, or as a text that
// says the same.

import type { CellValue, ListText } from '../../types.ts';

type Items = readonly (CellValue | null)[];

export const listText: ListText = {
  brackets: ['[', ']'],
  write: (items) => (items.every(isPlainItem) ? JSON.stringify(items) : `[${items.map(writeItem).join(',')}]`),
  read: (text) => JSON.parse(text) as Items,
};

function isPlainItem(item: CellValue | null): boolean {
  return typeof item === 'string' || item === null || typeof item === 'boolean';
}

function writeItem(item: CellValue | null | undefined): string {
  if (item === null || item === undefined) return 'null';
  if (Array.isArray(item)) return listText.write(item as Items);
  // JSON has no number for these.
  if (typeof item === 'number' && Number.isFinite(item)) return Object.is(item, -0) ? '-0' : String(item);
  return JSON.stringify(typeof item === 'boolean' ? item : String(item));
}
