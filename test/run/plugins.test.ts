// The public API with plugins: flatteners that throw leave nothing, clashes are refused, tables are chosen by name.

import { describe, expect, it } from 'vitest';
import { type ConvertOptions, convert, type Flattener, type Plugin, type TableSchema } from '../../src/index.ts';
import { createRegistry } from '../../src/registry.ts';
import { createDiscardBuilder } from '../../src/table/discard-builder.ts';
import { makeFolder, ndjson, readFolder } from '../support/run-command.ts';

function schemaOf(name: string): TableSchema {
  const columns = ['id', 'value'].map((column) => ({
    name: column,
    type: { kind: 'primitive', fhirType: 'string' } as const,
    isNullable: true,
    fhirPath: undefined,
    description: '',
  }));
  return { name, role: 'view', resourceType: 'Patient', description: '', columns };
}

/** Writes two rows into each of two tables, and throws in the middle of the last for every third resource. */
const twoTables: Flattener = {
  name: 'acme',
  resourceType: 'Patient',
  tables: [schemaOf('acme_one'), schemaOf('acme_two')],
  bind: (builders) => (_envelope, id) => {
    for (const builder of builders) {
      for (const value of ['x', 'y']) {
        const row = builder.addRow();
        builder.set(row, 0, id);
        if (builder === builders[1] && value === 'y' && Number(id.slice(1)) % 3 === 0) throw new TypeError(`secret of ${id}`);
        builder.set(row, 1, value);
      }
    }
  },
};
const acme: Plugin = { name: 'acme', apiVersion: 1, flatteners: [twoTables] };
const input = ndjson(...Array.from({ length: 9 }, (_, index) => ({ resourceType: 'Patient', id: `p${index}` })));

async function run(options: Partial<ConvertOptions>, cwd = makeFolder({ 'in.ndjson': input })) {
  const result = await convert({ inputs: [`${cwd}/in.ndjson`], out: `${cwd}/out`, plugins: [acme], ...options });
  return { result, files: readFolder(`${cwd}/out`) };
}

describe('a flattener that throws', () => {
  it('leaves no half rows in any of its tables, and the message shows no value', async () => {
    const { result, files } = await run({});
    const rows = [1, 2, 4, 5, 7, 8].flatMap((number) => [`p${number},x`, `p${number},y`]);
    expect(files['acme_one.csv']).toBe(['id,value', ...rows, ''].join('\n'));
    expect(files['acme_two.csv']).toBe(files['acme_one.csv']);
    expect(files['patient.csv']?.trimEnd().split('\n')).toHaveLength(10);
    expect(result.hasProblems).toBe(true);
    const message = expect.stringMatching(
      /^plugin acme failed on this Patient, which has no rows in acme_one, acme_two: TypeError at plugins\.test\.ts:\d+:\d+$/,
    );
    expect(result.diagnostics.kept.map((diagnostic) => diagnostic.message)).toEqual([message, message, message]);
    expect(JSON.parse(files['rejects.ndjson']?.split('\n')[0] as string)).toMatchObject({ code: 'FLATTEN_FAILED', line: 1, text: input.split('\n')[0] });
    expect(files['_report.json']).not.toContain('secret');
  });

  it('stops the run with isFailFast', async () => {
    await expect(run({ isFailFast: true })).rejects.toMatchObject({ code: 'FAILED_FAST', exitCode: 1 });
  });
});

describe('tables by name', () => {
  it('run only the flatteners they need, and write none but these', async () => {
    const { files } = await run({ tables: ['acme_two'] });
    expect(Object.keys(files)).toEqual(['_report.json', '_schema.json', 'acme_two.csv', 'rejects.ndjson']);
    expect(files['acme_two.csv']?.split('\n')).toHaveLength(14);
  });
});

describe('registry', () => {
  it('refuses two of one name', () => {
    expect(() => createRegistry([acme, acme], createDiscardBuilder)).toThrow('two plugins bring the same name: acme (acme and acme)');
    expect(() => createRegistry([acme, { ...acme, name: 'other' }], createDiscardBuilder)).toThrow(
      'two plugins bring the same flattener: acme (acme and other)',
    );
    const other = { ...twoTables, name: 'other' };
    const clashing = createRegistry([acme, { name: 'b', apiVersion: 1, flatteners: [other] }], createDiscardBuilder);
    expect(() => clashing.flattenersFor('Patient')).toThrow('two plugins bring the same table: acme_one (acme and b)');
  });

  it('refuses a plugin for another version', () => {
    expect(() => createRegistry([{ name: 'late', apiVersion: 2 } as unknown as Plugin], createDiscardBuilder)).toThrow(
      'plugin late is made for another API version',
    );
  });
});
