// Rows of many tables, as bytes → COPY statements of one connection, while the caller goes on making rows. Each statement
// takes as many rows of a table as came together, and each message to the server the statements that wait; what is held is
// bounded.

import type { Session } from './session.ts';
import type { Work } from './statement-batch.ts';

interface Pending {
  readonly sql: string;
  readonly place: string;
  chunks: Uint8Array[];
  byteCount: number;
}

/** A statement takes the server some time, however few rows it has. */
const segmentBytes = 1024 * 1024;
/** Over all tables, before the largest one is sent although it is small. */
const maxPendingBytes = 32 * 1024 * 1024;
/** Handed to the connection and not yet taken by the server. */
const maxSentBytes = 8 * 1024 * 1024;
/** Of one message with all its rows, but for the last of them: a server before 13 has one limit of time for a message. */
const messageBytes = 4 * 1024 * 1024;

export class RowQueue {
  readonly #session: Session;
  readonly #pending = new Map<string, Pending>();
  #pendingBytes = 0;
  #sentBytes = 0;
  #waiting: Work[] = [];
  /** While something is being sent. */
  #sending: Promise<void> | undefined;
  #round: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Rows for `COPY … FROM STDIN`; the bytes must stay as they are. A fault is thrown by a later call of another method. */
  add(name: string, sql: string, place: string, bytes: Uint8Array): void {
    const pending = this.#pending.get(name) ?? { sql, place, chunks: [], byteCount: 0 };
    this.#pending.set(name, pending);
    pending.chunks.push(bytes);
    pending.byteCount += bytes.length;
    this.#pendingBytes += bytes.length;
    if (pending.byteCount >= segmentBytes) this.#send(pending);
    else if (this.#pendingBytes > maxPendingBytes) this.#send(this.#largest());
  }

  /** Statements before the rows that are sent after them. A fault is thrown by a later call of another method. */
  execute(statements: readonly string[], place: string): void {
    this.#enqueue({ statements, place });
  }

  /** Resolves when more may come. */
  async relieve(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    while (this.#sentBytes > maxSentBytes) await this.#round;
    // The connection gets its turn: reading and flattening would not leave it one.
    if (this.#sentBytes > 0) await new Promise((resolve) => setImmediate(resolve));
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Sends all, and waits until the server has it. */
  async flush(): Promise<void> {
    for (const pending of this.#pending.values()) if (pending.byteCount > 0) this.#send(pending);
    await this.#sending;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Forgets what was not sent yet, and waits for the rest. */
  async drop(): Promise<void> {
    this.#pending.clear();
    this.#pendingBytes = 0;
    await this.flush();
  }

  #largest(): Pending {
    return [...this.#pending.values()].reduce((a, b) => (b.byteCount > a.byteCount ? b : a));
  }

  #send(pending: Pending): void {
    const { byteCount, chunks, place, sql } = pending;
    pending.chunks = [];
    pending.byteCount = 0;
    this.#pendingBytes -= byteCount;
    this.#sentBytes += byteCount;
    this.#enqueue({ statements: [sql], place, rows: chunks });
  }

  #enqueue(work: Work): void {
    if (this.#failure !== undefined) return;
    this.#waiting.push(work);
    this.#sending ??= this.#sendWaiting();
  }

  async #sendWaiting(): Promise<void> {
    // What is added in one go, goes in one.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      this.#round = this.#sendSome();
      await this.#round;
    }
    this.#sending = undefined;
  }

  async #sendSome(): Promise<void> {
    let byteCount = 0;
    let count = 0;
    while (count < this.#waiting.length && byteCount < messageBytes) byteCount += byteCountOf(this.#waiting[count++] as Work);
    try {
      await this.#session.send(this.#waiting.splice(0, count));
    } catch (error) {
      this.#failure ??= error;
      for (const work of this.#waiting) byteCount += byteCountOf(work);
      this.#waiting = [];
    }
    this.#sentBytes -= byteCount;
  }
}

function byteCountOf({ rows = [] }: Work): number {
  return rows.reduce((sum, bytes) => sum + bytes.length, 0);
}
