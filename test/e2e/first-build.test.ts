// A build from nothing, which is what packing does: other tests run what was built over and over.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { makeFolder, readFolder } from '../support/run-command.ts';

const root = join(import.meta.dirname, '../..');

it('has all files that its own files import, after one run', () => {
  const cwd = makeFolder();
  for (const name of ['bin', 'src', 'samples', 'package.json', 'build.mjs', 'build-script.mjs', 'build-recorder.mjs']) {
    cpSync(join(root, name), join(cwd, name), { recursive: true });
  }
  cpSync(join(root, 'dist/assembly'), join(cwd, 'dist/assembly'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(cwd, 'node_modules'));
  execFileSync(process.execPath, ['build.mjs', '--clean'], { cwd });
  const imported = Object.keys(readFolder(join(cwd, 'dist')))
    .filter((name) => /\.(?:c?js|script)$/.test(name))
    .flatMap((name) => {
      const path = join(cwd, 'dist', name);
      const sources = readFileSync(path, 'utf8').matchAll(/["'`](\.{1,2}\/(?:[\w-]+\/)*[\w-]+\.c?js)["'`]/g);
      return [...sources].map(([, source = '']) => join(dirname(path), source));
    });
  expect(imported.length).toBeGreaterThan(20);
  expect([...new Set(imported)].filter((path) => !existsSync(path))).toEqual([]);
});
