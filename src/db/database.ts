/**
 * The only door to PostgreSQL: single statements, transactions, and what is tried again when they fail.
 *
 * Promises:
 *   - A statement is prepared once per connection and takes one round trip.
 *   - A conflict (40001, 40P01, 55P03) is tried up to eight times, then refused as `TRANSACTION_CONFLICT`.
 *   - A connection failure is refused as `DATABASE_UNAVAILABLE` and says whether the change may stand; no SQL in it.
 *   - Every other error passes through as it is.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { type SQLWrapper, sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { codeOf, ConnectionFailure, conflicted, failureOf, isHopeless, unavailable } from "./failure.ts";
import { Pool, type Seat } from "./pool.ts";
import { type Rows, sendStatement } from "./statement.ts";
import { type TransactionMode, type Tx, tryTransaction } from "./transaction.ts";

export { array, arrayLiteral, instant } from "./literal.ts";
export type { Rows } from "./statement.ts";
export type { TransactionMode, Tx } from "./transaction.ts";

const TRIES_MAX = 8;
const CONNECT_TRIES_MAX = 5;
const PAUSE_MS_MIN = 5;
const PAUSE_MS_MAX = 200;
const CONNECT_PAUSE_MS = 100;
const STATEMENT_TIMEOUT_MS = 10_000;
const POOL_SIZE = 10;
const CLOSE_GRACE_MS = 5_000;
const CHECK_MS = 250;

/** How a database is opened. */
export interface DatabaseOptions {
  readonly url: string;
  readonly poolSize?: number;
  readonly statementTimeoutMs?: number;
  readonly log?: DatabaseLog;
}

/** The part of a pino logger that the database writes to. */
export interface DatabaseLog {
  warn(facts: object, message: string): void;
  info(facts: object, message: string): void;
}

/** What a statement's caller knows of it. */
export interface RunOptions {
  /** Running it twice does no harm: it is then also tried again when the answer was lost with the connection. */
  readonly idempotent?: boolean;
}

/** Whatever can run one statement: the database by itself, or a transaction. */
export interface Runner {
  run<T extends object = Record<string, unknown>>(query: SQLWrapper): Promise<Rows<T>>;
}

/** PostgreSQL, as the rest of Millwright sees it. */
export interface Database extends Runner {
  readonly url: string;
  /** Whether the last attempt to connect worked; readiness hangs on it. */
  readonly available: boolean;
  /** Runs ONE autocommitted statement made with the `sql` tag or one of Drizzle's builders. */
  run<T extends object = Record<string, unknown>>(query: SQLWrapper, options?: RunOptions): Promise<Rows<T>>;
  /** Runs `work` in a transaction, as often as conflicts and lost connections demand: it must have no other effects. */
  transaction<T>(work: (tx: Tx) => Promise<T>, options?: TransactionMode & RunOptions): Promise<T>;
  /** Fails unless the database answers. */
  ping(): Promise<void>;
  /** Lets running statements finish for up to five seconds, then ends every connection. */
  close(): Promise<void>;
}

const boundSignal = new AsyncLocalStorage<AbortSignal | undefined>();

/**
 * Binds `signal` to every statement that `work` sends: when it aborts they are cancelled on the server, and what is
 * sent later is refused with the signal's reason. `undefined` unbinds, for work that serves more than one caller.
 */
export function withSignal<T>(signal: AbortSignal | undefined, work: () => T): T {
  return boundSignal.run(signal, work);
}

/** Opens the database; connections are made when they are needed. */
export function openDatabase(options: DatabaseOptions): Database {
  return new PooledDatabase(options);
}

class PooledDatabase implements Database {
  readonly url: string;
  available = true;
  #pool: Pool;
  #dialect = new PgDialect();
  #log: DatabaseLog | undefined;
  #check: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: DatabaseOptions) {
    this.url = options.url;
    this.#log = options.log;
    this.#pool = new Pool({
      url: options.url,
      size: options.poolSize ?? POOL_SIZE,
      statementTimeoutMs: options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS,
      onAvailable: (available, cause) => this.#setAvailable(available, cause),
      onLoss: () => this.#checkSoon(),
    });
  }

  run<T extends object>(query: SQLWrapper, { idempotent = false }: RunOptions = {}): Promise<Rows<T>> {
    const { sql: text, params } = this.#dialect.sqlToQuery(query.getSQL());
    return this.#trying(idempotent, async (seat, signal) => {
      try {
        return await sendStatement<T>({ pool: this.#pool, seat, signal }, text, params, {});
      } catch (error) {
        throw failureOf(error) === "lost" ? new ConnectionFailure("UNKNOWN", error) : error;
      }
    });
  }

  transaction<T>(work: (tx: Tx) => Promise<T>, options: TransactionMode & RunOptions = {}): Promise<T> {
    return this.#trying(options.idempotent ?? options.readOnly ?? false, (seat, signal) =>
      tryTransaction({ pool: this.#pool, seat, signal, dialect: this.#dialect }, work, options),
    );
  }

  async ping(): Promise<void> {
    await this.run(sql`select 1`, { idempotent: true });
    this.available = true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#check);
    await this.#pool.close(CLOSE_GRACE_MS);
  }

  /** Runs `once` on a seat, again after what can be tried again, until the tries are used up. */
  async #trying<T>(repeatable: boolean, once: (seat: Seat, signal: AbortSignal | undefined) => Promise<T>): Promise<T> {
    const signal = boundSignal.getStore();
    for (let tries = 1; ; tries++) {
      try {
        const seat = this.#pool.take() ?? (await this.#pool.wait(signal));
        try {
          return await once(seat, signal);
        } catch (error) {
          // The server became a standby: another connection may reach its successor.
          if (codeOf(error) === "25006") this.#pool.drop(seat);
          throw error;
        } finally {
          this.#pool.release(seat);
        }
      } catch (error) {
        await this.#pauseOrThrow(error, { tries, repeatable, signal });
      }
    }
  }

  async #pauseOrThrow(
    error: unknown,
    { tries, repeatable, signal }: { tries: number; repeatable: boolean; signal: AbortSignal | undefined },
  ): Promise<void> {
    if (signal?.aborted) throw signal.reason;
    if (error instanceof ConnectionFailure) {
      const isSafe = error.outcome === "NOT_APPLIED" || repeatable;
      if (!isSafe || tries >= CONNECT_TRIES_MAX || this.#closed || isHopeless(error.cause)) throw unavailable(error);
      await pause(Math.random() * CONNECT_PAUSE_MS * 2 ** tries, signal);
      return;
    }
    const failure = failureOf(error);
    if (failure === "refused") throw unavailable(new ConnectionFailure("NOT_APPLIED", error));
    if (failure !== "conflict") throw error;
    if (tries >= TRIES_MAX) throw conflicted(error);
    const spreadMs = Math.min(PAUSE_MS_MIN * 2 ** tries, PAUSE_MS_MAX - PAUSE_MS_MIN);
    await pause(PAUSE_MS_MIN + Math.random() * spreadMs, signal);
  }

  #setAvailable(available: boolean, cause: unknown): void {
    if (available !== this.available) {
      if (available) this.#log?.info({}, "The database answers again");
      else this.#log?.warn({ err: cause }, "The database cannot be reached");
    }
    this.available = available;
    if (!available) this.#checkSoon();
  }

  /** Pings in the background until it works, so that `available` is right without any traffic. */
  #checkSoon(): void {
    if (this.#check !== undefined || this.#closed) return;
    this.#check = setTimeout(() => {
      this.#check = undefined;
      withSignal(undefined, () => this.ping()).catch(() => this.#checkSoon());
    }, CHECK_MS).unref();
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(ms, undefined, signal ? { signal } : {});
  } catch {
    throw signal?.reason;
  }
}
