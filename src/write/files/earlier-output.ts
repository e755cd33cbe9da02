// An earlier run's _schema.json → which files it left and how they are described. Only names that this tool gives are
// believed: the file may have been edited, and what it lists may be removed.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TableEntry } from './schema-file.ts';

const tableFile = /^(?:details\/)?[A-Za-z][A-Za-z0-9_]*\.[a-z]{1,10}$/;

export interface EarlierOutput {
  /** False when the folder holds no output of this tool: then nothing in it is ours to remove. */
  readonly exists: boolean;
  /** It has an `attachments/` of ours. */
  readonly hasSavedFiles: boolean;
  readonly tables: Readonly<Record<string, TableEntry>>;
}

export function readEarlierOutput(folder: string): EarlierOutput {
  const nothing: EarlierOutput = { exists: false, hasSavedFiles: false, tables: {} };
  let schema: unknown;
  try {
    schema = JSON.parse(readFileSync(join(folder, '_schema.json'), 'utf8'));
  } catch {
    // None there, or none that we wrote.
    return nothing;
  }
  if (!isRecord(schema) || schema['tool'] !== 'fhir-flatten' || !isRecord(schema['tables'])) return nothing;
  const tables: [string, TableEntry][] = [];
  for (const [name, entry] of Object.entries(schema['tables'])) {
    if (isRecord(entry) && typeof entry['file'] === 'string' && tableFile.test(entry['file'])) tables.push([name, entry as unknown as TableEntry]);
  }
  return { exists: true, hasSavedFiles: schema['attachments'] !== undefined, tables: Object.fromEntries(tables) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
