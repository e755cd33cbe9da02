// What the command line says about CSV → checked options of the CSV format.

import { UserError } from '../../diagnostics.ts';

/** CSV as it will be written: RFC 4180, UTF-8, "\n" at the end of each row. */
export interface CsvOptions {
  /** One ASCII character. */
  readonly delimiter: string;
  readonly hasHeader: boolean;
  /** How null is written; the empty string is always `""`. */
  readonly nullText: string;
  /** Put `'` before cells that a spreadsheet would run as a formula. */
  readonly isFormulaSafe: boolean;
  readonly hasByteOrderMark: boolean;
}

export const defaultCsvOptions: CsvOptions = {
  delimiter: ',',
  hasHeader: true,
  nullText: '',
  isFormulaSafe: false,
  hasByteOrderMark: false,
};

const delimiterNames: ReadonlyMap<string, string> = new Map([
  ['tab', '\t'],
  ['\\t', '\t'],
]);

/** Checks options; throws a UserError (usage) for a delimiter or null text that could not be read back. */
export function checkCsvOptions(options: Partial<CsvOptions>): CsvOptions {
  const delimiter = delimiterNames.get(options.delimiter ?? '') ?? options.delimiter ?? defaultCsvOptions.delimiter;
  if (!/^[\t\x20-\x7e]$/.test(delimiter) || delimiter === '"') throw new UserError('CSV_DELIMITER_INVALID', { exitCode: 2 });
  const nullText = options.nullText ?? defaultCsvOptions.nullText;
  if (/["\r\n]/.test(nullText) || nullText.includes(delimiter)) throw new UserError('CSV_NULL_INVALID', { exitCode: 2 });
  return { ...defaultCsvOptions, ...options, delimiter, nullText };
}
