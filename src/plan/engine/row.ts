// What the closures of a plan share while one resource is flattened.

import type { JsonObject } from '../../json.ts';

/** Reused for every resource of a flattener: the closures read it, the engine fills it. */
export interface Row {
  /** The objects of the plan's nodes; undefined where absent. */
  readonly slots: (JsonObject | undefined)[];
  /** The id of the row: the resource's own or a generated one. */
  id: string;
  /** The resource holds a NumberText, so JSON.stringify must not be used on it. */
  hasNumberText: boolean;
}
