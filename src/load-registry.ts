// The built-in plugin and the user's, as lookups.

import { type CsvOptions, createBuiltinPlugin, createDiscardBuilder, type DefaultTableOptions, type FhirVersion, fhirVersions } from './builtin.ts';
import { UserError } from './diagnostics.ts';
import { createRegistry, type Registry } from './registry.ts';
import type { Plugin } from './types.ts';

export interface RegistryOptions {
  readonly fhirVersion: FhirVersion;
  readonly csv?: Partial<CsvOptions>;
  /** Which default tables there are besides the main ones; all when not given. */
  readonly details?: Partial<DefaultTableOptions>;
  /** Besides the built-in one: plugins, or names of modules that export one. */
  readonly plugins?: readonly (Plugin | string)[];
  /** True where the same plugins have been checked before. */
  readonly isChecked?: boolean;
}

/** Throws a UserError (usage) when a plugin cannot be loaded or does not fit. */
export async function loadRegistry({ fhirVersion, csv, details, plugins = [], isChecked = false }: RegistryOptions): Promise<Registry> {
  const builtin = await createBuiltinPlugin({ fhirVersion, ...(csv && { csv }), ...(details && { details }) });
  if (plugins.length === 0) return createRegistry([builtin], createDiscardBuilder);
  const { loadPlugins } = await import('./plugin/load-plugins.ts');
  const loaded = await loadPlugins(plugins);
  const registry = createRegistry([builtin, ...loaded.map(({ plugin }) => plugin)], createDiscardBuilder);
  if (!isChecked) await checkTables(registry);
  return registry;
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
