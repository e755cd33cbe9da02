// The tables of one resource type as the module knows them: what it fills, and takes rows back from. Those of items join
// them when their items are first met, which may be in the middle of a resource.

import { rowCountWord } from '../../bytes/row-words.ts';
import type { TableBuilder } from '../../types.ts';
import type { TableState } from '../engine/table-state.ts';
import type { ByteProgram } from './byte-program.ts';
import { tableOf } from './programs.ts';

/** As assembly/plan-words.ts has them. */
const stateWords = { table: 0, isRecursive: 6, nodeCount: 7, slots: 8, firstRow: 10, length: 11 } as const;
const planStateCountWord = 1;

export class ByteStates {
  readonly #program: ByteProgram;
  readonly #addresses = new Map<TableState, number>();
  /** Address of the list of addresses. */
  readonly list: number;
  #count = 0;
  /** Address of the plan that has the list. */
  #plan: number | undefined;

  /** @param mostTables - that there can be */
  constructor(program: ByteProgram, mostTables: number) {
    this.#program = program;
    this.list = program.allocate(mostTables);
  }

  get count(): number {
    return this.#count;
  }

  /** To be called with the plan that `list` and `count` have been written into: it learns of those that come later. */
  tell(plan: number): void {
    this.#plan = plan;
  }

  /** The address of a table's state. */
  of(state: TableState): number {
    const known = this.#addresses.get(state);
    if (known !== undefined) return known;
    const { builder, isRecursive, nodeCount } = state;
    const address = this.#write({ builder, isRecursive, nodeCount });
    this.#addresses.set(state, address);
    return address;
  }

  /** A table whose rows come with those of others, and are taken back like them. */
  add(builder: TableBuilder): void {
    this.#write({ builder, isRecursive: false, nodeCount: 0 });
  }

  #write({ builder, isRecursive, nodeCount }: Pick<TableState, 'builder' | 'isRecursive' | 'nodeCount'>): number {
    const program = this.#program;
    const words = new Array<number>(stateWords.length).fill(0);
    const table = tableOf(builder) as number;
    words[stateWords.table] = table;
    words[stateWords.isRecursive] = isRecursive ? 1 : 0;
    words[stateWords.nodeCount] = nodeCount;
    words[stateWords.slots] = nodeCount === 0 ? 0 : program.allocate(nodeCount);
    const memory = program.store.words;
    // Of the resource at hand it has none yet; those of others stay when that one's are taken back.
    words[stateWords.firstRow] = memory[(table >> 2) + rowCountWord] as number;
    const address = program.write(words);
    memory[(this.list >> 2) + this.#count] = address;
    this.#count++;
    if (this.#plan !== undefined) memory[(this.#plan >> 2) + planStateCountWord] = this.#count;
    return address;
  }
}
