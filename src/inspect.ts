// Inputs → what is in them: resources by type, kinds of documents, Bundles, duplicates, bad records. Writes nothing.

import { type DetectedVersion, findSources, readSource } from './builtin.ts';
import { type ConvertOptions, defaultLimits } from './convert.ts';
import { detectSources } from './detect-sources.ts';
import { Diagnostics, UserError } from './diagnostics.ts';
import { loadRegistry } from './load-registry.ts';
import { contentHash } from './run/content-hash.ts';
import { lastUpdatedMs } from './run/last-updated.ts';
import { isProblem, readResources } from './run/read-resources.ts';
import { decideId } from './run/resource-id.ts';
import { ResourceIndex } from './run/resource-index.ts';
import { addTo, RunCounts } from './run/run-counts.ts';

export type InspectOptions = Pick<ConvertOptions, 'inputs' | 'limits' | 'plugins' | 'onDiagnostic' | 'onProgress' | 'onStage' | 'onStart'>;

export interface InspectResult {
  readonly detected: DetectedVersion;
  readonly counts: RunCounts;
  readonly diagnostics: Diagnostics;
  /** Types without tables of their own. */
  readonly undefinedTypes: readonly string[];
  /** True when some of the input could not be read as resources. */
  readonly hasProblems: boolean;
}

/** Reads everything once. Throws a UserError when there is no resource in it. */
export async function inspect(options: InspectOptions): Promise<InspectResult> {
  const limits = { ...defaultLimits, ...options.limits };
  const { sources: found, problems } = findSources(options.inputs);
  const { readers } = await loadRegistry({ ...options, fhirVersion: 'r4' });
  const detection = await detectSources({ sources: found, readers, limits, isThorough: true });
  const { sources, version } = detection;
  const registry = await loadRegistry({ ...options, fhirVersion: version });
  const index = new ResourceIndex();
  const counts = new RunCounts();
  const diagnostics = new Diagnostics(options.onDiagnostic);
  for (const { code, location, parameters } of problems) diagnostics.report(code, location, parameters);
  await readResources(
    {
      sources,
      readers: registry.readers,
      readSource,
      limits,
      isFailFast: false,
      onProgress: options.onProgress ?? (() => {}),
      onStage: options.onStage ?? (() => {}),
    },
    {
      counts,
      diagnostics,
      onReject: () => {},
      visit(envelope, resourceType) {
        addTo(counts.resourcesByType, resourceType, 1);
        const { id, origin } = decideId(envelope, resourceType);
        counts.idOrigins[origin]++;
        const verdict = index.add({
          resourceType,
          id,
          lastUpdatedMs: lastUpdatedMs(envelope.resource),
          contentHash: contentHash(envelope.rawBytes()),
        });
        if (verdict !== 'new') counts.addDuplicate(resourceType, verdict === 'identical' ? 'identical' : 'superseded');
        return undefined;
      },
    },
  );
  if (counts.resourceCount === 0 && counts.rejectCount === 0) throw new UserError('NOTHING_TO_CONVERT');
  return {
    detected: detection,
    counts,
    diagnostics,
    undefinedTypes: [...counts.resourcesByType.keys()].filter((resourceType) => !registry.resourceTypes.has(resourceType)),
    hasProblems: [...diagnostics.counts.keys()].some(isProblem),
  };
}
