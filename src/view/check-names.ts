// What an expression refers to: constants, functions and types that there are, functions with as many arguments as they
// take. All of it is told before anything is evaluated, whoever evaluates it.

import { functionArities, serverFunctions, typeFunctions } from './function-names.ts';
import { readTypeArgument } from './lower-call.ts';
import type { ExpressionContext } from './outcome.ts';
import type { Syntax, TypeName } from './syntax.ts';
import { resolveTypeName } from './types-of-values.ts';

/** What FHIRPath and SQL on FHIR define beside the view's own constants. */
const environment = /^(?:ucum|sct|loinc|resource|rootResource|context|rowIndex|vs-.+|ext-.+)$/;

/** Reports what is not there. */
export function checkNames(syntax: Syntax, context: ExpressionContext): void {
  const variables = new Set<string>();
  check(syntax);

  function check(node: Syntax): void {
    switch (node.kind) {
      case 'literal':
      case 'variable':
        return;
      case 'constant':
        if (!context.constants.has(node.name) && !environment.test(node.name) && !variables.has(node.name)) {
          report('VIEW_CONSTANT_UNKNOWN', node.offset, { name: node.name.slice(0, 80) });
        }
        return;
      case 'member':
        if (node.of !== undefined) check(node.of);
        return;
      case 'call':
        if (node.of !== undefined) check(node.of);
        checkCall(node);
        return;
      case 'indexer':
        check(node.of);
        check(node.index);
        return;
      case 'polarity':
        check(node.operand);
        return;
      case 'type':
        check(node.operand);
        checkType(node.type);
        return;
      case 'binary':
        check(node.left);
        check(node.right);
        return;
      default:
        node satisfies never;
    }
  }

  function checkCall({ args, name, offset }: Extract<Syntax, { kind: 'call' }>): void {
    const custom = context.functions.get(name);
    const arity = custom === undefined ? functionArities.get(name) : (custom.arity ?? { min: 0, max: Number.MAX_SAFE_INTEGER });
    if (arity === undefined) {
      report(serverFunctions.has(name) ? 'VIEW_FUNCTION_SERVER' : 'VIEW_FUNCTION_UNKNOWN', offset, { name: name.slice(0, 80) });
    } else if (args.length < arity.min || args.length > arity.max) {
      const expected = arity.max === 0 ? 'no argument' : arity.min === arity.max ? `${arity.min} arguments` : `${arity.min} to ${arity.max} arguments`;
      report('VIEW_ARGUMENTS', offset, { name, expected: expected.replace(/^1 arguments/, '1 argument'), count: args.length });
    }
    if (custom === undefined && typeFunctions.has(name)) {
      const [argument] = args;
      if (argument === undefined) return;
      const type = readTypeArgument(argument);
      if (type === undefined) report('VIEW_ARGUMENTS', argument.offset, { name, expected: 'the name of a type', count: 'a value' });
      else checkType(type);
      return;
    }
    // From there on it can be used as a constant.
    if (name === 'defineVariable' && args[0]?.kind === 'literal' && args[0].literal.type === 'string') variables.add(args[0].literal.value);
    for (const argument of args) check(argument);
  }

  function checkType(type: TypeName): void {
    if (resolveTypeName(type, context.model) !== undefined) return;
    const name = type.namespace === undefined ? type.name : `${type.namespace}.${type.name}`;
    report('VIEW_TYPE_UNKNOWN', type.offset, { name: name.slice(0, 80), version: context.model.version.toUpperCase() });
  }

  function report(
    code: 'VIEW_CONSTANT_UNKNOWN' | 'VIEW_FUNCTION_UNKNOWN' | 'VIEW_FUNCTION_SERVER' | 'VIEW_ARGUMENTS' | 'VIEW_TYPE_UNKNOWN',
    offset: number,
    parameters: Readonly<Record<string, string | number>>,
  ): void {
    context.problems.addAt(code, context.place, offset, parameters);
  }
}
