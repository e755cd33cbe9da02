// What the command line says about Parquet → checked options of the format.

import { UserError } from '../../diagnostics.ts';

const compressions = ['zstd', 'snappy', 'none'] as const;

export interface ParquetOptions {
  readonly compression: (typeof compressions)[number];
}

/** Throws a UserError (usage) for a compression that is none of these. */
export function checkParquetOptions({ compression = 'zstd' }: { compression?: string }): ParquetOptions {
  const known = compressions.find((name) => name === compression);
  if (known === undefined)
    throw new UserError('PARQUET_COMPRESSION_UNKNOWN', { parameters: { name: compression, names: compressions.join(', ') }, exitCode: 2 });
  return { compression: known };
}
