/** The connection that the bell listens and notifies on: made again whenever it ends or falls silent. */
import { setTimeout as delay } from "node:timers/promises";
import type postgres from "postgres";
import { openClient } from "./client.ts";
import { arrayLiteral } from "./literal.ts";

const CHANNEL = "millwright";
const STATEMENT_TIMEOUT_MS = 5_000;
const BACKOFF_MS_MIN = 50;
const BACKOFF_MS_MAX = 1_000;
// A connection that a network swallowed looks open for ever: it must answer now and then.
const CHECK_MS = 10_000;

/** The part of a pino logger that the bell writes to. */
export interface BellLog {
  warn(facts: object, message: string): void;
  info(facts: object, message: string): void;
}

/** What the connection tells. */
export interface BellEvents {
  readonly onNotify: (payload: string) => void;
  /** After each LISTEN, the first and those after a loss. */
  readonly onListening: () => void;
}

/** One LISTEN, for as long as the process lives. */
export class BellConnection {
  readonly listening: Promise<void>;
  #url: string;
  #log: BellLog | undefined;
  #events: BellEvents;
  #sql: postgres.Sql | undefined;
  #closing = new AbortController();
  #running: Promise<void>;

  constructor(url: string, log: BellLog | undefined, events: BellEvents) {
    this.#url = url;
    this.#log = log;
    this.#events = events;
    const first = Promise.withResolvers<void>();
    this.listening = first.promise;
    this.#running = this.#run(first.resolve);
  }

  /** Tells the other servers; a failure is logged, because their own timeouts make up for it. */
  async notify(payloads: string[]): Promise<void> {
    const sql = this.#sql;
    if (!sql) return;
    try {
      const text = "select pg_notify($1, payload) from unnest($2::text[]) payload";
      await sql.unsafe(text, [CHANNEL, arrayLiteral(payloads)], { prepare: true });
    } catch (error) {
      this.#log?.warn({ err: error, payloads: payloads.length }, "Other servers could not be notified");
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(onFirst: () => void): Promise<void> {
    for (let failures = 0; !this.#closing.signal.aborted; failures++) {
      try {
        await this.#listenUntilLost(() => {
          failures = 0;
          onFirst();
        });
      } catch (error) {
        this.#log?.warn({ err: error }, "Notifications of other servers are not heard");
      }
      const backoffMs = Math.min(BACKOFF_MS_MIN * 2 ** failures, BACKOFF_MS_MAX);
      await delay(backoffMs * (0.5 + Math.random() / 2), undefined, { signal: this.#closing.signal }).catch(() => {});
    }
  }

  /** Returns when the connection ended or stopped answering. */
  async #listenUntilLost(onListening: () => void): Promise<void> {
    const ended = new AbortController();
    const end = () => ended.abort();
    this.#closing.signal.addEventListener("abort", end, { once: true });
    const client = await openClient({
      url: this.#url,
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
      applicationName: "millwright bell",
      onNotify: this.#events.onNotify,
      onLost: end,
    });
    try {
      await withinTimeout(client.sql.unsafe(`listen ${CHANNEL}`));
      this.#sql = client.sql;
      onListening();
      this.#events.onListening();
      while (!ended.signal.aborted) {
        await delay(CHECK_MS, undefined, { signal: ended.signal }).catch(() => {});
        if (!ended.signal.aborted) await withinTimeout(client.sql.unsafe("select 1"));
      }
    } finally {
      this.#sql = undefined;
      this.#closing.signal.removeEventListener("abort", end);
      client.end();
    }
  }
}

async function withinTimeout(answer: PromiseLike<unknown>): Promise<void> {
  const answered = new AbortController();
  const silence = delay(STATEMENT_TIMEOUT_MS, undefined, { signal: answered.signal }).then(
    () => Promise.reject(new Error("The server does not answer")),
    () => {},
  );
  try {
    await Promise.race([answer, silence]);
  } finally {
    answered.abort();
  }
}
