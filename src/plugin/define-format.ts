// A user's way of writing rows as text or bytes → a format for `-f`. Rows come as objects; files, parts, back pressure
// and the all-or-nothing of publishing are not its business.

import { describeFault } from '../describe-fault.ts';
import { UserError } from '../diagnostics.ts';
import type { Batch, EncodedTarget, TableFacts, TableFormat, TableSchema, TableWriter } from '../types.ts';
import { invalidPlugin } from './plugin-fault.ts';
import { type CellKind, type RowObject, rowsOf, storageOf } from './row-values.ts';

/** Text is written as UTF-8. */
type Piece = string | Uint8Array | undefined;

export interface FormatSpec {
  /** What `-f` calls it: lower-case letters, digits and `-`. */
  readonly name: string;
  /** Of its files, without the dot. */
  readonly extension: string;
  /** How it gets the cells of a row. Default `typed`. */
  readonly cells?: CellKind;
  /** True when a file is a beginning and then rows that stand for themselves: then several threads may write it. */
  readonly isJoinable?: boolean;
  /** What a file begins with. */
  begin?(table: TableSchema): Piece;
  /** `index` counts the rows of the file from 0; with isJoinable, those of a part of it. */
  row(row: RowObject, index: number, table: TableSchema): Piece;
  /** What it ends with. */
  end?(table: TableSchema, rowCount: number): Piece;
}

const namePattern = /^[a-z][a-z0-9-]{0,31}$/;
const extensionPattern = /^[a-z0-9]+(?:\.[a-z0-9]+)*$/;

/** Defines a format. Throws a UserError (PLUGIN_INVALID) when it cannot be used. */
export function defineFormat(spec: FormatSpec): TableFormat {
  const { begin, cells = 'typed', end, extension, isJoinable = false, name, row } = spec;
  const invalid = (reason: string): UserError => invalidPlugin(`format ${typeof name === 'string' ? name : '?'}`, reason);
  if (typeof name !== 'string' || !namePattern.test(name)) throw invalid('name takes lower-case letters, digits and -, 32 at most');
  if (typeof extension !== 'string' || !extensionPattern.test(extension)) throw invalid('extension takes lower-case letters and digits, as in jsonl');
  if (typeof row !== 'function') throw invalid('row takes a function');
  if (cells !== 'typed' && cells !== 'text') throw invalid("cells takes 'typed' or 'text'");
  if (isJoinable && end !== undefined) throw invalid('a format that is joinable has no end');
  return {
    name,
    extension,
    storage: storageOf(cells),
    isJoinable,
    start: () => ({ open: (schema, target) => new RowWriter({ name, begin: begin?.bind(spec), row: row.bind(spec), end: end?.bind(spec) }, schema, target) }),
  };
}

interface RowFormat {
  readonly name: string;
  readonly begin: ((table: TableSchema) => Piece) | undefined;
  readonly row: (row: RowObject, index: number, table: TableSchema) => Piece;
  readonly end: ((table: TableSchema, rowCount: number) => Piece) | undefined;
}

class RowWriter implements TableWriter {
  readonly #format: RowFormat;
  readonly #schema: TableSchema;
  readonly #target: EncodedTarget;
  #hasBegun: boolean;
  #rowCount = 0;
  #replacedCharacterCount = 0;

  constructor(format: RowFormat, schema: TableSchema, target: EncodedTarget) {
    this.#format = format;
    this.#schema = schema;
    this.#target = target;
    this.#hasBegun = !target.hasHead;
  }

  async write(batch: Batch): Promise<void> {
    const { row } = this.#format;
    const pieces: Buffer[] = this.#begin();
    for (const object of rowsOf(batch)) {
      pieces.push(this.#make(() => row(object, this.#rowCount, this.#schema)));
      this.#rowCount++;
    }
    await this.#append(pieces);
  }

  async close(): Promise<TableFacts> {
    const pieces = this.#begin();
    const { end } = this.#format;
    if (end !== undefined) pieces.push(this.#make(() => end(this.#schema, this.#rowCount)));
    await this.#append(pieces);
    return { rowCount: this.#rowCount, replacedCharacterCount: this.#replacedCharacterCount };
  }

  #begin(): Buffer[] {
    if (this.#hasBegun) return [];
    this.#hasBegun = true;
    const { begin } = this.#format;
    return begin === undefined ? [] : [this.#make(() => begin(this.#schema))];
  }

  async #append(pieces: readonly Buffer[]): Promise<void> {
    if (pieces.length > 0) await this.#target.append(Buffer.concat(pieces));
  }

  /** A format that fails fails the run: its file would be broken. */
  #make(make: () => Piece): Buffer {
    let piece: unknown;
    try {
      piece = make();
    } catch (error) {
      throw this.#failure(describeFault(error));
    }
    if (piece === undefined || piece === null) return Buffer.alloc(0);
    if (piece instanceof Uint8Array) return Buffer.from(piece);
    if (typeof piece !== 'string') throw this.#failure('it gave neither text nor bytes');
    // UTF-8 has no bytes for lone surrogates.
    this.#replacedCharacterCount += piece.match(/\p{Surrogate}/gu)?.length ?? 0;
    return Buffer.from(piece);
  }

  #failure(reason: string): UserError {
    return new UserError('PLUGIN_FORMAT_FAILED', { parameters: { format: this.#format.name, table: this.#schema.name, reason } });
  }
}
