// A chunk of the bundle → a script and a module that runs it with V8's compiled code, made by the runs below: compiling
// the chunks takes a tenth of a run of half a second, and Node 20 can give V8 compiled code for scripts only.
// The WebAssembly modules that it loads get theirs in the same runs.
// The code is V8's own of this build: another V8, processor or set of flags compiles the script as it would any other.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAst } from 'rolldown/parseAst';

/** Name of the file with the compiled code that this Node takes for a script; the module made below looks for it. */
export function codeNameOf(scriptName) {
  return `${scriptName}.${process.versions.v8}.${process.arch}`;
}

/** The same for a WebAssembly module; src/compiled-module.ts looks for it. */
export function moduleCodeNameOf(digest) {
  return codeNameOf(`wasm-${digest}`);
}

/** Whether the command asks V8 for code of modules; see src/cli/v8-settings.ts. */
export const takesModuleCode = process.versions.node.startsWith('20.');

/** As src/compiled-module.ts tells modules apart. */
export function digestOf(bytes) {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

/** Returns the module to stand where the chunk stood, and the script to stand beside it. */
export function toScript(chunk, scriptName) {
  const modules = [];
  const exported = [];
  const edits = [];
  for (const node of parseAst(chunk).body) {
    if (node.type === 'ImportDeclaration') {
      modules.push({ source: node.source.value, parameter: parameterOf(node.specifiers) });
      edits.push({ start: node.start, end: node.end, text: '' });
    } else if (node.type === 'ExportNamedDeclaration' && node.source === null && node.declaration === null) {
      for (const { exported: name, local } of node.specifiers) exported.push({ name: name.name, local: local.name });
      edits.push({ start: node.start, end: node.end, text: '' });
    } else if (node.type.startsWith('Export')) {
      throw new Error(`The bundler has begun to write what build-script.mjs does not read: ${node.type}`);
    } else visit(node, edits);
  }
  const body = edits.sort((a, b) => b.start - a.start).reduce((text, { start, end, text: by }) => text.slice(0, start) + by + text.slice(end), chunk);
  const parameters = ['$meta', '$import', ...modules.map(({ parameter }) => parameter)];
  const result = exported.map(({ name, local }) => `${name}:${local}`);
  return {
    script: `'use strict';((${parameters})=>{${body};return{${result}}})`,
    module: `${modules.map(({ source }, index) => `import*as m${index} from'${source}';`).join('')}
import{readFileSync}from'node:fs';import{fileURLToPath}from'node:url';import{Script}from'node:vm';
const filename=fileURLToPath(new URL('./${scriptName}',import.meta.url));
let cachedData;
try{cachedData=readFileSync(filename+'.'+process.versions.v8+'.'+process.arch)}catch{}
const{${exported.map(({ name }, index) => `${name}:e${index}`)}}=new Script(readFileSync(filename,'utf8'),{filename,cachedData}).runInThisContext()(${[
      'import.meta',
      '(source)=>import(source)',
      ...modules.map((_, index) => `m${index}`),
    ]});
export{${exported.map(({ name }, index) => `e${index} as ${name}`)}};
`,
  };
}

/** What a module's namespace is taken apart into. */
function parameterOf(specifiers) {
  const [first] = specifiers;
  if (first?.type === 'ImportNamespaceSpecifier') return first.local.name;
  const names = specifiers.map(({ imported, local }) => `${imported?.name ?? 'default'}:${local.name}`);
  return `{${names}}`;
}

/** Scripts know no `import.meta`, and no `import()` that any Node 20 would take. */
function visit(node, edits) {
  if (node.type === 'ImportExpression') edits.push({ start: node.start, end: node.start + 'import'.length, text: '$import' });
  if (node.type === 'MetaProperty' && node.meta.name === 'import') edits.push({ start: node.start, end: node.end, text: '$meta' });
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (typeof child?.type === 'string') visit(child, edits);
  }
}

/**
 * Converts the samples with the command as it was built, and leaves in `folder` the code compiled on the way: what
 * one run leaves goes on into the next, but nothing of an earlier build. The last one is the only one with further threads, and with a second module.
 * Of scripts that none of them loads, all functions are compiled.
 */
export function compileCode(root, folder, scriptNames, moduleCodeNames) {
  const outputFolder = mkdtempSync(join(tmpdir(), 'fhir-flatten-build-'));
  try {
    for (const name of [...moduleCodeNames, ...scriptNames.map(codeNameOf)]) rmSync(join(folder, name), { force: true });
    for (const format of ['arrow', 'csv', 'parquet']) {
      const input = [join(root, 'samples/bulk'), join(root, 'samples/ada-example.json')];
      const command = [join(root, 'bin/fhir-flatten.js'), ...input, '-f', format, '-o', join(outputFolder, format), '-q'];
      const env = { ...process.env, FHIR_FLATTEN_CODE: folder, FHIR_FLATTEN_SCRIPTS: scriptNames.join() };
      const { status, stderr } = spawnSync(process.execPath, ['--import', join(root, 'build-recorder.mjs'), ...command], { encoding: 'utf8', env });
      if (status !== 0) throw new Error(`The samples cannot be converted to ${format}:\n${stderr}`);
    }
  } finally {
    rmSync(outputFolder, { recursive: true, force: true });
  }
}
