// The resources of a folder's Bundles as NDJSON, a file a type: what DuckDB reads best. node bundles-to-ndjson.mjs <folder> <out folder>

import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listInputs } from './list-inputs.mjs';

const [folder, outFolder] = process.argv.slice(2);
mkdirSync(outFolder, { recursive: true });
for (const path of listInputs(folder)) {
  const lines = new Map();
  for (const { resource } of JSON.parse(readFileSync(path, 'utf8')).entry) {
    lines.set(resource.resourceType, `${lines.get(resource.resourceType) ?? ''}${JSON.stringify(resource)}\n`);
  }
  for (const [type, text] of lines) appendFileSync(join(outFolder, `${type}.ndjson`), text);
}
