// HL7's SQL on FHIR suite: all cases, the experimental ones too.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { countCases, runCases } from '../conformance/run-cases.ts';
import { findSharedFolder } from '../support/shared-data.ts';

const folder = findSharedFolder('sql-on-fhir');

describe.skipIf(folder === undefined)('the SQL on FHIR conformance suite', async () => {
  const report = folder === undefined ? {} : await runCases(join(folder, 'tests'));

  it('passes all 148 cases', () => {
    const { count, failed } = countCases(report);
    expect(failed).toEqual([]);
    expect(count).toBe(148);
  });

  it('is reported in the form that the suite defines', () => {
    const schema = JSON.parse(readFileSync(join(folder as string, 'test-report.schema.json'), 'utf8')) as object;
    const validate = new Ajv({ strict: false }).compile(schema);
    expect(validate(JSON.parse(JSON.stringify(report))), JSON.stringify(validate.errors)).toBe(true);
  });

  it('is reported case by case, in the order of the suite', () => {
    for (const [file, { tests }] of Object.entries(report)) {
      const { tests: cases } = JSON.parse(readFileSync(join(folder as string, 'tests', file), 'utf8')) as { tests: { title: string }[] };
      expect(tests.map(({ name }) => name)).toEqual(cases.map(({ title }) => title));
    }
  });
});
