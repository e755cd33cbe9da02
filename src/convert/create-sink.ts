// Output as chosen → the sink of a run, and copies of what can be read once only in its temporary folder.

import {
  BothSinks,
  createDiscardSink,
  createFileSink,
  createFilledSink,
  createFolderSink,
  createStreamSink,
  type FolderSink,
  outputError,
  type PostgresSink,
  postgresStorage,
  spoolSource,
} from '../builtin.ts';
import type { Sink, Source } from '../types.ts';
import type { Output } from './choose-output.ts';
import type { ConvertOptions } from './convert-options.ts';

export function createSink(
  output: Output | undefined,
  database: PostgresSink | undefined,
  about: Readonly<Record<string, string>>,
  options: ConvertOptions,
  partCount: number,
): Sink | FolderSink {
  if (options.isDryRun) return createDiscardSink(output?.format?.storage ?? postgresStorage(options.typed?.timestamps ?? 'local'));
  const files = output && createFiles(output, about, options, partCount);
  // A database keeps its columns, filled or not.
  const sink = files !== undefined && options.hasFilledColumnsOnly === true ? createFilledSink(files) : files;
  if (database === undefined) return sink as Sink;
  return sink === undefined ? database : new BothSinks(sink, database);
}

function createFiles(output: Output, about: Readonly<Record<string, string>>, options: ConvertOptions, partCount: number): Sink | FolderSink {
  if (output.kind === 'sink') return output.sink.create(output.path);
  const sinkOptions = { format: output.format, about, partCount, keepsOtherTables: options.tables !== undefined || options.hasDefaultTables === false };
  switch (output.kind) {
    case 'folder':
      return createFolderSink(output.path, sinkOptions);
    case 'file':
      return createFileSink(output.path, sinkOptions);
    case 'stdout':
      return createStreamSink(process.stdout, 'stdout', output.format);
    default:
      return output satisfies never;
  }
}

export function isFolderSink(sink: Sink | FolderSink): sink is FolderSink {
  return 'scratchPath' in sink;
}

/** Standard input and pipes are copied while they are read, in case a second reading is needed. */
export function readableTwice(source: Source, sink: Pick<FolderSink, 'scratchPath'>, index: number): Source {
  if (source.byteSize !== undefined) return source;
  const path = sink.scratchPath(`input-${index}`);
  const spooled = spoolSource(source, path);
  return { ...spooled, open: (onRawBytes) => namingFaults(spooled.open(onRawBytes), path) };
}

/** A fault in writing the copy is the output's, not the input's: the run must not go on as if the input had ended. */
async function* namingFaults(chunks: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* chunks;
  } catch (error) {
    const isWriteFault = error instanceof Error && 'syscall' in error && error.syscall !== 'read';
    throw isWriteFault ? outputError(error, path) : error;
  }
}
