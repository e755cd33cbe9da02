// What conversions load comes with the code that V8 compiled of it: V8 takes it, and does without it.

import { expect, it } from 'vitest';
import { makeFolder, readFolder, runCommand } from '../support/run-command.ts';

const input = '{"resourceType":"Patient","id":"p","birthDate":"1970-01-01"}\n';

/** Names on stderr what became of the code of each script, and modules that were compiled. */
const watcher = `
  import { writeSync } from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  import { basename } from 'node:path';
  import vm from 'node:vm';
  vm.Script = class extends vm.Script {
    constructor(source, options) {
      super(source, options);
      const [name] = basename(options.filename).split('-');
      // The small ones have no code.
      if (options.cachedData) writeSync(2, name + (this.cachedDataRejected ? ' compiled\\n' : ' taken\\n'));
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

const scripts = (what: string) => ['cli', 'convert', 'core'].map((name) => `${name} ${what}`);
const watched = `--import data:text/javascript,${encodeURIComponent(watcher)}`;

it('V8 takes the code that the build made, of scripts and of modules', async () => {
  // Code of modules is for Node 20 alone; see src/cli/v8-settings.ts.
  const isOfModulesToo = process.versions.node.startsWith('20.');
  expect((await convert(watched, 'csv')).log).toEqual([...scripts('taken'), ...(isOfModulesToo ? [] : ['reader compiled'])]);
  expect((await convert(watched, 'parquet')).log).toEqual(
    isOfModulesToo ? scripts('taken') : [...scripts('taken'), 'encoder compiled', 'reader compiled'].sort(),
  );
});

it('V8 takes the code of what loads into Postgres, which no run of the build loads', async () => {
  const cwd = makeFolder({ 'in.ndjson': input });
  const { exitCode, stderr } = await runCommand(['in.ndjson', '--pg', 'postgres://x@127.0.0.1:1/x', '-q'], { cwd, env: { NODE_OPTIONS: watched } });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('ECONNREFUSED');
  expect(stderr.split('\n')).toEqual(expect.arrayContaining([...scripts('taken'), 'postgres taken']));
});

it('another setting of V8, for which the code was not made, compiles it and writes the same', async () => {
  const other = `${watched} --interpreted-frames-native-stack`;
  const csv = await convert(other, 'csv');
  expect(csv.log).toEqual([...scripts('compiled'), 'reader compiled']);
  expect(csv.table).toBe((await convert('', 'csv')).table);
  const parquet = await convert(other, 'parquet');
  expect(parquet.log).toEqual([...scripts('compiled'), 'encoder compiled', 'reader compiled'].sort());
  expect(parquet.table).toBe((await convert('', 'parquet')).table);
});
