// A child table whose columns are made when they are first asked for.

import type { Column, TableSchema } from '../../types.ts';
import type { ArrayPlace, Cell, ImpliedValue, PlanNode, RowsBelow, TablePlan } from '../plan.ts';
import type { TableHead } from './plan-builder.ts';

export class LatePlan implements TablePlan {
  readonly schema: TableSchema;
  readonly below: readonly RowsBelow[];
  readonly hasRepeated: boolean;
  readonly #make: () => TablePlan;
  #made: TablePlan | undefined;

  /** @param make - gives the whole plan; `head`, `below` and `hasRepeated` are as in there */
  constructor(head: TableHead, below: readonly RowsBelow[], hasRepeated: boolean, make: () => TablePlan) {
    this.below = below;
    this.hasRepeated = hasRepeated;
    this.#make = make;
    const made = () => this.#plan.schema;
    this.schema = {
      ...head,
      get columns(): readonly Column[] {
        return made().columns;
      },
      get key(): readonly string[] {
        return made().key ?? [];
      },
    };
  }

  get nodes(): readonly PlanNode[] {
    return this.#plan.nodes;
  }

  get implied(): readonly ImpliedValue[] {
    return this.#plan.implied;
  }

  get cells(): readonly Cell[] {
    return this.#plan.cells;
  }

  get places(): readonly ArrayPlace[] {
    return this.#plan.places;
  }

  get #plan(): TablePlan {
    this.#made ??= this.#make();
    return this.#made;
  }
}
