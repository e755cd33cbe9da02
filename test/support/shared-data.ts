// The data that lies beside the project, not in it. Where it is missing, tests that need it are skipped, but never in CI.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The path of a folder of `../shared`, or undefined where it is not there. */
export function findSharedFolder(name: string): string | undefined {
  const path = join(import.meta.dirname, '../../../shared', name);
  if (existsSync(path)) return path;
  if (process.env['CI'] === 'true') throw new Error(`../shared/${name} is missing, and CI must not skip what needs it`);
  return undefined;
}
