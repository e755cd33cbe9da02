// What is counted while a run reads and flattens, for the report. Counts and paths only, never values.
// Made anew for each reading of the input, so that a second one does not double anything.

import type { BundleEnvelope, DocumentKind, DropRule, FlattenContext, StorageKind } from '../types.ts';
import type { IdOrigin } from './resource-id.ts';

export interface SourceCounts {
  readonly name: string;
  /** As stored. */
  byteCount: number;
  /** How its documents were recognised; an archive has several. */
  readonly kinds: Map<DocumentKind, number>;
  resourceCount: number;
  rejectCount: number;
  /** Codes of what was reported about it as a whole. */
  readonly reports: Map<string, number>;
}

export interface DuplicateCounts {
  identical: number;
  superseded: number;
}

/** Paths hold key names of the input, which has no limit to them; the report has. */
const maxPaths = 2000;
const maxPathLength = 200;
const furtherPaths = '(further paths)';

export class RunCounts {
  readonly sources: SourceCounts[] = [];
  resourceCount = 0;
  rejectCount = 0;
  readonly resourcesByType = new Map<string, number>();
  readonly notAskedForByType = new Map<string, number>();
  readonly duplicatesByType = new Map<string, DuplicateCounts>();
  readonly idOrigins: Record<IdOrigin, number> = { resource: 0, fullUrl: 0, hash: 0 };
  readonly misfits = new Map<string, number>();
  readonly unknownElements = new Map<string, number>();
  readonly dropped = new Map<DropRule, Map<string, { leafCount: number; byteCount: number }>>();
  readonly bundlesByType = new Map<string, { bundleCount: number; entryCount: number; resourceCount: number }>();
  readonly bundleLeaves = new Map<string, number>();

  startSource(name: string): SourceCounts {
    const source: SourceCounts = { name, byteCount: 0, kinds: new Map(), resourceCount: 0, rejectCount: 0, reports: new Map() };
    this.sources.push(source);
    return source;
  }

  addDuplicate(resourceType: string, kind: keyof DuplicateCounts): void {
    let counts = this.duplicatesByType.get(resourceType);
    if (counts === undefined) {
      counts = { identical: 0, superseded: 0 };
      this.duplicatesByType.set(resourceType, counts);
    }
    counts[kind]++;
  }

  addBundle(envelope: BundleEnvelope): void {
    const counts = this.bundlesByType.get(envelope.type) ?? { bundleCount: 0, entryCount: 0, resourceCount: 0 };
    counts.bundleCount++;
    counts.entryCount += envelope.entryCount;
    counts.resourceCount += envelope.resourceCount;
    this.bundlesByType.set(envelope.type, counts);
    for (const [path, leafCount] of envelope.leafCounts) addTo(this.bundleLeaves, path, leafCount);
  }

  /** What flatteners report to. */
  flattenContext(storage: StorageKind): FlattenContext {
    return {
      storage,
      countMisfit: (path) => addTo(this.misfits, path, 1),
      countUnknown: (path) => addTo(this.unknownElements, path, 1),
      countDropped: (rule, path, leafCount, byteCount) => this.#addDropped(rule, path, leafCount, byteCount),
    };
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
