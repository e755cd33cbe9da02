// The named rules that leave values out of the tables, and the writer of whole JSON values that applies them at any
// depth: https://hl7.org/fhir/R4/narrative.html and Attachment.data. Everything left out is counted.

import { type Element, type ElementModel, isPrimitive, jsonKey } from '../../fhir/element-model.ts';
import { isJsonObject, type JsonValue, NumberText, stringifyJson } from '../../json.ts';
import type { FlattenContext } from '../../types.ts';
import type { Row } from './row.ts';

export type WriteWhole = (value: JsonValue, path: string, row: Row) => string;

export interface DropRules {
  /** All JSON keys that the model knows on an object of a type, with the `_key` of primitives. */
  keysOf(type: string, isRoot: boolean): readonly string[];
  /** The rule for a key: counts and returns true when the value is left out. */
  droppedKey(type: string, key: string, path: string): ((value: JsonValue) => boolean) | undefined;
  /** Writes a value of the element under a key in full, but for what a rule leaves out below it. */
  writerOf(type: string, key: string): WriteWhole;
}

export function compileDropRules(model: ElementModel, context: FlattenContext): DropRules {
  const reach = new Map<string, boolean>();

  /** True when an object of the type may hold an Attachment at some depth. */
  function reachesAttachment(type: string): boolean {
    if (type === 'Attachment') return true;
    const known = reach.get(type);
    if (known !== undefined) return known;
    // A recursive type counts as not reaching while it is being asked, which the other elements then decide.
    reach.set(type, false);
    const reaches = model
      .elementsOf(type)
      .some((element) => !isOpen(element) && element.types.some((elementType) => !isPrimitive(elementType) && reachesAttachment(elementType.path)));
    reach.set(type, reaches);
    return reaches;
  }

  function writeTyped(value: JsonValue, type: string, path: string, row: Row): string {
    if (Array.isArray(value)) return `[${value.map((item) => writeTyped(item, type, path, row)).join(',')}]`;
    if (!isJsonObject(value) || !reachesAttachment(type)) return stringify(value, row);
    const byKey = typesByKey(type);
    const parts: string[] = [];
    for (const key of Object.keys(value)) {
      const item = value[key] as JsonValue;
      if (droppedKey(type, key, `${path}.${key}`)?.(item)) continue;
      const elementType = byKey.get(key);
      const text = elementType === undefined ? stringify(item, row) : writeTyped(item, elementType, `${path}.${key}`, row);
      parts.push(`${JSON.stringify(key)}:${text}`);
    }
    return `{${parts.join(',')}}`;
  }

  const typesByKeyOf = new Map<string, ReadonlyMap<string, string>>();
  function typesByKey(type: string): ReadonlyMap<string, string> {
    let byKey = typesByKeyOf.get(type);
    if (byKey === undefined) {
      const elements = model.elementsOf(type).filter((element) => !isOpen(element));
      byKey = new Map(elements.flatMap((element) => element.types.map((elementType) => [jsonKey(element, elementType), elementType.path] as const)));
      typesByKeyOf.set(type, byKey);
    }
    return byKey;
  }

  function droppedKey(type: string, key: string, path: string): ((value: JsonValue) => boolean) | undefined {
    if (type === 'Attachment' && key === 'data') {
      return (value) => {
        if (typeof value !== 'string') return false;
        context.countDropped('attachment-data', path, 1, value.length);
        return true;
      };
    }
    if (key === 'text' && model.element(type, 'text')?.types[0]?.code === 'Narrative') {
      return (value) => {
        if (!isJsonObject(value)) return false;
        const size = measure(value);
        context.countDropped('narrative', path, size.leafCount, size.byteCount);
        return true;
      };
    }
    return undefined;
  }

  return {
    keysOf(type, isRoot) {
      const keys = model.elementsOf(type).flatMap((element) =>
        element.types.flatMap((elementType) => {
          const key = jsonKey(element, elementType);
          return isPrimitive(elementType) ? [key, `_${key}`] : [key];
        }),
      );
      return isRoot ? ['resourceType', 'id', 'meta', ...keys] : keys;
    },
    droppedKey,
    writerOf(type, key) {
      const elementType = typesByKey(type).get(key);
      if (elementType === undefined || !reachesAttachment(elementType)) return (value, _, row) => stringify(value, row);
      return (value, path, row) => writeTyped(value, elementType, path, row);
    },
  };
}

/** Contained resources and extensions are kept as they are: what they hold is not the element's own type. */
function isOpen(element: Element): boolean {
  return element.name === 'contained' || element.name === 'extension' || element.name === 'modifierExtension';
}

function stringify(value: JsonValue, row: Row): string {
  return row.hasNumberText ? stringifyJson(value) : JSON.stringify(value);
}

/** Leaf values of a JSON value, and the size of its strings in UTF-16 code units. */
function measure(value: JsonValue): { leafCount: number; byteCount: number } {
  if (typeof value === 'string') return { leafCount: 1, byteCount: value.length };
  if (value === null) return { leafCount: 0, byteCount: 0 };
  if (typeof value !== 'object' || value instanceof NumberText) return { leafCount: 1, byteCount: 0 };
  const total = { leafCount: 0, byteCount: 0 };
  for (const item of Array.isArray(value) ? value : Object.values(value)) {
    const part = measure(item);
    total.leafCount += part.leafCount;
    total.byteCount += part.byteCount;
  }
  return total;
}
