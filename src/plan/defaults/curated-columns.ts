// An entry of a curated list → columns, named by R4's path whatever the FHIR version. An element that the version does
// not have gives no column.

import { isPrimitive } from '../../fhir/element-model.ts';
import type { Cell, NodeIndex } from '../plan.ts';
import type { ComputedColumn, CuratedEntry, Show } from './curated-entries.ts';
import { addElementColumns } from './element-columns.ts';
import { enter, followSteps, keyOf, type LocatedElement, locateElement } from './locate-element.ts';
import { dividedPaths } from './moved-elements.ts';
import { toSnakeCase } from './names.ts';
import { type NewColumn, type PlanBuilder, primitive } from './plan-builder.ts';
import { addTypeColumns, conceptLabel, firstOf } from './type-columns.ts';

export function addCuratedColumns(builder: PlanBuilder, entry: CuratedEntry): void {
  if (typeof entry !== 'string' && 'from' in entry) {
    addComputedColumn(builder, entry);
    return;
  }
  if (typeof entry !== 'string') {
    const found = locateElement(builder, 0, entry.choice);
    if (found !== undefined) addElementColumns(builder, found.node, found.element, toSnakeCase(entry.choice), { hiddenTypes: entry.without });
    return;
  }
  const base = entry.split('.').map(toSnakeCase).join('_');
  const parts = dividedPaths(builder.model.version, `${builder.pathOf(0)}.${entry}`) ?? { '': entry };
  for (const [suffix, path] of Object.entries(parts)) {
    const found = locateElement(builder, 0, path);
    if (found !== undefined) addLocated(builder, found, base + suffix);
  }
}

/** All columns that an element has by its data type. */
function addLocated(builder: PlanBuilder, found: LocatedElement, base: string): void {
  const { node, element, chosen } = found;
  if (chosen === undefined) addElementColumns(builder, node, element, base, { isFirstShown: true });
  else addTypeColumns(builder, node, keyOf(found), chosen, base);
}

export function addComputedColumn(builder: PlanBuilder, column: ComputedColumn): void {
  const found: Computed[] = [];
  for (const { at, show } of column.from) {
    const node = followSteps(builder, at);
    if (node === undefined) continue;
    if (show.as === 'columns') {
      const element = locateElement(builder, node, show.key);
      if (element !== undefined) addLocated(builder, element, column.name);
      return;
    }
    const computed = compute(builder, node, show);
    if (computed !== undefined) found.push(computed);
  }
  const [first] = found;
  if (first === undefined) return;
  builder.add({
    base: column.name,
    type: first.type,
    cell: firstOf(found.flatMap(({ cells }) => cells)),
    fhirPath: [...new Set(found.map(({ path }) => path))].join(' | '),
    description: column.description,
  });
}

interface Computed {
  readonly cells: readonly Cell[];
  readonly path: string;
  readonly type: NewColumn['type'];
}

function compute(builder: PlanBuilder, from: NodeIndex, show: Exclude<Show, { as: 'columns' }>): Computed | undefined {
  if (show.as === 'hours') {
    return { cells: [{ kind: 'hours', node: from, startKey: show.startKey, endKey: show.endKey }], path: builder.pathOf(from), type: primitive('decimal') };
  }
  const found = locateElement(builder, from, show.key);
  if (found === undefined) return undefined;
  const { node } = found;
  const key = keyOf(found);
  const path = `${builder.pathOf(node)}.${key}`;
  switch (show.as) {
    case 'value': {
      const type = found.chosen ?? found.element.types[0];
      if (type === undefined || !isPrimitive(type)) throw new Error(`${path} is no primitive in FHIR ${builder.model.version}`);
      const cell = builder.value(node, key);
      return { cells: [cell], path, type: primitive(cell.type) };
    }
    case 'label':
      return { cells: conceptLabel(builder, enter(builder, found)), path, type: primitive('string') };
    case 'count':
      return { cells: [{ kind: 'count', node, key }], path, type: primitive('unsignedInt') };
    default:
      return show satisfies never;
  }
}
