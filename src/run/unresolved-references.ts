// What the parts have counted of references whose target they do not have → the ids that join to no row of the output,
// for the report: by the target's type, by the form of the reference, and by column.

import type { ReferenceForm } from '../types.ts';
import { KeyTable, type KeyTableContent } from './key-table.ts';
import { missingWords, type ReferenceCountsData, restoreLow } from './reference-counts.ts';
import { addTo } from './run-counts.ts';

export interface UnresolvedReferences {
  /** All references that columns show, also those that lead to a row. */
  readonly forms: ReadonlyMap<ReferenceForm, number>;
  /** Cells of `…_id` columns that join to no row. */
  readonly ids: number;
  /** References for whose target no id is known: their `…_id` is null. */
  readonly withoutId: number;
  /** By the type of the target; '' where it cannot be told. */
  readonly byType: ReadonlyMap<string, UnresolvedOfType>;
  /** `table.column` → cells. */
  readonly idsByColumn: ReadonlyMap<string, number>;
  readonly withoutIdByColumn: ReadonlyMap<string, number>;
  /** Cells with ids of resources whose table was not asked for, by type. */
  readonly toOtherTables: ReadonlyMap<string, number>;
}

export interface UnresolvedOfType {
  /** Different ids that are missing. */
  targetCount: number;
  readonly ids: Map<ReferenceForm, number>;
  readonly withoutId: Map<ReferenceForm, number>;
}

export interface PartCounts {
  readonly referenceCounts: ReferenceCountsData;
  /** Type and id of the part's resources. */
  readonly ids: KeyTableContent;
}

export function findUnresolved(parts: readonly PartCounts[]): UnresolvedReferences {
  const indexes = parts.map(({ ids }) => KeyTable.of(ids));
  const rowless = parts.map(({ referenceCounts }) => KeyTable.of(referenceCounts.rowless)).filter(({ entryCount }) => entryCount > 0);
  const isInside = (high: number, low: number) => (table: KeyTable) => table.find(high, low) >= 0;
  const forms = new Map<ReferenceForm, number>();
  const unresolved = { ids: 0, withoutId: 0 };
  const byType = new Map<string, UnresolvedOfType>();
  const idsByColumn = new Map<string, number>();
  const withoutIdByColumn = new Map<string, number>();
  const toOtherTables = new Map<string, number>();
  const targets = new KeyTable(0);

  function ofType(type: string): UnresolvedOfType {
    const known = byType.get(type) ?? { targetCount: 0, ids: new Map(), withoutId: new Map() };
    byType.set(type, known);
    return known;
  }

  for (const { forms: partForms, sites, missing: content, toOtherTables: others, withoutId } of parts.map(({ referenceCounts }) => referenceCounts)) {
    for (const [form, count] of partForms) addTo(forms, form, count);
    const missing = KeyTable.of(content);
    for (let entry = 0; entry < missing.entryCount; entry++) {
      const site = missing.word(entry, missingWords.site);
      const high = missing.high(entry);
      const low = restoreLow(missing.low(entry), site);
      const { columns, form, type } = sites[site] as ReferenceCountsData['sites'][number];
      if (type !== '' && indexes.some(isInside(high, low)) && !rowless.some(isInside(high, low))) continue;
      const found = ofType(type);
      if (targets.find(high, low) < 0) {
        targets.add(high, low);
        found.targetCount++;
      }
      const count = missing.word(entry, missingWords.count);
      for (const column of columns) {
        unresolved.ids += count;
        addTo(found.ids, form, count);
        addTo(idsByColumn, column, count);
      }
    }
    for (const [site, count] of withoutId) {
      const { columns, form, type } = sites[site] as ReferenceCountsData['sites'][number];
      unresolved.withoutId += count;
      addTo(ofType(type).withoutId, form, count);
      for (const column of columns) addTo(withoutIdByColumn, column, count);
    }
    for (const [site, count] of others) {
      const { columns, type } = sites[site] as ReferenceCountsData['sites'][number];
      addTo(toOtherTables, type, count * columns.length);
    }
  }
  return { ...unresolved, forms, byType, idsByColumn, withoutIdByColumn, toOtherTables };
}

/** For the report. */
export function describeUnresolved(found: UnresolvedReferences) {
  const { byType, ids, idsByColumn, toOtherTables, withoutId, withoutIdByColumn } = found;
  const types = [...byType].map(
    ([type, { targetCount, ...counts }]) =>
      [type === '' ? '(unknown)' : type, { targets: targetCount, ids: sorted(counts.ids), withoutId: sorted(counts.withoutId) }] as const,
  );
  return {
    ids,
    withoutId,
    byType: sorted(new Map(types)),
    idsByColumn: sorted(idsByColumn),
    withoutIdByColumn: sorted(withoutIdByColumn),
    toTablesNotAskedFor: sorted(toOtherTables),
  };
}

function sorted<T>(map: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
