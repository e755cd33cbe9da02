// Signals, and a run that ends without being done → nothing left behind, one line, an exit code.

import { makeDiagnostic } from '../diagnostics.ts';
import { formatDiagnostic } from './print-diagnostics.ts';
import { printFailure } from './print-failure.ts';
import type { Terminal } from './terminal.ts';

/** 128 plus the signal's number, as shells do. */
const signals = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

export interface GuardedRun {
  /** What the run is at, in a few words. */
  stage: string;
  /** Removes what was written; synchronous. */
  abort: () => void;
}

/** Runs `work`, guarded. What it throws is thrown on, after `abort`. */
export async function guardRun<T>(terminal: Terminal, guarded: GuardedRun, work: () => Promise<T>): Promise<T> {
  const stop = (signal: keyof typeof signals): void => {
    // From here on a second signal kills at once.
    unguard();
    abortQuietly(guarded);
    terminal.showStatus('');
    terminal.print(formatDiagnostic(makeDiagnostic('STOPPED'), terminal));
    process.exit(signals[signal]);
  };
  const fail = (error: unknown): void => {
    unguard();
    abortQuietly(guarded);
    process.exit(printFailure(error, terminal));
  };
  // Node ends with code 0 when nothing is left to wait for, even if a promise never settled.
  const onStall = (): void => {
    unguard();
    abortQuietly(guarded);
    terminal.print(formatDiagnostic(makeDiagnostic('STALLED', undefined, { stage: guarded.stage }), terminal));
    process.exit(1);
  };
  // Writing beyond `ulimit -f` then gives an error instead of ending the process.
  const ignore = (): void => {};

  function unguard(): void {
    for (const signal of signalNames()) process.removeListener(signal, stop);
    process.removeListener('SIGXFSZ', ignore);
    process.removeListener('uncaughtException', fail);
    process.removeListener('beforeExit', onStall);
  }

  for (const signal of signalNames()) process.on(signal, stop);
  if (process.platform !== 'win32') process.on('SIGXFSZ', ignore);
  process.on('uncaughtException', fail);
  process.on('beforeExit', onStall);
  try {
    return await work();
  } catch (error) {
    abortQuietly(guarded);
    throw error;
  } finally {
    unguard();
  }
}

function signalNames(): (keyof typeof signals)[] {
  return Object.keys(signals) as (keyof typeof signals)[];
}

/** What cannot be removed must not hide why the run ended; the next run removes it. */
function abortQuietly(guarded: GuardedRun): void {
  try {
    guarded.abort();
  } catch {
    // See above.
  }
}
