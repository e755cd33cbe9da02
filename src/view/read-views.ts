// Files and folders → ViewDefinitions as JSON: alone, in a list, in a Bundle, one per line. What they say is checked
// elsewhere.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { type DiagnosticCode, type MessageParameters, UserError } from '../diagnostics.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import { countOf } from './view-problems.ts';

/** A view as written, and where it comes from. */
export interface WrittenView {
  readonly view: unknown;
  /** The file, as the user would type it. */
  readonly origin: string;
  /** For a view without a name: the file's. */
  readonly defaultName: string;
  /** For messages about a view without a name. */
  readonly label: string;
}

/** Says where a text stops being JSON; undefined when it is. */
export type LocateFault = (text: string) => { readonly offset: number; readonly reason: string } | undefined;

const viewEndings: ReadonlySet<string> = new Set(['.json', '.ndjson', '.jsonl']);
const largestFileBytes = 16 * 1024 * 1024;

/** Throws a UserError (usage) with all files that cannot be read. */
export function readViewFiles(paths: readonly string[], locate: LocateFault): readonly WrittenView[] {
  const faults: UserError[] = [];
  const views = paths.flatMap((path) => {
    try {
      return isFolder(path) ? readFolder(path, locate) : refuseEmpty(readViewFile(path, locate), path);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      faults.push(error);
      return [];
    }
  });
  const [first, ...others] = faults;
  if (first === undefined) return views;
  if (others.length === 0) throw first;
  const causes = faults.map(({ code, location, hint, message }) => ({ code, severity: 'error' as const, message, hint, location }));
  throw new UserError('VIEW_INVALID', {
    parameters: { problems: countOf(faults.length, 'problem'), views: countOf(faults.length, 'file') },
    exitCode: 2,
    causes,
  });
}

/** The views of a file. Throws a UserError when it cannot be read, or is no JSON. */
function readViewFile(path: string, locate: LocateFault): readonly WrittenView[] {
  let text: string;
  try {
    if (statSync(path).size > largestFileBytes)
      throw fault('VIEW_FILE_NOT_JSON', path, { reason: `the file is larger than ${largestFileBytes / 1024 / 1024} MB` });
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof UserError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown fault';
    throw code === 'ENOENT' ? fault('VIEW_FILE_NOT_FOUND', path) : fault('SOURCE_UNREADABLE', path, { reason: code });
  }
  return readViewText(text, path, locate);
}

/** The views in a text; `origin` is what messages call it. Throws a UserError when it is no JSON. */
function readViewText(text: string, origin: string, locate: LocateFault): readonly WrittenView[] {
  const clean = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  const documents = parseDocuments(clean, origin, locate);
  const views = documents.flatMap((document) => findViews(document, documents.length === 1));
  const base = basename(origin, extname(origin)).replace(/[^A-Za-z0-9]+/g, '_');
  const defaultName = /^[A-Za-z]/.test(base) ? base : `view_${base}`;
  return views.map((view, index) => {
    const name = isJsonObject(view) && typeof view['name'] === 'string' ? view['name'] : undefined;
    return { view, origin, defaultName, label: name ?? (views.length === 1 ? defaultName : `number ${index + 1}`) };
  });
}

/** One JSON text, or one a line. */
function parseDocuments(text: string, origin: string, locate: LocateFault): readonly JsonValue[] {
  try {
    return [JSON.parse(text) as JsonValue];
  } catch {
    const lines = text.split('\n');
    const [firstLine = ''] = lines.filter((line) => line.trim() !== '');
    if (!isWholeObject(firstLine)) throw fault('VIEW_FILE_NOT_JSON', origin, { reason: describeFault(text, locate) });
    return lines.flatMap((line, index) => {
      if (line.trim() === '') return [];
      try {
        return [JSON.parse(line) as JsonValue];
      } catch {
        const { offset, reason } = locate(line) ?? { offset: 0, reason: 'not JSON' };
        throw fault('VIEW_FILE_NOT_JSON', origin, { reason: `line ${index + 1}, column ${offset + 1}: ${reason}` });
      }
    });
  }
}

function isWholeObject(line: string): boolean {
  try {
    return isJsonObject(JSON.parse(line) as JsonValue);
  } catch {
    return false;
  }
}

/** `isAlone`: an object without a type is taken for a view, so that it is told what it lacks. */
function findViews(document: JsonValue, isAlone: boolean): readonly JsonValue[] {
  if (Array.isArray(document)) return document.flatMap((item) => findViews(item, true));
  if (!isJsonObject(document)) return [document];
  const { resourceType } = document as { resourceType?: unknown };
  if (resourceType === 'Bundle') {
    const entries = Array.isArray(document['entry']) ? document['entry'] : [];
    return entries.flatMap((entry) => (isJsonObject(entry) && isJsonObject(entry['resource']) ? findViews(entry['resource'], false) : []));
  }
  return isView(document) || (isAlone && resourceType === undefined) ? [document] : [];
}

/** `ViewDefinition`, or the canonical URL of it; without either, what looks like one. */
function isView(resource: JsonObject): boolean {
  const { resourceType } = resource as { resourceType?: unknown };
  if (resourceType === undefined) return Object.hasOwn(resource, 'select');
  return typeof resourceType === 'string' && /^(?:ViewDefinition|https?:\/\/\S+\/ViewDefinition)$/.test(resourceType);
}

function refuseEmpty(views: readonly WrittenView[], path: string): readonly WrittenView[] {
  if (views.length === 0) throw fault('VIEW_FILE_EMPTY', path);
  return views;
}

/** All files with views below a folder, by name; hidden ones are skipped, links to folders not followed. */
function readFolder(folder: string, locate: LocateFault): readonly WrittenView[] {
  const views = listFiles(folder).flatMap((path) => readViewFile(path, locate));
  return refuseEmpty(views, folder);
}

function listFiles(folder: string): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.'));
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return listFiles(path);
      return viewEndings.has(extname(entry.name).toLowerCase()) && statSync(path, { throwIfNoEntry: false })?.isFile() ? [path] : [];
    });
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function fault(code: DiagnosticCode, origin: string, parameters?: MessageParameters): UserError {
  return new UserError(code, { location: { sourceName: origin }, parameters, exitCode: 2 });
}

/** Where and why it is no JSON. */
function describeFault(text: string, locate: LocateFault): string {
  const { offset, reason } = locate(text) ?? { offset: 0, reason: 'not JSON' };
  const before = text.slice(0, offset);
  return `line ${before.split('\n').length}, column ${offset - before.lastIndexOf('\n')}: ${reason}`;
}
