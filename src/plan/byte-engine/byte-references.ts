// What assembly/references.ts asks about references: what their texts mean, what they point to, whether that has a row.

import { parseReference } from '../../fhir/reference.ts';
import type { Containment, NoteQuietly, ReferenceForm } from '../../types.ts';
import type { TableState } from '../engine/table-state.ts';
import type { ReferenceShape } from '../plan.ts';
import type { ByteProgram } from './byte-program.ts';
import type { ByteScope } from './byte-scope.ts';

/** Words of an entry of the module's cache. */
const entryWords = {
  text: 0,
  textByteCount: 1,
  form: 3,
  type: 4,
  id: 5,
  idByteCount: 6,
  isVersioned: 7,
  identifier: 8,
  identifierByteCount: 9,
  target: 10,
  targetType: 11,
  targetId: 12,
  targetIdByteCount: 13,
} as const;

/** By number. */
const forms: readonly (ReferenceForm | undefined)[] = [undefined, 'relative', 'absolute', 'urn', 'conditional', 'contained', undefined, 'identifier'];
/** Not for this engine. */
const unsupportedForm = 6;
const unmetSlots = 2048;
/** Types come from the input: there may be no end to odd ones. */
const mostTypes = 2000;

interface Site {
  readonly note: NoteQuietly | undefined;
  /** `table.column` */
  readonly name: string;
  /** Of a column that repeats another: that one's name. */
  readonly repeated: string | undefined;
}

interface LastNote {
  readonly form: ReferenceForm;
  readonly type: string | undefined;
  readonly id: string | undefined;
  readonly isMet: boolean;
}

export class ByteReferences {
  readonly #program: ByteProgram;
  readonly #typeNumbers = new Map<string, number>();
  readonly #types: string[] = [''];
  readonly #typeTexts: number;
  readonly #formCounts: number;
  readonly #unmetNotes: number;
  readonly #shapes: { readonly shape: ReferenceShape; readonly address: number }[] = [];
  readonly #sites: Site[] = [{ note: undefined, name: '', repeated: undefined }];
  readonly #siteNumbers = new Map<string, number>();
  /** Of the resource being flattened: column → what was noted because it may lead nowhere. */
  readonly #lastNotes = new Map<string, LastNote>();
  #generation = -1;
  #ownId = '';
  #containment: Containment | undefined;

  constructor(program: ByteProgram) {
    this.#program = program;
    const { keys, store } = program;
    this.#typeTexts = program.allocate(mostTypes * 2);
    this.#formCounts = store.functions.setReferenceKeys(
      keys.numberOf('reference'),
      keys.numberOf('type'),
      keys.numberOf('identifier'),
      keys.numberOf('system'),
      keys.numberOf('value'),
      this.#typeTexts,
    );
    this.#unmetNotes = store.functions.unmetNotes();
  }

  /** The address of a shape. */
  shape(shape: ReferenceShape): number {
    const known = this.#shapes.find((other) => other.shape === shape);
    if (known !== undefined) return known.address;
    const targets = shape.targets.map((type) => this.numberOf(type));
    const onlyType = shape.onlyType === undefined ? 0 : this.numberOf(shape.onlyType);
    const address = this.#program.write([this.#shapes.length, shape.hasTypeColumn ? 1 : 0, onlyType, targets.length, ...targets]);
    this.#shapes.push({ shape, address });
    return address;
  }

  /** The number of the place where a column's references are counted, 0 for none; and whether their forms are. */
  site({ context }: ByteScope, state: TableState, noteName: string | undefined): readonly [number, number] {
    if (noteName === undefined) return [0, 0];
    const table = state.builder.schema.name;
    const name = `${table}.${noteName}`;
    const note = context.referenceCounter?.quietColumn(table, noteName);
    // A column has one place, however many handlers set it: items of a list that refer to the same are several references.
    let number = this.#siteNumbers.get(name);
    if (number === undefined) {
      number = this.#sites.push({ note, name, repeated: undefined }) - 1;
      this.#siteNumbers.set(name, number);
    }
    return [number, note === undefined ? 0 : 1];
  }

  /** The number of the place of a column that repeats the references of another. */
  repetition({ context }: ByteScope, table: string, column: string, repeated: string): number {
    const note = context.referenceCounter?.quietColumn(table, column);
    return note === undefined ? 0 : this.#sites.push({ note, name: '', repeated }) - 1;
  }

  /** To be called before each resource: what was found may have changed, and what was not found may be there now. */
  begin(ownId: string, containment: Containment | undefined): void {
    const { context } = this.#program;
    this.#ownId = ownId;
    this.#containment = containment;
    const generation = (context.references?.generation ?? 0) + (context.referenceCounter?.generation ?? 0);
    if (generation !== this.#generation) {
      this.#generation = generation;
      this.#program.store.functions.forgetTargets();
    }
    if (this.#lastNotes.size > 0) this.#lastNotes.clear();
  }

  /** How many references columns have shown by form; also notes those that the module has kept. */
  takeForms(): ReadonlyMap<ReferenceForm, number> {
    const { words } = this.#program.store;
    for (let slot = 0, place = this.#unmetNotes >> 2; slot < unmetSlots; slot++, place += 3) {
      const count = words[place + 2] as number;
      if (count === 0) continue;
      const what = words[place + 1] as number;
      const type = what >>> 8;
      this.#sites[words[place] as number]?.note?.(forms[what & 0xff] as ReferenceForm, type === 0 ? undefined : this.#types[type], undefined, false, count);
      words[place + 2] = 0;
    }
    const counts = new Map<ReferenceForm, number>();
    for (const [number, form] of forms.entries()) {
      const place = (this.#formCounts >> 2) + number;
      const count = words[place] as number;
      words[place] = 0;
      if (form !== undefined && count > 0) counts.set(form, count);
    }
    return counts;
  }

  parse(entry: number): void {
    const { store } = this.#program;
    const { words } = store;
    const word = entry >> 2;
    const address = words[word + entryWords.text] as number;
    const byteCount = words[word + entryWords.textByteCount] as number;
    const text = store.bytes.toString('latin1', address, address + byteCount);
    const parsed = parseReference(text);
    const number = parsed.form === 'other' ? 0 : forms.indexOf(parsed.form);
    const type = 'type' in parsed ? this.numberOf(parsed.type) : 0;
    if (number <= 0 || ('type' in parsed && type === 0)) {
      words[word + entryWords.form] = unsupportedForm;
      return;
    }
    words[word + entryWords.form] = number;
    words[word + entryWords.type] = type;
    switch (parsed.form) {
      case 'relative':
      case 'absolute': {
        const end = parsed.isVersioned ? text.lastIndexOf('/_history/') : text.length;
        words[word + entryWords.isVersioned] = parsed.isVersioned ? 1 : 0;
        words[word + entryWords.id] = address + end - parsed.id.length;
        words[word + entryWords.idByteCount] = parsed.id.length;
        return;
      }
      case 'contained':
      case 'urn':
        words[word + entryWords.id] = address + byteCount - parsed.id.length;
        words[word + entryWords.idByteCount] = parsed.id.length;
        return;
      case 'conditional':
        if (parsed.identifier === undefined) return;
        if (!store.encode(parsed.identifier)) words[word + entryWords.form] = unsupportedForm;
        words[word + entryWords.identifier] = store.textAddress;
        words[word + entryWords.identifierByteCount] = store.textByteCount;
        return;
      case 'other':
        return;
      default:
        parsed satisfies never;
    }
  }

  /** @param ownType - what the reference itself says of its target's type; 0 when nothing */
  findTarget(entry: number, shapeNumber: number, ownType: number): boolean {
    const { context, store } = this.#program;
    const { references } = context;
    if (references === undefined) return false;
    const { words } = store;
    const word = entry >> 2;
    const form = forms[words[word + entryWords.form] as number];
    const isUrn = form === 'urn';
    const { targets } = (this.#shapes[shapeNumber] as { shape: ReferenceShape }).shape;
    const asked = ownType === 0 ? targets : [this.#types[ownType] as string];
    const ownId = isUrn ? this.#textAt(word + entryWords.id) : '';
    const target = isUrn
      ? references.findUrn(this.#textAt(word + entryWords.text), ownId, asked)
      : form === 'identifier'
        ? references.findIdentifier(this.#textAt(word + entryWords.text).slice(1), asked)
        : references.findIdentifier(this.#textAt(word + entryWords.identifier), [this.#types[words[word + entryWords.type] as number] as string]);
    if (target === undefined) return false;
    const type = this.numberOf(target.type);
    if (type === 0) return false;
    if (isUrn && target.id === ownId) {
      words[word + entryWords.targetId] = words[word + entryWords.id] as number;
      words[word + entryWords.targetIdByteCount] = words[word + entryWords.idByteCount] as number;
    } else {
      if (!store.encode(target.id)) return false;
      words[word + entryWords.targetId] = store.textAddress;
      words[word + entryWords.targetIdByteCount] = store.textByteCount;
    }
    words[word + entryWords.targetType] = type;
    words[word + entryWords.target] = 1;
    return true;
  }

  /** Of two words: where it stands, and how many bytes it has. */
  #textAt(word: number): string {
    const { store } = this.#program;
    return store.decode(store.words[word] as number, store.words[word + 1] as number);
  }

  /** True when the reference is known to lead to a row. Without a form: of a column that repeats another. */
  note(siteNumber: number, form: number, type: number, id: string | undefined, count: number): boolean {
    const { name, note, repeated } = this.#sites[siteNumber] as Site;
    if (repeated !== undefined) {
      const last = this.#lastNotes.get(repeated);
      return last === undefined || (note?.(last.form, last.type, last.id, last.isMet, count) ?? false);
    }
    const noteForm = forms[form] as ReferenceForm;
    const isMet = noteForm === 'contained' && id !== undefined && this.#hasContained(id);
    const noteType = type === 0 ? undefined : this.#types[type];
    const isKnown = note?.(noteForm, noteType, id, isMet, count) === true;
    if (!isKnown) this.#lastNotes.set(name, { form: noteForm, type: noteType, id, isMet });
    else if (this.#lastNotes.size > 0) this.#lastNotes.delete(name);
    return isKnown;
  }

  /** True for the id of a contained resource that has a row. */
  #hasContained(id: string): boolean {
    const { containedTypes, containerId = this.#ownId } = this.#containment ?? {};
    return containedTypes !== undefined && id.length > containerId.length && containedTypes.has(id.slice(containerId.length + 1));
  }

  /** 0 when there are too many. */
  numberOf(type: string): number {
    let number = this.#typeNumbers.get(type);
    if (number === undefined) {
      if (this.#types.length >= mostTypes) return 0;
      number = this.#types.push(type) - 1;
      this.#typeNumbers.set(type, number);
      const [address, byteCount] = this.#program.textOf(type);
      this.#program.store.words.set([address, byteCount], (this.#typeTexts >> 2) + number * 2);
    }
    return number;
  }
}
