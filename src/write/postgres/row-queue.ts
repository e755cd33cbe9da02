// Rows of many tables, as bytes → COPY statements of one connection, while the caller goes on making rows. Each statement
// takes as many rows of a table as came together, and each message to the server the statements that wait; what is held is
// bounded.

import { CopyMessages, MessageBuffers } from './copy-messages.ts';
import type { Session } from './session.ts';
import type { Work } from './statement-batch.ts';

/** Rows of a table, in their order: one piece for each statement that takes them. */
interface Pending {
  readonly place: string;
  pieces: { readonly sql: string; readonly rows: CopyMessages }[];
  byteCount: number;
}

/** A statement takes the server some time, however few rows it has: so many are worth one. */
const segmentBytes = 64 * 1024;
/** A server with less than this to do will soon have nothing. */
const lowWaterBytes = 512 * 1024;
/** It gets what there is when so many have come together, of tables with at least a few: early at first, later in larger messages. */
const firstIdleMessageBytes = 64 * 1024;
const lastIdleMessageBytes = 256 * 1024;
const idleSegmentBytes = 4 * 1024;
/** Of one message with all its rows, but for the last of them: a server before 13 has one limit of time for a message. */
const messageBytes = 1024 * 1024;
/** Over all tables, and what the server has not taken yet: then the caller waits. */
const maxHeldBytes = 32 * 1024 * 1024;
/** Messages: the server finds the next one when it is done with one, however busy this side is, and however far away. */
const maxInFlight = 2;
/** The connection gets its turn when so many have come: reading and flattening would not leave it one. */
const turnBytes = 256 * 1024;

export class RowQueue {
  readonly #session: Session;
  readonly #buffers = new MessageBuffers();
  readonly #pending = new Map<string, Pending>();
  #pendingBytes = 0;
  #sentBytes = 0;
  #bytesSinceTurn = 0;
  #idleMessageBytes = firstIdleMessageBytes;
  #waiting: Work[] = [];
  /** What the server has not answered yet, in its order; none of them rejects. */
  readonly #inFlight: Promise<void>[] = [];
  #isStarting = false;
  #isFlushing = false;
  #failure: unknown;
  readonly #isRefusal: (error: unknown) => boolean;
  readonly #takeSpareWorks: () => readonly Work[];
  #isRefused = false;

  /**
   * `isRefusal`: after which faults all rows are to come again, in another way. `takeSpareWorks`: what could wait, but may as well be
   * done while rows are still being made.
   */
  constructor(session: Session, isRefusal: (error: unknown) => boolean, takeSpareWorks: () => readonly Work[]) {
    this.#session = session;
    this.#takeSpareWorks = takeSpareWorks;
    this.#isRefusal = isRefusal;
  }

  /** True after such a fault: nothing is sent or thrown until `reset`. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** How many the server waits for; undefined while it has enough to do. */
  get wantedBytes(): number | undefined {
    return this.#sentBytes + this.#pendingBytes < lowWaterBytes ? this.#idleMessageBytes : undefined;
  }

  /** Rows for `COPY … FROM STDIN`; the bytes are copied. A fault is thrown by a later call of another method. */
  add(name: string, sql: string, place: string, bytes: Uint8Array): void {
    if (this.#isRefused) return;
    const pending = this.#pending.get(name) ?? { place, pieces: [], byteCount: 0 };
    this.#pending.set(name, pending);
    let piece = pending.pieces.at(-1);
    if (piece?.sql !== sql) {
      piece = { sql, rows: new CopyMessages(this.#buffers) };
      pending.pieces.push(piece);
    }
    piece.rows.append(bytes);
    pending.byteCount += bytes.length;
    this.#pendingBytes += bytes.length;
    this.#bytesSinceTurn += bytes.length;
    if (this.#pendingBytes >= this.#idleMessageBytes) this.#start();
  }

  /** Statements before the rows that are sent after them. A fault is thrown by a later call of another method. */
  execute(statements: readonly string[], place: string): void {
    if (this.#failure !== undefined || this.#isRefused) return;
    this.#waiting.push({ statements, place });
  }

  /** Resolves when more may come. */
  async relieve(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    while (this.#failure === undefined && this.#sentBytes + this.#pendingBytes > maxHeldBytes) await this.#inFlight[0];
    if (this.#bytesSinceTurn >= (this.wantedBytes ?? turnBytes)) {
      this.#bytesSinceTurn = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Sends all, and waits until the server has it. */
  async flush(): Promise<void> {
    this.#isFlushing = true;
    this.#pump();
    while (this.#inFlight.length > 0) await this.#inFlight[0];
    this.#isFlushing = false;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Forgets what was not sent yet, and waits for the rest. */
  async reset(): Promise<void> {
    this.#forget();
    await this.flush();
    this.#isRefused = false;
  }

  #forget(): void {
    this.#waiting = [];
    this.#pending.clear();
    this.#pendingBytes = 0;
  }

  /** What is added in one go, goes in one. */
  #start(): void {
    if (this.#isStarting) return;
    this.#isStarting = true;
    queueMicrotask(() => {
      this.#isStarting = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#inFlight.length < maxInFlight) {
      const works = this.#takeWorks();
      if (works.length === 0) return;
      if (!this.#isFlushing) works.push(...this.#takeSpareWorks());
      this.#inFlight.push(this.#send(works));
      this.#idleMessageBytes = Math.min(2 * this.#idleMessageBytes, lastIdleMessageBytes);
    }
  }

  /** What waits, and the rows of the tables that have most of them. */
  #takeWorks(): Work[] {
    if (this.#failure !== undefined) return [];
    const works = this.#waiting;
    this.#waiting = [];
    const largest = [...this.#pending.values()].filter(({ byteCount }) => byteCount > 0).sort((a, b) => b.byteCount - a.byteCount);
    const isIdle = this.#pendingBytes >= this.#idleMessageBytes && (largest[0]?.byteCount ?? 0) < segmentBytes;
    const least = this.#isFlushing || this.#pendingBytes > maxHeldBytes / 2 ? 1 : isIdle ? idleSegmentBytes : segmentBytes;
    let byteCount = 0;
    for (const pending of largest) {
      if (byteCount >= messageBytes || pending.byteCount < least) break;
      byteCount += pending.byteCount;
      for (const { rows, sql } of pending.pieces) works.push({ statements: [sql], place: pending.place, rows });
      pending.pieces = [];
      pending.byteCount = 0;
    }
    this.#pendingBytes -= byteCount;
    this.#sentBytes += byteCount;
    return works;
  }

  async #send(works: readonly Work[]): Promise<void> {
    try {
      await this.#session.send(works);
      for (const { rows } of works) rows?.giveBack();
    } catch (error) {
      // After a refusal the transaction takes nothing more, and says so of each message that was on its way.
      if (!this.#isRefused && this.#isRefusal(error)) {
        this.#isRefused = true;
        this.#forget();
      } else if (!this.#isRefused) {
        this.#failure ??= error;
      }
    }
    for (const { rows } of works) this.#sentBytes -= rows?.byteCount ?? 0;
    this.#inFlight.shift();
    this.#pump();
  }
}
