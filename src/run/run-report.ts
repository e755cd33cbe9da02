// Counts and diagnostics of a run → the content of _report.json. Names, paths, positions and counts: no values.

import { type Diagnostics, describeLocation } from '../diagnostics.ts';
import type { DropRule, RunReport } from '../types.ts';
import { normaliseRules, type RunCounts, type SourceCounts } from './run-counts.ts';
import type { WrittenTable } from './table-set.ts';
import { describeUnresolved, type UnresolvedReferences } from './unresolved-references.ts';

/** Beyond this many, only sources with something to say are listed. */
const maxListedSources = 10_000;

export interface ReportedRun {
  /** Goes to the head of the report. */
  readonly about: Readonly<Record<string, unknown>>;
  readonly counts: RunCounts;
  readonly diagnostics: Diagnostics;
  readonly tables: readonly WrittenTable[];
  readonly unresolved: UnresolvedReferences;
  /** Which option would show in columns what has this path. */
  readonly hintOption: (path: string) => string | undefined;
}

export function makeReport({ about, counts, diagnostics, hintOption, tables, unresolved }: ReportedRun): RunReport {
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
    deletions: counts.deletionsByType.size === 0 ? undefined : sortedObject(counts.deletionsByType),
    resourcesNotAskedFor: sortedObject(counts.notAskedForByType),
    duplicates: sortedObject(counts.duplicatesByType),
    referenceForms: sortedObject(unresolved.forms),
    unresolvedReferences: describeUnresolved(unresolved),
    generatedIds: { fromFullUrl: counts.idOrigins.fullUrl, fromContent: counts.idOrigins.hash },
    dropped: Object.fromEntries([...counts.dropped].map(([rule, byPath]) => [rule, sortedObject(byPath)])),
    misfits: sortedObject(counts.misfits),
    normalised: describeNormalised(counts),
    unknownElements: sortedObject(counts.unknownElements),
    modifierExtensions: counts.modifierExtensions.size === 0 ? undefined : sortedObject(counts.modifierExtensions),
    audit: counts.auditedLeaves.size === 0 ? undefined : describeAudit(counts, hintOption),
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

/** Undefined when every cell says what the input does, as in text formats. */
function describeNormalised({ normalised }: RunCounts): Record<string, unknown> | undefined {
  const found = normaliseRules.filter((rule) => normalised[rule].size > 0);
  return found.length === 0 ? undefined : Object.fromEntries(found.map((rule) => [rule, sortedObject(normalised[rule])]));
}

/** `unaccounted` is the total, which is counted apart, less all places: anything but 0 is a fault of this tool. */
function describeAudit(counts: RunCounts, hintOption: ReportedRun['hintOption']): Record<string, unknown> {
  const { auditedLeaves, auditedOtherJson, dropped } = counts;
  const leaves = (place: string) => auditedLeaves.get(place) ?? 0;
  const byRule = [...dropped].map(([rule, byPath]) => [rule, [...byPath.values()].reduce((sum, { leafCount }) => sum + leafCount, 0)] as const);
  const droppedCount = byRule.reduce((sum, [, leafCount]) => sum + leafCount, 0);
  const placed = leaves('cell') + leaves('coding') + leaves('extension') + leaves('otherJson') + droppedCount;
  return {
    total: leaves('total'),
    cells: leaves('cell'),
    codings: leaves('coding'),
    extensions: leaves('extension'),
    otherJson: leaves('otherJson'),
    dropped: Object.fromEntries(byRule),
    unaccounted: leaves('total') - placed,
    otherJsonByPath: sortedObject(auditedOtherJson),
    hints: {
      dropped: Object.fromEntries([...dropped.keys()].map((rule) => [rule, dropHints[rule]])),
      otherJson: Object.fromEntries([...auditedOtherJson.keys()].sort().map((path) => [path, hintOption(path) ?? explainKept(path, counts)])),
    },
  };
}

/** What keeps the values that a rule leaves out. */
const dropHints: Readonly<Record<DropRule, string>> = {
  narrative: '--narrative has columns for it',
  'attachment-data': '--attachments text, files or base64 keeps it',
};

/** Why no option of the default tables shows a value. */
function explainKept(path: string, { misfits, unknownElements }: RunCounts): string {
  const isAtOrBelow = (known: string): boolean => path === known || path.startsWith(`${known}.`);
  if ([...unknownElements.keys()].some(isAtOrBelow)) return 'no element of this FHIR version; a plugin can read it';
  if ([...misfits.keys()].some(isAtOrBelow)) return 'of another JSON type than FHIR gives it; a plugin can read it';
  if (path.endsWith('.id') && path.split('.').length > 2) return 'id of an element; --view can show it';
  if (path.endsWith('.reference')) return 'a version, a server or a fullUrl, which the id beside it does not tell; --view can show it';
  return '--view can show it';
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
