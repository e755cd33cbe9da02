// How Node finds and reads the modules of plugins: TypeScript loses its types, JSON beside them is an object (such as a
// view), `fhir-flatten` is this very tool wherever the plugin lies, and packages are looked for from the user's folder. An entry of its own: Node may run it in a thread.
// The functions are synchronous, so that they do for both of Node's ways: https://nodejs.org/api/module.html#customization-hooks

import { readFileSync, statSync } from 'node:fs';
import type { LoadHookContext, ResolveHookContext } from 'node:module';
import { fileURLToPath } from 'node:url';
import { stripTypes } from './strip-types.ts';

export interface HookSettings {
  /** Of the library's entry. */
  readonly ownUrl: string;
  /** A file: URL in the user's folder. */
  readonly fromUrl: string;
}

/** Comes before the name of a package that is to be looked for from the user's folder. */
export const packagePrefix = 'fhir-flatten-plugin:';

let settings: HookSettings = { ownUrl: '', fromUrl: '' };

export function initialize(data: HookSettings): void {
  settings = data;
}

export function resolve<T>(specifier: string, context: ResolveHookContext, next: (specifier: string, context?: Partial<ResolveHookContext>) => T) {
  if (specifier === 'fhir-flatten') return { url: settings.ownUrl, format: 'module', shortCircuit: true };
  if (specifier.startsWith(packagePrefix)) return next(specifier.slice(packagePrefix.length), { ...context, parentURL: settings.fromUrl });
  if (context.parentURL !== undefined && /^\.{1,2}\/.*\.json$/.test(specifier)) {
    // Without the attribute too, and without the warning that Node 20 has for it.
    return { url: new URL(specifier, context.parentURL).href, format: 'module', importAttributes: {}, shortCircuit: true };
  }
  return next(typescriptFor(specifier, context.parentURL) ?? specifier, context);
}

export function load<T>(url: string, context: LoadHookContext, next: (url: string, context?: LoadHookContext) => T) {
  if (/^file:.*\.json$/.test(url)) return { format: 'module', source: toModule(fileURLToPath(url)), shortCircuit: true };
  if (!isTypescript(url)) return next(url, context);
  return { format: 'module', source: stripTypes(fileURLToPath(url)), shortCircuit: true };
}

function toModule(path: string): string {
  const text = readFileSync(path, 'utf8').replace(/^\ufeff/, '');
  try {
    JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`${path}: ${(error as Error).message}`);
  }
  return `export default JSON.parse(${JSON.stringify(text)});`;
}

function isTypescript(url: string): boolean {
  return url.startsWith('file:') && /\.m?ts(?:[?#]|$)/.test(url);
}

/** What `./labs.js`, `./labs` or `./labs/` means in TypeScript, when there is no such file. */
function typescriptFor(specifier: string, parentUrl: string | undefined): string | undefined {
  if (parentUrl === undefined || !isTypescript(parentUrl) || !/^\.{0,2}\//.test(specifier) || isFile(new URL(specifier, parentUrl))) return undefined;
  const bare = specifier.replace(/\/$/, '');
  const candidates = [
    specifier.replace(/\.(m?)js$/, '.$1ts'),
    `${bare}.ts`,
    `${bare}.mts`,
    `${bare}.js`,
    `${bare}.mjs`,
    `${bare}/index.ts`,
    `${bare}/index.js`,
  ];
  return candidates.find((candidate) => isFile(new URL(candidate, parentUrl)));
}

function isFile(url: URL): boolean {
  return statSync(url, { throwIfNoEntry: false })?.isFile() === true;
}
