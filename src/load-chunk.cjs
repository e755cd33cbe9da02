// A chunk of the build → what it exports. Chunks are scripts, which V8 can be given the compiled code of, and which need
// none of the machinery of modules: it takes 4 ms of the 38 that the help took. Who imports the library gets
// the same instances. The code is V8's own of the build: another V8, processor or set of flags compiles a script as it would any other.

'use strict';

const { existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { Script } = require('node:vm');

const folder = join(__dirname, 'chunks');
const loaded = new Map();

/** @param name - of a chunk's file, without its ending */
function loadChunk(name) {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const filename = join(folder, `${name}.script`);
  const { imports, run } = new Script(readFileSync(filename, 'utf8'), { filename, cachedData: readCode(filename) }).runInThisContext();
  const modules = imports.map((source) => (isChunk(source) ? loadChunk(nameOf(source)) : require(source)));
  const exported = run({ url: pathToFileURL(join(folder, `${name}.js`)).href }, importLater, ...modules);
  loaded.set(name, exported);
  return exported;
}

function readCode(filename) {
  try {
    return readFileSync(`${filename}.${process.versions.v8}.${process.arch}`);
  } catch {
    return undefined;
  }
}

/** What `import()` is in a chunk. */
async function importLater(source) {
  // When the chunk that asks has run: others may import it.
  await undefined;
  if (!isChunk(source)) return await import(source);
  const name = nameOf(source);
  return existsSync(join(folder, `${name}.script`)) ? loadChunk(name) : await import(pathToFileURL(join(folder, `${name}.js`)).href);
}

function isChunk(source) {
  return source.startsWith('./');
}

function nameOf(source) {
  return source.slice('./'.length, -'.js'.length);
}

module.exports = loadChunk;
