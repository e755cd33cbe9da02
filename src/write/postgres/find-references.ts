// References by identifier whose target is not in the input, but in the database since an earlier run → the target's id.
// By the rule of the run: the only resource of an allowed type with that identifier.

import { isIdentifierTable } from './ddl.ts';
import type { SqlColumn } from './load-table.ts';
import { hasOursOnly, type MergeTable } from './merge-table.ts';
import type { Session } from './session.ts';
import { quoteName, quoteText } from './sql-names.ts';

/** The columns of one Reference. */
interface ReferenceColumns {
  readonly id: SqlColumn;
  readonly identifier: SqlColumn;
  readonly type: SqlColumn | undefined;
  readonly targets: readonly string[];
}

const wantedTable = '"_fhir_flatten_wanted"';
const foundTable = '"_fhir_flatten_found"';
const place = 'the references by identifier';

/** Fills the ids of staged rows. */
export async function findReferences(session: Session, tables: readonly MergeTable[]): Promise<void> {
  const identified = tables.filter((merged) => !hasOursOnly(merged) && isIdentifierTable(merged.table));
  if (identified.length === 0) return;
  const types = new Set(identified.map(({ table: { schema } }) => schema.resourceType));
  const pointing = tables.flatMap(({ staged, table }) => {
    const references = staged === undefined ? [] : referencesOf(table.columns).filter((reference) => canBeFound(reference, types));
    return staged === undefined || references.length === 0 ? [] : [{ staged, references, place: `table ${table.schema.name}` }];
  });
  if (pointing.length === 0) return;
  // What is looked for is little, and mostly the same in many rows: it is gathered first.
  await session.query(`CREATE TEMP TABLE ${wantedTable} (identifier text) ON COMMIT DROP`, place);
  for (const { place: at, references, staged } of pointing) await session.query(`INSERT INTO ${wantedTable} ${selectWanted(staged, references)}`, at);
  await session.query(`CREATE TEMP TABLE ${foundTable} ON COMMIT DROP AS ${selectFound(identified)}; ANALYZE ${foundTable}`, place);
  const { rowCount } = await session.query(`SELECT 1 FROM ${foundTable} LIMIT 1`, place);
  if (rowCount === 0) return;
  for (const { place: at, references, staged } of pointing) for (const reference of references) await session.query(fillStatement(staged, reference), at);
}

/** Without a column for the type of the target, there is one type only. */
function canBeFound({ targets, type }: ReferenceColumns, types: ReadonlySet<string>): boolean {
  return type === undefined ? targets.length === 1 && types.has(targets[0] as string) : targets.length === 0 || targets.some((target) => types.has(target));
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

function selectWanted(staged: string, references: readonly ReferenceColumns[]): string {
  const selects = references.map(({ id, identifier }) => {
    const text = quoteName(identifier.name);
    return `SELECT ${text} FROM ${staged} WHERE ${quoteName(id.name)} IS NULL AND strpos(${text}, '|') > 0`;
  });
  return selects.join(' UNION ');
}

/** `system|value` is taken apart at its first bar: a URL has none. */
function selectFound(sources: readonly MergeTable[]): string {
  const lookups = sources.map(({ table, target }) => {
    const owner = `t.${quoteName(table.parent?.name ?? '')}`;
    // A contained resource, whose id has a #, is known to its container only.
    return `SELECT w.identifier, ${quoteText(table.schema.resourceType)} AS type, ${owner} AS id
   FROM wanted w JOIN ${target} t ON t."value" = w.value AND coalesce(t."system", '') = w.system AND strpos(${owner}, '#') = 0`;
  });
  return `WITH wanted AS (SELECT DISTINCT identifier, split_part(identifier, '|', 1) AS system, substr(identifier, strpos(identifier, '|') + 1) AS value FROM ${wantedTable})
SELECT identifier, type, min(id) AS id FROM (${lookups.join('\n UNION ALL ')}) l GROUP BY identifier, type HAVING count(DISTINCT id) = 1`;
}

function fillStatement(staged: string, { id, identifier, targets, type }: ReferenceColumns): string {
  const isType = type === undefined ? `f.type = ${quoteText(targets[0] ?? '')}` : `f.type = s.${quoteName(type.name)}`;
  return `UPDATE ${staged} s SET ${quoteName(id.name)} = f.id FROM ${foundTable} f
 WHERE s.${quoteName(id.name)} IS NULL AND s.${quoteName(identifier.name)} = f.identifier AND ${isType}`;
}
