// ViewPlan → the structures that assembly/view.ts follows, and a function that fills the view's table from a tape. The
// closures of plan/view-engine stay the measure: they have what is not done here, and the resources that are refused.

import { RowStoreBuilder } from '../../bytes/row-store-builder.ts';
import type { FlattenContext, TableBuilder } from '../../types.ts';
import { cellReader } from '../view-engine/cells.ts';
import type { Selection, ViewColumn, ViewPlan } from '../view-plan.ts';
import { NotForBytes } from './byte-expressions.ts';
import type { ByteProgram } from './byte-program.ts';
import { programFor, tableOf } from './programs.ts';

/** Adds the rows of the resource whose token stands at the address; false, without any row, when it cannot. */
export type FlattenViewToken = (token: number, id: string) => boolean;

const selectionKinds = { plain: 0, forEach: 1, forEachOrNull: 2, repeat: 3, union: 4 } as const;
const cellKinds = { text: 0, json: 1, fitted: 2 } as const;

/** Undefined where rows do not wait in a row store, or an expression is not for the module. */
export function bindView(plan: ViewPlan, builder: TableBuilder, context: FlattenContext): FlattenViewToken | undefined {
  const program = programFor(context, [builder]);
  const table = tableOf(builder);
  if (program === undefined || table === undefined) return undefined;
  let address: number;
  try {
    address = writePlan(program, plan, table);
  } catch (error) {
    // The other: the module's memory for plans is full.
    if (error instanceof NotForBytes || error instanceof RangeError) return undefined;
    throw error;
  }
  const { store } = program;
  return (token, id) => {
    if (program.isBroken || (builder instanceof RowStoreBuilder && !builder.isInStore)) return false;
    if (!store.encode(id)) return false;
    const { textAddress, textByteCount } = store;
    program.references.begin(id, undefined);
    return store.functions.flattenView(address, token, textAddress, textByteCount) !== 0;
  };
}

function writePlan(program: ByteProgram, { schema, selections, where }: ViewPlan, table: number): number {
  const columnCount = schema.columns.length;
  const criteria = where.map(({ expression }) => program.expressions.write(expression));
  const written = selections.map((selection) => writeSelection(program, schema, selection));
  return program.write([
    table,
    columnCount,
    program.allocate(2 * columnCount),
    criteria.length,
    program.write(criteria),
    written.length,
    program.write(written),
  ]);
}

function writeSelection(program: ByteProgram, schema: ViewPlan['schema'], selection: Selection): number {
  const { columns, iteration, selections, union } = selection;
  const paths = iteration === undefined ? [] : iteration.kind === 'repeat' ? iteration.paths : [iteration.items];
  const inner = selections.map((one) => writeSelection(program, schema, one));
  if (union.length > 0) {
    const branches = union.map((branch) => writeSelection(program, schema, branch));
    inner.push(program.write([selectionKinds.union, 0, 0, 0, 0, branches.length, program.write(branches), 0, 0]));
  }
  const own = columns.flatMap((column) => writeColumn(program, schema, column));
  const all = iteration?.kind === 'forEachOrNull' ? columnsOf(selection) : [];
  return program.write([
    selectionKinds[iteration?.kind ?? 'plain'],
    paths.length,
    program.write(paths.map((path) => program.expressions.write(path))),
    columns.length,
    program.write(own),
    inner.length,
    program.write(inner),
    all.length,
    program.write(all.flatMap((column) => writeColumn(program, schema, column))),
  ]);
}

function writeColumn(program: ByteProgram, { columns }: ViewPlan['schema'], column: ViewColumn): readonly number[] {
  const { expression, index, isCollection, isFitted, showsIndexOnly } = column;
  const type = columns[index]?.type;
  if (type === undefined) throw new Error(`a view has no column ${index}`);
  // Typed storage has lists as lists, which are the closures' to make.
  if (program.lists !== undefined && (isCollection || type.kind === 'list')) throw new NotForBytes();
  const isJson = type.kind === 'json';
  const mustFit = isFitted && !isJson;
  return [
    index,
    program.expressions.write(expression),
    isCollection ? 1 : 0,
    isJson ? cellKinds.json : mustFit ? cellKinds.fitted : cellKinds.text,
    mustFit ? program.expressions.addOperation(cellReader(type, isFitted)) : 0,
    showsIndexOnly ? 1 : 0,
  ];
}

/** Every column, once: the branches of a union share theirs. */
function columnsOf({ columns, selections, union }: Selection): readonly ViewColumn[] {
  const [branch] = union;
  return [...columns, ...selections.flatMap(columnsOf), ...(branch === undefined ? [] : columnsOf(branch))];
}
