// What was thrown → one line on stderr and the exit code.

import { makeDiagnostic, UserError } from '../diagnostics.ts';
import { formatDiagnostic } from './print-diagnostics.ts';
import { Terminal } from './terminal.ts';

/** Prints the failure; returns 1, or 2 for wrong usage. */
export function printFailure(error: unknown, terminal: Terminal = plainTerminal()): 1 | 2 {
  if (error instanceof UserError) {
    const { message, hint, location } = error;
    const shown = new Set<string>();
    for (const cause of error.causes) {
      // The same advice once.
      terminal.print(formatDiagnostic(cause, terminal, !shown.has(cause.code)));
      shown.add(cause.code);
    }
    terminal.print(formatDiagnostic({ severity: 'error', message, hint, location }, terminal));
    return error.exitCode;
  }
  // The message of an unexpected error may show a value of the input; its kind does not.
  const reason = error instanceof Error ? error.constructor.name : typeof error;
  terminal.print(formatDiagnostic(makeDiagnostic('INTERNAL', undefined, { reason }), terminal));
  // Where it happened, without the error's own message: that may show a value of the input.
  const frames = error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : [];
  if (process.env['FHIR_FLATTEN_DEBUG'] && frames.length > 0) terminal.print(frames.join('\n'));
  return 1;
}

function plainTerminal(): Terminal {
  const same = (text: string): string => text;
  return new Terminal({ error: same, warning: same, note: same, strong: same, faint: same });
}
