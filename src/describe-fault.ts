// What a plugin threw → words that show no value of a resource.

import { UserError } from './diagnostics.ts';

/** Its kind and place; the message only of errors that are ours. */
export function describeFault(error: unknown): string {
  if (error instanceof UserError) return error.message;
  if (!(error instanceof Error)) return 'it threw something that is no Error';
  const place = placeOf(error);
  return place === undefined ? error.constructor.name : `${error.constructor.name} at ${place}`;
}

/** The file and line that threw: the first line of the stack after the message. */
function placeOf({ message, stack = '' }: Error): string | undefined {
  const start = stack.indexOf(message);
  const end = message === '' ? stack.indexOf('\n') : start + message.length;
  if (start < 0) return undefined;
  const [, , frame = ''] = /^(\n\s+at (.*))/.exec(stack.slice(end)) ?? [];
  return /([^/\\()]+:\d+:\d+)\)?$/.exec(frame)?.[1];
}
