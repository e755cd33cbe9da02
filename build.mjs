// src → dist: cli.js, index.js, worker.js (the entry of further threads) and module-hooks.js (how plugins are read) with
// shared chunks, so that each loads only what it needs. Before them assembly/bytes.wasm, which a chunk carries in itself.
// commander is bundled (a start from node_modules costs a third more), with its licence beside it.
// A build that others are running from stays usable: new files replace old ones by renaming, and chunks of older builds
// go only with --clean, which packing uses.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';

const root = import.meta.dirname;
const { version, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** commander starts subcommands of its own kind as processes; ours are functions, and child_process costs 5 ms a start. */
const withoutProcesses = {
  name: 'without-processes',
  setup(build) {
    build.onResolve({ filter: /^node:child_process$/ }, ({ importer }) => (importer.includes('commander') ? { path: 'none', namespace: 'empty' } : undefined));
    build.onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'module.exports = {};' }));
  },
};

const modulePath = join(root, 'dist/assembly/bytes.wasm');

function write(path, contents) {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}

/** src/bytes/assembly → dist/assembly/bytes.wasm, unless that was made of the same sources. The bundle holds a copy. */
async function compileAssembly() {
  const folder = join(root, 'src/bytes/assembly');
  const hash = createHash('sha256').update(readFileSync(import.meta.filename));
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)));
  const made = hash.digest('hex');
  const madePath = `${modulePath}.sources`;
  if (existsSync(modulePath) && existsSync(madePath) && readFileSync(madePath, 'latin1') === made) return;
  const { default: asc } = await import('assemblyscript/asc');
  const files = new Map();
  const { error, stderr } = await asc.main(
    [
      'src/bytes/assembly/index.ts',
      '-o',
      'bytes.wasm',
      '-O3',
      '--runtime',
      'stub',
      '--enable',
      'simd',
      '--noAssert',
      '--initialMemory',
      '1920',
      '--memoryBase',
      '1024',
    ],
    {
      readFile: (name, folder) => (existsSync(join(root, folder, name)) ? readFileSync(join(root, folder, name), 'utf8') : null),
      writeFile: (name, contents) => void files.set(name, contents),
      listFiles: () => [],
    },
  );
  const module = files.get('bytes.wasm');
  if (error !== null || module === undefined) throw new Error(`src/bytes/assembly does not compile:\n${stderr}`);
  write(modulePath, module);
  write(madePath, made);
}

await compileAssembly();

/** The bundle carries the module in itself: one file less to find. */
const withAssembly = {
  name: 'with-assembly',
  setup(build) {
    build.onResolve({ filter: /\/bytes\.wasm$/ }, () => ({ path: modulePath }));
  },
};

const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: { cli: 'src/cli/main.ts', index: 'src/index.ts', worker: 'src/worker.ts', 'module-hooks': 'src/plugin/module-hooks.ts' },
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: Object.keys(dependencies),
  plugins: [withoutProcesses, withAssembly],
  loader: { '.wasm': 'binary' },
  define: { FHIR_FLATTEN_VERSION: JSON.stringify(version) },
  // commander is CommonJS and requires Node's own modules.
  banner: { js: "import { createRequire as makeRequire } from 'node:module';\nconst require = makeRequire(import.meta.url);" },
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
  write: false,
});

const licence = { path: join(root, 'dist/LICENSE-commander'), contents: readFileSync(join(root, 'node_modules/commander/LICENSE')) };
// Entry points last: until then the old ones find all they import.
const files = [...outputFiles, licence].sort((a, b) => Number(b.path.includes('chunks')) - Number(a.path.includes('chunks')));
for (const { path, contents } of files) {
  write(path, contents);
}
if (process.argv.includes('--clean')) {
  const current = new Set(files.map(({ path }) => basename(path)));
  for (const name of readdirSync(join(root, 'dist/chunks'))) if (!current.has(name)) rmSync(join(root, 'dist/chunks', name));
}
