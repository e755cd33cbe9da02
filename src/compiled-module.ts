// A WebAssembly module with V8's compiled code of it, where the build left that: made by build-recorder.mjs, for the
// V8, the processor and the settings of the build. Anywhere else V8 compiles the module's functions when they are called first.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sha256Hex } from './lazy-crypto.ts';
import { isOwnProcess } from './own-process.ts';

/** `digest`: the first 16 hexadecimal digits of the bytes' SHA-256, where it is known. */
export function compileModule(bytes: Uint8Array, digest?: string): WebAssembly.Module {
  return (isOwnProcess() ? readCompiled(bytes, digest) : undefined) ?? new WebAssembly.Module(bytes);
}

function readCompiled(bytes: Uint8Array, digest: string | undefined): WebAssembly.Module | undefined {
  try {
    // What `node` gives to programs has no way to V8's code of a module; V8's functions for its own tests have. They are known
    // under a setting only, which src/cli/v8-settings.ts makes for the V8 that this was tried with: without it, this is a SyntaxError.
    const deserialize = new Function('code', 'bytes', 'return %DeserializeWasmModule(code, bytes)') as Deserialize;
    // V8 does not check that a code is of these bytes.
    const name = `wasm-${digest ?? sha256Hex(bytes, 16)}.${process.versions.v8}.${process.arch}`;
    const code = readFileSync(fileURLToPath(new URL(`./${name}`, import.meta.url)));
    return deserialize(new Uint8Array(code).buffer, bytes);
  } catch {
    return undefined;
  }
}

/** Undefined where the code was made by another V8, for another processor or other settings. `code`: a whole buffer. */
type Deserialize = (code: ArrayBuffer, bytes: Uint8Array) => WebAssembly.Module | undefined;
