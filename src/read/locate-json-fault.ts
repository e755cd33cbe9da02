// Says where and why a text is no JSON (RFC 8259). Run only after JSON.parse has refused it: V8's own messages quote
// the input, and quoted input has no place in messages. Iterative, so that nesting cannot overflow the stack.

export interface JsonFault {
  /** Index into the text. */
  readonly offset: number;
  readonly reason: JsonFaultReason;
}

export type JsonFaultReason =
  | 'unexpected end of text'
  | 'unexpected character'
  | 'unfinished string'
  | 'bad escape in a string'
  | 'control character in a string'
  | 'bad number'
  | "expected a key in quotes or '}'"
  | 'expected a key in quotes after the comma'
  | "expected ':' after a key"
  | "expected ',' or '}' after a value"
  | "expected ',' or ']' after a value"
  | 'expected a value'
  | 'text after the end of the value';

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const NUMBER_LIKE = /[-+.0-9a-zA-Z]*/y;
const SPACES = /[ \t\n\r]*/y;
const HEX_ESCAPE = /[0-9a-fA-F]{4}/y;
const LITERALS = ['true', 'false', 'null'];

/** The first fault of a text, or undefined when it is JSON. */
export function locateJsonFault(text: string): JsonFault | undefined {
  const open: ('{' | '[')[] = [];
  let index = skipSpaces(text, 0);
  let isValueNext = true;
  for (;;) {
    if (isValueNext) {
      const char = text[index];
      if (char === undefined) return fault(index, 'unexpected end of text');
      if (char === '{') {
        open.push('{');
        index = skipSpaces(text, index + 1);
        if (text[index] === '}') {
          open.pop();
          index++;
          isValueNext = false;
        } else {
          const key = readKey(text, index, "expected a key in quotes or '}'");
          if (typeof key !== 'number') return key;
          index = key;
        }
      } else if (char === '[') {
        open.push('[');
        index = skipSpaces(text, index + 1);
        if (text[index] === ']') {
          open.pop();
          index++;
          isValueNext = false;
        }
      } else {
        const end = readScalar(text, index);
        if (typeof end !== 'number') return end;
        index = end;
        isValueNext = false;
      }
      continue;
    }
    index = skipSpaces(text, index);
    const container = open.at(-1);
    const char = text[index];
    if (container === undefined) return char === undefined ? undefined : fault(index, 'text after the end of the value');
    if (char === undefined) return fault(index, 'unexpected end of text');
    if (char === ',') {
      index = skipSpaces(text, index + 1);
      if (container === '{') {
        const key = readKey(text, index, 'expected a key in quotes after the comma');
        if (typeof key !== 'number') return key;
        index = key;
      }
      isValueNext = true;
    } else if (char === (container === '{' ? '}' : ']')) {
      open.pop();
      index++;
    } else {
      return fault(index, container === '{' ? "expected ',' or '}' after a value" : "expected ',' or ']' after a value");
    }
  }
}

/**
 * True when every bracket outside strings is closed by its own kind, and every string ends: the place where such a text
 * ends can be trusted although it is no JSON.
 */
export function isBalanced(text: string): boolean {
  const open: string[] = [];
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (char === '"') {
      index = findStringEnd(text, index);
      if (index < 0) return false;
    } else if (char === '{') open.push('}');
    else if (char === '[') open.push(']');
    else if ((char === '}' || char === ']') && open.pop() !== char) return false;
  }
  return open.length === 0;
}

/** Index of the closing quote, or -1. */
function findStringEnd(text: string, openIndex: number): number {
  for (let index = openIndex + 1; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x22) return index;
    if (code === 0x5c) index++;
  }
  return -1;
}

function readKey(text: string, from: number, reason: JsonFaultReason): number | JsonFault {
  const char = text[from];
  if (char === undefined) return fault(from, 'unexpected end of text');
  if (char !== '"') return fault(from, reason);
  const end = readString(text, from);
  if (typeof end !== 'number') return end;
  const colonIndex = skipSpaces(text, end);
  if (text[colonIndex] === ':') return skipSpaces(text, colonIndex + 1);
  return fault(colonIndex, colonIndex >= text.length ? 'unexpected end of text' : "expected ':' after a key");
}

function readScalar(text: string, from: number): number | JsonFault {
  const char = text[from] as string;
  if (char === '"') return readString(text, from);
  if (/[-+.0-9]/.test(char)) {
    NUMBER.lastIndex = from;
    NUMBER_LIKE.lastIndex = from;
    const number = NUMBER.exec(text)?.[0] ?? '';
    const run = NUMBER_LIKE.exec(text)?.[0] ?? '';
    return number !== '' && number === run ? from + number.length : fault(from, 'bad number');
  }
  for (const literal of LITERALS) {
    if (text.startsWith(literal, from)) return from + literal.length;
    if (literal.startsWith(text.slice(from))) return fault(text.length, 'unexpected end of text');
  }
  return fault(from, char === ',' || char === ']' || char === '}' ? 'expected a value' : 'unexpected character');
}

function readString(text: string, from: number): number | JsonFault {
  for (let index = from + 1; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x22) return index + 1;
    if (code < 0x20) return fault(index, 'control character in a string');
    if (code !== 0x5c) continue;
    const escaped = text[index + 1];
    if (escaped === undefined) break;
    HEX_ESCAPE.lastIndex = index + 2;
    if (escaped === 'u' ? !HEX_ESCAPE.test(text) : !'"\\/bfnrt'.includes(escaped)) return fault(index, 'bad escape in a string');
    index += escaped === 'u' ? 5 : 1;
  }
  return fault(from, 'unfinished string');
}

function skipSpaces(text: string, from: number): number {
  SPACES.lastIndex = from;
  SPACES.test(text);
  return SPACES.lastIndex;
}

function fault(offset: number, reason: JsonFaultReason): JsonFault {
  return { offset, reason };
}
