// The built-in plugin and the user's, as lookups.

import { type CsvOptions, createBuiltinPlugin, type DefaultTableOptions, type FhirVersion } from './builtin.ts';
import { createRegistry, type Registry } from './registry.ts';
import type { Plugin } from './types.ts';

export interface RegistryOptions {
  readonly fhirVersion: FhirVersion;
  readonly csv?: Partial<CsvOptions>;
  /** Which default tables there are besides the main ones; all when not given. */
  readonly details?: Partial<DefaultTableOptions>;
  /** Besides the built-in one. */
  readonly plugins?: readonly Plugin[];
}

export async function loadRegistry({ fhirVersion, csv, details, plugins = [] }: RegistryOptions): Promise<Registry> {
  return createRegistry([await createBuiltinPlugin({ fhirVersion, ...(csv && { csv }), ...(details && { details }) }), ...plugins]);
}
