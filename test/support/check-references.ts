// Proves on the written files that every id of a reference joins to a row, or is counted in _report.json: exactly as
// many, by the type of the target and by column. Reads the files only; shares no code with the product.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainTable } from './check-shape.ts';
import { readRows, readTables, type WrittenTable } from './containment.ts';

export interface ReportedReferences {
  readonly ids: number;
  readonly withoutId: number;
  readonly byType: Readonly<Record<string, { targets: number; ids: Record<string, number>; withoutId: Record<string, number> }>>;
  readonly idsByColumn: Readonly<Record<string, number>>;
  readonly withoutIdByColumn: Readonly<Record<string, number>>;
  readonly toTablesNotAskedFor: Readonly<Record<string, number>>;
}

export interface JoinedReferences {
  /** Cells that join to a row. */
  readonly joined: number;
  /** Cells that do not, by the type that the row says they have; `(unknown)` where it says none. */
  readonly danglingByType: Readonly<Record<string, number>>;
  readonly danglingByColumn: Readonly<Record<string, number>>;
  readonly targetsByType: Readonly<Record<string, number>>;
}

export function readReferenceReport(outputFolder: string): ReportedReferences {
  return JSON.parse(readFileSync(join(outputFolder, '_report.json'), 'utf8')).unresolvedReferences;
}

/** What the report says of ids, in the shape of {@link joinReferences}. */
export function reportedDangling({ byType, idsByColumn }: ReportedReferences): Omit<JoinedReferences, 'joined'> {
  const sums = Object.entries(byType).map(([type, { ids, targets }]) => [type, Object.values(ids).reduce((sum, count) => sum + count, 0), targets] as const);
  const dangling = sums.filter(([, count]) => count > 0);
  return {
    danglingByType: Object.fromEntries(dangling.map(([type, count]) => [type, count])),
    danglingByColumn: idsByColumn,
    targetsByType: Object.fromEntries(dangling.map(([type, , targets]) => [type, targets])),
  };
}

/** Joins every column with ids of references to the main tables. */
export function joinReferences(outputFolder: string): JoinedReferences {
  const tables = readTables(outputFolder);
  const rowsOf = new Map(tables.map((table) => [table, readRows(join(outputFolder, table.file))]));
  const idsByType = new Map(tables.filter(isMainTable).map((table) => [table.resourceType, new Set(rowsOf.get(table)?.map(({ id }) => id))]));
  let joined = 0;
  const byType = new Map<string, number>();
  const byColumn = new Map<string, number>();
  const targets = new Map<string, Set<string>>();
  for (const [table, rows] of rowsOf) {
    for (const { column, typeColumn, type: onlyType } of referenceColumns(table)) {
      for (const row of rows) {
        const id = row[column];
        if (!id) continue;
        const type = (typeColumn === undefined ? onlyType : row[typeColumn]) || '(unknown)';
        if (idsByType.get(type)?.has(id)) {
          joined++;
          continue;
        }
        byType.set(type, (byType.get(type) ?? 0) + 1);
        const name = `${table.file.replace(/^details\//, '').replace(/\.csv$/, '')}.${column}`;
        byColumn.set(name, (byColumn.get(name) ?? 0) + 1);
        targets.set(type, (targets.get(type) ?? new Set()).add(id));
      }
    }
  }
  return {
    joined,
    danglingByType: sorted(byType),
    danglingByColumn: sorted(byColumn),
    targetsByType: sorted(new Map([...targets].map(([type, ids]) => [type, ids.size]))),
  };
}

interface ReferenceColumn {
  readonly column: string;
  readonly typeColumn: string | undefined;
  readonly type: string | undefined;
}

/** Columns with ids: those that read `….reference`, and those that repeat one of the main table. */
function referenceColumns({ columns, description }: WrittenTable): readonly ReferenceColumn[] {
  return columns.flatMap((column, index): readonly ReferenceColumn[] => {
    const { name, path } = column;
    if (!name.endsWith('_id')) return [];
    if (index > 0 && description.startsWith('One row per item') && (name === 'patient_id' || name === 'encounter_id') && !path) {
      return [{ column: name, typeColumn: undefined, type: name === 'patient_id' ? 'Patient' : 'Encounter' }];
    }
    if (!path?.endsWith('.reference')) return [];
    const only = /^Id of the (\w+) that /.exec(column.description ?? '')?.[1];
    // Where another element has the plain name, that of a reference ends in _ref_id or _ref_type.
    const stem = name.replace(/(?:_ref)?_id$/, '');
    const typeColumn = columns.find((other) => [`${stem}_type`, `${stem}_ref_type`].includes(other.name) && other.path?.endsWith('.type'))?.name;
    return [{ column: name, typeColumn, type: only === 'resource' ? undefined : only }];
  });
}

function sorted<T>(map: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
