// Sources → the FHIR version of what is in them, by a look at the beginnings of some of them.

import {
  countUnknownKeys,
  type DetectedVersion,
  detectVersion,
  type FhirVersion,
  fhirVersions,
  isBeforeR5,
  isFileSource,
  loadModel,
  lookAhead,
  readSource,
  SeenKeys,
  type SourceKeys,
} from '../builtin.ts';
import { UserError } from '../diagnostics.ts';
import type { ReadContext, Reader, ReadLimits, Source } from '../types.ts';

/** How many sources are looked at, spread over all of them, and how many members of an archive: each costs half a millisecond. */
const MOST_SOURCES = 64;
const MOST_MEMBERS = 16;
/** The same of those in which the reading met what its version does not have. */
const MOST_LATE_SOURCES = 200;
/** So many sources one after the other that show nothing new are enough, where it is clear that they are not of R5. */
const MOST_ALIKE = 3;
const MOST_RESOURCES = 50;
const HEAD_BYTES = 16 * 1024;
/** Where not one resource ends within the head. */
const LONG_HEAD_BYTES = 256 * 1024;

export interface ChosenVersion {
  readonly version: FhirVersion;
  /** To be read instead of those that were looked at. */
  readonly sources: readonly Source[];
  /** Some of those that are in the sources, in no order. */
  readonly resourceTypes: readonly string[];
  readonly checkLate: CheckLate;
}

/** The version asked for, or that of the sources. Throws a UserError when they are of several. */
export async function chooseVersion(asked: FhirVersion | 'auto', options: DetectionOptions): Promise<ChosenVersion> {
  if (asked !== 'auto') return { version: asked, sources: options.sources, resourceTypes: [], checkLate: async () => {} };
  const detection = await detectSources(options);
  if (detection.mixture.length > 0) {
    await detection.close();
    throw new UserError('FHIR_VERSIONS_MIXED', { parameters: { sources: describeMixture(detection.mixture) } });
  }
  const { evidence, lookedAt, version } = detection;
  const resourceTypes = [...new Set(evidence.flatMap(({ seen }) => [...seen.byType.keys()]))];
  return {
    ...detection,
    resourceTypes,
    checkLate: (isOdd) => checkLate({ ...options, evidence, isSuspect: (index) => !lookedAt.has(index) && isOdd(index), version }),
  };
}

/**
 * To be called when all is read: looks into those of the sources that were not looked at before and in which the reading
 * met what its version does not have. Throws a UserError when another version would have been right.
 */
export type CheckLate = (isOdd: (sourceIndex: number) => boolean) => Promise<void>;

interface LateCheck extends DetectionOptions {
  readonly evidence: readonly SourceKeys[];
  readonly isSuspect: (sourceIndex: number) => boolean;
  readonly version: FhirVersion;
}

async function checkLate({ evidence, isSuspect, limits, readers, sources, version }: LateCheck): Promise<void> {
  const suspects = sources.filter((source, index) => isFileSource(source) && isSuspect(index)).slice(0, MOST_LATE_SOURCES);
  if (suspects.length === 0) return;
  const late: SourceKeys[] = [];
  for (const source of suspects) late.push(...(await lookInto(source, readers, limits, MOST_LATE_SOURCES)).keys);
  const found = await decide([...evidence, ...late], false);
  if (found.mixture.length > 0) throw new UserError('FHIR_VERSIONS_MIXED', { parameters: { sources: describeMixture(found.mixture) } });
  if (found.version === version) return;
  const parameters = { used: versionLabel(version), found: versionLabel(found.version), option: found.version, source: suspects[0]?.name ?? '' };
  throw new UserError('FHIR_VERSION_LATE', { parameters });
}

export interface DetectionOptions {
  readonly sources: readonly Source[];
  readonly readers: readonly Reader[];
  readonly limits: ReadLimits;
  /** Asks all versions for their scores, also when R4 knows everything. */
  readonly isThorough?: boolean;
  /** Waited for before each source, so that others get their turn. */
  readonly turn?: (() => Promise<void>) | undefined;
}

export interface Detection extends DetectedVersion {
  /** To be read instead of those that were looked at. */
  readonly sources: readonly Source[];
  readonly evidence: readonly SourceKeys[];
  /** Indexes of sources. */
  readonly lookedAt: ReadonlySet<number>;
  /** Ends what was opened, when the sources are not going to be read. */
  close(): Promise<void>;
}

/** Never fails: faults of sources are left to the reading. */
export async function detectSources({ sources, readers, limits, isThorough = false, turn }: DetectionOptions): Promise<Detection> {
  const looks = new Map<number, { readonly source: Source; readonly keys: readonly SourceKeys[]; close(): Promise<void> }>();
  const all = new SeenKeys();
  let alikeCount = 0;
  for (const index of spread(sources.length, MOST_SOURCES)) {
    await turn?.();
    const look = await lookInto(sources[index] as Source, readers, limits, MOST_MEMBERS);
    looks.set(index, look);
    if (look.keys.length === 0) continue;
    const isNew = look.keys.map(({ seen }) => all.addAll(seen)).includes(true);
    alikeCount = isNew ? 0 : alikeCount + 1;
    if (alikeCount >= MOST_ALIKE && !isThorough && isBeforeR5(all)) break;
  }
  const evidence = [...looks].sort(([a], [b]) => a - b).flatMap(([, { keys }]) => keys);
  return {
    ...(await decide(evidence, isThorough)),
    evidence,
    lookedAt: new Set(looks.keys()),
    sources: sources.map((source, index) => looks.get(index)?.source ?? source),
    async close() {
      await Promise.all([...looks.values()].map((look) => look.close()));
    },
  };
}

/** The models of later versions are loaded only when R4 does not know all keys. */
async function decide(evidence: readonly SourceKeys[], isThorough: boolean): Promise<DetectedVersion> {
  const r4 = await loadModel('r4');
  if (!isThorough && evidence.every(({ seen }) => countUnknownKeys(seen, r4) === 0)) {
    return { version: 'r4', scores: { r4: 0, r4b: 0, r5: 0 }, mixture: [] };
  }
  const [r4b, r5] = await Promise.all([loadModel('r4b'), loadModel('r5')]);
  return detectVersion(evidence, { r4, r4b, r5 });
}

async function lookInto(source: Source, readers: readonly Reader[], limits: ReadLimits, mostMembers: number) {
  const near = await lookAhead(source, HEAD_BYTES);
  const keys = near.beginning === undefined ? [] : await readKeys(near.beginning, readers, limits, HEAD_BYTES, mostMembers);
  if (keys.length > 0 || (near.beginning?.byteSize ?? 0) < HEAD_BYTES) return { ...near, keys };
  const far = await lookAhead(near.source, LONG_HEAD_BYTES);
  return { ...far, keys: far.beginning === undefined ? [] : await readKeys(far.beginning, readers, limits, LONG_HEAD_BYTES, mostMembers) };
}

/** What stands in the first resources of a source, or of each of the first members of an archive. */
async function readKeys(
  source: Source,
  readers: readonly Reader[],
  limits: ReadLimits,
  headBytes: number,
  mostMembers: number,
): Promise<readonly SourceKeys[]> {
  const seenByName = new Map<string, { readonly seen: SeenKeys; count: number }>();
  const ignore = (): void => {};
  const context: ReadContext = { limits, headBytes, reject: ignore, report: ignore, onRawBytes: ignore, onBundle: ignore, onKind: ignore };
  for await (const envelopes of readSource(source, readers, context)) {
    for (const envelope of envelopes) {
      const { sourceName } = envelope.location();
      let found = seenByName.get(sourceName);
      if (found === undefined) {
        if (seenByName.size === mostMembers) return toSourceKeys(seenByName);
        found = { seen: new SeenKeys(), count: 0 };
        seenByName.set(sourceName, found);
      }
      if (found.count === MOST_RESOURCES) continue;
      found.count++;
      found.seen.add(envelope.resource);
    }
  }
  return toSourceKeys(seenByName);
}

function toSourceKeys(seenByName: ReadonlyMap<string, { readonly seen: SeenKeys }>): readonly SourceKeys[] {
  return [...seenByName].map(([sourceName, { seen }]) => ({ sourceName, seen }));
}

/**
 * At most `most` of the indexes below `count`, the first and the last among them: these two come first, then those halfway
 * between others, so that wherever one stops, all parts have been looked at.
 */
function spread(count: number, most: number): readonly number[] {
  const last = Math.min(count, most) - 1;
  const steps = new Set([0, last]);
  for (let stride = 2 ** Math.ceil(Math.log2(Math.max(last, 1))); stride >= 1; stride /= 2) {
    for (let step = stride; step < last; step += stride) steps.add(step);
  }
  return count === 0 ? [] : [...steps].map((step) => (last === 0 ? 0 : Math.round((step * (count - 1)) / last)));
}

const labels: Readonly<Record<FhirVersion, string>> = { r4: 'R4', r4b: 'R4B', r5: 'R5' };

export function versionLabel(version: FhirVersion): string {
  return labels[version];
}

/** How many sources of a version are named. */
const NAMED_SOURCES = 3;

/** `R4: a.json, b.json; R5: c.json and 4 more`. */
function describeMixture(mixture: DetectedVersion['mixture']): string {
  return mixture
    .map(({ versions, sourceNames }) => {
      // The oldest that fits is the one that would be taken for these alone.
      const [version] = fhirVersions.filter((candidate) => versions.includes(candidate));
      const rest = sourceNames.length - NAMED_SOURCES;
      return `${versionLabel(version as FhirVersion)}: ${sourceNames.slice(0, NAMED_SOURCES).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
    })
    .join('; ');
}
