// Contributions that hold for one object → what to do with each of its keys. Merged once per set of contributions,
// key by key as they are met.

import { type ElementModel, isPrimitive } from '../../fhir/element-model.ts';
import type { JsonValue } from '../../json.ts';
import type { DropRule } from '../../types.ts';
import type { ChosenItem, Contribution, ContributionKey, Leaf, RowSource } from './contributions.ts';
import { type DropCheck, DropRules } from './drop-rules.ts';

/** What a key means to the coding and extension tables. */
export type KeyRole = 'contained' | 'extensions' | 'primitive-element' | 'concept-codings' | 'concept-text' | 'coding-value';

export interface KeyHandler {
  readonly key: string;
  readonly role: KeyRole | undefined;
  readonly quotedKey: string;
  /** `Patient.name.given`, for reports. */
  readonly path: string;
  readonly leaves: readonly Leaf[];
  readonly expects: 'leaf' | 'object' | 'array' | 'anything';
  readonly drop: DropCheck | undefined;
  /** For the object under the key. */
  readonly child: ObjectHandler | undefined;
  readonly items: readonly ChosenItem[];
  readonly everyItem: readonly Contribution[];
  /** Tables with a row for each item of the array under the key. */
  readonly rows: readonly RowSource[];
  /** Handlers of items, made when first needed, by the set of `items` that chose the item (bit i for rule i). */
  readonly itemHandlers: (ObjectHandler | undefined)[];
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
  /** Everything is searched: codings and extensions may stand anywhere. */
  readonly #isAllSearched: boolean;
  readonly #single: (ObjectHandler | undefined)[] = [];
  readonly #merged = new Map<string, ObjectHandler>();

  constructor(model: ElementModel, dropRules: readonly DropRule[], isAllSearched: boolean) {
    this.#model = model;
    this.#isAllSearched = isAllSearched;
    this.#dropRules = new DropRules(model, dropRules);
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

  /** For an item of an array that the rules of a set chose; undefined when nothing is about it. */
  ofItem(known: KeyHandler, chosenBy: number): ObjectHandler | undefined {
    const found = known.itemHandlers[chosenBy];
    if (found !== undefined) return found;
    const picked = known.items.filter((_, index) => (chosenBy & (1 << index)) !== 0).map(({ contribution }) => contribution);
    const contributions = [...known.everyItem, ...known.rows.map(({ root }) => root), ...picked];
    if (contributions.length === 0) return undefined;
    const handler = this.of(contributions, known.type, known.path);
    known.itemHandlers[chosenBy] = handler;
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
    const { children, items, everyItem, rows: binds, leaves } = about.length === 1 ? (about[0] as ContributionKey) : joinKeys(about);
    const rows = binds.map((bind) => bind());
    const keyPath = `${path}.${key}`;
    const isObject = children.length > 0;
    return {
      key,
      role: roleOf(type, key, elementType),
      quotedKey: JSON.stringify(key),
      path: keyPath,
      leaves,
      expects: isObject ? 'object' : items.length + everyItem.length + rows.length > 0 ? 'array' : leaves.length > 0 ? 'leaf' : 'anything',
      drop: this.#dropRules.checkOf(type, key),
      child: isObject ? this.of(children, elementType, keyPath) : undefined,
      items,
      everyItem,
      rows,
      itemHandlers: [],
      typeToSearch: this.#mustSearch(elementType) ? elementType : undefined,
      type: elementType,
    };
  }

  /** Contained resources are no elements of the resource, and keep the shape they have. */
  #mustSearch(elementType: string): boolean {
    if (elementType === 'Resource') return false;
    return this.#isAllSearched ? this.#model.hasType(elementType) : this.#dropRules.reaches(elementType);
  }

  /** The type path of what an object of the type may have under a key; `_key` belongs to a primitive. */
  #typeOf({ contributions, type }: ObjectHandler, key: string): string | undefined {
    const byKey = this.#model.byKey(type);
    const found = byKey.get(key);
    if (found !== undefined) return found.type.path;
    const isResource = contributions.some(({ keys }) => keys.has('resourceType'));
    if (key === 'resourceType') return isResource ? 'code' : undefined;
    // Binary and Parameters must contain none; where they do, the contained resources have rows all the same.
    if (key === 'contained' && isResource) return 'Resource';
    const primitive = key.startsWith('_') ? byKey.get(key.slice(1)) : undefined;
    return primitive !== undefined && isPrimitive(primitive.type) ? 'Element' : undefined;
  }
}

function joinKeys(about: readonly ContributionKey[]): ContributionKey {
  return {
    leaves: about.flatMap((found) => found.leaves),
    children: about.flatMap((found) => found.children),
    items: about.flatMap((found) => found.items),
    everyItem: about.flatMap((found) => found.everyItem),
    rows: about.flatMap((found) => found.rows),
  };
}

function roleOf(type: string, key: string, elementType: string): KeyRole | undefined {
  if (elementType === 'Resource' && key === 'contained') return 'contained';
  if (elementType === 'Extension') return 'extensions';
  if (key.startsWith('_')) return 'primitive-element';
  if (type === 'CodeableConcept') return key === 'coding' ? 'concept-codings' : key === 'text' ? 'concept-text' : undefined;
  if (type === 'Coding' && key !== 'id') return 'coding-value';
  return undefined;
}

/** True when a value has the JSON type that FHIR gives the element. */
export function isFit(handler: KeyHandler, value: JsonValue): boolean {
  return handler.leaves.some((leaf) => leaf.isFit(value));
}
