// `fhir-flatten view check <file...>`: what is wrong with ViewDefinitions, and what tables they give, on stdout.

import { type CheckedViewFile, type FhirVersion, fhirVersions, loadModel, loadViews, type ViewProblem } from '../builtin.ts';
import { nameColumnType } from '../column-type.ts';
import { versionLabel } from '../convert/detect-sources.ts';
import { functionsOf } from '../convert/load-registry.ts';
import type { ViewCheckFlags } from './options.ts';
import { formatDiagnostic } from './print-diagnostics.ts';
import { printFailure } from './print-failure.ts';
import { alignRows } from './tables.ts';
import { createTerminal, showControls } from './terminal.ts';
import { writeStdout } from './write-stdout.ts';

interface Checked {
  readonly version: FhirVersion;
  readonly views: readonly CheckedViewFile[];
}

/** Returns the exit code: 2 when a view cannot be used, as a conversion would. */
export async function viewCheckCommand(paths: readonly string[], flags: ViewCheckFlags): Promise<number> {
  const terminal = await createTerminal(flags.color);
  let checked: Checked;
  try {
    checked = await check(paths, flags);
  } catch (error) {
    return printFailure(error, terminal);
  }
  const { version, views } = checked;
  if (flags.json) {
    await writeStdout(`${JSON.stringify({ fhirVersion: versionLabel(version), views: views.map(describe) }, undefined, 2)}\n`);
  } else {
    await writeStdout(views.map((view) => `${showControls(formatHead(view, version))}\n${formatColumns(view)}`).join('\n'));
    for (const { diagnostic } of views.flatMap(({ problems }) => problems)) terminal.print(formatDiagnostic(diagnostic, terminal));
  }
  return views.every(({ description }) => description !== undefined) ? 0 : 2;
}

/** `auto`: the version with the fewest problems, the oldest of these. */
async function check(paths: readonly string[], { fhirVersion, plugin = [], strict }: ViewCheckFlags): Promise<Checked> {
  const { describeViews, readViewFiles } = await loadViews();
  const written = readViewFiles(paths);
  const loaded = plugin.length === 0 ? [] : await (await import('../plugin/load-plugins.ts')).loadPlugins(plugin);
  const functions = functionsOf(loaded.map((one) => one.plugin));
  let best: Checked | undefined;
  for (const version of fhirVersion === 'auto' ? fhirVersions : [fhirVersion]) {
    const views = await describeViews(written, { model: await loadModel(version), functions, isStrict: strict === true });
    if (best === undefined || countProblems(views) < countProblems(best.views)) best = { version, views };
    if (countProblems(views) === 0) break;
  }
  if (best === undefined) throw new Error('no FHIR version');
  return best;
}

/** An error counts for more than any number of warnings. */
function countProblems(views: readonly CheckedViewFile[]): number {
  return views.flatMap(({ problems }) => problems).reduce((sum, { severity }) => sum + (severity === 'error' ? 1000 : 1), 0);
}

function formatHead({ description, problems, written }: CheckedViewFile, version: FhirVersion): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  if (description === undefined) return `${written.label.slice(0, 80)} (${written.origin}): ${errors} error${errors === 1 ? '' : 's'}`;
  const { schema, slow } = description;
  const slowPart = slow.length === 0 ? '' : `, ${slow.length} slow expression${slow.length === 1 ? '' : 's'}`;
  return `${schema.name} (${written.origin}): ${schema.resourceType} of FHIR ${versionLabel(version)}, ${schema.columns.length} column${schema.columns.length === 1 ? '' : 's'}${slowPart}`;
}

function formatColumns({ description }: CheckedViewFile): string {
  if (description === undefined) return '';
  const { schema, slow, slowColumns } = description;
  const rows = schema.columns.map(({ fhirPath, name, type }) => {
    return [`  ${name}`, nameColumnType(type), cut(fhirPath ?? ''), slowColumns.has(name) ? 'slow' : ''];
  });
  const reasons = slow.map(({ path, reason }) => `  slow: ${path}: ${reason}, by the fhirpath package\n`);
  return alignRows(rows) + reasons.join('');
}

/** On one line, and not too long for it. */
function cut(path: string): string {
  const line = showControls(path.replaceAll(/\s+/g, ' '));
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}

function describe({ description, problems, written }: CheckedViewFile): Record<string, unknown> {
  return {
    file: written.origin,
    name: description?.schema.name ?? written.label,
    isUsable: description !== undefined,
    resource: description?.schema.resourceType,
    columns: description?.schema.columns.map(({ fhirPath, name, type }) => ({
      name,
      type: nameColumnType(type),
      path: fhirPath,
      isSlow: description.slowColumns.has(name),
    })),
    slowExpressions: description?.slow.map(({ path, reason, text }) => ({ path, expression: text, reason })),
    problems: problems.map(describeProblem),
  };
}

function describeProblem({ code, column, diagnostic, line, path, severity }: ViewProblem): Record<string, unknown> {
  return { severity, code, path, line, column, message: diagnostic.message };
}
