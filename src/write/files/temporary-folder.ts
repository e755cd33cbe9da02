// The hidden folder in which a run writes until it publishes. Its name says whose it is (process, host), so that the
// next run can tell what a killed one left behind from what a living one is writing.

import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

const prefix = '.fhir-flatten-';
const namePattern = /^\.fhir-flatten-(\d+)-([a-z0-9]+)-[0-9a-f]{12}$/;
/** Processes of another host (a container, a network share) cannot be asked; silence for this long means dead. */
const foreignAgeMs = 24 * 60 * 60 * 1000;

/** Folders of runs in this very process. */
const ownFolders = new Set<string>();

/** Makes a new one inside `parent`, which exists; returns its path. */
export function makeTemporaryFolder(parent: string): string {
  const name = `${prefix}${process.pid}-${hostKey()}-${randomHex()}`;
  const path = join(parent, name);
  mkdirSync(path);
  ownFolders.add(path);
  return path;
}

/** 12 digits: enough to tell the folders of one process apart. */
function randomHex(): string {
  return Math.floor(Math.random() * 2 ** 48)
    .toString(16)
    .padStart(12, '0');
}

/** How often, and after which pauses, a folder is removed again that a write in flight has put a file into meanwhile. */
const removalAttempts = 50;
const removalPauseMs = 10;

/** Removes it with all it holds; synchronous, for signal handlers. */
export function removeTemporaryFolder(path: string): void {
  ownFolders.delete(path);
  for (let attempt = 1; ; attempt++) {
    try {
      // Its own retries do not look into the folder again.
      rmSync(path, { recursive: true, force: true });
      return;
    } catch (error) {
      if (attempt === removalAttempts) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, removalPauseMs);
    }
  }
}

/** Removes the folders that dead runs left in `parent`. */
export function removeStaleFolders(parent: string): void {
  for (const entry of readdirSync(parent, { withFileTypes: true })) {
    const match = namePattern.exec(entry.name);
    if (match === null || !entry.isDirectory()) continue;
    const path = join(parent, entry.name);
    if (isStale(path, Number(match[1]), match[2] as string)) rmSync(path, { recursive: true, force: true });
  }
}

function isStale(path: string, processId: number, host: string): boolean {
  if (host !== hostKey()) return Date.now() - newestChangeMs(path) > foreignAgeMs;
  if (processId === process.pid) return !ownFolders.has(path);
  return !isAlive(processId);
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function newestChangeMs(path: string): number {
  let newest = 0;
  try {
    newest = statSync(path).mtimeMs;
    for (const name of readdirSync(path)) newest = Math.max(newest, statSync(join(path, name)).mtimeMs);
  } catch {
    // Vanished meanwhile: its owner is at work.
    return Date.now();
  }
  return newest;
}

function hostKey(): string {
  return (
    hostname()
      .toLowerCase()
      .replaceAll(/[^a-z0-9]/g, '')
      .slice(0, 40) || 'localhost'
  );
}
