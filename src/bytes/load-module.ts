// The WebAssembly module that reads bytes, with the views of its memory. Made of src/bytes/assembly by the build.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileModule } from '../compiled-module.ts';
import { toolVersion } from '../version.ts';

/** What src/bytes/assembly/index.ts exports. Addresses and sizes are in bytes. */
export interface ByteFunctions {
  readonly memory: { readonly buffer: ArrayBuffer };
  allocateHeap(byteCount: number): number;
  allocateArena(byteCount: number): number;
  allocateText(byteCount: number): number;
  placedText(): number;
  arenaByteCount(): number;
  heldByteCount(): number;
  resetArena(): void;
  addKeys(from: number, to: number, count: number): number;
  scan(from: number, to: number, mostDepth: number): number;
  readonly host: HostPlace;
  oddNumberCount(): number;
  /** Where the words are of what these two found; see assembly/heads.ts. They give 0 for what is no object, or no usual entry. */
  foundAddress(): number;
  readHead(resource: number): number;
  readEntry(entry: number): number;
  /** A number for the shape of a record without one of its members; 0 for one that is too large. */
  shapeWithout(record: number, leftOut: number): number;
  /** Seeds of the hash of identifiers; see run/key-hash.ts. */
  setHashSeeds(seedA: number, seedB: number): void;
  /**
   * Records of the identifiers under a token, written at `top`: where they end; 0, without any, when they do not all end
   * before `end` or some text has to be decoded.
   */
  writeIdentifiers(identifier: number, id: number, typeNumber: number, top: number, end: number): number;
  hasRewritten(): number;
  beginHash(byteCount: number): void;
  addToHash(from: number, to: number): void;
  /** 32 bits, signed. */
  endHash(): number;
  tapeAddress(): number;
  createTable(columnCount: number): number;
  discardRows(table: number): number;
  addRow(table: number): number;
  truncateRows(table: number, rowCount: number): void;
  clearRows(table: number): void;
  /** Where encoders write to. */
  outPosition(): number;
  /** Rows encoded from `firstRow` on: fewer than there are when the memory for output is full. */
  encodeCsv(table: number, firstRow: number, delimiter: number, nullAddress: number, nullByteCount: number, isFormulaSafe: number): number;
  /** The same for COPY; see assembly/copy.ts. A row that is not encoded there is the host's. */
  encodeCopy(table: number, firstRow: number, nullAddress: number, plan: number, planCount: number, leftOutCount: number): number;
  /** These make parts of a column in Arrow's memory layout of rows, and return of how many; see assembly/columns.ts. */
  fillTexts(table: number, column: number, firstRow: number, bit: number, end: number): number;
  fillValues(table: number, column: number, kind: number, firstRow: number, bit: number, limits: number): number;
  fillMoments(table: number, column: number, kind: number, firstRow: number, bit: number, end: number): number;
  fillTextLists(table: number, column: number, firstRow: number, bit: number, end: number, itemBit: number, textEnd: number): number;
  columnParts(): number;
  filledColumns(table: number): number;
  /** Bytes that the last call of an encoder made. */
  encodedByteCount(): number;
  setKeyTexts(address: number): void;
  setCodingRules(systems: number, base: number, systemKey: number, codeKey: number, codingKey: number): void;
  setCodingKeys(codingKeys: number, userSelectedKey: number): void;
  setKeepKeys(modifierExtensionKey: number, extensionKey: number): void;
  setLeafKeys(valueKey: number): void;
  setListBrackets(open: number, close: number): void;
  setWalkKeys(textKey: number, modifierExtensionKey: number): void;
  setReferenceKeys(referenceKey: number, typeKey: number, identifierKey: number, systemKey: number, valueKey: number, typeTexts: number): number;
  setRenderingKeys(value: number, unit: number, code: number, comparator: number, text: number, coding: number, display: number): void;
  forgetTargets(): void;
  /** Address of the table of notes without ids. */
  unmetNotes(): number;
  /** 1 when the rows have been added, 0 when another engine has to. */
  flatten(plan: number, token: number, id: number, idByteCount: number, containment: number): number;
  /** Address of the tokens for true, false and no value; 0: no memory. */
  prepareExpressions(extensionKey: number, urlKey: number, resourceTypeKey: number): number;
  /** As `flatten`, for a view. */
  flattenView(plan: number, token: number, id: number, idByteCount: number): number;
  /** After something was thrown in the middle of `flatten`. */
  takeBackRows(): void;
  setText(address: number, byteCount: number): void;
  describePath(): number;
  textByteCount(): number;
}

/** What the module asks for while it flattens; see assembly/host.ts. */
export interface ByteHost {
  compileKey(handler: number, key: number): number;
  compileItem(keyHandler: number, chosenBy: number): number;
  chooseItem(rule: number, list: number): number;
  computeCell(cell: number, token: number): number;
  parseReference(entry: number): void;
  findTarget(entry: number, shape: number, ownType: number): number;
  numberType(start: number, byteCount: number): number;
  noteReference(site: number, form: number, type: number, id: number, idByteCount: number, count: number): number;
  addExtensions(list: number, isModifier: number, rest: number, restEnd: number): number;
  fitsColumn(check: number, token: number): number;
  showsValue(check: number, token: number): number;
  countTimeDifference(check: number, isCut: number): void;
  writeList(check: number, list: number): number;
  judgeList(check: number, list: number): number;
  countDropped(keyHandler: number, leafCount: number, unitCount: number): void;
  evaluateOperation(operation: number, first: number, second: number): number;
}

/** Who answers the module; set by the engine that has it flatten. */
export interface HostPlace {
  current: ByteHost | undefined;
}

function hostImports(place: HostPlace): WebAssembly.ModuleImports {
  const host = () => place.current as ByteHost;
  return {
    compileKey: (handler = 0, key = 0) => host().compileKey(handler, key),
    compileItem: (keyHandler = 0, chosenBy = 0) => host().compileItem(keyHandler, chosenBy),
    chooseItem: (rule = 0, list = 0) => host().chooseItem(rule, list),
    computeCell: (cell = 0, token = 0) => host().computeCell(cell, token),
    parseReference: (entry = 0) => host().parseReference(entry),
    findTarget: (entry = 0, shape = 0, ownType = 0) => host().findTarget(entry, shape, ownType),
    numberType: (start = 0, byteCount = 0) => host().numberType(start, byteCount),
    noteReference: (site = 0, form = 0, type = 0, id = 0, idByteCount = 0, count = 0) => host().noteReference(site, form, type, id, idByteCount, count),
    addExtensions: (list = 0, isModifier = 0, rest = 0, restEnd = 0) => host().addExtensions(list, isModifier, rest, restEnd),
    fitsColumn: (check = 0, token = 0) => host().fitsColumn(check, token),
    showsValue: (check = 0, token = 0) => host().showsValue(check, token),
    countTimeDifference: (check = 0, isCut = 0) => host().countTimeDifference(check, isCut),
    writeList: (check = 0, list = 0) => host().writeList(check, list),
    judgeList: (check = 0, list = 0) => host().judgeList(check, list),
    countDropped: (keyHandler = 0, leafCount = 0, unitCount = 0) => host().countDropped(keyHandler, leafCount, unitCount),
    evaluateOperation: (operation = 0, first = 0, second = 0) => host().evaluateOperation(operation, first, second),
  };
}

async function readModule(): Promise<WebAssembly.Module> {
  // Run from its sources, the project has the module where the build puts it.
  if (toolVersion.endsWith('-source')) return compileModule(readFileSync(fileURLToPath(new URL('../../dist/assembly/bytes.wasm', import.meta.url))));
  const { bytes, digest } = await import('./bytes.wasm');
  return compileModule(bytes, digest);
}

export async function loadByteFunctions(): Promise<ByteFunctions> {
  const host: HostPlace = { current: undefined };
  const instance = new WebAssembly.Instance(await readModule(), { host: hostImports(host) });
  return { ...(instance.exports as unknown as Omit<ByteFunctions, 'host'>), host };
}
