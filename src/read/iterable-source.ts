// Bytes, text or resources from a program → a source. Resources go the way of NDJSON, one a line, so that limits, places
// and the text of numbers are the same wherever a resource comes from.

import { UserError } from '../diagnostics.ts';
import { NumberText } from '../json.ts';
import type { Source } from '../types.ts';

/** What a program hands over: pieces of a file (bytes or text), or resources as JSON.parse gives them. */
export type InputItems = AsyncIterable<Uint8Array | string | object> | Iterable<Uint8Array | string | object>;

/** It can be read once, but for a list. `name` is for messages. */
export function makeIterableSource(name: string, items: InputItems): Source {
  let isUsed = false;
  return {
    name,
    isNamedByUser: true,
    byteSize: undefined,
    open(onRawBytes = () => {}) {
      if (isUsed) throw new UserError('INPUT_USED', { location: { sourceName: name } });
      isUsed = !Array.isArray(items);
      return readItems(name, items, onRawBytes);
    },
  };
}

/** Small resources go together: a chunk costs a wait. */
const chunkLength = 64 * 1024;

async function* readItems(name: string, items: InputItems, onRawBytes: (byteCount: number) => void): AsyncGenerator<Uint8Array, void, undefined> {
  let text = '';
  const take = (): Buffer => {
    // The first half of a character beyond the basic plane waits for its other half.
    const end = /[\ud800-\udbff]$/.test(text) ? text.length - 1 : text.length;
    const bytes = Buffer.from(text.slice(0, end));
    text = text.slice(end);
    onRawBytes(bytes.length);
    return bytes;
  };
  for await (const item of namingFaults(name, items)) {
    if (item instanceof Uint8Array) {
      if (text !== '') yield take();
      onRawBytes(item.length);
      yield item;
    } else {
      text += typeof item === 'string' ? item : toLine(name, item);
      if (text.length >= chunkLength) yield take();
    }
  }
  if (text === '') return;
  const bytes = Buffer.from(text);
  onRawBytes(bytes.length);
  yield bytes;
}

/** What the program's own iteration throws is its error, not a fault of a file that is reported beside the rows. */
async function* namingFaults(name: string, items: InputItems): AsyncGenerator<Uint8Array | string | object, void, undefined> {
  try {
    yield* items;
  } catch (cause) {
    throw Object.assign(new UserError('INPUT_FAILED', { location: { sourceName: name } }), { cause });
  }
}

function toLine(name: string, resource: unknown): string {
  try {
    if (typeof resource === 'object' && resource !== null) return `${toText(resource)}\n`;
  } catch (cause) {
    throw Object.assign(new UserError('INPUT_NOT_RESOURCE', { location: { sourceName: name } }), { cause });
  }
  throw new UserError('INPUT_NOT_RESOURCE', { location: { sourceName: name } });
}

/** As JSON.stringify, but for NumberText, which is written as the number it is. */
function toText(value: object): string {
  if (value instanceof NumberText) return value.text;
  if ('toJSON' in value) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item: unknown) => memberText(item) ?? 'null').join(',')}]`;
  let text = '';
  for (const [key, member] of Object.entries(value)) {
    const json = memberText(member);
    if (json !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${json}`;
  }
  return `{${text}}`;
}

/** Undefined for what JSON cannot say. */
function memberText(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null ? toText(value) : JSON.stringify(value);
}
