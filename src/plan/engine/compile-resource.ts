// ResourcePlan → Flattener of all tables of a resource type. Closures are built once per table: no eval, no generated
// code; all tables are filled in one walk through the resource.

import type { ElementModel } from '../../fhir/element-model.ts';
import type { JsonObject } from '../../json.ts';
import type {
  Flatten,
  FlattenContext,
  Flattener,
  LeafAudit,
  NoteReference,
  ReferenceCounter,
  ResourceEnvelope,
  TableBuilder,
  TableSchema,
} from '../../types.ts';
import { bindBytes, type RepeatedColumn } from '../byte-engine/bind-bytes.ts';
import type { ArrayPlace, Cell, ResourcePlan, TablePlan } from '../plan.ts';
import { CodingRows } from './coding-rows.ts';
import { contributePlan, keyOf, type RowSource } from './contributions.ts';
import { countByPath, measure } from './drop-rules.ts';
import { ExtensionRows } from './extension-rows.ts';
import { HandlerSet } from './handlers.ts';
import { type ResourceState, TableState } from './table-state.ts';
import { countModifiersBelow, ResourceWalk } from './walk-resource.ts';

/** Makes the plan of a resource type executable. */
export function compileResource(plan: ResourcePlan, model: ElementModel): Flattener {
  const { schema } = plan.main;
  return {
    name: schema.name,
    resourceType: schema.resourceType,
    tables: schemasOf(plan),
    isRelational: true,
    takesBackRows: true,
    bind: (builders, context) => bindResource(plan, model, builders, context),
  };
}

/** The main table, its child tables depth first, then those of codings and extensions. */
function schemasOf({ main, codings, extensions }: ResourcePlan): readonly TableSchema[] {
  const others = [codings?.schema, extensions].filter((schema) => schema !== undefined);
  return [...plansOf(main).map(({ schema }) => schema), ...others];
}

function plansOf(plan: TablePlan): readonly TablePlan[] {
  return [plan, ...tablesBelow(plan).flatMap(plansOf)];
}

function tablesBelow({ below }: TablePlan): readonly TablePlan[] {
  return below.filter((rows) => typeof rows !== 'string');
}

function bindResource(plan: ResourcePlan, model: ElementModel, builders: readonly TableBuilder[], context: FlattenContext): Flatten {
  const { referenceCounter, references, saveFile } = context;
  const { resourceType } = plan.main.schema;
  const resource: ResourceState = {
    id: '',
    hasNumberText: false,
    containerId: '',
    containerType: resourceType,
    containedTypes: undefined,
    containedIn: undefined,
    unpacked: undefined,
    versionHash: undefined,
    references,
    referenceCounter,
    saveFile,
  };
  const builderOf = new Map(builders.map((builder) => [builder.schema.name, builder]));
  const builderFor = (schema: TableSchema) => builderOf.get(schema.name) as TableBuilder;
  const tables = bindTables(plan.main, resource, builderFor, context);
  const main = tables[0] as RowSource;
  const codings = plan.codings && new CodingRows(builderFor(plan.codings.schema), resource, plan.codings.isComplete);
  const extensions = plan.extensions && new ExtensionRows(builderFor(plan.extensions), resource, model);
  const handlers = new HandlerSet(model, plan.dropRules, codings !== undefined || extensions !== undefined);
  const rootHandler = handlers.ofOne(main.root);
  const walk = new ResourceWalk(handlers, context, resource, { codings, extensions });
  const otherJsonColumn = plan.main.cells.findIndex((cell) => cell.kind === 'otherJson');
  const planOf = new Map(plansOf(plan.main).map((table) => [table.schema.name, table]));
  const repetitions = tables.flatMap(({ state }) => findRepetitions(state, planOf.get(state.builder.schema.name) as TablePlan, plan.main, referenceCounter));

  const flattenToken = bindBytes({
    context,
    handlers,
    rootHandler,
    builders,
    repeated: repetitions,
    codings: plan.codings && { builder: builderFor(plan.codings.schema), isComplete: plan.codings.isComplete },
    extensions: plan.extensions && extensions && { builder: builderFor(plan.extensions), rows: extensions },
    main: plan.main.schema,
    otherJsonColumn,
  });

  const firstRows = new Array<number>(repetitions.length).fill(0);
  let hasEnded = true;

  function flattenObject(envelope: ResourceEnvelope): void {
    resource.hasNumberText = envelope.hasNumberText;
    // A resource that failed may have left rows open.
    if (!hasEnded) for (const { state } of tables) state.reset();
    hasEnded = false;
    for (let index = 0; index < repetitions.length; index++) firstRows[index] = (repetitions[index] as Repetition).state.builder.rowCount;
    main.state.begin(0);
    const rest = walk.walk(rootHandler, envelope.resource);
    main.state.end();
    hasEnded = true;
    if (context.audit !== undefined) auditResource(context.audit, envelope.resource, rest, plan.main.schema.resourceType, resource.unpacked);
    if (extensions === undefined && rest.includes('"modifierExtension"')) countModifiersBelow(JSON.parse(rest), context);
    if (rest !== '' && otherJsonColumn >= 0) main.state.builder.set(main.state.row, otherJsonColumn, rest);
    for (let index = 0; index < repetitions.length; index++) {
      const { column, mainColumn, note, state } = repetitions[index] as Repetition;
      const { builder } = state;
      const value = main.state.builder.get(main.state.row, mainColumn);
      const firstRow = firstRows[index] as number;
      if (value === undefined || firstRow === builder.rowCount) continue;
      for (let row = firstRow; row < builder.rowCount; row++) builder.set(row, column, value);
      const noted = main.state.noted.get(mainColumn);
      if (noted !== undefined) note?.(noted.form, noted.type, noted.id, noted.isMet, builder.rowCount - firstRow);
    }
  }

  return (envelope, id, containment) => {
    resource.id = id;
    resource.containerId = containment?.containerId ?? id;
    resource.containerType = containment?.containerType ?? resourceType;
    resource.containedTypes = containment?.containedTypes;
    resource.containedIn = containment?.containedIn;
    resource.unpacked = containment?.unpacked;
    resource.versionHash = containment?.versionHash;
    if (flattenToken !== undefined && envelope.head !== undefined && flattenToken(envelope.head.token, id, containment)) return;
    const rowCounts = builders.map(({ rowCount }) => rowCount);
    try {
      flattenObject(envelope);
    } catch (error) {
      rowCounts.forEach((rowCount, index) => {
        builders[index]?.truncate(rowCount);
      });
      throw error;
    }
  };
}

/** Counts the leaves of a resource apart from the walk, so that the walk can be held against it. */
function auditResource(audit: LeafAudit, resource: JsonObject, rest: string, resourceType: string, unpacked: ReadonlySet<number> | undefined): void {
  const elsewhere = Array.isArray(resource.contained) ? resource.contained.filter((_, index) => unpacked?.has(index)) : [];
  const otherJson = rest === '' ? new Map<string, number>() : countByPath(JSON.parse(rest), resourceType);
  audit.addResource(measure(resource).leafCount - measure(elsewhere).leafCount, otherJson);
}

/**
 * The tables bound so far, the main table first. A table below it joins them when its items are first met, or is there from
 * the start where its rows repeat cells of the main row: most tables of most types never get a row.
 */
function bindTables(
  main: TablePlan,
  resource: ResourceState,
  builderFor: (schema: TableSchema) => TableBuilder,
  context: FlattenContext,
): readonly RowSource[] {
  const bound: RowSource[] = [];
  const byName = new Map<string, RowSource>();
  const recursive = new Set(plansOf(main).flatMap(({ below }) => below.filter((rows) => typeof rows === 'string')));
  let contributionCount = 0;

  function bind(plan: TablePlan, parent: TableState | undefined): RowSource {
    const { name } = plan.schema;
    const known = byName.get(name);
    if (known !== undefined) return known;
    const state = new TableState(resource, builderFor(plan.schema), plan.nodes.length, parent, recursive.has(name));
    const contributions = contributePlan(plan, state, context, () => contributionCount++);
    const own: RowSource = { state, root: contributions[0] as RowSource['root'] };
    byName.set(name, own);
    bound.push(own);
    for (const [position, rows] of plan.below.entries()) {
      const { node, key } = plan.places[position] as ArrayPlace;
      const bindRows = (): RowSource => (typeof rows === 'string' ? (byName.get(rows) as RowSource) : bind(rows, state));
      keyOf(contributions[node] as RowSource['root'], key).rows.push(bindRows);
      if (typeof rows !== 'string' && plansOf(rows).some(({ hasRepeated }) => hasRepeated)) bindRows();
    }
    return own;
  }

  bind(main, undefined);
  return bound;
}

interface Repetition extends RepeatedColumn {
  /** Counts the references repeated. */
  readonly note: NoteReference | undefined;
}

/** Columns of a child table that repeat one of the main row, which is complete only when the walk has ended. */
function findRepetitions(state: TableState, plan: TablePlan, main: TablePlan, counter: ReferenceCounter | undefined): readonly Repetition[] {
  const isRepeated = (cell: Cell): cell is Extract<Cell, { kind: 'repeated' }> => cell.kind === 'repeated';
  return plan.cells.flatMap((cell, column) => {
    if (!isRepeated(cell)) return [];
    const { name } = plan.schema.columns[column] as TableSchema['columns'][number];
    const mainColumn = main.schema.columns.findIndex((other) => other.name === cell.column);
    const mainCell = main.cells[mainColumn];
    const isNoted = mainCell?.kind === 'reference' && mainCell.part === 'id';
    return [{ state, column, mainColumn, name, mainName: cell.column, isNoted, note: counter?.column(plan.schema.name, name) }];
  });
}
