// Which tables a conversion is about: those of views, those asked for by name, and the FHIR version that has them.

import { type FhirVersion, fhirVersions, loadViews, type WrittenView } from '../builtin.ts';
import { UserError } from '../diagnostics.ts';
import type { Registry } from '../registry.ts';
import type { TableSchema } from '../types.ts';
import { isSingleOutput } from './choose-output.ts';
import { type ConvertOptions, defaultOut } from './convert-options.ts';
import { loadRegistry } from './load-registry.ts';

export type LoadOptions = Omit<ConvertOptions, 'views'> & { readonly views: readonly WrittenView[] };

/** Throws a UserError (usage) for a file that cannot be read. */
export async function readViews(views: ConvertOptions['views'] = []): Promise<readonly WrittenView[]> {
  if (views.length === 0) return [];
  const { readViewFiles } = await loadViews();
  return views.flatMap((view, index) => (typeof view === 'string' ? readViewFiles([view]) : [describeView(view, index)]));
}

/** A view that comes as JSON. */
function describeView(view: object, index: number): WrittenView {
  const name = 'name' in view && typeof view.name === 'string' ? view.name : undefined;
  return { view, origin: `views[${index}]`, defaultName: `view_${index + 1}`, label: name ?? `number ${index + 1}` };
}

/** While the version is open, the first one that the views fit; R4 where none does, with what is wrong then. */
export async function assumeVersion(asked: 'auto' | FhirVersion, options: LoadOptions): Promise<{ registry: Registry; version: FhirVersion }> {
  const [first, ...others] = asked === 'auto' ? fhirVersions : [asked];
  try {
    return { registry: await loadRegistry({ ...options, fhirVersion: first as FhirVersion }), version: first as FhirVersion };
  } catch (error) {
    if (options.views.length === 0) throw error;
    for (const version of others) {
      const registry = await loadRegistry({ ...options, fhirVersion: version }).catch(() => undefined);
      if (registry !== undefined) return { registry, version };
    }
    throw error;
  }
}

/** One view into one file, or onto stdout: then it is the table that is meant. */
export function impliedTables({ out = defaultOut, views = [] }: ConvertOptions, registry: Registry): readonly string[] | undefined {
  if (views.length === 0 || !isSingleOutput(out, registry.formats)) return undefined;
  const names = registry.viewTables().map(({ name }) => name);
  return names.length === 1 ? names : undefined;
}

/** Undefined: as many as the input has types for. */
export function countTables({ hasDefaultTables = true }: ConvertOptions, registry: Registry): number | undefined {
  return hasDefaultTables ? undefined : registry.viewTables().length;
}

/** While the version is open, a name is wrong when no version has a table of it. */
export async function checkTableNamesEarly(names: readonly string[], assumed: Registry, options: LoadOptions): Promise<void> {
  try {
    checkTableNames(names, assumed, options.suggest);
  } catch (error) {
    if (options.fhirVersion !== undefined && options.fhirVersion !== 'auto') throw error;
    for (const fhirVersion of fhirVersions) {
      const known = (await loadRegistry({ ...options, fhirVersion })).allTables().map((table) => table.name);
      if (names.every((name) => known.includes(name))) return;
    }
    throw error;
  }
}

/** Throws a UserError (usage) for a name that no table has. */
export function checkTableNames(names: readonly string[], registry: Registry, suggest: ConvertOptions['suggest'] = () => []): Set<string> {
  const found = findTables(names, registry);
  for (const name of names) {
    if (found.has(name)) continue;
    const known = registry.allTables().map((table) => table.name);
    const near = suggest(name, known);
    const suggestion = near.length > 0 ? `did you mean ${near.join(', ')}?` : 'fhir-flatten tables lists them';
    throw new UserError('TABLE_UNKNOWN', { parameters: { name, suggestion }, exitCode: 2 });
  }
  return new Set(names);
}

/** Which of the names are tables. Types whose name they begin with are asked first: making the tables of all takes its time. */
export function findTables(names: readonly string[], registry: Registry): ReadonlyMap<string, TableSchema> {
  const likely = likelyTypes(names, registry);
  const types = new Set([...likely, ...registry.resourceTypes]);
  return new Map([...tablesOf(types, names, registry)].flat().map((table) => [table.name, table]));
}

/** Those of each type, where most names are of other things: only types that may have a table of such a name are asked. */
export function findTablesAmong(names: readonly string[], registry: Registry): Iterable<readonly TableSchema[]> {
  const own = registry.plugins
    .slice(1)
    .flatMap(({ flatteners = [], resourceTypes = [] }) => [...flatteners.map((flattener) => flattener.resourceType), ...resourceTypes]);
  return tablesOf(new Set([...likelyTypes(names, registry), ...own]), names, registry);
}

/** The names of built-in tables begin with their type's words. */
function likelyTypes(names: readonly string[], registry: Registry): readonly string[] {
  const beginnings = new Set<string>();
  for (const name of names) {
    let beginning = '';
    for (const word of name.split('_')) {
      beginning += word;
      beginnings.add(beginning);
    }
  }
  return [...registry.resourceTypes].filter((resourceType) => beginnings.has(resourceType.toLowerCase()));
}

function* tablesOf(types: Iterable<string>, names: readonly string[], registry: Registry): Generator<readonly TableSchema[], void> {
  const missing = new Set(names);
  for (const resourceType of types) {
    if (missing.size === 0) return;
    yield registry.flattenersFor(resourceType).flatMap(({ tables }) => tables.filter(({ name }) => missing.delete(name)));
  }
}
