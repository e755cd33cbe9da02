// CSV files → tables, by INSERT with a thousand rows a statement: what loaders without COPY do at their best.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import pg from 'pg';

const rowsPerStatement = 1000;
/** A statement has no more parameters than this. */
const maxParameters = 65_535;

/** Returns how many rows there were. */
export async function insertRows(url: string, folder: string, tables: readonly string[]): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  let rowCount = 0;
  await client.query('BEGIN');
  for (const table of tables) {
    const rows = parse(readFileSync(join(folder, `${table}.csv`)), { relax_column_count: true }) as string[][];
    const width = rows[0]?.length ?? 1;
    const step = Math.min(rowsPerStatement, Math.floor(maxParameters / width));
    for (let start = 0; start < rows.length; start += step) {
      const batch = rows.slice(start, start + step);
      let parameter = 0;
      const tuples = batch.map((row) => `(${row.map(() => `$${++parameter}`).join(',')})`);
      // An empty cell is a null there: good enough for a measurement.
      const values = batch.flatMap((row) => row.map((cell) => (cell === '' ? null : cell)));
      await client.query(`INSERT INTO "${table}" VALUES ${tuples.join(',')}`, values);
    }
    rowCount += rows.length;
  }
  await client.query('COMMIT');
  await client.end();
  return rowCount;
}
