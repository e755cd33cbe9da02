// Extensions, at any depth and also on primitives → rows of <type>_extension, one for each.
// https://hl7.org/fhir/R4/extensibility.html

import type { ElementModel } from '../../fhir/element-model.ts';
import { isJsonObject, type JsonObject, type JsonValue, numberText, stringifyJson } from '../../json.ts';
import type { TableBuilder } from '../../types.ts';
import { compileItemRule } from './item-rules.ts';
import type { ResourceState } from './table-state.ts';
import type { WalkPath } from './walk-path.ts';

/** In the order of the table's columns; see defaults/extension-table. */
export const extensionColumns = [
  'parent',
  'path',
  'idx',
  'url',
  'name',
  'is_modifier',
  'value_type',
  'value',
  'value_system',
  'value_display',
  'value_unit',
  'value_json',
] as const;

const chooseCoding = compileItemRule({ rule: 'standardCoding' });

/** The same for all resource types. */
const knownTypes = new WeakMap<ElementModel, ReadonlyMap<string, string>>();

function typesByKey(model: ElementModel): ReadonlyMap<string, string> {
  const known = knownTypes.get(model);
  if (known !== undefined) return known;
  const values = [...model.byKey('Extension')].filter(([, { element }]) => element.name === 'value');
  const types = new Map(values.map(([key, { type }]) => [key, type.code]));
  knownTypes.set(model, types);
  return types;
}

export class ExtensionRows {
  readonly #builder: TableBuilder;
  readonly #resource: ResourceState;
  /** `valueString` → `string`. */
  readonly #typeByKey: ReadonlyMap<string, string>;

  constructor(builder: TableBuilder, resource: ResourceState, model: ElementModel) {
    this.#builder = builder;
    this.#resource = resource;
    this.#typeByKey = typesByKey(model);
  }

  /**
   * Adds the extensions of an array that stands where the path is. Returns the JSON text of what the rows do not show
   * (ids of extensions, keys and values that FHIR does not have there), or ''.
   */
  addAll(list: readonly JsonValue[], path: WalkPath, isModifier: boolean, outerName = ''): string {
    let rest = '';
    let isAnyKept = false;
    for (let index = 0; index < list.length; index++) {
      const item = list[index] as JsonValue;
      const part = isJsonObject(item) ? this.#add(item, index, path, isModifier, outerName) : stringifyJson(item);
      if (part !== '') isAnyKept = true;
      rest += `${index === 0 ? '[' : ','}${part === '' ? 'null' : part}`;
    }
    return isAnyKept ? `${rest}]` : '';
  }

  #add(extension: JsonObject, index: number, path: WalkPath, isModifier: boolean, outerName: string): string {
    const row = this.#builder.addRow();
    const builder = this.#builder;
    const url = typeof extension.url === 'string' ? extension.url : undefined;
    const name = outerName + shortName(url);
    builder.set(row, 0, this.#resource.id);
    const place = path.describe();
    builder.set(row, 1, place.index === undefined ? place.text : `${place.text}[${place.index}]`);
    builder.set(row, 2, String(index));
    if (url !== undefined) builder.set(row, 3, url);
    if (name !== '') builder.set(row, 4, name);
    builder.set(row, 5, String(isModifier));
    if (this.#resource.versionHash !== undefined) builder.set(row, extensionColumns.length, this.#resource.versionHash);
    let rest = '';
    let hasValue = false;
    for (const key in extension) {
      const value = extension[key] as JsonValue;
      const type = this.#typeByKey.get(key);
      let part = '';
      if (type !== undefined && !hasValue && value !== null && !Array.isArray(value)) {
        hasValue = true;
        this.#setValue(row, type, value);
      } else if (key === 'extension' && Array.isArray(value)) {
        path.push(isModifier ? 'modifierExtension' : 'extension');
        path.push(index);
        part = this.addAll(value, path, isModifier, name === '' ? '' : `${name}.`);
        path.pop();
        path.pop();
      } else if (key !== 'url' || typeof value !== 'string') {
        part = stringifyJson(value);
      }
      if (part !== '') rest += `${rest === '' ? '{' : ','}${JSON.stringify(key)}:${part}`;
    }
    return rest === '' ? '' : `${rest}}`;
  }

  #setValue(row: number, type: string, value: JsonValue): void {
    const builder = this.#builder;
    builder.set(row, 6, type);
    if (!isJsonObject(value)) {
      builder.set(row, 7, typeof value === 'string' ? value : (numberText(value) ?? String(value)));
      return;
    }
    const { text, system, display, unit } = summarize(type, value);
    if (text !== undefined) builder.set(row, 7, text);
    if (system !== undefined) builder.set(row, 8, system);
    if (display !== undefined) builder.set(row, 9, display);
    if (unit !== undefined) builder.set(row, 10, unit);
    builder.set(row, 11, stringifyJson(value));
  }
}

interface Summary {
  readonly text?: string | undefined;
  readonly system?: string | undefined;
  readonly display?: string | undefined;
  readonly unit?: string | undefined;
}

/** What of an object's value fits the columns; its JSON has all of it. */
function summarize(type: string, value: JsonObject): Summary {
  switch (type) {
    case 'Coding':
      return { text: stringOf(value.code), system: stringOf(value.system), display: stringOf(value.display) };
    case 'CodeableConcept': {
      const coding = Array.isArray(value.coding) ? chooseCoding(value.coding) : undefined;
      return { text: stringOf(coding?.code), system: stringOf(coding?.system), display: stringOf(value.text) ?? stringOf(coding?.display) };
    }
    case 'Quantity':
    case 'Age':
    case 'Count':
    case 'Distance':
    case 'Duration':
      return { text: numberText(value.value), system: stringOf(value.system), unit: stringOf(value.unit) ?? stringOf(value.code) };
    case 'Money':
      return { text: numberText(value.value), unit: stringOf(value.currency) };
    case 'Reference':
      return { text: stringOf(value.reference), display: stringOf(value.display) };
    case 'CodeableReference': {
      const concept = isJsonObject(value.concept) ? summarize('CodeableConcept', value.concept) : {};
      const reference = isJsonObject(value.reference) ? summarize('Reference', value.reference) : {};
      return { ...concept, text: concept.text ?? reference.text, display: concept.display ?? reference.display };
    }
    case 'Identifier':
      return { text: stringOf(value.value), system: stringOf(value.system) };
    case 'ContactPoint':
      return { text: stringOf(value.value), system: stringOf(value.system) };
    case 'Annotation':
    case 'HumanName':
    case 'Address':
      return { text: stringOf(value.text) };
    default:
      return {};
  }
}

function stringOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** `http://hl7.org/fhir/us/core/StructureDefinition/us-core-race` → `us-core-race`. */
function shortName(url: string | undefined): string {
  return url === undefined ? '' : url.slice(Math.max(url.lastIndexOf('/'), url.lastIndexOf(':')) + 1);
}
