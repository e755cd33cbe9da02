// src → dist: cli.cjs (the command), index.js (the library), worker.js and encoder.js (the entries of further threads) and module-hooks.js (how plugins
// are read) with shared chunks, so that each loads only what it needs. Before them assembly/bytes.wasm, which a chunk carries in itself.
// commander and pg are bundled (from node_modules, a start costs a third more, and a load 30 ms), with their licences beside them. Chunks become
// scripts, what conversions load with its compiled code, and WebAssembly modules get theirs (build-script.mjs), parquet-wasm's with its licence.
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

/** What packages import and are not to get: where, and which modules; `by` is what they get instead of an empty one. */
const replacedModules = [
  // commander starts subcommands of its own kind as processes; ours are functions, and child_process costs 5 ms a start.
  { importer: /commander/, source: /^node:child_process$/ },
  // pg looks for passwords and addresses by itself where it is given none.
  { importer: /node_modules.pg.lib/, source: /^(pgpass|dns|pg-connection-string|pg-cloudflare)$/ },
  // pg's own loads node:crypto and Web Crypto before there is a connection.
  { importer: /node_modules.pg.lib.client\.js$/, source: /^\.\/crypto\/utils$/, by: 'src/write/postgres/pg-digests.ts' },
  { importer: /node_modules.pg.lib.crypto.sasl\.js$/, source: /^\.\/utils$/, by: 'src/write/postgres/pg-digests.ts' },
];
const emptyModule = '\0empty';
const replaceModules = {
  name: 'replace-modules',
  resolveId(source, importer = '') {
    const replaced = replacedModules.find((module) => module.source.test(source) && module.importer.test(importer));
    if (replaced === undefined) return undefined;
    // One for each, so that no chunk is made of one that two have in common.
    return replaced.by === undefined ? `${emptyModule}:${source}` : join(root, replaced.by);
  },
  load: (id) => (id.startsWith(emptyModule) ? 'export default {};' : undefined),
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
  plugins: [replaceModules, withAssembly],
  // pg asks for Response to know another runtime from Node, which loads all of its HTTP client for that.
  transform: { target: 'node20', define: { FHIR_FLATTEN_VERSION: JSON.stringify(version), Response: 'undefined' } },
});
const { output } = await bundle.generate({
  format: 'esm',
  // The command's is run by a script that knows its name.
  entryFileNames: ({ name }) => (name === 'cli' ? 'chunks/[name]-[hash].js' : '[name].js'),
  chunkFileNames: 'chunks/[name]-[hash].js',
  // Without these a conversion would load 25 chunks, each for a set of modules that some entries share: 7 ms.
  codeSplitting: {
    groups: [
      // What the encoder's thread has in common with the run's must not bring all of that one.
      { name: 'shared', test: /src.(own-process|compiled-module|lazy-crypto)\.ts$/, priority: 1 },
      // The help needs no more than this of what conversions need.
      { name: 'version', test: /src.version\.ts$/, priority: 1 },
      { name: 'settings', test: /src.cli.v8-settings\.ts$/ },
      { name: 'core', test: /src.(builtin|convert.convert)\.ts$/ },
      { name: 'postgres', test: /src.write.postgres.(postgres-sink|ddl|load-table)\.ts$/ },
    ],
  },
  // Names of functions and classes stay, for stack traces.
  minify: { mangle: { keepNames: { function: true, class: true } }, compress: true, codegen: true },
  comments: false,
});
await bundle.close();

/** The text of a package's licence: a file, or the end of its README. */
function licenceOf(name) {
  const folder = join(root, 'node_modules', name);
  const file = readdirSync(folder).find((other) => /^licen[cs]e([._-]mit)?(\.\w+)?$/i.test(other));
  const text = file === undefined ? readFileSync(join(folder, 'README.md'), 'utf8').split(/^#+ licen[cs]e\s/im)[1] : readFileSync(join(folder, file), 'utf8');
  if (text === undefined) throw new Error(`${name} is to be bundled and has no licence`);
  return text.trimStart();
}

const bundledPackages = new Set(output.flatMap(({ moduleIds }) => moduleIds.flatMap((id) => /node_modules.((?:@[\w.-]+.)?[\w.-]+)/.exec(id)?.[1] ?? [])));
const licences = [...bundledPackages, 'parquet-wasm'].map((name) => ({
  path: join(root, `dist/LICENSE-${name.replace('@', '').replace(/[\\/]/, '-')}`),
  contents: licenceOf(name),
}));
const chunks = output.map(({ code, fileName }) => {
  const name = basename(fileName, '.js');
  return { code, name, path: join(root, 'dist', fileName), inScript: fileName.startsWith('chunks/') ? toScript(code, name) : undefined };
});
/** By its whole name, or what comes before its hash. */
const chunkNamed = (wanted) => chunks.find(({ name }) => name === wanted || name.startsWith(`${wanted}-`));
/** Scripts are run without a wait, each when those that it imports have run. */
function checkImports({ inScript, name }, importers = []) {
  if (importers.includes(name)) throw new Error(`${name} imports itself, by way of ${importers.slice(importers.indexOf(name) + 1).join(', ')}`);
  if (inScript === undefined && importers.length > 0) throw new Error(`${importers.at(-1)} is to import ${name} later: it needs a package`);
  for (const imported of inScript?.imports ?? []) checkImports(chunkNamed(imported), [...importers, name]);
}
for (const chunk of chunks) checkImports(chunk);
const outputFiles = chunks.flatMap(({ code, inScript, path }) => {
  if (inScript === undefined) return [{ path, contents: code }];
  return [
    { path: path.replace(/\.js$/, '.script'), contents: inScript.script },
    { path, contents: inScript.module },
  ];
});
outputFiles.push(
  { path: join(root, 'dist/load-chunk.cjs'), contents: readFileSync(join(root, 'src/load-chunk.cjs')) },
  { path: join(root, 'dist/cli.cjs'), contents: `require('./load-chunk.cjs')('${chunkNamed('cli').name}');\n` },
);
/** Those of code that conversions load, where it is enough to be worth a file more. */
const scriptNames = ['convert', 'core', 'postgres'].map((beginning) => `${chunkNamed(beginning).name}.script`);
const commandScript = `${chunkNamed('cli').name}.script`;
/** V8 takes code under the settings only that it was made under. */
const hasNewSettings = !existsSync(chunkNamed('settings').path);
// Entry points last: until then the old ones find all they import.
const files = [...outputFiles, ...licences].sort((a, b) => Number(b.path.includes('chunks')) - Number(a.path.includes('chunks')));
for (const { path, contents } of files) {
  write(path, contents);
}
const codeFolder = join(root, 'dist/chunks');
const parquetModule = createRequire(import.meta.url).resolve('parquet-wasm/esm/parquet_wasm_bg.wasm');
const modulePaths = takesModuleCode ? [modulePath, parquetModule] : [];
const moduleCodeNames = modulePaths.map((path) => moduleCodeNameOf(digestOf(readFileSync(path))));
const codeNames = [...[commandScript, ...scriptNames].map(codeNameOf), ...moduleCodeNames];
if (hasNewSettings || !codeNames.every((name) => existsSync(join(codeFolder, name)))) {
  compileCode(root, codeFolder, { commandScript, scriptNames, moduleCodeNames });
}
if (process.argv.includes('--clean')) {
  const current = new Set([...codeNames, ...files.map(({ path }) => basename(path))]);
  for (const folder of [codeFolder, join(root, 'dist')]) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isFile() && !current.has(entry.name)) rmSync(join(folder, entry.name));
  }
}
