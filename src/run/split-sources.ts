// Sources in their order → runs of about equal work, one for each thread. Contiguous, so that the rows of the parts one
// after another are in the order of the sources.

import type { Source } from '../types.ts';

/** What a thread could have read while another one starts: the first range, read by the thread that is there, gets more. */
const headStartBytes = 2 * 1024 * 1024;
/** More threads than this wait for one another: for the disk, and for the joining of their parts. */
const maxUsefulThreads = 8;

// Measured with Node 20 on Synthea Bundles. A thread is slow until its code is compiled, and compiling keeps another
// core busy meanwhile: on two cores, a second thread pays from about 115 MB on; on four, from about 25 MB.
const warmUpSeconds = 0.35;
/** Of the warm-up, with the compiling that goes on beside it. */
const warmUpCoreSeconds = 0.5;
const startSeconds = 0.05;
const secondsPerMegabyte = 0.0065;
/** With what goes on beside it, and for what two cores of one processor take from each other. */
const coreSecondsPerMegabyte = 0.0085;
/** A thread more must save at least this share: it takes memory and energy. */
const worthwhile = 0.9;

/** How many threads to use when nobody has said; 1 when a size is not known. */
export function usefulThreads(sources: readonly Source[], coreCount: number): number {
  let byteCount = 0;
  for (const { byteSize } of sources) {
    if (byteSize === undefined) return 1;
    byteCount += byteSize;
  }
  let best = 1;
  for (let count = 2; count <= Math.min(coreCount, maxUsefulThreads, sources.length); count++) {
    if (estimateSeconds(byteCount / 1e6, count, coreCount) < worthwhile * estimateSeconds(byteCount / 1e6, best, coreCount)) best = count;
  }
  return best;
}

/** Bound by the slowest thread, or by all cores together. */
function estimateSeconds(megabytes: number, threadCount: number, coreCount: number): number {
  const slowest = warmUpSeconds + (threadCount > 1 ? startSeconds : 0) + (megabytes * secondsPerMegabyte) / threadCount;
  const together = (threadCount * warmUpCoreSeconds + megabytes * coreSecondsPerMegabyte) / coreCount;
  return Math.max(slowest, together);
}

/** At most `count` ranges, none of them empty unless there are no sources. */
export function splitSources(sources: readonly Source[], count: number): (readonly Source[])[] {
  const byteCount = sources.reduce((sum, { byteSize = 0 }) => sum + byteSize, 0);
  const headStart = Math.min(headStartBytes, byteCount / 8);
  const share = (byteCount + headStart * (count - 1)) / count;
  const ranges: (readonly Source[])[] = [];
  let start = 0;
  let position = 0;
  for (const [index, { byteSize = 0 }] of sources.entries()) {
    const border = share + (share - headStart) * ranges.length;
    // The border goes to where it is nearer: before this source or behind it.
    if (index > start && ranges.length < count - 1 && position + byteSize / 2 > border) {
      ranges.push(sources.slice(start, index));
      start = index;
    }
    position += byteSize;
  }
  return [...ranges, sources.slice(start)];
}
