// The place of the output as a transaction: made or opened, cleared of what dead runs left, then either all files are
// published or nothing is left behind.

import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { UserError } from '../../diagnostics.ts';
import { outputError } from './output-error.ts';
import { type Publication, publish } from './publish.ts';
import { withPublishLock } from './publish-lock.ts';
import { makeTemporaryFolder, removeStaleFolders, removeTemporaryFolder } from './temporary-folder.ts';

export class OutputFolder {
  readonly path: string;
  /** The topmost folder that this run had to make. */
  #firstMade: string | undefined;
  #temporaryFolder: string | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** Makes the folder where needed and the temporary one in it. */
  start(): void {
    try {
      if (statSync(this.path, { throwIfNoEntry: false })?.isFile()) throw new UserError('OUTPUT_IS_FILE', { parameters: { path: this.path }, exitCode: 2 });
      this.#firstMade = mkdirSync(this.path, { recursive: true });
      removeStaleFolders(this.path);
      this.#temporaryFolder = makeTemporaryFolder(this.path);
      mkdirSync(join(this.#temporaryFolder, 'tables'));
    } catch (error) {
      this.remove();
      throw outputError(error, this.path);
    }
  }

  /** Where things that are never published go, such as the copy of standard input. */
  scratchPath(name: string): string {
    return join(this.#temporary(), name);
  }

  /** Holds a folder `tables` for what will be published. */
  get temporaryPath(): string {
    return this.#temporary();
  }

  async publish(publication: Omit<Publication, 'backupFolder'>): Promise<void> {
    const backupFolder = this.scratchPath('older');
    try {
      mkdirSync(backupFolder);
    } catch (error) {
      throw outputError(error, this.path);
    }
    await withPublishLock(this.path, () => {
      publish({ ...publication, backupFolder });
      // What was made is now the output's.
      this.#firstMade = undefined;
      this.remove();
    });
  }

  /** Takes back everything that is not published. */
  remove(): void {
    if (this.#temporaryFolder !== undefined) removeTemporaryFolder(this.#temporaryFolder);
    this.#temporaryFolder = undefined;
    if (this.#firstMade !== undefined) removeUpTo(this.path, this.#firstMade);
    this.#firstMade = undefined;
  }

  #temporary(): string {
    if (this.#temporaryFolder === undefined) throw new UserError('STOPPED');
    return this.#temporaryFolder;
  }
}

/** Removes empty folders from `path` up to and including `top`. */
function removeUpTo(path: string, top: string): void {
  for (let folder = path; folder === top || !relative(top, folder).startsWith(`..${sep}`); folder = dirname(folder)) {
    try {
      rmdirSync(folder);
    } catch {
      return;
    }
    if (folder === top) return;
  }
}
