// Expression → function, built once per table: no eval, no generated code. What gives at most one value never
// allocates a list; the others fill lists that are kept from one evaluation to the next.

import { isJsonObject } from '../../json.ts';
import type { Expression } from '../expression.ts';
import { compileCall } from './compile-call.ts';
import { compileMember, compileMemberSearch, compileMembers, compilePrimitiveElements } from './compile-members.ts';
import { compileOperation } from './compile-operations.ts';
import { compileString } from './compile-strings.ts';
import { type Compiler, gather, type PackageExpression } from './compiler.ts';
import { equalityOf } from './equality.ts';
import { EvaluationFault, type Find, type Plural, type Single, type Value } from './values.ts';

export function createCompiler(compilePackage: (text: string, base: string) => PackageExpression): Compiler {
  const compiler: Compiler = {
    single: (expression) => (expression.isMany ? onlyOne(plural(expression)) : single(expression)),
    plural: (expression) => (expression.isMany ? plural(expression) : pushOf(single(expression))),
    criterion(expression) {
      const evaluate = compiler.single(expression);
      return (focus, evaluation) => evaluate(focus, evaluation) === true;
    },
  };

  /** Of an expression that never gives several values. */
  function single(expression: Expression): Single {
    switch (expression.kind) {
      case 'focus':
        return (focus) => focus;
      case 'resource':
        return (_, { resource }) => resource;
      case 'rowIndex':
        return (_, { rowIndex }) => rowIndex;
      case 'index':
        return (_, { index }) => index;
      case 'literal': {
        const { value } = expression;
        return () => value;
      }
      case 'empty':
        return () => undefined;
      case 'member':
        return compileMember(expression, compiler);
      case 'where': {
        const of = compiler.single(expression.of);
        const isMet = compiler.criterion(expression.criterion);
        return (focus, evaluation) => {
          const value = of(focus, evaluation);
          if (value === undefined) return undefined;
          const outer = evaluation.index;
          evaluation.index = 0;
          const keeps = isMet(value, evaluation);
          evaluation.index = outer;
          return keeps ? value : undefined;
        };
      }
      case 'select':
      case 'with': {
        const of = compiler.single(expression.of);
        const project = compiler.single(expression.projection);
        return (focus, evaluation) => {
          const value = of(focus, evaluation);
          return value === undefined && expression.kind === 'select' ? undefined : project(value, evaluation);
        };
      }
      case 'resourcesOf': {
        const of = compiler.single(expression.of);
        const types = new Set(expression.types);
        return (focus, evaluation) => {
          const value = of(focus, evaluation);
          return isResourceOf(value, types) ? value : undefined;
        };
      }
      case 'item': {
        const items = gather(compiler.plural(expression.of));
        const index = compiler.single(expression.index);
        return (focus, evaluation) => {
          const position = index(focus, evaluation);
          return typeof position === 'number' ? items(focus, evaluation)[position] : undefined;
        };
      }
      case 'part':
        return compilePart(expression.of, expression.part);
      case 'skip':
      case 'take': {
        const of = compiler.single(expression.of);
        const count = compiler.single(expression.count);
        const isSkip = expression.kind === 'skip';
        return (focus, evaluation) => {
          const number = count(focus, evaluation);
          const value = of(focus, evaluation);
          return typeof number === 'number' && number > 0 !== isSkip ? value : undefined;
        };
      }
      case 'exists':
        return compileExists(expression.of, true);
      case 'empty?':
        return compileExists(expression.of, false);
      case 'count': {
        const items = gather(compiler.plural(expression.of));
        return (focus, evaluation) => items(focus, evaluation).length;
      }
      case 'all': {
        const items = gather(compiler.plural(expression.of));
        const isMet = compiler.criterion(expression.criterion);
        return (focus, evaluation) => {
          const outer = evaluation.index;
          const all = items(focus, evaluation).every((item, index) => {
            evaluation.index = index;
            return isMet(item, evaluation);
          });
          evaluation.index = outer;
          return all;
        };
      }
      case 'isAmong': {
        const item = compiler.single(expression.item);
        const items = gather(compiler.plural(expression.list));
        const areEqual = equalityOf(expression.as);
        return (focus, evaluation) => {
          const value = item(focus, evaluation);
          return value === undefined ? undefined : items(focus, evaluation).some((candidate) => areEqual(candidate, value) === true);
        };
      }
      case 'choose': {
        const isMet = compiler.criterion(expression.condition);
        const whenTrue = compiler.single(expression.whenTrue);
        const otherwise = compiler.single(expression.otherwise);
        return (focus, evaluation) => (isMet(focus, evaluation) ? whenTrue(focus, evaluation) : otherwise(focus, evaluation));
      }
      case 'join':
      case 'string':
      case 'matches':
        return compileString(expression, compiler);
      case 'call': {
        const call = compileCall(expression, compiler);
        return (focus, evaluation) => {
          const [value, ...rest] = call(focus, evaluation);
          if (rest.length > 0) throw new EvaluationFault('VIEW_SEVERAL_VALUES', { count: rest.length + 1 });
          return value;
        };
      }
      case 'booleans':
      case 'hasValue':
      case 'not':
      case 'isThere':
      case 'logic':
      case 'equal':
      case 'equivalent':
      case 'compare':
      case 'arithmetic':
      case 'negate':
      case 'concatenate':
      case 'convert':
      case 'boundary':
      case 'resourceKey':
      case 'referenceKey':
        return compileOperation(expression, compiler);
      case 'primitiveElement':
      case 'extension':
      case 'union':
      case 'combine':
      case 'split':
      case 'package':
        return onlyOne(plural(expression));
      default:
        return expression satisfies never;
    }
  }

  function plural(expression: Expression): Plural {
    switch (expression.kind) {
      case 'member':
        return compileMembers(expression, compiler);
      case 'primitiveElement':
        return compilePrimitiveElements(expression, compiler);
      case 'extension': {
        const items = gather(compiler.plural(expression.of));
        const url = compiler.single(expression.url);
        return (focus, evaluation, out) => {
          const wanted = url(focus, evaluation);
          if (typeof wanted !== 'string') return;
          for (const item of items(focus, evaluation)) {
            const extensions = isJsonObject(item) ? item['extension'] : undefined;
            if (!Array.isArray(extensions)) continue;
            for (const extension of extensions) if (isJsonObject(extension) && extension['url'] === wanted) out.push(extension);
          }
        };
      }
      case 'where': {
        const items = gather(compiler.plural(expression.of));
        const isMet = compiler.criterion(expression.criterion);
        return (focus, evaluation, out) => {
          const outer = evaluation.index;
          const list = items(focus, evaluation);
          for (let index = 0; index < list.length; index++) {
            evaluation.index = index;
            const item = list[index] as Value;
            if (isMet(item, evaluation)) out.push(item);
          }
          evaluation.index = outer;
        };
      }
      case 'select': {
        const items = gather(compiler.plural(expression.of));
        const project = compiler.plural(expression.projection);
        return (focus, evaluation, out) => {
          const outer = evaluation.index;
          const list = items(focus, evaluation);
          for (let index = 0; index < list.length; index++) {
            evaluation.index = index;
            project(list[index], evaluation, out);
          }
          evaluation.index = outer;
        };
      }
      case 'with': {
        const of = compiler.single(expression.of);
        const project = compiler.plural(expression.projection);
        return (focus, evaluation, out) => project(of(focus, evaluation), evaluation, out);
      }
      case 'resourcesOf': {
        const items = gather(compiler.plural(expression.of));
        const types = new Set(expression.types);
        return (focus, evaluation, out) => {
          for (const item of items(focus, evaluation)) if (isResourceOf(item, types)) out.push(item);
        };
      }
      case 'part': {
        // Only `tail` gives several.
        const items = gather(compiler.plural(expression.of));
        return (focus, evaluation, out) => {
          const list = items(focus, evaluation);
          for (let index = 1; index < list.length; index++) out.push(list[index] as Value);
        };
      }
      case 'skip':
      case 'take': {
        const items = gather(compiler.plural(expression.of));
        const count = compiler.single(expression.count);
        const isSkip = expression.kind === 'skip';
        return (focus, evaluation, out) => {
          const number = count(focus, evaluation);
          if (typeof number !== 'number') return;
          const border = Math.max(0, number);
          for (const item of isSkip ? items(focus, evaluation).slice(border) : items(focus, evaluation).slice(0, border)) out.push(item);
        };
      }
      case 'union': {
        const operands = expression.operands.map((operand) => compiler.plural(operand));
        const areEqual = equalityOf(expression.as);
        return (focus, evaluation, out) => {
          const first = out.length;
          const all: Value[] = [];
          for (const operand of operands) operand(focus, evaluation, all);
          for (const value of all) {
            let isNew = true;
            for (let index = first; index < out.length && isNew; index++) isNew = areEqual(out[index] as Value, value) !== true;
            if (isNew) out.push(value);
          }
        };
      }
      case 'combine': {
        const left = compiler.plural(expression.left);
        const right = compiler.plural(expression.right);
        return (focus, evaluation, out) => {
          left(focus, evaluation, out);
          right(focus, evaluation, out);
        };
      }
      case 'split': {
        const of = compiler.single(expression.of);
        const separator = compiler.single(expression.separator);
        return (focus, evaluation, out) => {
          const text = of(focus, evaluation);
          const between = separator(focus, evaluation);
          if (typeof text === 'string' && typeof between === 'string') for (const part of text.split(between)) out.push(part);
        };
      }
      case 'choose': {
        const isMet = compiler.criterion(expression.condition);
        const whenTrue = compiler.plural(expression.whenTrue);
        const otherwise = compiler.plural(expression.otherwise);
        return (focus, evaluation, out) => (isMet(focus, evaluation) ? whenTrue(focus, evaluation, out) : otherwise(focus, evaluation, out));
      }
      case 'referenceKey': {
        const items = gather(compiler.plural(expression.of));
        const keyOf = compiler.single({ ...expression, of: { kind: 'focus', isMany: false }, isMany: false });
        return (focus, evaluation, out) => {
          for (const item of items(focus, evaluation)) {
            const key = keyOf(item, evaluation);
            if (key !== undefined) out.push(key);
          }
        };
      }
      case 'call': {
        const call = compileCall(expression, compiler);
        return (focus, evaluation, out) => {
          for (const value of call(focus, evaluation)) out.push(value);
        };
      }
      case 'package': {
        const evaluate = compilePackage(expression.text, expression.base);
        return (focus, evaluation, out) => {
          if (focus === undefined) return;
          for (const value of evaluate(focus, evaluation)) out.push(value);
        };
      }
      default:
        return pushOf(single(expression));
    }
  }

  function compilePart(of: Expression, part: 'first' | 'last' | 'tail' | 'single'): Single {
    if (!of.isMany) return part === 'tail' ? () => undefined : compiler.single(of);
    if (part === 'single') return onlyOne(plural(of));
    if (part === 'first') return search(of, identity);
    const items = gather(plural(of));
    return (focus, evaluation) => items(focus, evaluation).at(-1);
  }

  function compileExists(of: Expression, expected: boolean): Single {
    if (!of.isMany) {
      const value = compiler.single(of);
      return (focus, evaluation) => (value(focus, evaluation) !== undefined) === expected;
    }
    const first = search(of, identity);
    return (focus, evaluation) => (first(focus, evaluation) !== undefined) === expected;
  }

  /** The first of the values for which `find` gives something: what it gives. No list is made on the way. */
  function search(expression: Expression, find: Find): Single {
    if (!expression.isMany) {
      const value = compiler.single(expression);
      return (focus, evaluation) => {
        const found = value(focus, evaluation);
        return found === undefined ? undefined : find(found, evaluation);
      };
    }
    switch (expression.kind) {
      case 'member':
        return search(expression.of, compileMemberSearch(expression.keys, find));
      case 'where': {
        if (readsIndex(expression.criterion)) break;
        const isMet = compiler.criterion(expression.criterion);
        return search(expression.of, (value, evaluation) => (isMet(value, evaluation) ? find(value, evaluation) : undefined));
      }
      default:
        break;
    }
    const items = gather(plural(expression));
    return (focus, evaluation) => {
      const list = items(focus, evaluation);
      for (let index = 0; index < list.length; index++) {
        const found = find(list[index] as Value, evaluation);
        if (found !== undefined) return found;
      }
      return undefined;
    };
  }

  return compiler;
}

function identity(value: Value): Value {
  return value;
}

/** True when a criterion asks for `$index`, which is counted only where all items are gone through. */
function readsIndex(expression: Expression): boolean {
  return JSON.stringify(expression).includes('"kind":"index"');
}

function onlyOne(evaluate: Plural): Single {
  const items = gather(evaluate);
  return (focus, evaluation) => {
    const list = items(focus, evaluation);
    if (list.length > 1) throw new EvaluationFault('VIEW_SEVERAL_VALUES', { count: list.length });
    return list[0];
  };
}

function pushOf(evaluate: Single): Plural {
  return (focus, evaluation, out) => {
    const value = evaluate(focus, evaluation);
    if (value !== undefined) out.push(value);
  };
}

function isResourceOf(value: Value | undefined, types: ReadonlySet<string>): value is Value {
  return isJsonObject(value) && typeof value['resourceType'] === 'string' && types.has(value['resourceType']);
}
