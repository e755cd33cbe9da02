// Finished temporary files → their final names, all of them or none. One synchronous step, so that no signal handler
// and no other work of this process comes in between; an older file is kept as a hard link until all are in place.

import { closeSync, existsSync, fsyncSync, linkSync, lstatSync, mkdirSync, openSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../../diagnostics.ts';
import { outputError } from './output-error.ts';

export interface Publication {
  /** In the order in which they are put in place. */
  readonly moves: readonly { readonly from: string; readonly to: string }[];
  /** Files of an earlier run that have no successor. */
  readonly removals: readonly string[];
  /** An empty folder on the same file system, for the older files. */
  readonly backupFolder: string;
}

/** Throws a UserError when a file cannot be put in place; then all older ones are back as they were. */
export function publish({ moves, removals, backupFolder }: Publication): void {
  const undo: (() => void)[] = [];
  let path = '';
  try {
    for (const { to } of moves) {
      path = to;
      if (lstatSync(to, { throwIfNoEntry: false })?.isDirectory()) throw new UserError('OUTPUT_IS_FOLDER', { parameters: { path: to } });
    }
    for (const [index, { from, to }] of moves.entries()) {
      path = to;
      makeFolder(dirname(to), undo);
      undo.push(keepOlder(to, join(backupFolder, String(index))));
      renameSync(from, to);
    }
    for (const folder of new Set(moves.map(({ to }) => dirname(to)))) syncFolder(folder);
  } catch (error) {
    for (const step of undo.reverse()) step();
    throw outputError(error, path);
  }
  // From here on the new output is complete; what cannot be tidied up is no failure.
  for (const stale of removals) rmSync(stale, { force: true });
  for (const folder of new Set(removals.map((stale) => dirname(stale)))) removeIfEmpty(folder);
}

function makeFolder(folder: string, undo: (() => void)[]): void {
  if (existsSync(folder)) return;
  mkdirSync(folder);
  undo.push(() => removeIfEmpty(folder));
}

/** Returns what brings the older file back, or removes the new one where there was none. */
function keepOlder(path: string, backup: string): () => void {
  try {
    linkSync(path, backup);
    return () => renameSync(backup, path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return () => rmSync(path, { force: true });
    // A file system without hard links: the new file stays if a later one fails. Each file is whole all the same.
    return () => {};
  }
}

function syncFolder(folder: string): void {
  // Windows does not open folders; the renames are durable there without it.
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Not empty, or gone.
  }
}
