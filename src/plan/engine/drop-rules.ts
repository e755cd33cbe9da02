// The named rules that leave values out of the tables: https://hl7.org/fhir/R4/narrative.html, and the data of Attachment
// and of Binary, which is one document. What they leave out is counted.

import { type ElementModel, isPrimitive } from '../../fhir/element-model.ts';
import { isJsonObject, type JsonValue, NumberText } from '../../json.ts';
import type { DropRule } from '../../types.ts';

export interface DropCheck {
  readonly rule: DropRule;
  /** False for a value that the rule does not mean, such as a narrative that is no object. */
  applies(value: JsonValue): boolean;
}

const attachmentData: DropCheck = { rule: 'attachment-data', applies: (value) => typeof value === 'string' };
const narrative: DropCheck = { rule: 'narrative', applies: isJsonObject };

/** What a contained resource or an extension holds is not of the element's own type: it is kept as it is. */
const openElements = new Set(['contained', 'extension', 'modifierExtension']);

export class DropRules {
  readonly #model: ElementModel;
  readonly #rules: ReadonlySet<DropRule>;
  readonly #reaches = new Map<string, boolean>();

  constructor(model: ElementModel, rules: readonly DropRule[]) {
    this.#model = model;
    this.#rules = new Set(rules);
  }

  checkOf(type: string, key: string): DropCheck | undefined {
    if (key === 'data' && (type === 'Attachment' || type === 'Binary')) return this.#rules.has('attachment-data') ? attachmentData : undefined;
    if (key === 'text' && this.#rules.has('narrative') && this.#model.element(type, 'text')?.types[0]?.code === 'Narrative') return narrative;
    return undefined;
  }

  /** True when an object of the type may hold, at some depth, what a rule leaves out. */
  reaches(type: string): boolean {
    if (type === 'Attachment') return true;
    const known = this.#reaches.get(type);
    if (known !== undefined) return known;
    // A recursive type counts as not reaching while it is being asked, which its other elements then decide.
    this.#reaches.set(type, false);
    const reaches = this.#model
      .elementsOf(type)
      .some((element) => !openElements.has(element.name) && element.types.some((elementType) => !isPrimitive(elementType) && this.reaches(elementType.path)));
    this.#reaches.set(type, reaches);
    return reaches;
  }
}

/** Leaf values by path without indexes; `path` is the value's own. */
export function countByPath(value: JsonValue, path: string, counts = new Map<string, number>()): ReadonlyMap<string, number> {
  if (Array.isArray(value)) for (const item of value) countByPath(item, path, counts);
  else if (isJsonObject(value)) for (const key of Object.keys(value)) countByPath(value[key] as JsonValue, `${path}.${key}`, counts);
  else if (value !== null) counts.set(path, (counts.get(path) ?? 0) + 1);
  return counts;
}

/** Leaf values of a JSON value, and the size of its strings in UTF-16 code units. */
export function measure(value: JsonValue): { leafCount: number; byteCount: number } {
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
