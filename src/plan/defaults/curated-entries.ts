// The words in which curated tables are written: what an entry of a table is, and short forms for the frequent ones.

import type { ItemRule } from '../plan.ts';
import type { Step } from './moved-elements.ts';

/** What a computed column shows of the object that its steps lead to. */
export type Show =
  /** A primitive. */
  | { readonly as: 'value'; readonly key: string }
  /** The label of a CodeableConcept. */
  | { readonly as: 'label'; readonly key: string }
  /** How many items a list has. */
  | { readonly as: 'count'; readonly key: string }
  /** Hours from one dateTime to another. */
  | { readonly as: 'hours'; readonly startKey: string; readonly endKey: string }
  /** All columns that the element under the key has by its data type. */
  | { readonly as: 'columns'; readonly key: string };

export interface ComputedColumn {
  readonly name: string;
  /** Several: the first that is present. */
  readonly from: readonly { readonly at: readonly Step[]; readonly show: Show }[];
  readonly description: string;
}

/** A choice element, where some of its types have no columns of their own: label and type tell of them, other_json holds them. */
export interface NarrowedChoice {
  readonly choice: string;
  readonly without: readonly string[];
}

export type CuratedEntry = string | NarrowedChoice | ComputedColumn;

export const first: ItemRule = { rule: 'first' };

/** From an object to what stands under a key: an object, or one item of an array by a rule. */
export function at(key: string, rule?: ItemRule): Step {
  return rule === undefined ? { key } : { key, rule };
}

/** A column for a primitive. */
export function value(name: string, steps: readonly Step[], key: string, description: string): ComputedColumn {
  return { name, from: [{ at: steps, show: { as: 'value', key } }], description };
}

/** A column for the label of a CodeableConcept. */
export function label(name: string, steps: readonly Step[], key: string, description: string): ComputedColumn {
  return { name, from: [{ at: steps, show: { as: 'label', key } }], description };
}

/** A column that counts the items of an array. */
export function count(name: string, key: string, description: string): ComputedColumn {
  return { name, from: [{ at: [], show: { as: 'count', key } }], description };
}

/** All columns that an element has by its data type, under another name. */
export function columns(name: string, steps: readonly Step[], key: string, description: string): ComputedColumn {
  return { name, from: [{ at: steps, show: { as: 'columns', key } }], description };
}

/** A column for the identifier of a type or system. */
export function identifierOf(name: string, typeCodes: readonly string[], systems: readonly string[], description: string): ComputedColumn {
  return value(name, [at('identifier', { rule: 'identifierOf', typeCodes, systems })], 'value', description);
}

/** A column for the code of one system among the codings of a concept. */
export function codeOf(name: string, concept: string, systems: readonly string[], description: string): ComputedColumn {
  return value(name, [at(concept), at('coding', { rule: 'codingOfSystem', systems })], 'code', description);
}

/** To the extension with a url. */
export function extension(url: string): Step {
  return at('extension', { rule: 'extension', url });
}
