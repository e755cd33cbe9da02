// Loaded before the command, in each of its threads: keeps the code that V8 compiled in a run of the scripts and of the
// WebAssembly modules that it loaded.

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import vm from 'node:vm';
import { BroadcastChannel, isMainThread } from 'node:worker_threads';
import { codeNameOf, digestOf, moduleCodeNameOf, takesModuleCode } from './build-script.mjs';

/** Those that are to get their code. */
const scriptNames = process.env.FHIR_FLATTEN_SCRIPTS.split(',');
/** Scripts and modules by what the files with their code are called. */
const scripts = new Map();
const modules = new Map();

const OwnScript = vm.Script;

vm.Script = class extends OwnScript {
  constructor(source, options) {
    super(source, options);
    if (this.cachedDataRejected) throw new Error('V8 does not take the code of the run before: something has changed its flags');
    if (scriptNames.includes(basename(options.filename))) scripts.set(codeNameOf(options.filename), this);
  }
};
syncBuiltinESMExports();

// The code of a module belongs to all threads that have the module; the run's own thread is the one that is told of its end.
const channel = new BroadcastChannel('modules of further threads');
channel.unref();
channel.onmessage = ({ data }) => modules.set(data.name, data.module);

/** Of a module this small all functions are compiled; of others those that the run calls. */
const smallByteCount = 1_000_000;

class RecordedModule extends WebAssembly.Module {
  constructor(bytes) {
    // V8 gives away optimized code only.
    setFlagsFromString('--no-liftoff');
    if (bytes.length < smallByteCount) setFlagsFromString('--no-wasm-lazy-compilation');
    super(bytes);
    const name = moduleCodeNameOf(digestOf(bytes));
    if (isMainThread) modules.set(name, this);
    else channel.postMessage({ name, module: this });
  }
}

if (takesModuleCode) WebAssembly.Module = RecordedModule;

process.on('exit', () => {
  if (!isMainThread) return;
  // V8 takes code under the settings only that it was given away under.
  if (takesModuleCode) {
    for (const setting of ['--liftoff', '--wasm-dynamic-tiering', '--wasm-tier-up', '--wasm-lazy-compilation']) setFlagsFromString(setting);
  }
  for (const [path, script] of scripts) write(path, script.createCachedData());
  for (const name of scriptNames) compileWhole(join(process.env.FHIR_FLATTEN_CODE, name));
  if (modules.size === 0) return;
  const serialize = new Function('module', 'return %SerializeWasmModule(module)');
  for (const [name, module] of modules) write(join(process.env.FHIR_FLATTEN_CODE, name), new Uint8Array(serialize(module)));
});

/** A script that no run of the build loads: all of its functions. */
function compileWhole(path) {
  if (existsSync(codeNameOf(path))) return;
  setFlagsFromString('--no-lazy');
  const script = new OwnScript(readFileSync(path, 'utf8'), { filename: path });
  setFlagsFromString('--lazy');
  write(codeNameOf(path), script.createCachedData());
}

function write(path, code) {
  writeFileSync(`${path}.${process.pid}`, code);
  renameSync(`${path}.${process.pid}`, path);
}
