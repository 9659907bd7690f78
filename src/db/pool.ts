/**
 * The connections to PostgreSQL: one client per seat, one holder per seat at a time, callers served in order of asking.
 *
 * The pool of postgres.js is not used, because it pipelines strangers' statements on one connection: a cancel then hits
 * the wrong statement or shifts the answers, and one slow statement holds up whoever happens to stand behind it.
 */
import { setTimeout as delay } from "node:timers/promises";
import type postgres from "postgres";
import { type Client, openClient } from "./client.ts";
import { ConnectionFailure } from "./failure.ts";

const LIFETIME_MS = 30 * 60_000;
const BACKOFF_MS_MIN = 50;
const BACKOFF_MS_MAX = 1_000;
// A seat is worth waiting for about as long as the longest statement may run.
const WAIT_MS_MAX = 10_000;
// What the server's own limit may be late by before its silence means that it is unreachable.
const SILENCE_MS_MAX = 5_000;
const CANCEL_MS_MAX = 1_000;
const SWEEP_MS = 500;
const PREPARED_COUNT_MAX = 1_000;

/** What a pool needs to know. */
export interface PoolOptions {
  readonly url: string;
  readonly size: number;
  readonly statementTimeoutMs: number;
  /** Told after each attempt to connect; of failures only those that leave no connection. */
  readonly onAvailable: (available: boolean, cause?: unknown) => void;
  /** Told when a connection ends by itself, which may or may not mean that the server is gone. */
  readonly onLoss: () => void;
}

/** One connection, held by one caller at a time. */
export interface Seat {
  readonly sql: postgres.Sql;
  /** Called at the moment of the loss, for a holder that has no statement in flight. */
  onLost: ((cause: unknown) => void) | undefined;
  /** When the answer to what is in flight is overdue, on the process's monotonic clock; 0 when nothing is. */
  overdueAt: number;
  readonly retireAt: number;
}

interface Waiter {
  readonly since: number;
  readonly resolve: (seat: Seat) => void;
  readonly reject: (error: unknown) => void;
}

/** A pool of at most `size` seats. */
export class Pool {
  #options: PoolOptions;
  #seats = new Map<Seat, Client>();
  #idle: Seat[] = [];
  #waiters = new Set<Waiter>();
  #opening = 0;
  #failures = 0;
  #openAfter = 0;
  #closed = false;
  #texts = new Set<string>();
  #sweep: NodeJS.Timeout;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#sweep = setInterval(() => this.#sweepOverdue(), SWEEP_MS).unref();
  }

  /** A free seat at once, or `undefined` when `wait` must be called. */
  take(): Seat | undefined {
    return this.#closed ? undefined : this.#idle.pop();
  }

  /** The next free seat, in order of asking. Fails with `ConnectionFailure`, nothing sent, or the signal's reason. */
  async wait(signal: AbortSignal | undefined): Promise<Seat> {
    signal?.throwIfAborted();
    if (this.#closed) throw new ConnectionFailure("NOT_APPLIED", new Error("The database pool is closed"));
    const seat = this.take();
    if (seat) return seat;
    if (this.#hasRoom()) void this.#open();
    return await this.#queue(signal);
  }

  /** Hands a seat back; a lost or old one is dropped. */
  release(seat: Seat): void {
    seat.onLost = undefined;
    seat.overdueAt = 0;
    if (!this.#seats.has(seat)) return;
    if (this.#closed || seat.retireAt < performance.now()) this.drop(seat);
    else {
      const [waiter] = this.#waiters;
      if (waiter) waiter.resolve(seat);
      else this.#idle.push(seat);
    }
  }

  /** Ends a seat for good, whatever it is doing, and lets a waiter open another in its place. */
  drop(seat: Seat): void {
    const client = this.#seats.get(seat);
    if (!client) return;
    this.#seats.delete(seat);
    const at = this.#idle.indexOf(seat);
    if (at >= 0) this.#idle.splice(at, 1);
    client.end();
    if (this.#waiters.size > 0 && !this.#closed) void this.#open();
  }

  /** Ends all seats; those in use get `graceMs` to finish. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    this.#rejectWaiters(new Error("The database pool is closed"));
    const until = performance.now() + graceMs;
    while (this.#seats.size > this.#idle.length && performance.now() < until) await delay(10);
    clearInterval(this.#sweep);
    for (const seat of [...this.#seats.keys()]) this.drop(seat);
  }

  #hasRoom(): boolean {
    return this.#seats.size + this.#opening < this.#options.size;
  }

  #queue(signal: AbortSignal | undefined): Promise<Seat> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiters.delete(waiter);
        signal?.removeEventListener("abort", abort);
      };
      const abort = () => (leave(), reject(signal?.reason));
      const waiter: Waiter = {
        since: performance.now(),
        resolve: (seat) => (leave(), resolve(seat)),
        reject: (error) => (leave(), reject(error)),
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  #rejectWaiters(cause: unknown): void {
    for (const waiter of this.#waiters) waiter.reject(new ConnectionFailure("NOT_APPLIED", cause));
  }

  /** Connects in the background and gives the seat to whoever waits. */
  async #open(): Promise<void> {
    this.#opening++;
    const { url, statementTimeoutMs } = this.#options;
    try {
      const pauseMs = this.#openAfter - performance.now();
      if (pauseMs > 0) await delay(pauseMs);
      let seat: Seat | undefined;
      const client = await openClient({ url, statementTimeoutMs, onLost: (cause) => seat && this.#lose(seat, cause) });
      seat = { sql: client.sql, onLost: undefined, overdueAt: 0, retireAt: retirement() };
      this.#opened(seat, client);
    } catch (error) {
      this.#failedToOpen(error);
    } finally {
      this.#opening--;
    }
  }

  #opened(seat: Seat, client: Client): void {
    this.#failures = 0;
    this.#openAfter = 0;
    this.#seats.set(seat, client);
    this.#options.onAvailable(true);
    this.release(seat);
  }

  #failedToOpen(error: unknown): void {
    const backoffMs = Math.min(BACKOFF_MS_MIN * 2 ** this.#failures++, BACKOFF_MS_MAX);
    this.#openAfter = performance.now() + backoffMs * (0.5 + Math.random() / 2);
    // While other seats live, those who wait are served by them; without any, everybody learns of it at once.
    if (this.#seats.size > 0) return;
    this.#options.onAvailable(false, error);
    this.#rejectWaiters(error);
  }

  #lose(seat: Seat, cause: Error): void {
    seat.onLost?.(cause);
    this.drop(seat);
    this.#options.onLoss();
  }

  #sweepOverdue(): void {
    const now = performance.now();
    for (const seat of this.#seats.keys()) if (seat.overdueAt !== 0 && seat.overdueAt < now) this.drop(seat);
    for (const waiter of this.#waiters) {
      if (now - waiter.since < WAIT_MS_MAX) break;
      waiter.reject(new ConnectionFailure("NOT_APPLIED", new Error("No database connection came free in time")));
    }
  }

  /** Marks that `seat` owes an answer, at the latest when the server's own limit ends the statement. */
  expectAnswer(seat: Seat): void {
    seat.overdueAt = performance.now() + this.#options.statementTimeoutMs + SILENCE_MS_MAX;
  }

  /** The same after a cancel, which takes no longer than a round trip. */
  expectAnswerSoon(seat: Seat): void {
    seat.overdueAt = performance.now() + CANCEL_MS_MAX;
  }

  /** Whether `text` is worth a plan of its own on every connection: not once there are thousands of different ones. */
  prepares(text: string): boolean {
    if (this.#texts.has(text)) return true;
    if (this.#texts.size >= PREPARED_COUNT_MAX) return false;
    this.#texts.add(text);
    return true;
  }
}

/** Spread, so that connections opened together do not end together. */
function retirement(): number {
  return performance.now() + LIFETIME_MS * (1 - Math.random() / 6);
}
