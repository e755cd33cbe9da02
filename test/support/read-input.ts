// Reads FHIR input a second, independent way: JSON.parse over whole files, with the text of numbers kept by quoting
// them first. Only for data that fits into memory.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Leaf values are strings: numbers and booleans as their text. */
export type PlainJson = string | null | PlainJson[] | { [key: string]: PlainJson };
export type PlainResource = { [key: string]: PlainJson };

/** Numbers and booleans outside of strings become strings of the same text. */
export function parsePlain(text: string): PlainJson {
  return JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false/g, (token) => (token.startsWith('"') ? token : `"${token}"`)));
}

/** All resources of the .json and .ndjson files below a folder, those of Bundles unpacked, without the Bundles; not those of `out/`. */
export function readResources(folder: string): PlainResource[] {
  const resources: PlainResource[] = [];
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!/\.(json|ndjson)(\.gz)?$/.test(file) || file.startsWith('out/')) continue;
    const bytes = readFileSync(join(folder, file));
    const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    const documents = /\.ndjson/.test(file) ? text.split('\n').filter((line) => line.trim() !== '') : [text];
    for (const document of documents) addResources(resources, parsePlain(document));
  }
  return resources;
}

function addResources(resources: PlainResource[], value: PlainJson | undefined): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  if (value.resourceType === 'Bundle') {
    for (const entry of Array.isArray(value.entry) ? value.entry : []) addResources(resources, (entry as PlainResource).resource);
  } else if (value.resourceType !== undefined) {
    resources.push(value);
  }
}

export interface Leaf {
  /** `name[0].given[1]` */
  readonly indexedPath: string;
  /** `name.given` */
  readonly path: string;
  readonly text: string;
}

export function leavesOf(value: PlainJson | undefined, indexedPath = '', path = ''): Leaf[] {
  if (value === null || value === undefined) return [];
  if (typeof value === 'string') return [{ indexedPath, path, text: value }];
  if (Array.isArray(value)) return value.flatMap((item, index) => leavesOf(item, `${indexedPath}[${index}]`, path));
  const prefix = (start: string, key: string) => (start === '' ? key : `${start}.${key}`);
  return Object.keys(value).flatMap((key) => leavesOf(value[key], prefix(indexedPath, key), prefix(path, key)));
}

/** One resource per type and id: the newest by meta.lastUpdated when both have one, else the one read last. */
export function withoutRepetitions(resources: readonly PlainResource[]): PlainResource[] {
  const kept = new Map<string, PlainResource>();
  for (const resource of resources) {
    const key = typeof resource.id === 'string' ? `${resource.resourceType}/${resource.id}` : `${kept.size} has no id`;
    const earlier = kept.get(key);
    if (earlier === undefined || !isOlder(resource, earlier)) kept.set(key, resource);
  }
  return [...kept.values()];
}

/** Contained resources beside their containers, with the ids that their rows have; what can have no row stays. */
export function withContained(resources: readonly PlainResource[]): PlainResource[] {
  return resources.flatMap((resource) => {
    if (!Array.isArray(resource.contained)) return [resource];
    const taken = new Set<string>();
    const inner: PlainResource[] = [];
    const staying = resource.contained.map((item, index) => {
      if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
      if (typeof item.resourceType !== 'string' || !/^[A-Z][A-Za-z]{1,63}$/.test(item.resourceType)) return item;
      const own = typeof item.id === 'string' && item.id !== '' ? item.id : `${index}`;
      let id = own;
      for (let number = 2; taken.has(`${item.resourceType} ${id}`); number++) id = `${own}#${number}`;
      taken.add(`${item.resourceType} ${id}`);
      inner.push({ ...item, id: `${resource.id}#${id}` });
      return null;
    });
    return [{ ...resource, contained: staying }, ...inner];
  });
}

function isOlder(resource: PlainResource, other: PlainResource): boolean {
  const times = [resource, other].map(({ meta }) => Date.parse(String((meta as PlainResource | undefined)?.lastUpdated)));
  return (times[0] as number) < (times[1] as number);
}
