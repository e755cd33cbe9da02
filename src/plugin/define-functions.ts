// Functions of a user's plugin → functions for the expressions of views. They get plain values and may give one or a list.

import type { JsonValue } from '../json.ts';
import type { ViewFunction } from '../types.ts';
import { isRecord } from './define-flattener.ts';
import { toPlain } from './flattener-context.ts';
import { invalidPlugin } from './plugin-fault.ts';

/**
 * Called with the items before the point, and with those of each argument: `name.initials()` is called with the names.
 * Gives a value, a list of them, or nothing.
 */
// biome-ignore lint/suspicious/noExplicitAny: what the items are depends on the view; `unknown` would ask for a cast in each.
export type FunctionBody = (input: readonly any[], ...args: readonly (readonly any[])[]) => unknown;

export interface FunctionSpec {
  readonly evaluate: FunctionBody;
  /** FHIR type of what it gives, such as `string`: for columns without a type. */
  readonly type?: string;
  /** True when it never gives more than one value. */
  readonly isSingle?: boolean;
  /** How many arguments it takes; any number when not said. */
  readonly arity?: { readonly min: number; readonly max: number };
}

const functionName = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

export function makeFunctions(plugin: string, functions: unknown): readonly ViewFunction[] {
  if (functions === undefined) return [];
  // Those of a plugin that has been defined already.
  if (Array.isArray(functions)) return functions as readonly ViewFunction[];
  if (!isRecord(functions)) throw invalidPlugin(plugin, 'functions takes an object with functions by name');
  return Object.entries(functions).map(([name, given]) => {
    if (!functionName.test(name)) throw invalidPlugin(plugin, 'the names of functions are letters, digits and underscores');
    const spec = typeof given === 'function' ? { evaluate: given } : given;
    if (!isRecord(spec) || typeof spec['evaluate'] !== 'function')
      throw invalidPlugin(plugin, `function ${name} takes a function, or an object with a function evaluate`);
    const { arity, isSingle, type } = spec;
    if (arity !== undefined && !isArity(arity)) throw invalidPlugin(plugin, `function ${name}: arity takes { min, max }`);
    if (type !== undefined && typeof type !== 'string') throw invalidPlugin(plugin, `function ${name}: type takes the name of a FHIR type`);
    const evaluate = spec['evaluate'] as FunctionBody;
    return {
      name,
      ...(arity !== undefined && { arity }),
      ...(type !== undefined && { type }),
      ...(typeof isSingle === 'boolean' && { isSingle }),
      call: (input, ...args) => toList(evaluate(plainList(input), ...args.map(plainList))),
    };
  });
}

function isArity(value: unknown): value is { readonly min: number; readonly max: number } {
  return (
    isRecord(value) &&
    Number.isInteger(value['min']) &&
    Number.isInteger(value['max']) &&
    Number(value['min']) >= 0 &&
    Number(value['max']) >= Number(value['min'])
  );
}

/** Numbers as numbers; objects as frozen copies, since others read them too. */
function plainList(items: readonly unknown[]): readonly unknown[] {
  return items.map((item) => toPlain(item as JsonValue, undefined));
}

function toList(given: unknown): readonly unknown[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  return list.filter((item) => item !== null && item !== undefined);
}
