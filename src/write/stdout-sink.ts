// One table → standard output as it is made, at the reader's pace. A reader that goes away (`| head`) ends the run
// quietly: the sink throws OutputClosed, which is no failure.

import { UserError } from '../diagnostics.ts';
import type { PartSink, PublishedOutput, RejectedRecord, Sink, TableEncoders, TableFormat, TableSchema, TableWriter } from '../types.ts';
import { outputError } from './files/output-error.ts';
import { OutputClosed } from './output-closed.ts';

/** What the sink needs of a stream; process.stdout has it. */
export interface ByteStream {
  write(bytes: Uint8Array, onWritten: (error?: Error | null) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** A sink for `stream`, called `name` in messages. */
export function createStreamSink(stream: ByteStream, name: string, format: TableFormat): Sink {
  return new StreamSink(stream, name, format);
}

/** Its own only part: rows that are out cannot wait for one another. */
class StreamSink implements Sink, PartSink {
  readonly storage;
  readonly canRestart = false;
  readonly #stream: ByteStream;
  readonly #name: string;
  readonly #format: TableFormat;
  #encoders: TableEncoders | undefined;
  #failure: unknown;

  constructor(stream: ByteStream, name: string, format: TableFormat) {
    this.storage = format.storage;
    this.#stream = stream;
    this.#name = name;
    this.#format = format;
  }

  async start(): Promise<void> {
    this.#stream.on('error', (error) => {
      this.#failure ??= error;
    });
  }

  part(): PartSink {
    return this;
  }

  place(): undefined {
    return undefined;
  }

  async open(schema: TableSchema): Promise<TableWriter> {
    if (this.#encoders !== undefined) throw new UserError('OUTPUT_ONE_TABLE', { parameters: { path: this.#name, count: 2 }, exitCode: 2 });
    this.#encoders = this.#format.start(1);
    return this.#encoders.open(schema, { append: (bytes) => this.#send(bytes), hasHead: true, isPipe: true });
  }

  /** Standard output has no place for them; the report's counts and the messages stay. */
  reject(_record: RejectedRecord): void {}

  async restart(): Promise<void> {
    throw new Error('what is on stdout cannot be taken back');
  }

  async finish(): Promise<void> {
    await this.#encoders?.finish?.();
  }

  async commit(): Promise<PublishedOutput> {
    this.#check();
    return { files: [this.#name] };
  }

  abort(): void {
    this.#encoders?.abort?.();
  }

  /** Resolves when the stream has taken the bytes, which is what keeps memory flat before a slow reader. */
  async #send(bytes: Uint8Array): Promise<void> {
    this.#check();
    await new Promise<void>((resolve) => {
      this.#stream.write(bytes, (error) => {
        if (error) this.#failure ??= error;
        resolve();
      });
    });
    this.#check();
  }

  #check(): void {
    const failure = this.#failure;
    if (failure === undefined) return;
    const code = failure instanceof Error && 'code' in failure ? failure.code : undefined;
    if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') throw new OutputClosed();
    throw outputError(failure, this.#name);
  }
}
