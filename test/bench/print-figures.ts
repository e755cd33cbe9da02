// Figures → an aligned table for people.

import type { Group } from './groups.ts';
import { mainTablesJobName, offTheShelfName } from './groups.ts';
import type { Figures } from './measure.ts';

export interface Measured {
  readonly title: string;
  readonly megabytes: number;
  readonly runs: number;
  readonly jobs: readonly MeasuredJob[];
}

export interface MeasuredJob extends Figures {
  readonly name: string;
  readonly megabytesPerSecond: number | undefined;
  /** Time as a multiple of the first job's. */
  readonly ratio: number | undefined;
}

export function compare(group: Group, figures: readonly Figures[]): Measured {
  const timeOf = (figure: Figures | undefined) => (group.unit === 'cpu' ? figure?.cpuSeconds : figure?.wallSeconds) ?? Number.NaN;
  const jobs = group.jobs.map((job, index): MeasuredJob => {
    const own = figures[index] as Figures;
    return {
      name: job.name,
      ...own,
      megabytesPerSecond: group.megabytes === 0 ? undefined : group.megabytes / own.wallSeconds,
      ratio: group.unit === undefined ? undefined : timeOf(own) / timeOf(figures[0]),
    };
  });
  return { title: group.title, megabytes: group.megabytes, runs: group.runCount, jobs };
}

const headings = ['', 'wall s', 'CPU s', 'MB/s', 'peak MB', 'out MB', 'ratio'];

export function formatMeasured(measured: Measured): string {
  const rows = measured.jobs.map((job) => [
    job.name,
    job.wallSeconds.toFixed(job.wallSeconds < 1 ? 3 : 2),
    job.cpuSeconds.toFixed(job.cpuSeconds < 1 ? 3 : 2),
    job.megabytesPerSecond?.toFixed(0) ?? '',
    job.peakMegabytes.toFixed(0),
    job.outMegabytes === 0 ? '' : job.outMegabytes.toFixed(1),
    job.ratio?.toFixed(2) ?? '',
  ]);
  const widths = headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => (row[column] as string).length)));
  const lines = [headings, ...rows].map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number))).join('  '),
  );
  const size = measured.megabytes === 0 ? '' : `, ${measured.megabytes.toFixed(0)} MB`;
  const runs = measured.runs === 1 ? 'one run' : `median of ${measured.runs} runs`;
  return [`${measured.title}${size}, ${runs}`, ...lines.map((line) => `  ${line.trimEnd()}`), ...comparison(measured)].join('\n');
}

function comparison(measured: Measured): string[] {
  const own = measured.jobs.find(({ name }) => name === mainTablesJobName);
  const peer = measured.jobs.find(({ name }) => name === offTheShelfName);
  if (own === undefined || peer === undefined) return [];
  return [`  ${mainTablesJobName}: ${(peer.wallSeconds / own.wallSeconds).toFixed(1)} times as fast as ${offTheShelfName}`];
}
