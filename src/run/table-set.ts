// The tables of a run: which flatteners a resource type has, their builders, and when rows move on to the sink.
// What is held in memory is bounded: per table by rows and size, over all tables by a budget.

import type { RowStore } from '../bytes/row-store.ts';
import type { DiagnosticCode, MessageParameters } from '../diagnostics.ts';
import type { Registry } from '../registry.ts';
import type { CellStorage, Flatten, FlattenContext, Flattener, PartSink, TableBuilder, TableFacts, TableSchema, TableWriter } from '../types.ts';

export interface TableSetOptions {
  readonly registry: Registry;
  readonly sink: PartSink;
  readonly createBuilder: (schema: TableSchema, storage: CellStorage) => TableBuilder;
  readonly createDiscardBuilder: (schema: TableSchema) => TableBuilder;
  /** Takes the rows in place of builders of their own. */
  readonly rowStore?: RowStore | undefined;
  /** Undefined: all. */
  readonly tableNames: ReadonlySet<string> | undefined;
  /** How many threads share the memory for rows. */
  readonly partCount: number;
  /** Which of the tables asked for are there also without rows. */
  readonly emptyTables: EmptyTables;
}

/** `views`: those that somebody has defined for this run. */
export type EmptyTables = 'all' | 'views' | 'none';

/** A table that rows were written into. */
export interface WrittenTable {
  readonly schema: TableSchema;
  readonly facts: TableFacts;
}

export interface BoundFlattener {
  readonly name: string;
  /** The plugin that brought it. */
  readonly pluginName: string;
  readonly flatten: Flatten;
  readonly isRelational: boolean;
  readonly takesBackRows: boolean;
  readonly tables: readonly OpenTable[];
  /** To be called when a resource is done; a promise when rows have to move on first. */
  readonly relieve: () => Promise<void> | undefined;
}

/** What becomes of the resources of one type. */
export type TypeTables =
  | { readonly kind: 'flattened'; readonly flatteners: readonly BoundFlattener[] }
  | { readonly kind: 'not-asked-for' }
  | { readonly kind: 'rejected'; readonly code: DiagnosticCode; readonly parameters: MessageParameters };

interface OpenTable {
  readonly builder: TableBuilder;
  writer: TableWriter | undefined;
}

const maxBatchRows = 4096;
/** Small enough that most strings of a batch die young: a larger batch has the collector copy them twice. */
const maxBatchBytes = 256 * 1024;
/** Over all builders of all threads. */
const memoryBudgetBytes = 48 * 1024 * 1024;
const resourcesPerBudgetCheck = 256;
/** Of a store; small enough to stay near the processor. */
const fullStoreBytes = 6 * 1024 * 1024;
/** Types that FHIR does not define still get a table, but an input must not open files without end. */
export const maxUndefinedTypes = 100;

function isFull({ builder: { byteCount, rowCount } }: OpenTable): boolean {
  return rowCount >= maxBatchRows || byteCount >= maxBatchBytes;
}

export class TableSet {
  readonly #options: TableSetOptions;
  readonly #context: FlattenContext;
  readonly #byType = new Map<string, TypeTables>();
  readonly #tables: OpenTable[] = [];
  /** Table name → the type it belongs to; filled when the first type comes that FHIR does not define. */
  #typeByTable: Map<string, string> | undefined;
  /** Types that FHIR does not define and that have tables all the same. */
  readonly undefinedTypes: string[] = [];
  readonly #budgetBytes: number;
  /** While rows move on. */
  #relief: Promise<void> | undefined;
  #untilBudgetCheck = resourcesPerBudgetCheck;

  constructor(options: TableSetOptions, context: FlattenContext) {
    this.#options = options;
    this.#context = context;
    this.#budgetBytes = memoryBudgetBytes / options.partCount;
  }

  forType(resourceType: string): TypeTables {
    let tables = this.#byType.get(resourceType);
    if (tables === undefined) {
      tables = this.#bind(resourceType);
      // Rejected types are not remembered: there may be no end to them.
      if (tables.kind !== 'rejected') this.#byType.set(resourceType, tables);
    }
    return tables;
  }

  /** True when the resources of a type have rows in a main table that is written. */
  hasMainTable(resourceType: string): boolean {
    const { registry, tableNames } = this.#options;
    if (tableNames === undefined) return true;
    if (!registry.resourceTypes.has(resourceType)) return false;
    return registry.flattenersFor(resourceType).some(({ tables }) => tables.some(({ name, role }) => role === 'main' && tableNames.has(name)));
  }

  #relieve(tables: readonly OpenTable[]): Promise<void> | undefined {
    const { rowStore, sink } = this.#options;
    if (rowStore !== undefined) {
      const isFull = rowStore.heldByteCount >= (sink.storeBytes ?? fullStoreBytes);
      return isFull ? this.#moveOn(() => this.#flushStore(rowStore)) : undefined;
    }
    if (tables.some(isFull)) return this.#moveOn(() => this.#flushFull());
    if (--this.#untilBudgetCheck > 0) return undefined;
    this.#untilBudgetCheck = resourcesPerBudgetCheck;
    return this.#heldBytes() > this.#budgetBytes ? this.#moveOn(() => this.#flushLargest()) : undefined;
  }

  /**
   * Once for all who ask while a resource with contained ones adds rows, and when it has added them all: it does so
   * without a wait, and nobody adds more until the promise is fulfilled.
   */
  #moveOn(flush: () => Promise<void>): Promise<void> {
    this.#relief ??= Promise.resolve()
      .then(flush)
      .finally(() => {
        this.#relief = undefined;
      });
    return this.#relief;
  }

  /** Moves the last rows on and closes all tables that have any, or are to be there without; returns these. */
  async finish(): Promise<WrittenTable[]> {
    const written: WrittenTable[] = [];
    for (const table of this.#tables) {
      await this.#flush(table);
      if (table.writer !== undefined) written.push({ schema: table.builder.schema, facts: await table.writer.close() });
    }
    return [...written, ...(await this.#writeEmpty(written))];
  }

  async #writeEmpty(written: readonly WrittenTable[]): Promise<WrittenTable[]> {
    const { emptyTables, registry, sink, tableNames } = this.#options;
    const schemas = emptyTables === 'all' ? registry.allTables() : emptyTables === 'views' ? registry.viewTables() : [];
    const names = new Set(written.map(({ schema }) => schema.name));
    const empty: WrittenTable[] = [];
    for (const schema of schemas) {
      if (names.has(schema.name) || tableNames?.has(schema.name) === false) continue;
      const writer = await sink.open(schema);
      empty.push({ schema, facts: await writer.close() });
    }
    return empty;
  }

  #bind(resourceType: string): TypeTables {
    const { registry, tableNames } = this.#options;
    const isDefined = registry.resourceTypes.has(resourceType);
    if (!isDefined && this.undefinedTypes.length >= maxUndefinedTypes) {
      return { kind: 'rejected', code: 'RESOURCE_TYPE_LIMIT', parameters: { limit: maxUndefinedTypes } };
    }
    const all = registry.flattenersFor(resourceType);
    if (all.length === 0) return { kind: 'not-asked-for' };
    if (!isDefined) {
      if (this.#clashes(resourceType, all)) return { kind: 'rejected', code: 'RESOURCE_TYPE_CLASH', parameters: {} };
      this.undefinedTypes.push(resourceType);
    }
    const wanted = all.filter(({ tables }) => tableNames === undefined || tables.some(({ name }) => tableNames.has(name)));
    if (wanted.length === 0) return { kind: 'not-asked-for' };
    return { kind: 'flattened', flatteners: wanted.map((flattener) => this.#bindFlattener(flattener)) };
  }

  #bindFlattener(flattener: Flattener): BoundFlattener {
    const { createBuilder, createDiscardBuilder, registry, rowStore, sink, tableNames } = this.#options;
    const tables: OpenTable[] = [];
    const builders = flattener.tables.map((schema) => {
      if (tableNames !== undefined && !tableNames.has(schema.name)) return rowStore?.createDiscardBuilder(schema) ?? createDiscardBuilder(schema);
      const builder = rowStore?.createBuilder(schema, this.#context.storage) ?? createBuilder(schema, this.#context.storage);
      const table: OpenTable = { builder, writer: undefined };
      tables.push(table);
      return table.builder;
    });
    this.#tables.push(...tables);
    sink.expect?.(tables.map(({ builder }) => builder.schema));
    return {
      name: flattener.name,
      pluginName: registry.pluginOf(flattener),
      isRelational: flattener.isRelational === true,
      takesBackRows: flattener.takesBackRows === true,
      flatten: flattener.bind(builders, this.#context),
      tables,
      relieve: () => this.#relieve(tables),
    };
  }

  /** True when a table of this type, which FHIR does not define, is another type's. */
  #clashes(resourceType: string, flatteners: readonly Flattener[]): boolean {
    this.#typeByTable ??= new Map(this.#options.registry.allTables().map((table) => [table.name, table.resourceType]));
    const names = flatteners.flatMap(({ tables }) => tables.map(({ name }) => name));
    for (const name of names) {
      const owner = this.#typeByTable.get(name);
      if (owner !== undefined && owner !== resourceType) return true;
    }
    for (const name of names) this.#typeByTable.set(name, resourceType);
    return false;
  }

  async #flushStore(rowStore: RowStore): Promise<void> {
    for (const table of this.#tables) if (table.builder.rowCount > 0) await this.#flush(table);
    rowStore.reset();
  }

  async #flushFull(): Promise<void> {
    for (const table of this.#tables) if (isFull(table)) await this.#flush(table);
  }

  async #flushLargest(): Promise<void> {
    const bySize = [...this.#tables].sort((a, b) => b.builder.byteCount - a.builder.byteCount);
    for (const table of bySize) {
      if (this.#heldBytes() <= this.#budgetBytes / 2) return;
      await this.#flush(table);
    }
  }

  async #flush(table: OpenTable): Promise<void> {
    if (table.builder.rowCount === 0) return;
    table.writer ??= await this.#options.sink.open(table.builder.schema);
    await table.writer.write(table.builder.take());
  }

  #heldBytes(): number {
    let byteCount = 0;
    for (const table of this.#tables) byteCount += table.builder.byteCount;
    return byteCount;
  }
}
