// Loaded before the command: keeps the code that V8 compiled in a run beside the scripts that it ran.

import { renameSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import vm from 'node:vm';
import { codeNameOf } from './build-script.mjs';

const scripts = new Map();

vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options);
    if (this.cachedDataRejected) throw new Error('V8 does not take the code of the run before: something has changed its flags');
    scripts.set(options.filename, this);
  }
};
syncBuiltinESMExports();

process.on('exit', () => {
  for (const [filename, script] of scripts) {
    const path = codeNameOf(filename);
    writeFileSync(`${path}.${process.pid}`, script.createCachedData());
    renameSync(`${path}.${process.pid}`, path);
  }
});
