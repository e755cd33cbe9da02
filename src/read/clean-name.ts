// File and member names are written by strangers: what could move a terminal's cursor or fake a line is replaced.

/** Control characters, line and paragraph separators, and the marks that turn the direction of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

export function cleanName(name: string): string {
  return name.replace(UNSAFE, '?');
}
