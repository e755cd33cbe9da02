// How the parts of the compiler call each other.

import type { Expression } from '../expression.ts';
import type { Evaluation, Plural, Single, Value } from './values.ts';

/** How the fhirpath package evaluates an expression for one focus. */
export type PackageExpression = (focus: Value, evaluation: Evaluation) => readonly Value[];

/** What expressions need besides themselves. */
export interface Compiler {
  single(expression: Expression): Single;
  plural(expression: Expression): Plural;
  /** True for each value for which a criterion holds. */
  criterion(expression: Expression): (focus: Value | undefined, evaluation: Evaluation) => boolean;
}

/** A list that is kept: valid until the same function is called again. */
export function gather(evaluate: Plural): (focus: Value | undefined, evaluation: Evaluation) => Value[] {
  const list: Value[] = [];
  return (focus, evaluation) => {
    // Most lists are empty, and setting a length costs more than looking at it.
    if (list.length > 0) list.length = 0;
    evaluate(focus, evaluation, list);
    return list;
  };
}
