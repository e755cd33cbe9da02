// What the closures of one table share while a resource is flattened: the row being filled and the objects it reads.

import type { JsonObject, JsonValue } from '../../json.ts';
import type { NoteReference, ReferenceCounter, ReferenceForm, ReferenceLookup, SaveFile, TableBuilder } from '../../types.ts';

/** Of the resource that is being flattened; shared by all its tables. */
export interface ResourceState {
  /** The id of the main row: the resource's own or a generated one. */
  id: string;
  /** The resource holds a NumberText, so JSON.stringify must not be used on it. */
  hasNumberText: boolean;
  /** The id below which contained resources have theirs: of the container, in a contained resource. */
  containerId: string;
  /** The type of the resource with that id. */
  containerType: string;
  /** Local id → type of the contained resources that have rows. */
  containedTypes: ReadonlyMap<string, string> | undefined;
  containedIn: string | undefined;
  /** Undefined where references are taken as they stand. */
  readonly references: ReferenceLookup | undefined;
  /** Of the resource, or its container: tells the versions of one id apart where all have rows. */
  versionHash: string | undefined;
  readonly saveFile: SaveFile | undefined;
  readonly referenceCounter: ReferenceCounter | undefined;
  /** Contained resources that have rows of their own. */
  unpacked: ReadonlySet<number> | undefined;
}

/** A reference as a column's cell has it, for columns elsewhere that repeat the cell. */
export class NotedColumn {
  form: ReferenceForm = 'other';
  type: string | undefined;
  id: string | undefined;
  isMet = false;
  readonly #note: NoteReference | undefined;

  constructor(note: NoteReference | undefined) {
    this.#note = note;
  }

  note(form: ReferenceForm, type: string | undefined, id: string | undefined, isMet = false): void {
    this.form = form;
    this.type = type;
    this.id = id;
    this.isMet = isMet;
    this.#note?.(form, type, id, isMet);
  }
}

export class TableState {
  readonly resource: ResourceState;
  readonly builder: TableBuilder;
  /** Index of the row being filled. */
  row = 0;
  /** Index of the row's item; see the cell kinds of the plan. */
  index = 0;
  parentIndex: number | undefined = undefined;
  /** Column → what was last noted of it. */
  readonly noted = new Map<number, NotedColumn>();
  /** The objects of the plan's nodes that were met in this row; undefined where absent. */
  slots: (JsonObject | undefined)[];

  /** The table above; undefined for the main table. */
  readonly #parent: TableState | undefined;
  /** Items hold items of this table, so that their index is a running number. */
  readonly isRecursive: boolean;
  readonly nodeCount: number;
  /** Rows begun and not ended: more than one where an item holds items. */
  readonly #open: { row: number; index: number; parentIndex: number | undefined; slots: (JsonObject | undefined)[] }[] = [];
  #depth = 0;
  #nextIndex = 0;

  constructor(resource: ResourceState, builder: TableBuilder, nodeCount: number, parent?: TableState, isRecursive = false) {
    this.resource = resource;
    this.builder = builder;
    this.#parent = parent;
    this.isRecursive = isRecursive;
    this.nodeCount = nodeCount;
    this.slots = emptySlots(nodeCount);
  }

  above(levels: number): TableState {
    return levels === 0 ? this : (this.#parent?.above(levels - 1) ?? this);
  }

  /** Forgets the rows that a resource that failed left open. */
  reset(): void {
    this.#depth = 0;
    this.#open.length = 0;
  }

  /** To be called before the items of an array. */
  beginArray(): void {
    if (this.#depth === 0) this.#nextIndex = 0;
  }

  /** Starts a row for an object; `arrayIndex` is its place in its array. */
  begin(arrayIndex: number): void {
    if (this.#depth > 0) {
      this.#open.push({ row: this.row, index: this.index, parentIndex: this.parentIndex, slots: this.slots });
      this.parentIndex = this.index;
      this.slots = emptySlots(this.nodeCount);
    } else {
      this.parentIndex = undefined;
      this.slots.fill(undefined);
    }
    this.#depth++;
    this.index = this.isRecursive ? this.#nextIndex++ : arrayIndex;
    this.row = this.builder.addRow();
  }

  /** Ends the row begun last; the one around it goes on. */
  end(): void {
    this.#depth--;
    const outer = this.#open.pop();
    if (outer === undefined) return;
    this.row = outer.row;
    this.index = outer.index;
    this.parentIndex = outer.parentIndex;
    this.slots = outer.slots;
  }
}

function emptySlots(nodeCount: number): (JsonObject | undefined)[] {
  return new Array<JsonObject | undefined>(nodeCount).fill(undefined);
}

/** Takes a leaf value: sets the cells that show it; true when the value can be told from them. */
export type TakeLeaf = (value: JsonValue, object: JsonObject) => boolean;
