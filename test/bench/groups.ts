// What is measured: groups of jobs over the same input.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Job, megabytesOf } from './measure.ts';

export interface Group {
  readonly title: string;
  readonly megabytes: number;
  readonly jobs: readonly Job[];
  readonly runCount: number;
  /** What the first job is to the others: its time of this kind is the unit. Undefined where the jobs are not to be compared. */
  readonly unit: 'wall' | 'cpu' | undefined;
}

const yardstickName = 'yardstick: readFileSync + JSON.parse';
export const offTheShelfName = 'stream-json + csv-stringify';
export const defaultJobName = 'fhir-flatten to CSV';
export const mainTablesJobName = 'fhir-flatten to CSV, main tables';

const viewJobName = 'fhir-flatten --view to CSV';

const command = fileURLToPath(new URL('../../bin/fhir-flatten.js', import.meta.url));
const yardstick = fileURLToPath(new URL('peers/yardstick.mjs', import.meta.url));
const observationView = fileURLToPath(new URL('views/observations.json', import.meta.url));
const offTheShelf = fileURLToPath(new URL('peers/off-the-shelf.mjs', import.meta.url));

const parquetJs = fileURLToPath(new URL('peers/parquetjs.mjs', import.meta.url));
const duckDb = fileURLToPath(new URL('peers/duckdb.mjs', import.meta.url));

function convertJob(name: string, input: string, outPath: string): Job {
  return { name, args: [command, input, '--out', outPath, '--quiet'], outPath };
}

/** What the off-the-shelf pipeline writes, too: a file per resource type. */
function mainTablesJob(input: string, outPath: string): Job {
  const job = convertJob(mainTablesJobName, input, outPath);
  return { ...job, args: [...job.args, '--no-details'] };
}

function toParquet(job: Job): Job {
  return { ...job, args: [...job.args, '--format', 'parquet'] };
}

function convertFromStdin(stdinPath: string, outPath: string): Job {
  return { ...convertJob('fhir-flatten to CSV, from stdin', '-', outPath), stdinPath };
}

/** A folder of files that can each be parsed whole, or by lines. */
export function folderGroup(title: string, folder: string, outPath: string, runCount: number): Group {
  return {
    title,
    megabytes: megabytesOf(folder),
    runCount,
    unit: 'wall',
    jobs: [
      { name: yardstickName, args: [yardstick, folder] },
      convertJob(defaultJobName, folder, outPath),
      mainTablesJob(folder, outPath),
      { name: offTheShelfName, args: [offTheShelf, folder, outPath], outPath },
    ],
  };
}

/** A view of twelve columns over Observations: what users' own tables cost. */
export function viewGroup(folder: string, outPath: string, runCount: number): Group {
  const viewArgs = [command, folder, '--view', observationView, '--no-defaults', '--out', outPath, '--quiet'];
  return {
    title: 'a view of 12 columns over NDJSON of Observations',
    megabytes: megabytesOf(folder),
    runCount,
    unit: 'wall',
    jobs: [{ name: yardstickName, args: [yardstick, folder] }, { name: viewJobName, args: viewArgs, outPath }, convertJob(defaultJobName, folder, outPath)],
  };
}

/** The main tables as Parquet; `ndjsonFolder` has the same resources, since that is what DuckDB reads best. */
export function parquetGroup(title: string, folder: string, ndjsonFolder: string, outPath: string, runCount: number): Group {
  const convert = toParquet(convertJob('fhir-flatten to Parquet, main tables', folder, outPath));
  return {
    title: `${title}, to Parquet`,
    megabytes: megabytesOf(folder),
    runCount,
    unit: 'wall',
    jobs: [
      { name: yardstickName, args: [yardstick, folder] },
      { ...convert, args: [...convert.args, '--no-details'] },
      { name: 'parquetjs-lite, picked columns', args: [parquetJs, folder, outPath], outPath },
      { name: 'DuckDB, picked columns, from the Bundles', args: [duckDb, 'bundles', folder, outPath], outPath },
      { name: 'DuckDB, picked columns, from NDJSON', args: [duckDb, 'ndjson', ndjsonFolder, outPath], outPath },
    ],
  };
}

/** One Bundle that is too large to be parsed whole; so there is no yardstick. */
export function largeBundleGroup(folder: string, outPath: string, runCount: number): Group {
  return {
    title: 'one large Bundle',
    megabytes: megabytesOf(folder),
    runCount,
    unit: undefined,
    jobs: [
      convertJob(defaultJobName, folder, outPath),
      convertFromStdin(join(folder, 'bundle.json'), outPath),
      { name: offTheShelfName, args: [offTheShelf, folder, outPath], outPath },
    ],
  };
}

/** Memory must not grow with the input: the same for one size and for twice the size. */
export function memoryGroup(kind: string, path: string, outPath: string): Group {
  return {
    title: `memory: ${kind}`,
    megabytes: statSync(path).size / 1e6,
    runCount: 1,
    unit: undefined,
    jobs: [convertJob(defaultJobName, path, outPath), convertFromStdin(path, outPath), toParquet(convertJob('fhir-flatten to Parquet', path, outPath))],
  };
}

export function startGroup(runCount: number): Group {
  return {
    title: 'start of the process (ratio of CPU time)',
    megabytes: 0,
    runCount,
    unit: 'cpu',
    jobs: [
      { name: 'node -e 0', args: ['-e', '0'] },
      { name: 'fhir-flatten --help', args: [command, '--help'] },
    ],
  };
}
