// A definition that cannot be used: found when it is made, before anything is read.

import { UserError } from '../diagnostics.ts';

/** `reason` names parts of the definition, in words for its author. */
export function invalidPlugin(plugin: string, reason: string): UserError {
  return new UserError('PLUGIN_INVALID', { parameters: { plugin, reason }, exitCode: 2 });
}

/** What a value is, without showing it. */
export function describeKind(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  const kinds: Record<string, string> = { string: 'text', number: 'a number', boolean: 'true or false', object: 'an object', function: 'a function' };
  return kinds[typeof value] ?? `a ${typeof value}`;
}
