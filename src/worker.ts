// The entry of a thread that reads a part of the sources: loads what a conversion needs, then does as it is told.

import { parentPort } from 'node:worker_threads';
import { createBuilder, createDiscardBuilder, createPartSink, createRowStore, makeFileSource, openByteLane, readSource } from './builtin.ts';
import { loadRegistry } from './convert/load-registry.ts';
import { type Diagnostic, Diagnostics, UserError } from './diagnostics.ts';
import type { FromThread, PlainFailure, PlainTask, ToThread } from './part-messages.ts';
import { LocalPart } from './run/local-part.ts';
import type { PartReading } from './run/part.ts';

if (parentPort === null) throw new Error('the entry of a thread, not of a program');
const port = parentPort;
let part: LocalPart | undefined;
/** Of the reading under way, in case it fails. */
let diagnostics = new Diagnostics();

function send(message: FromThread): void {
  port.postMessage(message);
}

async function makePart({ settings, sources, ...rest }: PlainTask): Promise<LocalPart> {
  const { csv, defaultTables, fhirVersion, formatName, hasDefaultTables, parquet, place, plugins, typed, views } = settings;
  const registry = await loadRegistry({
    fhirVersion,
    hasDefaultTables,
    plugins,
    views,
    isChecked: true,
    ...(csv && { csv }),
    ...(typed && { typed }),
    ...(parquet && { parquet }),
    ...(defaultTables && { defaultTables }),
  });
  const format = registry.formats.get(formatName);
  if (format === undefined) throw new Error(`no format ${formatName}`);
  return new LocalPart({
    ...settings,
    ...rest,
    registry,
    readSource,
    createBuilder,
    createDiscardBuilder,
    openByteLane: settings.engine === 'objects' ? undefined : () => openByteLane(fhirVersion),
    createRowStore,
    sources: sources.map(({ filePath, name, isNamedByUser, byteSize }) =>
      makeFileSource(typeof filePath === 'string' ? filePath : Buffer.from(filePath), name, isNamedByUser, byteSize),
    ),
    findings: [],
    sink: createPartSink(place, rest.number, format, rest.partCount),
    canReadAgain: true,
    emptyTables: 'none',
    onDiagnostic: (diagnostic: Diagnostic) => diagnostics.add({ counts: new Map([[diagnostic.code, 1]]), kept: [diagnostic] }, false),
    onProgress: (progress) => send({ kind: 'progress', progress }),
    onStage: (stage) => send({ kind: 'stage', stage }),
  });
}

async function work(message: ToThread): Promise<PartReading> {
  if (message.kind === 'read') part = await makePart(message.task);
  if (part === undefined) throw new Error('nothing was read yet');
  return message.kind === 'read' ? await part.read() : await part.readAgain(message.decisions);
}

function describeFailure(error: unknown): PlainFailure {
  if (error instanceof UserError) {
    const { code, exitCode, location, parameters } = error;
    return { code, exitCode, location, parameters, stack: undefined };
  }
  const isError = error instanceof Error;
  const parameters = { reason: isError ? error.constructor.name : typeof error };
  return { code: 'INTERNAL', exitCode: 1, location: undefined, parameters, stack: isError ? error.stack : undefined };
}

port.on('message', (message: ToThread) => {
  diagnostics = new Diagnostics();
  // While it works, the thread ends when it has nothing left to wait for: work that stalls is noticed by that.
  port.unref();
  work(message)
    .then(
      (reading) => send({ kind: 'done', reading }),
      (error: unknown) => send({ kind: 'failed', failure: describeFailure(error), diagnostics: { counts: diagnostics.counts, kept: diagnostics.kept } }),
    )
    .finally(() => port.ref());
});
send({ kind: 'ready' });
