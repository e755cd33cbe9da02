// Tells whether a folder is what an earlier run of this tool has written: such tables are no input.

import { readFileSync, statSync } from 'node:fs';

/** No description of tables comes near this. */
const SCHEMA_BYTES = 64 * 1024 * 1024;

/** @param schemaPath - of the file `_schema.json` in that folder, whether it is there or not. */
export function isOwnSchema(schemaPath: string | Buffer): boolean {
  try {
    const stats = statSync(schemaPath, { throwIfNoEntry: false });
    if (stats === undefined || !stats.isFile() || stats.size > SCHEMA_BYTES) return false;
    const schema: unknown = JSON.parse(readFileSync(schemaPath, 'utf8'));
    return typeof schema === 'object' && schema !== null && 'tool' in schema && schema.tool === 'fhir-flatten';
  } catch {
    return false;
  }
}
