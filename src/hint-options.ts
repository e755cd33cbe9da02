// A path whose values are in other_json → what to ask for to have them in columns, for the audit.

import { createBuiltinPlugin, type DefaultTableOptions, type FhirVersion } from './builtin.ts';
import type { Plugin } from './types.ts';

/** Undefined where no option shows the path. */
export type HintOption = (path: string) => string | undefined;

/** Tries the options that are not in use, from the smallest change on. */
export async function makeOptionHints(fhirVersion: FhirVersion, inUse: Partial<DefaultTableOptions> = {}): Promise<HintOption> {
  const { columns = 'standard', hasDetails = true } = inUse;
  const candidates: (readonly [string, Partial<DefaultTableOptions>])[] = [];
  if (!hasDetails) candidates.push(['in child tables, without --no-details', { hasDetails: true }]);
  if (columns !== 'wide') candidates.push(['--columns wide', { columns: 'wide' }]);
  const used = await createBuiltinPlugin({ fhirVersion, defaultTables: inUse });
  const tried = await Promise.all(
    candidates.map(async ([hint, change]) => [hint, await createBuiltinPlugin({ fhirVersion, defaultTables: { ...inUse, ...change } })] as const),
  );
  return (path) => {
    if (!hasDetails && /\.(?:_\w+|(?:modifierE|e)xtension)(?:\.|$)/.test(path)) return 'in the extension table, without --no-details';
    // What has a column already is in other_json for what it holds.
    if (shows(used, path)) return undefined;
    return tried.find(([, plugin]) => shows(plugin, path))?.[0];
  };
}

function shows({ flattenersFor, resourceTypes = [] }: Plugin, path: string): boolean {
  const [resourceType = ''] = path.split('.');
  if (!resourceTypes.includes(resourceType)) return false;
  const tables = flattenersFor?.(resourceType).flatMap((flattener) => flattener.tables) ?? [];
  return tables.some(({ columns }) => columns.some(({ fhirPath }) => fhirPath?.split(' | ').some((shown) => isSame(shown, path)) === true));
}

/** `Observation.value[x]` stands for `Observation.valueString`, and a shown element of a primitive type for itself only. */
function isSame(shown: string, path: string): boolean {
  if (!shown.includes('[x]')) return shown === path;
  const [start = '', end = ''] = shown.split('[x]');
  return path.startsWith(start) && path.endsWith(end) && /^[A-Z]\w*$/.test(path.slice(start.length, path.length - end.length));
}
