// Functions on strings. https://hl7.org/fhirpath/N1/#string-manipulation

import type { Expression, StringFunction } from '../expression.ts';
import { type Compiler, gather } from './compiler.ts';
import type { Single, Value } from './values.ts';

export function compileString(expression: Extract<Expression, { kind: 'string' | 'matches' | 'join' }>, compiler: Compiler): Single {
  switch (expression.kind) {
    case 'string': {
      const of = compiler.single(expression.of);
      const args = expression.args.map((arg) => compiler.single(arg));
      const apply = functionOf(expression.function);
      const values: (Value | undefined)[] = [];
      return (focus, evaluation) => {
        const text = of(focus, evaluation);
        for (let index = 0; index < args.length; index++) values[index] = args[index]?.(focus, evaluation);
        return typeof text === 'string' ? apply(text, values[0], values[1], args.length) : undefined;
      };
    }
    case 'matches': {
      const of = compiler.single(expression.of);
      const { pattern } = expression;
      return (focus, evaluation) => {
        const text = of(focus, evaluation);
        return typeof text === 'string' ? pattern.test(text) : undefined;
      };
    }
    case 'join': {
      const items = gather(compiler.plural(expression.of));
      const separator = expression.separator && compiler.single(expression.separator);
      return (focus, evaluation) => {
        const between = separator === undefined ? '' : separator(focus, evaluation);
        const texts = items(focus, evaluation).filter((item) => typeof item === 'string');
        return texts.length === 0 ? undefined : texts.join(typeof between === 'string' ? between : '');
      };
    }
    default:
      return expression satisfies never;
  }
}

type Apply = (text: string, first: Value | undefined, second: Value | undefined, argCount: number) => Value | undefined;

function functionOf(name: StringFunction): Apply {
  switch (name) {
    case 'startsWith':
      return (text, part) => (typeof part === 'string' ? text.startsWith(part) : undefined);
    case 'endsWith':
      return (text, part) => (typeof part === 'string' ? text.endsWith(part) : undefined);
    case 'contains':
      return (text, part) => (typeof part === 'string' ? text.includes(part) : undefined);
    case 'indexOf':
      return (text, part) => (typeof part === 'string' ? text.indexOf(part) : undefined);
    case 'lastIndexOf':
      return (text, part) => (typeof part === 'string' ? text.lastIndexOf(part) : undefined);
    case 'substring':
      return substring;
    case 'replace':
      return (text, pattern, substitution) =>
        typeof pattern === 'string' && typeof substitution === 'string' ? text.replaceAll(pattern, () => substitution) : undefined;
    case 'upper':
      return (text) => text.toUpperCase();
    case 'lower':
      return (text) => text.toLowerCase();
    case 'trim':
      return (text) => text.trim();
    case 'length':
      return (text) => text.length;
    default:
      return name satisfies never;
  }
}

/** Without a length, or with an empty one, to the end. */
function substring(text: string, start: Value | undefined, length: Value | undefined, argCount: number): string | undefined {
  if (typeof start !== 'number' || start < 0 || start >= text.length) return undefined;
  return argCount === 2 && typeof length === 'number' ? text.substring(start, Math.max(start, start + length)) : text.slice(start);
}
