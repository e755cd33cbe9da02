// JSON text → JSON text that jsonb takes: it has no place for NUL, for lone surrogates, and for numbers of very many
// digits. https://www.postgresql.org/docs/current/datatype-json.html

/** Escapes, with the backslashes that may stand before them. */
const anyEscape = /\\+u[0-9a-fA-F]{4}/;
/** A pair, or something that stands alone, each after an even number of backslashes. */
const eachEscape = /\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\[^u\\]/g;
const unstorableEscape = /^\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})$/;
/** https://www.postgresql.org/docs/current/datatype-numeric.html: 131072 digits before the point, 16383 after it. */
const largeExponent = /[0-9][eE][+-]?0*[0-9]{4}/;
const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/g;
const mostDigits = 131_072;

/** `count` is told how many characters became U+FFFD. Numbers out of range become strings of the same digits. */
export function makeStorable(text: string, count: (replaced: number) => void): string {
  let storable = text;
  if (text.includes('\\u') && anyEscape.test(text)) {
    let replaced = 0;
    storable = text.replace(eachEscape, (found) => {
      if (!unstorableEscape.test(found)) return found;
      replaced++;
      return '\\ufffd';
    });
    if (replaced > 0) count(replaced);
  }
  if (text.length > mostDigits || largeExponent.test(storable)) {
    storable = storable.replace(stringOrNumber, (found) => (found.startsWith('"') || fitsNumeric(found) ? found : `"${found}"`));
  }
  return storable;
}

/** True for what numeric stores, digit by digit. */
export function fitsNumeric(number: string): boolean {
  const match = /^-?([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(number);
  if (match === null) return false;
  const [, whole = '', fraction = '', exponent = '0'] = match;
  const shift = Number(exponent);
  return whole.length + shift <= mostDigits && fraction.length - shift <= 16_383;
}
