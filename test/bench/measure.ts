// Jobs → figures. Each job is a whole process; the jobs of a group take turns, so that a slow minute of the machine
// touches all of them; of several runs the median counts.

import { spawn } from 'node:child_process';
import { createReadStream, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { jobEnvironment } from './job-environment.ts';

export interface Job {
  readonly name: string;
  /** What `node` is called with. */
  readonly args: readonly string[];
  /** A file that the process gets through a pipe on its standard input. */
  readonly stdinPath?: string;
  /** Written by the job; removed after each run. */
  readonly outPath?: string;
}

export interface Figures {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
  /** Size of what it wrote; 0 where it writes nothing. */
  readonly outMegabytes: number;
}

const reporterPath = fileURLToPath(new URL('report-figures.cjs', import.meta.url));

/** The median figures of each job, in the order of the jobs. */
export async function measureJobs(jobs: readonly Job[], runCount: number, workFolder: string): Promise<Figures[]> {
  const runs = jobs.map((): Figures[] => []);
  for (let run = 0; run < runCount; run++) {
    for (const [index, job] of jobs.entries()) runs[index]?.push(await runJob(job, workFolder));
  }
  return runs.map((figures) => ({
    wallSeconds: medianOf(figures.map(({ wallSeconds }) => wallSeconds)),
    cpuSeconds: medianOf(figures.map(({ cpuSeconds }) => cpuSeconds)),
    peakMegabytes: medianOf(figures.map(({ peakMegabytes }) => peakMegabytes)),
    outMegabytes: medianOf(figures.map(({ outMegabytes }) => outMegabytes)),
  }));
}

async function runJob(job: Job, workFolder: string): Promise<Figures> {
  const figuresPath = join(workFolder, 'figures.json');
  rmSync(figuresPath, { force: true });
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['--require', reporterPath, ...job.args], {
    stdio: [job.stdinPath === undefined ? 'ignore' : 'pipe', 'ignore', 'pipe'],
    env: jobEnvironment({ FHIR_FLATTEN_FIGURES: figuresPath }),
  });
  let messages = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    messages = (messages + text).slice(-4000);
  });
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  // A child that stops reading breaks the pipe; its exit code tells why.
  if (job.stdinPath !== undefined && child.stdin) await pipeline(createReadStream(job.stdinPath, { highWaterMark: 1024 * 1024 }), child.stdin).catch(() => {});
  const exitCode = await ended;
  const wallSeconds = (performance.now() - startedAt) / 1000;
  const outMegabytes = job.outPath !== undefined && existsSync(job.outPath) ? megabytesOf(job.outPath) : 0;
  if (job.outPath !== undefined) rmSync(job.outPath, { recursive: true, force: true });
  if (exitCode !== 0) throw new Error(`${job.name} ended with exit code ${exitCode}:\n${messages}`);
  return { wallSeconds, outMegabytes, ...(JSON.parse(readFileSync(figuresPath, 'utf8')) as Omit<Figures, 'wallSeconds' | 'outMegabytes'>) };
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}

/** Of all files below a folder. */
export function megabytesOf(folder: string): number {
  const sizes = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => statSync(join(folder, name)));
  return sizes.reduce((sum, size) => sum + (size.isFile() ? size.size : 0), 0) / 1e6;
}
