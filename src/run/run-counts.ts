// What is counted while a run reads and flattens, for the report. Counts and paths only, never values.
// Made anew for each reading of the input, so that a second one does not double anything.

import type { BundleEnvelope, CellStorage, DocumentKind, DropRule, FlattenContext, LeafAudit, NormaliseRule, SaveFile } from '../types.ts';
import type { IdOrigin } from './resource-id.ts';

export interface SourceCounts {
  readonly name: string;
  /** As stored. */
  byteCount: number;
  /** How its documents were recognised; an archive has several. */
  readonly kinds: Map<DocumentKind, number>;
  resourceCount: number;
  rejectCount: number;
  /** Elements that the FHIR version does not have, or not in this shape. */
  oddCount: number;
  /** Codes of what was reported about it as a whole. */
  readonly reports: Map<string, number>;
}

export interface DuplicateCounts {
  identical: number;
  superseded: number;
}

interface BundleCounts {
  bundleCount: number;
  entryCount: number;
  resourceCount: number;
}

/** Paths hold key names of the input, which has no limit to them; the report has. */
const maxPaths = 2000;
const maxPathLength = 200;
const furtherPaths = '(further paths)';

/** The counts that are plain sums by name or path. */
const pathCounts = [
  'resourcesByType',
  'containedByType',
  'notAskedForByType',
  'deletionsByType',
  'misfits',
  'unknownElements',
  'modifierExtensions',
  'bundleLeaves',
  'auditedLeaves',
  'auditedOtherJson',
] as const;

export const normaliseRules = ['number-notation', 'number-digits', 'time-notation', 'time-digits'] as const satisfies readonly NormaliseRule[];

/** What RunCounts holds, as plain data: what remains of it on the way to another thread. */
export type CountsData = Omit<RunCounts, 'startSource' | 'addDuplicate' | 'addBundle' | 'flattenContext' | 'add' | 'isOverfull'>;

export class RunCounts {
  readonly sources: SourceCounts[] = [];
  resourceCount = 0;
  rejectCount = 0;
  readonly resourcesByType = new Map<string, number>();
  /** Contained resources that have rows of their own. */
  readonly containedByType = new Map<string, number>();
  readonly notAskedForByType = new Map<string, number>();
  /** Resources that the input says are deleted. */
  readonly deletionsByType = new Map<string, number>();
  readonly duplicatesByType = new Map<string, DuplicateCounts>();
  readonly idOrigins: Record<IdOrigin, number> = { resource: 0, fullUrl: 0, hash: 0 };
  readonly misfits = new Map<string, number>();
  readonly unknownElements = new Map<string, number>();
  /** By url. */
  readonly modifierExtensions = new Map<string, number>();
  /** Typed cells that say a value otherwise than the input does, by rule and path. */
  readonly normalised: Readonly<Record<NormaliseRule, Map<string, number>>> = {
    'number-notation': new Map(),
    'number-digits': new Map(),
    'time-notation': new Map(),
    'time-digits': new Map(),
  };
  readonly dropped = new Map<DropRule, Map<string, { leafCount: number; byteCount: number }>>();
  readonly bundlesByType = new Map<string, BundleCounts>();
  readonly bundleLeaves = new Map<string, number>();
  /** With --audit: leaf values by place, and `total` counted apart from them. */
  readonly auditedLeaves = new Map<string, number>();
  /** With --audit: leaf values in other_json, by path. */
  readonly auditedOtherJson = new Map<string, number>();

  startSource(name: string): SourceCounts {
    const source: SourceCounts = { name, byteCount: 0, kinds: new Map(), resourceCount: 0, rejectCount: 0, oddCount: 0, reports: new Map() };
    this.sources.push(source);
    return source;
  }

  addDuplicate(resourceType: string, kind: keyof DuplicateCounts, count = 1): void {
    let counts = this.duplicatesByType.get(resourceType);
    if (counts === undefined) {
      counts = { identical: 0, superseded: 0 };
      this.duplicatesByType.set(resourceType, counts);
    }
    counts[kind] += count;
  }

  addBundle(envelope: BundleEnvelope): void {
    this.#addBundles(envelope.type, { bundleCount: 1, entryCount: envelope.entryCount, resourceCount: envelope.resourceCount });
    for (const [path, leafCount] of envelope.leafCounts) addTo(this.bundleLeaves, path, leafCount);
  }

  /** What flatteners report to. */
  flattenContext(storage: CellStorage, isAudited = false, saveFile?: SaveFile): FlattenContext {
    return {
      storage,
      audit: isAudited ? this.#audit() : undefined,
      saveFile,
      countMisfit: (path) => this.#addOdd(this.misfits, path),
      countUnknown: (path) => this.#addOdd(this.unknownElements, path),
      countModifier: (url) => addTo(this.modifierExtensions, describeUrl(url), 1),
      countNormalised: (rule, path) => addTo(this.normalised[rule], path, 1),
      countDropped: (rule, path, leafCount, byteCount) => this.#addDropped(rule, path, leafCount, byteCount),
    };
  }

  #addOdd(counts: Map<string, number>, path: string): void {
    addTo(counts, path, 1);
    const source = this.sources.at(-1);
    if (source !== undefined) source.oddCount++;
  }

  #audit(): LeafAudit {
    return {
      add: (place, leafCount) => addTo(this.auditedLeaves, place, leafCount),
      addResource: (leafCount, otherJson) => {
        addTo(this.auditedLeaves, 'total', leafCount);
        for (const [path, count] of otherJson) {
          addTo(this.auditedLeaves, 'otherJson', count);
          addTo(this.auditedOtherJson, path, count);
        }
      },
    };
  }

  /** Adds the counts of another part of the sources. */
  add(part: CountsData): void {
    for (const source of part.sources) this.sources.push(source);
    this.resourceCount += part.resourceCount;
    this.rejectCount += part.rejectCount;
    for (const origin of ['resource', 'fullUrl', 'hash'] as const) this.idOrigins[origin] += part.idOrigins[origin];
    for (const name of pathCounts) for (const [key, count] of part[name]) addTo(this[name], key, count);
    for (const rule of normaliseRules) for (const [path, count] of part.normalised[rule]) addTo(this.normalised[rule], path, count);
    for (const [type, { identical, superseded }] of part.duplicatesByType) {
      this.addDuplicate(type, 'identical', identical);
      this.addDuplicate(type, 'superseded', superseded);
    }
    for (const [rule, byPath] of part.dropped) for (const [path, { leafCount, byteCount }] of byPath) this.#addDropped(rule, path, leafCount, byteCount);
    for (const [type, counts] of part.bundlesByType) this.#addBundles(type, counts);
  }

  /** True when there were more paths than are counted one by one: then it depends on the order of counting which are. */
  get isOverfull(): boolean {
    const byPath = [...pathCounts.map((name) => this[name]), ...Object.values(this.normalised), ...this.dropped.values()];
    return byPath.some((counts) => counts.has(furtherPaths));
  }

  #addBundles(type: string, added: BundleCounts): void {
    const counts = this.bundlesByType.get(type) ?? { bundleCount: 0, entryCount: 0, resourceCount: 0 };
    counts.bundleCount += added.bundleCount;
    counts.entryCount += added.entryCount;
    counts.resourceCount += added.resourceCount;
    this.bundlesByType.set(type, counts);
  }

  #addDropped(rule: DropRule, path: string, leafCount: number, byteCount: number): void {
    let byPath = this.dropped.get(rule);
    if (byPath === undefined) {
      byPath = new Map();
      this.dropped.set(rule, byPath);
    }
    const key = boundedKey(byPath, path);
    const counts = byPath.get(key);
    if (counts === undefined) {
      byPath.set(key, { leafCount, byteCount });
    } else {
      counts.leafCount += leafCount;
      counts.byteCount += byteCount;
    }
  }
}

/** The url of an extension is a definition and no value of a patient, unless somebody made it one. */
function describeUrl(url: string | undefined): string {
  if (url === undefined) return '(without url)';
  return /^(?:https?:\/\/[A-Za-z0-9.-]+(?::\d+)?\/|urn:(?:oid|uuid):)[A-Za-z0-9./_#-]{0,160}$/.test(url) ? url : '(odd url)';
}

/** Adds to a count by path. */
export function addTo<K extends string>(counts: Map<K, number>, path: K, count: number): void {
  const known = counts.get(path);
  if (known !== undefined) counts.set(path, known + count);
  else {
    const key = boundedKey(counts, path) as K;
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
}

function boundedKey(counts: ReadonlyMap<string, unknown>, path: string): string {
  if (counts.has(path)) return path;
  if (counts.size >= maxPaths) return furtherPaths;
  return path.length > maxPathLength ? `${path.slice(0, maxPathLength)}…` : path;
}
