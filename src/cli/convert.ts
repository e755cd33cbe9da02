// `fhir-flatten <input...>`: options → a conversion → messages, summary, exit code.

import { OutputClosed, parseDecimals } from '../builtin.ts';
import { clockMs } from '../clock.ts';
import { convert } from '../convert/convert.ts';
import type { ConvertOptions, ConvertResult } from '../convert/convert-options.ts';
import type { PostgresTarget } from '../convert/postgres-target.ts';
import { UserError } from '../diagnostics.ts';
import { takeProcess } from '../own-process.ts';
import { guardRun } from './guard-run.ts';
import { type ConvertFlags, defaultTablesOf, typedOf } from './options.ts';
import { DiagnosticPrinter } from './print-diagnostics.ts';
import { printFailure } from './print-failure.ts';
import { printSummary, summarise } from './print-summary.ts';
import { createProgressBar } from './progress-bar.ts';
import { suggestNames } from './suggest-names.ts';
import { createTerminal } from './terminal.ts';
import { writeStdout } from './write-stdout.ts';

/** Returns the exit code. */
export async function convertCommand(inputs: readonly string[], flags: ConvertFlags): Promise<number> {
  takeProcess();
  const terminal = await createTerminal(flags.color);
  const isQuiet = flags.quiet === true;
  const printer = new DiagnosticPrinter(terminal, isQuiet);
  const startMs = clockMs();
  const guarded = { stage: 'starting', abort: () => {} };
  let showProgress: ReturnType<typeof createProgressBar> = () => {};
  let result: ConvertResult;
  try {
    checkPostgresFlags(flags);
    if (flags.json && flags.out === '-') throw new UserError('STDOUT_TAKEN', { exitCode: 2 });
    result = await guardRun(terminal, guarded, () =>
      convert({
        ...convertOptions(inputs, flags),
        suggest: suggestNames,
        onAbortable: (abort) => {
          guarded.abort = abort;
        },
        onStage: (stage) => {
          guarded.stage = stage;
        },
        onStart: ({ byteCount }) => {
          if (terminal.isInteractive && flags.progress && !isQuiet) showProgress = createProgressBar(terminal, byteCount);
        },
        onProgress: (progress) => showProgress(progress),
        onDiagnostic: (diagnostic, count) => printer.print(diagnostic, count),
      }),
    );
  } catch (error) {
    terminal.showStatus('');
    // Whoever reads our stdout has seen enough.
    if (error instanceof OutputClosed) return 0;
    const exitCode = printFailure(error, terminal);
    if (flags.json && flags.out !== '-')
      await writeStdout(`${JSON.stringify({ status: 'failed', exitCode, code: error instanceof UserError ? error.code : 'INTERNAL' })}\n`);
    return exitCode;
  }
  terminal.showStatus('');
  const exitCode = result.hasProblems ? 3 : 0;
  const summary = summarise(result, { isDryRun: flags.dryRun === true, seconds: (clockMs() - startMs) / 1000, exitCode });
  printer.printRest(result.diagnostics.counts, summary.report === undefined ? '' : `, see ${summary.report}`);
  if (!isQuiet) printSummary(summary, result.tables, terminal);
  if (flags.json) await writeStdout(`${JSON.stringify(summary, undefined, 2)}\n`);
  return exitCode;
}

function postgresTarget({ incremental, lockTimeout, pg, pgKey, pgSchema }: ConvertFlags): PostgresTarget {
  return {
    ...(typeof pg === 'string' && { url: pg }),
    ...(pgSchema !== undefined && { schema: pgSchema }),
    ...(lockTimeout !== undefined && { lockTimeoutSeconds: lockTimeout }),
    isIncremental: incremental === true,
    ...(pgKey !== undefined && { keys: Object.fromEntries(pgKey.map(({ columns, table }) => [table, columns])) }),
  };
}

function checkPostgresFlags(flags: ConvertFlags): void {
  if (flags.pg !== undefined) return;
  const options = { '--pg-schema': flags.pgSchema, '--lock-timeout': flags.lockTimeout, '--pg-key': flags.pgKey, '--incremental': flags.incremental };
  for (const [option, value] of Object.entries(options)) {
    if (value !== undefined) throw new UserError('PG_WITHOUT', { parameters: { option, needed: '--pg' }, exitCode: 2 });
  }
}

function convertOptions(inputs: readonly string[], flags: ConvertFlags): ConvertOptions {
  return {
    inputs,
    ...(flags.out !== undefined && { out: flags.out }),
    ...(flags.pg !== undefined && { postgres: postgresTarget(flags) }),
    ...(flags.format !== undefined && { format: flags.format }),
    ...(flags.table !== undefined && { tables: flags.table }),
    defaultTables: defaultTablesOf(flags),
    hasFilledColumnsOnly: flags.columns === 'filled',
    hasAllTables: flags.allTables === true,
    fhirVersion: flags.fhirVersion,
    ...(flags.view !== undefined && { views: flags.view }),
    hasDefaultTables: flags.defaults !== false,
    isStrict: flags.strict === true,
    ...(flags.plugin !== undefined && { plugins: flags.plugin }),
    typed: typedOf(flags, parseDecimals),
    parquet: { ...(flags.compression !== undefined && { compression: flags.compression }) },
    csv: {
      ...(flags.delimiter !== undefined && { delimiter: flags.delimiter }),
      ...(flags.null !== undefined && { nullText: flags.null }),
      hasHeader: flags.header,
      isFormulaSafe: flags.escapeFormulas === true,
      hasByteOrderMark: flags.bom === true,
    },
    limits: { recordBytes: flags.maxRecordMb * 1024 * 1024, depth: flags.maxDepth, expansion: flags.maxExpansion },
    isFailFast: flags.failFast === true,
    isAudited: flags.audit === true,
    isDryRun: flags.dryRun === true,
    ...(flags.engine !== undefined && { engine: flags.engine }),
    ...(flags.threads !== undefined && { threads: flags.threads }),
  };
}
