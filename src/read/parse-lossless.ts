// JSON text → values in which every number that a double does not reproduce is a NumberText. Such numbers are turned
// into strings that start with a mark before JSON.parse sees them, and the marked strings into NumberText afterwards.

import { type JsonObject, type JsonValue, NumberText } from '../json.ts';
import { isReproduced, JSON_NUMBER } from './check-number.ts';

/** A noncharacter: legal in JSON, but not meant for interchange (Unicode 23.7). */
const WIDE_MARK = '\ufdd0';
/** For text in Latin-1: a noncharacter would make it take two bytes a character, and the parse twice the time. */
const NARROW_MARK = '\u0080';

/** Throws SyntaxError where JSON.parse would. Of duplicate keys the last one wins, as with JSON.parse. */
export function parseLossless(text: string): JsonValue {
  const mark = chooseMark(text);
  return parseMarked(text, findNumbers(text), mark);
}

/**
 * The same without a look at all of the text.
 * @param numbers - where the numbers begin that a double does not reproduce, in order; what else stands there is let be.
 */
export function parseLosslessAt(text: string, numbers: readonly number[]): JsonValue {
  return parseMarked(text, numbers, chooseMark(text));
}

function parseMarked(text: string, numbers: readonly number[], mark: string): JsonValue {
  let marked = '';
  let copiedTo = 0;
  let markCount = 0;
  for (const start of numbers) {
    const end = findNumberEnd(text, start);
    const token = text.slice(start, end);
    // Only numbers by JSON's grammar, and only where no ':' follows: bad numbers and numbers as keys stay errors.
    if (!JSON_NUMBER.test(token) || isColonNext(text, end)) continue;
    marked += `${text.slice(copiedTo, start)}"${mark}${token}"`;
    copiedTo = end;
    markCount++;
  }
  if (markCount === 0) return JSON.parse(text) as JsonValue;
  return unmarkNumbers(JSON.parse(marked + text.slice(copiedTo)) as JsonValue, mark, markCount);
}

/** True when a value holds a NumberText at any depth. */
export function hasNumberText(value: JsonValue): boolean {
  const pending: JsonValue[] = [value];
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    if (typeof item !== 'object' || item === null) continue;
    if (item instanceof NumberText) return true;
    for (const key of Object.keys(item)) pending.push((item as JsonObject)[key] as JsonValue);
  }
  return false;
}

/** A run of marks longer than any in the text, written plainly or as escapes, so that no string starts with it. */
function chooseMark(text: string): string {
  // Almost no text holds any form of them, and looking for these is far quicker than the expression.
  if (text.includes('\\u')) return longerRun(text, WIDE_MARK, /(?:\ufdd0|\\u[fF][dD][dD]0)+/g);
  if (!text.includes(NARROW_MARK)) return NARROW_MARK;
  return text.includes(WIDE_MARK) ? longerRun(text, WIDE_MARK, /\ufdd0+/g) : WIDE_MARK;
}

function longerRun(text: string, mark: string, runs: RegExp): string {
  let longest = 0;
  for (const [run] of text.matchAll(runs)) longest = Math.max(longest, run.replace(/\\u..../g, mark).length);
  return mark.repeat(longest + 1);
}

/** Where the numbers begin that a double does not reproduce. */
function findNumbers(text: string): number[] {
  const numbers: number[] = [];
  let index = 0;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    if (code === 0x22) {
      index = skipString(text, index + 1);
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      const start = index;
      index = findNumberEnd(text, start);
      if (!isReproduced(text.slice(start, index))) numbers.push(start);
    } else {
      index++;
    }
  }
  return numbers;
}

function findNumberEnd(text: string, from: number): number {
  let index = from;
  while (index < text.length && isNumberCode(text.charCodeAt(index))) index++;
  return index;
}

/** Index after the closing quote. */
function skipString(text: string, from: number): number {
  for (let quoteIndex = text.indexOf('"', from); quoteIndex >= 0; quoteIndex = text.indexOf('"', quoteIndex + 1)) {
    let backslashIndex = quoteIndex;
    while (text.charCodeAt(backslashIndex - 1) === 0x5c) backslashIndex--;
    if ((quoteIndex - backslashIndex) % 2 === 0) return quoteIndex + 1;
  }
  return text.length;
}

/** Ends once all marks are undone. Duplicate keys may have taken some away: then everything is looked at. */
function unmarkNumbers(root: JsonValue, mark: string, markCount: number): JsonValue {
  const box: JsonValue[] = [root];
  const pending: (JsonValue[] | JsonObject)[] = [box];
  let restCount = markCount;
  for (let container = pending.pop(); container !== undefined && restCount > 0; container = pending.pop()) {
    if (Array.isArray(container)) {
      for (let index = 0; index < container.length; index++) {
        const item = container[index] as JsonValue;
        if (typeof item === 'string') {
          if (!item.startsWith(mark)) continue;
          container[index] = new NumberText(item.slice(mark.length));
          restCount--;
        } else if (typeof item === 'object' && item !== null) pending.push(item as JsonValue[] | JsonObject);
      }
      continue;
    }
    for (const key of Object.keys(container)) {
      const item = container[key] as JsonValue;
      if (typeof item === 'string') {
        if (!item.startsWith(mark)) continue;
        setOwn(container, key, new NumberText(item.slice(mark.length)));
        restCount--;
      } else if (typeof item === 'object' && item !== null) pending.push(item as JsonValue[] | JsonObject);
    }
  }
  return box[0] as JsonValue;
}

/** Assigning to `__proto__` would set the prototype; as data it is an own key like any other. */
function setOwn(object: JsonObject, key: string, value: JsonValue): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

function isNumberCode(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x2b || code === 0x2d || code === 0x2e || code === 0x65 || code === 0x45;
}

function isColonNext(text: string, from: number): boolean {
  let index = from;
  while (' \t\n\r'.includes(text[index] ?? '!')) index++;
  return text[index] === ':';
}
