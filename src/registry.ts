// Plugins → lookups: readers in order, flatteners by resource type, formats by name. Two things of one name are refused:
// which of them ran would depend on the order of loading.

import { UserError } from './diagnostics.ts';
import type { Flattener, Plugin, Reader, TableFormat, TableSchema } from './types.ts';

export interface Registry {
  readonly readers: readonly Reader[];
  readonly formats: ReadonlyMap<string, TableFormat>;
  /** Types that have tables of their own; others get what a plugin's `flattenersFor` makes of them. */
  readonly resourceTypes: ReadonlySet<string>;
  /** All flatteners of a type; made at the first call for it. */
  flattenersFor(resourceType: string): readonly Flattener[];
  /** The tables of all `resourceTypes`, in the order of those. Makes all their flatteners: not for the hot path. */
  allTables(): readonly TableSchema[];
}

/** Throws a UserError when plugins clash or are made for another API version. */
export function createRegistry(plugins: readonly Plugin[]): Registry {
  const readers = new Map<string, Reader>();
  const formats = new Map<string, TableFormat>();
  const flatteners = new Map<string, Flattener>();
  const resourceTypes = new Set<string>();
  const names = new Map<string, Plugin>();
  for (const plugin of plugins) {
    // A plugin of a later version may come from plain JavaScript, whatever the type says.
    if ((plugin.apiVersion as number) !== 1) throw new UserError('PLUGIN_VERSION', { parameters: { name: plugin.name } });
    addOnce(names, 'name', plugin.name, plugin);
    for (const reader of plugin.readers ?? []) addOnce(readers, 'reader', reader.name, reader);
    for (const format of plugin.formats ?? []) addOnce(formats, 'format', format.name, format);
    for (const flattener of plugin.flatteners ?? []) {
      addOnce(flatteners, 'flattener', flattener.name, flattener);
      resourceTypes.add(flattener.resourceType);
    }
    for (const resourceType of plugin.resourceTypes ?? []) resourceTypes.add(resourceType);
  }

  const byType = new Map<string, readonly Flattener[]>();
  function flattenersFor(resourceType: string): readonly Flattener[] {
    let found = byType.get(resourceType);
    if (found === undefined) {
      const fixed = [...flatteners.values()].filter((flattener) => flattener.resourceType === resourceType);
      found = [...plugins.flatMap((plugin) => plugin.flattenersFor?.(resourceType) ?? []), ...fixed];
      const tables = new Map<string, TableSchema>();
      for (const table of found.flatMap((flattener) => flattener.tables)) addOnce(tables, 'table', table.name, table);
      byType.set(resourceType, found);
    }
    return found;
  }

  return {
    readers: [...readers.values()],
    formats,
    resourceTypes,
    flattenersFor,
    allTables: () => [...resourceTypes].flatMap((resourceType) => flattenersFor(resourceType).flatMap((flattener) => flattener.tables)),
  };
}

function addOnce<T>(map: Map<string, T>, kind: string, name: string, value: T): void {
  if (map.has(name)) throw new UserError('PLUGIN_CLASH', { parameters: { kind, name } });
  map.set(name, value);
}
