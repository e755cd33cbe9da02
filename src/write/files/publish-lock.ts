// One run at a time puts its files in place, so that two runs into one folder never leave a mixture of both.
// The lock is a folder (made atomically on every file system); the one of a dead run is broken.

import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../diagnostics.ts';

const lockName = '.fhir-flatten-lock';
const retryMs = 20;
const patienceMs = 30_000;
/** Renaming takes milliseconds: a lock this old belongs to a run that was killed in between. */
const staleMs = 10_000;

/** Runs `step`, synchronously, while holding the folder's lock. Throws OUTPUT_BUSY when it cannot be had. */
export async function withPublishLock(folder: string, step: () => void): Promise<void> {
  const lock = join(folder, lockName);
  const giveUpMs = Date.now() + patienceMs;
  while (!tryLock(lock)) {
    if (Date.now() > giveUpMs) throw new UserError('OUTPUT_BUSY', { parameters: { path: folder } });
    await sleep(retryMs);
  }
  try {
    step();
  } finally {
    unlock(lock);
  }
}

function tryLock(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EEXIST') throw error;
    const ageMs = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (ageMs > staleMs) unlock(lock);
    return false;
  }
}

function unlock(lock: string): void {
  try {
    rmdirSync(lock);
  } catch {
    // Another run has broken it.
  }
}
