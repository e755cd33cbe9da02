// Time that only goes forward, for spans. Node's `performance` would be loaded for it when it is first used, which takes a
// start three milliseconds.

/** Milliseconds since some time in the past. */
export function clockMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
