// A folder where files are made quickly, for the server of a bench. ext4 looks at each inode that was freed within the last
// minutes before it takes another one: where many files were deleted, as by tests that remove whole servers, a new one
// takes 320 µs in place of 20, and a load that makes some hundred tables with their indexes up to a third longer.

import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface QuickFolder {
  readonly path: string;
  readonly microsecondsPerFile: number;
}

const probedFiles = 60;

/** The quickest of the folders for temporary files that there are. */
export function findQuickFolder(): QuickFolder {
  const probes = [...new Set([tmpdir(), '/var/tmp', '/tmp'])].flatMap((path) => probe(path) ?? []);
  return probes.reduce((best, other) => (other.microsecondsPerFile < best.microsecondsPerFile ? other : best));
}

function probe(path: string): QuickFolder | undefined {
  let folder: string;
  try {
    folder = mkdtempSync(join(path, 'fhir-flatten-probe-'));
  } catch {
    return undefined;
  }
  try {
    const startMs = performance.now();
    for (let index = 0; index < probedFiles; index++) closeSync(openSync(join(folder, `${index}`), 'w'));
    return { path, microsecondsPerFile: ((performance.now() - startMs) * 1000) / probedFiles };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
