// run(): sources → resources → rows → output, from top to bottom. It knows the stages by their interfaces only.
// The sources are split into parts, one a thread; often there is one. One pass is the rule; a part is read a second time
// when something of it came again, with other content or in another part, since a row that is written cannot be unwritten.

import { type Diagnostics, UserError } from './diagnostics.ts';
import { type DecidedReferences, decideReferences } from './run/decide-references.ts';
import { createKeyHash } from './run/key-hash.ts';
import { type ConversionOptions, LocalPart, type LocalPartOptions } from './run/local-part.ts';
import { haveCollidingKeys, type MergedReading, mergeReadings } from './run/merge-readings.ts';
import type { Part } from './run/part.ts';
import { type Finding, isProblem, type Progress } from './run/read-resources.ts';
import { type PartDecisions, randomSeeds } from './run/resource-index.ts';
import type { RunCounts } from './run/run-counts.ts';
import { makeReport } from './run/run-report.ts';
import { settleDuplicates } from './run/settle-duplicates.ts';
import { splitSources } from './run/split-sources.ts';
import type { UnresolvedReferences } from './run/unresolved-references.ts';
import type { JoinedTable, PreparedOutput, PublishedOutput, RunReport, Sink, Source } from './types.ts';

export interface RunOptions extends ConversionOptions {
  readonly sources: readonly Source[];
  /** What came up while the sources were looked for. */
  readonly findings: readonly Finding[];
  /** False when a source can be read once only; then the first of several versions stays. */
  readonly canReadTwice: boolean;
  /** Started by the caller, who also calls `abort` when the run throws. */
  readonly sink: Sink;
  /** True when a run without any row is one like others: what there was to read has been loaded before. */
  readonly mayBeEmpty?: boolean;
  /** Other threads, one a part; none: this thread does all. */
  readonly threads: readonly PartThread[];
  /** Tables without rows are written too. */
  readonly opensAllTables: boolean;
  /** The last word before anything is published: throws a UserError when nothing must be. */
  readonly beforePublishing?: (counts: RunCounts) => Promise<void>;
  /** For the audit: which option would show in columns what has this path. */
  readonly hintOption?: (path: string) => string | undefined;
  /** Goes to the head of the report: version, options. */
  readonly about: Readonly<Record<string, unknown>>;
  /** An input without resources for the tables is no failure. */
  readonly acceptsNothing?: boolean;
}

/** A thread that can take over a part of the sources. */
export interface PartThread {
  /** `inThisThread` makes the same part here, should the thread turn out not to start. */
  take(task: PartTask, inThisThread: () => Part): Part;
  /** Ends the thread; resolves when nothing of it can touch the output any more. */
  end(): Promise<void>;
}

export interface PartTask extends Pick<LocalPartOptions, 'sources' | 'hashSeeds' | 'partCount' | 'onDiagnostic' | 'onProgress'> {
  readonly number: number;
}

export interface RunResult {
  readonly tables: readonly JoinedTable[];
  /** Table → what a database did with its rows; undefined where there is none. */
  readonly changes: PreparedOutput['changes'] | undefined;
  readonly counts: RunCounts;
  readonly diagnostics: Diagnostics;
  /** References that lead to no row. */
  readonly unresolved: UnresolvedReferences;
  readonly report: RunReport;
  readonly output: PublishedOutput;
  /** True when something of the input is not in the output. */
  readonly hasProblems: boolean;
}

/** Runs a conversion. Throws a UserError when nothing is published. */
export async function run(options: RunOptions): Promise<RunResult> {
  const { onStage, sink, sources, threads } = options;
  const endThreads = () => Promise.all(threads.map((thread) => thread.end()));
  let ending: Promise<unknown> | undefined;
  try {
    let merged = await readParts(options, splitSources(sources, threads.length + 1));
    // They end while the output is published.
    ending = endThreads();
    if (merged === undefined) {
      onStage('reading again from the start');
      await sink.part(0).restart();
      merged = await readParts(options, [sources]);
    }
    if (merged === undefined) throw new Error('a single part is the whole');
    return await publish(options, merged);
  } finally {
    await (ending ?? endThreads());
  }
}

/** Undefined when the parts, each by itself, could not do what a reading in one piece does, or the rows have to come once more: rare, and no fault. */
async function readParts(options: RunOptions, ranges: readonly (readonly Source[])[]): Promise<MergedReading | undefined> {
  const hashSeeds = randomSeeds();
  const parts = makeParts(options, ranges, hashSeeds);
  try {
    return await readAll(options, parts, hashSeeds);
  } finally {
    for (const part of parts) part.end();
  }
}

async function readAll(options: RunOptions, parts: readonly Part[], hashSeeds: readonly [number, number]): Promise<MergedReading | undefined> {
  let readings = await all(parts, (part) => part.read());
  if (canReadAgain(options)) {
    const settlement = settleDuplicates(readings.map(({ index }) => index));
    if (settlement === undefined) return undefined;
    const references = decideReferences(readings, createKeyHash(...hashSeeds));
    // A part is read again where its references find more than they could while it was read, too.
    const decided = settlement.map((decisions, number) => {
      const found = references[number] as DecidedReferences;
      return decisions === undefined && !found.findsMore && options.sink.needsRestart !== true ? undefined : withReferences(decisions, found);
    });
    if (decided.some((decisions) => decisions !== undefined)) options.onStage('starting the second reading');
    const first = readings;
    readings = await all(parts, async (part, number) => {
      const decisions = decided[number];
      return decisions === undefined ? (first[number] as (typeof first)[number]) : await part.readAgain(decisions);
    });
    if (haveCollidingKeys(readings) || options.sink.needsRestart === true) return undefined;
  }
  return mergeReadings(readings, options.registry, options.onDiagnostic);
}

function withReferences(decisions: PartDecisions | undefined, { decisions: references }: DecidedReferences): PartDecisions {
  return { repeated: undefined, contested: new Map(), ...decisions, references };
}

function makeParts(options: RunOptions, ranges: readonly (readonly Source[])[], hashSeeds: readonly [number, number]): Part[] {
  const partCount = ranges.length;
  const onProgress = addUp(partCount, options.onProgress);
  return ranges.map((sources, number) => {
    // Diagnostics of the other parts are reported when all is read, so that they come in the order of the sources.
    const onDiagnostic = number === 0 ? options.onDiagnostic : () => {};
    const task = { number, sources, hashSeeds, partCount, onDiagnostic, onProgress: (progress: Progress) => onProgress(number, progress) };
    const findings = number === 0 ? options.findings : [];
    const emptyTables = number > 0 ? 'none' : options.opensAllTables ? 'all' : 'views';
    const inThisThread = () =>
      new LocalPart({ ...options, ...task, findings, emptyTables, sink: options.sink.part(number), canReadAgain: canReadAgain(options) });
    const thread = options.threads[number - 1];
    return thread === undefined ? inThisThread() : thread.take({ ...task, onDiagnostic: options.onDiagnostic }, inThisThread);
  });
}

function canReadAgain({ canReadTwice, sink }: RunOptions): boolean {
  return canReadTwice && sink.canRestart;
}

/** The first part that fails ends the others. */
async function all<T>(parts: readonly Part[], work: (part: Part, number: number) => Promise<T>): Promise<T[]> {
  const running = parts.map(work);
  try {
    return await Promise.all(running);
  } catch (error) {
    for (const part of parts) part.stop();
    await Promise.allSettled(running);
    throw error;
  }
}

/** Progress of each part → progress of all. */
function addUp(partCount: number, onProgress: (progress: Progress) => void): (part: number, progress: Progress) => void {
  const latest: Progress[] = Array.from({ length: partCount }, () => ({ byteCount: 0, resourceCount: 0 }));
  return (part, progress) => {
    latest[part] = progress;
    onProgress({
      byteCount: latest.reduce((sum, { byteCount }) => sum + byteCount, 0),
      resourceCount: latest.reduce((sum, { resourceCount }) => sum + resourceCount, 0),
    });
  };
}

async function publish(options: RunOptions, merged: MergedReading): Promise<RunResult> {
  const { about, hintOption = () => undefined, onStage, sink } = options;
  const { counts, diagnostics, notReplacedCount, partCount, rejectParts, unresolved } = merged;
  if (!sinkTakesNothing(options, merged)) refuseNothing(merged);
  await options.beforePublishing?.(counts);
  const tables = await settle(sink, merged.tables, onStage);
  for (const { schema, facts } of tables) {
    if (facts.replacedCharacterCount > 0) diagnostics.report('CHARACTERS_REPLACED', undefined, { table: schema.name, count: facts.replacedCharacterCount });
    const { unfitCellCount = 0 } = facts;
    if (unfitCellCount > 0) diagnostics.report('CELLS_UNFIT', undefined, { table: schema.name, count: unfitCellCount });
  }
  for (const [url, count] of [...counts.modifierExtensions].sort(([a], [b]) => (a < b ? -1 : 1)))
    diagnostics.report('MODIFIER_EXTENSION', undefined, { url, count });
  if (notReplacedCount > 0) diagnostics.report('DUPLICATES_NOT_REPLACED', undefined, { count: notReplacedCount });
  onStage('preparing the output');
  const prepared = await sink.prepare?.(tables);
  for (const { code, parameters } of prepared?.findings ?? []) diagnostics.report(code, undefined, parameters);
  const changes = prepared && Object.fromEntries([...prepared.changes].sort(([a], [b]) => (a < b ? -1 : 1)));
  const report = { ...makeReport({ about, counts, diagnostics, hintOption, tables, unresolved }), ...(changes && { changes }) };
  onStage('publishing');
  const output = await sink.commit({ report, tables, partCount, rejectParts });
  return { tables, changes: prepared?.changes, counts, diagnostics, unresolved, report, output, hasProblems: [...diagnostics.counts.keys()].some(isProblem) };
}

/** Deletions are something to do, for sinks that keep rows. */
function sinkTakesNothing({ acceptsNothing = false, mayBeEmpty = false, sink }: RunOptions, { counts }: MergedReading): boolean {
  return mayBeEmpty || (acceptsNothing && counts.rejectCount === 0) || (counts.deletionsByType.size > 0 && sink.prepare !== undefined);
}

async function settle(sink: Sink, tables: readonly JoinedTable[], onStage: RunOptions['onStage']): Promise<readonly JoinedTable[]> {
  if (sink.settle === undefined) return tables;
  onStage('writing the rows that waited');
  return await sink.settle(tables);
}

function refuseNothing({ counts, tables }: MergedReading): void {
  const { notAskedForByType, rejectCount, resourceCount } = counts;
  if (tables.some(({ facts }) => facts.rowCount > 0)) return;
  // A view, or --all-tables, may give tables and no rows; an input without resources is a mistake all the same.
  if (tables.length > 0 && (notAskedForByType.size > 0 || resourceCount > rejectCount)) return;
  if (notAskedForByType.size > 0) throw new UserError('NOTHING_ASKED_FOR', { parameters: { count: resourceCount } });
  if (rejectCount > 0) throw new UserError('NOTHING_CONVERTED', { parameters: { count: rejectCount } });
  throw new UserError('NOTHING_TO_CONVERT');
}
