// The environment of measured processes: ours, without what makes a process slower that has nothing to do with its job.

/** Where it is set, Node reads all certificates of this file and its own at each start, connections or not: 37 ms for the 144 of a Debian. */
export function jobEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _, ...environment } = process.env;
  return { ...environment, ...more };
}
