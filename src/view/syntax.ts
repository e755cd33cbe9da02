// The syntax of a FHIRPath expression as a tree. Every node knows where it begins in the text, for messages.
// https://hl7.org/fhirpath/N1/grammar.html

export type BinaryOperator =
  | '*'
  | '/'
  | 'div'
  | 'mod'
  | '+'
  | '-'
  | '&'
  | '|'
  | '<'
  | '<='
  | '>'
  | '>='
  | '='
  | '!='
  | '~'
  | '!~'
  | 'in'
  | 'contains'
  | 'and'
  | 'or'
  | 'xor'
  | 'implies';

/** Numbers, dates and times keep their text. */
export type Literal =
  | { readonly type: 'empty' }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'integer' | 'decimal' | 'long' | 'date' | 'dateTime' | 'time'; readonly text: string }
  | { readonly type: 'quantity'; readonly text: string; readonly unit: string; readonly isCalendarUnit: boolean };

export interface TypeName {
  readonly namespace: string | undefined;
  readonly name: string;
  readonly offset: number;
}

export type Syntax =
  | { readonly kind: 'literal'; readonly literal: Literal; readonly offset: number }
  /** `%name` */
  | { readonly kind: 'constant'; readonly name: string; readonly offset: number }
  /** `$this`, `$index`, `$total` */
  | { readonly kind: 'variable'; readonly name: 'this' | 'index' | 'total'; readonly offset: number }
  /** `of` undefined: of the focus. */
  | { readonly kind: 'member'; readonly of: Syntax | undefined; readonly name: string; readonly offset: number }
  | { readonly kind: 'call'; readonly of: Syntax | undefined; readonly name: string; readonly args: readonly Syntax[]; readonly offset: number }
  | { readonly kind: 'indexer'; readonly of: Syntax; readonly index: Syntax; readonly offset: number }
  | { readonly kind: 'polarity'; readonly operator: '+' | '-'; readonly operand: Syntax; readonly offset: number }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Syntax; readonly right: Syntax; readonly offset: number }
  | { readonly kind: 'type'; readonly operator: 'is' | 'as'; readonly operand: Syntax; readonly type: TypeName; readonly offset: number };

/** Text that is no FHIRPath, with the place where it stops being so. */
export class SyntaxFault extends Error {
  /** Of the first character that does not fit; counts from 0. */
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.name = 'SyntaxFault';
    this.offset = offset;
  }
}

/** Line and column of an offset, both from 1. */
export function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  let line = 1;
  let lineStart = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < offset; end = text.indexOf('\n', end + 1)) {
    line++;
    lineStart = end + 1;
  }
  return { line, column: offset - lineStart + 1 };
}
