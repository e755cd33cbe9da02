// `npm run conformance -- <folder with the cases> [report]`: writes test_report.json, ends with 1 unless every case passes.

import { writeFileSync } from 'node:fs';
import { countCases, runCases } from './run-cases.ts';

const [folder, reportPath = 'test_report.json'] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('usage: npm run conformance -- <folder with the cases> [report file]\n');
  process.exit(2);
}
const report = await runCases(folder);
writeFileSync(reportPath, `${JSON.stringify(report, undefined, 2)}\n`);
const { count, failed } = countCases(report);
for (const line of failed) process.stderr.write(`failed: ${line}\n`);
process.stdout.write(`${count - failed.length} of ${count} cases pass; ${reportPath}\n`);
process.exitCode = failed.length === 0 && count > 0 ? 0 : 1;
