// Parquet and Arrow files as other people's readers see them, in one form: dates and times as texts, 64-bit integers as
// texts, lists as arrays, null.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DuckDBConnection,
  DuckDBDateValue,
  DuckDBInstance,
  DuckDBListValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { type Data, DataType, type RecordBatch, tableFromIPC } from 'apache-arrow';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { Table, writeParquet } from 'parquet-wasm';

export type TypedCell = string | number | boolean | null | readonly TypedCell[];

export interface ReadTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly TypedCell[])[];
}

export type ReadFile = (path: string) => Promise<ReadTable>;

export const parquetReaders: Readonly<Record<string, ReadFile>> = { DuckDB: readByDuckDb, hyparquet: readByHyparquet };
/** DuckDB reads Arrow by an extension, which has to be downloaded: it reads what arrow-rs makes of the file instead. */
export const arrowReaders: Readonly<Record<string, ReadFile>> = { 'apache-arrow': readByApacheArrow, 'arrow-rs and DuckDB': readByArrowRs };

/** The rows of a query, in DuckDB's own JSON form. */
export async function queryDuckDb(sql: string): Promise<readonly (readonly TypedCell[])[]> {
  return (await runDuckDb(sql)).getRowsJson() as TypedCell[][];
}

let connecting: Promise<DuckDBConnection> | undefined;

async function runDuckDb(sql: string) {
  connecting ??= DuckDBInstance.create(':memory:', { threads: '1' }).then((instance) => instance.connect());
  const reader = await (await connecting).runAndReadAll(sql);
  return reader;
}

async function readByDuckDb(path: string): Promise<ReadTable> {
  const reader = await runDuckDb(`SELECT * FROM read_parquet('${path}')`);
  return { columns: reader.columnNames(), rows: reader.getRows().map((row) => row.map(fromDuckDb)) };
}

function fromDuckDb(value: DuckDBValue): TypedCell {
  if (value instanceof DuckDBDateValue) return dayText(value.days);
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) return momentText(value.micros);
  if (value instanceof DuckDBListValue) return value.items.map(fromDuckDb);
  return plain(value);
}

async function readByHyparquet(path: string): Promise<ReadTable> {
  const file = await asyncBufferFromFile(path);
  const columns = parquetSchema(await parquetMetadataAsync(file)).children.map(({ element }) => element.name);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const parsers = {
    dateFromDays: (days: number) => dayText(days),
    timestampFromMicroseconds: (micros: bigint) => momentText(micros),
    stringFromBytes: (bytes: Uint8Array) => bytes && decoder.decode(bytes),
  };
  const objects = await parquetReadObjects({ file, compressors, parsers });
  return { columns, rows: objects.map((object) => columns.map((column) => plain(object[column]))) };
}

function plain(value: unknown): TypedCell {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') return String(value);
  return Array.isArray(value) ? value.map(plain) : (value as TypedCell);
}

async function readByApacheArrow(path: string): Promise<ReadTable> {
  return readIpc(readFileSync(path));
}

function readIpc(bytes: Uint8Array): ReadTable {
  const table = tableFromIPC(bytes);
  const rows = table.batches.flatMap((batch: RecordBatch) =>
    Array.from({ length: batch.numRows }, (_, row) => batch.data.children.map((column) => cellOf(column, row))),
  );
  return { columns: table.schema.names.map(String), rows };
}

function cellOf(column: Data, row: number): TypedCell {
  if (!column.getValid(row)) return null;
  const { type } = column;
  const value = column.values?.[column.offset + row];
  if (DataType.isDate(type)) return dayText(Number(value));
  if (DataType.isTimestamp(type)) return momentText(value);
  if (DataType.isInt(type) || DataType.isFloat(type)) return plain(value);
  // Without the point.
  if (DataType.isDecimal(type)) return String(unscaledOf((column.values as Uint32Array).subarray((column.offset + row) * 4, (column.offset + row + 1) * 4)));
  if (DataType.isBool(type)) return (((column.values[row >> 3] as number) >> (row & 7)) & 1) === 1;
  const [start, end] = [column.valueOffsets?.[row] ?? 0, column.valueOffsets?.[row + 1] ?? 0];
  if (DataType.isUtf8(type)) return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(column.values.subarray(start, end));
  if (DataType.isList(type)) return Array.from({ length: end - start }, (_, index) => cellOf(column.children[0] as Data, start + index));
  throw new TypeError(`no cell of ${type}`);
}

function unscaledOf(words: Uint32Array): bigint {
  return BigInt.asIntN(
    128,
    words.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n),
  );
}

/** arrow-rs reads the file, writes it as Parquet, and DuckDB reads that. */
async function readByArrowRs(path: string): Promise<ReadTable> {
  const bytes = readFileSync(path);
  // A file is a stream between a head of eight bytes and a footer.
  const stream = bytes.subarray(0, 6).toString('latin1') === 'ARROW1' ? bytes.subarray(8) : bytes;
  const folder = mkdtempSync(join(tmpdir(), 'fhir-flatten-arrow-'));
  try {
    writeFileSync(join(folder, 'copy.parquet'), writeParquet(Table.fromIPCStream(stream)));
    return await readByDuckDb(join(folder, 'copy.parquet'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function dayText(days: number): string {
  return new Date(days * 86_400_000).toISOString().slice(0, 10);
}

function momentText(micros: bigint): string {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((micros - fraction) / 1000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(fraction).padStart(6, '0')}`;
}
