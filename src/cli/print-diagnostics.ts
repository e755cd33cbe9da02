// Diagnostics → lines: the first five of a kind, then a count; of notes, which ask for nothing, the first.

import { type Diagnostic, type DiagnosticCode, describeLocation, type Severity, severityOf } from '../diagnostics.ts';
import { showControls, type Terminal } from './terminal.ts';

const shownPerCode: Readonly<Record<Severity, number>> = { error: 5, warning: 5, note: 1 };

export class DiagnosticPrinter {
  readonly #terminal: Terminal;
  readonly #isQuiet: boolean;
  /** How many of each code were printed: a second reading of the input reports all again. */
  readonly #shownCounts = new Map<DiagnosticCode, number>();

  constructor(terminal: Terminal, isQuiet: boolean) {
    this.#terminal = terminal;
    this.#isQuiet = isQuiet;
  }

  print(diagnostic: Diagnostic, countOfCode: number): void {
    const shownCount = this.#shownCounts.get(diagnostic.code) ?? 0;
    if (countOfCode <= shownCount || countOfCode > shownPerCode[diagnostic.severity]) return;
    this.#shownCounts.set(diagnostic.code, countOfCode);
    if (this.#isQuiet && diagnostic.severity !== 'error') return;
    this.#terminal.print(formatDiagnostic(diagnostic, this.#terminal, countOfCode === 1));
  }

  /** After the run: how many more there were of each code. */
  printRest(counts: ReadonlyMap<DiagnosticCode, number>, whereToLook: string): void {
    if (this.#isQuiet) return;
    for (const [code, count] of counts) {
      const shown = shownPerCode[severityOf(code)];
      if (count > shown) this.#terminal.print(`… and ${formatCount(count - shown)} more ${code}${whereToLook}`);
    }
  }
}

/** `error: patients.ndjson:1042 (byte 3318744): not JSON: unexpected end of text`, and what to do about it. */
export function formatDiagnostic({ severity, location, message, hint }: Omit<Diagnostic, 'code'>, terminal: Terminal, withHint = true): string {
  const place = location === undefined ? '' : `${describeLocation(location)}: `;
  const line = `${paintOf(severity, terminal)}: ${showControls(`${place}${message}`)}`;
  return withHint && hint !== undefined ? `${line}\n  ${terminal.paint.faint(showControls(hint))}` : line;
}

export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

function paintOf(severity: Severity, { paint }: Terminal): string {
  return paint[severity](severity);
}
