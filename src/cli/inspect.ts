// `fhir-flatten inspect <input...>`: what is in there, on stdout.

import { fhirVersions } from '../builtin.ts';
import { versionLabel } from '../convert/detect-sources.ts';
import { type InspectResult, inspect } from '../inspect.ts';
import { sortedObject } from '../run/run-report.ts';
import { describeUnresolved } from '../run/unresolved-references.ts';
import { guardRun } from './guard-run.ts';
import type { InspectFlags } from './options.ts';
import { DiagnosticPrinter, formatCount } from './print-diagnostics.ts';
import { printFailure } from './print-failure.ts';
import { createProgressBar, formatBytes } from './progress-bar.ts';
import { alignRows } from './tables.ts';
import { createTerminal, showControls } from './terminal.ts';
import { writeStdout } from './write-stdout.ts';

/** Returns the exit code. */
export async function inspectCommand(inputs: readonly string[], flags: InspectFlags): Promise<number> {
  const terminal = await createTerminal(flags.color);
  const printer = new DiagnosticPrinter(terminal, flags.quiet === true);
  const guarded = { stage: 'starting', abort: () => {} };
  const showProgress = terminal.isInteractive && flags.progress && !flags.quiet ? createProgressBar(terminal, undefined) : () => {};
  let result: InspectResult;
  try {
    result = await guardRun(terminal, guarded, () =>
      inspect({
        inputs,
        plugins: flags.plugin ?? [],
        limits: { recordBytes: flags.maxRecordMb * 1024 * 1024, depth: flags.maxDepth, expansion: flags.maxExpansion },
        onDiagnostic: (diagnostic, count) => printer.print(diagnostic, count),
        onProgress: showProgress,
        onStage: (stage) => {
          guarded.stage = stage;
        },
      }),
    );
  } catch (error) {
    terminal.showStatus('');
    return printFailure(error, terminal);
  }
  terminal.showStatus('');
  printer.printRest(result.diagnostics.counts, '');
  const description = describe(result);
  await writeStdout(flags.json ? `${JSON.stringify(description, undefined, 2)}\n` : format(description));
  return result.hasProblems ? 3 : 0;
}

type Description = ReturnType<typeof describe>;

function describe({ counts, detected, diagnostics, resourcesByType, tables, undefinedTypes, unresolved }: InspectResult) {
  return {
    fhirVersion: versionLabel(detected.version),
    /** Keys in the first resources that a version does not have. */
    unknownKeys: Object.fromEntries(fhirVersions.map((version) => [versionLabel(version), detected.scores[version]])),
    mixedVersions: detected.mixture.map(({ versions, sourceNames }) => ({ fhirVersions: versions.map(versionLabel), sources: sourceNames })),
    bytes: counts.sources.reduce((total, source) => total + source.byteCount, 0),
    resources: counts.resourceCount,
    rejects: counts.rejectCount,
    resourcesByType: sortedObject(resourcesByType),
    undefinedTypes,
    resourcesWithoutId: counts.idOrigins.fullUrl + counts.idOrigins.hash,
    duplicates: sortedObject(counts.duplicatesByType),
    references: sortedObject(unresolved.forms),
    unresolvedReferences: describeUnresolved(unresolved),
    /** Rows, and of each column how many of them have a value. */
    tables: Object.fromEntries(
      tables.map(({ filledCounts, rowCount, schema }) => [
        schema.name,
        { role: schema.role, rows: rowCount, filled: Object.fromEntries(schema.columns.map(({ name }, index) => [name, filledCounts[index]])) },
      ]),
    ),
    bundles: sortedObject(counts.bundlesByType),
    diagnostics: sortedObject(diagnostics.counts),
    sources: counts.sources.map((source) => ({
      name: source.name,
      kinds: sortedObject(source.kinds),
      bytes: source.byteCount,
      resources: source.resourceCount,
      rejects: source.rejectCount,
      reports: Object.fromEntries(source.reports),
    })),
  };
}

/** Nothing where one version knows all, as all others do. */
function formatVersions({ mixedVersions, unknownKeys }: Description): string {
  const counts = Object.entries(unknownKeys);
  if (counts.every(([, count]) => count === 0)) return '';
  const mixed = mixedVersions.map(({ fhirVersions: [version], sources }) => `  ${version}: ${sources.map(showControls).join(', ')}\n`);
  return `Keys that a version does not have, in the first resources: ${counts.map(([version, count]) => `${version} ${formatCount(count)}`).join(', ')}\n${
    mixed.length > 0 ? `Several FHIR versions, to be converted apart or with --fhir-version:\n${mixed.join('')}` : ''
  }`;
}

/** How many of the rows of a main table have a value, column by column; child tables are for --json. */
function formatFills({ tables }: Description): string {
  let text = '';
  let childCount = 0;
  for (const [name, { filled, role, rows }] of Object.entries(tables)) {
    if (role === 'detail') childCount++;
    if (role === 'detail') continue;
    const counts = Object.entries(filled);
    const some = counts.filter(([, count = 0]) => count > 0);
    text += `\nFilled columns of ${name}, ${formatCount(rows)} ${rows === 1 ? 'row' : 'rows'}\n`;
    text += alignRows(some.map(([column, count = 0]) => [`  ${column}`, `${Math.floor((count / rows) * 100) || '<1'} %`.padStart(5), formatCount(count)]));
    if (some.length < counts.length) text += `  and ${counts.length - some.length} columns that are empty\n`;
  }
  return childCount === 0 ? text : `${text}\n${childCount} child tables would have rows, too: --json has their columns\n`;
}

/** Longer lists are for --json. */
const maxListedSources = 20;

function format(description: Description): string {
  const { bundles, duplicates, resourcesByType, sources } = description;
  let text = `${formatCount(description.resources)} resources in ${formatCount(sources.length)} sources, ${formatBytes(description.bytes)}, read as FHIR ${description.fhirVersion}\n${formatVersions(description)}\nResources\n`;
  const types = Object.entries(resourcesByType).sort(([, a], [, b]) => b - a);
  const countWidth = Math.max(0, ...types.map(([, count]) => formatCount(count).length));
  text += alignRows(
    types.map(([type, count]) => {
      const twice = duplicates[type];
      const notes = [
        ...(description.undefinedTypes.includes(type) ? [`not defined by FHIR ${description.fhirVersion}`] : []),
        ...(twice === undefined ? [] : [`${formatCount(twice.identical)} repeated, ${formatCount(twice.superseded)} in other versions`]),
      ];
      return [`  ${type}`, formatCount(count).padStart(countWidth), notes.join('; ')];
    }),
  );
  if (Object.keys(bundles).length > 0) {
    text += '\nBundles\n';
    text += alignRows(
      Object.entries(bundles).map(([type, counts]) => [`  ${type}`, formatCount(counts.bundleCount), `${formatCount(counts.entryCount)} entries`]),
    );
  }
  const references = Object.entries(description.references);
  if (references.length > 0) {
    const { ids, withoutId } = description.unresolvedReferences;
    text += '\nReferences\n';
    text += alignRows(references.map(([form, count]) => [`  ${form}`, formatCount(count)]));
    if (ids > 0 || withoutId > 0) text += `  ${formatCount(ids)} ids would lead to no row, and ${formatCount(withoutId)} references would have no id\n`;
  }
  text += formatFills(description);
  text += '\nSources\n';
  text += alignRows(
    [...sources]
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, maxListedSources)
      .map((source) => [
        `  ${showControls(source.name)}`,
        Object.keys(source.kinds).join(', ') || 'not read',
        formatBytes(source.bytes),
        `${formatCount(source.resources)} resources`,
      ]),
  );
  if (sources.length > maxListedSources) text += `  … and ${formatCount(sources.length - maxListedSources)} more\n`;
  if (description.resourcesWithoutId > 0) text += `\n${formatCount(description.resourcesWithoutId)} resources have no id of their own\n`;
  if (description.rejects > 0) text += `\n${formatCount(description.rejects)} bad records\n`;
  return text;
}
