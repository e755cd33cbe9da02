// A ViewDefinition as checked: complete, with every expression at its place. As written it is any JSON.
// https://sql-on-fhir.org/ig/StructureDefinition-ViewDefinition.html

import type { ViewConstant } from './outcome.ts';

export interface CheckedView {
  readonly name: string;
  readonly resourceType: string;
  readonly description: string | undefined;
  readonly constants: ReadonlyMap<string, ViewConstant>;
  readonly where: readonly ViewPath[];
  readonly selections: readonly CheckedSelection[];
}

/** An expression as written. */
export interface ViewPath {
  readonly text: string;
  /** Where it stands in the view, such as `select[0].column[1].path`. */
  readonly path: string;
}

export interface CheckedColumn {
  readonly name: string;
  /** Where the column stands in the view. */
  readonly place: string;
  readonly path: ViewPath;
  readonly isCollection: boolean;
  /** As written: a FHIR type's name or URL. */
  readonly declaredType: string | undefined;
  /** Value of the tag `ansi/type`. */
  readonly sqlType: string | undefined;
  /** The tag `fhir-flatten/key` is `true`: the column is one of those that tell a row from all others. */
  readonly isKey: boolean;
  readonly description: string | undefined;
}

export interface CheckedSelection {
  readonly place: string;
  readonly iteration:
    | { readonly kind: 'forEach' | 'forEachOrNull'; readonly path: ViewPath }
    | { readonly kind: 'repeat'; readonly paths: readonly ViewPath[] }
    | undefined;
  readonly columns: readonly CheckedColumn[];
  readonly selections: readonly CheckedSelection[];
  readonly union: readonly CheckedSelection[];
}
