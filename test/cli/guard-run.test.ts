// The guard against runs that end without being done: Node would end with code 0.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

function runScript(work: string): Promise<{ exitCode: unknown; stdout: string; stderr: string }> {
  const script = `
    const { guardRun } = await import('${root}/src/cli/guard-run.ts');
    const { Terminal } = await import('${root}/src/cli/terminal.ts');
    const same = (text) => text;
    const terminal = new Terminal({ error: same, warning: same, note: same, strong: same, faint: same });
    const guarded = { stage: 'starting', abort: () => console.log('aborted') };
    guardRun(terminal, guarded, async () => { ${work} }).catch((error) => console.log('thrown on: ' + error.message));
  `;
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { cwd: root }, (error, stdout, stderr) => {
      resolve({ exitCode: error?.code ?? 0, stdout, stderr });
    });
  });
}

describe('guard', () => {
  it('names the stage of a run that stalls', async () => {
    expect(await runScript(`guarded.stage = 'reading a.json'; await new Promise(() => {});`)).toEqual({
      exitCode: 1,
      stdout: 'aborted\n',
      stderr: 'error: the run ended before it was done, in: reading a.json\n  nothing was published; please report this\n',
    });
  });

  it('cleans up after what is thrown outside of the run, without its message', async () => {
    const { exitCode, stdout, stderr } = await runScript(`await new Promise(() => setTimeout(() => { throw new RangeError('secret'); }, 1));`);
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 1,
      stdout: 'aborted\n',
      stderr: 'error: internal error: RangeError\n  nothing was published; please report this\n',
    });
  });

  it('cleans up and throws on what the run throws', async () => {
    expect(await runScript(`throw new Error('x');`)).toEqual({ exitCode: 0, stdout: 'aborted\nthrown on: x\n', stderr: '' });
  });
});
