// The references that columns show → counts of those whose id joins to no row. Whether it does is known when all is
// read: until then a target that has not come is kept as 20 bytes for each set of columns that point to it together.

import type { NoteQuietly, NoteReference, ReferenceCounter, ReferenceForm } from '../types.ts';
import type { KeyHash } from './key-hash.ts';
import { KeyTable, type KeyTableContent } from './key-table.ts';
import type { ResourceIndex } from './resource-index.ts';

/** Cells that show the same reference: an Observation's `patient_id` and `subject_id`. */
export interface ReferenceSite {
  /** `table.column` */
  readonly columns: readonly string[];
  readonly form: ReferenceForm;
  /** '' where it cannot be told. */
  readonly type: string;
}

/** What one reading of a part has counted. */
export interface ReferenceCountsData {
  readonly sites: readonly ReferenceSite[];
  /** Resources that have an entry in the index but no row: they were deleted, or their flattener failed. */
  readonly rowless: KeyTableContent;
  /** The same of all readings of the part: what may turn out to have no row. */
  readonly suspects: KeyTableContent;
  /** Targets that the part does not have; own words: the number of the site, and how many references. */
  readonly missing: KeyTableContent;
  /** References that columns show, those that lead somewhere too. */
  readonly forms: ReadonlyMap<ReferenceForm, number>;
  /** Site → references without an id. */
  readonly withoutId: ReadonlyMap<number, number>;
  /** Site → ids of resources whose table was not asked for. */
  readonly toOtherTables: ReadonlyMap<number, number>;
}

/** Own words of an entry of `missing`. */
export const missingWords = { site: 0, count: 1 } as const;
const siteMultiplier = 0x9e3779b1;
/** Types come from the input: there may be no end to odd ones. */
const mostTypes = 500;
const furtherTypes = '(further types)';

/** The key of a target at a site, in the table of missing ones; `restoreLow` takes the site out again. */
function lowAtSite(low: number, site: number): number {
  return (low + Math.imul(site, siteMultiplier)) >>> 0;
}

export function restoreLow(lowOfSite: number, site: number): number {
  return (lowOfSite - Math.imul(site, siteMultiplier)) >>> 0;
}

interface PendingNote {
  readonly kind: 'missing' | 'withoutId' | 'otherTable';
  readonly column: string;
  readonly form: ReferenceForm;
  readonly type: string;
  readonly high: number;
  readonly low: number;
  readonly count: number;
}

export interface ReferenceCountsOptions {
  readonly index: ResourceIndex;
  readonly keyHash: KeyHash;
  /** Of the part, over its readings. */
  readonly suspects: KeyTable;
  /** Of the other parts. */
  readonly foreignSuspects: readonly KeyTable[];
  /** False for a table that is not written: its cells do not count. */
  readonly isTableWritten: (table: string) => boolean;
  /** False for a type whose resources have no rows because nobody asked for their table. */
  readonly hasMainTable: (resourceType: string) => boolean;
}

export class ReferenceCounts implements ReferenceCounter {
  readonly #options: ReferenceCountsOptions;
  readonly #missing = new KeyTable(2);
  readonly #rowless = new KeyTable(0);
  readonly #withoutId = new Map<number, number>();
  readonly #toOtherTables = new Map<number, number>();
  readonly #sites: ReferenceSite[] = [];
  readonly #siteNumbers = new Map<string, number>();
  /** Form → column → type → site, for references that one column shows. */
  readonly #singleSites = new Map<ReferenceForm, Map<string, Map<string, number>>>();
  readonly #types = new Set<string>();
  readonly #hasMainTable = new Map<string, boolean>();
  /** Of the resource being flattened: counted when that has gone well. */
  #pending: PendingNote[] = [];
  readonly #forms = new Map<ReferenceForm, number>();
  // What another column of the resource has just shown of the same reference.
  #notedColumn = '';
  #notedForm: ReferenceForm | undefined;
  #notedId: string | undefined;
  // The same target as just before, which several columns show.
  #lastType = '';
  #lastId = '';
  #isLastMet = false;

  readonly #quietForms: (() => ReadonlyMap<ReferenceForm, number>)[] = [];
  generation = 0;

  constructor(options: ReferenceCountsOptions) {
    this.#options = options;
  }

  column(table: string, column: string): NoteReference | undefined {
    if (!this.#options.isTableWritten(table)) return undefined;
    const name = `${table}.${column}`;
    return (form, type, id, isMet = false, count = undefined) => {
      // Rows that repeat a reference refer to nothing more.
      if (count === undefined) this.#countForm(name, form, id);
      this.#note(name, form, type ?? '', id, isMet, count ?? 1);
    };
  }

  quietColumn(table: string, column: string): NoteQuietly | undefined {
    if (!this.#options.isTableWritten(table)) return undefined;
    const name = `${table}.${column}`;
    return (form, type, id, isMet, count) => this.#note(name, form, type ?? '', id, isMet, count);
  }

  addForms(take: () => ReadonlyMap<ReferenceForm, number>): void {
    this.#quietForms.push(take);
  }

  /** True when the target is known to have a row. */
  #note(column: string, form: ReferenceForm, type: string, id: string | undefined, isMet: boolean, count: number): boolean {
    if (id === undefined) {
      this.#pending.push({ kind: 'withoutId', column, form, type, high: 0, low: 0, count });
      return false;
    }
    if (type === this.#lastType && id === this.#lastId && this.#isLastMet) return true;
    const { index, keyHash } = this.#options;
    if (type !== '' && !this.#isMainTableWritten(type)) {
      this.#pending.push({ kind: 'otherTable', column, form, type, high: 0, low: 0, count });
      return false;
    }
    if (isMet) return true;
    keyHash.hash(type, id);
    const { high, low } = keyHash;
    this.#lastType = type;
    this.#lastId = id;
    // Resources of unknown type and contained ones have no entries of their own.
    this.#isLastMet = type !== '' && index.entryOfKey(high, low) >= 0 && !this.#isSuspect(high, low);
    if (!this.#isLastMet) this.#pending.push({ kind: 'missing', column, form, type, high, low, count });
    return this.#isLastMet;
  }

  /** `patient_id` and `subject_id` of an Observation are one reference. */
  #countForm(column: string, form: ReferenceForm, id: string | undefined): void {
    if (form !== this.#notedForm || id !== this.#notedId || column === this.#notedColumn) this.#forms.set(form, (this.#forms.get(form) ?? 0) + 1);
    this.#notedColumn = column;
    this.#notedForm = form;
    this.#notedId = id;
  }

  /** A resource that was met has no row. */
  markRowless(resourceType: string, id: string): void {
    this.markSuspect(resourceType, id);
    this.#rowless.findOrAdd(this.#options.keyHash.high, this.#options.keyHash.low);
  }

  /** A resource may turn out to have no row. */
  markSuspect(resourceType: string, id: string): void {
    const { keyHash, suspects } = this.#options;
    keyHash.hash(resourceType, id);
    suspects.findOrAdd(keyHash.high, keyHash.low);
    this.#isLastMet = false;
    this.generation++;
  }

  #isSuspect(high: number, low: number): boolean {
    const { foreignSuspects, suspects } = this.#options;
    if (suspects.entryCount > 0 && suspects.find(high, low) >= 0) return true;
    return foreignSuspects.length > 0 && foreignSuspects.some((table) => table.find(high, low) >= 0);
  }

  #isMainTableWritten(type: string): boolean {
    let isWritten = this.#hasMainTable.get(type);
    if (isWritten === undefined) {
      isWritten = this.#options.hasMainTable(type);
      if (this.#hasMainTable.size < mostTypes) this.#hasMainTable.set(type, isWritten);
    }
    return isWritten;
  }

  /** The resource noted has its rows. */
  commit(): void {
    this.#notedForm = undefined;
    const pending = this.#pending;
    if (pending.length === 0) return;
    for (let start = 0; start < pending.length; ) {
      const first = pending[start] as PendingNote;
      let end = start + 1;
      if (first.count === 1) while (end < pending.length && isSameReference(first, pending[end] as PendingNote)) end++;
      this.#add(first, pending.slice(start, end));
      start = end;
    }
    this.#pending = [];
  }

  /** The resource noted has no rows after all. */
  discard(): void {
    this.#pending = [];
  }

  #add({ kind, form, type, high, low, count }: PendingNote, notes: readonly PendingNote[]): void {
    const site = notes.length === 1 ? this.#siteOfOne(notes[0] as PendingNote) : this.#siteOf(columnsOf(notes), form, type);
    if (kind === 'withoutId') this.#withoutId.set(site, (this.#withoutId.get(site) ?? 0) + count);
    else if (kind === 'otherTable') this.#toOtherTables.set(site, (this.#toOtherTables.get(site) ?? 0) + count);
    else {
      const entry = this.#missing.findOrAdd(high, lowAtSite(low, site));
      this.#missing.setWord(entry, missingWords.site, site);
      this.#missing.setWord(entry, missingWords.count, this.#missing.word(entry, missingWords.count) + count);
    }
  }

  /** The usual case, without a text to be made for each reference. */
  #siteOfOne({ column, form, type }: PendingNote): number {
    let byColumn = this.#singleSites.get(form);
    if (byColumn === undefined) {
      byColumn = new Map();
      this.#singleSites.set(form, byColumn);
    }
    let byType = byColumn.get(column);
    if (byType === undefined) {
      byType = new Map();
      byColumn.set(column, byType);
    }
    let site = byType.get(type);
    if (site === undefined) {
      site = this.#siteOf([column], form, type);
      if (byType.size < mostTypes) byType.set(type, site);
    }
    return site;
  }

  #siteOf(columns: readonly string[], form: ReferenceForm, anyType: string): number {
    const type = this.#types.has(anyType) || this.#types.size < mostTypes ? anyType : furtherTypes;
    this.#types.add(type);
    const key = `${form} ${type} ${columns.join(' ')}`;
    let site = this.#siteNumbers.get(key);
    if (site === undefined) {
      site = this.#sites.push({ columns, form, type }) - 1;
      this.#siteNumbers.set(key, site);
    }
    return site;
  }

  data(): ReferenceCountsData {
    for (const take of this.#quietForms) for (const [form, count] of take()) this.#forms.set(form, (this.#forms.get(form) ?? 0) + count);
    this.commit();
    return {
      rowless: this.#rowless.content(),
      suspects: this.#options.suspects.content(),
      sites: this.#sites,
      missing: this.#missing.content(),
      forms: this.#forms,
      withoutId: this.#withoutId,
      toOtherTables: this.#toOtherTables,
    };
  }
}

function isSameReference(first: PendingNote, other: PendingNote): boolean {
  const { count, form, high, kind, low, type } = other;
  return count === 1 && kind === 'missing' && first.kind === kind && first.high === high && first.low === low && first.form === form && first.type === type;
}

function columnsOf(notes: readonly PendingNote[]): readonly string[] {
  return notes.map(({ column }) => column);
}
