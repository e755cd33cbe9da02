// A Plan says as data what a table is: the objects of a resource that a row reads from (nodes) and what its cells
// show of them (cells). Default tables and views are lowered to Plans; an engine turns a Plan into a function.
//
// What a Plan means, whatever the engine:
// - Nodes are evaluated once per row, in order; a node whose parent is absent, or whose value has another JSON type
//   than the node expects, is absent. Cells that read an absent node are null.
// - A cell of kind `value` or `list` *shows* the leaf values it reads; so do the first present operand of `firstOf`,
//   references by the rules of fhir/reference, and `attachment` what it can decode. All others are computed and show nothing.
// - Each array of objects that is the place of a child table gives a row of it per object.
// - `otherJson` holds the resource without the leaf values that some cell shows and without what a drop rule
//   leaves out; a shown item of an array is `null` there when a later item is kept, so that positions stay.

import type { DropRule, PrimitiveTypeName, TableSchema } from '../types.ts';

/** Index into {@link Plan.nodes}; 0 is the resource. */
export type NodeIndex = number;

/** `type` is the path in the element model whose elements the object has. */
export type PlanNode =
  | { readonly kind: 'resource'; readonly type: string }
  /** The item that a row of a child table is about. */
  | { readonly kind: 'row'; readonly type: string; readonly path: string }
  /** The object under a key. */
  | { readonly kind: 'child'; readonly parent: NodeIndex; readonly key: string; readonly type: string; readonly path: string }
  /** One object of the array under a key, chosen by a rule. */
  | { readonly kind: 'item'; readonly parent: NodeIndex; readonly key: string; readonly rule: ItemRule; readonly type: string; readonly path: string };

/** How one item of a list is chosen. Every rule falls back to nothing, never to a guess. */
export type ItemRule =
  | { readonly rule: 'first' }
  /** The first item that has something under a key. */
  | { readonly rule: 'having'; readonly key: string }
  /** Coding: the first with a standard system and a code, else the first with a code, else the first. */
  | { readonly rule: 'standardCoding' }
  /** Coding with one of these systems. */
  | { readonly rule: 'codingOfSystem'; readonly systems: readonly string[] }
  /** Identifier: official, usual, without use, secondary, temp, old. */
  | { readonly rule: 'bestIdentifier' }
  /** Identifier whose type has one of these codes, or whose system is one of these. */
  | { readonly rule: 'identifierOf'; readonly typeCodes: readonly string[]; readonly systems: readonly string[] }
  /** HumanName: official, usual, without use, others, old and maiden last. */
  | { readonly rule: 'bestName' }
  /** Address: home, without use, others, old last. */
  | { readonly rule: 'bestAddress' }
  /** ContactPoint of a system: by rank, then home, work and others, old last. */
  | { readonly rule: 'contactPoint'; readonly system: string }
  | { readonly rule: 'extension'; readonly url: string }
  /** The first item whose key holds this value. */
  | { readonly rule: 'where'; readonly key: string; readonly values: readonly (string | boolean)[]; readonly elseFirst: boolean }
  /** The item with the smallest number under a key, else the first. */
  | { readonly rule: 'lowest'; readonly key: string }
  /** The first item whose CodeableConcept under `key` has one of these codes, tried in order. */
  | { readonly rule: 'whereCode'; readonly key: string; readonly codes: readonly string[] }
  /** The first item whose Reference (under `key`, or the item itself) points to this type, or does not tell. */
  | { readonly rule: 'referenceTo'; readonly key: string | undefined; readonly type: string };

export type ReferencePart = 'id' | 'type' | 'identifier';

/** What the other columns of the same reference make visible, which decides what `otherJson` must keep. */
export interface ReferenceShape {
  /** Allowed target types; empty when any. */
  readonly targets: readonly string[];
  /** Only references to this type give an id here (`patient_id`). */
  readonly onlyType: string | undefined;
  readonly hasTypeColumn: boolean;
  /** The node of `Reference.identifier`, when a column shows it. */
  readonly identifierNode: NodeIndex | undefined;
}

/** How a value is written for people. */
export type Rendering = 'humanName' | 'timing' | 'quantity' | 'concept' | 'range' | 'ratio' | 'period' | 'money' | 'reference' | 'primitive';

export type Cell =
  /** The id of the resource, also in child tables. */
  | { readonly kind: 'id' }
  /** The index of the row's item: its place in the array, or a running number where items hold items of their table. */
  | { readonly kind: 'index' }
  /** The index of the row of the same table that holds this one. */
  | { readonly kind: 'parentIndex' }
  /** The index of the row of a table above, `levels` tables up. */
  | { readonly kind: 'ancestorIndex'; readonly levels: number }
  /** What the main row of the resource has in a column. */
  | { readonly kind: 'repeated'; readonly column: string }
  | { readonly kind: 'value'; readonly node: NodeIndex; readonly key: string; readonly type: PrimitiveTypeName }
  | { readonly kind: 'list'; readonly node: NodeIndex; readonly key: string; readonly type: PrimitiveTypeName; readonly separator: string }
  /** One primitive of every object in a list, joined. */
  | {
      readonly kind: 'joinItems';
      readonly node: NodeIndex;
      readonly key: string;
      readonly itemKey: string;
      readonly itemType: string;
      readonly separator: string;
    }
  | { readonly kind: 'firstOf'; readonly cells: readonly Cell[] }
  | { readonly kind: 'reference'; readonly node: NodeIndex; readonly part: ReferencePart; readonly shape: ReferenceShape }
  | { readonly kind: 'rendered'; readonly node: NodeIndex; readonly key: string | undefined; readonly as: Rendering }
  /** Which of these keys is present; the cell is its label. */
  | { readonly kind: 'presentKey'; readonly node: NodeIndex; readonly labels: ReadonlyMap<string, string> }
  | { readonly kind: 'count'; readonly node: NodeIndex; readonly key: string }
  /** Hours between two dateTimes of the node, both with time and zone; four decimals at most. */
  | { readonly kind: 'hours'; readonly node: NodeIndex; readonly startKey: string; readonly endKey: string }
  /** True when the boolean under `booleanKey` is true or `otherKey` is present; false when the boolean is false. */
  | { readonly kind: 'flagOrPresent'; readonly node: NodeIndex; readonly booleanKey: string; readonly otherKey: string }
  /** The JSON text of the object under whichever of these keys is present. */
  | { readonly kind: 'json'; readonly node: NodeIndex; readonly keys: readonly string[] }
  /** `data` of an Attachment or Binary, decoded: as text where it is one, or as the path of a file that is written. */
  | { readonly kind: 'attachment'; readonly node: NodeIndex; readonly as: 'text' | 'files' }
  /** `Type/id` of the resource that contains this one. */
  | { readonly kind: 'containedIn' }
  /** What tells the versions of one id apart. */
  | { readonly kind: 'version' }
  | { readonly kind: 'otherJson' };

/** Leaf values that a column's definition implies, so that they are shown without a cell of their own. */
export interface ImpliedValue {
  readonly node: NodeIndex;
  readonly key: string;
  readonly value: string;
}

export interface Plan {
  readonly schema: TableSchema;
  readonly nodes: readonly PlanNode[];
  readonly implied: readonly ImpliedValue[];
  /** `cells[i]` fills `schema.columns[i]`. */
  readonly cells: readonly Cell[];
}

/** An array of a plan's object: what stands under a key of a node. */
export interface ArrayPlace {
  readonly node: NodeIndex;
  readonly key: string;
}

/**
 * A table with the child tables below it. Node 0 is the object of the row: the resource, or an item of an array of
 * the table above. A child table is known by its schema's name and what is below it; its columns, and all that is about
 * them, may be made when they are first asked for: most tables of most types never get a row.
 */
export interface TablePlan extends Plan {
  readonly below: readonly RowsBelow[];
  /** Where the items of `below[i]` stand in this plan. */
  readonly places: readonly ArrayPlace[];
  /** Cells repeat some of the main row. */
  readonly hasRepeated: boolean;
}

/** What has rows for the items of an array: a child table, or by its name the table itself or one above (`Questionnaire.item.item`). */
export type RowsBelow = TablePlan | string;

/** All tables of a resource type. */
export interface ResourcePlan {
  readonly main: TablePlan;
  /** Codings that no column shows; undefined when they stay in other_json. */
  readonly codings: { readonly schema: TableSchema; readonly isComplete: boolean } | undefined;
  /** All extensions; undefined when they stay in other_json. */
  readonly extensions: TableSchema | undefined;
  /** What is left out where no cell shows it. */
  readonly dropRules: readonly DropRule[];
}
