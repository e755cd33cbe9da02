// Collects the nodes and columns of one table and makes a Plan of them. Asking twice for the same node gives the
// same one, so that all columns of an object share it.

import type { ElementModel } from '../../fhir/element-model.ts';
import type { Column, ColumnType, PrimitiveTypeName, TableSchema } from '../../types.ts';
import type { ArrayPlace, Cell, ImpliedValue, ItemRule, NodeIndex, PlanNode, RowsBelow, TablePlan } from '../plan.ts';
import { type NameParts, resolveNames } from './names.ts';
import { type DefaultTableOptions, defaultTableOptions } from './table-options.ts';

export interface NewColumn {
  readonly base: string;
  readonly suffix?: string;
  readonly rank?: NameParts['rank'];
  readonly type: ColumnType;
  readonly cell: Cell;
  readonly fhirPath?: string | undefined;
  readonly description: string;
  readonly isNullable?: boolean;
}

/** A schema without its columns. */
export type TableHead = Omit<TableSchema, 'columns' | 'key'>;

export function primitive(fhirType: PrimitiveTypeName): ColumnType {
  return { kind: 'primitive', fhirType };
}

export class PlanBuilder {
  readonly model: ElementModel;
  readonly options: DefaultTableOptions;
  readonly #nodes: PlanNode[];
  readonly #nodeByKey = new Map<string, NodeIndex>();
  readonly #columns: NewColumn[] = [];
  readonly #implied: ImpliedValue[] = [];

  readonly #below: RowsBelow[] = [];
  readonly #places: ArrayPlace[] = [];

  /** @param root - what a row is about. */
  constructor(model: ElementModel, root: Extract<PlanNode, { kind: 'resource' | 'row' }>, options: DefaultTableOptions = defaultTableOptions) {
    this.model = model;
    this.options = options;
    this.#nodes = [root];
  }

  /** `Patient.name` */
  pathOf(node: NodeIndex): string {
    const found = this.#nodeAt(node);
    return found.kind === 'resource' ? found.type : found.path;
  }

  typeOf(node: NodeIndex): string {
    return this.#nodeAt(node).type;
  }

  child(parent: NodeIndex, key: string): NodeIndex {
    const node = { kind: 'child', parent, key, type: this.#typeBelow(parent, key), path: `${this.pathOf(parent)}.${key}` } as const;
    return this.#addNode(`${parent}.${key}`, node);
  }

  item(parent: NodeIndex, key: string, rule: ItemRule): NodeIndex {
    const node = { kind: 'item', parent, key, rule, type: this.#typeBelow(parent, key), path: `${this.pathOf(parent)}.${key}` } as const;
    return this.#addNode(`${parent}.${key} ${JSON.stringify(rule)}`, node);
  }

  add(column: NewColumn): void {
    this.#columns.push(column);
  }

  /**
   * Runs `addMore`, which may add columns that are there already under another name: these are left out. Then puts all
   * columns from `start` on into the order of the elements that they read.
   */
  addMissing(start: number, addMore: () => void): void {
    const known = this.#columns.length;
    addMore();
    const shown = new Set(this.#columns.slice(0, known).map(({ cell }) => describeCell(cell)));
    const added = this.#columns.splice(known).filter(({ cell }) => !shown.has(describeCell(cell)));
    const keys = [...this.model.byKey(this.typeOf(0)).keys()];
    const place = ({ cell }: NewColumn): number => keys.indexOf(this.#keyInResource(cell));
    this.#columns.push(...[...this.#columns.splice(start), ...added].sort((a, b) => place(a) - place(b)));
  }

  get columnCount(): number {
    return this.#columns.length;
  }

  /** Adds a column for one primitive of a node's object; its FHIR type comes from the model. */
  addValue(base: string, suffix: string, node: NodeIndex, key: string, description: string): void {
    const cell = this.value(node, key);
    this.add({ base, suffix, type: primitive(cell.type), cell, fhirPath: `${this.pathOf(node)}.${key}`, description });
  }

  /** The paths of the leaf values that a cell may show, as `a | b`. */
  pathsOf(cells: readonly Cell[]): string {
    return cells.flatMap((cell) => (cell.kind === 'value' ? [`${this.pathOf(cell.node)}.${cell.key}`] : [])).join(' | ');
  }

  value(node: NodeIndex, key: string): Extract<Cell, { kind: 'value' }> {
    return { kind: 'value', node, key, type: this.primitiveTypeOf(node, key) };
  }

  primitiveTypeOf(node: NodeIndex, key: string): PrimitiveTypeName {
    return this.#typeBelow(node, key) as PrimitiveTypeName;
  }

  imply(implied: ImpliedValue): void {
    this.#implied.push(implied);
  }

  /** Says what has rows for the items of an array. */
  addBelow(place: ArrayPlace, rows: RowsBelow): void {
    this.#places.push(place);
    this.#below.push(rows);
  }

  #describeReference(cell: Cell): Pick<Column, 'reference'> {
    if (cell.kind !== 'reference') return {};
    const { node, part, shape } = cell;
    return { reference: { place: `${node} ${this.pathOf(node)}`, part, targets: shape.onlyType === undefined ? shape.targets : [shape.onlyType] } };
  }

  build(table: TableHead): TablePlan {
    const names = resolveNames(
      this.#columns.map((column) => {
        const suffix = column.suffix ?? '';
        return { base: column.base, suffix, rank: column.rank ?? (suffix === '' ? 'element' : 'generated') };
      }),
    );
    const columns = this.#columns.map(
      (column, index): Column => ({
        name: names[index] as string,
        type: column.type,
        isNullable: column.isNullable ?? true,
        fhirPath: column.fhirPath,
        description: column.description,
        ...this.#describeReference(column.cell),
      }),
    );
    return {
      // What every row has is what tells it from the others: the id of the resource, and the places of the items.
      schema: { ...table, columns, key: columns.filter(({ isNullable }) => !isNullable).map(({ name }) => name) },
      nodes: this.#nodes,
      implied: this.#implied,
      cells: this.#columns.map((column) => column.cell),
      below: this.#below,
      places: this.#places,
      hasRepeated: this.#columns.some(({ cell }) => cell.kind === 'repeated'),
    };
  }

  /** The key of the row's object under which a cell reads, first of all. */
  #keyInResource(cell: Cell): string {
    if (cell.kind === 'firstOf') return this.#keyInResource(cell.cells[0] as Cell);
    if (!('node' in cell)) return '';
    let key = keyInNode(cell);
    for (let node = this.#nodeAt(cell.node); node.kind === 'child' || node.kind === 'item'; node = this.#nodeAt(node.parent)) key = node.key;
    return key;
  }

  #nodeAt(node: NodeIndex): PlanNode {
    const found = this.#nodes[node];
    if (found === undefined) throw new RangeError(`no node ${node}`);
    return found;
  }

  #addNode(key: string, node: PlanNode): NodeIndex {
    let index = this.#nodeByKey.get(key);
    if (index === undefined) {
      index = this.#nodes.push(node) - 1;
      this.#nodeByKey.set(key, index);
    }
    return index;
  }

  /** The model's type path of what stands under a JSON key. */
  #typeBelow(parent: NodeIndex, key: string): string {
    const found = this.model.byKey(this.typeOf(parent)).get(key);
    if (found !== undefined) return found.type.path;
    throw new Error(`FHIR ${this.model.version} has no ${this.typeOf(parent)}.${key}`);
  }
}

function keyInNode(cell: Extract<Cell, { node: NodeIndex }>): string {
  if (cell.kind === 'presentKey') return [...cell.labels.keys()][0] ?? '';
  if (cell.kind === 'json') return cell.keys[0] ?? '';
  if (cell.kind === 'flagOrPresent') return cell.booleanKey;
  return 'key' in cell ? (cell.key ?? '') : '';
}

/** Equal for cells that show the same. */
function describeCell(cell: Cell): string {
  return JSON.stringify(cell, (_, value: unknown) => (value instanceof Map ? [...value] : value));
}
