// What a FHIRPath expression means, as data: typed, names resolved to JSON keys, every operation told which kind of
// values it works on. The front end decides all of that; an engine only carries it out.
//
// What an Expression gives is a list of values in order. `isMany` false: never more than one, whatever the data; then an
// engine needs no list. A value is JSON of the input or a result: a string (also dates and times, as their text), a
// boolean, a number or NumberText, an object. A primitive element that has an extension and no value is a value, which
// exists, equals nothing and is null in a cell.

import type { NumberText } from '../json.ts';
import type { ViewFunction } from '../types.ts';

export type Scalar = string | number | boolean | NumberText;

/** Of values that can be compared with each other. `moment`: date, dateTime and instant, by their text. */
export type ValueKind = 'text' | 'number' | 'boolean' | 'moment' | 'time';

/** A JSON key of an element; of a primitive, `_key` beside it may hold id and extensions. */
export interface ElementKey {
  readonly key: string;
  readonly isPrimitive: boolean;
}

export type StringFunction =
  | 'startsWith'
  | 'endsWith'
  | 'contains'
  | 'indexOf'
  | 'lastIndexOf'
  | 'substring'
  | 'replace'
  | 'upper'
  | 'lower'
  | 'trim'
  | 'length';

export type Conversion = 'toString' | 'toInteger' | 'toDecimal' | 'toBoolean';

type Shape =
  /** `$this`: the resource, an item of an iteration, or what a criterion is about. */
  | { readonly kind: 'focus' }
  | { readonly kind: 'resource' }
  | { readonly kind: 'rowIndex' }
  /** `$index` */
  | { readonly kind: 'index' }
  | { readonly kind: 'literal'; readonly value: Scalar }
  | { readonly kind: 'empty' }
  /** What stands under the keys of each object of `of`. */
  | { readonly kind: 'member'; readonly of: Expression; readonly keys: readonly ElementKey[] }
  /** Objects under `_key`: id and extensions of primitives. */
  | { readonly kind: 'primitiveElement'; readonly of: Expression; readonly keys: readonly string[] }
  | { readonly kind: 'extension'; readonly of: Expression; readonly url: Expression }
  | { readonly kind: 'where'; readonly of: Expression; readonly criterion: Expression }
  | { readonly kind: 'select'; readonly of: Expression; readonly projection: Expression }
  /** The resources of these types. */
  | { readonly kind: 'resourcesOf'; readonly of: Expression; readonly types: readonly string[] }
  | { readonly kind: 'item'; readonly of: Expression; readonly index: Expression }
  | { readonly kind: 'part'; readonly of: Expression; readonly part: 'first' | 'last' | 'tail' | 'single' }
  | { readonly kind: 'skip' | 'take'; readonly of: Expression; readonly count: Expression }
  | { readonly kind: 'exists' | 'empty?'; readonly of: Expression }
  | { readonly kind: 'hasValue'; readonly of: Expression }
  | { readonly kind: 'all'; readonly of: Expression; readonly criterion: Expression }
  | { readonly kind: 'booleans'; readonly of: Expression; readonly test: 'allTrue' | 'anyTrue' | 'allFalse' | 'anyFalse' }
  | { readonly kind: 'count'; readonly of: Expression }
  | { readonly kind: 'not'; readonly of: Expression }
  /** True when there is a value: a single item where a boolean is expected. */
  | { readonly kind: 'isThere'; readonly of: Expression }
  | { readonly kind: 'logic'; readonly operator: 'and' | 'or' | 'xor' | 'implies'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'equal'; readonly isNegated: boolean; readonly as: ValueKind; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'equivalent'; readonly isNegated: boolean; readonly as: 'text' | 'boolean'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'compare'; readonly operator: '<' | '<=' | '>' | '>='; readonly as: ValueKind; readonly left: Expression; readonly right: Expression }
  /** True when `item` equals one of `list`. */
  | { readonly kind: 'isAmong'; readonly as: ValueKind; readonly item: Expression; readonly list: Expression }
  /** All items of the operands, each value once. */
  | { readonly kind: 'union'; readonly as: ValueKind; readonly operands: readonly Expression[] }
  | { readonly kind: 'combine'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'arithmetic'; readonly operator: '+' | '-' | '*' | '/' | 'div' | 'mod'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'negate'; readonly of: Expression }
  /** `&` takes an absent operand as ''; with `+` the result is then absent. */
  | { readonly kind: 'concatenate'; readonly operator: '+' | '&'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'string'; readonly function: StringFunction; readonly of: Expression; readonly args: readonly Expression[] }
  /** A regular expression that is known beforehand. */
  | { readonly kind: 'matches'; readonly of: Expression; readonly pattern: RegExp }
  | { readonly kind: 'split'; readonly of: Expression; readonly separator: Expression }
  | { readonly kind: 'join'; readonly of: Expression; readonly separator: Expression | undefined }
  | { readonly kind: 'convert'; readonly to: Conversion; readonly of: Expression }
  | { readonly kind: 'boundary'; readonly side: 'low' | 'high'; readonly as: 'number' | 'date' | 'dateTime' | 'time'; readonly of: Expression }
  | { readonly kind: 'choose'; readonly condition: Expression; readonly whenTrue: Expression; readonly otherwise: Expression }
  /** `projection` with the only item of `of` as its focus. */
  | { readonly kind: 'with'; readonly of: Expression; readonly projection: Expression }
  /** The id that the run gives the resource. */
  | { readonly kind: 'resourceKey'; readonly of: Expression }
  /** The id of what a Reference points to; `type`: only of that type. `targets`: what the element may point to. */
  | { readonly kind: 'referenceKey'; readonly of: Expression; readonly type: string | undefined; readonly targets: readonly string[] }
  | { readonly kind: 'call'; readonly function: ViewFunction; readonly of: Expression; readonly args: readonly Expression[] }
  /** Evaluated by the fhirpath package. `base`: the type of the focus. */
  | { readonly kind: 'package'; readonly text: string; readonly base: string };

export type Expression = Shape & { readonly isMany: boolean };
