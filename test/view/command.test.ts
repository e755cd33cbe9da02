// --view and `view check`, by the built command: files and folders of views, all ways of output, and what goes wrong.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { makeFolder, readFolder, runCommand } from '../support/run-command.ts';

const patients = [
  { resourceType: 'Patient', id: 'a', gender: 'female', name: [{ family: 'One', given: ['Ada', 'Maria'] }] },
  {
    resourceType: 'Patient',
    id: 'b',
    _gender: { extension: [{ url: 'http://example.org/why', valueString: 'asked' }] },
    name: [{ family: 'Two' }, { family: 'Three' }],
  },
];
const names = {
  resourceType: 'ViewDefinition',
  name: 'names',
  resource: 'Patient',
  select: [{ column: [{ name: 'id', path: 'getResourceKey()' }] }, { forEach: 'name', column: [{ name: 'family', path: 'family' }] }],
};
const genders = {
  resourceType: 'ViewDefinition',
  name: 'genders',
  resource: 'Patient',
  select: [
    {
      column: [
        { name: 'gender', path: 'gender' },
        { name: 'known', path: 'gender.exists()' },
      ],
    },
  ],
};

function makeInput(files: Readonly<Record<string, string | object>>): string {
  return makeFolder({
    'patients.ndjson': patients.map((patient) => `${JSON.stringify(patient)}\n`).join(''),
    ...Object.fromEntries(Object.entries(files).map(([name, content]) => [name, typeof content === 'string' ? content : JSON.stringify(content)])),
  });
}

function readText(folder: string, path: string): string {
  return readFileSync(join(folder, path), 'utf8');
}

/** Names of files; none when there is no such folder. */
function listFiles(folder: string, path: string): readonly string[] {
  return existsSync(join(folder, path)) ? Object.keys(readFolder(join(folder, path))) : [];
}

describe('a view', () => {
  it('adds a table to the default ones', async () => {
    const cwd = makeInput({ 'names.json': names });
    const { exitCode, stderr } = await runCommand(['patients.ndjson', '--view', 'names.json', '-o', 'out'], { cwd });
    expect(exitCode, stderr).toBe(0);
    expect(readText(cwd, 'out/names.csv')).toBe('id,family\na,One\nb,Two\nb,Three\n');
    expect(parse(readText(cwd, 'out/patient.csv'))).toHaveLength(3);
  });

  it('is alone with --no-defaults, and leaves the other tables of the folder as they are', async () => {
    const cwd = makeInput({ 'names.json': names });
    await runCommand(['patients.ndjson', '-o', 'out'], { cwd });
    const before = readText(cwd, 'out/patient.csv');
    const { exitCode } = await runCommand(['patients.ndjson', '--view', 'names.json', '--no-defaults', '-o', 'out'], { cwd });
    expect(exitCode).toBe(0);
    expect(readText(cwd, 'out/patient.csv')).toBe(before);
    const { stdout } = await runCommand(['patients.ndjson', '--view', 'names.json', '--no-defaults', '-o', 'alone', '--json'], { cwd });
    expect(Object.keys((JSON.parse(stdout) as { tables: object }).tables)).toEqual(['names']);
  });

  it('goes to stdout or into a file when it is the only one', async () => {
    const cwd = makeInput({ 'names.json': names });
    const { stdout } = await runCommand(['patients.ndjson', '--view', 'names.json', '-o', '-', '-q'], { cwd });
    expect(stdout).toBe('id,family\na,One\nb,Two\nb,Three\n');
    await runCommand(['patients.ndjson', '--view', 'names.json', '-o', 'n.csv', '-q'], { cwd });
    expect(readText(cwd, 'n.csv')).toBe(stdout);
  });

  it('may be chosen with -t among several', async () => {
    const cwd = makeInput({ 'views.json': [names, genders] });
    const { stdout } = await runCommand(['patients.ndjson', '--view', 'views.json', '-t', 'genders', '-o', '-', '-q'], { cwd });
    expect(stdout).toBe('gender,known\nfemale,true\n,true\n');
  });

  it('comes from lists, Bundles, lines, folders, and by its canonical URL', async () => {
    const canonical = { ...genders, resourceType: 'https://sql-on-fhir.org/ig/StructureDefinition/ViewDefinition', identifier: { value: '1' } };
    const bundle = { resourceType: 'Bundle', type: 'collection', entry: [{ resource: { ...names, name: 'c' } }, { resource: patients[0] }] };
    const cwd = makeInput({
      'views/list.json': [
        { ...names, name: 'a' },
        { ...names, name: 'b', identifier: [{ value: '2' }] },
      ],
      'views/deep/bundle.json': bundle,
      'views/lines.ndjson': `${JSON.stringify({ ...names, name: 'd' })}\n\n${JSON.stringify({ ...names, name: 'e' })}\n`,
      'views/canonical.json': canonical,
      'views/.hidden.json': 'not read',
    });
    const { exitCode, stderr, stdout } = await runCommand(['patients.ndjson', '--view', 'views', '--no-defaults', '-o', 'out', '--json'], { cwd });
    expect(exitCode, stderr).toBe(0);
    expect((JSON.parse(stdout) as { tables: object }).tables).toEqual({ a: 3, b: 3, c: 3, d: 3, e: 3, genders: 2 });
  });

  it('may follow another one, as shells expand it', async () => {
    const cwd = makeInput({ 'v/names.json': names, 'v/genders.json': genders });
    const { exitCode, stderr, stdout } = await runCommand(
      ['--view', 'v/names.json', 'v/genders.json', 'patients.ndjson', '--no-defaults', '-o', 'out', '--json'],
      { cwd },
    );
    expect(exitCode, stderr).toBe(0);
    expect((JSON.parse(stdout) as { tables: object }).tables).toEqual({ genders: 2, names: 3 });
  });

  it('must be there, or a plugin, where there are no default tables', async () => {
    const cwd = makeInput({});
    const { exitCode, stderr } = await runCommand(['patients.ndjson', '--no-defaults', '-o', 'out'], { cwd });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('error: --no-defaults leaves no tables\n  say with --view or --plugin');
  });

  it('without a name takes that of its file', async () => {
    const { name: _, ...nameless } = names;
    const cwd = makeInput({ 'family-names.json': nameless });
    const { stdout } = await runCommand(['patients.ndjson', '--view', 'family-names.json', '-o', 'out', '--json', '--no-defaults'], { cwd });
    expect((JSON.parse(stdout) as { tables: object }).tables).toEqual({ family_names: 3 });
  });

  it('has a table also when it has no rows', async () => {
    const cwd = makeInput({
      'v.json': { ...names, where: [{ path: "gender = 'other'" }] },
      'o.json': { ...names, name: 'nobody', resource: 'Observation', select: [{ column: [{ name: 'id', path: 'id' }] }] },
    });
    const { exitCode } = await runCommand(['patients.ndjson', '--view', 'v.json', '--view', 'o.json', '--no-defaults', '-o', 'out'], { cwd });
    expect(exitCode).toBe(0);
    expect(readText(cwd, 'out/names.csv')).toBe('id,family\n');
    expect(readText(cwd, 'out/nobody.csv')).toBe('id\n');
  });

  it('gives the same table with several threads', async () => {
    const lines = (start: number) => Array.from({ length: 500 }, (_, index) => `${JSON.stringify({ ...patients[1], id: `p${start + index}` })}\n`).join('');
    const cwd = makeInput({ 'names.json': names, 'in/a.ndjson': lines(0), 'in/b.ndjson': lines(500) });
    for (const threads of ['1', '2']) {
      const { exitCode, stderr } = await runCommand(['in', '--view', 'names.json', '--no-defaults', '-o', `out${threads}`, '--threads', threads], { cwd });
      expect(exitCode, stderr).toBe(0);
    }
    expect(readText(cwd, 'out2/names.csv')).toBe(readText(cwd, 'out1/names.csv'));
    expect(readText(cwd, 'out1/names.csv').split('\n')).toHaveLength(2002);
  });

  it('among the input is no data, and said to be so', async () => {
    const cwd = makeInput({ 'in/names.json': names, 'in/p.json': patients[0] as object });
    const { exitCode, stderr } = await runCommand(['in', '-o', 'out'], { cwd });
    expect(exitCode).toBe(0);
    expect(stderr).toContain('note: in/names.json (byte 0): not converted: a ViewDefinition');
    expect(listFiles(cwd, 'out')).not.toContain('view_definition.csv');
  });
});

describe('a resource that a view cannot take', () => {
  it('has no rows there, is named with view, column and path, and ends the run with 3', async () => {
    const view = {
      ...names,
      select: [
        {
          column: [
            { name: 'id', path: 'id' },
            { name: 'family', path: 'name.family' },
          ],
        },
      ],
    };
    const cwd = makeInput({ 'v.json': view });
    const { exitCode, stderr } = await runCommand(['patients.ndjson', '--view', 'v.json', '-o', 'out'], { cwd });
    expect(exitCode).toBe(3);
    expect(stderr).toContain('error: patients.ndjson:2 (byte 104): view names: column family got 2 values, and it takes one; path name.family');
    expect(stderr).toContain('set "collection": true for a list, or choose one as with name.family.first()');
    expect(readText(cwd, 'out/names.csv')).toBe('id,family\na,One\n');
    expect(parse(readText(cwd, 'out/patient.csv'))).toHaveLength(3);
    expect(readText(cwd, 'out/rejects.ndjson')).toContain('VIEW_SEVERAL_VALUES');
  });

  it('stops the run with --fail-fast', async () => {
    const view = { ...names, where: [{ path: 'name.first().select(family)' }] };
    const cwd = makeInput({ 'v.json': { ...names, select: [{ column: [{ name: 'f', path: 'name.family' }] }] }, 'w.json': view });
    const { exitCode } = await runCommand(['patients.ndjson', '--view', 'v.json', '--fail-fast', '-o', 'out'], { cwd });
    expect(exitCode).toBe(1);
    expect(listFiles(cwd, 'out')).toEqual([]);
  });

  it('leaves no half of its rows', async () => {
    const view = { ...names, select: [{ forEach: 'name', column: [{ name: 'given', path: 'given' }] }] };
    const patient = { resourceType: 'Patient', id: 'c', name: [{ given: ['X'] }, { given: ['Y', 'Z'] }] };
    const cwd = makeInput({ 'v.json': view, 'c.json': patient });
    const { exitCode } = await runCommand(['c.json', '--view', 'v.json', '-o', 'out'], { cwd });
    expect(exitCode).toBe(3);
    expect(readText(cwd, 'out/names.csv')).toBe('given\n');
  });

  it('is one whose where is neither true nor false', async () => {
    const patient = { resourceType: 'Patient', id: 'c', active: 'yes' };
    const cwd = makeInput({ 'v.json': { ...names, where: [{ path: 'active' }] }, 'c.json': patient });
    const { exitCode, stderr } = await runCommand(['c.json', '--view', 'v.json', '-o', 'out'], { cwd });
    expect(exitCode).toBe(3);
    expect(stderr).toContain('c.json (byte 0): view names: where gave something that is neither true nor false; path active');
  });
});

describe('a view that cannot be used', () => {
  it('stops the run before anything is written, with all that is wrong in all views', async () => {
    const bad = {
      ...names,
      name: 'bad',
      select: [
        {
          column: [
            { name: 'x', path: 'name.where(use = %x)' },
            { name: 'y', path: 'foo()' },
          ],
        },
      ],
    };
    const cwd = makeInput({ 'bad.json': bad, 'names.json': { ...names, resource: undefined } });
    const { exitCode, stderr, stdout } = await runCommand(['patients.ndjson', '--view', 'bad.json', '--view', 'names.json', '-o', 'out'], { cwd });
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('error: bad.json: view bad, select[0].column[0].path, line 1, column 18: no constant %x\n');
    expect(stderr).toContain('error: bad.json: view bad, select[0].column[1].path, line 1, column 1: no function foo()\n');
    expect(stderr).toContain('error: names.json: view names, resource: the type of resource that the view is about is missing\n');
    expect(stderr).toContain('error: 3 problems in 2 views\n');
    expect(listFiles(cwd, 'out')).toEqual([]);
  });

  it('is one that has the name of a default table, unless there are none', async () => {
    const cwd = makeInput({ 'v.json': { ...names, name: 'Patient_Name' } });
    const { exitCode, stderr } = await runCommand(['patients.ndjson', '--view', 'v.json', '-o', 'out'], { cwd });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('error: v.json: view Patient_Name, name: Patient_Name is the name of a table that there is already');
    expect((await runCommand(['patients.ndjson', '--view', 'v.json', '--no-defaults', '-o', 'out'], { cwd })).exitCode).toBe(0);
  });

  it('is one whose name another one has', async () => {
    const cwd = makeInput({ 'a.json': names, 'b.json': { ...names, name: 'NAMES' } });
    const { exitCode, stderr } = await runCommand(['patients.ndjson', '--view', 'a.json', '--view', 'b.json', '-o', 'out'], { cwd });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('error: b.json: view NAMES, name: NAMES is the name of another view already');
  });

  it('is one with a warning, when warnings are errors', async () => {
    const view = { ...names, select: [{ column: [{ name: 'x', path: 'nam.family' }] }] };
    const cwd = makeInput({ 'v.json': view });
    const lenient = await runCommand(['patients.ndjson', '--view', 'v.json', '-o', 'out'], { cwd });
    expect(lenient.exitCode).toBe(0);
    expect(lenient.stderr).toContain('warning: v.json: view names, select[0].column[0].path, line 1, column 1: Patient has no element nam\n');
    expect((await runCommand(['patients.ndjson', '--view', 'v.json', '--strict', '-o', 'out'], { cwd })).exitCode).toBe(2);
  });

  it('may be no view at all', async () => {
    const cwd = makeInput({ 'p.json': patients[0] as object, 'broken.json': '{"resourceType": "ViewDefinition",\n "name" }', 'empty/x.txt': 'x' });
    for (const [path, message] of [
      ['p.json', 'p.json: no ViewDefinition in there'],
      ['broken.json', "broken.json: not JSON: line 2, column 9: expected ':' after a key"],
      ['missing.json', 'missing.json: no such file or folder'],
      ['empty', 'empty: no ViewDefinition in there'],
    ] as const) {
      const { exitCode, stderr } = await runCommand(['patients.ndjson', '--view', path, '-o', 'out'], { cwd });
      expect(exitCode).toBe(2);
      expect(stderr).toContain(`error: ${message}`);
    }
  });
});

describe('view check', () => {
  it('shows the columns with their types, and which are slow', async () => {
    const view = {
      ...names,
      select: [
        {
          column: [
            { name: 'id', path: 'getResourceKey()' },
            { name: 'born', path: 'birthDate' },
            { name: 'given', path: 'name.given', collection: true },
            { name: 'n', path: 'name.given.distinct().count()', type: 'integer' },
          ],
        },
      ],
    };
    const cwd = makeInput({ 'v.json': view });
    const { exitCode, stdout } = await runCommand(['view', 'check', 'v.json'], { cwd });
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      'names (v.json): Patient of FHIR R4, 4 columns, 1 slow expression\n' +
        '  id     id              getResourceKey()\n' +
        '  born   date            birthDate\n' +
        '  given  list of string  name.given\n' +
        '  n      integer         name.given.distinct().count()  slow\n' +
        '  slow: select[0].column[3].path: distinct(), by the fhirpath package\n',
    );
  });

  it('gives problems with line and column as JSON, and ends with 2', async () => {
    const view = { ...names, select: [{ column: [{ name: 'a', path: 'name\n  .given[' }] }] };
    const cwd = makeInput({ 'v.json': view });
    const { exitCode, stdout } = await runCommand(['view', 'check', 'v.json', '--json'], { cwd });
    expect(exitCode).toBe(2);
    const { views } = JSON.parse(stdout) as { views: { problems: object[] }[] };
    expect(views[0]?.problems).toEqual([
      {
        severity: 'error',
        code: 'VIEW_SYNTAX',
        path: 'select[0].column[0].path',
        line: 2,
        column: 10,
        message: 'view names, select[0].column[0].path, line 2, column 10: the expression ends where a value or a path was expected',
      },
    ]);
  });

  it('takes the FHIR version that fits best', async () => {
    const view = { ...names, resource: 'MedicationRequest', select: [{ column: [{ name: 'drug', path: 'medication.concept.text' }] }] };
    const cwd = makeInput({ 'v.json': view });
    const { stdout } = await runCommand(['view', 'check', 'v.json'], { cwd });
    expect(stdout).toContain('MedicationRequest of FHIR R5');
  });

  it('finds a view in a file that starts with a byte order mark', async () => {
    const cwd = makeInput({});
    writeFileSync(join(cwd, 'v.json'), `\ufeff${JSON.stringify(names)}`);
    expect((await runCommand(['view', 'check', 'v.json'], { cwd })).exitCode).toBe(0);
  });
});
