// Plugins → lookups: readers in order, flatteners by resource type, formats by name. Two things of one name are refused:
// which of them ran would depend on the order of loading. A table is replaced only where a flattener says so.

import { type DiagnosticCode, type Location, type MessageParameters, UserError } from './diagnostics.ts';
import type { Flattener, Plugin, PluginSink, Reader, TableBuilder, TableFormat, TableSchema } from './types.ts';

export interface Registry {
  /** What came up while views were loaded. */
  readonly findings: readonly LoadFinding[];
  /** In the order given; the built-in one is the first. */
  readonly plugins: readonly Plugin[];
  /** Those of the user's plugins are asked first: the built-in ones take all that looks like JSON. */
  readonly readers: readonly Reader[];
  readonly formats: ReadonlyMap<string, TableFormat>;
  /** Their names are no format's. */
  readonly sinks: ReadonlyMap<string, PluginSink>;
  /** Types that have tables of their own; others get what a plugin's `flattenersFor` makes of them. */
  readonly resourceTypes: ReadonlySet<string>;
  /** All flatteners of a type; made at the first call for it. */
  flattenersFor(resourceType: string): readonly Flattener[];
  /** The name of the plugin that a flattener of `flattenersFor` is from. */
  pluginOf(flattener: Flattener): string;
  /** The tables of all `resourceTypes`, in the order of those. Makes all their flatteners: not for the hot path. */
  allTables(): readonly TableSchema[];
  /** The tables of views and of plugins' flatteners, in the order given. */
  viewTables(): readonly TableSchema[];
  /**
   * Throws a UserError when two plugins have a table of the same name, of whatever type. Returns the tables that are to
   * be replaced and that no plugin has.
   */
  checkTables(): readonly Replacement[];
}

export interface LoadFinding {
  readonly code: DiagnosticCode;
  readonly location: Location;
  readonly parameters: MessageParameters;
}

export interface Replacement {
  readonly plugin: string;
  readonly table: string;
}

/** Takes the rows of tables that are replaced. */
type CreateDiscardBuilder = (schema: TableSchema) => TableBuilder;

/** Throws a UserError when plugins clash or are made for another API version. */
export function createRegistry(plugins: readonly Plugin[], createDiscardBuilder: CreateDiscardBuilder, findings: readonly LoadFinding[] = []): Registry {
  const readers = new Owned<Reader>('reader');
  const formats = new Owned<TableFormat | PluginSink>('format');
  const flatteners = new Owned<Flattener>('flattener');
  const resourceTypes = new Set<string>();
  const names = new Owned<Plugin>('name');
  /** Table → who replaces it. */
  const replacements = new Map<string, Replacement>();
  for (const plugin of plugins) {
    // A plugin of a later version may come from plain JavaScript, whatever the type says.
    if ((plugin.apiVersion as number) !== 1) throw new UserError('PLUGIN_VERSION', { parameters: { name: plugin.name }, exitCode: 2 });
    names.add(plugin.name, plugin, plugin.name);
    for (const reader of plugin.readers ?? []) readers.add(reader.name, reader, plugin.name);
    for (const format of [...(plugin.formats ?? []), ...(plugin.sinks ?? [])]) formats.add(format.name, format, plugin.name);
    for (const flattener of plugin.flatteners ?? []) {
      const { replaces = [], resourceType } = flattener;
      flatteners.add(flattener.name, flattener, plugin.name);
      resourceTypes.add(resourceType);
      for (const table of replaces) replacements.set(table, { plugin: plugin.name, table });
    }
    for (const resourceType of plugin.resourceTypes ?? []) resourceTypes.add(resourceType);
  }

  const owners = new WeakMap<Flattener, string>();
  const byType = new Map<string, readonly Flattener[]>();
  const unreplacedTables = new Set<string>();

  function flattenersFor(resourceType: string): readonly Flattener[] {
    let found = byType.get(resourceType);
    if (found === undefined) {
      found = plugins.flatMap((plugin) => flattenersOf(plugin, resourceType));
      const tables = new Owned<TableSchema>('table');
      for (const flattener of found) for (const table of flattener.tables) tables.add(table.name, table, owners.get(flattener) as string);
      byType.set(resourceType, found);
    }
    return found;
  }

  function flattenersOf(plugin: Plugin, resourceType: string): readonly Flattener[] {
    const fixed = (plugin.flatteners ?? []).filter((flattener) => flattener.resourceType === resourceType);
    return [...(plugin.flattenersFor?.(resourceType) ?? []), ...fixed].flatMap((flattener) => {
      const replaced = flattener.tables.map(({ name }) => name).filter((name) => (replacements.get(name)?.plugin ?? plugin.name) !== plugin.name);
      for (const { name } of flattener.tables) unreplacedTables.add(name);
      if (replaced.length === flattener.tables.length) return [];
      const kept = replaced.length === 0 ? flattener : withoutTables(flattener, new Set(replaced), createDiscardBuilder);
      owners.set(kept, plugin.name);
      return [kept];
    });
  }

  return {
    plugins,
    findings,
    readers: [...plugins.slice(1), ...plugins.slice(0, 1)].flatMap((plugin) => plugin.readers ?? []),
    formats: byName(plugins.flatMap((plugin) => plugin.formats ?? [])),
    sinks: byName(plugins.flatMap((plugin) => plugin.sinks ?? [])),
    resourceTypes,
    flattenersFor,
    pluginOf: (flattener) => owners.get(flattener) ?? 'unknown',
    allTables: () => [...resourceTypes].flatMap((resourceType) => flattenersFor(resourceType).flatMap((flattener) => flattener.tables)),
    viewTables() {
      const types = new Set(plugins.flatMap((plugin) => plugin.flatteners ?? []).map(({ resourceType }) => resourceType));
      const tables = [...types].flatMap((resourceType) => flattenersFor(resourceType).flatMap((flattener) => flattener.tables));
      return tables.filter(({ role }) => role === 'view');
    },
    checkTables() {
      const tables = new Owned<TableSchema>('table');
      for (const resourceType of resourceTypes) {
        for (const flattener of flattenersFor(resourceType)) {
          for (const table of flattener.tables) tables.add(table.name, table, owners.get(flattener) as string);
        }
      }
      return [...replacements.values()].filter(({ table }) => !unreplacedTables.has(table));
    },
  };
}

function byName<T extends { readonly name: string }>(things: readonly T[]): ReadonlyMap<string, T> {
  return new Map(things.map((thing) => [thing.name, thing]));
}

/** The same flattener with some of its tables written nowhere. */
function withoutTables(flattener: Flattener, names: ReadonlySet<string>, createDiscardBuilder: CreateDiscardBuilder): Flattener {
  return {
    ...flattener,
    tables: flattener.tables.filter(({ name }) => !names.has(name)),
    bind(builders, context) {
      const kept = builders[Symbol.iterator]();
      const all = flattener.tables.map((schema) => (names.has(schema.name) ? createDiscardBuilder(schema) : (kept.next().value as TableBuilder)));
      return flattener.bind(all, context);
    },
  };
}

/** Things by name, each with the plugin that brought it. */
class Owned<T> {
  readonly values = new Map<string, T>();
  readonly #kind: string;
  readonly #owners = new Map<string, string>();

  constructor(kind: string) {
    this.#kind = kind;
  }

  add(name: string, value: T, owner: string): void {
    const first = this.#owners.get(name);
    if (first !== undefined) {
      const code = this.#kind === 'table' ? 'PLUGIN_TABLE_CLASH' : 'PLUGIN_CLASH';
      throw new UserError(code, { parameters: { kind: this.#kind, name, first, second: owner }, exitCode: 2 });
    }
    this.values.set(name, value);
    this.#owners.set(name, owner);
  }
}
