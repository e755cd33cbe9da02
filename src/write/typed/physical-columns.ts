// Columns of a table → the columns that a typed sink writes: a date or timestamp is followed by a column for what it
// leaves open. A pure function of the schema and the options, so that the header of a table is always the same.

import { sha256Hex } from '../../lazy-crypto.ts';
import { type PhysicalType, physicalTypeOf } from '../../physical-type.ts';
import type { Column, TableSchema, TypedStorage } from '../../types.ts';

/**
 * What of a cell the column has. `precision`: `day`, `month` or `year` of a date. `timeZone`: `+01:00` or `Z` as
 * written; `day`, `month` or `year` of what has no time; null where a time has no zone.
 */
export type ColumnPart = 'value' | 'precision' | 'timeZone';

export interface PhysicalColumn {
  readonly name: string;
  readonly type: PhysicalType;
  readonly part: ColumnPart;
  /** The column of the schema that the cells come from, and its index. */
  readonly column: Column;
  readonly sourceIndex: number;
}

/** The columns in the order in which they are written. */
export function expandColumns(schema: TableSchema, storage: TypedStorage): readonly PhysicalColumn[] {
  const taken = new Set(schema.columns.map(({ name }) => name));
  return schema.columns.flatMap((column, sourceIndex): readonly PhysicalColumn[] => {
    const type = physicalTypeOf(column.type, storage);
    const value: PhysicalColumn = { name: column.name, type, part: 'value', column, sourceIndex };
    const part = secondPart(type);
    if (part === undefined) return [value];
    const name = freeName(column.name, part === 'precision' ? '_precision' : '_tz', taken);
    return [value, { name, type: { kind: 'text' }, part, column, sourceIndex }];
  });
}

/** In words, for the description of a column that only typed sinks have. */
export function describePart({ column, part }: PhysicalColumn): string {
  switch (part) {
    case 'value':
      return column.description;
    case 'precision':
      return `How much of ${column.name} was given: day, month or year.`;
    case 'timeZone':
      return `Zone of ${column.name} as written; day, month or year when no time was given.`;
    default:
      return part satisfies never;
  }
}

function secondPart(type: PhysicalType): ColumnPart | undefined {
  if (type.kind === 'date') return 'precision';
  return type.kind === 'timestamp' ? 'timeZone' : undefined;
}

/** The limit of a Postgres identifier: https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS */
const longestNameBytes = 63;

/** A name that no column has, by numbers where an element has it already. */
function freeName(base: string, suffix: string, taken: Set<string>): string {
  for (let number = 1; ; number++) {
    const name = limitName(base, number === 1 ? suffix : `${suffix}_${number}`);
    if (taken.has(name)) continue;
    taken.add(name);
    return name;
  }
}

/** Keeps the suffix: it says what the column is. */
function limitName(base: string, suffix: string): string {
  if (Buffer.byteLength(base + suffix) <= longestNameBytes) return base + suffix;
  return `${base.slice(0, longestNameBytes - suffix.length - 7)}_${sha256Hex(base, 6)}${suffix}`;
}
