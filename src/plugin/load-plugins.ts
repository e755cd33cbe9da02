// Names of modules → plugins. A name is a path (./mine.ts, ./mine.js) or a package, looked for from the user's folder.

import { readFileSync, statSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { placeOf } from '../describe-fault.ts';
import { UserError } from '../diagnostics.ts';
import type { Plugin } from '../types.ts';
import { isRecord } from './define-flattener.ts';
import { checkPlugin } from './define-plugin.ts';
import { type HookSettings, initialize, load, packagePrefix, resolve as resolveHook } from './module-hooks.ts';
import { stripTypes } from './strip-types.ts';

export interface LoadedPlugin {
  readonly plugin: Plugin;
  /** As the user named its module; undefined for a plugin that was given as an object. */
  readonly module: string | undefined;
}

/** Plugins, and names of modules to load; each module once. Throws a UserError (usage) that says which one failed, and where. */
export async function loadPlugins(plugins: readonly (Plugin | string)[]): Promise<readonly LoadedPlugin[]> {
  const loaded: LoadedPlugin[] = [];
  const seen = new Set<string>();
  for (const given of plugins) {
    if (typeof given !== 'string') {
      loaded.push({ plugin: checkPlugin(given), module: undefined });
      continue;
    }
    const specifier = toSpecifier(given);
    if (seen.has(specifier)) continue;
    seen.add(specifier);
    loaded.push({ plugin: await loadPlugin(given, specifier), module: given });
  }
  return loaded;
}

/** What tells a plugin from an earlier state of it: the text of its file; of a package or an object only the name. */
export function readPluginTexts(plugins: readonly (Plugin | string)[]): readonly string[] {
  return plugins.map((given) => {
    if (typeof given !== 'string') return given.name;
    const specifier = toSpecifier(given);
    return specifier.startsWith(packagePrefix) ? given : readFileSync(new URL(specifier), 'utf8');
  });
}

async function loadPlugin(module: string, specifier: string): Promise<Plugin> {
  let exported: Readonly<Record<string, unknown>>;
  try {
    installHooks();
    exported = (await import(specifier)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (specifier.startsWith(packagePrefix) && isMissing(error, specifier)) {
      throw new UserError('PLUGIN_NOT_FOUND', { parameters: { module, reason: 'no such file, and no such package is installed here' }, exitCode: 2 });
    }
    throw new UserError('PLUGIN_NOT_LOADED', { parameters: { module, reason: describeLoadFault(error, specifier) }, exitCode: 2 });
  }
  const plugin = findPlugin(exported);
  if (plugin === undefined) {
    const reason = 'it exports no plugin; write export default definePlugin({ ... })';
    throw new UserError('PLUGIN_NOT_LOADED', { parameters: { module, reason }, exitCode: 2 });
  }
  try {
    return checkPlugin(plugin);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError('PLUGIN_NOT_LOADED', { parameters: { module, reason: error.message }, exitCode: 2 });
  }
}

/** The default export, else the one called `plugin`; CommonJS has both in the default one. */
function findPlugin(exported: Readonly<Record<string, unknown>>): unknown {
  const { default: main, plugin } = exported;
  const inner = isRecord(main) ? [main['default'], main['plugin']] : [];
  const candidates = [main, plugin, ...inner].filter(isRecord);
  return candidates.find((candidate) => 'apiVersion' in candidate) ?? candidates.find((candidate) => 'name' in candidate);
}

/** A path where it looks like one, or where a file is; else a package. */
function toSpecifier(module: string): string {
  const isUrl = module.startsWith('file:');
  const path = resolve(isUrl ? fileURLToPath(module) : module);
  const stats = statSync(path, { throwIfNoEntry: false });
  const looksLikePath = isUrl || /^\.{1,2}$|^\.{0,2}[/\\]|^[A-Za-z]:[/\\]|\.(?:[cm]?[jt]s)$/.test(module);
  if (!looksLikePath && stats?.isFile() !== true) return `${packagePrefix}${module}`;
  const fault = stats === undefined ? 'no such file' : stats.isFile() ? undefined : 'it is a folder, and a file is needed';
  if (fault !== undefined) throw new UserError('PLUGIN_NOT_FOUND', { parameters: { module, reason: fault }, exitCode: 2 });
  return pathToFileURL(path).href;
}

let hasHooks = false;

/** Once a thread. */
function installHooks(): void {
  if (hasHooks) return;
  const { register, registerHooks } = nodeModule as typeof nodeModule & { registerHooks?: (hooks: object) => void };
  const settings: HookSettings = { ownUrl: builtFile('index').href, fromUrl: pathToFileURL(join(process.cwd(), 'plugins.js')).href };
  if (registerHooks !== undefined) {
    initialize(settings);
    registerHooks({ resolve: resolveHook, load });
  } else if (register !== undefined) {
    register(builtFile('module-hooks').href, { data: settings });
  } else {
    throw new Error(`plugins need Node.js 20.6, and this is ${process.version}`);
  }
  // So that messages name the place in the file that was written, also where more than types was taken out of it.
  process.setSourceMapsEnabled(true);
  hasHooks = true;
}

/** Built, this module is in a shared chunk or in an entry beside the others; from the sources, in a folder of its own. */
function builtFile(name: string): URL {
  const here = import.meta.url;
  if (here.endsWith('.ts')) return new URL(name === 'index' ? '../index.ts' : `./${name}.ts`, here);
  return new URL(/\/chunks\/[^/]*$/.test(here) ? `../${name}.js` : `./${name}.js`, here);
}

/** True when it is the plugin's own package that is not there, rather than one that it imports. */
function isMissing(error: unknown, specifier: string): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  const name = specifier.slice(packagePrefix.length);
  return error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes(`'${name}'`);
}

/** No resource has been read yet: the message can be shown. */
function describeLoadFault(error: unknown, specifier: string): string {
  if (error instanceof UserError) return error.message;
  if (!(error instanceof Error)) return 'it threw something that is no Error';
  const { message } = error;
  const [reason = ''] = message.split('\n');
  // These name the place in their words.
  if ('code' in error) return reason;
  if (error instanceof SyntaxError) return findSyntaxFault(specifier) ?? reason;
  const place = placeOf(error);
  return `${error.constructor.name}: ${reason}${place === undefined ? '' : ` (${place})`}`;
}

/** Node's own SyntaxError does not say where it is. */
function findSyntaxFault(specifier: string): string | undefined {
  try {
    stripTypes(fileURLToPath(specifier));
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
  }
  return undefined;
}
