// README.md says what the tool does. Conventions:
//   ```sh    is run in a fresh folder with a copy of samples/, and must end with exit code 0
//   ```text  after it is what it prints, standard output and error together; times may differ
//   <!-- rows of patient --> is followed by a table with cells of that table's file, made from samples/
//   ```ts and ```js blocks that begin with the name of a file are there as such files, for the ```sh blocks
// Other blocks (```bash, ```sql) need what a test does not have: a network, a database, paths.

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { queryDuckDb } from './support/read-typed.ts';
import { makeFolder, type Outcome, runCommand, runShell } from './support/run-command.ts';

const readme = readFileSync('README.md', 'utf8');
let tablesFolder: string;

beforeAll(async () => {
  tablesFolder = mkdtempSync(join(tmpdir(), 'readme-test-'));
  await runTool('samples', '--out', tablesFolder, '--quiet');
});

afterAll(() => {
  rmSync(tablesFolder, { recursive: true, force: true });
});

async function runTool(...args: string[]): Promise<string> {
  const { exitCode, stderr, stdout } = await runCommand(args, { cwd: '.' });
  expect(exitCode, stderr).toBe(0);
  return stdout;
}

/** Standard error goes where standard output goes, as on a terminal. */
function runBlock(script: string): Promise<Outcome> {
  const folder = makeFolder();
  cpSync('samples', join(folder, 'samples'), { recursive: true });
  for (const [name, text] of namedFiles()) writeFileSync(join(folder, name), text);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(process.cwd(), join(folder, 'node_modules/fhir-flatten'));
  return runShell(`set -e; exec 2>&1\n${script.replaceAll('npx fhir-flatten', 'fhir-flatten')}`, { cwd: folder });
}

interface Block {
  readonly language: string;
  readonly text: string;
}

function codeBlocks(): Block[] {
  return [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map((match) => ({ language: match[1] as string, text: match[2] as string }));
}

/** File → text, of the blocks that begin with a file's name. */
function namedFiles(): ReadonlyMap<string, string> {
  const files = codeBlocks().flatMap(({ language, text }) => {
    const name = language === 'ts' || language === 'js' ? /^\/\/ ([\w-]+\.m?[jt]s)\n/.exec(text)?.[1] : undefined;
    return name === undefined ? [] : [[name, text] as const];
  });
  return new Map(files);
}

function withoutTimes(text: string): string {
  return text.replace(/ in \d+(?:\.\d+)? s$/gm, ' in some time');
}

describe('code blocks', () => {
  const blocks = codeBlocks();
  for (const [index, block] of blocks.entries()) {
    if (block.language !== 'sh') continue;
    test(block.text.trim().split('\n')[0] as string, async () => {
      const { exitCode, stdout } = await runBlock(block.text);
      expect(exitCode, stdout).toBe(0);
      const next = blocks[index + 1];
      if (next?.language === 'text') expect(withoutTimes(stdout)).toBe(withoutTimes(next.text));
    });
  }

  test('the example plugin is the one in samples/plugins', () => {
    expect(namedFiles().get('lab-results.ts')).toBe(readFileSync('samples/plugins/lab-results.ts', 'utf8'));
  });

  test('the SQL for DuckDB gives rows', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'readme-sql-'));
    for (const format of ['csv', 'parquet']) await runTool('samples', '--out', join(folder, format), '--format', format, '--quiet');
    const onFiles = blocks.filter(({ language, text }) => language === 'sql' && text.includes("'fhir-tables/"));
    expect(onFiles.length).toBe(2);
    for (const { text } of onFiles) {
      const format = text.includes('.parquet') ? 'parquet' : 'csv';
      for (const statement of text.replaceAll('fhir-tables', join(folder, format)).split(/;\n/)) {
        if (statement.trim() !== '') expect((await queryDuckDb(statement)).length, statement).toBeGreaterThan(0);
      }
    }
    rmSync(folder, { recursive: true });
  });

  test('text stands after the commands that print it', () => {
    for (const [index, block] of blocks.entries()) if (block.language === 'text') expect(blocks[index - 1]?.language).toBe('sh');
  });

  test('scripts named exist', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    const named = [...readme.matchAll(/npm run ([\w:]+)/g), ...readme.matchAll(/`npm (start|test)/g)].map((match) => match[1] as string);
    for (const name of named) expect(Object.keys(scripts)).toContain(name);
  });
});

const readmeLines = readme.split('\n');

/** The rows of the Markdown table that comes after this line, or that has these words as its head; the head is first. */
function markdownTable(start: string | readonly string[]): string[][] {
  const isStart = (line: string) => (typeof start === 'string' ? line === start : cellsOf(line).join('|') === start.join('|'));
  const found = readmeLines.findIndex(isStart);
  expect(found, String(start)).not.toBe(-1);
  const head = readmeLines.findIndex((line, index) => index >= found && line.startsWith('|'));
  const end = readmeLines.findIndex((line, index) => index > head && !line.startsWith('|'));
  const [first = [], , ...rows] = readmeLines.slice(head, end).map(cellsOf);
  return [first, ...rows];
}

function cellsOf(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function readTable(name: string): Record<string, string>[] {
  return parse(readFileSync(join(tablesFolder, `${name}.csv`), 'utf8'), { columns: true }) as Record<string, string>[];
}

function columnNames(table: string): string[] {
  const { tables } = JSON.parse(readFileSync(join(tablesFolder, '_schema.json'), 'utf8')) as { tables: Record<string, { columns: { name: string }[] }> };
  return tables[table]?.columns.map(({ name }) => name) ?? [];
}

function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);
}

describe('tables', () => {
  for (const [comment, name] of [...readme.matchAll(/<!-- rows of (\w+) -->/g)].map((match) => [match[0], match[1] as string] as const)) {
    test(`rows of ${name}`, () => {
      const [head = [], ...rows] = markdownTable(comment);
      const shown = rows.map((cells) => Object.fromEntries(head.map((column, index) => [column, cells[index]])));
      const written = readTable(name);
      const expected = shown.map(({ id }) => {
        const row = written.find((candidate) => candidate['id'] === id);
        return Object.fromEntries(head.map((column) => [column, row?.[column]]));
      });
      expect(shown).toEqual(expected);
    });
  }

  test('the columns listed exist', () => {
    const [, list = ''] = /Among the columns are:\n\n([\s\S]*?)\n\n/.exec(readme) ?? [];
    const items = list.split(/^- /m).slice(1);
    expect(items.length).toBeGreaterThan(5);
    for (const item of items) {
      const [table = '', ...columns] = namesIn(item);
      const known = columnNames(table);
      expect(
        columns.filter((column) => !known.includes(column)),
        table,
      ).toEqual([]);
    }
  });

  test('the columns at the end of every table', () => {
    const [sentence = ''] = /ends with\s+`meta_last_updated`.*$/m.exec(readme) ?? [];
    expect(columnNames('patient').slice(-5)).toEqual(namesIn(sentence));
    const [, shown, all] = /`patient\.csv`, (\d+) of (\d+) columns/.exec(readme) ?? [];
    expect([Number(shown), Number(all)]).toEqual([markdownTable('<!-- rows of patient -->')[0]?.length, columnNames('patient').length]);
  });
});

function longOptions(text: string): string[] {
  return [...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([name]) => name);
}

/** Options as a help text lists them, with the default that it states. */
function listedOptions(help: string): Map<string, string | undefined> {
  const entries = help.split(/\n(?= {2}\S)/).filter((entry) => /^\s+-/.test(entry));
  return new Map(entries.map((entry) => [longOptions(entry)[0] as string, /default:\s+"?([^")]+)"?\)/.exec(entry)?.[1]]));
}

describe('options', () => {
  const rows = markdownTable(['option', 'meaning', 'default']).slice(1);

  test('the table has the options of --help, with their defaults', async () => {
    const listed = listedOptions(await runTool('--help'));
    expect(rows.flatMap(([flags = '']) => longOptions(flags)).sort()).toEqual([...listed.keys()].sort());
    for (const [flags = '', , stated = ''] of rows) {
      const ownDefault = listed.get(longOptions(flags)[0] as string);
      if (ownDefault !== undefined) expect(stated.replaceAll('`', ''), flags).toBe(ownDefault);
    }
  });

  test('the options of the other commands are those, or named below the table', async () => {
    const named = /^`fhir-flatten tables \[name[\s\S]*?\n\n/m.exec(readme)?.[0] ?? '';
    const known = [...listedOptions(await runTool('--help')).keys(), ...longOptions(named)];
    for (const command of ['tables', 'inspect']) {
      for (const option of listedOptions(await runTool(command, '--help')).keys()) expect(known).toContain(option);
    }
  });

  test('no option is used that does not exist', () => {
    const known = new Set([...rows.flatMap(([flags = '']) => longOptions(flags)), '--ddl']);
    const commands = codeBlocks().flatMap(({ language, text }) => (language === 'sh' || language === 'bash' ? text.split('\n') : []));
    const used = commands.filter((line) => line.includes('fhir-flatten ')).flatMap((line) => longOptions(line.slice(line.indexOf('fhir-flatten '))));
    expect(used.length).toBeGreaterThan(5);
    expect(used.filter((option) => !known.has(option))).toEqual([]);
  });

  test('the exit codes are those of --help', async () => {
    const help = await runTool('--help');
    const codes = markdownTable(['exit code', 'meaning'])
      .slice(1)
      .flatMap(([cell = '']) => cell.split(', '));
    const listed = [...(help.split('Exit codes:')[1] ?? '').matchAll(/(?:^|\s)(\d{1,3})(?=[\s,])/g)].map((match) => match[1] as string);
    expect([...codes].sort()).toEqual([...listed].sort());
  });
});

test('files named exist', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, Record<string, string>>;
  for (const [cell = ''] of markdownTable(['in `src/`', '']).slice(1)) for (const name of namesIn(cell)) expect(existsSync(join('src', name)), name).toBe(true);
  const listed = markdownTable(['package', 'what it does here', 'why this one'])
    .slice(1)
    .flatMap(([cell = '']) => namesIn(cell));
  expect([...listed].sort()).toEqual(Object.keys({ ...dependencies, ...devDependencies }).sort());
});
