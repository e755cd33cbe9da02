// The executable's entry: argv → command → exit code. Nothing heavy is imported here.

import { setFlagsFromString } from 'node:v8';
import { CommanderError } from 'commander';
import { createProgram } from './program.ts';

// Where the V8 is the one that this was measured with: another might not have these settings, and would say so on stderr.
if (process.versions.node.startsWith('20.')) {
  // How much of a function runs before V8 optimizes it; by default 67,584. A run of half a second takes a tenth less of both
  // processors, which read files and write tables meanwhile. Longer runs do not notice.
  setFlagsFromString('--interrupt-budget=300000');
  // The same for WebAssembly modules, as far as they come without compiled code; by default 1,800,000.
  setFlagsFromString('--wasm-tiering-budget=20000000');
  // For that code; see src/compiled-module.ts. Set for the whole run: V8 takes code under the settings only that it was made under.
  setFlagsFromString('--allow-natives-syntax');
}

// A closed stderr must not kill the run; a closed stdout is dealt with where it is written to.
process.stderr.on('error', () => {});

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
