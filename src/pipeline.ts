// run(): sources → resources → rows → output, from top to bottom. It knows the stages by their interfaces only.
// One pass is the rule; a second one follows when a resource came again with other content, since a row that is
// written cannot be unwritten.

import { type Diagnostic, type DiagnosticCode, Diagnostics, type Location, type MessageParameters, UserError } from './diagnostics.ts';
import type { Registry } from './registry.ts';
import { contentHash } from './run/content-hash.ts';
import { lastUpdatedMs } from './run/last-updated.ts';
import { isProblem, type Progress, type ReadingOptions, type RejectResource, readResources } from './run/read-resources.ts';
import { decideId } from './run/resource-id.ts';
import { ResourceIndex } from './run/resource-index.ts';
import { addTo, RunCounts } from './run/run-counts.ts';
import { makeReport, type WrittenTable } from './run/run-report.ts';
import { type BoundFlattener, TableSet } from './run/table-set.ts';
import type { PublishedOutput, ReadLimits, ResourceEnvelope, RunReport, Sink, Source, TableBuilder, TableSchema } from './types.ts';

export interface RunOptions {
  readonly sources: readonly Source[];
  /** What came up while the sources were looked for. */
  readonly findings: readonly Finding[];
  /** False when a source can be read once only; then the first of several versions stays. */
  readonly canReadTwice: boolean;
  readonly registry: Registry;
  readonly readSource: ReadingOptions['readSource'];
  readonly createBuilder: (schema: TableSchema) => TableBuilder;
  readonly createDiscardBuilder: (schema: TableSchema) => TableBuilder;
  /** Started by the caller, who also calls `abort` when the run throws. */
  readonly sink: Sink;
  readonly limits: ReadLimits;
  /** Undefined: all tables. */
  readonly tableNames: ReadonlySet<string> | undefined;
  readonly isFailFast: boolean;
  /** Goes to the head of the report: version, options. */
  readonly about: Readonly<Record<string, unknown>>;
  readonly onDiagnostic: (diagnostic: Diagnostic, countOfCode: number) => void;
  readonly onProgress: (progress: Progress) => void;
  readonly onStage: (stage: string) => void;
}

export interface Finding {
  readonly code: DiagnosticCode;
  readonly location: Location;
  readonly parameters?: MessageParameters | undefined;
}

export interface RunResult {
  readonly tables: readonly WrittenTable[];
  readonly counts: RunCounts;
  readonly diagnostics: Diagnostics;
  readonly report: RunReport;
  readonly output: PublishedOutput;
  /** True when something of the input is not in the output. */
  readonly hasProblems: boolean;
}

/** Runs a conversion. Throws a UserError when nothing is published. */
export async function run(options: RunOptions): Promise<RunResult> {
  const index = new ResourceIndex();
  let reading = new Conversion(options, index, 'first');
  await reading.read();
  if (index.needsSecondReading && reading.canBeRepeated) {
    options.onStage('starting the second reading');
    await options.sink.restart();
    index.startSecondReading();
    reading = new Conversion(options, index, 'second');
    await reading.read();
    if (!index.isSecondReadingComplete) throw new UserError('INPUT_CHANGED');
  }
  return reading.publish();
}

/** One reading of all sources, with counts of its own. */
class Conversion {
  readonly #options: RunOptions;
  readonly #index: ResourceIndex;
  readonly #pass: 'first' | 'second';
  readonly #counts = new RunCounts();
  readonly #diagnostics: Diagnostics;
  readonly #tables: TableSet;
  /** On where the output cannot be taken back: later versions that were left out. */
  #notReplacedCount = 0;

  constructor(options: RunOptions, index: ResourceIndex, pass: 'first' | 'second') {
    this.#options = options;
    this.#index = index;
    this.#pass = pass;
    this.#diagnostics = new Diagnostics(options.onDiagnostic);
    this.#tables = new TableSet(options, this.#counts.flattenContext(options.sink.storage));
  }

  get canBeRepeated(): boolean {
    return this.#options.canReadTwice && this.#options.sink.canRestart;
  }

  async read(): Promise<void> {
    const { findings, sink } = this.#options;
    for (const { code, location, parameters } of findings) this.#diagnostics.report(code, location, parameters);
    await readResources(
      { ...this.#options, readers: this.#options.registry.readers },
      {
        counts: this.#counts,
        diagnostics: this.#diagnostics,
        onReject: (record) => sink.reject(record),
        visit: (envelope, resourceType, reject) => this.#visit(envelope, resourceType, reject),
      },
    );
  }

  async publish(): Promise<RunResult> {
    const { about, onStage, sink } = this.#options;
    const counts = this.#counts;
    onStage('writing the last rows');
    const tables = await this.#tables.finish();
    this.#refuseNothing(tables);
    for (const { schema, facts } of tables) {
      if (facts.replacedCharacterCount > 0)
        this.#diagnostics.report('CHARACTERS_REPLACED', undefined, { table: schema.name, count: facts.replacedCharacterCount });
    }
    if (this.#notReplacedCount > 0) this.#diagnostics.report('DUPLICATES_NOT_REPLACED', undefined, { count: this.#notReplacedCount });
    const report = makeReport(about, counts, this.#diagnostics, tables);
    onStage('publishing');
    const output = await sink.commit(report);
    const hasProblems = [...this.#diagnostics.counts.keys()].some(isProblem);
    return { tables, counts, diagnostics: this.#diagnostics, report, output, hasProblems };
  }

  #visit(envelope: ResourceEnvelope, resourceType: string, reject: RejectResource): Promise<void> | undefined {
    const tables = this.#tables.forType(resourceType);
    switch (tables.kind) {
      case 'not-asked-for':
        addTo(this.#counts.notAskedForByType, resourceType, 1);
        return undefined;
      case 'rejected':
        reject(tables.code, tables.parameters);
        return undefined;
      case 'flattened':
        return this.#flatten(envelope, resourceType, tables.flatteners, reject);
      default:
        return tables satisfies never;
    }
  }

  #flatten(envelope: ResourceEnvelope, resourceType: string, flatteners: readonly BoundFlattener[], reject: RejectResource): Promise<void> | undefined {
    const { id, origin } = decideId(envelope, resourceType);
    if (!this.#isWanted(envelope, resourceType, id)) return undefined;
    this.#counts.idOrigins[origin]++;
    addTo(this.#counts.resourcesByType, resourceType, 1);
    let wait: Promise<void> | undefined;
    for (const flattener of flatteners) {
      const rowCounts = flattener.tables.map(({ builder }) => builder.rowCount);
      try {
        flattener.flatten(envelope, id);
      } catch (error) {
        for (const [position, { builder }] of flattener.tables.entries()) builder.truncate(rowCounts[position] as number);
        // The error's message may show values of the resource; its name does not.
        const reason = error instanceof Error ? error.constructor.name : 'unknown fault';
        reject('FLATTEN_FAILED', { flattener: flattener.name, reason });
      }
      const relief = this.#tables.relieve(flattener);
      if (relief !== undefined) wait = wait === undefined ? relief : Promise.all([wait, relief]).then(() => {});
    }
    return wait;
  }

  /** False for a repetition, and for a version that another one supersedes. */
  #isWanted(envelope: ResourceEnvelope, resourceType: string, id: string): boolean {
    const resource = {
      resourceType,
      id,
      lastUpdatedMs: lastUpdatedMs(envelope.resource),
      contentHash: contentHash(envelope.rawBytes()),
    };
    if (this.#pass === 'second') {
      const verdict = this.#index.check(resource);
      if (verdict === 'keep') return true;
      if (verdict === 'changed') throw new UserError('INPUT_CHANGED');
      this.#counts.addDuplicate(resourceType, verdict);
      return false;
    }
    const verdict = this.#index.add(resource);
    // Once a second reading is certain, what this one writes will be thrown away.
    if (verdict === 'new') return !(this.#index.needsSecondReading && this.canBeRepeated);
    this.#counts.addDuplicate(resourceType, verdict === 'identical' ? 'identical' : 'superseded');
    if (verdict === 'differs') this.#notReplacedCount++;
    return false;
  }

  #refuseNothing(tables: readonly WrittenTable[]): void {
    if (tables.length > 0) return;
    const { notAskedForByType, rejectCount, resourceCount } = this.#counts;
    if (notAskedForByType.size > 0) throw new UserError('NOTHING_ASKED_FOR', { parameters: { count: resourceCount } });
    if (rejectCount > 0) throw new UserError('NOTHING_CONVERTED', { parameters: { count: rejectCount } });
    throw new UserError('NOTHING_TO_CONVERT');
  }
}
