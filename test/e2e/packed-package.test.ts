// The package as it is published, in a project of somebody's: a program and a plugin that use it run, and compile.
// Installed by hand, so that it needs no registry: what npm would put beside it is linked.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeFolder, readFolder } from '../support/run-command.ts';

const root = realpathSync(join(import.meta.dirname, '../..'));
const modules = realpathSync(join(root, 'node_modules'));

const program = `import { flatten, UserError, type RowObject } from 'fhir-flatten';
import labs from './labs.js';

const rows: RowObject[] = [];
for await (const row of flatten({ inputs: './samples', plugins: [labs, './notes.ts'], tables: ['patient'] }).rows('lab_result')) rows.push(row);
const run = flatten({ inputs: ['./samples/medication.json', { resourceType: 'Patient', id: 'x' }] }).batches({ cells: 'text' });
const names: string[] = [];
for await (const batch of run) names.push(batch.schema.name);
const { tables } = await flatten({ inputs: './samples', plugins: ['./notes.ts'] }).writeTo({ out: 'tables' });
let code: string | undefined;
try {
  for await (const _ of flatten({ inputs: './none' }).rows('patient')) code = 'a row';
} catch (error) {
  if (error instanceof UserError) code = error.code;
}
// @ts-expect-error: no such option
flatten({ inputs: [], table: ['patient'] });
console.log(JSON.stringify({ rows: rows.slice(0, 2), names, resources: (await run.result)?.counts.resourceCount, tables: tables.length > 5, code }));
`;
const labs = `import { defineFlattener, definePlugin } from 'fhir-flatten';

export default definePlugin({
  name: 'acme-labs',
  apiVersion: 1,
  flatteners: [
    defineFlattener({
      name: 'lab_result',
      resourceType: 'Observation',
      columns: { id: { type: 'string', nullable: false }, value: { type: 'decimal' } },
      flatten(observation, emit, context) {
        if (observation.valueQuantity) emit({ id: context.id, value: context.numberText(observation.valueQuantity, 'value') });
        // @ts-expect-error: a misspelt column
        if (observation.neverThere) emit({ id: context.id, valeu: 1 });
      },
    }),
  ],
});
`;
const notes = labs.replace('acme-labs', 'acme-notes').replace("'lab_result'", "'lab_note'").replace('export default', 'export const plugin =');

it('runs and compiles in a project of its own', { timeout: 120_000 }, () => {
  const folder = makeFolder({
    'package.json': '{"type":"module"}',
    'program.ts': program,
    'labs.ts': labs,
    'notes.ts': notes,
    'tsconfig.json': JSON.stringify({
      compilerOptions: { module: 'nodenext', target: 'es2023', strict: true, types: ['node'], outDir: 'compiled', rootDir: '.' },
      include: ['*.ts'],
    }),
  });
  cpSync(join(root, 'samples'), join(folder, 'samples'), { recursive: true });
  installPacked(folder);

  execFileSync(process.execPath, [join(modules, 'typescript/bin/tsc')], { cwd: folder, stdio: 'pipe' });
  const output = execFileSync(process.execPath, ['compiled/program.js'], { cwd: folder, encoding: 'utf8' });
  expect(JSON.parse(output)).toMatchObject({
    rows: [{ id: 'a0000000-0000-4000-8000-000000000007', value: 168.4 }, { value: expect.any(Number) }],
    names: ['medication', 'patient'],
    resources: 2,
    tables: true,
    code: 'INPUT_NOT_FOUND',
  });
  const command = join(folder, 'node_modules/.bin/fhir-flatten');
  execFileSync(command, ['samples', '--plugin', './labs.ts', '-o', 'more', '-q'], { cwd: folder });
  expect(Object.keys(readFolder(folder))).toEqual(expect.arrayContaining(['tables/lab_note.csv', 'more/lab_result.csv']));
});

function installPacked(folder: string): void {
  // Types are part of the package; the rest has been built before the tests. Not into dist/types, where others may read.
  execFileSync(process.execPath, [join(modules, 'typescript/bin/tsc'), '-p', 'tsconfig.types.json', '--outDir', join(folder, 'types')], {
    cwd: root,
    stdio: 'pipe',
  });
  const [{ files }] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  ) as [{ files: { path: string }[] }];
  const installed = join(folder, 'node_modules/fhir-flatten');
  for (const { path } of files) {
    if (!path.startsWith('dist/types/')) cpSync(join(root, path), join(installed, path));
  }
  cpSync(join(folder, 'types'), join(installed, 'dist/types'), { recursive: true });
  rmSync(join(folder, 'types'), { recursive: true });
  const { bin, dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    bin: Record<string, string>;
    dependencies: Record<string, string>;
  };
  for (const name of [...Object.keys(dependencies), '@types/node', 'undici-types']) link(join(modules, name), join(folder, 'node_modules', name));
  for (const [name, path] of Object.entries(bin)) link(join(installed, path), join(folder, 'node_modules/.bin', name));
}

function link(target: string, path: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  symlinkSync(target, path);
}
