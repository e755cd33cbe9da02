// What the closures of one table share while a resource is flattened: the row being filled and the objects it reads.

import type { JsonObject, JsonValue } from '../../json.ts';
import type { TableBuilder } from '../../types.ts';

/** Of the resource that is being flattened; shared by all its tables. */
export interface ResourceState {
  /** The id of the main row: the resource's own or a generated one. */
  id: string;
  /** The resource holds a NumberText, so JSON.stringify must not be used on it. */
  hasNumberText: boolean;
}

export class TableState {
  readonly resource: ResourceState;
  readonly builder: TableBuilder;
  /** Index of the row being filled. */
  row = 0;
  /** The objects of the plan's nodes that were met in this row; undefined where absent. */
  slots: (JsonObject | undefined)[];

  constructor(resource: ResourceState, builder: TableBuilder, nodeCount: number) {
    this.resource = resource;
    this.builder = builder;
    this.slots = new Array<JsonObject | undefined>(nodeCount).fill(undefined);
  }

  /** Starts a row for an object. */
  begin(): void {
    this.row = this.builder.addRow();
    this.slots.fill(undefined);
  }
}

/** Takes a leaf value: sets the cells that show it; true when the value can be told from them. */
export type TakeLeaf = (value: JsonValue, object: JsonObject) => boolean;
