// FHIRPath text → tokens with their offsets. Comments and white space separate and are dropped.
// https://hl7.org/fhirpath/N1/#lexical-elements

import { SyntaxFault } from './syntax.ts';

export type Token =
  | { readonly kind: 'identifier'; readonly text: string; readonly isDelimited: boolean; readonly offset: number }
  | {
      readonly kind: 'string' | 'integer' | 'decimal' | 'long' | 'date' | 'dateTime' | 'time' | 'constant' | 'variable';
      readonly text: string;
      readonly offset: number;
    }
  | { readonly kind: 'symbol'; readonly text: string; readonly offset: number }
  | { readonly kind: 'end'; readonly text: ''; readonly offset: number };

const blank = /(?:\s+|\/\/[^\n\r]*|\/\*[\s\S]*?\*\/)+/y;
const word = /[A-Za-z_][A-Za-z0-9_]*/y;
const number = /\d+(?:\.\d+|L)?/y;
const timeText = /T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?/y;
const dateText = /\d{4}(?:-\d\d(?:-\d\d)?)?(?:T(?:\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?)?)?/y;
const symbol = /<=|>=|!=|!~|[.,()[\]{}+\-*/&|<>=~]/y;
const escapes: Readonly<Record<string, string>> = { f: '\f', n: '\n', r: '\r', t: '\t' };

/** Throws a SyntaxFault. */
export function readTokens(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let offset = 0;

  function take(pattern: RegExp): string | undefined {
    pattern.lastIndex = offset;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) offset += found.length;
    return found;
  }

  /** The text up to the closing quote, escapes undone. */
  function takeQuoted(quote: string): string {
    const start = offset;
    let value = '';
    for (offset++; offset < text.length; offset++) {
      const character = text[offset] as string;
      if (character === quote) {
        offset++;
        return value;
      }
      value += character === '\\' ? takeEscape() : character;
    }
    throw new SyntaxFault(`the closing ${quote} is missing`, start);
  }

  function takeEscape(): string {
    const start = offset++;
    const character = text[offset];
    if (character !== 'u') return escapes[character ?? ''] ?? character ?? '';
    const digits = text.slice(offset + 1, offset + 5);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new SyntaxFault('\\u takes four hexadecimal digits', start);
    offset += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  function takeNamed(): string | undefined {
    const quote = text[offset];
    return quote === '`' || quote === "'" ? takeQuoted(quote) : take(word);
  }

  function readToken(): Token {
    const start = offset;
    const character = text[offset] as string;
    switch (character) {
      case "'":
        return { kind: 'string', text: takeQuoted("'"), offset: start };
      case '`':
        return { kind: 'identifier', text: takeQuoted('`'), isDelimited: true, offset: start };
      case '%': {
        offset++;
        const name = takeNamed();
        if (name === undefined) throw new SyntaxFault('% begins the name of a constant', start);
        return { kind: 'constant', text: name, offset: start };
      }
      case '$': {
        offset++;
        const name = take(word);
        if (name !== 'this' && name !== 'index' && name !== 'total') throw new SyntaxFault('$ begins $this, $index or $total', start);
        return { kind: 'variable', text: name, offset: start };
      }
      case '@': {
        offset++;
        const time = take(timeText);
        if (time !== undefined) return { kind: 'time', text: time.slice(1), offset: start };
        const date = take(dateText);
        if (date === undefined) throw new SyntaxFault('@ begins a date or time, as in @2024-01-31 or @T14:30', start);
        return { kind: date.includes('T') ? 'dateTime' : 'date', text: date, offset: start };
      }
      default: {
        const name = take(word);
        if (name !== undefined) return { kind: 'identifier', text: name, isDelimited: false, offset: start };
        const digits = take(number);
        if (digits !== undefined) {
          if (digits.endsWith('L')) return { kind: 'long', text: digits.slice(0, -1), offset: start };
          return { kind: digits.includes('.') ? 'decimal' : 'integer', text: digits, offset: start };
        }
        const found = take(symbol);
        if (found !== undefined) return { kind: 'symbol', text: found, offset: start };
        throw new SyntaxFault(`${describeCharacter(text, start)} means nothing in FHIRPath`, start);
      }
    }
  }

  while (true) {
    take(blank);
    if (text.startsWith('/*', offset)) throw new SyntaxFault('the closing */ is missing', offset);
    if (offset >= text.length) break;
    tokens.push(readToken());
  }
  return [...tokens, { kind: 'end', text: '', offset: text.length }];
}

function describeCharacter(text: string, offset: number): string {
  const code = text.codePointAt(offset) as number;
  return code > 0x20 && code < 0x7f ? `the character ${String.fromCodePoint(code)}` : `the character U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}
