// Where the code of further threads is, and what is said of one that died.

import { UserError } from './diagnostics.ts';

/** Built, this module is in a shared chunk or in an entry beside the threads'; from the sources, in their root. */
export function threadEntry(builtName: string, sourceName: string): URL {
  const here = import.meta.url;
  if (here.endsWith('.ts')) return new URL(sourceName, here);
  return new URL(/\/chunks\/[^/]*$/.test(here) ? `../${builtName}` : `./${builtName}`, here);
}

/** An error that nobody caught there. Its message may show a value of the input; its kind does not. */
export function threadFailure(error: Error): UserError {
  const isMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return new UserError('THREAD_FAILED', { parameters: { reason: isMemory ? 'out of memory' : error.constructor.name } });
}
