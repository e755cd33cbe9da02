declare module '*/bytes.wasm' {
  export const bytes: Uint8Array;
  /** As compiled-module.ts takes it. */
  export const digest: string;
}

/** As much of https://webassembly.github.io/spec/js-api/ as is used; the types of Node 20 have none of it. */
declare namespace WebAssembly {
  type ModuleImports = Readonly<Record<string, (...parameters: number[]) => unknown>>;
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: Readonly<Record<string, ModuleImports>>);
    readonly exports: Readonly<Record<string, unknown>>;
  }
}
