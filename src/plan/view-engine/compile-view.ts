// ViewPlan → Flattener. A resource's rows are made in full before the first one is added, column by column: what an
// outer iteration gives stays while the inner ones run.

import { RowFault } from '../../diagnostics.ts';
import type { CellValue, Flatten, FlattenContext, Flattener, TableBuilder } from '../../types.ts';
import { bindView as bindBytes } from '../byte-engine/bind-view.ts';
import type { Iteration, Selection, ViewColumn, ViewCriterion, ViewPlan } from '../view-plan.ts';
import { cellReader } from './cells.ts';
import { createCompiler } from './compile-expression.ts';
import { type Compiler, gather, type PackageExpression } from './compiler.ts';
import { type Evaluation, EvaluationFault, type Value } from './values.ts';

/** Sets the cells of a selection for a focus, and calls `next` for each of its rows. */
type EmitRows = (focus: Value | undefined, next: () => void) => void;

/** Makes a view executable. `compilePackage`: for what the fhirpath package evaluates. */
export function compileView(plan: ViewPlan, compilePackage: (text: string, base: string) => PackageExpression): Flattener {
  const { schema } = plan;
  return {
    name: schema.name,
    resourceType: schema.resourceType,
    tables: [schema],
    bind: ([builder], context) => bindView(plan, builder as TableBuilder, context, createCompiler(compilePackage)),
  };
}

function bindView(plan: ViewPlan, builder: TableBuilder, context: FlattenContext, compiler: Compiler): Flatten {
  const { columns } = plan.schema;
  const evaluation: Evaluation = { resource: {}, id: '', hasNumberText: false, rowIndex: 0, index: 0, references: context.references };
  /** The row that is being made. */
  const cells: (CellValue | undefined)[] = columns.map(() => undefined);

  const criteria = plan.where.map((criterion) => compileCriterion(criterion, plan, compiler));
  const emit = combine(plan.selections.map((selection) => compileSelection(selection)));
  const addRow = (): void => {
    const row = builder.addRow();
    for (let index = 0; index < cells.length; index++) {
      const cell = cells[index];
      if (cell !== undefined) builder.set(row, index, cell);
    }
  };

  const flattenToken = bindBytes(plan, builder, context);

  return (envelope, id, containment) => {
    // A view is about the resources of the input, not about those that others contain.
    if (containment?.containedIn !== undefined) return;
    if (flattenToken !== undefined && envelope.head !== undefined && flattenToken(envelope.head.token, id)) return;
    evaluation.resource = envelope.resource;
    evaluation.id = id;
    evaluation.hasNumberText = envelope.hasNumberText;
    evaluation.rowIndex = 0;
    evaluation.index = 0;
    for (let index = 0; index < criteria.length; index++) if (criteria[index]?.(evaluation) !== true) return;
    emit(envelope.resource, addRow);
  };

  function compileSelection({ iteration, columns: own, selections, union }: Selection): EmitRows {
    const setOwn = own.map(compileColumn);
    const inner = selections.map(compileSelection);
    if (union.length > 0) {
      const branches = union.map(compileSelection);
      inner.push((focus, next) => {
        for (let index = 0; index < branches.length; index++) branches[index]?.(focus, next);
      });
    }
    const emitInner = combine(inner);
    const emitOne: EmitRows = (focus, next) => {
      for (let index = 0; index < setOwn.length; index++) setOwn[index]?.(focus);
      emitInner(focus, next);
    };
    if (iteration === undefined) return emitOne;
    const setAbsent = compileAbsent({ iteration, columns: own, selections, union });
    return iterate(iteration, emitOne, setAbsent);
  }

  function iterate(iteration: Iteration, emitOne: EmitRows, setAbsent: () => void): EmitRows {
    switch (iteration.kind) {
      case 'forEach':
      case 'forEachOrNull': {
        const items = compiler.plural(iteration.items);
        return (focus, next) => {
          // Not kept: the same iteration may be under way further out.
          const list: Value[] = [];
          located(() => items(focus, evaluation, list), plan, iteration.kind, iteration.text);
          const outer = evaluation.rowIndex;
          if (list.length === 0 && iteration.kind === 'forEachOrNull') {
            evaluation.rowIndex = 0;
            setAbsent();
            next();
          }
          for (let index = 0; index < list.length; index++) {
            evaluation.rowIndex = index;
            emitOne(list[index], next);
          }
          evaluation.rowIndex = outer;
        };
      }
      case 'repeat': {
        const paths = iteration.paths.map((path) => compiler.plural(path));
        return (focus, next) => {
          const outer = evaluation.rowIndex;
          let count = 0;
          const descend = (item: Value | undefined): void => {
            for (const path of paths) {
              const list: Value[] = [];
              located(() => path(item, evaluation, list), plan, iteration.kind, iteration.text);
              for (const child of list) {
                evaluation.rowIndex = count++;
                emitOne(child, next);
                descend(child);
              }
            }
          };
          descend(focus);
          evaluation.rowIndex = outer;
        };
      }
      default:
        return iteration satisfies never;
    }
  }

  function compileColumn(column: ViewColumn): (focus: Value | undefined) => void {
    const { expression, index, isCollection, text } = column;
    const type = columns[index]?.type;
    if (type === undefined) throw new Error(`view ${plan.viewName} has no column ${index}`);
    const read = cellReader(type, column.isFitted);
    if (isCollection) {
      const items = gather(compiler.plural(expression));
      return (focus) => {
        cells[index] = located(() => items(focus, evaluation).flatMap((item) => read(item) ?? []), plan, column.name, text);
      };
    }
    const evaluate = compiler.single(expression);
    return (focus) => {
      try {
        const value = evaluate(focus, evaluation);
        cells[index] = value === undefined ? undefined : read(value);
      } catch (error) {
        throw locate(error, plan, column.name, text);
      }
    };
  }

  /** Of the row that stands for no item: nulls, but for what does not depend on the item. */
  function compileAbsent(selection: Selection): () => void {
    const setters = columnsOf(selection).map((column) => {
      if (column.showsIndexOnly) {
        const set = compileColumn(column);
        return () => set(undefined);
      }
      return () => {
        cells[column.index] = column.isCollection ? [] : undefined;
      };
    });
    return () => {
      for (const set of setters) set();
    };
  }
}

function compileCriterion({ expression, text }: ViewCriterion, plan: ViewPlan, compiler: Compiler): (evaluation: Evaluation) => boolean {
  const evaluate = compiler.single(expression);
  return (evaluation) => {
    const value = located(() => evaluate(evaluation.resource, evaluation), plan, 'where', text);
    if (value === undefined) return false;
    if (typeof value !== 'boolean') throw new RowFault('VIEW_WHERE_NOT_BOOLEAN', { view: plan.viewName, path: text });
    return value;
  };
}

/** Every row of the first with every row of the others. */
function combine(parts: readonly EmitRows[]): EmitRows {
  const [first, ...others] = parts;
  if (first === undefined) return (_, next) => next();
  if (others.length === 0) return first;
  const rest = combine(others);
  return (focus, next) => first(focus, () => rest(focus, next));
}

/** Every column, once: the branches of a union share theirs. */
function columnsOf(selection: Selection): readonly ViewColumn[] {
  const { columns, selections, union } = selection;
  const [branch] = union;
  return [...columns, ...selections.flatMap(columnsOf), ...(branch === undefined ? [] : columnsOf(branch))];
}

function located<T>(evaluate: () => T, plan: ViewPlan, what: string, text: string): T {
  try {
    return evaluate();
  } catch (error) {
    throw locate(error, plan, what, text);
  }
}

/** Says which column or part of which view it was. */
function locate(error: unknown, { viewName }: ViewPlan, what: string, path: string): unknown {
  if (!(error instanceof EvaluationFault)) return error;
  const shown = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  return new RowFault(error.code, { ...error.parameters, view: viewName, column: what, path: shown });
}
