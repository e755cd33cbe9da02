// ViewDefinition → Flattener, or a ViewError with all that is wrong. Nothing of a view is ever run as code.

import type { ElementModel } from '../fhir/element-model.ts';
import { compileView } from '../plan/view-engine/compile-view.ts';
import type { Selection, ViewColumn } from '../plan/view-plan.ts';
import type { Flattener, TableSchema, ViewFunction } from '../types.ts';
import { checkView } from './check-view.ts';
import { type FhirpathPackage, loadFhirpathPackage } from './fhirpath-package.ts';
import { type LoweredView, lowerView, type SlowExpression } from './lower-view.ts';
import type { WrittenView } from './read-views.ts';
import { ProblemList, ViewError, type ViewProblem } from './view-problems.ts';

export interface ViewOptions {
  readonly model: ElementModel;
  /** Functions that plugins bring, by name. */
  readonly functions?: ReadonlyMap<string, ViewFunction> | undefined;
  /** Warnings are errors. */
  readonly isStrict?: boolean | undefined;
  /** True for the name of a table that there is already. */
  readonly isTaken?: ((name: string) => boolean) | undefined;
}

/** Checks a view and plans it. Its `problems` are warnings, or make it unusable: then there is no plan. */
export function prepareView(
  written: WrittenView,
  { model, functions = new Map(), isStrict = false }: ViewOptions,
): { readonly lowered: LoweredView | undefined; readonly problems: readonly ViewProblem[] } {
  const problems = new ProblemList(written.origin, written.label, isStrict);
  const checked = checkView(written.view, written.defaultName, problems);
  const lowered = checked && lowerView(checked, { model, functions, problems });
  return { lowered, problems: problems.problems };
}

export interface MadeViews {
  readonly flatteners: readonly Flattener[];
  readonly warnings: readonly ViewProblem[];
}

/** All views, with the fhirpath package loaded if one of them needs it. Throws a ViewError with the problems of all. */
export async function makeViewFlatteners(views: readonly WrittenView[], options: ViewOptions): Promise<MadeViews> {
  const { functions = new Map<string, ViewFunction>(), model } = options;
  const prepared = views.map((view) => prepareView(view, options));
  const problems = [...prepared.flatMap((view) => view.problems), ...findClashes(views, prepared, options.isTaken)];
  if (problems.some(({ severity }) => severity === 'error')) throw new ViewError(problems);
  const lowered = prepared.flatMap((view) => view.lowered ?? []);
  const fhirpath = lowered.some(({ slow }) => slow.length > 0) ? await loadFhirpathPackage(model.version) : undefined;
  const refused = lowered.flatMap((view, index) => findRefused(views[index] as WrittenView, view, fhirpath, functions));
  if (refused.length > 0) throw new ViewError(refused);
  return { flatteners: lowered.map((view) => compile(view, fhirpath, functions)), warnings: problems };
}

function compile({ plan, slow }: LoweredView, fhirpath: FhirpathPackage | undefined, functions: ReadonlyMap<string, ViewFunction>): Flattener {
  if (slow.length > 0 && fhirpath === undefined) throw new Error(`view ${plan.viewName} needs the fhirpath package`);
  return compileView(plan, (text, base) => (fhirpath as FhirpathPackage).compile(text, base, functions));
}

/** Names that are taken: letters' case does not count, as with files on some systems. */
function findClashes(
  views: readonly WrittenView[],
  prepared: readonly { readonly lowered: LoweredView | undefined }[],
  isTaken: ViewOptions['isTaken'] = () => false,
): readonly ViewProblem[] {
  const taken = new Set<string>();
  return prepared.flatMap(({ lowered }, index) => {
    const name = lowered?.plan.schema.name;
    const written = views[index];
    if (name === undefined || written === undefined) return [];
    const list = new ProblemList(written.origin, written.label, false);
    if (taken.has(name.toLowerCase())) list.add('VIEW_NAME_TWICE', 'name', { kind: 'view', name });
    else if (isTaken(name)) list.add('VIEW_NAME_TAKEN', 'name', { name });
    taken.add(name.toLowerCase());
    return list.problems;
  });
}

/** A view for people: its table, and what costs time in it. */
export interface ViewDescription {
  readonly schema: TableSchema;
  readonly slow: readonly SlowExpression[];
  /** Names of the columns that the fhirpath package evaluates. */
  readonly slowColumns: ReadonlySet<string>;
}

export interface CheckedViewFile {
  readonly written: WrittenView;
  /** Undefined when the view cannot be used. */
  readonly description: ViewDescription | undefined;
  readonly problems: readonly ViewProblem[];
}

/** Every view with its problems and what it would give; nothing is thrown. */
export async function describeViews(views: readonly WrittenView[], options: ViewOptions): Promise<readonly CheckedViewFile[]> {
  const prepared = views.map((view) => prepareView(view, options));
  const clashes = findClashes(views, prepared, options.isTaken);
  const needsPackage = prepared.some(({ lowered }) => (lowered?.slow.length ?? 0) > 0);
  const fhirpath = needsPackage ? await loadFhirpathPackage(options.model.version) : undefined;
  return prepared.map(({ lowered, problems }, index) => {
    const written = views[index] as WrittenView;
    const own = [...problems, ...clashes.filter(({ origin, view }) => origin === written.origin && view === written.label)];
    const refused = lowered === undefined ? [] : findRefused(written, lowered, fhirpath, options.functions);
    const all = [...own, ...refused];
    return { written, problems: all, description: lowered && all.every(({ severity }) => severity !== 'error') ? describe(lowered) : undefined };
  });
}

function describe({ plan, slow }: LoweredView): ViewDescription {
  const columnsOf = ({ columns, selections, union }: Selection): readonly ViewColumn[] => [...columns, ...[...selections, ...union].flatMap(columnsOf)];
  const slowColumns = plan.selections.flatMap(columnsOf).filter(({ expression }) => expression.kind === 'package');
  return { schema: plan.schema, slow, slowColumns: new Set(slowColumns.map(({ name }) => name)) };
}

/** Expressions that the fhirpath package reads otherwise than the parser here. */
function findRefused(
  written: WrittenView,
  { slow }: LoweredView,
  fhirpath: FhirpathPackage | undefined,
  functions: ViewOptions['functions'] = new Map(),
): readonly ViewProblem[] {
  const list = new ProblemList(written.origin, written.label, false);
  for (const { base, path, printed, text } of slow) {
    try {
      fhirpath?.compile(printed, base, functions);
    } catch {
      list.addAt('VIEW_SYNTAX', { path, text }, 0, { reason: 'the fhirpath package refuses this expression' });
    }
  }
  return list.problems;
}
