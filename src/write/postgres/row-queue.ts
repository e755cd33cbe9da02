// Rows of many tables, as bytes → COPY statements of one connection, one after the other, while the caller goes on making
// rows. Each statement takes as many rows of a table as came together; what is held is bounded.

import type { Session } from './session.ts';

interface Pending {
  readonly sql: string;
  readonly place: string;
  chunks: Uint8Array[];
  byteCount: number;
}

/** A statement costs two trips to the server. */
const segmentBytes = 1024 * 1024;
/** Over all tables, before the largest one is sent although it is small. */
const maxPendingBytes = 32 * 1024 * 1024;
/** Handed to the connection and not yet taken by the server. */
const maxSentBytes = 8 * 1024 * 1024;

export class RowQueue {
  readonly #session: Session;
  readonly #pending = new Map<string, Pending>();
  #pendingBytes = 0;
  #sentBytes = 0;
  #tail: Promise<void> = Promise.resolve();
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

  /** A statement before the rows that are sent after it. A fault is thrown by a later call of another method. */
  execute(sql: string, place: string): void {
    this.#tail = this.#tail.then(async () => {
      try {
        if (this.#failure === undefined) await this.#session.query(sql, place);
      } catch (error) {
        this.#failure ??= error;
      }
    });
  }

  /** Resolves when more may come. */
  async relieve(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    while (this.#sentBytes > maxSentBytes) await this.#tail;
    // The connection gets its turn: reading and flattening would not leave it one.
    if (this.#sentBytes > 0) await new Promise((resolve) => setImmediate(resolve));
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Sends all, and waits until the server has it. */
  async flush(): Promise<void> {
    for (const pending of this.#pending.values()) if (pending.byteCount > 0) this.#send(pending);
    await this.#tail;
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
    this.#tail = this.#tail.then(async () => {
      try {
        if (this.#failure === undefined) await this.#session.copy(sql, place, chunks);
      } catch (error) {
        this.#failure ??= error;
      } finally {
        this.#sentBytes -= byteCount;
      }
    });
  }
}
