// Parquet as a table format: https://parquet.apache.org/docs/file-format/. Row groups are encoded one by one and written
// as they come, the metadata at the end.

import { namePhysicalType } from '../../physical-type.ts';
import type { TableFormat, TableSchema, TypedOptions, TypedStorage } from '../../types.ts';
import { describeColumn, describeTable } from '../typed/describe-table.ts';
import { listText } from '../typed/list-text.ts';
import type { PhysicalColumn } from '../typed/physical-columns.ts';
import { createTypedEncoders, shareLimits } from '../typed/row-groups.ts';
import type { ParquetTable } from './encode-row-group.ts';
import { EncoderThread } from './encoder-thread.ts';
import { openFile, whenOpen } from './open-file.ts';
import type { ParquetOptions } from './parquet-options.ts';

/**
 * The encoder is to have something to do early, and little in the end. But a piece takes some time, however few rows it has,
 * so those that come later in a group are larger; and a group that has begun takes memory, so many tables begin theirs later.
 */
function pieceByteCount(tableCount: number, givenByteCount: number): number {
  return Math.max(512 * 1024, tableCount * 26 * 1024, givenByteCount / 4);
}

const limits = { rowCount: 60_000, byteCount: 12 * 1024 * 1024, totalByteCount: 28 * 1024 * 1024, pieceByteCount };

/**
 * The format `parquet` with these options.
 * @param hasThread - it may start a thread that encodes
 */
export function createParquetFormat(typed: TypedOptions, options: ParquetOptions, hasThread: boolean): TableFormat {
  const storage: TypedStorage = { kind: 'typed', ...typed, lists: listText };
  return {
    name: 'parquet',
    extension: 'parquet',
    storage,
    join: async (paths, target) => await (await import('./join-parquet-files.ts')).joinParquetFiles(paths, target),
    start: (partCount) => {
      // Where several threads read, each encodes what it reads.
      const thread = hasThread && partCount === 1 ? new EncoderThread() : undefined;
      const encoders = createTypedEncoders(storage, shareLimits(limits, partCount), (schema, columns, { append }) => {
        const table = describe(schema, columns, options);
        return whenOpen(thread === undefined ? openFile(columns, table, append) : thread.open(columns, table, append));
      });
      return thread === undefined ? encoders : { ...encoders, finish: () => thread.finish(), abort: () => thread.stop() };
    },
  };
}

function describe(schema: TableSchema, columns: readonly PhysicalColumn[], options: ParquetOptions): ParquetTable {
  // The format has no place for it beside each column.
  const described = columns.map((column) => ({ name: column.name, type: namePhysicalType(column.type), ...describeColumn(column) }));
  return {
    metaData: [...describeTable(schema), ['fhir_flatten_columns', JSON.stringify(described)]],
    options,
  };
}
