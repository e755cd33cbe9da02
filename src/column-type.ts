// The logical type of a column, as people and _schema.json read it.

import type { ColumnType } from './types.ts';

/** `dateTime`, `list of string`, `json`. */
export function nameColumnType(type: ColumnType): string {
  switch (type.kind) {
    case 'primitive':
      return type.fhirType;
    case 'list':
      return `list of ${type.fhirType}`;
    case 'json':
      return 'json';
    default:
      return type satisfies never;
  }
}
