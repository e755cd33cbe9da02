// Handlers of the object engine → the structures that assembly/walk.ts follows, in the module's heap. Written as the keys
// of resources are met, as the object engine makes its handlers. One program for all types of a reading.

import type { KeyNames } from '../../bytes/key-names.ts';
import type { ByteHost } from '../../bytes/load-module.ts';
import type { RowStore } from '../../bytes/row-store.ts';
import { readToken } from '../../bytes/tokens.ts';
import { standardSystems } from '../../fhir/code-systems.ts';
import type { JsonValue } from '../../json.ts';
import type { FlattenContext, ListText } from '../../types.ts';
import type { KeyHandler, KeyRole, ObjectHandler } from '../engine/handlers.ts';
import { type ChooseItem, hl7CodeSystems } from '../engine/item-rules.ts';
import { WalkPath } from '../engine/walk-path.ts';
import { ByteChecks } from './byte-checks.ts';
import { ByteExpressions } from './byte-expressions.ts';
import { writeCell, writeLeaf } from './byte-operations.ts';
import { ByteReferences } from './byte-references.ts';
import { writeRule } from './byte-rules.ts';
import type { ByteScope } from './byte-scope.ts';

interface WrittenHandler {
  readonly handler: ObjectHandler;
  readonly scope: ByteScope;
  readonly address: number;
  keyCount: number;
}

interface WrittenKey {
  readonly known: KeyHandler;
  readonly scope: ByteScope;
}

/** Structures hold the words that assembly/walk.ts says. */
const handlerWords = { nodeCount: 0, nodes: 1, cellCount: 2, cells: 3, keyMask: 4, keys: 5, number: 6, length: 7 } as const;
const firstKeySlots = 8;
const mostRules = 12;
/** Spreads keys over the slots of a handler. */
const keyMultiplier = 0x9e5;
const roles: Readonly<Record<KeyRole, number>> = {
  contained: 1,
  extensions: 2,
  'primitive-element': 3,
  'concept-codings': 4,
  'concept-text': 5,
  'coding-value': 6,
};
const codingBooleanRole = 7;
const codingStrings = ['system', 'version', 'code', 'display'];
const expectations: Readonly<Record<KeyHandler['expects'], number>> = { anything: 0, leaf: 1, object: 2, array: 3 };
const nothingAbout = 1;

export class ByteProgram implements ByteHost {
  readonly store: RowStore;
  readonly keys: KeyNames;
  readonly context: FlattenContext;
  readonly references: ByteReferences;
  readonly checks = new ByteChecks();
  #expressions: ByteExpressions | undefined;
  readonly #handlers: WrittenHandler[] = [];
  readonly #handlerAddresses = new Map<ObjectHandler, number>();
  readonly #keys: WrittenKey[] = [];
  readonly #rules: ChooseItem[] = [];
  readonly #computations: ((value: JsonValue) => string | undefined)[] = [];
  readonly #path = new WalkPath();
  /** Of the resource being flattened. */
  scope: ByteScope | undefined;
  /** Something was thrown in the middle of a resource: the module's state is not to be relied on. */
  isBroken = false;

  constructor(store: RowStore, keys: KeyNames, context: FlattenContext) {
    this.store = store;
    this.keys = keys;
    this.context = context;
    const { functions } = store;
    functions.host.current = this;
    functions.setKeyTexts(keys.textsAddress);
    const systems = this.write([standardSystems.size, ...[...standardSystems].flatMap((system) => this.textOf(system))]);
    functions.setCodingRules(systems, this.write(this.textOf(hl7CodeSystems)), keys.numberOf('system'), keys.numberOf('code'), keys.numberOf('coding'));
    const codingKeys = this.write(codingStrings.map((key) => keys.numberOf(key)));
    const numberOf = (key: string) => keys.numberOf(key);
    functions.setCodingKeys(codingKeys, numberOf('userSelected'));
    functions.setKeepKeys(numberOf('modifierExtension'), numberOf('extension'));
    functions.setLeafKeys(numberOf('value'));
    const [open = '', close = ''] = this.lists?.brackets ?? [];
    functions.setListBrackets(open.charCodeAt(0), close.charCodeAt(0));
    functions.setWalkKeys(numberOf('text'), numberOf('modifierExtension'));
    functions.setRenderingKeys(
      numberOf('value'),
      numberOf('unit'),
      numberOf('code'),
      numberOf('comparator'),
      numberOf('text'),
      numberOf('coding'),
      numberOf('display'),
    );
    this.references = new ByteReferences(this);
  }

  /** For views. */
  get expressions(): ByteExpressions {
    this.#expressions ??= new ByteExpressions(this);
    return this.#expressions;
  }

  /** How typed storage writes lists. */
  get lists(): ListText | undefined {
    const { storage } = this.context;
    return storage.kind === 'typed' ? storage.lists : undefined;
  }

  /** Writes words that stay; returns their address. */
  write(words: readonly number[]): number {
    const address = this.allocate(words.length);
    this.store.words.set(words, address >> 2);
    return address;
  }

  allocate(wordCount: number): number {
    const address = this.store.functions.allocateHeap(wordCount * 4);
    if (address === 0) throw new RangeError('no memory for a plan');
    return address;
  }

  /** Address and length of a text that stays. */
  textOf(text: string): readonly [number, number] {
    const { address, byteCount } = this.store.constant(text);
    return [address, byteCount];
  }

  /** The address of a handler's structure. */
  handler(handler: ObjectHandler, scope: ByteScope): number {
    const known = this.#handlerAddresses.get(handler);
    if (known !== undefined) return known;
    const address = this.allocate(handlerWords.length);
    this.#handlerAddresses.set(handler, address);
    const number = this.#handlers.push({ handler, scope, address, keyCount: 0 }) - 1;
    const nodes = handler.contributions.filter(({ node }) => node >= 0).flatMap(({ state, node }) => [scope.states.of(state), node]);
    const cells = handler.contributions.flatMap(({ computed, state }) =>
      computed.map(({ column, cell, noteName }) => writeCell(this, scope, cell, state, column, noteName)),
    );
    const { words } = this.store;
    const word = address >> 2;
    words[word + handlerWords.nodeCount] = nodes.length / 2;
    words[word + handlerWords.nodes] = this.write(nodes);
    words[word + handlerWords.cellCount] = cells.length;
    words[word + handlerWords.cells] = this.write(cells.flat());
    words[word + handlerWords.keyMask] = firstKeySlots - 1;
    words[word + handlerWords.keys] = this.allocate(firstKeySlots * 2);
    words[word + handlerWords.number] = number;
    return address;
  }

  /** The number of a rule that the host does. */
  addRule(choose: ChooseItem): number {
    return this.#rules.push(choose) - 1;
  }

  /** The number of a cell that the host computes. */
  addComputation(compute: (value: JsonValue) => string | undefined): number {
    return this.#computations.push(compute) - 1;
  }

  compileKey(handlerNumber: number, keyNumber: number): number {
    const written = this.#handlers[handlerNumber] as WrittenHandler;
    const { handler, scope } = written;
    const key = this.keys.nameOf(keyNumber);
    const known = handler.keys.get(key) ?? scope.handlers.addKey(handler, key);
    if (known === undefined || known.items.length > mostRules) return 0;
    const address = this.#writeKey(known, keyNumber, scope);
    this.#insertKey(written, keyNumber, address);
    return address;
  }

  #writeKey(known: KeyHandler, keyNumber: number, scope: ByteScope): number {
    const number = this.#keys.push({ known, scope }) - 1;
    const { child, drop, expects, items, key, leaves, path, role, rows, type, typeToSearch } = known;
    const isCodingBoolean = role === 'coding-value' && key === 'userSelected';
    const isOtherOfCoding = role === 'coding-value' && !isCodingBoolean && !codingStrings.includes(key);
    return this.write([
      keyNumber,
      role === undefined || isOtherOfCoding ? 0 : isCodingBoolean ? codingBooleanRole : roles[role],
      leaves.length,
      this.write(leaves.flatMap((leaf) => writeLeaf(this, scope, leaf))),
      expectations[expects],
      drop === undefined ? 0 : drop.rule === 'narrative' ? 1 : 2,
      child === undefined ? 0 : this.handler(child, scope),
      items.length,
      this.write(items.flatMap(({ rule }) => writeRule(this, rule))),
      rows.length,
      this.write(rows.map(({ state }) => scope.states.of(state))),
      this.allocate(2 ** items.length),
      typeToSearch === undefined ? 0 : this.handler(scope.handlers.of([], type, path), scope),
      number,
      type === 'Coding' ? 1 : 0,
    ]);
  }

  #insertKey(written: WrittenHandler, keyNumber: number, keyAddress: number): void {
    const { words } = this.store;
    const handler = written.address >> 2;
    let mask = words[handler + handlerWords.keyMask] as number;
    let slots = (words[handler + handlerWords.keys] as number) >> 2;
    if (++written.keyCount * 2 > mask + 1) {
      const old = words.slice(slots, slots + (mask + 1) * 2);
      mask = mask * 2 + 1;
      slots = this.allocate((mask + 1) * 2) >> 2;
      for (let index = 0; index < old.length; index += 2) if (old[index] !== 0) putKey(words, slots, mask, old[index] as number, old[index + 1] as number);
      words[handler + handlerWords.keyMask] = mask;
      words[handler + handlerWords.keys] = slots << 2;
    }
    putKey(words, slots, mask, keyNumber, keyAddress);
  }

  compileItem(keyHandlerNumber: number, chosenBy: number): number {
    const { known, scope } = this.#keys[keyHandlerNumber] as WrittenKey;
    const handler = scope.handlers.ofItem(known, chosenBy);
    return handler === undefined ? nothingAbout : this.handler(handler, scope);
  }

  chooseItem(rule: number, list: number): number {
    const items = this.readValue(list) as JsonValue[];
    const chosen = (this.#rules[rule] as ChooseItem)(items);
    if (chosen === undefined) return 0;
    let token = list + 16;
    for (let index = items.indexOf(chosen); index > 0; index--) token = this.store.words[(token >> 2) + 3] as number;
    return token;
  }

  computeCell(cell: number, token: number): number {
    const text = (this.#computations[cell] as (value: JsonValue) => string | undefined)(this.readValue(token));
    if (text === undefined || !this.store.encode(text)) return 0;
    this.store.functions.setText(this.store.textAddress, this.store.textByteCount);
    return 1;
  }

  parseReference(entry: number): void {
    this.references.parse(entry);
  }

  findTarget(entry: number, shape: number, ownType: number): number {
    return this.references.findTarget(entry, shape, ownType) ? 1 : 0;
  }

  numberType(start: number, byteCount: number): number {
    return this.references.numberOf(this.store.decode(start, byteCount));
  }

  noteReference(site: number, form: number, type: number, id: number, idByteCount: number, count: number): number {
    return this.references.note(site, form, type, id === 0 ? undefined : this.store.decode(id, idByteCount), count) ? 1 : 0;
  }

  addExtensions(list: number, isModifier: number, rest: number, restEnd: number): number {
    const { functions, bytes } = this.store;
    const address = functions.describePath();
    this.#path.start(this.store.decode(address, functions.textByteCount()));
    const text = this.scope?.extensions?.addAll(this.readValue(list) as JsonValue[], this.#path, isModifier !== 0);
    if (text === undefined || text.length * 3 > restEnd - rest) return -1;
    return bytes.write(text, rest, 'utf8');
  }

  fitsColumn(check: number, token: number): number {
    return this.checks.fits(check, this.readValue(token)) ? 1 : 0;
  }

  showsValue(check: number, token: number): number {
    return this.checks.shows(check, this.readValue(token)) ? 1 : 0;
  }

  countTimeDifference(check: number, isCut: number): void {
    this.checks.addDifference(check, isCut !== 0 ? 'time-digits' : 'time-notation');
  }

  writeList(check: number, list: number): number {
    const { lists } = this;
    const text = lists && this.checks.listText(check, this.readValue(list), (items) => lists.write(items));
    if (text === undefined || !this.store.encode(text)) return 0;
    this.store.functions.setText(this.store.textAddress, this.store.textByteCount);
    return 1;
  }

  judgeList(check: number, list: number): number {
    return this.checks.judgeList(check, this.readValue(list));
  }

  countDropped(keyHandlerNumber: number, leafCount: number, unitCount: number): void {
    const { known, scope } = this.#keys[keyHandlerNumber] as WrittenKey;
    if (known.drop !== undefined) scope.context.countDropped(known.drop.rule, known.path, leafCount, unitCount);
  }

  evaluateOperation(operation: number, first: number, second: number): number {
    return this.expressions.evaluate(operation, first, second);
  }

  readValue(token: number): JsonValue {
    return readToken(this.store, this.keys, token);
  }
}

function putKey(words: Uint32Array, slots: number, mask: number, key: number, address: number): void {
  let slot = Math.imul(key, keyMultiplier) & mask;
  while (words[slots + slot * 2] !== 0) slot = (slot + 1) & mask;
  words[slots + slot * 2] = key;
  words[slots + slot * 2 + 1] = address;
}
