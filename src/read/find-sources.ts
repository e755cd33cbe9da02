// What the user named on the command line (files, folders, `-`) → sources, in a fixed order, each file once. A program
// may give sources of its own among them.

import { type BigIntStats, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type DiagnosticCode, type Location, type MessageParameters, UserError } from '../diagnostics.ts';
import type { Source } from '../types.ts';
import { cleanName } from './clean-name.ts';
import { makeFileSource, makePipeSource } from './file-source.ts';
import { isOwnSchema } from './is-own-schema.ts';
import { toSourceFault } from './source-fault.ts';
import { makeStdinSource } from './stdin-source.ts';

export interface FoundSources {
  readonly sources: readonly Source[];
  /** What was met and cannot be read: special files, folders without permission. */
  readonly problems: readonly SourceProblem[];
}

export interface SourceProblem {
  readonly code: DiagnosticCode;
  readonly location: Location;
  readonly parameters: MessageParameters;
}

export interface FindOptions {
  /** A folder that is left out where it lies in a folder that is walked: the output. */
  readonly excludedPath?: string;
}

/**
 * Folders that hold the output of an earlier run are left out of a walk, unless the user names them.
 * Throws a UserError (INPUT_NOT_FOUND) when an input does not exist.
 */
export function findSources(inputs: readonly (string | Source)[], options: FindOptions = {}): FoundSources {
  const search = new SourceSearch(options.excludedPath);
  for (const input of inputs) search.add(input);
  return search;
}

const SLASH = Buffer.from('/');
const SCHEMA_NAME = Buffer.from('_schema.json');

class SourceSearch implements FoundSources {
  readonly sources: Source[] = [];
  readonly problems: SourceProblem[] = [];
  readonly #excludedId: string | undefined;
  /** Files and folders met so far, by device and inode: names lie, and links lead in circles. */
  readonly #seenIds = new Set<string>();

  constructor(excludedPath: string | undefined) {
    this.#excludedId = excludedPath === undefined ? undefined : findId(excludedPath);
  }

  add(input: string | Source): void {
    if (typeof input !== 'string') {
      this.sources.push(input);
      return;
    }
    if (input === '-') {
      if (this.#isNew('stdin')) this.sources.push(makeStdinSource());
      return;
    }
    const name = cleanName(input);
    let stats: BigIntStats | undefined;
    try {
      stats = statSync(input, { bigint: true, throwIfNoEntry: false });
    } catch (error) {
      this.#addProblem(name, error);
      return;
    }
    if (stats === undefined) throw new UserError('INPUT_NOT_FOUND', { location: { sourceName: name } });
    if (stats.isFIFO()) {
      if (this.#isNew(idOf(stats))) this.sources.push(makePipeSource(input, name));
    } else {
      this.#addPath(input, name, stats, true);
    }
  }

  #addPath(path: string | Buffer, name: string, stats: BigIntStats, isNamedByUser: boolean): void {
    const id = idOf(stats);
    if (!isNamedByUser && id === this.#excludedId) return;
    if (!stats.isFile() && !stats.isDirectory()) {
      this.problems.push({ code: 'SOURCE_SPECIAL', location: { sourceName: name }, parameters: { found: describeSpecial(stats) } });
      return;
    }
    if (!isNamedByUser && stats.isDirectory() && isOwnSchema(joinPath(path, SCHEMA_NAME, SCHEMA_NAME.toString()))) return;
    if (!this.#isNew(id)) return;
    if (stats.isFile()) this.sources.push(makeFileSource(path, name, isNamedByUser, Number(stats.size)));
    else this.#walk(path, name);
  }

  #walk(folderPath: string | Buffer, folderName: string): void {
    let names: Buffer[];
    try {
      // As bytes: a name that is not UTF-8 cannot be opened by its text.
      names = readdirSync(folderPath, { encoding: 'buffer' });
    } catch (error) {
      this.#addProblem(folderName, error);
      return;
    }
    const entries = names.map((bytes) => ({ bytes, text: bytes.toString('utf8') })).filter(({ text }) => !text.startsWith('.'));
    entries.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : Buffer.compare(a.bytes, b.bytes)));
    for (const { bytes, text } of entries) {
      const path = joinPath(folderPath, bytes, text);
      const name = join(folderName, cleanName(text));
      try {
        this.#addPath(path, name, statSync(path, { bigint: true }), false);
      } catch (error) {
        this.#addProblem(name, error);
      }
    }
  }

  #isNew(id: string): boolean {
    if (this.#seenIds.has(id)) return false;
    this.#seenIds.add(id);
    return true;
  }

  #addProblem(sourceName: string, error: unknown): void {
    const fault = toSourceFault(error);
    if (fault === undefined) throw error;
    this.problems.push({ code: fault.code, location: { sourceName }, parameters: fault.parameters });
  }
}

/** Text while it can be, for the sake of Windows; bytes once a part of the path is no UTF-8. */
function joinPath(folderPath: string | Buffer, bytes: Buffer, text: string): string | Buffer {
  const isText = Buffer.from(text, 'utf8').equals(bytes);
  if (isText && typeof folderPath === 'string') return join(folderPath, text);
  return Buffer.concat([typeof folderPath === 'string' ? Buffer.from(folderPath) : folderPath, SLASH, bytes]);
}

/** Undefined when nothing is there, or nothing that can be got at: then no walk will meet it either. */
function findId(path: string): string | undefined {
  try {
    return idOf(statSync(path, { bigint: true }));
  } catch {
    return undefined;
  }
}

function idOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}`;
}

function describeSpecial(stats: BigIntStats): string {
  if (stats.isFIFO()) return 'named pipe';
  if (stats.isSocket()) return 'socket';
  return stats.isCharacterDevice() || stats.isBlockDevice() ? 'device' : 'special file';
}
