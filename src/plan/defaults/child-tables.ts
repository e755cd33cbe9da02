// Repeating complex elements → child tables: one row per item, at any depth, with the keys of the rows above. The
// tables are complete: every element of the item has its columns, or a child table of its own.

import type { Element, ElementModel, ElementType } from '../../fhir/element-model.ts';
import { isPrimitive } from '../../fhir/element-model.ts';
import type { NodeIndex, RowsBelow, TablePlan } from '../plan.ts';
import { addDataColumn } from './document-columns.ts';
import { addElementColumns } from './element-columns.ts';
import { LatePlan } from './late-plan.ts';
import { limitName, toSnakeCase } from './names.ts';
import { PlanBuilder, primitive, type TableHead } from './plan-builder.ts';
import { addReferenceColumns } from './reference-columns.ts';
import { addObjectColumns } from './type-columns.ts';
import { versionColumn } from './version-column.ts';

/** Lists of these have no table: the coding table shows them, or their items are no data of the resource. */
const withoutTable = new Set(['CodeableConcept', 'Coding', 'Extension', 'Resource', 'ElementDefinition', 'Meta', 'Narrative', 'xhtml']);

/** Elements of every element; extensions have a table of their own, and ids of elements stay in other_json. */
const baseElements = new Set(['id', 'extension', 'modifierExtension', 'meta', 'implicitRules', 'language', 'text', 'contained']);

/** Columns of the main row that rows of a child table repeat. */
const repeatedColumns: Readonly<Record<string, readonly { readonly column: string; readonly as: string }[]>> = {
  'Observation.component': [
    { column: 'patient_id', as: 'patient_id' },
    { column: 'encounter_id', as: 'encounter_id' },
    { column: 'effective_start', as: 'effective_start' },
    { column: 'code', as: 'observation_code' },
    { column: 'code_text', as: 'observation_code_text' },
  ],
};

/** A table above, as the tables below see it. */
interface Outer {
  readonly table: string;
  /** Type path of its items: an array of the same below holds more rows of it. */
  readonly type: string;
  /** `contact_idx`; undefined for the main table, whose key is the resource's id. */
  readonly indexColumn: string | undefined;
}

/** Adds the child tables of a main table's elements, and theirs, to its builder. */
export function addChildTables(builder: PlanBuilder, resourceType: string): void {
  const table = toSnakeCase(resourceType);
  const main: Outer = { table, type: resourceType, indexColumn: undefined };
  addBelow(builder, findBelow(builder, { type: resourceType, keys: [], path: resourceType, stem: table, entered: [] }, [main]));
}

/** What stands below a row's object, at the end of single elements: an array that has rows, or one more such element. */
interface Below {
  readonly keys: readonly string[];
  readonly key: string;
  /** Undefined for a single element. */
  readonly rows: RowsBelow | undefined;
}

function addBelow(builder: PlanBuilder, all: readonly Below[]): void {
  for (const { key, keys, rows } of all) {
    const node = keys.reduce((parent: NodeIndex, step) => builder.child(parent, step), 0);
    if (rows === undefined) builder.child(node, key);
    else builder.addBelow({ node, key }, rows);
  }
}

/** What all tables of a resource type are planned with. */
type Setting = Pick<PlanBuilder, 'model' | 'options'>;

/** Where an object stands that arrays are looked for in. */
interface Search {
  readonly type: string;
  /** From the row's object. */
  readonly keys: readonly string[];
  /** `Claim.item` */
  readonly path: string;
  /** What names of tables begin with. */
  readonly stem: string;
  /**
   * Types of the single elements on the way, each of which is entered once: the one process of an
   * `ExampleScenario.process.step` (R5) has steps, which are rows of the table that is being made.
   */
  readonly entered: readonly string[];
}

/** The arrays of an object, and of the single backbone elements below it. */
function findBelow(setting: Setting, { entered, keys, path, stem, type: owner }: Search, outers: readonly Outer[]): readonly Below[] {
  const found: Below[] = [];
  for (const element of setting.model.elementsOf(owner)) {
    const [type] = element.types;
    const { name: key } = element;
    if (element.isChoice || type === undefined || isPrimitive(type) || withoutTable.has(type.code) || baseElements.has(key)) continue;
    const below = { type: type.path, path: `${path}.${key}`, stem: `${stem}_${toSnakeCase(key)}` };
    if (element.isList) found.push({ keys, key, rows: planRows(setting, element, type, below, outers) });
    else if (isBackbone(type) && !entered.includes(type.path)) {
      found.push({ keys, key, rows: undefined });
      found.push(...findBelow(setting, { ...below, keys: [...keys, key], entered: [...entered, type.path] }, outers));
    }
  }
  return found;
}

function isBackbone(type: ElementType): boolean {
  return type.code === 'BackboneElement' || type.code === 'Element';
}

function planRows(setting: Setting, element: Element, type: ElementType, items: Pick<Search, 'path' | 'stem'>, outers: readonly Outer[]): RowsBelow {
  const recursive = outers.find((outer) => outer.type === type.path);
  if (recursive !== undefined) return recursive.table;
  const { path } = items;
  const name = limitName(items.stem);
  const own: Outer = { table: name, type: type.path, indexColumn: `${toSnakeCase(element.name)}_idx` };
  const below = findBelow(setting, { type: type.path, keys: [], path, stem: name, entered: [] }, [...outers, own]);
  const head: TableHead = { name, role: 'detail', resourceType: outers[0]?.type ?? '', description: `One row per item of ${path}.` };
  const plan = (): TablePlan => {
    const builder = new PlanBuilder(setting.model, { kind: 'row', type: type.path, path }, setting.options);
    addKeyColumns(builder, outers, path, holdsItself(setting.model, type.path));
    for (const { column, as } of repeatedColumns[path] ?? []) {
      builder.add({
        base: as,
        rank: 'key',
        type: primitive('string'),
        cell: { kind: 'repeated', column },
        description: `${column} of the ${outers[0]?.type}.`,
      });
    }
    addItemColumns(builder, element, type);
    addBelow(builder, below);
    return builder.build(head);
  };
  return new LatePlan(
    head,
    below.flatMap(({ rows }) => (rows === undefined ? [] : [rows])),
    repeatedColumns[path] !== undefined,
    plan,
  );
}

/** True when items of a type hold, at some depth, arrays of items of the same type. */
function holdsItself(model: ElementModel, type: string, visited = new Set<string>()): boolean {
  if (visited.has(type)) return false;
  visited.add(type);
  const root = [...visited][0];
  return model.elementsOf(type).some((element) => {
    const [below] = element.types;
    if (below === undefined || !isBackbone(below)) return false;
    return below.path === root || holdsItself(model, below.path, visited);
  });
}

function addKeyColumns(child: PlanBuilder, outers: readonly Outer[], path: string, isRecursive: boolean): void {
  const [main, ...above] = outers;
  const key = { rank: 'key', isNullable: false } as const;
  child.add({ ...key, base: `${main?.table}_id`, type: primitive('id'), cell: { kind: 'id' }, description: `Id of the ${main?.type}.` });
  if (child.options.hasVersions) child.add(versionColumn);
  for (const [position, outer] of above.entries()) {
    const levels = above.length - position;
    child.add({
      ...key,
      base: outer.indexColumn as string,
      type: primitive('unsignedInt'),
      cell: { kind: 'ancestorIndex', levels },
      description: `idx of the row of ${outer.table} that this one belongs to.`,
    });
  }
  const meaning = isRecursive ? `Running number of the item among all of ${path} and below, in document order.` : `Place of the item in ${path}, from 0.`;
  child.add({ ...key, base: 'idx', type: primitive('unsignedInt'), cell: { kind: 'index' }, description: meaning });
  if (!isRecursive) return;
  child.add({
    base: 'parent_idx',
    rank: 'key',
    type: primitive('unsignedInt'),
    cell: { kind: 'parentIndex' },
    description: 'idx of the row that holds this one; null at the top.',
  });
}

function addItemColumns(child: PlanBuilder, element: Element, type: ElementType): void {
  if (type.code === 'Reference') {
    addReferenceColumns(child, 0, toSnakeCase(element.name), type.targets);
    return;
  }
  if (type.code === 'CodeableReference') {
    addObjectColumns(child, 0, type, toSnakeCase(element.name));
    return;
  }
  for (const below of child.model.elementsOf(type.path)) {
    const hasColumns = !baseElements.has(below.name) || (below.name === 'text' && (!isNarrative(below) || child.options.hasNarrative));
    if (type.code === 'Attachment' && below.name === 'data') addDataColumn(child, 0, 'data', '');
    else if (hasColumns) {
      addElementColumns(child, 0, below, toSnakeCase(below.name), { isComplete: true });
    }
  }
}

function isNarrative(element: Element): boolean {
  return element.types[0]?.code === 'Narrative';
}
