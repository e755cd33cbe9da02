// What a plugin threw → words that show no value of a resource.

import { UserError } from './diagnostics.ts';

/** Its kind and place; the message only of errors that are ours. */
export function describeFault(error: unknown): string {
  if (error instanceof UserError) return error.message;
  if (!(error instanceof Error)) return 'it threw something that is no Error';
  const place = placeOf(error);
  // Those of the operating system say what happened, and no value.
  const code = 'code' in error && typeof error.code === 'string' && /^E[A-Z0-9_]{2,40}$/.test(error.code) ? ` ${error.code}` : '';
  return `${error.constructor.name}${code}${place === undefined ? '' : ` at ${place}`}`;
}

/** The file and line that threw: the first line of the stack after the message. */
export function placeOf({ message, stack = '' }: Error): string | undefined {
  const start = stack.indexOf(message);
  const end = message === '' ? stack.indexOf('\n') : start + message.length;
  if (start < 0) return undefined;
  const [, , frame = ''] = /^(\n\s+at (.*))/.exec(stack.slice(end)) ?? [];
  return /([^/\\()]+:\d+:\d+)\)?$/.exec(frame)?.[1];
}
