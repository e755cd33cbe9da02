// Whether two values are equal, by the kind of values they are; undefined where that is open.
// https://hl7.org/fhirpath/N1/#equals

import type { ValueKind } from '../expression.ts';
import { compareNumbers } from './decimals.ts';
import { compareMoments, compareTimes } from './moments.ts';
import { isNumeric, type Value } from './values.ts';

export type Equality = (a: Value, b: Value) => boolean | undefined;

export function equalityOf(kind: ValueKind): Equality {
  switch (kind) {
    case 'text':
    case 'boolean':
      // What has extensions only is an object, equal to nothing.
      return (a, b) => a === b && typeof a !== 'object';
    case 'number':
    case 'moment':
    case 'time': {
      const compare = comparisonOf(kind);
      return (a, b) => {
        if (typeof a !== typeof b && !(isNumeric(a) && isNumeric(b))) return false;
        const order = compare(a, b);
        return order === undefined ? (kind === 'number' ? false : undefined) : order === 0;
      };
    }
    default:
      return kind satisfies never;
  }
}

/** Negative, 0, positive; undefined where that is open, or a value is not of the kind. */
export function comparisonOf(kind: ValueKind): (a: Value, b: Value) => number | undefined {
  switch (kind) {
    case 'number':
      return (a, b) => (isNumeric(a) && isNumeric(b) ? compareNumbers(a, b) : undefined);
    case 'moment':
      return (a, b) => (typeof a === 'string' && typeof b === 'string' ? compareMoments(a, b) : undefined);
    case 'time':
      return (a, b) => (typeof a === 'string' && typeof b === 'string' ? compareTimes(a, b) : undefined);
    case 'text':
    case 'boolean':
      return (a, b) => (typeof a === 'string' && typeof b === 'string' ? (a < b ? -1 : a > b ? 1 : 0) : undefined);
    default:
      return kind satisfies never;
  }
}
