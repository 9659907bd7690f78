/**
 * One try at a transaction on one seat: BEGIN, the caller's work, COMMIT.
 *
 * Promises:
 *   - Statements run one after the other, whatever the work awaits in parallel.
 *   - After a loss of the connection nothing more is sent: statements park for ever, the try fails at once.
 *   - A statement that failed always ends the transaction, also when the work swallowed the error.
 *   - The outcome of a loss is known, unless COMMIT was on its way.
 */
import type { SQLWrapper } from "drizzle-orm";
import type { PgDialect } from "drizzle-orm/pg-core";
import { PostgresJsDatabase, PostgresJsSession } from "drizzle-orm/postgres-js";
import { ConnectionFailure, failureOf } from "./failure.ts";
import type { Pool, Seat } from "./pool.ts";
import { type Manner, type Rows, sendStatement } from "./statement.ts";

/** What a statement in a transaction is sent with: Drizzle's builders, and `run` for the `sql` tag. */
export type Tx = Omit<PostgresJsDatabase, "transaction"> & {
  /** Runs one statement inside the transaction and gives its rows. */
  run<T extends object = Record<string, unknown>>(query: SQLWrapper): Promise<Rows<T>>;
};

/** How a transaction is opened. */
export interface TransactionMode {
  readonly isolation?: "read committed" | "serializable";
  readonly readOnly?: boolean;
}

/** What one try needs besides the work. */
export interface Attempt {
  readonly pool: Pool;
  readonly seat: Seat;
  readonly dialect: PgDialect;
  readonly signal: AbortSignal | undefined;
}

/** Runs `work` once. Throws what the work threw, the failed statement's error, or a `ConnectionFailure`. */
export async function tryTransaction<T>(
  attempt: Attempt,
  work: (tx: Tx) => Promise<T>,
  mode: TransactionMode,
): Promise<T> {
  const conversation = new Conversation(attempt);
  await conversation.begin(mode);
  let value: T;
  try {
    value = await Promise.race([work(txOn(conversation, attempt.dialect)), conversation.lost]);
    await conversation.finish();
    attempt.signal?.throwIfAborted();
  } catch (error) {
    await conversation.rollBack();
    // A work that turned a conflict into an error of its own must still be tried again.
    throw failureOf(conversation.failure) === "conflict" ? conversation.failure : error;
  }
  await conversation.commit();
  return value;
}

const never = new Promise<never>(() => {});

/** What is said on the seat during one try. */
class Conversation {
  /** Rejects at the moment of a loss, whether or not a statement is in flight. */
  readonly lost: Promise<never>;
  /** The first error of a statement. */
  failure: unknown;
  #attempt: Attempt;
  #tail: Promise<unknown> = Promise.resolve();
  #isOver = false;
  #isRollingBack = false;
  #isLost = false;
  #lose: (error: unknown) => void = () => {};

  constructor(attempt: Attempt) {
    this.#attempt = attempt;
    this.lost = new Promise((_, reject) => {
      this.#lose = reject;
    });
    this.lost.catch(() => {});
    attempt.seat.onLost = (cause) => this.#markLost(cause);
  }

  async begin({ isolation = "read committed", readOnly = false }: TransactionMode): Promise<void> {
    try {
      await this.#control(`begin isolation level ${isolation}${readOnly ? " read only" : ""}`);
    } catch (error) {
      throw failureOf(error) === "lost" ? new ConnectionFailure("NOT_APPLIED", error) : error;
    }
  }

  /** Queues a statement behind those already asked for. */
  send<T>(text: string, params: unknown[], manner: Manner): Promise<Rows<T>> {
    if (this.#isOver) return Promise.reject(new Error("The transaction is over, no further statement can join it"));
    const answer = this.#tail.then(() => this.#sendNow<T>(text, params, manner));
    this.#tail = answer.catch(() => {});
    return answer;
  }

  /** Waits for what was asked for, refuses what comes later, and throws the failure that the work did not. */
  async finish(): Promise<void> {
    this.#isOver = true;
    await Promise.race([this.#tail, this.lost]);
    if (this.failure !== undefined) throw this.failure;
  }

  async rollBack(): Promise<void> {
    this.#isOver = true;
    this.#isRollingBack = true;
    try {
      await Promise.race([this.#tail, this.lost]);
      await this.#control("rollback");
    } catch {
      // Without an answer to ROLLBACK the seat is not to be trusted; the server rolls back when the connection ends.
      this.#attempt.pool.drop(this.#attempt.seat);
    }
  }

  async commit(): Promise<void> {
    const command = await this.#control("commit").catch((error: unknown) => {
      throw failureOf(error) === "lost" ? new ConnectionFailure("UNKNOWN", error) : error;
    });
    if (command !== "COMMIT") throw new Error(`The database answered COMMIT with ${command}`);
  }

  /** BEGIN, COMMIT and ROLLBACK are not cancelled by a signal: their answer is the outcome. */
  async #control(command: string): Promise<string> {
    const { pool, seat } = this.#attempt;
    return (await sendStatement({ pool, seat, signal: undefined }, command, [], { simple: true })).command;
  }

  async #sendNow<T>(text: string, params: unknown[], manner: Manner): Promise<Rows<T>> {
    if (this.#isLost) return await never;
    if (this.#isRollingBack) throw new Error("The transaction is rolling back, its other statements are not sent");
    try {
      return await sendStatement<T>(this.#attempt, text, params, manner);
    } catch (error) {
      this.failure ??= error;
      if (failureOf(error) === "lost") this.#markLost(error);
      if (this.#isLost) return await never;
      throw error;
    }
  }

  #markLost(cause: unknown): void {
    this.#isLost = true;
    this.#lose(new ConnectionFailure("NOT_APPLIED", cause));
  }
}

function txOn(conversation: Conversation, dialect: PgDialect): Tx {
  const session = new PostgresJsSession(clientOn(conversation) as never, dialect, undefined);
  const builders = new PostgresJsDatabase(dialect, session as never, undefined);
  return Object.assign(builders, {
    run<T>(query: SQLWrapper): Promise<Rows<T>> {
      const { sql, params } = dialect.sqlToQuery(query.getSQL());
      return conversation.send<T>(sql, params, {});
    },
  });
}

/** The methods of the driver that Drizzle calls. What `unsafe` returns is sent when it is awaited. */
function clientOn(conversation: Conversation) {
  return {
    // Drizzle's migrator opens a transaction of its own: it joins this one.
    begin<T>(work: (client: unknown) => T): T {
      return work(this);
    },
    unsafe(text: string, params: unknown[] = []) {
      let asArrays = false;
      return {
        values() {
          asArrays = true;
          return this;
        },
        then(fulfil: (rows: unknown) => unknown, reject: (error: unknown) => unknown) {
          // A migration may hold several statements in one text, which only the simple protocol takes.
          return conversation.send(text, params, { asArrays, simple: params.length === 0 }).then(fulfil, reject);
        },
      };
    },
  };
}
