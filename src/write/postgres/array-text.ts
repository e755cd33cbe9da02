// Lists ↔ the literals of arrays: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO

import type { CellValue, ListText } from '../../types.ts';
import { textOf } from '../typed/read-cells.ts';

export function arrayLiteral(items: readonly (CellValue | null)[]): string {
  return `{${items.map((item) => (item === null ? 'NULL' : `"${textOf(item).replace(/["\\]/g, '\\$&')}"`)).join(',')}}`;
}

const eachItem = /NULL|"((?:[^"\\]|\\[\s\S])*)"/g;

export const arrayText: ListText = {
  brackets: ['{', '}'],
  write: arrayLiteral,
  read: (text) => Array.from(text.matchAll(eachItem), ([, item]) => (item === undefined ? null : item.replace(/\\([\s\S])/g, '$1'))),
};
