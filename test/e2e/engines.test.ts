// Flattening from the bytes of records gives what flattening parsed ones does, byte for byte, whatever the input.

import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FhirVersion } from '../../src/fhir/element-model.ts';
import { loadModel } from '../../src/fhir/load-model.ts';
import { type ConvertOptions, convert } from '../../src/index.ts';
import { Random } from '../bench/generate/random.ts';
import { describeDifferences, makeFiles, pickOptions, readOutputs, writeFiles } from '../support/compare-engines.ts';
import { bigDocuments, oddDocuments } from '../support/odd-documents.ts';
import { makeFolder, runCommand } from '../support/run-command.ts';
import { findSharedFolder } from '../support/shared-data.ts';

/** More of them find more: ENGINE_RUNS=100, from ENGINE_SEED on. */
const runCount = Number(process.env['ENGINE_RUNS'] ?? 3);
const firstSeed = Number(process.env['ENGINE_SEED'] ?? 1);
const engines = ['bytes', 'objects'] as const;

/** Option lists that each change what tables show. */
const optionLists: readonly (readonly string[])[] = [
  [],
  ['--no-details'],
  ['--codings', 'all', '--attachments', 'text', '--narrative'],
  ['--columns', 'wide', '--attachments', 'files'],
  ['--columns', 'filled', '--attachments', 'base64', '--no-header'],
  ['--all-tables', '-t', 'patient,patient_name,observation,observation_component,claim', '--delimiter', 'tab', '--null', 'NULL', '--escape-formulas', '--bom'],
  ['-t', 'patient,observation,observation_component,observation_extra_coding,encounter', '--keep-versions'],
  ['--threads', '2'],
  ['--fhir-version', 'r4b'],
  ['--fhir-version', 'r5', '--codings', 'all'],
];

async function compareRuns(cwd: string, input: string, options: readonly string[]): Promise<void> {
  const outputs: Record<string, string>[] = [];
  const messages: unknown[] = [];
  for (const engine of engines) {
    const out = join(cwd, engine);
    mkdirSync(out);
    const { exitCode, stderr } = await runCommand([input, '-o', out, '--threads', '1', ...options, '--engine', engine, '--quiet'], { cwd });
    expect([0, 3]).toContain(exitCode);
    messages.push({ exitCode, stderr: stderr.replaceAll(out, '') });
    outputs.push(readOutputs(out));
  }
  const [bytes = {}, objects = {}] = outputs;
  expect(Object.keys(bytes)).toContain('_report.json');
  expect(describeDifferences(bytes, objects)).toEqual([]);
  expect(messages[0]).toEqual(messages[1]);
}

describe('the samples', { timeout: 60_000 }, () => {
  it.each(optionLists.map((options) => [options.join(' ') || 'no options', options] as const))('with %s', async (_, options) => {
    await compareRuns(makeFolder(), join(import.meta.dirname, '../../samples/bulk'), options);
  });
});

describe('odd documents', { timeout: 60_000 }, () => {
  it.each(optionLists.map((options) => [options.join(' ') || 'no options', options] as const))('with %s', async (_, options) => {
    const cwd = makeFolder();
    writeFiles(join(cwd, 'in'), oddDocuments());
    await compareRuns(cwd, join(cwd, 'in'), options);
  });
});

describe('resources larger than there is room for', { timeout: 60_000 }, () => {
  it.each([
    ['no options', []],
    ['--no-details', ['--no-details']],
  ])('with %s', async (_, options) => {
    const cwd = makeFolder();
    writeFiles(join(cwd, 'in'), bigDocuments());
    await compareRuns(cwd, join(cwd, 'in'), options);
  });
});

async function compareRandom(cwd: string, version: FhirVersion, seed: number, count: number, options: Partial<ConvertOptions>): Promise<void> {
  writeFiles(join(cwd, `${seed}`), makeFiles(await loadModel(version), seed, count));
  const outputs: Record<string, string>[] = [];
  for (const engine of engines) {
    const out = join(cwd, engine);
    await convert({ inputs: [join(cwd, `${seed}`)], out, fhirVersion: version, threads: 1, engine, ...options });
    outputs.push(readOutputs(out));
  }
  expect({ seed, options, differences: describeDifferences(outputs[0] ?? {}, outputs[1] ?? {}) }).toEqual({ seed, options, differences: [] });
}

describe.each(['r4', 'r4b', 'r5'] as const)('random resources of %s', (version) => {
  it('of any shape, with any options', { timeout: 60_000 * runCount }, async () => {
    const cwd = makeFolder();
    for (let seed = firstSeed; seed < firstSeed + runCount; seed++) await compareRandom(cwd, version, seed, 60, pickOptions(new Random(seed)));
  });
});

it('the same reference in items next to each other counts for each, also where rules chose one of them', { timeout: 60_000 }, async () => {
  await compareRandom(makeFolder(), 'r5', 20081, 120, {});
});

for (const name of ['synthea-bundles', 'bulk-ndjson', 'hl7-r4-examples']) {
  const folder = findSharedFolder(`data/${name}`);
  it.skipIf(folder === undefined)(`the data of ${name}`, { timeout: 120_000 }, async () => {
    await compareRuns(makeFolder(), folder as string, ['--codings', 'all']);
  });
}

const root = join(import.meta.dirname, '../..');

describe('where WebAssembly is missing', () => {
  it('all records are parsed, with the same output', () => {
    const cwd = makeFolder();
    const outputs = [[], ['--jitless']].map((nodeOptions, index) => {
      const out = join(cwd, String(index));
      const { status, stderr } = spawnSync(
        process.execPath,
        [...nodeOptions, join(root, 'bin/fhir-flatten.js'), join(root, 'samples/bulk'), '-o', out, '--quiet'],
        { encoding: 'utf8' },
      );
      expect({ status, stderr: stderr.replace(/^Warning: disabling flag.*\n/, '') }).toEqual({ status: 0, stderr: '' });
      return readOutputs(out);
    });
    expect(Object.keys(outputs[0] ?? {})).toContain('_report.json');
    expect(describeDifferences(outputs[0] ?? {}, outputs[1] ?? {})).toEqual([]);
  });
});
