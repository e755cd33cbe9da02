// The element model of one FHIR version: which elements a type has, in specification order, with their types.
// Read from the generated text in models/, type by type when asked for.

/** Oldest first. */
export const fhirVersions = ['r4', 'r4b', 'r5'] as const;

export type FhirVersion = (typeof fhirVersions)[number];

export interface ElementType {
  /** A primitive, a data type, `BackboneElement`, `Element` or `Resource`. */
  readonly code: string;
  /** Of a Reference or CodeableReference: the resource types it may point to; empty when any. */
  readonly targets: readonly string[];
  /** The type whose elements the value has: the data type's name, or the path of a backbone element. */
  readonly path: string;
}

export interface Element {
  /** Without `[x]`. */
  readonly name: string;
  readonly isList: boolean;
  /** `value[x]`: the JSON key is the name and the type's name with a capital. */
  readonly isChoice: boolean;
  readonly types: readonly ElementType[];
}

/** An element as it stands under one JSON key, with the type that goes with the key. */
export interface KeyedElement {
  readonly element: Element;
  readonly type: ElementType;
}

interface ModelText {
  readonly resourceTypes: string;
  readonly types: string;
  readonly jsonKeys: string;
}

/** The key under which an element stands in JSON; for a choice element it depends on the type. */
export function jsonKey(element: Element, type: ElementType): string {
  return element.isChoice ? element.name + type.code.charAt(0).toUpperCase() + type.code.slice(1) : element.name;
}

/** https://hl7.org/fhir/R4/datatypes.html#primitive: the names of primitive types start with a small letter. */
export function isPrimitive(type: ElementType): boolean {
  const initial = type.code.charCodeAt(0);
  return initial >= 0x61 && initial <= 0x7a;
}

export class ElementModel {
  readonly version: FhirVersion;
  readonly resourceTypes: readonly string[];
  readonly #jsonKeys: string;
  readonly #lines = new Map<string, string>();
  readonly #elements = new Map<string, readonly Element[]>();
  readonly #byKey = new Map<string, ReadonlyMap<string, KeyedElement>>();

  constructor(version: FhirVersion, text: ModelText) {
    this.version = version;
    this.resourceTypes = text.resourceTypes.split(' ');
    this.#jsonKeys = text.jsonKeys;
    for (const line of text.types.split('\n')) {
      const end = line.search(/[<;]/);
      if (end > 0) this.#lines.set(line.slice(0, end), line);
    }
  }

  hasType(path: string): boolean {
    return this.#lines.has(path);
  }

  /** The type that a type adds elements to, such as DomainResource; undefined where the model does not say. */
  baseOf(path: string): string | undefined {
    return /^[^<;]*<([^;]+)/.exec(this.#lines.get(path) ?? '')?.[1];
  }

  /** The elements of a type or backbone path, in specification order; empty for a type the version does not have. */
  elementsOf(path: string): readonly Element[] {
    let elements = this.#elements.get(path);
    if (elements === undefined) {
      elements = this.#parse(path);
      this.#elements.set(path, elements);
    }
    return elements;
  }

  /** The elements of a type by the JSON keys under which they may stand. */
  byKey(path: string): ReadonlyMap<string, KeyedElement> {
    let keyed = this.#byKey.get(path);
    if (keyed === undefined) {
      keyed = new Map(this.elementsOf(path).flatMap((element) => element.types.map((type) => [jsonKey(element, type), { element, type }] as const)));
      this.#byKey.set(path, keyed);
    }
    return keyed;
  }

  /** One element of a type by its name, without `[x]`. */
  element(path: string, name: string): Element | undefined {
    return this.elementsOf(path).find((element) => element.name === name);
  }

  /** The JSON keys of all elements, those of choice elements with their types. */
  jsonKeys(): readonly string[] {
    return this.#jsonKeys.split(' ');
  }

  #parse(path: string): readonly Element[] {
    const line = this.#lines.get(path);
    if (line === undefined) return [];
    const [head = '', ...parts] = line.split(';');
    const base = head.split('<')[1];
    const inherited = base === undefined ? [] : this.elementsOf(base);
    return [...inherited, ...parts.filter((part) => part !== '').map((part) => this.#parseElement(path, part))];
  }

  #parseElement(path: string, part: string): Element {
    const space = part.indexOf(' ');
    const label = part.slice(0, space);
    const isList = label.endsWith('*');
    const nameWithChoice = isList ? label.slice(0, -1) : label;
    const isChoice = nameWithChoice.endsWith('[x]');
    const name = isChoice ? nameWithChoice.slice(0, -3) : nameWithChoice;
    const typesText = part.slice(space + 1);
    if (typesText.startsWith('>')) {
      const target = typesText.slice(1);
      return { name, isList, isChoice: false, types: [{ code: 'BackboneElement', targets: [], path: target }] };
    }
    const types = typesText.split(',').map((typeText): ElementType => {
      const open = typeText.indexOf('(');
      const code = open < 0 ? typeText : typeText.slice(0, open);
      const targets = open < 0 ? [] : typeText.slice(open + 1, -1).split('|');
      const isBackbone = code === 'BackboneElement' || code === 'Element';
      return { code, targets, path: isBackbone ? `${path}.${name}` : code };
    });
    return { name, isList, isChoice, types };
  }
}
