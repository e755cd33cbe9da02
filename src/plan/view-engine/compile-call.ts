// Functions that plugins bring. What they throw is told by the run, which knows whose they are.

import { isJsonObject, type JsonValue, NumberText } from '../../json.ts';
import type { Expression } from '../expression.ts';
import type { Compiler } from './compiler.ts';
import { type Evaluation, EvaluationFault, noValue, type Plural, type Value } from './values.ts';

type Call = Extract<Expression, { kind: 'call' }>;

export function compileCall({ args, function: called, of }: Call, compiler: Compiler): (focus: Value | undefined, evaluation: Evaluation) => Value[] {
  const input = compiler.plural(of);
  const operands = args.map((arg) => compiler.plural(arg));
  return (focus, evaluation) => {
    const values = listOf(input, focus, evaluation);
    const lists = operands.map((operand) => listOf(operand, focus, evaluation));
    const given = called.call(values, ...lists);
    if (!Array.isArray(given)) throw new EvaluationFault('VIEW_FUNCTION_FAILED', { name: called.name, reason: 'it gave no array' });
    return given.filter(isValue);
  };
}

/** Of its own: the function may keep it. */
function listOf(evaluate: Plural, focus: Value | undefined, evaluation: Evaluation): Value[] {
  const list: Value[] = [];
  evaluate(focus, evaluation, list);
  return list.filter((value) => value !== noValue);
}

function isValue(value: unknown): value is Value {
  if (value === null || value === undefined || Array.isArray(value)) return false;
  return (
    typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number' || value instanceof NumberText || isJsonObject(value as JsonValue)
  );
}
