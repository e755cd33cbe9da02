// Tokens of the tape → JSON values, as a lossless parse of their bytes gives them.

import { type JsonObject, type JsonValue, NumberText } from '../json.ts';
import type { KeyNames } from './key-names.ts';
import type { RowStore } from './row-store.ts';
import { tokenByteCount, tokenFlags, tokenKinds } from './token-words.ts';

/** Reads the value of a token with all it holds. */
export function readToken({ bytes, words }: Pick<RowStore, 'bytes' | 'words'>, keys: KeyNames, token: number): JsonValue {
  const word = token >> 2;
  const start = words[word + 1] as number;
  const end = words[word + 2] as number;
  const next = words[word + 3] as number;
  switch (bytes[token]) {
    case tokenKinds.null:
      return null;
    case tokenKinds.false:
      return false;
    case tokenKinds.true:
      return true;
    case tokenKinds.number: {
      const text = bytes.latin1Slice(start, end);
      const value = Number(text);
      return String(value) === text ? value : new NumberText(text);
    }
    case tokenKinds.string: {
      const flags = bytes[token + 1] as number;
      if (flags === 0) return bytes.latin1Slice(start, end);
      return (flags & tokenFlags.hasEscape) === 0 ? bytes.utf8Slice(start, end) : (JSON.parse(bytes.utf8Slice(start - 1, end + 1)) as string);
    }
    case tokenKinds.array: {
      const list: JsonValue[] = [];
      for (let item = token + tokenByteCount; item < next; item = words[(item >> 2) + 3] as number) list.push(readToken({ bytes, words }, keys, item));
      return list;
    }
    case tokenKinds.object: {
      const object: JsonObject = {};
      for (let value = token + tokenByteCount; value < next; value = words[(value >> 2) + 3] as number) {
        object[keys.nameOf((words[value >> 2] as number) >>> 16)] = readToken({ bytes, words }, keys, value);
      }
      return object;
    }
    default:
      throw new RangeError('no token stands here');
  }
}
