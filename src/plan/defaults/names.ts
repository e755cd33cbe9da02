// FHIR names → names of tables and columns: snake_case, at most 63 bytes, the limit of a Postgres identifier.
// https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS

import { sha256Hex } from '../../lazy-crypto.ts';

const longestNameBytes = 63;

/** `MedicationRequest` → `medication_request`, `carrierHRF` → `carrier_hrf`. */
export function toSnakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}

/** Cuts a name that is too long and adds 6 hex digits of its hash, so that two long names stay apart. */
export function limitName(name: string): string {
  if (name.length <= longestNameBytes) return name;
  return `${name.slice(0, longestNameBytes - 7)}_${sha256Hex(name, 6)}`;
}

/** What a column's name is made of, and who wins when two columns want the same. */
export interface NameParts {
  /** In snake_case. */
  readonly base: string;
  /** Empty for the element itself; else what the rule of its data type adds, such as `_id`. */
  readonly suffix: string;
  readonly rank: 'key' | 'element' | 'generated';
}

/** Keys come first, then elements, then generated names, which give way by a `_ref` before the suffix. */
export function resolveNames(columns: readonly NameParts[]): readonly string[] {
  const names = new Array<string>(columns.length).fill('');
  const taken = new Set<string>();
  for (const rank of ['key', 'element', 'generated'] as const) {
    columns.forEach((column, index) => {
      if (column.rank !== rank) return;
      const wanted = limitName(column.base + column.suffix);
      const name = taken.has(wanted) ? limitName(`${column.base}_ref${column.suffix}`) : wanted;
      if (taken.has(name)) throw new Error(`two columns are named ${name}`);
      taken.add(name);
      names[index] = name;
    });
  }
  return names;
}
