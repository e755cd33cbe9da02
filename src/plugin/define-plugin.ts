// A user's description of a plugin → a Plugin whose parts are known to be whole. Also for plugins in plain JavaScript,
// whose flatteners may be written as plain objects.

import { UserError } from '../diagnostics.ts';
import type { Flattener, Plugin, PluginSink, PluginView, TableFormat } from '../types.ts';
import { defineFlattener, isRecord, isTextList } from './define-flattener.ts';
import { defineFormat, type FormatSpec } from './define-format.ts';
import { type FunctionBody, type FunctionSpec, makeFunctions } from './define-functions.ts';
import { defineSink, type SinkSpec } from './define-sink.ts';
import { defineView } from './define-view.ts';
import { invalidPlugin } from './plugin-fault.ts';

/** What a plugin brings. */
export interface PluginSpec extends Omit<Plugin, 'flatteners' | 'functions' | 'views'> {
  /** As defineFlattener and defineView make them. */
  readonly flatteners?: readonly (Flattener | PluginView)[];
  /** For the expressions of views, by name: `{ initials: (names) => names.map(…) }`. */
  readonly functions?: Readonly<Record<string, FunctionBody | FunctionSpec>>;
}

/** Defines a plugin. Throws a UserError (PLUGIN_INVALID, PLUGIN_VERSION) when it cannot be used. */
export function definePlugin(plugin: PluginSpec): Plugin {
  return checkPlugin(plugin);
}

const knownKeys: ReadonlySet<string> = new Set([
  'name',
  'apiVersion',
  'readers',
  'flatteners',
  'flattenersFor',
  'resourceTypes',
  'formats',
  'sinks',
  'functions',
  'views',
] satisfies (keyof Plugin)[]);
const namePattern = /^[\w@./-]{1,100}$/;

export function checkPlugin(plugin: unknown): Plugin {
  if (!isRecord(plugin)) throw invalidPlugin('?', 'a plugin is an object, as definePlugin makes it');
  const { apiVersion, flatteners, formats, functions, name, readers, sinks, views } = plugin;
  if (typeof name !== 'string' || !namePattern.test(name)) throw invalidPlugin('?', 'name takes letters, digits and -, 100 at most');
  if (apiVersion !== 1) {
    if (apiVersion === undefined) throw invalidPlugin(name, 'apiVersion: 1 is missing');
    throw new UserError('PLUGIN_VERSION', { parameters: { name }, exitCode: 2 });
  }
  const unknown = Object.keys(plugin).find((key) => !knownKeys.has(key));
  if (unknown !== undefined) throw invalidPlugin(name, `it has ${unknown}, and plugins have ${[...knownKeys].join(', ')}`);
  for (const reader of listOf(name, 'readers', readers)) checkParts(name, 'a reader', reader, ['recognise', 'read']);
  const madeFormats = listOf(name, 'formats', formats).map((format) => {
    // One that did not go through defineFormat.
    const made: unknown = isRecord(format) && 'row' in format ? defineFormat(format as unknown as FormatSpec) : format;
    checkParts(name, 'a format', made, ['start']);
    return made as TableFormat;
  });
  const madeSinks = listOf(name, 'sinks', sinks).map((sink) => {
    const made: unknown = isRecord(sink) && 'open' in sink ? defineSink(sink as unknown as SinkSpec) : sink;
    checkParts(name, 'a sink', made, ['create']);
    return made as PluginSink;
  });
  const given = [...listOf(name, 'flatteners', flatteners), ...listOf(name, 'views', views)];
  return {
    ...(plugin as unknown as Plugin),
    flatteners: given.filter((flattener) => !isView(flattener)).map((flattener) => checkFlattener(name, flattener)),
    views: given.filter(isView).map((view) => ('view' in view ? (view as unknown as PluginView) : defineView(view))),
    functions: makeFunctions(name, functions),
    formats: madeFormats,
    sinks: madeSinks,
  };
}

/** Also one that did not go through defineView. */
function isView(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isRecord(value) || 'bind' in value || 'flatten' in value) return false;
  return 'view' in value ? isTextList(value['replaces']) : 'select' in value;
}

function listOf(plugin: string, key: string, value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalidPlugin(plugin, `${key} takes a list`);
  return value;
}

function checkParts(plugin: string, what: string, value: unknown, functions: readonly string[]): void {
  if (!isRecord(value) || typeof value['name'] !== 'string') throw invalidPlugin(plugin, `${what} takes an object with a name`);
  for (const key of functions) if (typeof value[key] !== 'function') throw invalidPlugin(plugin, `${what} takes a function ${key}`);
}

function checkFlattener(plugin: string, value: unknown): Flattener {
  if (!isRecord(value)) throw invalidPlugin(plugin, 'a flattener is an object, as defineFlattener makes it');
  try {
    return typeof value['bind'] === 'function' ? (value as unknown as Flattener) : defineFlattener(value as unknown as Parameters<typeof defineFlattener>[0]);
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'PLUGIN_INVALID') throw error;
    const { plugin: flattener, reason } = error.parameters ?? {};
    throw invalidPlugin(plugin, `flattener ${flattener}: ${reason}`);
  }
}
