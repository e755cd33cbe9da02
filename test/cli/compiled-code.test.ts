// What conversions load comes with the code that V8 compiled of it: V8 takes it, and does without it.

import { expect, it } from 'vitest';
import { makeFolder, readFolder, runCommand } from '../support/run-command.ts';

const input = '{"resourceType":"Patient","id":"p","birthDate":"1970-01-01"}\n';

/** Names on stderr what became of the code of each script, and modules that were compiled. */
const watcher = `
  import { writeSync } from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  import vm from 'node:vm';
  vm.Script = class extends vm.Script {
    constructor(source, options) {
      super(source, options);
      writeSync(2, this.cachedDataRejected === false ? 'taken\\n' : 'compiled\\n');
    }
  };
  // Still a module's own class for those that were not compiled.
  WebAssembly.Module = new Proxy(WebAssembly.Module, {
    construct(Module, [bytes]) {
      writeSync(2, bytes.length < 1e6 ? 'reader compiled\\n' : 'encoder compiled\\n');
      return new Module(bytes);
    },
  });
  syncBuiltinESMExports();`;

async function convert(nodeOptions: string, format: 'csv' | 'parquet') {
  const cwd = makeFolder({ 'in.ndjson': input });
  const { exitCode, stderr } = await runCommand(['in.ndjson', '-o', 'out', '-q', '-f', format], { cwd, env: { NODE_OPTIONS: nodeOptions } });
  expect(exitCode).toBe(0);
  const { [`out/patient.${format}`]: table } = readFolder(cwd);
  expect(table).toContain(format === 'csv' ? '1970-01-01' : 'PAR1');
  return { log: stderr.trimEnd().split('\n').sort(), table };
}

const watched = `--import data:text/javascript,${encodeURIComponent(watcher)}`;

it('V8 takes the code that the build made, of scripts and of modules', async () => {
  // Code of modules is for Node 20 alone; see src/cli/main.ts.
  const isOfModulesToo = process.versions.node.startsWith('20.');
  expect((await convert(watched, 'csv')).log).toEqual(isOfModulesToo ? ['taken'] : ['reader compiled', 'taken']);
  expect((await convert(watched, 'parquet')).log).toEqual(isOfModulesToo ? ['taken'] : ['encoder compiled', 'reader compiled', 'taken']);
});

it('another setting of V8, for which the code was not made, compiles it and writes the same', async () => {
  const other = `${watched} --max-old-space-size=3000`;
  const csv = await convert(other, 'csv');
  expect(csv.log).toEqual(['compiled', 'reader compiled']);
  expect(csv.table).toBe((await convert('', 'csv')).table);
  const parquet = await convert(other, 'parquet');
  expect(parquet.log).toEqual(['compiled', 'encoder compiled', 'reader compiled']);
  expect(parquet.table).toBe((await convert('', 'parquet')).table);
});
