// One walk through a resource: each key is visited once, and each leaf value ends in a cell that shows it, under a
// rule that leaves it out and counts it, or in the JSON text that the walk returns, which becomes other_json.

import { isJsonObject, type JsonObject, type JsonValue, stringifyJson } from '../../json.ts';
import type { FlattenContext } from '../../types.ts';
import type { Contribution } from './contributions.ts';
import { measure } from './drop-rules.ts';
import { type HandlerSet, isFit, type KeyHandler, type ObjectHandler } from './handlers.ts';
import type { ResourceState } from './table-state.ts';

export class ResourceWalk {
  readonly #handlers: HandlerSet;
  readonly #context: FlattenContext;
  readonly #resource: ResourceState;

  constructor(handlers: HandlerSet, context: FlattenContext, resource: ResourceState) {
    this.#handlers = handlers;
    this.#context = context;
    this.#resource = resource;
  }

  /** Sets the cells for an object and all below it; returns the JSON text of what they do not show, or ''. */
  walkObject(handler: ObjectHandler, object: JsonObject): string {
    const { contributions, keys } = handler;
    for (let index = 0; index < contributions.length; index++) {
      const { state, node } = contributions[index] as Contribution;
      if (node >= 0) state.slots[node] = object;
    }
    let rest = '';
    for (const key in object) {
      const value = object[key] as JsonValue;
      const known = keys.get(key) ?? this.#handlers.addKey(handler, key);
      if (known === undefined) {
        this.#context.countUnknown(`${handler.path}.${describeKey(key)}`);
        rest += `${rest === '' ? '{' : ','}${JSON.stringify(key)}:${this.#stringify(value)}`;
        continue;
      }
      const part = this.#walkKey(known, value, object);
      if (part !== '') rest += `${rest === '' ? '{' : ','}${known.quotedKey}:${part}`;
    }
    for (let index = 0; index < contributions.length; index++) {
      const { computed, state } = contributions[index] as Contribution;
      for (let position = 0; position < computed.length; position++) {
        const { column, read } = computed[position] as Contribution['computed'][number];
        const cell = read(state);
        if (cell !== undefined) state.builder.set(state.row, column, cell);
      }
    }
    return rest === '' ? '' : `${rest}}`;
  }

  #walkKey(known: KeyHandler, value: JsonValue, object: JsonObject): string {
    const { leaves } = known;
    let isShown = false;
    for (let index = 0; index < leaves.length; index++) {
      if ((leaves[index] as KeyHandler['leaves'][number]).take(value, object)) isShown = true;
    }
    if (isShown) return '';
    if (known.drop?.applies(value) === true) {
      const { leafCount, byteCount } = measure(value);
      this.#context.countDropped(known.drop.rule, known.path, leafCount, byteCount);
      return '';
    }
    switch (known.expects) {
      case 'object':
        if (isJsonObject(value)) return this.walkObject(known.child as ObjectHandler, value);
        this.#context.countMisfit(known.path);
        break;
      case 'array':
        if (Array.isArray(value)) return this.#walkItems(known, value);
        this.#context.countMisfit(known.path);
        break;
      case 'leaf':
        if (!isFit(known, value)) this.#context.countMisfit(known.path);
        break;
      case 'anything':
        break;
      default:
        return known.expects satisfies never;
    }
    return this.#keep(known, value);
  }

  /** The array's text with `null` for items that are shown, or '' when all are. */
  #walkItems(known: KeyHandler, list: readonly JsonValue[]): string {
    const { items } = known;
    // One rule for the list is by far the most frequent case, and needs no array.
    const first = items.length > 0 ? (items[0] as KeyHandler['items'][number]).choose(list) : undefined;
    const chosen = items.length > 1 ? items.map(({ choose }) => choose(list)) : undefined;
    let rest = '';
    let isAnyKept = false;
    for (let index = 0; index < list.length; index++) {
      const item = list[index] as JsonValue;
      const part = isJsonObject(item) ? this.#walkItem(known, item, first, chosen) : this.#keep(known, item);
      if (part !== '') isAnyKept = true;
      rest += `${index === 0 ? '[' : ','}${part === '' ? 'null' : part}`;
    }
    return isAnyKept ? `${rest}]` : '';
  }

  #walkItem(known: KeyHandler, item: JsonObject, first: JsonObject | undefined, chosen: readonly (JsonObject | undefined)[] | undefined): string {
    const { items, everyItem } = known;
    if (chosen === undefined && everyItem.length === 0) {
      return first === item ? this.walkObject(this.#handlers.ofOne((items[0] as KeyHandler['items'][number]).contribution), item) : this.#keep(known, item);
    }
    const contributions = [...everyItem];
    if (chosen === undefined) {
      if (first === item) contributions.push((items[0] as KeyHandler['items'][number]).contribution);
    } else {
      chosen.forEach((object, index) => {
        if (object === item) contributions.push((items[index] as KeyHandler['items'][number]).contribution);
      });
    }
    if (contributions.length === 0) return this.#keep(known, item);
    return this.walkObject(this.#handlers.of(contributions, known.type, known.path), item);
  }

  /** A value that no column is about: kept whole, but for what a rule leaves out below it. */
  #keep(known: KeyHandler, value: JsonValue): string {
    if (known.typeToSearch === undefined) return this.#stringify(value);
    if (Array.isArray(value)) return `[${value.map((item) => this.#keep(known, item)).join(',')}]`;
    if (!isJsonObject(value)) return this.#stringify(value);
    return this.walkObject(this.#handlers.of([], known.typeToSearch, known.path), value) || '{}';
  }

  #stringify(value: JsonValue): string {
    return this.#resource.hasNumberText ? stringifyJson(value) : JSON.stringify(value);
  }
}

/** Keys come from the input: odd ones are not repeated in a report. */
function describeKey(key: string): string {
  return /^_?[A-Za-z][A-Za-z0-9]{0,63}$/.test(key) ? key : '(odd key)';
}
