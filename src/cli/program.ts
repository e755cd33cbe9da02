// argv → the command it asks for, with checked options. The commands themselves are loaded when they run: `--help`
// must not wait for the converter.

import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { toolVersion } from '../version.ts';
import {
  addConvertOptions,
  addInspectOptions,
  addPluginsOptions,
  addTablesOptions,
  addViewCheckOptions,
  type ConvertFlags,
  type InspectFlags,
  type PluginsFlags,
  separatePlugins,
  type TablesFlags,
  type ViewCheckFlags,
} from './options.ts';
import { separateViews } from './separate-views.ts';

const convertHelp = `
Turn FHIR JSON into tables: one joinable file per resource type.

  fhir-flatten ./export                        a folder in, tables into ./fhir-tables
  fhir-flatten bundle.json.gz -o tables        a file in (also .zip, .ndjson, .json)
  cat all.ndjson | fhir-flatten - -t patient -o patient.csv
                                               one table into one file; -o - for stdout
  fhir-flatten ./export -t patient,observation --dry-run
                                               what would come out
  fhir-flatten tables observation              the columns of a table, with their FHIR paths
  fhir-flatten inspect ./export                what is in there; writes nothing

Input is recognised by content: Bundles of any type, single resources, JSON arrays, NDJSON;
each also gzipped or in a zip. Folders are read with all their subfolders; - is stdin.
`;

const exitCodeHelp = `
Exit codes:
  0 all converted    1 failed, nothing published    2 wrong usage
  3 published, but some records were rejected or skipped (see rejects.ndjson, _report.json)
  130, 143, 129 stopped by a signal, nothing published
`;

/** The exit code of the command that ran. */
export type SetExitCode = (exitCode: number) => void;

export function createProgram(setExitCode: SetExitCode): Command {
  const program = new Command('fhir-flatten');
  program
    .exitOverride()
    .enablePositionalOptions()
    .showSuggestionAfterError(true)
    .configureHelp({ helpWidth: 100, showGlobalOptions: false })
    .usage('[options] <input...>')
    .addHelpText('beforeAll', ({ command }) => (command === program ? convertHelp : ''))
    .addHelpText('after', exitCodeHelp)
    .version(toolVersion, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .argument('[input...]', 'files, folders, or - for stdin');
  addConvertOptions(program);
  program.action(async (given: string[], givenFlags: ConvertFlags) => {
    const { flags, operands } = takeInputFromPg(given, givenFlags);
    const { inputs: others, plugins } = separatePlugins(operands, flags.plugin);
    const { inputs, views } = separateViews(others, flags.view);
    if (inputs.length === 0) {
      program.outputHelp({ error: true });
      setExitCode(2);
      return;
    }
    const { convertCommand } = await loadCommand(() => import('./convert.ts'));
    setExitCode(await convertCommand(inputs, { ...flags, plugin: plugins, ...(views && { view: views }) }));
  });

  const tables = program
    .command('tables')
    .description('print the tables: names, columns, types, FHIR paths')
    .argument('[name...]', 'tables to describe; without names, all are listed')
    .action(async (names: string[], flags: TablesFlags) => {
      const { tablesCommand } = await loadCommand(() => import('./tables.ts'));
      setExitCode(await tablesCommand(names, flags));
    });
  addTablesOptions(tables);

  const inspect = program
    .command('inspect')
    .description('say what is in files: types, sizes, bad records; writes nothing')
    .argument('<input...>', 'files, folders, or - for stdin')
    .action(async (operands: string[], flags: InspectFlags) => {
      const { inputs, plugins } = separatePlugins(operands, flags.plugin);
      const { inspectCommand } = await loadCommand(() => import('./inspect.ts'));
      setExitCode(await inspectCommand(inputs, { ...flags, plugin: plugins }));
    });
  addInspectOptions(inspect);

  const view = program.command('view').description('what has to do with SQL on FHIR ViewDefinitions').helpCommand(false);
  const check = view
    .command('check')
    .description('check ViewDefinitions: problems with their places, columns with their types')
    .argument('<file...>', 'files and folders of ViewDefinitions')
    .action(async (paths: string[], flags: ViewCheckFlags) => {
      const { viewCheckCommand } = await loadCommand(() => import('./view-check.ts'));
      setExitCode(await viewCheckCommand(paths, flags));
    });
  addViewCheckOptions(check);

  const plugins = program
    .command('plugins')
    .description('say what is there to read, flatten and write with, and from which plugin')
    .argument('[module...]', 'plugins, as with --plugin')
    .action(async (modules: string[], flags: PluginsFlags) => {
      const { pluginsCommand } = await loadCommand(() => import('./plugins.ts'));
      setExitCode(await pluginsCommand([...(flags.plugin ?? []), ...modules], flags));
    });
  addPluginsOptions(plugins);
  return program;
}

/** The value of `--pg` is optional, so that `--pg ./inbox` takes the folder for it. */
function takeInputFromPg(operands: readonly string[], flags: ConvertFlags): { operands: readonly string[]; flags: ConvertFlags } {
  const { pg } = flags;
  if (typeof pg !== 'string' || /^postgres(?:ql)?:/.test(pg) || !(pg === '-' || existsSync(pg))) return { operands, flags };
  return { operands: [pg, ...operands], flags: { ...flags, pg: true } };
}

/** What a command needs comes with code that V8 takes under these settings only. Help does without: to load what sets them takes 2 ms. */
async function loadCommand<T>(load: () => Promise<T>): Promise<T> {
  await import('./v8-settings.ts');
  return await load();
}
