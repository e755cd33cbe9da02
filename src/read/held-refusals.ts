// Refusals that are held back while nothing of a source was a resource: when it stays like that, the source as a whole
// is no FHIR, and a word about each of its records would be noise.

import type { ReadContext, RejectedRecord } from '../types.ts';

/** So many records without a resource, or so much text of them, are enough to tell. */
const HELD_COUNT = 100;
const HELD_CHARACTERS = 8 * 1024 * 1024;

export class HeldRefusals {
  /** Whoever refuses a record with this context has it held back. */
  readonly context: ReadContext;
  readonly #target: ReadContext;
  readonly #records: RejectedRecord[] = [];
  #characters = 0;

  constructor(target: ReadContext) {
    this.#target = target;
    this.context = { ...target, reject: (record) => this.#hold(record) };
  }

  get count(): number {
    return this.#records.length;
  }

  get isFull(): boolean {
    return this.#records.length >= HELD_COUNT || this.#characters >= HELD_CHARACTERS;
  }

  /** Refuses them now. */
  release(): void {
    for (const record of this.#records) this.#target.reject(record);
    this.forget();
  }

  forget(): void {
    this.#records.length = 0;
    this.#characters = 0;
  }

  #hold(record: RejectedRecord): void {
    this.#records.push(record);
    this.#characters += record.rawText.length;
  }
}
