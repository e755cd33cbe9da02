// A table as a ViewDefinition says it: columns, iterations and unions over Expressions. Rows come in the order of the
// iterations, the first selection outermost.
// https://sql-on-fhir.org/ig/StructureDefinition-ViewDefinition.html

import type { TableSchema } from '../types.ts';
import type { Expression } from './expression.ts';

export interface ViewPlan {
  readonly schema: TableSchema;
  /** As written; for messages. */
  readonly viewName: string;
  /** A resource has rows when each is true; empty is false, and what is no boolean is an error. */
  readonly where: readonly ViewCriterion[];
  readonly selections: readonly Selection[];
}

export interface ViewCriterion {
  readonly expression: Expression;
  /** As written. */
  readonly text: string;
}

export interface ViewColumn {
  /** In the table's schema. */
  readonly index: number;
  readonly name: string;
  readonly expression: Expression;
  readonly text: string;
  /** A list, also of none; otherwise several values are an error. */
  readonly isCollection: boolean;
  /** Reads %rowIndex and nothing of the resource: it has its value also where an iteration has no item. */
  readonly showsIndexOnly: boolean;
  /** Values may be of another type than the column's, and are made to fit. */
  readonly isFitted: boolean;
}

/** What stands in one `select`: the columns, then `selections`, then the branches of `unionAll`, all combined. */
export interface Selection {
  readonly iteration: Iteration | undefined;
  readonly columns: readonly ViewColumn[];
  readonly selections: readonly Selection[];
  readonly union: readonly Selection[];
}

export type Iteration =
  | { readonly kind: 'forEach' | 'forEachOrNull'; readonly items: Expression; readonly text: string }
  /** Items, their items and so on, each before its own: depth first, in the order of the paths. */
  | { readonly kind: 'repeat'; readonly paths: readonly Expression[]; readonly text: string };
