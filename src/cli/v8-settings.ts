// How V8 runs the command. Nothing that comes with its compiled code may be loaded before.

import { setFlagsFromString } from 'node:v8';

// Where the V8 is the one that this was measured with: another might not have these settings, and would say so on stderr.
if (process.versions.node.startsWith('20.')) {
  // How much of a function runs before V8 optimizes it; by default 67,584. A run of half a second takes a tenth less of both
  // processors, which read files and write tables meanwhile. Longer runs do not notice.
  setFlagsFromString('--interrupt-budget=300000');
  // The same for WebAssembly modules, as far as they come without compiled code; by default 1,800,000.
  setFlagsFromString('--wasm-tiering-budget=20000000');
  // Plans of tables and structures of code are made early, and stay. With the default of 2, each is copied some more times
  // while the space for what is new grows to its full size of 16 MB: 2 to 4 % of what a run of half a second takes.
  setFlagsFromString('--semi-space-growth-factor=16');
  // For that code; see ../compiled-module.ts. Set for the whole run: V8 takes code under the settings only that it was made under.
  setFlagsFromString('--allow-natives-syntax');
}
