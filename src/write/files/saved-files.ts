// Files that rows point to (attachments) → `attachments/` of the output folder. Their names are hashes of their content,
// so that nothing of the input becomes a path; each part keeps its own until all are published together.

import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { outputError } from './output-error.ts';

/** The folder in the output folder. */
export const savedFolder = 'attachments';

/** The second wall against names that lead elsewhere; the first is that they are made of a hash. */
const savedName = /^[0-9a-f]{32}\.[a-z0-9]{1,8}$/;

export class SavedFiles {
  readonly #folder: string;
  readonly #names = new Set<string>();
  #fault: unknown;
  #isAborted = false;

  /** @param folder - of a run's temporary files. */
  constructor(folder: string, part: number) {
    this.#folder = join(partsFolder(folder), String(part));
  }

  /** A fault is thrown by `check`, so that it ends the run and not a resource. */
  save(name: string, bytes: Uint8Array): void {
    if (this.#names.has(name) || this.#fault !== undefined || this.#isAborted) return;
    try {
      if (!savedName.test(name)) throw new Error('not a name for a file of the output');
      if (this.#names.size === 0) mkdirSync(this.#folder, { recursive: true });
      writeFileSync(join(this.#folder, name), bytes, { flag: 'wx' });
      this.#names.add(name);
    } catch (error) {
      this.#fault = error;
    }
  }

  check(): void {
    if (this.#fault !== undefined) throw outputError(this.#fault, this.#folder);
  }

  restart(): void {
    rmSync(this.#folder, { recursive: true, force: true });
    this.#names.clear();
    this.#fault = undefined;
  }

  abort(): void {
    this.#isAborted = true;
  }
}

/** What all parts have saved, durable, as moves into the output folder; each name once. */
export function collectSaved(temporaryFolder: string, partCount: number, outputFolder: string): readonly { readonly from: string; readonly to: string }[] {
  const parts = Array.from({ length: partCount }, (_, part) => join(partsFolder(temporaryFolder), String(part)));
  const moves = new Map<string, { from: string; to: string }>();
  for (const part of parts.filter((path) => existsSync(path))) {
    for (const name of readdirSync(part)) moves.set(name, { from: join(part, name), to: join(outputFolder, savedFolder, name) });
  }
  for (const { from } of moves.values()) makeDurable(from);
  return [...moves.values()];
}

/** Files that an earlier run saved into the output folder. */
export function listSaved(outputFolder: string): readonly string[] {
  const folder = join(outputFolder, savedFolder);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => savedName.test(name))
    .map((name) => join(folder, name));
}

function partsFolder(temporaryFolder: string): string {
  return join(temporaryFolder, savedFolder);
}

function makeDurable(path: string): void {
  try {
    const descriptor = openSync(path, 'r+');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw outputError(error, path);
  }
}
