// A chunk of the bundle → a script, for which src/load-chunk.cjs has V8's compiled code, made by the runs below: compiling
// the chunks takes a tenth of a run of half a second, and Node 20 can give V8 compiled code for scripts only.
// The WebAssembly modules that it loads get theirs in the same runs.
// The code is V8's own of this build: another V8, processor or set of flags compiles the script as it would any other.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAst } from 'rolldown/parseAst';

/** Name of the file with the compiled code that this Node takes for a script; src/load-chunk.cjs looks for it. */
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

/**
 * The script to stand beside a chunk, and the module in its place for those who import it; undefined for a chunk that
 * needs a package, which may come as a module only.
 */
export function toScript(chunk, name) {
  const imports = [];
  const exported = [];
  const edits = [];
  for (const node of parseAst(chunk).body) {
    if (node.type === 'ImportDeclaration') {
      const { specifiers, source } = node;
      if (!isForScripts(source.value)) return undefined;
      for (const parameter of parametersOf(specifiers, source.value.startsWith('node:'))) imports.push({ source: source.value, parameter });
      edits.push({ start: node.start, end: node.end, text: '' });
    } else if (node.type === 'ExportNamedDeclaration' && node.declaration === null) {
      const { source, specifiers } = node;
      if (source !== null && !isForScripts(source.value)) return undefined;
      for (const { exported: outer, local } of specifiers) {
        const name = source === null ? local.name : `$${imports.length}`;
        if (source !== null) imports.push({ source: source.value, parameter: `{${local.name}:${name}}` });
        exported.push({ name: outer.name, local: name });
      }
      edits.push({ start: node.start, end: node.end, text: '' });
    } else if (node.type.startsWith('Export')) {
      throw new Error(`The bundler has begun to write what build-script.mjs does not read: ${node.type}`);
    } else visit(node, edits);
  }
  const body = edits.sort((a, b) => b.start - a.start).reduce((text, { start, end, text: by }) => text.slice(0, start) + by + text.slice(end), chunk);
  const parameters = ['$meta', '$import', ...imports.map(({ parameter }) => parameter)];
  const result = exported.map(({ name, local }) => `${name}:${local}`);
  return {
    imports: imports.flatMap(({ source }) => (source.startsWith('./') ? [source.slice('./'.length, -'.js'.length)] : [])),
    script: `'use strict';({imports:${JSON.stringify(imports.map(({ source }) => source))},run:(${parameters})=>{${body};return{${result}}}})`,
    module: `import load from'../load-chunk.cjs';const{${exported.map(({ name }, index) => `${name}:e${index}`)}}=load('${name}');
export{${exported.map(({ name }, index) => `e${index} as ${name}`)}};
`,
  };
}

/** Other chunks and modules of Node. */
function isForScripts(source) {
  return /^(?:\.\/|node:)/.test(source);
}

/** What the exports of a module are taken apart into. Those of Node are what `require` gives, which is their default too. */
function parametersOf(specifiers, isOfNode) {
  const [first] = specifiers;
  if (first?.type === 'ImportNamespaceSpecifier') return [first.local.name];
  const named = specifiers.map(({ imported, local }) => ({ name: imported?.name ?? 'default', local: local.name }));
  const wholes = isOfNode ? named.filter(({ name }) => name === 'default') : [];
  const parts = named.filter((specifier) => !wholes.includes(specifier));
  return [...wholes.map(({ local }) => local), ...(parts.length > 0 || wholes.length === 0 ? [`{${parts.map(({ name, local }) => `${name}:${local}`)}}`] : [])];
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
 * Runs the command as it was built, and leaves in `folder` the code compiled on the way. First its help, for the code of the
 * command itself: conversions load all else under settings of their own. Then conversions of the samples: what
 * one leaves goes on into the next, but nothing of an earlier build. The last one is the only one with further threads, and with a second module.
 * Of scripts that none of them loads, all functions are compiled.
 */
export function compileCode(root, folder, { commandScript, scriptNames, moduleCodeNames }) {
  const outputFolder = mkdtempSync(join(tmpdir(), 'fhir-flatten-build-'));
  const record = (recorded, args) => {
    const command = ['--import', join(root, 'build-recorder.mjs'), join(root, 'bin/fhir-flatten.js'), ...args];
    const env = { ...process.env, FHIR_FLATTEN_CODE: folder, FHIR_FLATTEN_SCRIPTS: recorded.join() };
    const { status, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', env });
    if (status !== 0) throw new Error(`fhir-flatten ${args.join(' ')} failed:\n${stderr}`);
  };
  try {
    for (const name of [...moduleCodeNames, ...[commandScript, ...scriptNames].map(codeNameOf)]) rmSync(join(folder, name), { force: true });
    record([commandScript], ['--help']);
    for (const format of ['arrow', 'csv', 'parquet']) {
      record(scriptNames, [join(root, 'samples/bulk'), join(root, 'samples/ada-example.json'), '-f', format, '-o', join(outputFolder, format), '-q']);
    }
  } finally {
    rmSync(outputFolder, { recursive: true, force: true });
  }
}
