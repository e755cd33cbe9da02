// The built-in plugin and the user's, as lookups.

import { type CsvOptions, createBuiltinPlugin } from './builtin.ts';
import { createRegistry, type Registry } from './registry.ts';
import type { Plugin } from './types.ts';

export interface RegistryOptions {
  readonly csv?: Partial<CsvOptions>;
  /** Besides the built-in one. */
  readonly plugins?: readonly Plugin[];
}

export async function loadRegistry({ csv, plugins = [] }: RegistryOptions = {}): Promise<Registry> {
  return createRegistry([await createBuiltinPlugin({ fhirVersion: 'r4', ...(csv && { csv }) }), ...plugins]);
}
