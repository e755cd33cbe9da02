// src → dist: cli.js, index.js, worker.js and encoder.js (the entries of further threads) and module-hooks.js (how plugins
// are read) with shared chunks, so that each loads only what it needs. Before them assembly/bytes.wasm, which a chunk carries in itself.
// commander is bundled (a start from node_modules costs a third more), with its licence beside it. What every conversion
// loads becomes a script with its compiled code, and WebAssembly modules get theirs (build-script.mjs), parquet-wasm's with its licence.
// A build that others are running from stays usable: new files replace old ones by renaming, and chunks of older builds
// go only with --clean, which packing uses.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { rolldown } from 'rolldown';
import { codeNameOf, compileCode, digestOf, moduleCodeNameOf, takesModuleCode, toScript } from './build-script.mjs';

const root = import.meta.dirname;
const { version, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

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

const emptyModule = '\0empty';
const emptyModules = {
  name: 'empty-modules',
  resolveId(source, importer) {
    // commander starts subcommands of its own kind as processes; ours are functions, and child_process costs 5 ms a start.
    return source === 'node:child_process' && importer?.includes('commander') ? emptyModule : undefined;
  },
  load: (id) => (id === emptyModule ? 'export default {};' : undefined),
};

/** The bundle carries the module in itself: one file less to find. */
const withAssembly = {
  name: 'with-assembly',
  resolveId: (source) => (source.endsWith('/bytes.wasm') ? { id: modulePath } : undefined),
  load(id) {
    if (id !== modulePath) return undefined;
    const digest = digestOf(readFileSync(modulePath));
    return `export const bytes=Buffer.from('${readFileSync(modulePath, 'base64')}','base64');export const digest='${digest}';`;
  },
};

const bundle = await rolldown({
  cwd: root,
  input: {
    cli: 'src/cli/main.ts',
    index: 'src/index.ts',
    worker: 'src/worker.ts',
    encoder: 'src/write/parquet/encoder.ts',
    'module-hooks': 'src/plugin/module-hooks.ts',
  },
  platform: 'node',
  external: (source) => Object.keys(dependencies).some((name) => source === name || source.startsWith(`${name}/`)),
  plugins: [emptyModules, withAssembly],
  transform: { target: 'node20', define: { FHIR_FLATTEN_VERSION: JSON.stringify(version) } },
});
const { output } = await bundle.generate({
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name]-[hash].js',
  // Without these a conversion would load 25 chunks, each for a set of modules that some entries share: 7 ms.
  codeSplitting: {
    groups: [
      // What the encoder's thread has in common with the run's must not bring all of that one.
      { name: 'shared', test: /src.(version|own-process|compiled-module|lazy-crypto)\.ts$/, priority: 1 },
      { name: 'core', test: /src.(builtin|convert.convert)\.ts$/ },
    ],
  },
  // Names of functions and classes stay, for stack traces.
  minify: { mangle: { keepNames: { function: true, class: true } }, compress: true, codegen: true },
  comments: false,
});
await bundle.close();

const licences = [
  { path: join(root, 'dist/LICENSE-commander'), contents: readFileSync(join(root, 'node_modules/commander/LICENSE')) },
  { path: join(root, 'dist/LICENSE-parquet-wasm'), contents: readFileSync(join(root, 'node_modules/parquet-wasm/LICENSE_MIT')) },
];
const coreName = output.find(({ name }) => name === 'core').fileName;
const scriptName = coreName.replace(/\.js$/, '.script');
const outputFiles = output.flatMap(({ fileName, code }) => {
  const path = join(root, 'dist', fileName);
  if (fileName !== coreName) return [{ path, contents: code }];
  const { module, script } = toScript(code, basename(scriptName));
  return [
    { path: join(root, 'dist', scriptName), contents: script },
    { path, contents: module },
  ];
});
// Entry points last: until then the old ones find all they import.
const files = [...outputFiles, ...licences].sort((a, b) => Number(b.path.includes('chunks')) - Number(a.path.includes('chunks')));
for (const { path, contents } of files) {
  write(path, contents);
}
const codeFolder = join(root, 'dist/chunks');
const parquetModule = createRequire(import.meta.url).resolve('parquet-wasm/esm/parquet_wasm_bg.wasm');
const modulePaths = takesModuleCode ? [modulePath, parquetModule] : [];
const moduleCodeNames = modulePaths.map((path) => moduleCodeNameOf(digestOf(readFileSync(path))));
const codeNames = [codeNameOf(basename(scriptName)), ...moduleCodeNames];
if (!codeNames.every((name) => existsSync(join(codeFolder, name)))) compileCode(root, codeFolder, moduleCodeNames);
if (process.argv.includes('--clean')) {
  const current = new Set([...codeNames, ...files.map(({ path }) => basename(path))]);
  for (const name of readdirSync(codeFolder)) if (!current.has(name)) rmSync(join(codeFolder, name));
}
