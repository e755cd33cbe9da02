// FHIRPath text → syntax tree, by precedence climbing. Depth is bounded, so that hostile text cannot exhaust the stack
// here or in anything that walks the tree.
// https://hl7.org/fhirpath/N1/#operator-precedence

import { readTokens, type Token } from './read-tokens.ts';
import { type BinaryOperator, type Literal, type Syntax, SyntaxFault, type TypeName } from './syntax.ts';

/** In characters. */
export const longestExpression = 20_000;
const deepestExpression = 500;

/** Larger binds tighter. `is` and `as` stand between `+` and `|`. */
const precedences: Readonly<Record<BinaryOperator, number>> = {
  '*': 10,
  '/': 10,
  div: 10,
  mod: 10,
  '+': 9,
  '-': 9,
  '&': 9,
  '|': 7,
  '<': 6,
  '<=': 6,
  '>': 6,
  '>=': 6,
  '=': 5,
  '!=': 5,
  '~': 5,
  '!~': 5,
  in: 4,
  contains: 4,
  and: 3,
  or: 2,
  xor: 2,
  implies: 1,
};
const typePrecedence = 8;

/** https://hl7.org/fhirpath/N1/#keywords: of these, `as`, `contains`, `in` and `is` may also be names. */
const reserved: ReadonlySet<string> = new Set(['and', 'div', 'false', 'implies', 'mod', 'or', 'true', 'xor']);

const calendarUnits = /^(?:year|month|week|day|hour|minute|second|millisecond)s?$/;

/** Throws a SyntaxFault. */
export function parseExpression(text: string): Syntax {
  if (text.length > longestExpression) throw new SyntaxFault(`an expression has at most ${longestExpression} characters`, longestExpression);
  return new Parser(readTokens(text)).parse();
}

interface Nested {
  readonly syntax: Syntax;
  readonly depth: number;
}

class Parser {
  readonly #tokens: readonly Token[];
  #position = 0;
  /** Of the recursion, while the tree's own depth comes with its nodes. */
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Syntax {
    if (this.#isAtEnd) throw new SyntaxFault('the expression is empty', 0);
    const { syntax } = this.#parseExpression(0);
    if (!this.#isAtEnd) throw this.#unexpected('an operator or the end');
    return syntax;
  }

  get #token(): Token {
    return this.#tokens[this.#position] as Token;
  }

  get #isAtEnd(): boolean {
    return this.#token.kind === 'end';
  }

  #next(): Token {
    const token = this.#token;
    if (token.kind !== 'end') this.#position++;
    return token;
  }

  #isSymbol(text: string): boolean {
    return this.#token.kind === 'symbol' && this.#token.text === text;
  }

  #expect(text: string): void {
    if (!this.#isSymbol(text)) throw this.#unexpected(text);
    this.#position++;
  }

  #unexpected(expected: string): SyntaxFault {
    const { kind, offset, text } = this.#token;
    const found = kind === 'end' ? 'the expression ends' : kind === 'symbol' || kind === 'identifier' ? `${text.slice(0, 40)} stands` : `a ${kind} stands`;
    return new SyntaxFault(`${found} where ${expected} was expected`, offset);
  }

  /** What nests, in the text or in the tree, counts. */
  #deeper(offset: number, ...parts: readonly Nested[]): number {
    const depth = 1 + Math.max(0, ...parts.map((part) => part.depth));
    if (depth > deepestExpression) throw new SyntaxFault(`the expression is nested deeper than ${deepestExpression} levels`, offset);
    return depth;
  }

  #parseExpression(lowest: number): Nested {
    const { offset } = this.#token;
    if (++this.#depth > deepestExpression) throw new SyntaxFault(`the expression is nested deeper than ${deepestExpression} levels`, offset);
    let left = this.#parseOperand();
    while (true) {
      const token = this.#token;
      const operator = this.#operatorAt(token);
      if (operator === undefined) break;
      const precedence = operator === 'is' || operator === 'as' ? typePrecedence : precedences[operator];
      if (precedence < lowest) break;
      this.#next();
      if (operator === 'is' || operator === 'as') {
        const syntax: Syntax = { kind: 'type', operator, operand: left.syntax, type: this.#parseTypeName(), offset: token.offset };
        left = { syntax, depth: this.#deeper(token.offset, left) };
      } else {
        const right = this.#parseExpression(precedence + 1);
        const syntax: Syntax = { kind: 'binary', operator, left: left.syntax, right: right.syntax, offset: token.offset };
        left = { syntax, depth: this.#deeper(token.offset, left, right) };
      }
    }
    this.#depth--;
    return left;
  }

  #operatorAt({ kind, text, ...token }: Token): BinaryOperator | 'is' | 'as' | undefined {
    if (kind === 'identifier' && 'isDelimited' in token && token.isDelimited) return undefined;
    if (kind !== 'symbol' && kind !== 'identifier') return undefined;
    if (text === 'is' || text === 'as') return text;
    return Object.hasOwn(precedences, text) ? (text as BinaryOperator) : undefined;
  }

  #parseOperand(): Nested {
    const token = this.#token;
    if (token.kind === 'symbol' && (token.text === '+' || token.text === '-')) {
      this.#next();
      if (++this.#depth > deepestExpression) throw new SyntaxFault(`the expression is nested deeper than ${deepestExpression} levels`, token.offset);
      const operand = this.#parseOperand();
      this.#depth--;
      const syntax: Syntax = { kind: 'polarity', operator: token.text, operand: operand.syntax, offset: token.offset };
      return { syntax, depth: this.#deeper(token.offset, operand) };
    }
    let term = this.#parseTerm();
    while (true) {
      const { offset } = this.#token;
      if (this.#isSymbol('.')) {
        this.#next();
        term = this.#parseInvocation(term);
      } else if (this.#isSymbol('[')) {
        this.#next();
        const index = this.#parseExpression(0);
        this.#expect(']');
        term = { syntax: { kind: 'indexer', of: term.syntax, index: index.syntax, offset }, depth: this.#deeper(offset, term, index) };
      } else {
        return term;
      }
    }
  }

  #parseTerm(): Nested {
    const token = this.#token;
    const leaf = (syntax: Syntax): Nested => {
      this.#next();
      return { syntax, depth: 1 };
    };
    switch (token.kind) {
      case 'string':
        return leaf(literal({ type: 'string', value: token.text }, token.offset));
      case 'integer':
      case 'decimal':
        this.#next();
        return { syntax: literal(this.#takeUnit(token.kind, token.text), token.offset), depth: 1 };
      case 'long':
      case 'date':
      case 'dateTime':
      case 'time':
        return leaf(literal({ type: token.kind, text: token.text }, token.offset));
      case 'constant':
        return leaf({ kind: 'constant', name: token.text, offset: token.offset });
      case 'variable':
        return leaf({ kind: 'variable', name: token.text as 'this' | 'index' | 'total', offset: token.offset });
      case 'identifier':
        if (!token.isDelimited && (token.text === 'true' || token.text === 'false')) {
          return leaf(literal({ type: 'boolean', value: token.text === 'true' }, token.offset));
        }
        return this.#parseInvocation(undefined);
      case 'symbol':
        if (token.text === '(') {
          this.#next();
          const inner = this.#parseExpression(0);
          this.#expect(')');
          return inner;
        }
        if (token.text === '{') {
          this.#next();
          this.#expect('}');
          return { syntax: literal({ type: 'empty' }, token.offset), depth: 1 };
        }
        throw this.#unexpected('a value or a path');
      case 'end':
        throw this.#unexpected('a value or a path');
      default:
        return token satisfies never;
    }
  }

  /** `4 'mg'`, `3 days`. */
  #takeUnit(type: 'integer' | 'decimal', text: string): Literal {
    const token = this.#token;
    const isCalendarUnit = token.kind === 'identifier' && !token.isDelimited && calendarUnits.test(token.text);
    if (token.kind !== 'string' && !isCalendarUnit) return { type, text };
    this.#next();
    return { type: 'quantity', text, unit: token.text, isCalendarUnit };
  }

  /** What follows a point, or stands alone: a name, or a function with its arguments. */
  #parseInvocation(of: Nested | undefined): Nested {
    const token = this.#token;
    const parts = of === undefined ? [] : [of];
    if (token.kind === 'variable') {
      // The grammar allows `a.$this`; it means `$this`.
      this.#next();
      return {
        syntax: { kind: 'variable', name: token.text as 'this' | 'index' | 'total', offset: token.offset },
        depth: this.#deeper(token.offset, ...parts),
      };
    }
    const name = this.#takeName('a name');
    if (!this.#isSymbol('(')) {
      return { syntax: { kind: 'member', of: of?.syntax, name, offset: token.offset }, depth: this.#deeper(token.offset, ...parts) };
    }
    this.#next();
    const args: Nested[] = [];
    if (!this.#isSymbol(')')) {
      args.push(this.#parseExpression(0));
      while (this.#isSymbol(',')) {
        this.#next();
        args.push(this.#parseExpression(0));
      }
    }
    this.#expect(')');
    const syntax: Syntax = { kind: 'call', of: of?.syntax, name, args: args.map((arg) => arg.syntax), offset: token.offset };
    return { syntax, depth: this.#deeper(token.offset, ...parts, ...args) };
  }

  #takeName(expected: string): string {
    const token = this.#token;
    if (token.kind !== 'identifier') throw this.#unexpected(expected);
    if (!token.isDelimited && reserved.has(token.text)) {
      throw new SyntaxFault(`${token.text} has a meaning of its own; where it is a name, write \`${token.text}\` with backticks`, token.offset);
    }
    this.#next();
    return token.text;
  }

  #parseTypeName(): TypeName {
    const { offset } = this.#token;
    const first = this.#takeName('the name of a type');
    if (!this.#isSymbol('.')) return { namespace: undefined, name: first, offset };
    this.#next();
    return { namespace: first, name: this.#takeName('the name of a type'), offset };
  }
}

function literal(value: Literal, offset: number): Syntax {
  return { kind: 'literal', literal: value, offset };
}
