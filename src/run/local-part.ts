// A part of the sources, read in this thread: sources → resources → rows → the part's sink.

import type { ByteLane } from '../bytes/byte-lane.ts';
import type { RowStore } from '../bytes/row-store.ts';
import { describeFault } from '../describe-fault.ts';
import { type Diagnostic, Diagnostics, RowFault, UserError } from '../diagnostics.ts';
import { stringifyJson } from '../json.ts';
import { sha256Hex } from '../lazy-crypto.ts';
import type { Registry } from '../registry.ts';
import type { CellStorage, Containment, Deletion, PartSink, ReadLimits, ResourceEnvelope, Source, TableBuilder, TableSchema } from '../types.ts';
import { saveInto } from './attachment-files.ts';
import { ContainedEnvelope, type ContainedName, chooseLocalId, containedOf } from './contained-resources.ts';
import { contentHash } from './content-hash.ts';
import { createKeyHash, type KeyHash } from './key-hash.ts';
import { KeyTable } from './key-table.ts';
import { MetResource } from './met-resource.ts';
import type { Part, PartReading } from './part.ts';
import { type Finding, type Progress, type ReadSource, type RejectResource, readResources } from './read-resources.ts';
import { ReferenceCounts } from './reference-counts.ts';
import { noReferenceDecisions, ReferenceIndex } from './reference-index.ts';
import { decideId } from './resource-id.ts';
import { type IndexedResource, type PartDecisions, ResourceIndex } from './resource-index.ts';
import { addTo, RunCounts } from './run-counts.ts';
import { type BoundFlattener, type EmptyTables, TableSet, type TypeTables, type WrittenTable } from './table-set.ts';

/** What reading needs, whichever part it is and wherever it runs. */
export interface ConversionOptions {
  readonly registry: Registry;
  readonly readSource: ReadSource;
  readonly createBuilder: (schema: TableSchema, storage: CellStorage) => TableBuilder;
  readonly createDiscardBuilder: (schema: TableSchema) => TableBuilder;
  /** For each part one of its own; not given where every resource is parsed. */
  readonly openByteLane?: (() => Promise<ByteLane | undefined>) | undefined;
  /** Where rows wait as bytes for a sink that takes them so. */
  readonly createRowStore?: ((lane: ByteLane) => RowStore) | undefined;
  readonly limits: ReadLimits;
  /** Undefined: all tables. */
  readonly tableNames: ReadonlySet<string> | undefined;
  readonly isFailFast: boolean;
  /** Every leaf value is accounted for in the report. */
  readonly isAudited: boolean;
  /** Every version of a resource has rows; copies with the same content are one. */
  readonly keepsVersions: boolean;
  readonly onDiagnostic: (diagnostic: Diagnostic, countOfCode: number) => void;
  readonly onProgress: (progress: Progress) => void;
  readonly onStage: (stage: string) => void;
}

export interface LocalPartOptions extends ConversionOptions {
  readonly sources: readonly Source[];
  /** What came up while the sources were looked for. */
  readonly findings: readonly Finding[];
  readonly sink: PartSink;
  readonly partCount: number;
  /** The same for all parts, so that their indexes can be compared. */
  readonly hashSeeds: readonly [number, number];
  /** False when what is written stays written: then the first of several versions does. */
  readonly canReadAgain: boolean;
  /** Tables without rows are written too; one part does so for all. */
  readonly emptyTables: EmptyTables;
}

export class LocalPart implements Part {
  readonly #options: LocalPartOptions;
  readonly #indexes: PartIndexes;
  #byteLane: Promise<ByteLane | undefined> | undefined;
  #isStopped = false;
  /** Of both readings. */
  #rowStore: RowStore | undefined;

  constructor(options: LocalPartOptions) {
    this.#options = options;
    const keyHash = createKeyHash(...options.hashSeeds);
    const resources = new ResourceIndex(keyHash, options.partCount > 1);
    const ids = options.keepsVersions ? new ResourceIndex(keyHash) : undefined;
    this.#indexes = {
      resources,
      ids,
      references: new ReferenceIndex(ids ?? resources, keyHash, options.canReadAgain),
      keyHash,
      suspects: new KeyTable(0),
      foreignSuspects: [],
    };
  }

  async read(): Promise<PartReading> {
    return await this.#read('first');
  }

  async #read(pass: 'first' | 'second'): Promise<PartReading> {
    const { createRowStore, openByteLane, sink } = this.#options;
    this.#byteLane ??= openByteLane?.();
    const byteLane = await this.#byteLane;
    if (byteLane !== undefined && pass === 'first') this.#indexes.references.useModule(byteLane.functions);
    if (byteLane !== undefined && takesRowsAsBytes(sink)) this.#rowStore ??= createRowStore?.(byteLane);
    this.#rowStore?.restart();
    return await new Reading(this.#options, this.#indexes, { byteLane, rowStore: this.#rowStore }, pass, () => this.#isStopped).read();
  }

  async readAgain(decisions: PartDecisions): Promise<PartReading> {
    await this.#options.sink.restart();
    const { foreignSuspects, ids, resources, references } = this.#indexes;
    resources.startSecondReading(decisions);
    ids?.startSecondReading();
    const found = decisions.references ?? noReferenceDecisions;
    references.startSecondReading(found);
    foreignSuspects.push(...found.suspects.map((content) => KeyTable.of(content)));
    const reading = await this.#read('second');
    if (!resources.isSecondReadingComplete) throw new UserError('INPUT_CHANGED');
    return reading;
  }

  stop(): void {
    this.#isStopped = true;
  }

  end(): void {
    this.#indexes.references.close();
  }
}

/** The rows of a store wait for one place each. */
function takesRowsAsBytes({ outputs = [], storage }: PartSink): boolean {
  return outputs.length === 0 && (storage.kind === 'text' ? storage.isOfBytes === true : storage.lists !== undefined);
}

/** What the part has met, over both readings. */
interface PartIndexes {
  readonly resources: ResourceIndex;
  /** Where `resources` has each version apart: the ids, which references look for. */
  readonly ids: ResourceIndex | undefined;
  readonly references: ReferenceIndex;
  readonly keyHash: KeyHash;
  /** Keys of resources that may have no row: of the part, and of the others. */
  readonly suspects: KeyTable;
  readonly foreignSuspects: KeyTable[];
}

/** What is kept as bytes, over both readings. */
interface PartMemory {
  readonly byteLane: ByteLane | undefined;
  readonly rowStore: RowStore | undefined;
}

/** In place of the hash of a content. */
const deletionHash = 0xde1e7e;

/** One reading of the part's sources, with counts of its own. */
class Reading {
  readonly #options: LocalPartOptions;
  readonly #index: ResourceIndex;
  readonly #ids: ResourceIndex | undefined;
  readonly #references: ReferenceIndex;
  readonly #referenceCounts: ReferenceCounts;
  readonly #byteLane: ByteLane | undefined;
  readonly #pass: 'first' | 'second';
  readonly #isStopped: () => boolean;
  readonly #counts = new RunCounts();
  readonly #diagnostics: Diagnostics;
  /** One for each place that rows go to. */
  readonly #tableSets: readonly [TableSet, ...TableSet[]];
  /** Type → what becomes of it in all of them together. */
  readonly #byType = new Map<string, TypeTables>();
  readonly #longestId: number;
  #notReplacedCount = 0;
  /** A resource that was met has no row. */
  #hasFailed = false;

  constructor(
    options: LocalPartOptions,
    { foreignSuspects, ids, keyHash, references, resources, suspects }: PartIndexes,
    { byteLane, rowStore }: PartMemory,
    pass: 'first' | 'second',
    isStopped: () => boolean,
  ) {
    this.#options = options;
    this.#index = resources;
    this.#ids = ids;
    this.#references = references;
    this.#byteLane = byteLane;
    this.#pass = pass;
    this.#isStopped = isStopped;
    this.#diagnostics = new Diagnostics(options.onDiagnostic);
    this.#referenceCounts = new ReferenceCounts({
      index: ids ?? resources,
      keyHash,
      suspects,
      foreignSuspects,
      isTableWritten: (table) => options.tableNames?.has(table) ?? true,
      hasMainTable: (resourceType) => this.#tableSets[0].hasMainTable(resourceType),
    });
    this.#longestId = options.sink.longestId ?? Number.POSITIVE_INFINITY;
    const [sink, ...others] = options.sink.outputs ?? [options.sink];
    if (sink === undefined) throw new Error('rows have to go somewhere');
    const context = this.#counts.flattenContext(sink.storage, options.isAudited, saveInto(sink));
    this.#tableSets = [
      new TableSet({ ...options, sink, rowStore }, { ...context, references, referenceCounter: this.#referenceCounts }),
      // What is counted is the same for all, but for what a storage makes of it: the first place speaks for all.
      ...others.map(
        (other) => new TableSet({ ...options, sink: other }, { ...new RunCounts().flattenContext(other.storage, false, saveInto(other)), references }),
      ),
    ];
  }

  async read(): Promise<PartReading> {
    const { findings, onStage, registry, sink } = this.#options;
    for (const { code, location, parameters } of findings) this.#diagnostics.report(code, location, parameters);
    await readResources(
      { ...this.#options, readers: registry.readers, tape: this.#byteLane?.tape, isStopped: this.#isStopped },
      {
        counts: this.#counts,
        diagnostics: this.#diagnostics,
        onReject: (record) => sink.reject(record),
        visit: (envelope, resourceType, reject) => this.#visit(envelope, resourceType, reject),
        onDeletion: (deletion) => this.#delete(deletion),
        hasEarlierRows: sink.delete !== undefined,
      },
    );
    onStage('writing the last rows');
    const [written = []] = this.#mustReadAgain ? [] : await this.#finishTables();
    await sink.finish();
    return {
      counts: this.#counts,
      diagnostics: { counts: this.#diagnostics.counts, kept: this.#diagnostics.kept },
      tables: written.map(({ schema: { name, resourceType }, facts }) => ({ name, resourceType, facts })),
      undefinedTypes: this.#tableSets[0].undefinedTypes,
      index: this.#index.content(),
      ids: (this.#ids ?? this.#index).content().entries,
      references: this.#references.findings(this.#hasFailed),
      referenceCounts: this.#referenceCounts.data(),
      contestKeys: this.#index.contestKeys,
      hasCollision: this.#index.hasCollision,
      notReplacedCount: this.#notReplacedCount,
    };
  }

  /** Once a second reading is certain, what this one writes will be thrown away. */
  get #mustReadAgain(): boolean {
    return this.#pass === 'first' && this.#index.needsSecondReading && this.#options.canReadAgain;
  }

  async #finishTables(): Promise<WrittenTable[][]> {
    const written: WrittenTable[][] = [];
    for (const tables of this.#tableSets) written.push(await tables.finish());
    return written;
  }

  #tablesFor(resourceType: string): TypeTables {
    const known = this.#byType.get(resourceType);
    if (known !== undefined) return known;
    const [first, ...others] = this.#tableSets;
    const tables = first.forType(resourceType);
    // Rejected types are not remembered: there may be no end to them.
    if (tables.kind === 'rejected') return tables;
    if (tables.kind !== 'flattened' || others.length === 0) {
      this.#byType.set(resourceType, tables);
      return tables;
    }
    const flatteners = others.flatMap((set) => {
      const same = set.forType(resourceType);
      return same.kind === 'flattened' ? same.flatteners : [];
    });
    const all: TypeTables = { kind: 'flattened', flatteners: [...tables.flatteners, ...flatteners] };
    this.#byType.set(resourceType, all);
    return all;
  }

  #visit(envelope: ResourceEnvelope, resourceType: string, reject: RejectResource): Promise<void> | undefined {
    // A view among the data makes no row: it says how rows are made.
    if (resourceType === 'ViewDefinition') {
      this.#diagnostics.report('VIEW_IN_INPUT', envelope.location());
      return undefined;
    }
    const tables = this.#tablesFor(resourceType);
    switch (tables.kind) {
      case 'not-asked-for':
        addTo(this.#counts.notAskedForByType, resourceType, 1);
        // Others may refer to it.
        this.#references.add(resourceType, decideId(envelope, resourceType).id, envelope, false);
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
    if (id.length > this.#longestId) {
      reject('RESOURCE_ID_TOO_LONG', { limit: this.#longestId });
      return undefined;
    }
    const isRelational = flatteners.some((flattener) => flattener.isRelational);
    this.#references.add(resourceType, id, envelope, true);
    // Sixteen digits: enough to tell the versions of one id apart.
    const versionHash = this.#options.keepsVersions ? sha256Hex(stringifyJson(envelope.resource), 16) : undefined;
    if (!this.#isWanted(envelope, resourceType, id, versionHash)) {
      if (this.#pass === 'first') this.#references.scan(envelope.resource);
      return undefined;
    }
    this.#counts.idOrigins[origin]++;
    addTo(this.#counts.resourcesByType, resourceType, 1);
    const contained = isRelational ? containedOf(envelope) : undefined;
    if (contained === undefined) {
      return this.#addRows(envelope, id, flatteners, reject, versionHash === undefined ? undefined : { versionHash });
    }
    const inner = { containedIn: `${resourceType}/${id}`, containerId: id, containerType: resourceType, versionHash };
    const { containedTypes, unpacked, wait } = this.#unpackContained(envelope, contained, inner, reject);
    const relief = this.#addRows(envelope, id, flatteners, reject, { unpacked, containedTypes, versionHash });
    return wait.length === 0 ? relief : Promise.all([...wait, relief]).then(() => {});
  }

  /** Adds rows for the resources that one contains; tells which have rows now. */
  #unpackContained(
    envelope: ResourceEnvelope,
    list: readonly (ContainedName | undefined)[],
    containment: Containment & { readonly containerId: string },
    reject: RejectResource,
  ): { readonly containedTypes: ReadonlyMap<string, string>; readonly unpacked: ReadonlySet<number>; readonly wait: readonly Promise<void>[] } {
    const containedTypes = new Map<string, string>();
    const unpacked = new Set<number>();
    const rows: { readonly contained: ResourceEnvelope; readonly localId: string; readonly flatteners: readonly BoundFlattener[] }[] = [];
    const taken = new Set<string>();
    for (const [index, name] of list.entries()) {
      const tables = name === undefined ? undefined : this.#tablesFor(name.type);
      // What can have no table stays where it is; what was not asked for is left out with its type.
      if (name === undefined || tables === undefined || tables.kind === 'rejected') continue;
      const { head, id, type } = name;
      const localId = chooseLocalId(id, type, index, taken);
      if (containment.containerId.length + 1 + localId.length > this.#longestId) continue;
      unpacked.add(index);
      taken.add(`${type} ${localId}`);
      if (!containedTypes.has(localId)) containedTypes.set(localId, type);
      if (tables.kind === 'not-asked-for') continue;
      addTo(this.#counts.containedByType, type, 1);
      rows.push({ contained: new ContainedEnvelope(envelope, index, head), localId, flatteners: tables.flatteners });
    }
    const wait: Promise<void>[] = [];
    for (const { contained, flatteners, localId } of rows) {
      const relief = this.#addRows(contained, `${containment.containerId}#${localId}`, flatteners, reject, { ...containment, containedTypes });
      if (relief !== undefined) wait.push(relief);
    }
    return { containedTypes, unpacked, wait };
  }

  #addRows(
    envelope: ResourceEnvelope,
    id: string,
    flatteners: readonly BoundFlattener[],
    reject: RejectResource,
    containment?: Containment,
  ): Promise<void> | undefined {
    let wait: Promise<void> | undefined;
    let failed: Set<string> | undefined;
    for (const flattener of flatteners) {
      const rowCounts = flattener.takesBackRows ? undefined : flattener.tables.map(({ builder }) => builder.rowCount);
      try {
        flattener.flatten(envelope, id, containment);
        this.#referenceCounts.commit();
      } catch (error) {
        this.#referenceCounts.discard();
        this.#countRowless(String(envelope.resource['resourceType']), id, flattener);
        rowCounts?.forEach((rowCount, index) => {
          flattener.tables[index]?.builder.truncate(rowCount);
        });
        if (error instanceof RowFault) {
          reject(error.code, error.parameters);
          continue;
        }
        const { pluginName, name } = flattener;
        // With several places for rows it fails in each.
        if (failed?.has(name)) continue;
        failed = new Set([...(failed ?? []), name]);
        reject('FLATTEN_FAILED', {
          plugin: pluginName === name ? pluginName : `${pluginName} (${name})`,
          resourceType: String(envelope.resource['resourceType']),
          tables: flattener.tables.map(({ builder }) => builder.schema.name).join(', '),
          reason: describeFault(error),
        });
      }
      const relief = flattener.relieve();
      if (relief !== undefined) wait = wait === undefined ? relief : Promise.all([wait, relief]).then(() => {});
    }
    return wait;
  }

  /** References that came before took it for one with a row: they are counted in a second reading. */
  #countRowless(resourceType: string, id: string, { tables }: BoundFlattener): void {
    if (!tables.some(({ builder }) => builder.schema.role === 'main')) return;
    this.#referenceCounts.markRowless(resourceType, id);
    this.#hasFailed = true;
  }

  /** Settled like a version of the resource: what comes later, or is newer, wins. */
  #delete(deletion: Deletion): void {
    const { id, lastModifiedMs, resourceType } = deletion;
    const deleted: IndexedResource = { resourceType, id, lastUpdatedMs: lastModifiedMs, contentHash: deletionHash };
    this.#referenceCounts.markSuspect(resourceType, id);
    if (!this.#settle(undefined, deleted)) return;
    if (this.#ids === undefined) this.#referenceCounts.markRowless(resourceType, id);
    addTo(this.#counts.deletionsByType, resourceType, 1);
    this.#options.sink.delete?.(deletion);
  }

  /** False for a repetition, and for a version that another one supersedes. */
  #isWanted(envelope: ResourceEnvelope, resourceType: string, id: string, versionHash: string | undefined): boolean {
    // Each version counts as a resource of its own: only one with the same content comes again.
    const indexedId = versionHash === undefined ? id : `${id} ${versionHash}`;
    const hash = versionHash === undefined ? this.#hashContent(envelope) : Number.parseInt(versionHash.slice(0, 8), 16);
    return this.#settle(id, new MetResource(envelope, resourceType, indexedId, hash));
  }

  #hashContent(envelope: ResourceEnvelope): number {
    const tape = this.#byteLane?.tape;
    if (tape === undefined) return contentHash(envelope.rawBytes());
    return (envelope.head === undefined ? undefined : tape.hashTaken()) ?? tape.hash(envelope.rawBytes());
  }

  /** @param id - of a resource: what references look for */
  #settle(id: string | undefined, resource: IndexedResource): boolean {
    const { resourceType } = resource;
    if (this.#pass === 'second') {
      if (id !== undefined) this.#ids?.check({ resourceType, id, lastUpdatedMs: Number.NaN, contentHash: 0 });
      const verdict = this.#index.check(resource);
      if (verdict === 'keep') return true;
      if (verdict === 'changed') throw new UserError('INPUT_CHANGED');
      this.#counts.addDuplicate(resourceType, verdict);
      return false;
    }
    const idVerdict = id === undefined ? undefined : this.#ids?.add({ resourceType, id, lastUpdatedMs: Number.NaN, contentHash: 0 });
    const verdict = this.#index.add(resource);
    if (this.#ids === undefined ? verdict === 'new' : idVerdict === 'new') this.#references.noteNew(resourceType, id ?? resource.id);
    if (verdict === 'new') return !this.#mustReadAgain;
    this.#counts.addDuplicate(resourceType, verdict === 'identical' ? 'identical' : 'superseded');
    if (verdict === 'differs') this.#notReplacedCount++;
    return false;
  }
}
