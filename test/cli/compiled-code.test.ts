// What every conversion loads comes with the code that V8 compiled of it: V8 takes it, and does without it.

import { expect, it } from 'vitest';
import { makeFolder, readFolder, runCommand } from '../support/run-command.ts';

const input = '{"resourceType":"Patient","id":"p","birthDate":"1970-01-01"}\n';

/** Names on stderr what became of the code of each script. */
const watcher = `
  import { syncBuiltinESMExports } from 'node:module';
  import vm from 'node:vm';
  vm.Script = class extends vm.Script {
    constructor(source, options) {
      super(source, options);
      console.error(this.cachedDataRejected === false ? 'taken' : 'compiled');
    }
  };
  syncBuiltinESMExports();`;

async function convert(nodeOptions: string) {
  const cwd = makeFolder({ 'in.ndjson': input });
  const { exitCode, stderr } = await runCommand(['in.ndjson', '-o', 'out', '-q'], { cwd, env: { NODE_OPTIONS: nodeOptions } });
  expect(exitCode).toBe(0);
  const { 'out/patient.csv': table } = readFolder(cwd);
  expect(table).toContain('1970-01-01');
  return { stderr, table };
}

const watched = `--import data:text/javascript,${encodeURIComponent(watcher)}`;

it('V8 takes the code that the build made', async () => {
  expect((await convert(watched)).stderr).toBe('taken\n');
});

it('another setting of V8, for which the code was not made, compiles it and writes the same', async () => {
  const { stderr, table } = await convert(`${watched} --max-old-space-size=3000`);
  expect(stderr).toBe('compiled\n');
  expect(table).toBe((await convert('')).table);
});
