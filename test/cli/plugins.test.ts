// --plugin: tables of the user's own, from TypeScript and JavaScript, beside the default ones and instead of them.

import { parse } from 'csv-parse/sync';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { describe, expect, it } from 'vitest';
import { makeFolder, ndjson, type Outcome, readFolder, runCommand } from '../support/run-command.ts';

type Files = Record<string, string>;

const observations = [
  '{"resourceType":"Observation","id":"o1","status":"final","valueQuantity":{"value":7.10,"unit":"mmol/L"},"subject":{"reference":"urn:uuid:0a"}}',
  '{"resourceType":"Observation","id":"o2","status":"final","valueString":"high","component":[{"valueQuantity":{"value":1.50}},{"valueString":"x"}]}',
  '{"resourceType":"Observation","id":"o3","status":"final","valueQuantity":{"value":12345678901234567890.5}}',
];
const input = `${observations.join('\n')}\n`;

/** Runs with a plugin on the observations; `files` are those written. */
async function runPlugin(
  plugin: Files,
  args: readonly string[] = ['--plugin', './mine.ts'],
  more: Files = {},
): Promise<Outcome & { files: Files; cwd: string }> {
  const cwd = makeFolder({ 'in.ndjson': input, ...plugin, ...more });
  const outcome = await runCommand(['in.ndjson', '-o', 'out', ...args], { cwd });
  const files = Object.fromEntries(Object.entries(readFolder(cwd)).flatMap(([path, text]) => (path.startsWith('out/') ? [[path.slice(4), text]] : [])));
  return { ...outcome, files, cwd };
}

function rowsOf(csv: string | undefined): Record<string, string>[] {
  return parse(csv ?? '', { columns: true }) as Record<string, string>[];
}

/** A plugin in plain JavaScript with one flattener. */
function plainPlugin(flatten: string, more = '', columns = "{ id: { type: 'string', nullable: false }, value: { type: 'decimal' } }"): Files {
  return {
    'mine.mjs': `export default { name: 'acme', apiVersion: 1, flatteners: [
      { name: 'lab', resourceType: 'Observation', columns: ${columns}, ${more}
        flatten(observation, emit, context) { ${flatten} } }] };`,
  };
}
const plain = ['--plugin', './mine.mjs'];

const typed = `import { defineFlattener, definePlugin, type FhirResource } from 'fhir-flatten';
import { label } from './labels.ts';

interface Observed extends FhirResource { readonly id: string; readonly valueQuantity?: { value?: number; unit?: string } }

export default definePlugin({
  name: 'acme-labs',
  apiVersion: 1,
  flatteners: [
    defineFlattener({
      name: 'lab_result',
      resourceType: 'Observation',
      description: 'Results with their units.',
      columns: { id: { type: 'string', nullable: false }, value: { type: 'decimal', fhirPath: 'Observation.value' }, label: { type: 'string' } },
      flatten(observation: Observed, emit) {
        emit({ id: observation.id!, value: observation.valueQuantity?.value, label: label(observation.status as string) });
      },
    }),
  ],
});
`;
const labels = 'export const label = (status: string): string => status.toUpperCase() satisfies string;\n';

describe('a plugin in TypeScript', () => {
  it('adds a table to the default ones', async () => {
    const { exitCode, files, stderr } = await runPlugin({ 'mine.ts': typed, 'labels.ts': labels });
    expect(exitCode, stderr).toBe(0);
    expect(files['lab_result.csv']).toBe('id,value,label\no1,7.1,FINAL\no2,,FINAL\no3,12345678901234567000,FINAL\n');
    expect(rowsOf(files['observation.csv'])).toHaveLength(3);
    expect(JSON.parse(files['_schema.json'] as string).tables['lab_result']).toMatchObject({ description: 'Results with their units.' });
    expect(JSON.parse(files['_report.json'] as string).plugins).toEqual(['./mine.ts']);
  });

  it('may be written for a compiler: enums, parameter properties, imports of types, named .js, or named not to the end', async () => {
    const code = `\ufeffimport { definePlugin, FhirResource, type Row } from 'fhir-flatten';
import { label } from './labels.js';
import { other } from './more/index';
enum Kind { Lab = 'lab' }
class Maker { constructor(private readonly kind: Kind) {} get text() { return this.kind + other; } }
export const plugin = definePlugin({ name: 'acme', apiVersion: 1, flatteners: [{
  name: 'kinds', resourceType: 'Observation', columns: { kind: { type: 'code' } },
  flatten(_: FhirResource, emit: (row: Row<any>) => void) { emit({ kind: label(new Maker(Kind.Lab).text) }); },
} as never] });
`;
    const { exitCode, files, stderr } = await runPlugin({ 'mine.ts': code, 'labels.ts': labels, 'more/index.ts': "export const other: string = '!';\n" });
    expect(exitCode, stderr).toBe(0);
    expect(files['kinds.csv']).toBe('kind\nLAB!\nLAB!\nLAB!\n');
  });

  it.each([
    ['mine.js', 'export default', './mine.js', '{"type":"module"}'],
    ['mine.mjs', 'export default', 'mine.mjs', '{}'],
    ['mine.cjs', 'module.exports =', './mine.cjs', '{}'],
    ['mine.mts', 'export const plugin: object =', './mine.mts', '{}'],
  ])('may be plain JavaScript, too: %s', async (name, start, module, packageJson) => {
    const code = (plainPlugin('emit({ id: observation.id });')['mine.mjs'] as string).replace('export default', start);
    const { exitCode, files, stderr } = await runPlugin({ [name]: code, 'package.json': packageJson }, ['--plugin', module]);
    expect(exitCode, stderr).toBe(0);
    expect(files['lab.csv']).toBe('id,value\no1,\no2,\no3,\n');
  });

  it('may be a package that is installed where the command runs', async () => {
    const code = `import { definePlugin } from 'fhir-flatten';\n${(plainPlugin('emit({ id: observation.id });')['mine.mjs'] as string).replace('{ name', 'definePlugin({ name').replace(/;$/, ');')}`;
    const files = {
      'node_modules/@acme/labs/package.json': '{"name":"@acme/labs","type":"module","exports":{"import":"./src/labs.ts"}}',
      'node_modules/@acme/labs/src/labs.ts': code,
    };
    const { exitCode, files: written, stderr } = await runPlugin(files, ['--plugin', '@acme/labs']);
    expect(exitCode, stderr).toBe(0);
    expect(rowsOf(written['lab.csv'])).toHaveLength(3);
  });
});

describe('several plugins', () => {
  const second = (plainPlugin('emit({ id: observation.id });')['mine.mjs'] as string).replace("'acme'", "'other'").replace("'lab'", "'other_lab'");

  it.each([
    ['each with its option', ['--plugin', './mine.mjs', '--plugin', './second.mjs']],
    ['after one option', ['--plugin', './mine.mjs', './second.mjs']],
    ['named twice', ['--plugin', './mine.mjs', '--plugin', 'mine.mjs', '--plugin', './second.mjs']],
  ])('are loaded, %s', async (_, args) => {
    const { exitCode, files, stderr } = await runPlugin({ ...plainPlugin('emit({ id: observation.id });'), 'second.mjs': second }, args);
    expect(exitCode, stderr).toBe(0);
    expect(Object.keys(files)).toEqual(expect.arrayContaining(['lab.csv', 'other_lab.csv']));
  });

  it('leave the inputs alone that stand after the option', async () => {
    const cwd = makeFolder({ 'in/in.ndjson': input, ...plainPlugin('emit({ id: observation.id });') });
    const { exitCode } = await runCommand(['--plugin', './mine.mjs', 'in', '-t', 'lab', '-o', 'lab.csv'], { cwd });
    expect(exitCode).toBe(0);
    expect(readFolder(cwd)['lab.csv']).toBe('id,value\no1,\no2,\no3,\n');
  });
});

describe('a flattener', () => {
  it('fills several tables, also with no or many rows of a resource', async () => {
    const code = `export default { name: 'acme', apiVersion: 1, flatteners: [{
      name: 'labs', resourceType: 'Observation',
      tables: { lab: { columns: { id: { type: 'id' } } }, lab_part: { columns: { lab_id: { type: 'id' }, idx: { type: 'integer' } } } },
      flatten(observation, emit) {
        emit('lab', { id: observation.id });
        for (const idx of (observation.component ?? []).keys()) emit('lab_part', { lab_id: observation.id, idx });
      } }] };`;
    const { files } = await runPlugin({ 'mine.mjs': code }, plain);
    expect(files['lab.csv']).toBe('id\no1\no2\no3\n');
    expect(files['lab_part.csv']).toBe('lab_id,idx\no2,0\no2,1\n');
  });

  it('gets numbers as numbers, and their text when it asks; JSON keeps it', async () => {
    const flatten = `const { valueQuantity } = observation;
      emit({ id: typeof valueQuantity?.value, value: context.numberText(valueQuantity, 'value'), rest: { all: observation.component, more: [valueQuantity] } });`;
    const columns = "{ id: { type: 'string' }, value: { type: 'decimal' }, rest: { type: 'json' } }";
    const { files, stderr } = await runPlugin(plainPlugin(flatten, '', columns), plain);
    expect(rowsOf(files['lab.csv']), stderr).toEqual([
      { id: 'number', value: '7.10', rest: '{"more":[{"value":7.10,"unit":"mmol/L"}]}' },
      { id: 'undefined', value: '', rest: '{"all":[{"valueQuantity":{"value":1.50}},{"valueString":"x"}],"more":[null]}' },
      { id: 'number', value: '12345678901234567890.5', rest: '{"more":[{"value":12345678901234567890.5}]}' },
    ]);
  });

  it('is told the id, the place, the fullUrl and what references point to', async () => {
    const bundle = {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [
        { fullUrl: 'urn:uuid:0a', resource: { resourceType: 'Patient', id: 'ada', identifier: [{ system: 's', value: '1' }] } },
        { fullUrl: 'urn:uuid:0b', resource: { resourceType: 'Observation', subject: { reference: 'urn:uuid:0a' }, focus: [{ reference: '#x' }] } },
        {
          resource: {
            resourceType: 'Observation',
            id: 'o',
            subject: { reference: 'Patient?identifier=s|1' },
            contained: [{ resourceType: 'Device', id: 'x' }],
            focus: [
              { reference: '#x' },
              { reference: '#' },
              { reference: 'http://a/fhir/Device/7/_history/2' },
              { identifier: { system: 's', value: '1' } },
              { identifier: { value: '1' } },
              { reference: 'Patient/b' },
              { display: 'y' },
            ],
          },
        },
      ],
    };
    const flatten = `emit({ id: context.id, full_url: context.fullUrl, place: \`\${context.location.sourceName} \${context.location.entryIndex}\`,
      targets: [observation.subject, ...observation.focus].map((reference) => { const { type, id } = context.resolve(reference) ?? {}; return type + '/' + id; }) });`;
    const columns = "{ id: { type: 'id' }, full_url: { type: 'uri' }, place: { type: 'string' }, targets: { type: 'string[]' } }";
    const { files, stderr } = await runPlugin(plainPlugin(flatten, '', columns), ['bundle.json', '-t', 'lab,patient', ...plain], {
      'bundle.json': JSON.stringify(bundle),
      'in.ndjson': '\n',
    });
    expect(rowsOf(files['lab.csv']), stderr).toEqual([
      { id: '0b', full_url: 'urn:uuid:0b', place: 'bundle.json 1', targets: 'Patient/ada; undefined/0b#x' },
      {
        id: 'o',
        full_url: '',
        place: 'bundle.json 2',
        targets: 'Patient/ada; Device/o#x; Observation/o; Device/7; Patient/ada; undefined/undefined; Patient/b; undefined/undefined',
      },
    ]);
  });

  it('is told which version of a resource it has, with --keep-versions', async () => {
    const columns = "{ id: { type: 'id' }, version_hash: { type: 'string' } }";
    const { files, stderr } = await runPlugin(
      plainPlugin('emit({ id: context.id, version_hash: context.versionHash });', '', columns),
      [...plain, '--keep-versions'],
      {
        'in.ndjson': ndjson({ resourceType: 'Observation', id: 'o', status: 'final' }, { resourceType: 'Observation', id: 'o', status: 'amended' }),
      },
    );
    const versions = rowsOf(files['observation.csv']).map((row) => ({ id: row['id'], version_hash: row['version_hash'] }));
    expect(rowsOf(files['lab.csv']), stderr).toEqual(versions);
    expect(new Set(versions.map((row) => row.version_hash)).size).toBe(2);
  });

  it('finds the values of a row checked: what does not fit loses this resource, and names plugin, table and column', async () => {
    const columns = `{ a_boolean: { type: 'boolean' }, a_date: { type: 'date' }, a_date_time: { type: 'dateTime' }, a_decimal: { type: 'decimal' }, an_instant: { type: 'instant' },
      an_integer: { type: 'integer' }, an_integer64: { type: 'integer64' }, a_positive: { type: 'positiveInt' }, a_string: { type: 'string' }, a_time: { type: 'time' },
      an_unsigned: { type: 'unsignedInt' }, a_list: { type: 'date[]' }, a_json: { type: 'json' } }`;
    const fit = [
      {
        a_boolean: false,
        a_date: '2024-02',
        a_date_time: '2024-02-29T10:00:00.123+05:30',
        a_decimal: 1e-7,
        an_instant: '2024-02-29T10:00:00Z',
        an_integer: -2147483648,
      },
      { an_integer64: '-9223372036854775808', a_positive: 1, a_string: '', a_time: '23:59:59', an_unsigned: 0, a_list: [], a_json: [{ a: null }, 1.5, true] },
      { a_date: null, a_decimal: '1.00E+5', a_list: ['2024', null, '2025-01-01'], a_json: '', a_date_time: '2024-01-01T10:00' },
    ];
    const unfit = {
      a_boolean: ['true', 1],
      a_date: ['2024-13', '2024-1-1', '2023-02-29', '2024-04-31', 2024, ''],
      a_date_time: ['2024-01-01 10:00', '2024-02-30T10:00:00Z', '24:00', 'soon'],
      a_decimal: ['1,5', '', 'NaN', '0x1', true, {}],
      an_instant: ['2024-02-29', '2024-02-29T10:00:00'],
      an_integer: [1.5, 2147483648, '1'],
      an_integer64: ['9223372036854775808', 1.5, 9007199254740992, ''],
      a_positive: [0],
      a_string: [1, ['a']],
      a_time: ['24:00:00', '10:00'],
      an_unsigned: [-1],
      a_list: ['2024', ['x']],
    };
    const bad = Object.entries(unfit).flatMap(([column, values]) => values.map((value) => ({ [column]: value })));
    const rows = ndjson(...[...fit, ...bad].map((row, index) => ({ resourceType: 'Observation', id: `o${index}`, row })));
    const { exitCode, files } = await runPlugin(plainPlugin('emit(observation.row);', '', columns), plain, { 'in.ndjson': rows });
    expect(exitCode).toBe(3);
    expect(rowsOf(files['lab.csv']).map((row) => Object.values(row).filter((cell) => cell !== ''))).toEqual([
      ['false', '2024-02', '2024-02-29T10:00:00.123+05:30', '1e-7', '2024-02-29T10:00:00Z', '-2147483648'],
      ['-9223372036854775808', '1', '23:59:59', '0', '[{"a":null},1.5,true]'],
      ['2024-01-01T10:00', '1.00E+5', '2024; 2025-01-01', '""'],
    ]);
    const messages = (files['rejects.ndjson'] as string)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).message as string);
    expect(messages).toHaveLength(bad.length);
    for (const [index, row] of bad.entries()) {
      expect(messages[index]).toContain(
        `plugin acme (lab) failed on this Observation, which has no rows in lab: table lab, column ${Object.keys(row)[0]}: it takes`,
      );
      expect(messages[index]).not.toContain('2024');
    }
    expect(rowsOf(files['observation.csv'])).toHaveLength(fit.length + bad.length);
  });

  it.each([
    ['an unknown column', 'emit({ id: "x", valeu: 1 });', 'table lab has no column valeu (it has id, value)'],
    ['an unknown column that looks like data', 'emit({ id: "x", "Ada Lovelace": 1 });', 'table lab has no column of such a name (it has id, value)'],
    ['a missing value', 'emit({ value: 1 });', 'table lab, column id: it is not nullable, and got nothing'],
    ['no row', 'emit();', 'table lab: a row is an object, and emit got nothing'],
    ['text for a row', 'emit("lab", { id: "x" });', 'table lab: a row is an object, and emit got text'],
    ['a row of another shape', 'emit([1]);', 'table lab: a row is an object, and emit got a list'],
    ['a promise', 'return Promise.reject(new Error("late"));', 'flatten gave a promise: rows are emitted before it returns'],
    ['a change of the resource', 'observation.id = "x";', 'TypeError at mine.mjs:3:'],
    ['a thrown text', 'throw "secret";', 'it threw something that is no Error'],
    ['an error without a message', 'throw new RangeError();', 'RangeError at mine.mjs:3:'],
    ['a cyclic row', 'const a = []; a.push(a); emit({ id: a });', 'table lab, column id: it takes string, and got a list that does not fit'],
    ['an error that shows data in lines like those of a stack', 'throw new Error("x\\n    at secret:1:1");', 'Error at mine.mjs:3:'],
  ])('that does wrong loses its rows of the resource and nothing else: %s', async (_, code, reason) => {
    const { exitCode, files, stderr } = await runPlugin(plainPlugin(`emit({ id: observation.id }); if (observation.id === 'o2') { ${code} }`), plain);
    expect(exitCode).toBe(3);
    expect(files['lab.csv']).toBe('id,value\no1,\no3,\n');
    expect(rowsOf(files['observation.csv'])).toHaveLength(3);
    expect(stderr).toContain(`error: in.ndjson:2 (byte 143): plugin acme (lab) failed on this Observation, which has no rows in lab: ${reason}`);
    expect(stderr).not.toMatch(/secret|Lovelace/);
    expect(JSON.parse(files['_report.json'] as string).diagnostics).toMatchObject([
      { code: 'FLATTEN_FAILED', at: 'in.ndjson:2 (byte 143)', message: expect.stringContaining(reason) },
    ]);
    expect(JSON.parse(files['rejects.ndjson'] as string)).toMatchObject({ line: 2, text: observations[1] });
  });

  it('that throws between its tables leaves no half rows in any of them', async () => {
    const code = `export default { name: 'acme', apiVersion: 1, flatteners: [{
      name: 'labs', resourceType: 'Observation', tables: { a: { columns: { id: { type: 'id' } } }, b: { columns: { id: { type: 'id' } } } },
      flatten({ id }, emit) { emit('a', { id }); emit('b', { id }); if (id === 'o2') emit('c', { id }); emit('a', { id: id + '-2' }); } }] };`;
    const { exitCode, files, stderr } = await runPlugin({ 'mine.mjs': code }, plain);
    expect(exitCode).toBe(3);
    expect([files['a.csv'], files['b.csv']]).toEqual(['id\no1\no1-2\no3\no3-2\n', 'id\no1\no3\n']);
    expect(stderr).toContain('which has no rows in a, b: emit was called for a table that the flattener does not have (it has a, b)');
  });

  it('that emits when its resource is done is an error of the run', async () => {
    const flatten = 'emit({ id: observation.id }); if (observation.id === "o1") setTimeout(() => emit({ id: "late" }));';
    const { exitCode, files, stderr } = await runPlugin(plainPlugin(flatten), plain, { 'in.ndjson': input.repeat(3000) });
    expect({ exitCode, files }).toEqual({ exitCode: 1, files: {} });
    expect(stderr).toContain('a flattener of a plugin called emit when its resource was done');
  });

  it('may throw with --fail-fast, which ends the run', async () => {
    const { exitCode, files } = await runPlugin(plainPlugin('throw new Error("x");'), [...plain, '--fail-fast']);
    expect({ exitCode, files }).toEqual({ exitCode: 1, files: {} });
  });
});

describe('a table that a plugin replaces', () => {
  it('is not written, and its child tables are', async () => {
    const code = (plainPlugin('emit({ id: observation.id });', "replaces: ['observation'],")['mine.mjs'] as string).replace("'lab'", "'observation'");
    const { exitCode, files, stderr } = await runPlugin({ 'mine.mjs': code }, plain);
    expect(exitCode, stderr).toBe(0);
    expect(files['observation.csv']).toBe('id,value\no1,\no2,\no3,\n');
    expect(rowsOf(files['details/observation_component.csv'])).toMatchObject([
      { observation_id: 'o2', idx: '0' },
      { observation_id: 'o2', idx: '1' },
    ]);
  });

  it('may be a child table, and the new one may have another name', async () => {
    const { exitCode, files, stderr } = await runPlugin(plainPlugin('emit({ id: observation.id });', "replaces: ['observation_component'],"), plain);
    expect(exitCode, stderr).toBe(0);
    expect(Object.keys(files)).toEqual(['_report.json', '_schema.json', 'lab.csv', 'observation.csv']);
  });

  it('may be one that is not written anyway', async () => {
    const { exitCode, stderr } = await runPlugin(plainPlugin('emit({ id: observation.id });', "replaces: ['observation_component'],"), [
      ...plain,
      '--no-details',
    ]);
    expect(exitCode, stderr).toBe(0);
  });
});

describe('views in a plugin', () => {
  const view = (name: string, path: string, where = '') =>
    `{ resourceType: 'ViewDefinition', name: '${name}', resource: 'Observation', ${where} select: [{ column: [{ name: 'id', path: 'getResourceKey()' }, { name: 'value', path: '${path}' }] }] }`;
  const plugin = (flatteners: string, functions = '{}'): Files => ({
    'mine.ts': `import { definePlugin, defineView } from 'fhir-flatten';
export default definePlugin({ name: 'acme', apiVersion: 1, functions: ${functions}, flatteners: [${flatteners}] });\n`,
  });

  it('are tables like those of its flatteners, and may replace others', async () => {
    const replacing = `defineView(${view('observation', 'value.ofType(Quantity).value')}, { replaces: ['observation'] })`;
    const { exitCode, files, stderr } = await runPlugin(plugin(`defineView(${view('units', 'value.ofType(Quantity).unit')}), ${replacing}`));
    expect(exitCode, stderr).toBe(0);
    expect(files['units.csv']).toBe('id,value\no1,mmol/L\no2,\no3,\n');
    expect(files['observation.csv']).toBe('id,value\no1,7.10\no2,\no3,12345678901234567890.5\n');
  });

  it('may call the functions of plugins, which get plain values and give one or several', async () => {
    const functions = `{ shout: (texts) => texts.map((text) => text.toUpperCase() + '!'), half: ([value]) => value === undefined ? undefined : value / 2, plus: ([a], [b]) => a + b,
      sizes: { evaluate: (items: object[]) => items.map((item) => Object.keys(item).length), type: 'integer' } }`;
    const views = [
      view('shouts', 'status.shout()'),
      view('halves', 'value.ofType(Quantity).value.half()'),
      view('sums', 'id.plus(status)'),
      view('sizes', 'value.ofType(Quantity).sizes().first()'),
    ];
    const { exitCode, files, stderr } = await runPlugin(plugin(views.map((json) => `defineView(${json})`).join(', '), functions));
    expect(exitCode, stderr).toBe(0);
    const valuesOf = (table: string) => rowsOf(files[`${table}.csv`]).map(({ value }) => value);
    expect([valuesOf('shouts'), valuesOf('sums')]).toEqual([
      ['FINAL!', 'FINAL!', 'FINAL!'],
      ['o1final', 'o2final', 'o3final'],
    ]);
    expect([valuesOf('halves').slice(0, 2), valuesOf('sizes')]).toEqual([
      ['3.55', ''],
      ['2', '', '1'],
    ]);
  });

  it('whose functions throw lose the resource in this table alone', async () => {
    const functions = "{ fail: ([id]) => { if (id === 'o2') throw new RangeError('secret'); return id; } }";
    const { exitCode, files, stderr } = await runPlugin(plugin(`defineView(${view('fails', 'id.fail()')})`, functions));
    expect(exitCode).toBe(3);
    expect(files['fails.csv']).toBe('id,value\no1,o1\no3,o3\n');
    expect(rowsOf(files['observation.csv'])).toHaveLength(3);
    expect(stderr).toContain('plugin acme (fails) failed on this Observation, which has no rows in fails: RangeError at mine.ts:2:');
    expect(stderr).not.toContain('secret');
  });

  it.each(["with { type: 'json' }", ''])('may be imported as JSON: %s', async (attributes) => {
    const json = '{"resource":"Observation","name":"ids","select":[{"column":[{"name":"id","path":"id"}]}]}';
    const code = `import { definePlugin, defineView } from 'fhir-flatten';
import view from './view.json' ${attributes};
export default definePlugin({ name: 'acme', apiVersion: 1, flatteners: [defineView(view)] });\n`;
    const { exitCode, files, stderr } = await runPlugin({ 'mine.ts': code, 'view.json': json }, ['--plugin', './mine.ts', '-q']);
    expect([exitCode, stderr, files['ids.csv']]).toEqual([0, '', 'id\no1\no2\no3\n']);
    const broken = await runPlugin({ 'mine.ts': code, 'view.json': '{' });
    expect(broken.stderr).toMatch(/plugin \.\/mine\.ts cannot be loaded: .*view\.json: /);
  });

  it('that name elements which FHIR does not have give a warning, or are refused with --strict', async () => {
    const files = plugin(`defineView(${view('a', 'nothing')})`);
    const lenient = await runPlugin(files);
    expect(lenient.exitCode).toBe(0);
    expect(lenient.stderr).toMatch(/^warning: plugin acme: view a, select\[0\]\.column\[1\]/m);
    expect(await runPlugin(files, ['--plugin', './mine.ts', '--strict'])).toMatchObject({ exitCode: 2, files: {} });
  });

  it.each([
    ['an expression that is none', `defineView(${view('a', 'value..x')})`, '{}', /plugin acme: view a, select\[0\]\.column\[1\]/],
    ['an unknown function', `defineView(${view('a', 'id.nope()')})`, '{}', /plugin acme: view a, select\[0\]\.column\[1\]/],
    ['no view', 'defineView({})', '{}', /defineView takes a ViewDefinition/],
    ['the name of a function of FHIRPath', '', '{ where: () => 1 }', /two plugins bring the same function: where \(FHIRPath and acme\)/],
    ['a function that is none', '', '{ a: 1 }', /function a takes a function/],
  ])('that cannot be used are refused: %s', async (_, flatteners, functions, message) => {
    const { exitCode, files, stderr } = await runPlugin(plugin(flatteners, functions));
    expect(stderr).toMatch(message);
    expect({ exitCode, files }).toEqual({ exitCode: 2, files: {} });
  });

  it('are listed with the functions', async () => {
    const cwd = makeFolder(plugin(`defineView(${view('units', 'value.ofType(Quantity).unit')})`, '{ shout: (x) => x }'));
    expect((await runCommand(['plugins', './mine.ts'], { cwd })).stdout).toMatch(
      / {2}table units +2 columns from Observation\n {2}functions for views +shout\n$/,
    );
  });
});

it('the cells of plugins have their types in Parquet', async () => {
  const columns = `{ b: { type: 'boolean' }, d: { type: 'date' }, t: { type: 'dateTime' }, dec: { type: 'decimal' }, n: { type: 'integer' }, n64: { type: 'integer64' },
    texts: { type: 'string[]' }, numbers: { type: 'decimal[]' }, j: { type: 'json' } }`;
  const row = `{ b: true, d: '2024-02', t: '2024-03-14T09:00:00+01:00', dec: '1.50', n: 5, n64: '9007199254740993', texts: ['a', 'b'], numbers: [1, '2.5'], j: { a: [1] } }`;
  const { cwd, exitCode, stderr } = await runPlugin(plainPlugin(`emit(observation.id === 'o1' ? ${row} : {});`, '', columns), [
    ...plain,
    '-f',
    'parquet',
    '-t',
    'lab',
  ]);
  expect(exitCode, stderr).toBe(0);
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(`${cwd}/out/lab.parquet`), compressors });
  expect(rows[0]).toEqual({
    b: true,
    d: new Date('2024-02-01'),
    d_precision: 'month',
    t: new Date('2024-03-14T09:00:00Z'),
    t_tz: '+01:00',
    dec: 1.5,
    n: 5,
    n64: 9007199254740993n,
    texts: ['a', 'b'],
    numbers: [1, 2.5],
    j: '{"a":[1]}',
  });
  expect(rows).toHaveLength(3);
});

describe('--no-defaults', () => {
  it('writes the tables of plugins and views only; one of them may go into a file, or to standard output', async () => {
    const view = '{"resource":"Observation","name":"ids","select":[{"column":[{"name":"id","path":"id"}]}]}';
    const both = await runPlugin(plainPlugin('emit({ id: observation.id });'), [...plain, '--no-defaults', '--view', 'view.json'], { 'view.json': view });
    expect([both.exitCode, Object.keys(both.files)]).toEqual([0, ['_report.json', '_schema.json', 'ids.csv', 'lab.csv']]);
    const cwd = makeFolder({ 'in.ndjson': input, ...plainPlugin('emit({ id: observation.id });') });
    const { exitCode, stdout } = await runCommand(['in.ndjson', ...plain, '--no-defaults', '-o', '-'], { cwd });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'id,value\no1,\no2,\no3,\n' });
  });

  it('lets a plugin use the name of a default table', async () => {
    const code = (plainPlugin('emit({ id: observation.id });')['mine.mjs'] as string).replace("'lab'", "'observation'");
    const { exitCode, files } = await runPlugin({ 'mine.mjs': code }, [...plain, '--no-defaults']);
    expect([exitCode, files['observation.csv']]).toEqual([0, 'id,value\no1,\no2,\no3,\n']);
  });

  it('finds what references point to all the same', async () => {
    const bundle = {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [
        {
          resource: { resourceType: 'Observation', id: 'o', subject: { reference: 'urn:uuid:0a' }, performer: [{ reference: 'Practitioner?identifier=s|1' }] },
        },
        { fullUrl: 'urn:uuid:0a', resource: { resourceType: 'Patient', id: 'ada' } },
        { resource: { resourceType: 'Practitioner', id: 'pat', identifier: [{ system: 's', value: '1' }] } },
      ],
    };
    const flatten = 'emit({ id: context.resolve(observation.subject).id, who: context.resolve(observation.performer[0])?.id });';
    const columns = "{ id: { type: 'id' }, who: { type: 'id' } }";
    for (const args of [['--no-defaults'], ['-t', 'lab'], []]) {
      const { files, stderr } = await runPlugin(plainPlugin(flatten, '', columns), ['bundle.json', ...plain, ...args], {
        'bundle.json': JSON.stringify(bundle),
        'in.ndjson': '\n',
      });
      expect(files['lab.csv'], stderr).toBe('id,who\nada,pat\n');
    }
  });
});

it('the child tables of a main table that is not written repeat its columns all the same', async () => {
  const cwd = makeFolder({
    'in.ndjson': ndjson({ resourceType: 'Observation', id: 'o', subject: { reference: 'Patient/p' }, component: [{ valueString: 'x' }] }),
  });
  await runCommand(['in.ndjson', '-t', 'observation_component', '-o', 'out.csv'], { cwd });
  expect(rowsOf(readFolder(cwd)['out.csv'])).toMatchObject([{ observation_id: 'o', patient_id: 'p' }]);
});

describe('a plugin that cannot be used is refused before anything is read or written', () => {
  const ofTable = (more: string) => plainPlugin('', more)['mine.mjs'] as string;
  it.each([
    ['no file', {}, './none.ts', /no plugin \.\/none\.ts: no such file\n/],
    ['a folder', {}, '.', /no plugin \.: it is a folder, and a file is needed/],
    ['no package', {}, 'acme', /no plugin acme: no such file, and no such package is installed here\n {2}name a file/],
    ['no package of a scope', {}, '@acme/x', /no plugin @acme\/x: no such file/],
    ['wrong syntax in TypeScript', { 'a.ts': 'const a = 1;\nexport default { a: = 1 };' }, './a.ts', /plugin \.\/a\.ts cannot be loaded: .*a\.ts:2:21: /],
    ['wrong syntax in JavaScript', { 'a.mjs': 'const a = 1;\nexport default { a: = 1 };' }, './a.mjs', /plugin \.\/a\.mjs cannot be loaded: .*a\.mjs:2:21: /],
    ['an import of nothing', { 'a.ts': "import 'nope';" }, './a.ts', /cannot be loaded: Cannot find package 'nope' imported from .*a\.ts$/m],
    ['code that throws', { 'a.ts': 'const a: number = 1;\nnull.x;' }, './a.ts', /cannot be loaded: TypeError: .* \(a\.ts:2:6\)$/m],
    ['no plugin in it', { 'a.mjs': 'export const x = 1;' }, './a.mjs', /it exports no plugin; write export default definePlugin/],
    ['another version', { 'a.mjs': "export default { name: 'a', apiVersion: 2 };" }, './a.mjs', /plugin a is made for another API version/],
    ['no name', { 'a.mjs': 'export default { apiVersion: 1 };' }, './a.mjs', /name takes letters, digits and -/],
    [
      'a misspelt key',
      { 'a.mjs': "export default { name: 'a', apiVersion: 1, flattener: [] };" },
      './a.mjs',
      /plugin a: it has flattener, and plugins have name, apiVersion/,
    ],
    ['a flattener that is none', { 'a.mjs': "export default { name: 'a', apiVersion: 1, flatteners: [1] };" }, './a.mjs', /plugin a: a flattener is an object/],
    [
      'a table name that leads elsewhere',
      { 'a.mjs': ofTable('').replace("'lab'", "'../x'") },
      './a.mjs',
      /plugin acme: flattener \.\.\/x: "\.\.\/x" cannot name a table/,
    ],
    ['a table beside which a file stands', { 'a.mjs': ofTable('').replace("'lab'", "'rejects'") }, './a.mjs', /"rejects" cannot name a table/],
    [
      'a column name that is none',
      { 'a.mjs': ofTable('').replace('value:', "'a\"; drop table x':") },
      './a.mjs',
      /column "a\\"; drop table x": names are letters/,
    ],
    ['columns that differ in case', { 'a.mjs': ofTable('').replace('value:', 'ID:') }, './a.mjs', /two columns have names that differ in case only/],
    [
      'a type that is none',
      { 'a.mjs': ofTable('').replace("'decimal'", "'number'") },
      './a.mjs',
      /table lab, column "value": type takes a FHIR primitive type/,
    ],
    [
      'a resource type that is none',
      { 'a.mjs': ofTable('').replace("'Observation'", "'observation'") },
      './a.mjs',
      /resourceType takes the name of a resource type/,
    ],
    [
      'the name of another table',
      { 'a.mjs': ofTable('').replace("'lab'", "'patient'") },
      './a.mjs',
      /two plugins bring the same table: patient \(acme and built-in\)\n.*replaces: \['patient'\]/,
    ],
    ['a replacement of nothing', { 'a.mjs': ofTable("replaces: ['patiant'],") }, './a.mjs', /plugin acme replaces table patiant, and there is no such table/],
  ])('%s', async (_, files, module, message) => {
    const { exitCode, files: written, stderr, stdout } = await runPlugin(files, ['--plugin', module]);
    expect(stderr).toMatch(message);
    expect({ exitCode, written, stdout }).toEqual({ exitCode: 2, written: {}, stdout: '' });
  });

  it('two plugins of one name', async () => {
    const { exitCode, stderr } = await runPlugin({ ...plainPlugin(''), 'b.mjs': plainPlugin('')['mine.mjs'] as string }, [...plain, './b.mjs']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: 'error: two plugins bring the same name: acme (acme and acme)\n' });
  });
});

describe('threads', () => {
  it('load plugins too, and give the same tables', async () => {
    const cwd = makeFolder({
      'mine.ts': typed,
      'labels.ts': labels,
      ...Object.fromEntries(Array.from({ length: 4 }, (_, part) => [`in/${part}.ndjson`, input.replaceAll('"o', `"${part}o`)])),
    });
    const outputs: Files[] = [];
    for (const threads of ['1', '3']) {
      const { exitCode, stderr } = await runCommand(['in', '--plugin', './mine.ts', '--threads', threads, '-o', 'out'], { cwd });
      expect(exitCode, stderr).toBe(0);
      outputs.push(Object.fromEntries(Object.entries(readFolder(cwd)).filter(([path]) => path.endsWith('.csv'))));
    }
    expect(outputs[0]?.['out/lab_result.csv']?.split('\n')).toHaveLength(14);
    expect(outputs[1]).toEqual(outputs[0]);
  });
});

describe('fhir-flatten plugins', () => {
  it('lists what is registered and from where', async () => {
    const cwd = makeFolder({ 'mine.ts': typed, 'labels.ts': labels });
    const { exitCode, stdout } = await runCommand(['plugins', './mine.ts'], { cwd });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^built-in \(fhir-flatten [\d.]+\)\n {2}readers +ndjson, json\n/);
    expect(stdout).toMatch(/\nacme-labs \(\.\/mine\.ts\)\n {2}table lab_result +3 columns from Observation\n$/);
  });

  it('prints JSON, with all columns', async () => {
    const cwd = makeFolder({ 'mine.ts': typed, 'labels.ts': labels });
    const { stdout } = await runCommand(['plugins', '--plugin', './mine.ts', '--json'], { cwd });
    const [builtin, mine] = JSON.parse(stdout);
    expect(builtin).toMatchObject({ name: 'built-in', module: null, formats: expect.arrayContaining(['csv']) });
    expect(mine).toMatchObject({
      name: 'acme-labs',
      module: './mine.ts',
      flatteners: [
        {
          name: 'lab_result',
          tables: [{ name: 'lab_result', columns: [{ name: 'id', type: 'string', isNullable: false }, { name: 'value' }, { name: 'label' }] }],
        },
      ],
    });
  });

  it('says what is wrong with one', async () => {
    expect(await runCommand(['plugins', './none.ts'], { cwd: makeFolder() })).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining('no plugin ./none.ts'),
    });
  });

  it('is known to tables, too', async () => {
    const cwd = makeFolder({ 'mine.ts': typed, 'labels.ts': labels });
    expect((await runCommand(['tables', 'lab_result', '--plugin', './mine.ts'], { cwd })).stdout).toMatch(
      /^lab_result: Results with their units\.\n {2}id +string/,
    );
  });
});
