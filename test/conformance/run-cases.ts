// The cases of HL7's SQL on FHIR suite → a report in the suite's own form: every case, in order, none skipped.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { FhirVersion } from '../../src/fhir/element-model.ts';
import type { JsonObject } from '../../src/json.ts';
import { parseLossless } from '../../src/read/parse-lossless.ts';
import { type Row, runView } from '../support/run-view.ts';

export interface CaseResult {
  readonly name: string;
  readonly result: { readonly passed: boolean; readonly error?: string };
}

/** File of cases → their results; test-report.schema.json describes it. */
export type ConformanceReport = Record<string, { readonly tests: readonly CaseResult[] }>;

interface Case {
  readonly title: string;
  readonly view: unknown;
  readonly expect?: readonly Row[];
  readonly expectColumns?: readonly string[];
  readonly expectCount?: number;
  readonly expectError?: boolean;
}

interface CaseFile {
  readonly fhirVersion?: readonly string[];
  readonly resources: readonly JsonObject[];
  readonly tests: readonly Case[];
}

export async function runCases(folder: string): Promise<ConformanceReport> {
  const report: ConformanceReport = {};
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.json')) continue;
    const text = readFileSync(join(folder, name), 'utf8');
    const { fhirVersion, tests } = JSON.parse(text) as CaseFile;
    // Boundaries depend on how a number is written.
    const { resources } = parseLossless(text) as unknown as CaseFile;
    const results: CaseResult[] = [];
    for (const test of tests) results.push({ name: test.title, result: await runCase(test, resources, chooseVersion(fhirVersion)) });
    report[name] = { tests: results };
  }
  return report;
}

async function runCase(test: Case, resources: readonly JsonObject[], version: FhirVersion): Promise<CaseResult['result']> {
  let rows: readonly Row[];
  try {
    rows = await runView(test.view, resources, { version });
  } catch (error) {
    return test.expectError === true ? { passed: true } : { passed: false, error: error instanceof Error ? error.message : String(error) };
  }
  if (test.expectError === true) return { passed: false, error: 'an error was expected' };
  if (test.expectCount !== undefined && rows.length !== test.expectCount)
    return { passed: false, error: `${test.expectCount} rows expected, ${rows.length} found` };
  if (test.expectColumns !== undefined) {
    const columns = Object.keys(rows[0] ?? {});
    if (!isDeepStrictEqual(columns, test.expectColumns))
      return { passed: false, error: `columns ${test.expectColumns.join()} expected, ${columns.join()} found` };
  }
  if (test.expect !== undefined && !isDeepStrictEqual(asMultiset(test.expect), asMultiset(rows))) {
    return { passed: false, error: `${JSON.stringify(test.expect)} expected, ${JSON.stringify(rows)} found` };
  }
  return { passed: true };
}

/** Rows in any order, each with its columns in any order: both are compared exactly. */
function asMultiset(rows: readonly Row[]): readonly string[] {
  return rows.map((row) => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();
}

function chooseVersion(versions: readonly string[] = []): FhirVersion {
  if (versions.length === 0 || versions.some((version) => version.startsWith('4.0'))) return 'r4';
  return versions.some((version) => version.startsWith('4.3')) ? 'r4b' : 'r5';
}

/** How many cases there are, and which failed. */
export function countCases(report: ConformanceReport): { readonly count: number; readonly failed: readonly string[] } {
  const cases = Object.entries(report).flatMap(([file, { tests }]) => tests.map((test) => ({ file, ...test })));
  const failed = cases.filter(({ result }) => !result.passed);
  return { count: cases.length, failed: failed.map(({ file, name, result }) => `${file}: ${name}: ${result.error}`) };
}
