// Literals → Expressions: numbers keep their text where a double does not, dates and times always do.

import type { NumberText } from '../json.ts';
import { isMoment, isTime } from '../plan/view-engine/moments.ts';
import { type ExpressionContext, emptyOutcome, NotNative, type Outcome, outcome, readNumber, Unusable } from './outcome.ts';
import type { Literal } from './syntax.ts';

/** Throws NotNative, or Unusable when a problem was reported. */
export function lowerLiteral(literal: Literal, offset: number, { place, problems }: ExpressionContext): Outcome {
  const value = (scalar: string | number | boolean | NumberText, type: string): Outcome =>
    outcome({ kind: 'literal', value: scalar, isMany: false }, `System.${type}`);
  switch (literal.type) {
    case 'empty':
      return emptyOutcome;
    case 'boolean':
      return value(literal.value, 'Boolean');
    case 'string':
      return value(literal.value, 'String');
    case 'integer':
    case 'decimal':
      return value(readNumber(literal.text), literal.type === 'integer' ? 'Integer' : 'Decimal');
    case 'date':
    case 'dateTime':
    case 'time': {
      const isValid = literal.type === 'time' ? isTime(literal.text) : isMoment(literal.text);
      if (isValid) return value(literal.text.replace(/T$/, ''), literal.type === 'date' ? 'Date' : literal.type === 'time' ? 'Time' : 'DateTime');
      problems.addAt('VIEW_SYNTAX', place, offset, { reason: `there is no such ${literal.type}` });
      throw new Unusable();
    }
    case 'long':
      throw new NotNative('a Long literal');
    case 'quantity':
      throw new NotNative('a quantity literal');
    default:
      return literal satisfies never;
  }
}
