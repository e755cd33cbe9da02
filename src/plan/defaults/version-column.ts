// The column that tells the versions of one id apart, where all of them have rows.

import type { Column } from '../../types.ts';
import { type NewColumn, primitive } from './plan-builder.ts';

const description = 'Hash of the content: tells the versions of one id apart, in the main table and in its child tables.';

export const versionColumn: NewColumn = {
  base: 'version_hash',
  rank: 'key',
  type: primitive('string'),
  cell: { kind: 'version' },
  description,
  isNullable: false,
};

/** The same, for the tables that have no plan. */
export const versionColumnSchema: Column = { name: versionColumn.base, type: versionColumn.type, isNullable: false, fhirPath: undefined, description };
