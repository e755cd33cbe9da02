// src → dist: cli.js and index.js with shared chunks, so that a command loads only what it needs.
// commander is bundled (a start from node_modules costs a third more), with its licence beside it.

import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const { version, dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

for (const name of ['chunks', 'cli.js', 'index.js']) rmSync(new URL(`dist/${name}`, import.meta.url), { recursive: true, force: true });
await build({
  absWorkingDir: import.meta.dirname,
  entryPoints: { cli: 'src/cli/main.ts', index: 'src/index.ts' },
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: Object.keys(dependencies),
  define: { FHIR_FLATTEN_VERSION: JSON.stringify(version) },
  // commander is CommonJS and requires Node's own modules.
  banner: { js: "import { createRequire as makeRequire } from 'node:module';\nconst require = makeRequire(import.meta.url);" },
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
});
copyFileSync(new URL('node_modules/commander/LICENSE', import.meta.url), new URL('dist/LICENSE-commander', import.meta.url));
