// Sources → one call per resource whose resourceType can name a table. Everything else is rejected or reported with
// its place. Used by the conversion and by `inspect`.

import type { RecordTape } from '../bytes/record-tape.ts';
import { clockMs } from '../clock.ts';
import type { Diagnostics, Location, MessageParameters } from '../diagnostics.ts';
import { type DiagnosticCode, UserError } from '../diagnostics.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { Deletion, ReadContext, Reader, ReadLimits, RejectedRecord, ResourceEnvelope, Source } from '../types.ts';
import type { RunCounts, SourceCounts } from './run-counts.ts';

export type ReadSource = (source: Source, readers: readonly Reader[], context: ReadContext) => AsyncIterable<Iterable<ResourceEnvelope>>;

/** Something met while the sources were looked for. */
export interface Finding {
  readonly code: DiagnosticCode;
  readonly location: Location;
  readonly parameters?: MessageParameters | undefined;
}

export interface Progress {
  /** Bytes taken from the media, as stored; over all readings. */
  readonly byteCount: number;
  readonly resourceCount: number;
}

export interface ReadingOptions {
  readonly sources: readonly Source[];
  readonly readers: readonly Reader[];
  readonly readSource: ReadSource;
  readonly limits: ReadLimits;
  /** Undefined: every resource is parsed. */
  readonly tape?: RecordTape | undefined;
  readonly isFailFast: boolean;
  readonly onProgress: (progress: Progress) => void;
  /** True when the work is to end, without a result. */
  readonly isStopped?: () => boolean;
  /** Called with a few words when the run comes to something else; for the guard against stalled runs. */
  readonly onStage: (stage: string) => void;
}

export interface Reading {
  readonly counts: RunCounts;
  readonly diagnostics: Diagnostics;
  readonly onReject: (record: RejectedRecord) => void;
  readonly onDeletion?: (deletion: Deletion) => void;
  /** True where rows of an earlier run are there, so that a deletion that cannot be made is a fault. */
  readonly hasEarlierRows?: boolean;
  /** Called for each resource; when it returns a promise, reading waits for it. `reject` rejects this resource. */
  readonly visit: (envelope: ResourceEnvelope, resourceType: string, reject: RejectResource) => Promise<void> | undefined;
}

export type RejectResource = (code: DiagnosticCode, parameters?: MessageParameters) => void;

/** Only such names become names of tables and files. */
const resourceTypePattern = /^[A-Z][A-Za-z]{1,63}$/;

/** The resourceType of a resource, when it can name a table. */
export function resourceTypeOf(resource: JsonObject): string | undefined {
  return tableType(Object.hasOwn(resource, 'resourceType') ? resource['resourceType'] : undefined);
}

/** A resourceType that can name a table. */
export function tableType(resourceType: JsonValue | undefined): string | undefined {
  return typeof resourceType === 'string' && resourceTypePattern.test(resourceType) ? resourceType : undefined;
}

const maxRawTextLength = 1024 * 1024;
/** How often signals, timers and the progress bar get their turn. */
const breatheMs = 50;
const resourcesPerClockCheck = 128;

/** Throws a UserError when the run must not go on: a file named by the user is no FHIR, or --fail-fast. */
export async function readResources(options: ReadingOptions, reading: Reading): Promise<void> {
  const { counts, diagnostics } = reading;
  let byteCount = 0;
  let lastBreathMs = clockMs();
  let untilClockCheck = resourcesPerClockCheck;
  let refusal: UserError | undefined;

  async function breathe(): Promise<void> {
    options.onProgress({ byteCount, resourceCount: counts.resourceCount });
    await new Promise((resolve) => setImmediate(resolve));
    lastBreathMs = clockMs();
    if (options.isStopped?.()) throw new UserError('STOPPED');
  }

  function failFast(): void {
    if (options.isFailFast) refusal ??= new UserError('FAILED_FAST');
  }

  function reject(source: SourceCounts, record: RejectedRecord): void {
    source.rejectCount++;
    counts.rejectCount++;
    diagnostics.report(record.code, record.location, record.parameters);
    reading.onReject(record);
    failFast();
  }

  function contextFor(source: Source, sourceCounts: SourceCounts): ReadContext {
    return {
      limits: options.limits,
      tape: options.tape,
      reject: (record) => reject(sourceCounts, record),
      report(code: DiagnosticCode, location: Location, parameters?: MessageParameters) {
        sourceCounts.reports.set(code, (sourceCounts.reports.get(code) ?? 0) + 1);
        if (code === 'DELETION_UNCLEAR' && reading.hasEarlierRows !== true) return;
        if (code === 'SOURCE_NOT_FHIR' && source.isNamedByUser && location.sourceName === source.name) {
          refusal ??= new UserError(code, { location, ...(parameters && { parameters }) });
          return;
        }
        diagnostics.report(code, location, parameters);
        if (isProblem(code)) failFast();
      },
      onRawBytes(count) {
        byteCount += count;
        sourceCounts.byteCount += count;
      },
      onBundle: (envelope) => counts.addBundle(envelope),
      onDeletion: (deletion) => {
        // Of a type that could have a table.
        if (resourceTypePattern.test(deletion.resourceType)) reading.onDeletion?.(deletion);
      },
      onKind: (kind) => sourceCounts.kinds.set(kind, (sourceCounts.kinds.get(kind) ?? 0) + 1),
    };
  }

  async function readOne(source: Source, next: Source | undefined): Promise<void> {
    options.onStage(`reading ${source.name}`);
    const sourceCounts = counts.startSource(source.name);
    let current: ResourceEnvelope;
    const rejectCurrent: RejectResource = (code, parameters) => reject(sourceCounts, makeReject(current, code, parameters));
    const context = contextFor(source, sourceCounts);
    for await (const envelopes of options.readSource(source, options.readers, context)) {
      next?.prepare?.();
      for (const envelope of envelopes) {
        current = envelope;
        const { head } = envelope;
        const resourceType = head === undefined ? resourceTypeOf(envelope.resource) : tableType(head.resourceType);
        if (resourceType !== undefined) {
          sourceCounts.resourceCount++;
          counts.resourceCount++;
          const wait = reading.visit(envelope, resourceType, rejectCurrent);
          if (wait !== undefined) await wait;
        } else {
          rejectCurrent(Object.hasOwn(envelope.resource, 'resourceType') ? 'RESOURCE_TYPE_INVALID' : 'RESOURCE_TYPE_MISSING');
        }
        if (refusal !== undefined) throw refusal;
        if (--untilClockCheck === 0) {
          untilClockCheck = resourcesPerClockCheck;
          if (clockMs() - lastBreathMs > breatheMs) await breathe();
        }
      }
      if (refusal !== undefined) throw refusal;
      if (clockMs() - lastBreathMs > breatheMs) await breathe();
    }
    if (refusal !== undefined) throw refusal;
  }

  for (const [index, source] of options.sources.entries()) {
    const next = options.sources[index + 1];
    try {
      await readOne(source, next);
    } catch (error) {
      next?.giveUp?.();
      throw error;
    }
  }
  options.onProgress({ byteCount, resourceCount: counts.resourceCount });
}

/** The rejection of a resource that was read well but cannot become a row. */
function makeReject(envelope: ResourceEnvelope, code: DiagnosticCode, parameters: MessageParameters = {}): RejectedRecord {
  const rawText = envelope.rawText();
  return {
    code,
    parameters,
    location: envelope.location(),
    rawText: rawText.slice(0, maxRawTextLength),
    isRawTextCut: rawText.length > maxRawTextLength,
  };
}

const harmless: ReadonlySet<DiagnosticCode> = new Set<DiagnosticCode>([
  'SOURCE_EMPTY',
  'SOURCE_COMPANION',
  'SOURCE_SIDECAR',
  'CHARACTERS_REPLACED',
  'DUPLICATES_NOT_REPLACED',
  'MODIFIER_EXTENSION',
  'PG_CHARACTERS_REPLACED',
  'PG_OLDER_KEPT',
  'VIEW_IN_INPUT',
  'VIEW_KEY_UNKNOWN',
  'VIEW_RESOURCE_UNKNOWN',
  'VIEW_PATH_UNKNOWN',
  'VIEW_CHOICE_KEY',
  'VIEW_NEVER',
  'VIEW_TYPE_DIFFERS',
  'VIEW_TAG_UNKNOWN',
]);

/** True for what makes a published run end with exit code 3: something of the input is not in the output. */
export function isProblem(code: DiagnosticCode): boolean {
  return !harmless.has(code);
}
