// CheckedView → ViewPlan: expressions lowered, columns typed, unions and names compared. All problems of a view are
// reported, not only the first.

import type { ElementModel } from '../fhir/element-model.ts';
import type { Expression } from '../plan/expression.ts';
import type { Iteration, Selection, ViewColumn, ViewPlan } from '../plan/view-plan.ts';
import type { Column, ColumnType, ViewFunction } from '../types.ts';
import { checkNames } from './check-names.ts';
import { columnTypeOf, needsFitting } from './column-types.ts';
import { resultTypes } from './function-names.ts';
import { Lowerer } from './lower-expression.ts';
import { type ExpressionContext, isEmpty, isUnknown, kindOf, NotNative, nameTypes, type Outcome, type Scope, Unusable } from './outcome.ts';
import { parseExpression } from './parse-expression.ts';
import { printExpression } from './print-expression.ts';
import { type Syntax, SyntaxFault } from './syntax.ts';
import { isSubtype } from './types-of-values.ts';
import type { CheckedColumn, CheckedSelection, CheckedView, ViewPath } from './view-definition.ts';
import type { ProblemList } from './view-problems.ts';

export interface ViewContext {
  readonly model: ElementModel;
  readonly functions: ReadonlyMap<string, ViewFunction>;
  readonly problems: ProblemList;
}

/** An expression that the fhirpath package evaluates, and why. */
export interface SlowExpression {
  readonly path: string;
  readonly text: string;
  readonly reason: string;
  /** The text that the package gets, and the type of what it is about. */
  readonly printed: string;
  readonly base: string;
}

export interface LoweredView {
  readonly plan: ViewPlan;
  readonly slow: readonly SlowExpression[];
}

interface Lowered {
  readonly outcome: Outcome;
  readonly showsIndexOnly: boolean;
}

/** Undefined when a problem is an error. */
export function lowerView(view: CheckedView, context: ViewContext): LoweredView | undefined {
  const lowering = new ViewLowering(view, context);
  const plan = lowering.lower();
  return context.problems.hasErrors ? undefined : { plan, slow: lowering.slow };
}

class ViewLowering {
  readonly #view: CheckedView;
  readonly #context: ViewContext;
  readonly slow: SlowExpression[] = [];
  readonly #columns: Column[] = [];
  readonly #key: string[] = [];
  /** Name in lower letters → the column. */
  readonly #byName = new Map<string, number>();

  constructor(view: CheckedView, context: ViewContext) {
    this.#view = view;
    this.#context = context;
  }

  lower(): ViewPlan {
    const { constants: _, description, name, resourceType, selections, where } = this.#view;
    const { model, problems } = this.#context;
    if (!model.resourceTypes.includes(resourceType) && !problems.has('resource'))
      problems.add('VIEW_RESOURCE_UNKNOWN', 'resource', { name: resourceType, version: model.version.toUpperCase() });
    const root: Scope = { focus: { types: model.hasType(resourceType) ? [resourceType] : [], expression: { kind: 'focus', isMany: false } }, isLoop: false };
    const criteria = where.map((path) => ({ expression: this.#criterion(path, root), text: path.text }));
    const lowered = mergeSelections(selections.map((selection) => this.#selection(selection, root, undefined)));
    return {
      schema: {
        name,
        role: 'view',
        resourceType,
        description: description ?? `View ${name} of ${resourceType}`,
        columns: this.#columns,
        ...(this.#key.length > 0 && { key: this.#key }),
      },
      viewName: name,
      where: criteria,
      selections: lowered,
    };
  }

  #criterion(path: ViewPath, scope: Scope): Expression {
    const { outcome, offset } = this.#expression(path, scope);
    const isOpen = isUnknown(outcome) || isEmpty(outcome) || kindOf(outcome) === 'boolean';
    if (!isOpen) this.#context.problems.addAt('VIEW_WHERE_TYPE', path, offset, { type: nameTypes(outcome) });
    return outcome.expression;
  }

  /** `takes`: the columns that it must have, as another branch of a union. */
  #selection({ columns, iteration, place, selections, union }: CheckedSelection, scope: Scope, takes: ColumnQueue | undefined): Selection {
    const [lowered, inner] = this.#iteration(iteration, scope);
    const own = columns.map((column) => this.#column(column, inner, takes));
    const nested = selections.map((selection) => this.#selection(selection, inner, takes));
    return { iteration: lowered, columns: own, selections: nested, union: this.#union(union, place, inner, takes) };
  }

  #iteration(iteration: CheckedSelection['iteration'], scope: Scope): readonly [Iteration | undefined, Scope] {
    if (iteration === undefined) return [undefined, scope];
    if (iteration.kind !== 'repeat') {
      const { outcome } = this.#expression(iteration.path, scope);
      return [{ kind: iteration.kind, items: outcome.expression, text: iteration.path.text }, this.#itemScope(outcome)];
    }
    // Items may be of other types than what they were found in: lowered until no new type comes.
    let types: readonly string[] = scope.focus.types;
    for (let round = 0; round < 8; round++) {
      const { problems } = this.#context;
      const before = problems.problems.length;
      const slowBefore = this.slow.length;
      const outcomes = iteration.paths.map(
        (path) => this.#expression(path, { focus: { types, expression: { kind: 'focus', isMany: false } }, isLoop: false }).outcome,
      );
      const next = [...new Set([...types, ...outcomes.flatMap((outcome) => outcome.types)])];
      const items = [...new Set(outcomes.flatMap((outcome) => outcome.types))];
      if (next.length === types.length || problems.hasErrors) {
        const paths = outcomes.map(({ expression }) => expression);
        const text = iteration.paths.map((path) => path.text).join(', ');
        return [{ kind: 'repeat', paths, text }, this.#itemScope({ types: items, expression: { kind: 'focus', isMany: false } })];
      }
      problems.problems.length = before;
      this.slow.length = slowBefore;
      types = next;
    }
    throw new Error('the types of a repetition do not settle');
  }

  #itemScope({ targets, types }: Outcome): Scope {
    return { focus: { types, expression: { kind: 'focus', isMany: false }, ...(targets && { targets }) }, isLoop: false };
  }

  #union(branches: readonly CheckedSelection[], place: string, scope: Scope, takes: ColumnQueue | undefined): readonly Selection[] {
    const [first, ...others] = branches;
    if (first === undefined) return [];
    const start = this.#columns.length;
    const takenStart = takes?.position ?? 0;
    const lowered = [this.#selection(first, scope, takes)];
    const indices = takes === undefined ? range(start, this.#columns.length) : takes.indices.slice(takenStart, takes.position);
    for (const [number, branch] of others.entries()) {
      const queue: ColumnQueue = { indices, position: 0, names: [], place: `${place}.unionAll[${number + 1}]` };
      lowered.push(this.#selection(branch, scope, queue));
      const expected = indices.map((index) => this.#columns[index]?.name ?? '?');
      const isSame = queue.names.length === expected.length && queue.names.every((name, index) => name === expected[index]);
      if (!isSame) this.#context.problems.add('VIEW_UNION_DIFFERS', queue.place, { expected: listNames(expected), found: listNames(queue.names) });
    }
    return lowered;
  }

  #column(column: CheckedColumn, scope: Scope, takes: ColumnQueue | undefined): ViewColumn {
    const { isCollection, name, path } = column;
    const { outcome, showsIndexOnly } = this.#expression(path, scope);
    const type = columnTypeOf(column, outcome, this.#context.model, this.#context.problems);
    const index = takes === undefined ? this.#addColumn(column, type) : this.#takeColumn(column, type, takes);
    const isFitted = needsFitting(this.#columns[index]?.type ?? type, outcome);
    return { index, name, expression: outcome.expression, text: path.text, isCollection, showsIndexOnly, isFitted };
  }

  #addColumn({ description, isKey, name, path, place }: CheckedColumn, type: ColumnType): number {
    const key = name.toLowerCase();
    if (this.#byName.has(key)) this.#context.problems.add('VIEW_NAME_TWICE', `${place}.name`, { kind: 'column', name: name.slice(0, 80) });
    const index = this.#columns.length;
    this.#byName.set(key, index);
    if (isKey) this.#key.push(name);
    this.#columns.push({ name, type, isNullable: true, fhirPath: path.text, description: description ?? `Defined by the view ${this.#view.name}.` });
    return index;
  }

  /** The column of the first branch that stands at the same place. */
  #takeColumn({ name, place }: CheckedColumn, type: ColumnType, takes: ColumnQueue): number {
    takes.names.push(name);
    const index = takes.indices[takes.position++] ?? 0;
    const known = this.#columns[index];
    if (known === undefined || known.name !== name) return index;
    const shared = shareType(known.type, type);
    if (shared === undefined) {
      this.#context.problems.add('VIEW_UNION_TYPES', place, { name, expected: nameOf(known.type), found: nameOf(type) });
    } else {
      this.#columns[index] = { ...known, type: shared };
    }
    return index;
  }

  #expression(path: ViewPath, scope: Scope): Lowered & { readonly offset: number } {
    const { functions, model, problems } = this.#context;
    const nothing: Outcome = { expression: { kind: 'empty', isMany: false }, types: [] };
    // What is no text at all has been reported.
    if (path.text === '' && problems.has(path.path)) return { outcome: nothing, showsIndexOnly: false, offset: 0 };
    let syntax: Syntax;
    try {
      syntax = parseExpression(path.text);
    } catch (error) {
      if (!(error instanceof SyntaxFault)) throw error;
      problems.addAt('VIEW_SYNTAX', path, error.offset, { reason: error.message });
      return { outcome: nothing, showsIndexOnly: false, offset: 0 };
    }
    const context: ExpressionContext = { model, functions, problems, resourceType: this.#view.resourceType, constants: this.#view.constants, place: path };
    const before = problems.problems.length;
    checkNames(syntax, context);
    if (problems.problems.slice(before).some(({ severity }) => severity === 'error')) return { outcome: nothing, showsIndexOnly: false, offset: syntax.offset };
    const lowerer = new Lowerer(context);
    try {
      const outcome = lowerer.lower(syntax, scope);
      return { outcome, showsIndexOnly: lowerer.usesRowIndex && !lowerer.readsData, offset: syntax.offset };
    } catch (error) {
      if (error instanceof Unusable) return { outcome: nothing, showsIndexOnly: false, offset: syntax.offset };
      if (!(error instanceof NotNative)) throw error;
      return { outcome: this.#packageOutcome(syntax, path, scope, error.message), showsIndexOnly: false, offset: syntax.offset };
    }
  }

  /** The whole expression for the fhirpath package, which must know the type of what it is about. */
  #packageOutcome(syntax: Syntax, path: ViewPath, { focus }: Scope, reason: string): Outcome {
    const { model, problems } = this.#context;
    const [base, ...others] = focus.types;
    if (others.length > 0) {
      problems.addAt('VIEW_CHOICE_OPEN', path, syntax.offset);
      return { expression: { kind: 'empty', isMany: false }, types: [] };
    }
    const isResource = base === undefined || isSubtype(base, 'Resource', model);
    const text = printExpression(syntax, this.#view.constants);
    const packageBase = isResource ? '' : base;
    this.slow.push({ path: path.path, text: path.text, reason, printed: text, base: packageBase });
    const type = resultType(syntax);
    return { expression: { kind: 'package', text, base: packageBase, isMany: true }, types: type === undefined ? [] : [type] };
  }
}

/** Of an expression that the package evaluates, as far as its outermost part tells. */
function resultType(syntax: Syntax): string | undefined {
  switch (syntax.kind) {
    case 'call':
      return resultTypes.get(syntax.name);
    case 'type':
      return syntax.operator === 'is' ? 'System.Boolean' : undefined;
    case 'binary':
      return booleanOperators.has(syntax.operator) ? 'System.Boolean' : undefined;
    default:
      return undefined;
  }
}

const booleanOperators: ReadonlySet<string> = new Set(['=', '!=', '~', '!~', '<', '<=', '>', '>=', 'in', 'contains', 'and', 'or', 'xor', 'implies']);

/** The columns that a branch of a union must give, and those that it has given. */
interface ColumnQueue {
  readonly indices: readonly number[];
  position: number;
  readonly names: string[];
  readonly place: string;
}

/** What does not iterate is part of what it stands in: then it costs nothing. */
function mergeSelections(selections: readonly Selection[]): readonly Selection[] {
  const merged = selections.map(
    (selection): Selection => ({ ...selection, selections: mergeSelections(selection.selections), union: selection.union.map(mergeOne) }),
  );
  const isPlain = ({ iteration, union }: Selection) => iteration === undefined && union.length === 0;
  const columns = merged.filter(isPlain).flatMap((selection) => selection.columns);
  const rest = merged.flatMap((selection) => (isPlain(selection) ? selection.selections : [selection]));
  return columns.length === 0 ? rest : [{ iteration: undefined, columns, selections: rest, union: [] }];
}

function mergeOne(selection: Selection): Selection {
  return { ...selection, selections: mergeSelections(selection.selections), union: selection.union.map(mergeOne) };
}

function shareType(a: ColumnType, b: ColumnType): ColumnType | undefined {
  if (a.kind !== b.kind || a.kind === 'json' || b.kind === 'json') return a.kind === b.kind ? a : undefined;
  if (a.fhirType === b.fhirType) return a;
  const [first, second] = [familyOf(a.fhirType), familyOf(b.fhirType)];
  return first === second ? { kind: a.kind, fhirType: first } : undefined;
}

/** The type that takes all of a kind. */
function familyOf(type: Exclude<ColumnType, { kind: 'json' }>['fhirType']): Exclude<ColumnType, { kind: 'json' }>['fhirType'] {
  switch (type) {
    case 'decimal':
    case 'integer':
    case 'positiveInt':
    case 'unsignedInt':
      return 'decimal';
    case 'date':
    case 'dateTime':
    case 'instant':
      return 'dateTime';
    case 'boolean':
    case 'time':
    case 'integer64':
    case 'base64Binary':
      return type;
    default:
      return 'string';
  }
}

function nameOf(type: ColumnType): string {
  return type.kind === 'json' ? 'json' : type.kind === 'list' ? `a list of ${type.fhirType}` : type.fhirType;
}

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 12).map((name) => name.slice(0, 60));
  return names.length === 0 ? 'none' : shown.join(', ') + (names.length > shown.length ? ', …' : '');
}

function range(start: number, end: number): readonly number[] {
  return Array.from({ length: end - start }, (_, index) => start + index);
}
