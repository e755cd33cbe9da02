// Many statements, and the rows of those that are COPY … FROM STDIN → one message each way: a statement by itself would
// cost a trip to the server, and the rows of a COPY another one. The server takes rows that it does not want after a fault
// and throws them away. https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY

import type { CopyMessages } from './copy-messages.ts';

/** Statements that belong together. */
export interface Work {
  readonly statements: readonly string[];
  /** For the message if it fails, as in `table patient`. */
  readonly place: string;
  /** Of the last statement, where that is a COPY. */
  readonly rows?: CopyMessages;
}

/** A row of an answer, as text. */
export type AnswerRow = readonly (string | null)[];

/** As much of pg's connection as is used; the package's own types shall need none of pg's. */
export interface WireConnection {
  query(text: string): void;
  readonly stream: { write(bytes: Uint8Array): unknown; cork(): void; uncork(): void; destroy(): void };
}

const copyDone = Uint8Array.of(0x63, 0, 0, 0, 4);

/** What pg hands on to whoever it lets submit. */
export class StatementBatch {
  readonly #works: readonly Work[];
  /** The rows of all answers in turn. */
  readonly answer: Promise<readonly AnswerRow[]>;
  #resolve: (rows: readonly AnswerRow[]) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  readonly #rows: AnswerRow[] = [];
  #doneCount = 0;
  #isSubmitted = false;

  constructor(works: readonly Work[]) {
    this.#works = works;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // It may fail before anybody listens, after the one before has.
    this.answer.catch(() => {});
  }

  get isSubmitted(): boolean {
    return this.#isSubmitted;
  }

  /** Where the server is, or what went wrong. */
  get place(): string {
    let count = 0;
    for (const { place, statements } of this.#works) {
      count += statements.length;
      if (count > this.#doneCount) return place;
    }
    return this.#works.at(-1)?.place ?? '';
  }

  /** May come before the answers to the batch before: the server takes one after the other. pg asks for it again when they are there. */
  submit(connection: WireConnection): void {
    if (this.#isSubmitted) return;
    this.#isSubmitted = true;
    const { stream } = connection;
    stream.cork();
    connection.query(this.#works.flatMap(({ statements }) => statements).join(';\n'));
    for (const { rows } of this.#works) {
      if (rows === undefined) continue;
      for (const message of rows.messages()) stream.write(message);
      stream.write(copyDone);
    }
    stream.uncork();
  }

  handleCommandComplete(): void {
    this.#doneCount++;
  }

  handleReadyForQuery(): void {
    this.#resolve(this.#rows);
  }

  handleError(error: unknown): void {
    this.#reject(error);
  }

  /** The rows are on their way already. */
  handleCopyInResponse(): void {}

  handleRowDescription(): void {}

  handleDataRow({ fields }: { readonly fields: AnswerRow }): void {
    this.#rows.push(fields);
  }

  handleEmptyQuery(): void {}

  handlePortalSuspended(): void {}

  /** For pg, where it has a limit of time for queries. */
  callback(): void {}
}
