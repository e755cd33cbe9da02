// Contributions that hold for one object → what to do with each of its keys. Merged once per set of contributions,
// then looked up by key for every object.

import { type ElementModel, isPrimitive, jsonKey } from '../../fhir/element-model.ts';
import type { JsonValue } from '../../json.ts';
import type { Contribution, Leaf } from './contributions.ts';
import type { ChooseItem } from './item-rules.ts';
import { type DropCheck, DropRules } from './drop-rules.ts';

export interface KeyHandler {
  readonly quotedKey: string;
  /** `Patient.name.given`, for reports. */
  readonly path: string;
  readonly leaves: readonly Leaf[];
  readonly expects: 'leaf' | 'object' | 'array' | 'anything';
  readonly drop: DropCheck | undefined;
  /** For the object under the key. */
  readonly child: ObjectHandler | undefined;
  readonly items: readonly { readonly choose: ChooseItem; readonly contribution: Contribution }[];
  readonly everyItem: readonly Contribution[];
  /** Type path of what stands here, when it must be read through although no column needs it. */
  readonly typeToSearch: string | undefined;
  /** Type path of the objects here. */
  readonly type: string;
}

export interface ObjectHandler {
  readonly contributions: readonly Contribution[];
  readonly path: string;
  readonly keys: ReadonlyMap<string, KeyHandler>;
}

export class HandlerSet {
  readonly #model: ElementModel;
  readonly #dropRules: DropRules;
  readonly #single: (ObjectHandler | undefined)[] = [];
  readonly #merged = new Map<string, ObjectHandler>();

  constructor(model: ElementModel) {
    this.#model = model;
    this.#dropRules = new DropRules(model);
  }

  /** For an object that only one contribution is about, the usual case. */
  ofOne(contribution: Contribution): ObjectHandler {
    let handler = this.#single[contribution.index];
    if (handler === undefined) {
      handler = this.#merge([contribution], contribution.type, contribution.path);
      this.#single[contribution.index] = handler;
    }
    return handler;
  }

  /** For an object of a type; without contributions none of its leaves is shown. */
  of(contributions: readonly Contribution[], type: string, path: string): ObjectHandler {
    const [first] = contributions;
    if (contributions.length === 1 && first !== undefined) return this.ofOne(first);
    const key = first === undefined ? `${type} ${path}` : contributions.map((contribution) => contribution.index).join(' ');
    let handler = this.#merged.get(key);
    if (handler === undefined) {
      handler = this.#merge(contributions, type, path);
      this.#merged.set(key, handler);
    }
    return handler;
  }

  #merge(contributions: readonly Contribution[], type: string, path: string): ObjectHandler {
    const keys = new Map<string, KeyHandler>();
    for (const [key, elementType] of this.#keysOf(type, contributions)) {
      keys.set(key, this.#mergeKey(contributions, type, path, key, elementType));
    }
    return { contributions, path, keys };
  }

  #mergeKey(contributions: readonly Contribution[], type: string, path: string, key: string, elementType: string): KeyHandler {
    const about = contributions.map((contribution) => contribution.keys.get(key)).filter((found) => found !== undefined);
    const children = about.flatMap((found) => found.children);
    const items = about.flatMap((found) => found.items);
    const everyItem = about.flatMap((found) => found.everyItem);
    const leaves = about.flatMap((found) => found.leaves);
    const keyPath = `${path}.${key}`;
    const mustSearch = this.#dropRules.reaches(elementType);
    const isObject = children.length > 0;
    return {
      quotedKey: JSON.stringify(key),
      path: keyPath,
      leaves,
      expects: isObject ? 'object' : items.length + everyItem.length > 0 ? 'array' : leaves.length > 0 ? 'leaf' : 'anything',
      drop: this.#dropRules.checkOf(type, key),
      child: isObject ? this.of(children, elementType, keyPath) : undefined,
      items,
      everyItem,
      typeToSearch: mustSearch ? elementType : undefined,
      type: elementType,
    };
  }

  /** All JSON keys that an object of a type may have, with the types of their values. */
  #keysOf(type: string, contributions: readonly Contribution[]): ReadonlyMap<string, string> {
    const keys = new Map<string, string>();
    if (contributions.some(({ keys: known }) => known.has('resourceType'))) keys.set('resourceType', 'code');
    for (const element of this.#model.elementsOf(type)) {
      for (const elementType of element.types) {
        const key = jsonKey(element, elementType);
        keys.set(key, elementType.path);
        if (isPrimitive(elementType)) keys.set(`_${key}`, 'Element');
      }
    }
    return keys;
  }
}

/** True when a value has the JSON type that FHIR gives the element. */
export function isFit(handler: KeyHandler, value: JsonValue): boolean {
  return handler.leaves.some((leaf) => leaf.isFit(value));
}
