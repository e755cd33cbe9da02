// Views from elsewhere are data: whatever they say, nothing of them is run as code, and what cannot be used is told with
// file, view, path and column before anything is written.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadModel } from '../../src/fhir/load-model.ts';
import { prepareView } from '../../src/view/make-view-flattener.ts';
import { makeFolder, ndjson, runCommand } from '../support/run-command.ts';
import { runView } from '../support/run-view.ts';

const model = await loadModel('r4');
const patient = { resourceType: 'Patient', id: 'p', name: [{ family: 'One' }] };

function viewOf(path: string, more: object = {}): object {
  return { resourceType: 'ViewDefinition', name: 'v', resource: 'Patient', select: [{ column: [{ name: 'a', path }] }], ...more };
}

function problemsOf(view: unknown): readonly string[] {
  const { problems } = prepareView({ view, origin: 'v.json', defaultName: 'v', label: 'v' }, { model });
  return problems.map(({ diagnostic }) => diagnostic.message);
}

const columnPath = 'view v, select[0].column[0].path, line 1, column';

describe('an expression', () => {
  const deep = 500;
  for (const [what, path, message] of [
    ['10,000 parentheses deep', `${'('.repeat(10_000)}1${')'.repeat(10_000)}`, `an expression has at most 20000 characters`],
    ['5,000 parentheses deep', `${'('.repeat(5000)}1${')'.repeat(5000)}`, `nested deeper than ${deep} levels`],
    ['with 5,000 signs', `${'-'.repeat(5000)}1`, `nested deeper than ${deep} levels`],
    ['of 5,000 steps', `a${'.a'.repeat(5000)}`, `nested deeper than ${deep} levels`],
    ['of 3,000 operators', `1${'+1'.repeat(3000)}`, `nested deeper than ${deep} levels`],
    ['with 3,000 indexers', `a${'[0]'.repeat(3000)}`, `nested deeper than ${deep} levels`],
    ['with 1,000 functions inside one another', `${'where('.repeat(1000)}true${')'.repeat(1000)}`, `nested deeper than ${deep} levels`],
    ['with a literal of a megabyte', `'${'x'.repeat(1024 * 1024)}'`, 'an expression has at most 20000 characters'],
    ['with an endless string', "'abc", "the closing ' is missing"],
    ['with an endless comment', 'id /* abc', 'the closing */ is missing'],
    ['with an undefined constant', 'name.where(use = %nothing)', 'no constant %nothing'],
    ['with a constant that objects have', '%__proto__', 'no constant %__proto__'],
    ['with a function that objects have', 'constructor()', 'no function constructor()'],
    ['with a function of JavaScript', "eval('1')", 'no function eval()'],
    ['with a type that objects have', 'value.ofType(constructor)', 'no type constructor in FHIR R4'],
    ['with a regular expression that is none', "id.matches('(')", 'this is no regular expression'],
    ['that asks a server', 'managingOrganization.resolve()', 'resolve() needs a FHIR server, and a conversion asks none'],
    ['with too few arguments', 'name.where()', 'where() takes 1 argument, not 0'],
    ['with a date that there is not', '@2024-02-30', 'there is no such date'],
    ['with nothing', '', 'the expression is empty'],
    ['with control characters', 'a\u0000b', 'the character U+0000 means nothing in FHIRPath'],
  ] as const) {
    it(`${what} is refused with its place`, () => {
      const [problem] = problemsOf(viewOf(path));
      expect(problem).toContain(columnPath);
      expect(problem).toContain(message);
      expect((problem as string).length).toBeLessThan(300);
    });
  }

  it('with names that all objects have reads only what the input has', async () => {
    const columns = ['constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf'].map((name, index) => ({ name: `c${index}`, path: `\`${name}\`` }));
    const view = { name: 'v', resource: 'Patient', select: [{ column: columns }] };
    expect(await runView(view, [patient])).toEqual([{ c0: null, c1: null, c2: null, c3: null, c4: null }]);
    const odd = JSON.parse('{"resourceType":"Patient","id":"p","__proto__":"own","constructor":"mine"}') as { resourceType: string };
    expect(await runView(view, [odd])).toEqual([{ c0: 'mine', c1: null, c2: 'own', c3: null, c4: null }]);
  });

  it('that needs a long time says nothing about others: rows of two resources are apart', async () => {
    const view = viewOf('name.family.distinct()');
    expect(await runView(view, [patient, { resourceType: 'Patient', id: 'q' }])).toEqual([{ a: 'One' }, { a: null }]);
  });
});

describe('names', () => {
  const bad = ['a"; drop table x; --', '__proto__', '_a', '1a', 'a b', 'ä', '', 'a'.repeat(300), '../../etc/passwd', 'a\nb', 5, null, {}];
  it('of views are letters, digits and underscores', () => {
    for (const name of bad) {
      if (name === null) continue;
      const [problem] = problemsOf(viewOf('id', { name }));
      expect(problem, String(name)).toMatch(/, name: not a name for a view/);
    }
  });

  it('of columns are, too', () => {
    for (const name of bad) {
      const [problem] = problemsOf({ ...viewOf('id'), select: [{ column: [{ name, path: 'id' }] }] });
      expect(problem, String(name)).toContain('view v, select[0].column[0].name: not a name for a column');
    }
  });

  it('of constants are, and do not hide what FHIRPath defines', () => {
    for (const name of bad)
      expect(problemsOf(viewOf('id', { constant: [{ name, valueString: 'x' }] }))[0]).toContain('constant[0].name: not a name for a constant');
    expect(problemsOf(viewOf('id', { constant: [{ name: 'resource', valueString: 'x' }] }))[0]).toContain(
      'constant[0].name: resource is the name of another constant already',
    );
  });
});

describe('the JSON of a view', () => {
  it('may have any shape without harm', () => {
    const odd = [null, 5, 'x', true, [], {}, [[]], { a: 1 }];
    for (const value of odd) {
      expect(problemsOf(value).length).toBeGreaterThan(0);
      for (const key of ['resource', 'select', 'where', 'constant']) {
        if (value === null && key !== 'select' && key !== 'resource') continue;
        const isEmptyList = Array.isArray(value) && value.length === 0 && key !== 'select' && key !== 'resource';
        if (!isEmptyList) expect(problemsOf(viewOf('id', { [key]: value })).length, `${key} ${JSON.stringify(value)}`).toBeGreaterThan(0);
      }
      for (const key of ['column', 'select', 'unionAll', 'forEach', 'forEachOrNull', 'repeat']) {
        problemsOf({ ...viewOf('id'), select: [{ column: [{ name: 'a', path: 'id' }], [key]: value }] });
        problemsOf({ ...viewOf('id'), select: [value] });
      }
    }
  });

  it('may be nested without end', () => {
    const cyclic: { select: unknown[] } = { select: [] };
    cyclic.select.push(cyclic);
    expect(problemsOf({ ...viewOf('id'), select: [cyclic] }).at(-1)).toContain('nested deeper than 100 levels');
    const text = `${'{"select":['.repeat(10_000)}{}${']}'.repeat(10_000)}`;
    expect(problemsOf({ ...viewOf('id'), select: [JSON.parse(text)] }).at(-1)).toContain('nested deeper than 100 levels');
  });

  it('gives the keys of objects no meaning of their own', () => {
    const view = JSON.parse('{"name":"v","resource":"Patient","select":[{"__proto__":{"forEach":"name"},"column":[{"name":"a","path":"id"}]}]}') as object;
    // No iteration, only a key that a view does not have.
    expect(problemsOf(view)).toEqual(['view v, select[0]: the key __proto__ means nothing here']);
  });
});

describe('by the command', () => {
  it('hostile views end with 2 and a line that names the place, and leave nothing behind', async () => {
    const views: Readonly<Record<string, string>> = {
      'deep.json': JSON.stringify(viewOf('('.repeat(9000))),
      'long.json': JSON.stringify(viewOf(`'${'x'.repeat(2 * 1024 * 1024)}'`)),
      'proto.json': JSON.stringify(viewOf('id', { name: '__proto__' })),
      'drop.json': JSON.stringify(viewOf('id', { name: 'a"; drop table b' })),
      'constant.json': JSON.stringify(viewOf('%undefined')),
      'cut.json': JSON.stringify(viewOf('id')).slice(0, 60),
      'nested.json': `${'['.repeat(100_000)}`,
    };
    const cwd = makeFolder({ 'p.ndjson': ndjson(patient), ...views });
    for (const name of Object.keys(views)) {
      const { exitCode, stderr, stdout } = await runCommand(['p.ndjson', '--view', name, '-o', 'out'], { cwd });
      expect(exitCode, stderr).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toMatch(new RegExp(`^error: ${name}: `, 'm'));
      expect(stderr.length).toBeLessThan(1500);
      expect(existsSync(join(cwd, 'out'))).toBe(false);
    }
  });
});
