// Syntax → FHIRPath text for the fhirpath package, the view's constants put in as literals of their types.

import { NumberText } from '../json.ts';
import { namedUrl, type ViewConstant } from './outcome.ts';
import type { Literal, Syntax } from './syntax.ts';
import { kindOfType } from './types-of-values.ts';

export function printExpression(syntax: Syntax, constants: ReadonlyMap<string, ViewConstant>): string {
  const print = (node: Syntax): string => {
    switch (node.kind) {
      case 'literal':
        return printLiteral(node.literal);
      case 'constant': {
        const constant = constants.get(node.name);
        if (constant !== undefined) return printConstant(constant);
        const url = namedUrl(node.name);
        return url === undefined ? `%${printName(node.name)}` : quote(url, "'");
      }
      case 'variable':
        return `$${node.name}`;
      case 'member':
        return `${node.of === undefined ? '' : `${print(node.of)}.`}${printName(node.name)}`;
      case 'call': {
        const name = printName(node.name);
        return `${node.of === undefined ? '' : `${print(node.of)}.`}${name}(${node.args.map(print).join(', ')})`;
      }
      case 'indexer':
        return `${print(node.of)}[${print(node.index)}]`;
      case 'polarity':
        return `(${node.operator}${print(node.operand)})`;
      case 'type': {
        const { name, namespace } = node.type;
        return `(${print(node.operand)} ${node.operator} ${namespace === undefined ? '' : `${printName(namespace)}.`}${printName(name)})`;
      }
      case 'binary':
        return `(${print(node.left)} ${node.operator} ${print(node.right)})`;
      default:
        return node satisfies never;
    }
  };
  return print(syntax);
}

function printLiteral(literal: Literal): string {
  switch (literal.type) {
    case 'empty':
      return '{}';
    case 'boolean':
      return String(literal.value);
    case 'string':
      return quote(literal.value, "'");
    case 'integer':
    case 'decimal':
      return literal.text;
    case 'long':
      return `${literal.text}L`;
    case 'date':
    case 'dateTime':
      return `@${literal.text}`;
    case 'time':
      return `@T${literal.text}`;
    case 'quantity':
      return `${literal.text} ${literal.isCalendarUnit ? literal.unit : quote(literal.unit, "'")}`;
    default:
      return literal satisfies never;
  }
}

function printConstant({ type, value }: ViewConstant): string {
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number' || value instanceof NumberText) return `(${typeof value === 'number' ? value : value.text})`;
  switch (kindOfType(type)) {
    case 'moment':
      return type === 'date' || value.includes('T') ? `@${value}` : `@${value}T`;
    case 'time':
      return `@T${value}`;
    case 'text':
    case 'number':
    case 'boolean':
    case undefined:
      return quote(value, "'");
    default:
      return quote(value, "'");
  }
}

/** Words of the grammar, here or in the package, that may also be names. */
const words: ReadonlySet<string> = new Set(['and', 'as', 'asc', 'contains', 'desc', 'div', 'false', 'implies', 'in', 'is', 'mod', 'or', 'true', 'xor']);

function printName(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !words.has(name) ? name : quote(name, '`');
}

function quote(text: string, mark: string): string {
  const escaped = text.replaceAll(/[\\'`\p{Cc}]/gu, (character) => {
    const code = character.charCodeAt(0);
    return /\p{Cc}/u.test(character) ? `\\u${code.toString(16).padStart(4, '0')}` : `\\${character}`;
  });
  return `${mark}${escaped}${mark}`;
}
