// `fhir-flatten plugins [module...]`: what is registered and from where, on stdout.

import { type FhirVersion, fhirVersions, functionArities } from '../builtin.ts';
import { nameColumnType } from '../column-type.ts';
import { loadRegistry } from '../convert/load-registry.ts';
import { loadPlugins } from '../plugin/load-plugins.ts';
import type { Registry } from '../registry.ts';
import type { Plugin, TableSchema } from '../types.ts';
import { toolVersion } from '../version.ts';
import type { PluginsFlags } from './options.ts';
import { formatCount } from './print-diagnostics.ts';
import { alignRows } from './tables.ts';
import { showControls } from './terminal.ts';
import { writeStdout } from './write-stdout.ts';

/** Returns the exit code. */
export async function pluginsCommand(modules: readonly string[], flags: PluginsFlags): Promise<number> {
  const loaded = await loadPlugins(modules);
  const registry = await loadForSomeVersion(modules);
  const [builtin, ...others] = registry.plugins;
  const descriptions = [describe(builtin as Plugin, undefined, registry), ...others.map((plugin, index) => describe(plugin, loaded[index]?.module, registry))];
  await writeStdout(flags.json ? `${JSON.stringify(descriptions, undefined, 2)}\n` : descriptions.map(format).join('\n'));
  return 0;
}

/** Views may be for a later version than the first. */
async function loadForSomeVersion(plugins: readonly string[]): Promise<Registry> {
  const [first, ...others] = fhirVersions;
  try {
    return await loadRegistry({ fhirVersion: first as FhirVersion, plugins });
  } catch (error) {
    for (const fhirVersion of others) {
      const registry = await loadRegistry({ fhirVersion, plugins }).catch(() => undefined);
      if (registry !== undefined) return registry;
    }
    throw error;
  }
}

type Description = ReturnType<typeof describe>;

/** `module` is undefined for what ships with the tool. */
function describe(plugin: Plugin, module: string | undefined, registry: Registry) {
  const { flatteners = [], formats = [], functions = [], name, readers = [], resourceTypes = [], sinks = [] } = plugin;
  const kept = [...registry.resourceTypes].flatMap((type) => registry.flattenersFor(type)).filter((flattener) => registry.pluginOf(flattener) === name);
  return {
    name,
    module: module ?? null,
    version: module === undefined ? toolVersion : undefined,
    readers: readers.map((reader) => reader.name),
    formats: formats.map((tableFormat) => tableFormat.name),
    sinks: sinks.map((sink) => sink.name),
    functions: module === undefined ? [...functionArities.keys()] : functions.map((viewFunction) => viewFunction.name),
    /** Those with tables for many resource types have none of their own here. */
    flatteners: flatteners.map((flattener) => ({
      name: flattener.name,
      resourceType: flattener.resourceType,
      replaces: flattener.replaces ?? [],
      tables: flattener.tables.map(describeTable),
    })),
    resourceTypeCount: resourceTypes.length,
    tableCount: kept.reduce((count, { tables }) => count + tables.length, 0),
  };
}

function describeTable({ columns, description, name }: TableSchema) {
  return { name, description, columns: columns.map((column) => ({ name: column.name, type: nameColumnType(column.type), isNullable: column.isNullable })) };
}

function format({ flatteners, formats, functions, module, name, readers, resourceTypeCount, sinks, tableCount, version }: Description): string {
  const rows: string[][] = [];
  if (readers.length > 0) rows.push(['  readers', readers.join(', ')]);
  if (resourceTypeCount > 0)
    rows.push(['  tables', `${formatCount(tableCount)} tables of ${resourceTypeCount} resource types: fhir-flatten tables lists them`]);
  for (const { name: flattener, replaces, resourceType, tables } of flatteners) {
    for (const table of tables) {
      const notes = [...(table.name === flattener ? [] : [`by ${flattener}`]), ...(replaces.length === 0 ? [] : [`replaces ${replaces.join(', ')}`])];
      rows.push([`  table ${table.name}`, [`${table.columns.length} columns from ${resourceType}`, ...notes].join('; ')]);
    }
  }
  if (formats.length > 0) rows.push(['  formats', formats.join(', ')]);
  if (sinks.length > 0) rows.push(['  sinks', sinks.join(', ')]);
  if (functions.length > 0)
    rows.push(['  functions for views', module === null ? `${functions.length}, those of FHIRPath and SQL on FHIR` : functions.join(', ')]);
  return `${name} (${module === null ? `fhir-flatten ${version}` : showControls(module)})\n${alignRows(rows)}`;
}
