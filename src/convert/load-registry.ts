// The built-in plugin and the user's, as lookups.

import {
  type BuiltinOptions,
  createBuiltinPlugin,
  createDiscardBuilder,
  fhirVersions,
  functionArities,
  loadModel,
  loadViews,
  type ViewProblem,
  type WrittenView,
} from '../builtin.ts';
import { UserError } from '../diagnostics.ts';
import { createRegistry, type LoadFinding, type Registry } from '../registry.ts';
import type { Plugin, ViewFunction } from '../types.ts';

export interface RegistryOptions extends BuiltinOptions {
  /** Besides the built-in one: plugins, or names of modules that export one. */
  readonly plugins?: readonly (Plugin | string)[];
  /** ViewDefinitions, each of which adds a table. */
  readonly views?: readonly WrittenView[] | undefined;
  /** Warnings about views are errors. */
  readonly isStrict?: boolean | undefined;
  /** True where the same plugins have been checked before. */
  readonly isChecked?: boolean;
}

/** Throws a UserError (usage) when a plugin cannot be loaded or does not fit. */
export async function loadRegistry({ plugins = [], views = [], isChecked = false, isStrict, ...options }: RegistryOptions): Promise<Registry> {
  const builtin = await createBuiltinPlugin(options);
  const modules = plugins.length === 0 ? [] : await (await import('../plugin/load-plugins.ts')).loadPlugins(plugins);
  const loaded = modules.map(({ plugin }) => plugin);
  const functions = functionsOf(loaded);
  const complete = await Promise.all(loaded.map((plugin) => withViews(plugin, functions, { fhirVersion: options.fhirVersion, isStrict })));
  const made = views.length === 0 ? undefined : await makeViews(views, builtin, functions, { fhirVersion: options.fhirVersion, isStrict });
  const all = [...complete, ...(made === undefined ? [] : [made])];
  const registry = createRegistry(
    [builtin, ...all.map(({ plugin }) => plugin)],
    createDiscardBuilder,
    all.flatMap(({ findings }) => findings),
  );
  if (plugins.length > 0 && !isChecked) await checkTables(registry);
  return registry;
}

interface LoadedViews {
  readonly plugin: Plugin;
  readonly findings: readonly LoadFinding[];
}

/** Throws a ViewError. */
async function makeViews(
  views: readonly WrittenView[],
  builtin: Plugin,
  functions: ReadonlyMap<string, ViewFunction>,
  { fhirVersion, isStrict }: Pick<RegistryOptions, 'fhirVersion' | 'isStrict'>,
): Promise<LoadedViews> {
  const { makeViewFlatteners } = await loadViews();
  const model = await loadModel(fhirVersion);
  const { flatteners, warnings } = await makeViewFlatteners(views, { model, functions, isStrict, isTaken: (name) => hasTable(builtin, name) });
  return { plugin: { name: 'view definitions', apiVersion: 1, flatteners }, findings: toFindings(warnings) };
}

/** A table's name begins with its type's, which saves making the tables of all types. */
function hasTable({ flattenersFor = () => [], resourceTypes = [] }: Plugin, name: string): boolean {
  const plainName = name.replaceAll('_', '').toLowerCase();
  return resourceTypes
    .filter((type) => plainName.startsWith(type.toLowerCase()))
    .some((type) => flattenersFor(type).some(({ tables }) => tables.some((table) => table.name === name.toLowerCase())));
}

/** Throws a UserError (usage) when two plugins have a table of one name, or one replaces a table that no FHIR version has. */
async function checkTables(registry: Registry): Promise<void> {
  for (const { plugin, table } of registry.checkTables()) {
    // It may be one of those that are not written this time.
    const builtins = await Promise.all(fhirVersions.map((fhirVersion) => createBuiltinPlugin({ fhirVersion })));
    const tables = builtins.flatMap(({ flattenersFor, resourceTypes = [] }) =>
      resourceTypes.flatMap((type) => flattenersFor?.(type) ?? []).flatMap((flattener) => flattener.tables),
    );
    if (!tables.some(({ name }) => name === table)) throw new UserError('PLUGIN_REPLACES_NOTHING', { parameters: { plugin, table }, exitCode: 2 });
  }
}

/** The functions of all plugins, by name. Throws a UserError (usage) when one is there already. */
export function functionsOf(plugins: readonly Plugin[]): ReadonlyMap<string, ViewFunction> {
  const owners = new Map<string, string>([...functionArities.keys()].map((name) => [name, 'FHIRPath']));
  const functions = new Map<string, ViewFunction>();
  for (const { functions: own = [], name: plugin } of plugins) {
    for (const viewFunction of own) {
      const { name } = viewFunction;
      const first = owners.get(name);
      if (first !== undefined) throw new UserError('PLUGIN_CLASH', { parameters: { kind: 'function', name, first, second: plugin }, exitCode: 2 });
      owners.set(name, plugin);
      functions.set(name, viewFunction);
    }
  }
  return functions;
}

/** Turns a plugin's views into flatteners. Throws a ViewError when one cannot be used. */
async function withViews(
  plugin: Plugin,
  functions: ReadonlyMap<string, ViewFunction>,
  { fhirVersion, isStrict }: Pick<RegistryOptions, 'fhirVersion' | 'isStrict'>,
): Promise<LoadedViews> {
  const { flatteners = [], name, views = [] } = plugin;
  if (views.length === 0) return { plugin, findings: [] };
  const written = views.map(({ view }, index) => {
    const viewName = typeof view === 'object' && view !== null && 'name' in view && typeof view.name === 'string' ? view.name : undefined;
    return { view, origin: `plugin ${name}`, defaultName: `view_${index + 1}`, label: viewName ?? `number ${index + 1}` };
  });
  const { makeViewFlatteners } = await loadViews();
  const made = await makeViewFlatteners(written, { model: await loadModel(fhirVersion), functions, isStrict });
  const viewFlatteners = made.flatteners.map((flattener, index) => ({ ...flattener, replaces: views[index]?.replaces ?? [] }));
  return { plugin: { ...plugin, flatteners: [...flatteners, ...viewFlatteners] }, findings: toFindings(made.warnings) };
}

function toFindings(warnings: readonly ViewProblem[]): readonly LoadFinding[] {
  return warnings.map(({ code, origin, parameters }) => ({ code, location: { sourceName: origin }, parameters }));
}
