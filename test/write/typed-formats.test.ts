// What every typed format must do with the rows it gets, as other people's readers see its files.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTypedBuilder } from '../../src/table/cell-builder.ts';
import type { CellValue, ColumnType, PrimitiveTypeName, TableFormat, TableSchema, TypedOptions } from '../../src/types.ts';
import { createArrowFormat } from '../../src/write/arrow/arrow-format.ts';
import { createParquetFormat } from '../../src/write/parquet/parquet-format.ts';
import { arrowReaders, parquetReaders, queryDuckDb, type ReadFile, type ReadTable, type TypedCell } from '../support/read-typed.ts';
import { makeFolder } from '../support/run-command.ts';

type Row = Readonly<Record<string, CellValue | undefined>>;
type Columns = Readonly<Record<string, PrimitiveTypeName | ColumnType>>;

const local: TypedOptions = { timestamps: 'local', decimals: 'double' };

const formats: readonly (readonly [string, (typed: TypedOptions) => TableFormat, ReadFile])[] = [
  ...Object.entries(parquetReaders).flatMap(([reader, read]) =>
    (['zstd', 'snappy', 'none'] as const).map(
      (compression) =>
        [`parquet (${compression}) by ${reader}`, (typed: TypedOptions) => createParquetFormat(typed, { compression }, compression === 'zstd'), read] as const,
    ),
  ),
  ...Object.entries(arrowReaders).map(([reader, read]) => [`arrow by ${reader}`, (typed: TypedOptions) => createArrowFormat(typed), read] as const),
];

function schemaOf(columns: Columns): TableSchema {
  return {
    name: 't',
    role: 'main',
    resourceType: 'T',
    description: 'A table.',
    columns: Object.entries(columns).map(([name, type]) => ({
      name,
      type: typeof type === 'string' ? { kind: 'primitive', fhirType: type } : type,
      isNullable: true,
      fhirPath: `T.${name}`,
      description: `Column ${name}.`,
    })),
  };
}

const list = (fhirType: PrimitiveTypeName): ColumnType => ({ kind: 'list', fhirType });

/** Writes the rows, a batch for each inner array; returns the path of the file. */
async function writeRows(format: TableFormat, columns: Columns, batches: readonly (readonly Row[])[], isPipe = false) {
  const schema = schemaOf(columns);
  const pieces: Uint8Array[] = [];
  const append = async (bytes: Uint8Array) => {
    pieces.push(Uint8Array.from(bytes));
  };
  const encoders = format.start(1);
  const writer = encoders.open(schema, { append, hasHead: true, isPipe });
  const builder = createTypedBuilder(schema);
  for (const rows of batches) {
    for (const row of rows) {
      const index = builder.addRow();
      for (const [name, cell] of Object.entries(row)) {
        if (cell !== undefined) builder.set(index, Object.keys(columns).indexOf(name), cell);
      }
    }
    await writer.write(builder.take());
  }
  const facts = await writer.close();
  await encoders.finish?.();
  const path = join(makeFolder(), `t.${format.extension}`);
  writeFileSync(path, Buffer.concat(pieces));
  return { path, facts };
}

function cellsOf({ columns, rows }: ReadTable, name: string): TypedCell[] {
  return rows.map((row) => row[columns.indexOf(name)] as TypedCell);
}

describe.each(formats)('%s', (_, createFormat, read) => {
  async function roundTrip(columns: Columns, batches: readonly (readonly Row[])[], typed = local) {
    const { facts, path } = await writeRows(createFormat(typed), columns, batches);
    return { facts, table: await read(path) };
  }

  it('keeps a table without rows, with its columns', async () => {
    const { facts, table } = await roundTrip({ id: 'id', at: 'dateTime', tags: list('code') }, []);
    expect(table).toEqual({ columns: ['id', 'at', 'at_tz', 'tags'], rows: [] });
    expect(facts.rowCount).toBe(0);
  });

  it('keeps one row', async () => {
    const { table } = await roundTrip({ id: 'id', isOpen: 'boolean' }, [[{ id: 'a', isOpen: true }]]);
    expect(table.rows).toEqual([['a', true]]);
  });

  it('keeps columns that are null throughout, of every type', async () => {
    const columns = {
      id: 'id',
      a: 'boolean',
      b: 'integer',
      c: 'integer64',
      d: 'decimal',
      e: 'date',
      f: 'instant',
      g: list('string'),
      h: { kind: 'json' },
    } as const;
    const { table } = await roundTrip(columns, [[{ id: '1' }, { id: '2' }], [{ id: '3' }]]);
    expect(table.rows).toEqual(['1', '2', '3'].map((id) => [id, ...new Array<null>(table.columns.length - 1).fill(null)]));
  });

  it('keeps columns that are null in the first or in the last rows', async () => {
    const batches = [[{ id: '1' }], [{ id: '2', n: 2, t: 'two', b: false, l: ['x'], d: '2024' }], [{ id: '3' }]];
    const { table } = await roundTrip({ id: 'id', n: 'integer', t: 'string', b: 'boolean', l: list('string'), d: 'date' }, batches);
    expect(table.rows).toEqual([
      ['1', null, null, null, null, null, null],
      ['2', 2, 'two', false, ['x'], '2024-01-01', 'year'],
      ['3', null, null, null, null, null, null],
    ]);
  });

  it('keeps lists that are empty, and null among items', async () => {
    const cells: (CellValue | undefined)[] = [['a', 'b'], [], undefined, [null], [null, '', 'c;d'], ['é']];
    const { table } = await roundTrip({ l: list('string') }, [cells.map((l) => ({ l }))]);
    expect(cellsOf(table, 'l')).toEqual([['a', 'b'], [], null, [null], [null, '', 'c;d'], ['é']]);
  });

  it('keeps lists of numbers', async () => {
    const { table } = await roundTrip({ i: list('integer'), d: list('decimal') }, [[{ i: [1, null, -2], d: [0.1, 2] }]]);
    expect(table.rows).toEqual([
      [
        [1, null, -2],
        [0.1, 2],
      ],
    ]);
  });

  it('keeps texts of any script, next to each other', async () => {
    const texts = [
      '',
      'plain',
      'Grüße',
      '日本語',
      '👩‍👩‍👧',
      '\u{feff}bom',
      'a\u0000b',
      '"q",\n',
      'Ångström'.normalize('NFD'),
      '𐀀',
      'x'.repeat(100_000),
      'ü'.repeat(70_000),
    ];
    const { table } = await roundTrip({ t: 'string' }, [texts.map((t) => ({ t })), [{ t: 'ascii only' }], texts.map((t) => ({ t }))]);
    // DuckDB's client drops a byte order mark where a text begins with it.
    const withoutMarks = (cells: readonly TypedCell[]) => cells.map((cell) => String(cell).replace(/^\ufeff/, ''));
    expect(withoutMarks(cellsOf(table, 't'))).toEqual(withoutMarks([...texts, 'ascii only', ...texts]));
  });

  it('writes a lone surrogate as U+FFFD and counts it, also where a pair would arise between two cells', async () => {
    const { facts, table } = await roundTrip({ t: 'string' }, [[{ t: 'a\ud83d' }, { t: '\ude00b' }]]);
    expect(cellsOf(table, 't')).toEqual(['a\ufffd', '\ufffdb']);
    expect(facts.replacedCharacterCount).toBe(2);
  });

  it('keeps dates and times at the limits of FHIR', async () => {
    const at = [
      '0001-01-01T00:00:00Z',
      '1969-12-31T23:59:59.999999-05:00',
      '1582-10-04T12:00:00Z',
      '9999-12-31T23:59:59.999999+14:00',
      '2024-02-29T23:30:00',
      '2024-02',
    ];
    const { table } = await roundTrip({ on: 'date', at: 'dateTime' }, [at.map((text) => ({ on: text.slice(0, 10), at: text }))]);
    expect(cellsOf(table, 'at')).toEqual([
      ...['0001-01-01T00:00:00.000000', '1969-12-31T23:59:59.999999', '1582-10-04T12:00:00.000000', '9999-12-31T23:59:59.999999'],
      ...['2024-02-29T23:30:00.000000', '2024-02-01T00:00:00.000000'],
    ]);
    expect(cellsOf(table, 'at_tz')).toEqual(['Z', '-05:00', 'Z', '+14:00', null, 'month']);
    expect(cellsOf(table, 'on')).toEqual(['0001-01-01', '1969-12-31', '1582-10-04', '9999-12-31', '2024-02-29', '2024-02-01']);
    expect(cellsOf(table, 'on_precision')).toEqual(['day', 'day', 'day', 'day', 'day', 'month']);
  });

  it('turns times into UTC when asked, and keeps their zones', async () => {
    const at = ['2024-01-01T00:30:00+01:00', '0001-01-01T00:00:00-14:00', '2024', '2024-01-01T00:00:00'];
    const { facts, table } = await roundTrip({ at: 'instant' }, [at.map((text) => ({ at: text }))], { ...local, timestamps: 'utc' });
    expect(cellsOf(table, 'at')).toEqual(['2023-12-31T23:30:00.000000', '0001-01-01T14:00:00.000000', '2024-01-01T00:00:00.000000', null]);
    expect(cellsOf(table, 'at_tz')).toEqual(['+01:00', '-14:00', 'year', null]);
    expect(facts.unfitCellCount).toBe(1);
  });

  it('keeps numbers at their limits', async () => {
    const rows: Row[] = [
      { i: 2147483647, l: 9223372036854775807n, d: Number.MAX_VALUE },
      { i: -2147483648, l: -9223372036854775808n, d: Number.MIN_VALUE },
      { i: '7', l: '12', d: '0.1' },
      { i: 0, l: 0, d: -0.5 },
    ];
    const { table } = await roundTrip({ i: 'integer', l: 'integer64', d: 'decimal' }, [rows]);
    expect(table.rows).toEqual([
      [2147483647, '9223372036854775807', Number.MAX_VALUE],
      [-2147483648, '-9223372036854775808', Number.MIN_VALUE],
      [7, '12', 0.1],
      [0, '0', -0.5],
    ]);
  });

  it('leaves cells null that do not fit, and counts them', async () => {
    const rows: Row[] = [
      { i: 2147483648, b: 'yes', d: '2024-13-45', n: 'three' },
      { i: 1, b: 'true', d: '2024-12-31', n: '3' },
    ];
    const { facts, table } = await roundTrip({ i: 'integer', b: 'boolean', d: 'date', n: 'decimal' }, [rows]);
    expect(table.rows).toEqual([
      [null, null, null, null, null],
      [1, true, '2024-12-31', 'day', 3],
    ]);
    expect(facts.unfitCellCount).toBe(4);
  });

  it('keeps the rows of many batches in order', async () => {
    const batches = Array.from({ length: 40 }, (_, batch) =>
      Array.from(
        { length: 4000 },
        (_, row): Row => ({ id: `${batch}-${row}`, n: row % 3 === 0 ? undefined : batch * 4000 + row, tags: row % 5 === 0 ? [`t${row}`] : undefined }),
      ),
    );
    const { facts, table } = await roundTrip({ id: 'id', n: 'integer', tags: list('code') }, batches);
    expect(facts.rowCount).toBe(160_000);
    const expected = batches.flat().map(({ id, n, tags }) => [id, n ?? null, tags ?? null]);
    expect(table.rows.length).toBe(expected.length);
    for (let row = 0; row < expected.length; row += 997) expect(table.rows[row]).toEqual(expected[row]);
    expect(table.rows.at(-1)).toEqual(expected.at(-1));
  });
});

it.each([
  ['parquet', createParquetFormat(local, { compression: 'zstd' }, false), parquetReaders],
  ['arrow', createArrowFormat(local), arrowReaders],
] as const)('%s keeps a million rows', { timeout: 120_000 }, async (_, format, readers) => {
  const batchCount = 250;
  const batchOf = (batch: number) =>
    Array.from(
      { length: 4000 },
      (_, row): Row => ({ id: `${batch}.${row}`, n: row % 2 === 0 ? batch * 4000 + row : undefined, t: row % 100 === 0 ? 'ü' : 'x' }),
    );
  const { facts, path } = await writeRows(
    format,
    { id: 'id', n: 'integer', t: 'code' },
    Array.from({ length: batchCount }, (_, batch) => batchOf(batch)),
  );
  expect(facts.rowCount).toBe(1_000_000);
  for (const read of Object.values(readers)) {
    const { rows } = await read(path);
    expect(rows.length).toBe(1_000_000);
    for (let row = 0; row < rows.length; row += 9973) {
      const [batch, rowInBatch] = [Math.floor(row / 4000), row % 4000];
      expect(rows[row]).toEqual([`${batch}.${rowInBatch}`, rowInBatch % 2 === 0 ? row : null, rowInBatch % 100 === 0 ? 'ü' : 'x']);
    }
  }
});

it('Arrow goes into a pipe as a stream', async () => {
  const { path } = await writeRows(createArrowFormat(local), { id: 'id' }, [[{ id: 'a' }]], true);
  for (const read of Object.values(arrowReaders)) expect((await read(path)).rows).toEqual([['a']]);
});

describe('Parquet files', () => {
  const parquet = (typed: TypedOptions = local, compression: 'zstd' | 'snappy' | 'none' = 'zstd') =>
    createParquetFormat(typed, { compression }, compression === 'zstd');

  it('have logical types, in row groups with statistics', async () => {
    const batches = Array.from({ length: 20 }, (_, batch) =>
      Array.from({ length: 4000 }, (_, row): Row => ({ n: batch * 4000 + row, on: '2024-02-03', at: '2024-02-03T04:05:06Z', t: 'x', l: ['y'] })),
    );
    const { path } = await writeRows(parquet(), { n: 'integer', on: 'date', at: 'instant', t: 'string', l: list('string') }, batches);
    const schema = await queryDuckDb(`SELECT name, logical_type FROM parquet_schema('${path}') WHERE name IN ('on', 'at', 't', 'l')`);
    const types = new Map(schema.map(([name, type]) => [name, String(type)]));
    expect(types.get('on')).toBe('DateType()');
    expect(types.get('at')).toMatch(/^TimestampType\(isAdjustedToUTC=0, .*MICROS=MicroSeconds/);
    expect(types.get('t')).toBe('StringType()');
    expect(types.get('l')).toBe('ListType()');
    const groups = await queryDuckDb(
      `SELECT row_group_num_rows, stats_min_value, stats_max_value, stats_null_count, compression FROM parquet_metadata('${path}') WHERE path_in_schema = 'n'`,
    );
    expect(groups).toEqual([
      ['60000', '0', '59999', '0', 'ZSTD'],
      ['20000', '60000', '79999', '0', 'ZSTD'],
    ]);
  });

  it('have one row group of what is encoded piece by piece, with columns that get values late, or none', async () => {
    const rowOf = (row: number): Row => ({
      t: `${row} ${'ü'.repeat(1000)}`,
      late: row < 4000 ? undefined : row,
      l: row % 3 === 0 ? ['y', `${row}`] : undefined,
    });
    const batches = Array.from({ length: 10 }, (_, batch) => Array.from({ length: 500 }, (_, row) => rowOf(batch * 500 + row)));
    const { path } = await writeRows(parquet(), { t: 'string', late: 'integer', none: 'date', l: list('string') }, batches);
    const groups = await queryDuckDb(`SELECT path_in_schema, row_group_num_rows, stats_null_count FROM parquet_metadata('${path}')`);
    expect(groups.map(([column, ...facts]) => [String(column).split(',')[0], ...facts])).toEqual([
      ['t', '5000', '0'],
      ['late', '5000', '4000'],
      ['none', '5000', '5000'],
      ['none_precision', '5000', '5000'],
      ['l', '5000', '3333'],
    ]);
    for (const read of Object.values(parquetReaders)) {
      const { columns, rows } = await read(path);
      expect(rows).toEqual(batches.flat().map((row) => columns.map((name) => row[name] ?? null)));
    }
  });

  it('say what their columns are', async () => {
    const { path } = await writeRows(parquet(), { on: 'date' }, [[{ on: '2024' }]]);
    const rows = await queryDuckDb(`SELECT key::VARCHAR, decode(value) FROM parquet_kv_metadata('${path}') WHERE key::VARCHAR LIKE 'fhir%'`);
    const metadata = new Map(rows.map(([key, value]) => [key, String(value)]));
    expect(metadata.get('fhir_flatten_table')).toBe('t');
    expect(metadata.get('fhir_resource_type')).toBe('T');
    expect(JSON.parse(metadata.get('fhir_flatten_columns') ?? '')).toEqual([
      { name: 'on', type: 'date', fhir_type: 'date', fhir_path: 'T.on', description: 'Column on.' },
      { name: 'on_precision', type: 'text', fhir_type: 'date', fhir_path: 'T.on', description: 'How much of on was given: day, month or year.' },
    ]);
  });

  it('have decimals of a fixed number of digits, or text, when asked', async () => {
    const decimals = { precision: 38, scale: 4 };
    const cells = ['1.00', '-0.0001', '1e3', '1234567890123456789012345678901234.5678', '0.00001', undefined];
    const exact = await writeRows(parquet({ ...local, decimals }), { d: 'decimal' }, [cells.map((d) => ({ d }))]);
    expect((await queryDuckDb(`SELECT d::VARCHAR FROM '${exact.path}'`)).flat()).toEqual([
      ...['1.0000', '-0.0001', '1000.0000', '1234567890123456789012345678901234.5678', null, null],
    ]);
    expect(exact.facts.unfitCellCount).toBe(1);
    const text = await writeRows(parquet({ ...local, decimals: 'text' }), { d: 'decimal' }, [cells.map((d) => ({ d }))]);
    expect((await queryDuckDb(`SELECT d FROM '${text.path}'`)).flat()).toEqual([...cells.slice(0, 5), null]);
  });
});

it('Arrow files say what their columns are', async () => {
  const { tableFromIPC } = await import('apache-arrow');
  const { readFileSync } = await import('node:fs');
  const { path } = await writeRows(createArrowFormat(local), { at: 'instant' }, [[{ at: '2024' }]]);
  const { schema } = tableFromIPC(readFileSync(path));
  expect(Object.fromEntries(schema.fields[0]?.metadata ?? [])).toEqual({ fhir_type: 'instant', fhir_path: 'T.at', description: 'Column at.' });
  expect(schema.metadata.get('fhir_resource_type')).toBe('T');
});
