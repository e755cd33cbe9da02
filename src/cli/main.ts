// The executable's entry: argv → command → exit code. Nothing heavy is imported here.

import { CommanderError } from 'commander';
import { createProgram } from './program.ts';

// A closed stderr must not kill the run; a closed stdout is dealt with where it is written to.
process.stderr.on('error', () => {});

async function main(): Promise<void> {
  let exitCode = 0;
  try {
    await createProgram((code) => {
      exitCode = code;
    }).parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) exitCode = error.exitCode === 0 ? 0 : 2;
    else exitCode = (await import('./print-failure.ts')).printFailure(error);
  }
  // Not left to the event loop: an input pipe that nobody reads any more would keep it waiting.
  process.stdout.write('', () => process.exit(exitCode));
}

void main();
