// npm run bench: generates input, runs each job as a whole process several times in turn with the yardstick, prints medians.
//   npm run bench -- --bundles 25 --ndjson-mb 200 --view-mb 100 --large-mb 300 --runs 5
//   npm run bench -- --input ./export        on files of your own (Bundles as .json, bulk data as .ndjson)
//   npm run bench -- --memory                peak memory on 1 GB and 2 GB, and bytes kept of each resource

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { folderGroup, type Group, largeBundleGroup, memoryGroup, parquetGroup, startGroup, viewGroup } from './groups.ts';
import { measureJobs } from './measure.ts';
import { compare, formatMeasured, type Measured } from './print-figures.ts';

const { values: options } = parseArgs({
  options: {
    /** How many Bundles of about 2 MB; 0 leaves the job out, here and below. */
    bundles: { type: 'string', default: '25' },
    'ndjson-mb': { type: 'string', default: '200' },
    'view-mb': { type: 'string', default: '100' },
    'large-mb': { type: 'string', default: '300' },
    runs: { type: 'string', default: '5' },
    /** A folder to measure on, in place of generated input. */
    input: { type: 'string' },
    memory: { type: 'boolean', default: false },
    'memory-mb': { type: 'string', default: '1000,2000' },
    json: { type: 'boolean', default: false },
  },
});

const runCount = numberOf('runs');
const workFolder = mkdtempSync(join(tmpdir(), 'fhir-flatten-bench-'));
const outPath = join(workFolder, 'out');
const measured: Measured[] = [];
process.on('exit', () => rmSync(workFolder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
// Whoever reads the figures may have seen enough: `| head`.
process.stdout.on('error', () => process.exit(1));

if (options.memory) {
  for (const megabytes of options['memory-mb'].split(',').map(Number)) {
    await withInput('large', megabytes, (folder) => memoryGroup('one Bundle', join(folder, 'bundle.json'), outPath));
    await withInput('lines', megabytes, (folder) => memoryGroup('one NDJSON file', join(folder, 'all.ndjson'), outPath));
  }
  if (!options.json) {
    const indexMemory = fileURLToPath(new URL('index-memory.ts', import.meta.url));
    spawnSync(process.execPath, ['--expose-gc', '--import', 'tsx', indexMemory], { stdio: ['ignore', 'inherit', 'inherit'] });
  }
} else {
  if (options.input !== undefined) {
    const folder = resolve(options.input);
    await measure(folderGroup(options.input, folder, outPath, runCount));
    if (readdirSync(folder).some((name) => name.endsWith('.json'))) {
      await measure(parquetGroup(options.input, folder, makeNdjson(folder), outPath, runCount));
    }
  } else {
    await withInput(
      'bundles',
      numberOf('bundles'),
      (folder) => folderGroup('a folder of transaction Bundles', folder, outPath, runCount),
      (folder) => parquetGroup('a folder of transaction Bundles', folder, makeNdjson(folder), outPath, runCount),
    );
    await withInput('ndjson', numberOf('ndjson-mb'), (folder) => folderGroup('a folder of NDJSON', folder, outPath, runCount));
    await withInput('observations', numberOf('view-mb'), (folder) => viewGroup(folder, outPath, runCount));
    await withInput('large', numberOf('large-mb'), (folder) => largeBundleGroup(folder, outPath, Math.min(runCount, 3)));
  }
  // Short processes vary more: more runs.
  await measure(startGroup(runCount * 3));
}
if (options.json) console.log(JSON.stringify(measured, null, 2));

function numberOf(name: 'bundles' | 'ndjson-mb' | 'view-mb' | 'large-mb' | 'runs'): number {
  const value = Number(options[name]);
  if (!Number.isInteger(value) || value < (name === 'runs' ? 1 : 0)) throw new Error(`--${name} takes a whole number`);
  return value;
}

/** Generates input, measures on it, and removes it: two of the large ones may not fit on the disk together. */
async function withInput(kind: string, amount: number, ...groupsOf: readonly ((folder: string) => Group)[]): Promise<void> {
  if (amount === 0) return;
  const folder = join(workFolder, kind);
  mkdirSync(folder);
  const generator = fileURLToPath(new URL('generate/generate-input.ts', import.meta.url));
  const result = spawnSync(process.execPath, ['--import', 'tsx', generator, kind, folder, String(amount)], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (result.status !== 0) throw new Error(`generating ${kind} failed`);
  for (const groupOf of groupsOf) await measure(groupOf(folder));
  rmSync(folder, { recursive: true });
}

/** The resources of a folder's Bundles, a file a type. */
function makeNdjson(folder: string): string {
  const ndjsonFolder = join(workFolder, 'same-as-ndjson');
  const script = fileURLToPath(new URL('peers/bundles-to-ndjson.mjs', import.meta.url));
  const result = spawnSync(process.execPath, [script, folder, ndjsonFolder], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (result.status !== 0) throw new Error('making NDJSON failed');
  return ndjsonFolder;
}

async function measure(group: Group): Promise<void> {
  const result = compare(group, await measureJobs(group.jobs, group.runCount, workFolder));
  measured.push(result);
  if (!options.json) console.log(`${formatMeasured(result)}\n`);
}
