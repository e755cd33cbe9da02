// Counts and diagnostics of a run → the content of _report.json. Names, paths, positions and counts: no values.

import { type Diagnostics, describeLocation } from '../diagnostics.ts';
import type { RunReport } from '../types.ts';
import type { RunCounts, SourceCounts } from './run-counts.ts';
import type { WrittenTable } from './table-set.ts';

/** Beyond this many, only sources with something to say are listed. */
const maxListedSources = 10_000;

export function makeReport(about: Readonly<Record<string, unknown>>, counts: RunCounts, diagnostics: Diagnostics, tables: readonly WrittenTable[]): RunReport {
  const listed =
    counts.sources.length <= maxListedSources ? counts.sources : counts.sources.filter((source) => source.rejectCount > 0 || source.reports.size > 0);
  return {
    tool: 'fhir-flatten',
    ...about,
    resources: counts.resourceCount,
    rejects: counts.rejectCount,
    tables: Object.fromEntries(tables.map(({ schema, facts }) => [schema.name, facts.rowCount])),
    resourcesByType: sortedObject(counts.resourcesByType),
    containedByType: sortedObject(counts.containedByType),
    resourcesNotAskedFor: sortedObject(counts.notAskedForByType),
    duplicates: sortedObject(counts.duplicatesByType),
    generatedIds: { fromFullUrl: counts.idOrigins.fullUrl, fromContent: counts.idOrigins.hash },
    dropped: Object.fromEntries([...counts.dropped].map(([rule, byPath]) => [rule, sortedObject(byPath)])),
    misfits: sortedObject(counts.misfits),
    unknownElements: sortedObject(counts.unknownElements),
    bundles: sortedObject(counts.bundlesByType),
    bundleValuesOutsideResources: sortedObject(counts.bundleLeaves),
    diagnosticCounts: sortedObject(diagnostics.counts),
    diagnostics: diagnostics.kept.map(({ code, severity, message, hint, location }) => ({
      code,
      severity,
      at: location === undefined ? undefined : describeLocation(location),
      message,
      hint,
    })),
    sourceCount: counts.sources.length,
    sources: listed.map(describeSource),
  };
}

function describeSource(source: SourceCounts): Record<string, unknown> {
  return {
    name: source.name,
    kinds: sortedObject(source.kinds),
    bytes: source.byteCount,
    resources: source.resourceCount,
    rejects: source.rejectCount,
    reports: source.reports.size === 0 ? undefined : sortedObject(source.reports),
  };
}

export function sortedObject<T>(map: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
