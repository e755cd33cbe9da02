// What is wrong with a view, and where: file, view, path in the view, line and column in the expression.

import { type Diagnostic, type DiagnosticCode, type MessageParameters, makeDiagnostic, UserError } from '../diagnostics.ts';
import { placeOf } from './syntax.ts';

export interface ViewProblem {
  readonly code: DiagnosticCode;
  readonly severity: 'error' | 'warning';
  /** File of the view. */
  readonly origin: string;
  /** Its name, or its number in the file. */
  readonly view: string;
  /** Such as `select[0].column[1].path`; empty: the view as a whole. */
  readonly path: string;
  /** In the expression, from 1. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly parameters: MessageParameters;
  readonly diagnostic: Diagnostic;
}

/** A view, or several, that cannot be used. Nothing was run. */
export class ViewError extends UserError {
  readonly problems: readonly ViewProblem[];

  constructor(problems: readonly ViewProblem[]) {
    const errors = problems.filter(({ severity }) => severity === 'error');
    super('VIEW_INVALID', {
      parameters: { problems: countOf(errors.length, 'problem'), views: countOf(new Set(errors.map(({ origin, view }) => `${origin} ${view}`)).size, 'view') },
      exitCode: 2,
      causes: errors.map(({ diagnostic }) => diagnostic),
    });
    this.name = 'ViewError';
    this.problems = problems;
  }
}

export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Where an expression stands, for messages about it. */
export interface ExpressionPlace {
  readonly path: string;
  readonly text: string;
}

/** Longer names of views are cut in messages. */
const longestName = 80;

/** Collects the problems of one view. */
export class ProblemList {
  readonly problems: ViewProblem[] = [];
  readonly origin: string;
  readonly isStrict: boolean;
  view: string;

  constructor(origin: string, view: string, isStrict: boolean) {
    this.origin = origin;
    this.view = view;
    this.isStrict = isStrict;
  }

  /** True when there is a problem at this path of the view. */
  has(path: string): boolean {
    return this.problems.some((problem) => problem.path === path);
  }

  get hasErrors(): boolean {
    return this.problems.some(({ severity }) => severity === 'error');
  }

  add(code: DiagnosticCode, path: string, parameters: MessageParameters = {}): void {
    this.#add(code, path, undefined, parameters);
  }

  /** `offset`: of the character in the expression's text that it is about. */
  addAt(code: DiagnosticCode, { path, text }: ExpressionPlace, offset: number, parameters: MessageParameters = {}): void {
    this.#add(code, path, placeOf(text, offset), parameters);
  }

  #add(code: DiagnosticCode, path: string, place: { line: number; column: number } | undefined, parameters: MessageParameters): void {
    const name = this.view.length > longestName ? `${this.view.slice(0, longestName)}…` : this.view;
    const parts = [`view ${name}`, ...(path === '' ? [] : [path]), ...(place === undefined ? [] : [`line ${place.line}, column ${place.column}`])];
    const all = { ...parameters, place: parts.join(', ') };
    const made = makeDiagnostic(code, { sourceName: this.origin }, all);
    const severity = made.severity === 'warning' && this.isStrict ? 'error' : made.severity === 'error' ? 'error' : 'warning';
    const diagnostic: Diagnostic = { ...made, severity };
    this.problems.push({ code, severity, origin: this.origin, view: this.view, path, line: place?.line, column: place?.column, parameters: all, diagnostic });
  }
}
