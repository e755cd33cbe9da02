// Contributions that hold for one object → what to do with each of its keys. Merged once per set of contributions,
// key by key as they are met.

import { type ElementModel, isPrimitive } from '../../fhir/element-model.ts';
import type { JsonValue } from '../../json.ts';
import type { Contribution, Leaf } from './contributions.ts';
import { type DropCheck, DropRules } from './drop-rules.ts';
import type { ChooseItem } from './item-rules.ts';

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
  readonly type: string;
  readonly path: string;
  /** The keys met so far; undefined is a key that the element model does not know. */
  readonly keys: Map<string, KeyHandler | undefined>;
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
    const known = this.#single[contribution.index];
    if (known !== undefined) return known;
    const handler: ObjectHandler = { contributions: [contribution], type: contribution.type, path: contribution.path, keys: new Map() };
    this.#single[contribution.index] = handler;
    return handler;
  }

  /** For an object of a type; without contributions none of its leaves is shown. */
  of(contributions: readonly Contribution[], type: string, path: string): ObjectHandler {
    const [first] = contributions;
    if (contributions.length === 1 && first !== undefined) return this.ofOne(first);
    const cacheKey = first === undefined ? `${type} ${path}` : contributions.map((contribution) => contribution.index).join(' ');
    let handler = this.#merged.get(cacheKey);
    if (handler === undefined) {
      handler = { contributions, type, path, keys: new Map() };
      this.#merged.set(cacheKey, handler);
    }
    return handler;
  }

  /** Makes the handler of a key when it is met for the first time: most keys of most types never are. */
  addKey(handler: ObjectHandler, key: string): KeyHandler | undefined {
    const elementType = this.#typeOf(handler, key);
    const made = elementType === undefined ? undefined : this.#makeKey(handler, key, elementType);
    // Unknown keys may be any number of different ones: they are not remembered.
    if (made !== undefined) handler.keys.set(key, made);
    return made;
  }

  #makeKey({ contributions, type, path }: ObjectHandler, key: string, elementType: string): KeyHandler {
    const about = contributions.map((contribution) => contribution.keys.get(key)).filter((found) => found !== undefined);
    const children = about.flatMap((found) => found.children);
    const items = about.flatMap((found) => found.items);
    const everyItem = about.flatMap((found) => found.everyItem);
    const leaves = about.flatMap((found) => found.leaves);
    const keyPath = `${path}.${key}`;
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
      typeToSearch: this.#dropRules.reaches(elementType) ? elementType : undefined,
      type: elementType,
    };
  }

  /** The type path of what an object of the type may have under a key; `_key` belongs to a primitive. */
  #typeOf({ contributions, type }: ObjectHandler, key: string): string | undefined {
    const byKey = this.#model.byKey(type);
    const found = byKey.get(key);
    if (found !== undefined) return found.type.path;
    if (key === 'resourceType') return contributions.some(({ keys }) => keys.has(key)) ? 'code' : undefined;
    const primitive = key.startsWith('_') ? byKey.get(key.slice(1)) : undefined;
    return primitive !== undefined && isPrimitive(primitive.type) ? 'Element' : undefined;
  }
}

/** True when a value has the JSON type that FHIR gives the element. */
export function isFit(handler: KeyHandler, value: JsonValue): boolean {
  return handler.leaves.some((leaf) => leaf.isFit(value));
}
