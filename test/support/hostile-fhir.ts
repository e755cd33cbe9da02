// Resources as nobody should write them, from the element model: odd shapes, wrong JSON types, nulls in arrays, `_x`
// without `x`, extensions on extensions, empty objects, keys of JavaScript's own. Every text in them is another, so
// that a check which finds it has found that very one.

import type { ElementModel, ElementType, KeyedElement } from '../../src/fhir/element-model.ts';
import { isPrimitive } from '../../src/fhir/element-model.ts';
import { Random } from '../bench/generate/random.ts';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

const oddKeys = ['fooBar', 'constructor', 'toString', '', 'a.b', 'a b', '_', '_fooBar', 'resourceTypes', 'hasOwnProperty', 'valueString', '__proto__'];
const oddTexts = ['; ', ' ', ', ', '\n', '|', '"', ',', 'ü', '\u2028', '=1+1', '#', '/', 'http://unitsofmeasure.org'];
const numbers = ['0', '-1', '3', '1.00', '1e3', '12345678901234567890', '0.1', '-0', '1.50'];
const referenceForms = [
  'Patient/1',
  'Patient/2/_history/3',
  'http://h.example/fhir/Practitioner/9',
  '#c0',
  '#c1',
  '#',
  'urn:uuid:1',
  'Group?identifier=a|b',
  'x y',
];

/** Same seed, same resources. */
export class HostileFhir {
  readonly #model: ElementModel;
  readonly #random: Random;
  readonly #types: readonly string[];
  readonly #oddity: number;
  #textCount = 0;

  /**
   * @param types - of the resources: all but Bundle when not given
   * @param oddity - 0 for resources as they should be, 1 where something odd is in most of them
   */
  constructor(model: ElementModel, seed: number, types = model.resourceTypes.filter((name) => name !== 'Bundle'), oddity = 1) {
    this.#model = model;
    this.#types = types;
    this.#random = new Random(seed);
    this.#oddity = oddity;
  }

  /** NDJSON. */
  makeLines(count: number): string {
    return Array.from({ length: count }, (_, index) => `${this.#write(this.#resource(`r${index}`, 4))}\n`).join('');
  }

  #isOdd(share: number): boolean {
    return this.#random.chance(share * this.#oddity);
  }

  #text(): string {
    const unique = `v${this.#textCount++}`;
    return this.#random.chance(0.1) ? unique + this.#random.pick(oddTexts) + unique : unique;
  }

  #write(value: Json): string {
    // Numbers in their own words, and a __proto__ that is a key like any other.
    return JSON.stringify(value)
      .replace(/"@number (\S+?)"/g, '$1')
      .replaceAll('"@proto"', '"__proto__"');
  }

  #resource(id: string | undefined, depth: number): { [key: string]: Json } {
    const type = this.#random.pick(this.#types);
    const resource: { [key: string]: Json } = { resourceType: type, ...(id === undefined ? {} : { id }) };
    this.#fill(resource, type, depth, new Set(['id', 'contained']));
    if (id?.startsWith('r') && this.#random.chance(0.2)) {
      const count = this.#random.between(1, 3);
      resource['contained'] = Array.from({ length: count }, (_, index): Json => {
        if (this.#isOdd(0.1)) return this.#odd(1);
        return this.#resource(this.#random.chance(0.1) ? undefined : `c${this.#random.chance(0.2) ? 0 : index}`, 2);
      });
    }
    return resource;
  }

  #fill(object: { [key: string]: Json }, type: string, depth: number, skipped: ReadonlySet<string> = new Set()): void {
    const keyed = [...this.#model.byKey(type)].filter(([key]) => !skipped.has(key));
    const wanted = depth >= 4 ? 0.3 : depth >= 3 ? 0.25 : 0.2;
    for (const [key, found] of keyed) {
      const isExtension = found.type.code === 'Extension';
      const isChoice = found.element.isChoice;
      const share = isExtension ? 0.06 : isChoice ? wanted / found.element.types.length : wanted;
      if (!this.#random.chance(share)) continue;
      object[key] = this.#value(found, depth);
      if (isPrimitive(found.type) && this.#random.chance(0.08)) object[`_${key}`] = this.#primitiveElement(found, object[key] as Json, depth);
    }
    if (this.#isOdd(0.03)) object[this.#oddKey()] = this.#odd(2);
  }

  #oddKey(): string {
    const key = this.#random.pick(oddKeys);
    return key === '__proto__' ? '@proto' : key;
  }

  #value({ element, type }: KeyedElement, depth: number): Json {
    if (this.#isOdd(0.03)) return this.#odd(2);
    if (!element.isList) return this.#single(type, depth, element.name);
    const count = this.#random.chance(0.05) ? 0 : this.#random.between(1, 3);
    return Array.from({ length: count }, () => (this.#isOdd(0.04) ? this.#odd(1) : this.#single(type, depth, element.name)));
  }

  #single(type: ElementType, depth: number, name: string): Json {
    if (type.code === 'Resource') return depth <= 1 ? {} : this.#resource(this.#text(), 1);
    if (!isPrimitive(type)) {
      const object: { [key: string]: Json } = {};
      if (depth > 0) this.#fill(object, type.path, depth - 1);
      if (type.code === 'Reference' && this.#random.chance(0.7)) object['reference'] = this.#random.pick(referenceForms);
      if (type.code === 'Coding' && this.#random.chance(0.3)) object['system'] = this.#random.pick(['http://loinc.org', 'http://snomed.info/sct']);
      return object;
    }
    switch (type.code) {
      case 'boolean':
        return this.#random.chance(0.5);
      case 'integer':
      case 'positiveInt':
      case 'unsignedInt':
        return this.#random.between(0, 999);
      case 'decimal':
        return `@number ${this.#random.pick(numbers)}`;
      case 'date':
      case 'dateTime':
      case 'instant':
        return this.#random.chance(0.2) ? this.#text() : `20${this.#random.between(10, 89)}-0${this.#random.between(1, 9)}-11`;
      default:
        return name === 'use' && this.#random.chance(0.5) ? this.#random.pick(['official', 'usual', 'old', 'home']) : this.#text();
    }
  }

  /** https://hl7.org/fhir/R4/json.html#primitive, or what is none. */
  #primitiveElement({ element }: KeyedElement, value: Json, depth: number): Json {
    const one = (): Json => {
      if (this.#isOdd(0.1)) return this.#odd(1);
      const object: { [key: string]: Json } = {};
      if (this.#random.chance(0.7)) object['extension'] = [this.#single({ code: 'Extension', targets: [], path: 'Extension' }, Math.min(depth, 2), '')];
      if (this.#random.chance(0.3)) object['id'] = this.#text();
      return object;
    };
    if (!element.isList || !Array.isArray(value)) return one();
    return value.map(() => (this.#random.chance(0.5) ? null : one()));
  }

  /** Something that stands nowhere. */
  #odd(depth: number): Json {
    const kind = this.#random.between(0, depth > 0 ? 9 : 5);
    if (kind === 0) return null;
    if (kind === 1) return this.#text();
    if (kind === 2) return `@number ${this.#random.pick(numbers)}`;
    if (kind === 3) return this.#random.chance(0.5);
    if (kind === 4) return {};
    if (kind === 5) return [];
    if (kind === 6) return [this.#odd(depth - 1), null, this.#odd(depth - 1)];
    if (kind === 7) return [[this.#odd(depth - 1)]];
    return { [this.#oddKey()]: this.#odd(depth - 1), value: this.#text() };
  }
}
