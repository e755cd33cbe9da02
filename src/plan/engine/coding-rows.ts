// Codings, and texts of concepts, that no column shows → rows of <type>_extra_coding (or of <type>_coding, which has
// them all).

import type { JsonObject, JsonValue } from '../../json.ts';
import type { TableBuilder } from '../../types.ts';
import type { ResourceState } from './table-state.ts';
import type { WalkPath } from './walk-path.ts';

/** In the order of the table's columns; see defaults/coding-table. */
export const codingColumns = ['parent', 'path', 'idx', 'coding_idx', 'system', 'version', 'code', 'display', 'user_selected', 'text'] as const;

const textKeys = ['system', 'version', 'code', 'display'] as const;

export class CodingRows {
  /** Rows added so far that show the text of a concept. */
  textCount = 0;
  /** All codings get a row, not only those that no column shows. */
  readonly isComplete: boolean;
  readonly #builder: TableBuilder;
  readonly #resource: ResourceState;

  constructor(builder: TableBuilder, resource: ResourceState, isComplete: boolean) {
    this.#builder = builder;
    this.#resource = resource;
    this.isComplete = isComplete;
  }

  /** Adds a coding; its path is the walk's without `levelsUp` segments. `codingIndex` is its place in a concept. */
  addCoding(coding: JsonObject, path: WalkPath, levelsUp: number, codingIndex: number | undefined, text: JsonValue | undefined): void {
    const row = this.#begin(path, levelsUp, codingIndex);
    for (const [offset, key] of textKeys.entries()) {
      const value = coding[key];
      if (typeof value === 'string') this.#builder.set(row, 4 + offset, value);
    }
    if (typeof coding.userSelected === 'boolean') this.#builder.set(row, 8, String(coding.userSelected));
    if (typeof text === 'string') this.#setText(row, text);
  }

  /** Adds the text of a concept without codings. */
  addText(text: string, path: WalkPath): void {
    this.#setText(this.#begin(path, 0, undefined), text);
  }

  #setText(row: number, text: string): void {
    this.textCount++;
    this.#builder.set(row, 9, text);
  }

  /** True for what the table's columns show of a coding. */
  static isShown(key: string, value: JsonValue): boolean {
    return key === 'userSelected' ? typeof value === 'boolean' : typeof value === 'string' && (textKeys as readonly string[]).includes(key);
  }

  #begin(path: WalkPath, levelsUp: number, codingIndex: number | undefined): number {
    const row = this.#builder.addRow();
    const { text, index } = path.describe(levelsUp);
    this.#builder.set(row, 0, this.#resource.id);
    this.#builder.set(row, 1, text);
    if (index !== undefined) this.#builder.set(row, 2, String(index));
    if (codingIndex !== undefined) this.#builder.set(row, 3, String(codingIndex));
    if (this.#resource.versionHash !== undefined) this.#builder.set(row, codingColumns.length, this.#resource.versionHash);
    return row;
  }
}
