// One walk through a resource: each key is visited once, and each leaf value ends in a cell that shows it, in a row
// of the coding or extension table, under a rule that leaves it out and counts it, or in the JSON text that the walk
// returns, which becomes other_json.

import { isJsonObject, type JsonObject, type JsonValue, stringifyJson } from '../../json.ts';
import type { FlattenContext, LeafPlace } from '../../types.ts';
import { CodingRows } from './coding-rows.ts';
import type { Contribution, RowSource } from './contributions.ts';
import { measure } from './drop-rules.ts';
import type { ExtensionRows } from './extension-rows.ts';
import { type HandlerSet, isFit, type KeyHandler, type ObjectHandler } from './handlers.ts';
import type { ResourceState } from './table-state.ts';
import { WalkPath } from './walk-path.ts';

export interface WalkTables {
  readonly codings: CodingRows | undefined;
  readonly extensions: ExtensionRows | undefined;
}

export class ResourceWalk {
  readonly #handlers: HandlerSet;
  readonly #context: FlattenContext;
  readonly #resource: ResourceState;
  readonly #codings: CodingRows | undefined;
  readonly #extensions: ExtensionRows | undefined;
  readonly #path = new WalkPath();
  /** The concept whose text, and the coding whose values, no column shows: they get a row when they are done. */
  #unshownText: JsonObject | undefined;
  #unshownCoding: JsonObject | undefined;
  /** Inside an extension that has columns: its rows are added elsewhere. */
  #isPromoting = false;

  constructor(handlers: HandlerSet, context: FlattenContext, resource: ResourceState, { codings, extensions }: WalkTables) {
    this.#handlers = handlers;
    this.#context = context;
    this.#resource = resource;
    this.#codings = codings;
    this.#extensions = extensions;
  }

  /** Sets the cells for a resource; returns the JSON text of what no table shows, or ''. */
  walk(handler: ObjectHandler, resource: JsonObject): string {
    this.#path.start(handler.path);
    return this.#walkObject(handler, resource);
  }

  #walkObject(handler: ObjectHandler, object: JsonObject): string {
    const { contributions, keys } = handler;
    for (let index = 0; index < contributions.length; index++) {
      const { state, node } = contributions[index] as Contribution;
      if (node >= 0) state.slots[node] = object;
    }
    const textCount = this.#codings?.textCount;
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
    if (this.#unshownText === object && this.#codings?.textCount === textCount) this.#codings?.addText(object.text as string, this.#path);
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
    if (isShown) {
      this.#account('cell', value);
      return '';
    }
    if (known.drop?.applies(value) === true) {
      const { leafCount, byteCount } = measure(value);
      this.#context.countDropped(known.drop.rule, known.path, leafCount, byteCount);
      return '';
    }
    if (known.role !== undefined && this.#takeForTable(known, value, object)) return '';
    switch (known.expects) {
      case 'object':
        if (isJsonObject(value)) return this.#walkChild(known, known.child as ObjectHandler, value);
        this.#context.countMisfit(known.path);
        break;
      case 'array':
        if (Array.isArray(value)) return this.#walkArray(known, value, object);
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
    return this.#keep(known, value, object);
  }

  /** True for a value that the coding table will show. */
  #takeForTable(known: KeyHandler, value: JsonValue, object: JsonObject): boolean {
    if (this.#codings === undefined || this.#isPromoting) return false;
    if (known.role === 'concept-text' && typeof value === 'string') {
      this.#account('coding', value);
      this.#unshownText = object;
      return true;
    }
    if (known.role === 'coding-value' && CodingRows.isShown(known.key, value)) {
      this.#account('coding', value);
      this.#unshownCoding = object;
      return true;
    }
    return false;
  }

  #walkChild(known: KeyHandler, handler: ObjectHandler, object: JsonObject): string {
    this.#path.push(known.key);
    const rest = this.#walkObject(handler, object);
    if (known.type === 'Coding') this.#addCoding(object, 0, undefined, undefined);
    this.#path.pop();
    return rest;
  }

  /** The array's text with `null` for items that are shown, or '' when all are. `owner` is the object that holds it. */
  #walkArray(known: KeyHandler, list: readonly JsonValue[], owner: JsonObject): string {
    const { items, role, rows, type } = known;
    for (let position = 0; position < rows.length; position++) (rows[position] as RowSource).state.beginArray();
    // One rule for the list is by far the most frequent case, and needs no array.
    const first = items.length > 0 ? (items[0] as KeyHandler['items'][number]).choose(list) : undefined;
    const chosen = items.length > 1 ? items.map(({ choose }) => choose(list)) : undefined;
    if (role === 'extensions' && this.#extensions !== undefined) {
      if (items.length > 0) this.#walkPromoted(known, list, first, chosen);
      return this.#isPromoting ? '' : this.#addExtensions(list, this.#extensions, known.key === 'modifierExtension');
    }
    let rest = '';
    let isAnyKept = false;
    this.#path.push(known.key);
    for (let index = 0; index < list.length; index++) {
      const item = list[index] as JsonValue;
      this.#path.push(index);
      let part: string;
      if (isJsonObject(item)) {
        part = this.#walkItem(known, item, index, first, chosen);
        // The codings of a concept belong to the path of the concept.
        if (role === 'concept-codings') this.#addCoding(item, 2, index, owner.text);
        else if (type === 'Coding') this.#addCoding(item, 0, undefined, undefined);
      } else {
        part = this.#stringify(item);
      }
      this.#path.pop();
      if (part !== '') isAnyKept = true;
      rest += `${index === 0 ? '[' : ','}${part === '' ? 'null' : part}`;
    }
    this.#path.pop();
    return isAnyKept ? `${rest}]` : '';
  }

  #walkItem(
    known: KeyHandler,
    item: JsonObject,
    index: number,
    first: JsonObject | undefined,
    chosen: readonly (JsonObject | undefined)[] | undefined,
  ): string {
    const { items, rows } = known;
    let chosenBy = 0;
    if (chosen === undefined) {
      if (first === item && items.length > 0) chosenBy = 1;
    } else {
      for (let position = 0; position < chosen.length; position++) if (chosen[position] === item) chosenBy |= 1 << position;
    }
    const handler = this.#handlers.ofItem(known, chosenBy);
    if (handler === undefined) return this.#keepObject(known, item);
    for (let position = 0; position < rows.length; position++) (rows[position] as RowSource).state.begin(index);
    const rest = this.#walkObject(handler, item);
    for (let position = 0; position < rows.length; position++) (rows[position] as RowSource).state.end();
    return rest;
  }

  /** Sets the columns of promoted extensions, which stand in rows of the extension table all the same. */
  #walkPromoted(known: KeyHandler, list: readonly JsonValue[], first: JsonObject | undefined, chosen: readonly (JsonObject | undefined)[] | undefined): void {
    const wasPromoting = this.#isPromoting;
    this.#isPromoting = true;
    for (const item of list) {
      if (isJsonObject(item) && (item === first || chosen?.includes(item) === true)) this.#walkItem(known, item, 0, first, chosen);
    }
    this.#isPromoting = wasPromoting;
  }

  #addCoding(coding: JsonObject, levelsUp: number, codingIndex: number | undefined, text: JsonValue | undefined): void {
    const isUnshown = this.#unshownCoding === coding;
    this.#unshownCoding = undefined;
    if (this.#codings === undefined || this.#isPromoting) return;
    if (isUnshown || this.#codings.isComplete) this.#codings.addCoding(coding, this.#path, levelsUp, codingIndex, text);
  }

  /** A value that no column is about: kept, but for what the coding and extension tables show or a rule leaves out. */
  #keep(known: KeyHandler, value: JsonValue, owner: JsonObject): string {
    if (known.role === 'contained' && Array.isArray(value)) return this.#keepContained(value);
    if (known.role === 'primitive-element' && this.#extensions !== undefined) return this.#walkPrimitiveElement(known, value, this.#extensions);
    if (known.typeToSearch === undefined) return this.#stringify(value);
    if (Array.isArray(value)) return this.#walkArray(known, value, owner);
    return isJsonObject(value) ? this.#walkChild(known, this.#handlers.of([], known.type, known.path), value) : this.#stringify(value);
  }

  /** Contained resources with rows of their own leave a `null` where others are kept beside them. */
  #keepContained(list: JsonValue[]): string {
    const { unpacked } = this.#resource;
    if (unpacked === undefined) return this.#stringify(list);
    if (list.every((_, index) => unpacked.has(index))) return '';
    return `[${list.map((item, index) => (unpacked.has(index) ? 'null' : this.#stringify(item))).join(',')}]`;
  }

  #keepObject(known: KeyHandler, item: JsonObject): string {
    if (known.typeToSearch === undefined) return this.#stringify(item);
    return this.#walkObject(this.#handlers.of([], known.type, known.path), item);
  }

  /** `_birthDate`, or `_given` beside an array: https://hl7.org/fhir/R4/json.html#primitive */
  #walkPrimitiveElement(known: KeyHandler, value: JsonValue, extensions: ExtensionRows): string {
    this.#path.push(known.key.slice(1));
    let rest: string;
    if (Array.isArray(value)) {
      const parts = value.map((item, index) => {
        this.#path.push(index);
        const part = this.#walkElement(item, extensions);
        this.#path.pop();
        return part;
      });
      rest = parts.every((part) => part === '') ? '' : `[${parts.map((part) => (part === '' ? 'null' : part)).join(',')}]`;
    } else {
      rest = this.#walkElement(value, extensions);
    }
    this.#path.pop();
    return rest;
  }

  #walkElement(value: JsonValue, extensions: ExtensionRows): string {
    if (value === null) return '';
    if (!isJsonObject(value)) return this.#stringify(value);
    let rest = '';
    for (const key in value) {
      const item = value[key] as JsonValue;
      const part = key === 'extension' && Array.isArray(item) ? this.#addExtensions(item, extensions, false) : this.#stringify(item);
      if (part !== '') rest += `${rest === '' ? '{' : ','}${JSON.stringify(key)}:${part}`;
    }
    return rest === '' ? '' : `${rest}}`;
  }

  #addExtensions(list: readonly JsonValue[], extensions: ExtensionRows, isModifier: boolean): string {
    if (isModifier) countModifiers(list, this.#context);
    const rest = extensions.addAll(list, this.#path, isModifier);
    const { audit } = this.#context;
    if (audit !== undefined) audit.add('extension', measure(list as JsonValue[]).leafCount - (rest === '' ? 0 : measure(JSON.parse(rest)).leafCount));
    return rest;
  }

  #account(place: LeafPlace, value: JsonValue): void {
    if (this.#context.audit !== undefined && !this.#isPromoting) this.#context.audit.add(place, measure(value).leafCount);
  }

  #stringify(value: JsonValue): string {
    return this.#resource.hasNumberText ? stringifyJson(value) : JSON.stringify(value);
  }
}

/** The modifierExtensions of an object that is kept as it is, at any depth. */
export function countModifiersBelow(value: JsonValue, context: FlattenContext): void {
  if (Array.isArray(value)) for (const item of value) countModifiersBelow(item, context);
  else if (isJsonObject(value)) {
    for (const key of Object.keys(value)) {
      const below = value[key] as JsonValue;
      if (key === 'modifierExtension' && Array.isArray(below)) countModifiers(below, context);
      else if (typeof below === 'object') countModifiersBelow(below, context);
    }
  }
}

function countModifiers(list: readonly JsonValue[], context: FlattenContext): void {
  for (const item of list) if (isJsonObject(item)) context.countModifier?.(typeof item.url === 'string' ? item.url : undefined);
}

/** Keys come from the input: odd ones are not repeated in a report. */
function describeKey(key: string): string {
  return /^_?[A-Za-z][A-Za-z0-9]{0,63}$/.test(key) ? key : '(odd key)';
}
