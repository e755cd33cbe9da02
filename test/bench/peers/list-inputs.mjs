// The JSON and NDJSON files of a folder, in the order of their names.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

export function listInputs(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.json') || name.endsWith('.ndjson'))
    .sort()
    .map((name) => join(folder, name));
}
