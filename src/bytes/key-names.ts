// The keys that tapes may have: each has a number in the module. A record with other keys has no tape.

import type { ByteFunctions } from './load-module.ts';

/** The keys that readers look for come first, so that their numbers are known beforehand. */
export const keyNumbers = {
  resourceType: 1,
  id: 3,
  meta: 5,
  contained: 7,
  identifier: 9,
  lastUpdated: 11,
  system: 13,
  value: 15,
  resource: 17,
  request: 19,
  method: 21,
  fullUrl: 23,
} as const;

export class KeyNames {
  /** By number: address and length of a key's text, 4 bytes each. */
  readonly textsAddress: number;
  readonly #names: readonly string[];
  #numbers: ReadonlyMap<string, number> | undefined;

  /** Gives each name, and the name with `_` before it, a number in the module; once for each instance. All are ASCII. */
  constructor(functions: ByteFunctions, names: Iterable<string>) {
    this.#names = [...new Set([...Object.keys(keyNumbers), ...names])];
    const text = `_${this.#names.join('\n_')}\n`;
    const address = functions.allocateHeap(text.length);
    Buffer.from(functions.memory.buffer).write(text, address, 'latin1');
    this.textsAddress = functions.addKeys(address, address + text.length, this.#names.length);
  }

  /** 0 for a key that has no number. */
  numberOf(key: string): number {
    this.#numbers ??= new Map(this.#names.map((name, index) => [name, 2 * index + 1]));
    if (!key.startsWith('_')) return this.#numbers.get(key) ?? 0;
    const number = this.#numbers.get(key.slice(1));
    return number === undefined ? 0 : number + 1;
  }

  nameOf(number: number): string {
    const name = this.#names[(number - 1) >> 1];
    if (name === undefined) throw new RangeError('no key has this number');
    return number % 2 === 0 ? `_${name}` : name;
  }
}
