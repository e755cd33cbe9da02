// CSV as a table format: RFC 4180 (https://www.rfc-editor.org/rfc/rfc4180), with "\n" instead of CRLF.

import type { TableFormat } from '../../types.ts';
import { CsvEncoder } from './csv-encoder.ts';
import type { CsvOptions } from './csv-options.ts';

/** The format `csv` with these options. */
export function createCsvFormat(options: CsvOptions): TableFormat {
  return {
    name: 'csv',
    extension: 'csv',
    storage: { kind: 'text' },
    isJoinable: true,
    encoder: (schema) => new CsvEncoder(schema, options),
  };
}
