// CSV as a table format: RFC 4180 (https://www.rfc-editor.org/rfc/rfc4180), with "\n" instead of CRLF.

import type { Batch, EncodedTarget, TableFacts, TableFormat, TableSchema, TableWriter } from '../../types.ts';
import { CsvEncoder } from './csv-encoder.ts';
import type { CsvOptions } from './csv-options.ts';

/** The format `csv` with these options. */
export function createCsvFormat(options: CsvOptions): TableFormat {
  return {
    name: 'csv',
    extension: 'csv',
    storage: { kind: 'text', isOfBytes: true },
    isJoinable: true,
    start: () => ({ open: (schema, target) => new CsvTableWriter(schema, options, target) }),
  };
}

class CsvTableWriter implements TableWriter {
  readonly #encoder: CsvEncoder;
  readonly #target: EncodedTarget;
  /** False while the head is to be written yet. */
  #hasBegun: boolean;
  #rowCount = 0;

  constructor(schema: TableSchema, options: CsvOptions, target: EncodedTarget) {
    this.#encoder = new CsvEncoder(schema, options);
    this.#target = target;
    this.#hasBegun = !target.hasHead;
  }

  async write(batch: Batch): Promise<void> {
    this.#rowCount += batch.rowCount;
    // Before any wait: while others of its rows move on, a resource with contained ones may add more.
    const bytes = this.#encoder.encode(batch);
    await this.#begin();
    await this.#target.append(bytes);
  }

  async close(): Promise<TableFacts> {
    await this.#begin();
    return { rowCount: this.#rowCount, replacedCharacterCount: this.#encoder.replacedCharacterCount };
  }

  async #begin(): Promise<void> {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    await this.#target.append(this.#encoder.begin() ?? new Uint8Array(0));
  }
}
