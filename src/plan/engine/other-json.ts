// Plan → function that writes the JSON text of what no cell of the row shows. It visits every key of the resource
// once, so each leaf value is either shown by a cell, left out by a named rule and counted, or in this text.

import type { ElementModel } from '../../fhir/element-model.ts';
import { isJsonObject, type JsonObject, type JsonValue, stringifyJson } from '../../json.ts';
import type { FlattenContext } from '../../types.ts';
import type { Plan } from '../plan.ts';
import { compileDropRules, type WriteWhole } from './drop-rules.ts';
import { collectShown, type Shown } from './shown-values.ts';
import type { Row } from './row.ts';

/** What is known of one key of an object: who shows its leaf, which nodes stand below it. */
interface KeyHandler {
  readonly quotedKey: string;
  readonly path: string;
  /** The element is a primitive or a list of primitives that cells may show. */
  readonly isShown: readonly ((value: JsonValue, object: JsonObject, row: Row) => boolean)[];
  /** True for an object in a `child` node's place, or an array in an `item` node's. */
  readonly expects: 'leaf' | 'object' | 'array' | 'anything';
  readonly isFit: (value: JsonValue) => boolean;
  /** Nodes of the object here. */
  readonly children: readonly number[];
  /** Nodes chosen from the array here. */
  readonly items: readonly number[];
  /** Contributions that hold for every item of the array here. */
  readonly everyItem: readonly number[];
  readonly writeWhole: WriteWhole;
}

type ObjectHandler = ReadonlyMap<string, KeyHandler>;

export function compileOtherJson(plan: Plan, model: ElementModel, context: FlattenContext): (resource: JsonObject, row: Row) => string | undefined {
  const shown = collectShown(plan, context.storage);
  const dropRules = compileDropRules(model, context);
  const single = new Array<ObjectHandler | undefined>(shown.length).fill(undefined);
  const merged = new Map<string, ObjectHandler>();

  /** The handler of an object for which all these contributions hold; made when first needed. */
  function handlerOf(contributions: readonly number[]): ObjectHandler {
    const first = contributions[0] as number;
    if (contributions.length === 1) {
      single[first] ??= mergeHandlers([shown[first] as Shown], dropRules);
      return single[first];
    }
    const key = contributions.join(' ');
    let handler = merged.get(key);
    if (handler === undefined) {
      handler = mergeHandlers(contributions.map((index) => shown[index] as Shown), dropRules);
      merged.set(key, handler);
    }
    return handler;
  }

  function writeObject(contributions: readonly number[], object: JsonObject, row: Row): string {
    const handler = handlerOf(contributions);
    let text = '';
    for (const key in object) {
      const value = object[key] as JsonValue;
      const known = handler.get(key);
      let part: string;
      if (known === undefined) {
        context.countUnknown(`${(shown[contributions[0] as number] as Shown).path}.${describeKey(key)}`);
        part = stringify(value, row);
      } else {
        part = writeKnown(known, value, object, row);
      }
      if (part !== '') text += `${text === '' ? '{' : ','}${known?.quotedKey ?? JSON.stringify(key)}:${part}`;
    }
    return text === '' ? '' : `${text}}`;
  }

  function writeKnown(known: KeyHandler, value: JsonValue, object: JsonObject, row: Row): string {
    for (const isShown of known.isShown) if (isShown(value, object, row)) return '';
    switch (known.expects) {
      case 'leaf':
        if (!known.isFit(value)) context.countMisfit(known.path);
        break;
      case 'object':
        if (isJsonObject(value)) return writeObject(known.children, value, row);
        context.countMisfit(known.path);
        break;
      case 'array':
        if (Array.isArray(value)) return writeItems(known, value, row);
        context.countMisfit(known.path);
        break;
      case 'anything':
        break;
      default:
        return known.expects satisfies never;
    }
    return known.writeWhole(value, known.path, row);
  }

  function writeItems(known: KeyHandler, list: readonly JsonValue[], row: Row): string {
    let text = '';
    let isAnyKept = false;
    for (let index = 0; index < list.length; index++) {
      const item = list[index] as JsonValue;
      const part = writeItem(known, item, row);
      if (part !== '') isAnyKept = true;
      text += `${index === 0 ? '[' : ','}${part === '' ? 'null' : part}`;
    }
    return isAnyKept ? `${text}]` : '';
  }

  function writeItem(known: KeyHandler, item: JsonValue, row: Row): string {
    if (isJsonObject(item)) {
      let contributions = known.everyItem;
      for (const node of known.items) if (row.slots[node] === item) contributions = [...contributions, node];
      if (contributions.length > 0) return writeObject(contributions, item, row);
    }
    return known.writeWhole(item, known.path, row);
  }

  const root = [0];
  return (resource, row) => {
    const text = writeObject(root, resource, row);
    return text === '' ? undefined : text;
  };
}

function stringify(value: JsonValue, row: Row): string {
  return row.hasNumberText ? stringifyJson(value) : JSON.stringify(value);
}

/** Keys come from the input: odd ones are not repeated in a report. */
function describeKey(key: string): string {
  return /^_?[A-Za-z][A-Za-z0-9]{0,63}$/.test(key) ? key : '(odd key)';
}

/** One handler per key that the element model or a contribution knows. */
function mergeHandlers(
  contributions: readonly Shown[],
  dropRules: ReturnType<typeof compileDropRules>,
): ObjectHandler {
  const merged = new Map<string, KeyHandler>();
  const first = contributions[0] as Shown;
  for (const key of dropRules.keysOf(first.type, first.isRoot)) {
    const about = contributions.map((contribution) => contribution.keys.get(key)).filter((found) => found !== undefined);
    const children = about.flatMap((found) => found.children);
    const items = about.flatMap((found) => found.items);
    const everyItem = about.flatMap((found) => found.everyItem);
    const leaves = about.flatMap((found) => found.leaves);
    const expects = children.length > 0 ? 'object' : items.length + everyItem.length > 0 ? 'array' : leaves.length > 0 ? 'leaf' : 'anything';
    const path = `${first.path}.${key}`;
    const dropped = dropRules.droppedKey(first.type, key, path);
    merged.set(key, {
      quotedKey: JSON.stringify(key),
      path,
      isShown: [...leaves.map((leaf) => leaf.isShown), ...(dropped === undefined ? [] : [dropped])],
      expects,
      isFit: (value) => leaves.some((leaf) => leaf.isFit(value)),
      children,
      items,
      everyItem,
      writeWhole: dropRules.writerOf(first.type, key),
    });
  }
  return merged;
}
