// Counts what a Bundle holds besides its resources, by path, so that the report can account for every value.

import type { RecordTape } from '../bytes/record-tape.ts';
import { tokenKinds } from '../bytes/token-words.ts';
import { type JsonObject, type JsonValue, NumberText } from '../json.ts';
import type { BundleEnvelope } from '../types.ts';

/** https://hl7.org/fhir/R5/valueset-bundle-type.html */
const BUNDLE_TYPES = new Set([
  'document',
  'message',
  'transaction',
  'transaction-response',
  'batch',
  'batch-response',
  'history',
  'searchset',
  'collection',
  'subscription-notification',
]);

/** One element: a tree instead of path strings, because entries are counted by the million. */
interface LeafNode {
  count: number;
  children: Map<string, LeafNode> | undefined;
}

export class BundleTally {
  entryCount = 0;
  resourceCount = 0;
  readonly #root = makeNode();
  readonly #entryNode = childOf(this.#root, 'entry');
  /** The shape of the last entry that was taken, without its resource, and the leaves of all that have it. */
  #shape = 0;
  #shapeLeaves: readonly LeafNode[] = [];

  /** Counts the leaves of an entry outside its resource. */
  addEntry(entry: JsonObject): void {
    for (const key of Object.keys(entry)) {
      if (key !== 'resource') countLeaves(childOf(this.#entryNode, key), entry[key] as JsonValue);
    }
  }

  /** The same for an entry that was taken as a tape. @param resource - the token of its resource */
  addTakenEntry(tape: RecordTape, resource: number): void {
    const shape = tape.shapeWithout(resource);
    if (shape === 0 || shape !== this.#shape) {
      const leaves: LeafNode[] = [];
      const end = tape.next(tape.root);
      for (let token = tape.first(tape.root); token < end; token = tape.next(token)) {
        if (token !== resource) listTakenLeaves(childOf(this.#entryNode, tape.keys.nameOf(tape.key(token))), tape, token, leaves);
      }
      this.#shape = shape;
      this.#shapeLeaves = leaves;
    }
    for (const leaf of this.#shapeLeaves) leaf.count++;
  }

  /** Counts the Bundle's own leaves, its entries left out, and sums up. */
  finish(sourceName: string, bundle: JsonObject): BundleEnvelope {
    for (const key of Object.keys(bundle)) {
      if (key !== 'entry') countLeaves(childOf(this.#root, key), bundle[key] as JsonValue);
    }
    const leafCounts = new Map<string, number>();
    listLeaves(this.#root, 'Bundle', leafCounts);
    return {
      sourceName,
      type: typeof bundle.type === 'string' && BUNDLE_TYPES.has(bundle.type) ? bundle.type : 'other',
      entryCount: this.entryCount,
      resourceCount: this.resourceCount,
      leafCounts,
    };
  }
}

function makeNode(): LeafNode {
  return { count: 0, children: undefined };
}

function childOf(node: LeafNode, key: string): LeafNode {
  node.children ??= new Map();
  let child = node.children.get(key);
  if (child === undefined) {
    child = makeNode();
    node.children.set(key, child);
  }
  return child;
}

/** Recursive: the depth limit of records bounds it. A null is the absence of a value. */
function countLeaves(node: LeafNode, value: JsonValue): void {
  if (value === null) return;
  if (typeof value !== 'object' || value instanceof NumberText) node.count++;
  else if (Array.isArray(value)) for (const item of value) countLeaves(node, item);
  else for (const key of Object.keys(value)) countLeaves(childOf(node, key), value[key] as JsonValue);
}

/** What {@link countLeaves} counts, of a tape: each leaf once for each value. */
function listTakenLeaves(node: LeafNode, tape: RecordTape, token: number, leaves: LeafNode[]): void {
  const kind = tape.kind(token);
  if (kind === tokenKinds.null) return;
  if (kind !== tokenKinds.array && kind !== tokenKinds.object) {
    leaves.push(node);
    return;
  }
  const end = tape.next(token);
  for (let child = tape.first(token); child < end; child = tape.next(child)) {
    const childNode = kind === tokenKinds.array ? node : childOf(node, tape.keys.nameOf(tape.key(child)));
    listTakenLeaves(childNode, tape, child, leaves);
  }
}

function listLeaves(node: LeafNode, path: string, counts: Map<string, number>): void {
  if (node.count > 0) counts.set(path, node.count);
  if (node.children === undefined) return;
  for (const [key, child] of node.children) listLeaves(child, `${path}.${key}`, counts);
}
