// Steps along the elements of a resource: the part of a view that runs for every cell.

import { isJsonObject, type JsonObject, type JsonValue } from '../../json.ts';
import type { ElementKey, Expression } from '../expression.ts';
import { type Compiler, gather } from './compiler.ts';
import { type Evaluation, type Find, noValue, ownChild, type Plural, pushChildren, type Single, unwrapList, type Value } from './values.ts';

type Member = Extract<Expression, { kind: 'member' }>;

/** A step that gives at most one value. */
export function compileMember({ of, keys }: Member, compiler: Compiler): Single {
  const [first, ...others] = keys;
  if (first === undefined) return () => undefined;
  const read = others.length === 0 ? readerOf(first) : firstOf(keys.map(readerOf));
  if (of.kind === 'focus') return (focus) => (isJsonObject(focus) ? read(focus) : undefined);
  const parentOf = compiler.single(of);
  return (focus, evaluation) => {
    const parent = parentOf(focus, evaluation);
    return isJsonObject(parent) ? read(parent) : undefined;
  };
}

export function compileMembers({ of, keys }: Member, compiler: Compiler): Plural {
  const names = keys.map(({ key, isPrimitive }) => ({ key, elementKey: isPrimitive ? `_${key}` : undefined }));
  const pushAll = (parent: Value | undefined, out: Value[]): void => {
    if (!isJsonObject(parent)) return;
    for (let index = 0; index < names.length; index++) {
      const { key, elementKey } = names[index] as (typeof names)[number];
      pushChildren(childOf(parent, key), elementKey === undefined ? undefined : parent[elementKey], out);
    }
  };
  if (!of.isMany) {
    const parentOf = compiler.single(of);
    return (focus, evaluation, out) => pushAll(parentOf(focus, evaluation), out);
  }
  const parents = gather(compiler.plural(of));
  return (focus, evaluation, out) => {
    const list = parents(focus, evaluation);
    for (let index = 0; index < list.length; index++) pushAll(list[index], out);
  };
}

/** The first of the children for which `next` gives something: what it gives. */
export function compileMemberSearch(keys: readonly ElementKey[], next: Find): Find {
  const [first, ...others] = keys;
  if (first === undefined) return () => undefined;
  const search = searchKey(first, next);
  if (others.length === 0) return search;
  const searches = [search, ...others.map((key) => searchKey(key, next))];
  return (parent, evaluation) => {
    for (let index = 0; index < searches.length; index++) {
      const found = searches[index]?.(parent, evaluation);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

function searchKey({ key, isPrimitive }: ElementKey, next: Find): Find {
  const elementKey = isPrimitive ? `_${key}` : undefined;
  return (parent, evaluation) => {
    if (!isJsonObject(parent)) return undefined;
    const child = childOf(parent, key);
    if (Array.isArray(child)) {
      const elements = elementKey === undefined ? undefined : parent[elementKey];
      if (elements !== undefined) return searchList(child, elements, next, evaluation);
      for (let index = 0; index < child.length; index++) {
        const value = child[index];
        if (value === undefined || value === null || Array.isArray(value)) continue;
        const found = next(value, evaluation);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    if (child !== undefined && child !== null) return next(child, evaluation);
    return elementKey === undefined || parent[elementKey] === undefined ? undefined : searchList(undefined, parent[elementKey], next, evaluation);
  };
}

/** Where extensions stand beside the values. */
function searchList(child: JsonValue | undefined, elements: JsonValue | undefined, next: Find, evaluation: Evaluation): Value | undefined {
  const values: Value[] = [];
  pushChildren(child, elements, values);
  for (const value of values) {
    const found = next(value, evaluation);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Most names are no property of every object, so that the object can be asked directly. */
function childOf(parent: JsonObject, key: string): JsonValue | undefined {
  const child = parent[key];
  return typeof child === 'function' || key === '__proto__' ? ownChild(parent, key) : child;
}

/** The objects with id and extensions beside primitives. */
export function compilePrimitiveElements({ of, keys }: Extract<Expression, { kind: 'primitiveElement' }>, compiler: Compiler): Plural {
  const parents = gather(compiler.plural(of));
  return (focus, evaluation, out) => {
    for (const parent of parents(focus, evaluation)) {
      if (!isJsonObject(parent)) continue;
      for (const key of keys) {
        const element = ownChild(parent, key);
        for (const item of Array.isArray(element) ? element : [element]) if (isJsonObject(item)) out.push(item);
      }
    }
  };
}

function readerOf({ key, isPrimitive }: ElementKey): (parent: JsonObject) => Value | undefined {
  if (!isPrimitive) return (parent) => childValue(parent[key]);
  const elementKey = `_${key}`;
  return (parent) => {
    const value = childValue(parent[key]);
    return value === undefined && isJsonObject(parent[elementKey]) ? noValue : value;
  };
}

/** Of a choice, where one key at most is there. */
function firstOf(readers: readonly ((parent: JsonObject) => Value | undefined)[]): (parent: JsonObject) => Value | undefined {
  return (parent) => {
    for (let index = 0; index < readers.length; index++) {
      const value = readers[index]?.(parent);
      if (value !== undefined) return value;
    }
    return undefined;
  };
}

function childValue(value: JsonValue | undefined): Value | undefined {
  if (typeof value !== 'object') return value;
  if (value === null) return undefined;
  return Array.isArray(value) ? childValue(unwrapList(value)) : value;
}
