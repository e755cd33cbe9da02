// Inputs → what is in them: resources by type, kinds of documents, Bundles, duplicates, references, how far the columns
// of the tables would be filled, bad records. Writes nothing.

import { createBuilder, createDiscardBuilder, createFillSink, type DetectedVersion, findSources, readSource, type TableFill } from './builtin.ts';
import { type ConvertOptions, defaultLimits } from './convert/convert-options.ts';
import { detectSources } from './convert/detect-sources.ts';
import { loadRegistry } from './convert/load-registry.ts';
import { type Diagnostics, UserError } from './diagnostics.ts';
import { run } from './pipeline.ts';
import type { RunCounts } from './run/run-counts.ts';
import type { UnresolvedReferences } from './run/unresolved-references.ts';

export type InspectOptions = Pick<ConvertOptions, 'inputs' | 'limits' | 'plugins' | 'onDiagnostic' | 'onProgress' | 'onStage' | 'onStart'>;

export interface InspectResult {
  readonly detected: DetectedVersion;
  readonly counts: RunCounts;
  readonly diagnostics: Diagnostics;
  /** All resources, repetitions too. */
  readonly resourcesByType: ReadonlyMap<string, number>;
  readonly unresolved: UnresolvedReferences;
  /** The tables that have rows, sorted by name. */
  readonly tables: readonly TableFill[];
  /** Types without tables of their own. */
  readonly undefinedTypes: readonly string[];
  /** True when some of the input could not be read as resources. */
  readonly hasProblems: boolean;
}

/** Reads everything, twice where references need it. Throws a UserError when there is no resource in it. */
export async function inspect(options: InspectOptions): Promise<InspectResult> {
  const limits = { ...defaultLimits, ...options.limits };
  const { sources: found, problems } = findSources(options.inputs);
  const { readers } = await loadRegistry({ ...options, fhirVersion: 'r4' });
  const detection = await detectSources({ sources: found, readers, limits, isThorough: true });
  const { sources, version } = detection;
  const registry = await loadRegistry({ ...options, fhirVersion: version });
  const fills = new Map<string, TableFill>();
  const { counts, diagnostics, hasProblems, unresolved } = await run({
    sources,
    findings: [...registry.findings, ...problems],
    canReadTwice: sources.every(({ byteSize }) => byteSize !== undefined),
    registry,
    readSource,
    createBuilder,
    createDiscardBuilder,
    sink: createFillSink(fills),
    mayBeEmpty: true,
    threads: [],
    limits,
    tableNames: undefined,
    opensAllTables: false,
    isFailFast: false,
    isAudited: false,
    keepsVersions: false,
    about: {},
    onDiagnostic: options.onDiagnostic ?? (() => {}),
    onProgress: options.onProgress ?? (() => {}),
    onStage: options.onStage ?? (() => {}),
  });
  if (counts.resourceCount === 0 && counts.rejectCount === 0) throw new UserError('NOTHING_TO_CONVERT');
  const resourcesByType = new Map(counts.resourcesByType);
  for (const [type, { identical, superseded }] of counts.duplicatesByType) {
    resourcesByType.set(type, (resourcesByType.get(type) ?? 0) + identical + superseded);
  }
  return {
    detected: detection,
    counts,
    diagnostics,
    resourcesByType,
    unresolved,
    tables: [...fills.values()].sort((a, b) => (a.schema.name < b.schema.name ? -1 : 1)),
    undefinedTypes: [...resourcesByType.keys()].filter((resourceType) => !registry.resourceTypes.has(resourceType)),
    hasProblems,
  };
}
