// JSON → CheckedView, or problems: everything that can be told without looking into the expressions.

import type { JsonObject, JsonValue } from '../json.ts';
import { isJsonObject, numberText } from '../json.ts';
import type { ViewConstant } from './outcome.ts';
import { readNumber } from './outcome.ts';
import type { CheckedColumn, CheckedSelection, CheckedView, ViewPath } from './view-definition.ts';
import type { ProblemList } from './view-problems.ts';

const namePattern = /^[A-Za-z][A-Za-z0-9_]*$/;
/** Leaves room for an ending below the 255 bytes of a file's name. */
const longestViewName = 200;
const longestColumnName = 200;
/** In levels of `select` and `unionAll`. */
const deepestView = 100;
/** Names that FHIRPath and SQL on FHIR give a meaning of their own. */
const reservedConstants: ReadonlySet<string> = new Set(['context', 'resource', 'rootResource', 'rowIndex']);

/** FHIR types of a constant's `value[x]`, by the key's ending. */
const constantTypes: ReadonlyMap<string, string> = new Map(
  [
    'base64Binary',
    'boolean',
    'canonical',
    'code',
    'date',
    'dateTime',
    'decimal',
    'id',
    'instant',
    'integer',
    'integer64',
    'markdown',
    'oid',
    'positiveInt',
    'string',
    'time',
    'unsignedInt',
    'uri',
    'url',
    'uuid',
  ].map((type) => [`value${type.charAt(0).toUpperCase()}${type.slice(1)}`, type]),
);
const booleanType = 'boolean';
const numberTypes: ReadonlySet<string> = new Set(['decimal', 'integer', 'positiveInt', 'unsignedInt']);

const selectionKeys: ReadonlySet<string> = new Set([
  'column',
  'select',
  'forEach',
  'forEachOrNull',
  'repeat',
  'unionAll',
  'id',
  'extension',
  'modifierExtension',
]);
const columnKeys: ReadonlySet<string> = new Set(['name', 'path', 'description', 'collection', 'type', 'tag', 'id', 'extension', 'modifierExtension']);

/** `defaultName`: for a view that has none. With errors the rest can still be looked at; undefined when nothing is there. */
export function checkView(view: unknown, defaultName: string, problems: ProblemList): CheckedView | undefined {
  if (!isJsonObject(view as JsonValue)) {
    problems.add('VIEW_MALFORMED', '', { reason: `a JSON ${describe(view)} where a ViewDefinition was expected` });
    return undefined;
  }
  return new ViewCheck(problems).check(view as JsonObject, defaultName);
}

export function isViewName(name: unknown): name is string {
  return typeof name === 'string' && namePattern.test(name) && name.length <= longestViewName;
}

class ViewCheck {
  readonly #problems: ProblemList;

  constructor(problems: ProblemList) {
    this.#problems = problems;
  }

  check(view: JsonObject, defaultName: string): CheckedView {
    const written = own(view, 'name');
    const name = written === undefined ? defaultName : written;
    if (!isViewName(name)) this.#problems.add('VIEW_NAME_INVALID', 'name', { kind: 'view', limit: longestViewName });
    const resource = own(view, 'resource');
    if (resource === undefined) this.#malformed('resource', 'the type of resource that the view is about is missing');
    else if (typeof resource !== 'string' || !/^[A-Z][A-Za-z]{1,63}$/.test(resource)) this.#malformed('resource', 'not the name of a resource type');
    const selections = this.#list(view, '', 'select').map((item, index) => this.#selection(item, `select[${index}]`, 1));
    if (selections.length === 0) this.#malformed('select', 'a view needs at least one select');
    return {
      name: String(name),
      resourceType: String(resource),
      description: this.#text(view, '', 'description') ?? this.#text(view, '', 'title'),
      constants: this.#constants(view),
      where: this.#list(view, '', 'where').map((item, index): ViewPath => {
        const place = `where[${index}]`;
        return this.#path(this.#object(item, place), place, 'path') ?? { text: '', path: place };
      }),
      selections,
    };
  }

  #constants(view: JsonObject): ReadonlyMap<string, ViewConstant> {
    const constants = new Map<string, ViewConstant>();
    for (const [index, item] of this.#list(view, '', 'constant').entries()) {
      const place = `constant[${index}]`;
      const constant = this.#object(item, place);
      const name = own(constant, 'name');
      if (typeof name !== 'string' || !namePattern.test(name) || name.length > longestColumnName) {
        this.#problems.add('VIEW_NAME_INVALID', `${place}.name`, { kind: 'constant', limit: longestColumnName });
        continue;
      }
      if (reservedConstants.has(name) || constants.has(name)) this.#problems.add('VIEW_NAME_TWICE', `${place}.name`, { kind: 'constant', name });
      const value = this.#constantValue(constant, place);
      if (value !== undefined) constants.set(name, value);
    }
    return constants;
  }

  #constantValue(constant: JsonObject, place: string): ViewConstant | undefined {
    const keys = Object.keys(constant).filter((key) => key.startsWith('value'));
    const [key, ...others] = keys;
    if (key === undefined || others.length > 0) {
      this.#malformed(place, key === undefined ? 'a constant needs a value, such as valueString' : 'a constant has one value');
      return undefined;
    }
    const type = constantTypes.get(key);
    const value = constant[key];
    if (type === undefined) {
      this.#malformed(`${place}.value`, 'no type of value that a constant can have');
      return undefined;
    }
    const text = numberText(value);
    if (type === booleanType ? typeof value === 'boolean' : numberTypes.has(type) ? text !== undefined : typeof value === 'string') {
      return { value: text === undefined ? (value as string | boolean) : readNumber(text), type };
    }
    this.#malformed(`${place}.${key}`, `a JSON ${describe(value)}, which is no ${type}`);
    return undefined;
  }

  #selection(item: JsonValue, place: string, depth: number): CheckedSelection {
    const selection = this.#object(item, place);
    if (depth > deepestView) {
      this.#malformed(place.slice(0, 80), `select and unionAll are nested deeper than ${deepestView} levels`);
      return { place, iteration: undefined, columns: [], selections: [], union: [] };
    }
    this.#warnOfUnknown(selection, selectionKeys, place);
    const inner = (key: 'select' | 'unionAll') =>
      this.#list(selection, place, key).map((child, index) => this.#selection(child, `${place}.${key}[${index}]`, depth + 1));
    const columns = this.#list(selection, place, 'column').map((child, index) => this.#column(child, `${place}.column[${index}]`));
    const checked = { place, iteration: this.#iteration(selection, place), columns, selections: inner('select'), union: inner('unionAll') };
    if (columns.length + checked.selections.length + checked.union.length === 0) this.#malformed(place, 'neither column, select nor unionAll');
    return checked;
  }

  #iteration(selection: JsonObject, place: string): CheckedSelection['iteration'] {
    const kinds = (['forEach', 'forEachOrNull', 'repeat'] as const).filter((key) => own(selection, key) !== undefined);
    const [kind, ...others] = kinds;
    if (kind === undefined) return undefined;
    if (others.length > 0) this.#malformed(place, `only one of ${kinds.join(', ')} can be given`);
    if (kind !== 'repeat') {
      const path = this.#path(selection, place, kind);
      return path && { kind, path };
    }
    const list = this.#list(selection, place, 'repeat');
    if (list.length === 0) this.#malformed(`${place}.repeat`, 'at least one path is needed');
    const paths = list.flatMap((text, index): ViewPath[] => {
      const at = `${place}.repeat[${index}]`;
      if (typeof text === 'string') return [{ text, path: at }];
      this.#malformed(at, `a JSON ${describe(text)} where an expression was expected`);
      return [];
    });
    return { kind, paths };
  }

  #column(item: JsonValue, place: string): CheckedColumn {
    const column = this.#object(item, place);
    this.#warnOfUnknown(column, columnKeys, place);
    const name = own(column, 'name');
    if (typeof name !== 'string' || !namePattern.test(name) || name.length > longestColumnName) {
      this.#problems.add('VIEW_NAME_INVALID', `${place}.name`, { kind: 'column', limit: longestColumnName });
    }
    const collection = own(column, 'collection');
    if (collection !== undefined && typeof collection !== 'boolean') this.#malformed(`${place}.collection`, 'true or false was expected');
    return {
      name: String(name),
      place,
      path: this.#path(column, place, 'path') ?? { text: '', path: `${place}.path` },
      isCollection: collection === true,
      declaredType: this.#text(column, place, 'type'),
      sqlType: this.#tag(column, place, 'ansi/type'),
      isKey: this.#tag(column, place, 'fhir-flatten/key') === 'true',
      description: this.#text(column, place, 'description'),
    };
  }

  /** The value of a tag. https://sql-on-fhir.org/ig/StructureDefinition-ViewDefinition-definitions.html#ViewDefinition.select.column.tag */
  #tag(column: JsonObject, place: string, name: string): string | undefined {
    for (const [index, item] of this.#list(column, place, 'tag').entries()) {
      const tag = this.#object(item, `${place}.tag[${index}]`);
      if (own(tag, 'name') === name) return this.#text(tag, `${place}.tag[${index}]`, 'value');
    }
    return undefined;
  }

  #path(object: JsonObject, place: string, key: string): ViewPath | undefined {
    const path = `${place}.${key}`;
    const text = own(object, key);
    if (typeof text === 'string') return { text, path };
    this.#malformed(path, text === undefined ? 'an expression is missing' : `a JSON ${describe(text)} where an expression was expected`);
    return undefined;
  }

  #text(object: JsonObject, place: string, key: string): string | undefined {
    const text = own(object, key);
    if (text === undefined || typeof text === 'string') return text;
    this.#malformed(place === '' ? key : `${place}.${key}`, `a JSON ${describe(text)} where a string was expected`);
    return undefined;
  }

  #list(object: JsonObject, place: string, key: string): readonly JsonValue[] {
    const list = own(object, key);
    if (list === undefined) return [];
    if (Array.isArray(list)) return list;
    this.#malformed(place === '' ? key : `${place}.${key}`, `a JSON ${describe(list)} where a list was expected`);
    return [];
  }

  #object(item: JsonValue, place: string): JsonObject {
    if (isJsonObject(item)) return item;
    this.#malformed(place, `a JSON ${describe(item)} where an object was expected`);
    return {};
  }

  #warnOfUnknown(object: JsonObject, known: ReadonlySet<string>, place: string): void {
    for (const key of Object.keys(object)) {
      if (known.has(key) || known.has(key.replace(/^_/, ''))) continue;
      this.#problems.add('VIEW_KEY_UNKNOWN', place, { name: /^[A-Za-z0-9_]{1,64}$/.test(key) ? key : '(odd key)' });
    }
  }

  #malformed(path: string, reason: string): void {
    this.#problems.add('VIEW_MALFORMED', path, { reason });
  }
}

function own(object: JsonObject, key: string): JsonValue | undefined {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return value === null ? undefined : value;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
