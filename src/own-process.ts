// Whether the process does nothing but one run, as the command does, in all of its threads.

import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

const key = 'fhir-flatten: own process';

/** Says so, to the threads to come too. */
export function takeProcess(): void {
  setEnvironmentData(key, true);
}

/** False in a program that uses the library: what concerns the whole process is not to be changed. */
export function isOwnProcess(): boolean {
  return getEnvironmentData(key) === true;
}
