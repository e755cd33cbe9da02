// References by identifier whose target is not in the input, but in the database since an earlier run → the target's id.
// By the rule of the run: the only resource of an allowed type with that identifier.

import { isIdentifierTable } from './ddl.ts';
import type { SqlColumn } from './load-table.ts';
import type { MergeTable } from './merge-tables.ts';
import type { Session } from './session.ts';
import { quoteName, quoteText } from './sql-names.ts';

/** The columns of one Reference. */
interface ReferenceColumns {
  readonly id: SqlColumn;
  readonly identifier: SqlColumn;
  readonly type: SqlColumn | undefined;
  readonly targets: readonly string[];
}

/** Fills the ids of staged rows. */
export async function findReferences(session: Session, tables: readonly MergeTable[]): Promise<void> {
  const identified = tables.filter(({ isNew, table }) => !isNew && isIdentifierTable(table));
  if (identified.length === 0) return;
  for (const { staged, table } of tables) {
    if (staged === undefined) continue;
    for (const reference of referencesOf(table.columns)) {
      const sources = identified.filter(({ table: { schema } }) => reference.targets.length === 0 || reference.targets.includes(schema.resourceType));
      if (sources.length === 0 || (reference.type === undefined && sources.length > 1)) continue;
      await session.query(fillStatement(staged, reference, sources), `table ${table.schema.name}`);
    }
  }
}

function referencesOf(columns: readonly SqlColumn[]): ReferenceColumns[] {
  return columns.flatMap((identifier): ReferenceColumns[] => {
    const { reference } = identifier.column;
    if (reference?.part !== 'identifier') return [];
    const sibling = (part: 'id' | 'type') => columns.find(({ column }) => column.reference?.place === reference.place && column.reference.part === part);
    const id = sibling('id');
    return id === undefined ? [] : [{ id, identifier, type: sibling('type'), targets: reference.targets }];
  });
}

/** `system|value` is taken apart at its first bar: a URL has none. */
function fillStatement(staged: string, { id, identifier, type }: ReferenceColumns, sources: readonly MergeTable[]): string {
  const ids = quoteName(id.name);
  const text = quoteName(identifier.name);
  const lookups = sources.map(({ table, target }) => {
    const owner = `t.${quoteName(table.parent?.name ?? '')}`;
    // A contained resource, whose id has a #, is known to its container only.
    return `SELECT w.identifier, ${quoteText(table.schema.resourceType)} AS type, ${owner} AS id
   FROM wanted w JOIN ${target} t ON t."value" = w.value AND coalesce(t."system", '') = w.system AND strpos(${owner}, '#') = 0`;
  });
  return `WITH wanted AS (SELECT DISTINCT ${text} AS identifier, split_part(${text}, '|', 1) AS system, substr(${text}, strpos(${text}, '|') + 1) AS value
  FROM ${staged} WHERE ${ids} IS NULL AND strpos(${text}, '|') > 0),
found AS (SELECT identifier, type, min(id) AS id FROM (${lookups.join('\n UNION ALL ')}) l GROUP BY identifier, type HAVING count(DISTINCT id) = 1)
UPDATE ${staged} s SET ${ids} = f.id FROM found f
 WHERE s.${ids} IS NULL AND s.${text} = f.identifier${type === undefined ? '' : ` AND s.${quoteName(type.name)} = f.type`}`;
}
