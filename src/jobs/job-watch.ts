/**
 * Replays a job's log, then follows it, for any number of watchers on any server.
 *
 * The log is the truth and the bell only wakes. All watchers of a job share one reader at its tail, which reads each
 * event once; a watcher that is behind reads its own pages from the log, at its own pace. Nothing is buffered per
 * watcher, so a slow one costs nobody anything.
 */
import type { Bell, Subscription } from "../db/bell.ts";
import { type Database, withSignal } from "../db/database.ts";
import { Problem } from "../problem.ts";
import { eventsAfter, findLastSeqs } from "./event-store.ts";
import { jobNotFound } from "./finish-service.ts";
import { eventOf, isEnd, type JobEvent } from "./job-event.ts";
import { jobTopic } from "./job-topic.ts";
import { isTerminal, type Job } from "./job.ts";
import { findJob, type JobKey, jobOf } from "./job-store.ts";

const PAGE_COUNT_MAX = 256;
// A lost ring costs a watcher at most this. One statement looks after all watched jobs of the process.
const SWEEP_MS = 1_000;
const UNTIL_RUNG_MS = 3_600_000;

/** What a watcher is given: events in order, or word that there is none for now. */
export type Watched = { readonly events: readonly JobEvent[] } | { readonly heartbeat: true };

/** Watches jobs. */
export interface JobWatch {
  /**
   * Yields every event behind `afterSeq` exactly once and in order; ends after the terminal event, or after the replay
   * when `follow` is false, or after `ageMs`. Yields a heartbeat after each `heartbeatMs` of silence.
   */
  watchJob(key: JobKey, from: WatchFrom, signal: AbortSignal): AsyncGenerator<Watched>;
}

/** Where and how a watch begins. */
export interface WatchFrom {
  readonly afterSeq: bigint;
  readonly follow: boolean;
  readonly heartbeatMs: number;
  readonly ageMs: number;
}

/** Opens the watch. */
export function openJobWatch({ db, bell }: { readonly db: Database; readonly bell: Bell }): JobWatch {
  const tails = new Map<string, Tail>();
  let sweeper: NodeJS.Timeout | undefined;

  /** Wakes the tails that missed a ring. */
  async function sweep(): Promise<void> {
    try {
      const seqs = await withSignal(undefined, () => findLastSeqs(db, [...tails.values()].map((tail) => tail.key)));
      for (const { last_seq, ...key } of seqs) tails.get(nameOf(key))?.catchUp(BigInt(last_seq));
    } catch {
      // The database is away; the next sweep, or the first watcher that reads, finds out.
    }
    sweeper = tails.size > 0 ? setTimeout(() => void sweep(), SWEEP_MS) : undefined;
  }

  function tailOf(key: JobKey, record: Job): Tail {
    const name = nameOf(key);
    const tail = tails.get(name) ?? new Tail({ db, bell }, key, record, () => tails.delete(name));
    tails.set(name, tail);
    sweeper ??= setTimeout(() => void sweep(), SWEEP_MS);
    return tail;
  }

  async function* watchJob(key: JobKey, from: WatchFrom, signal: AbortSignal): AsyncGenerator<Watched> {
    const row = await findJob(db, key);
    if (row === undefined) throw jobNotFound(key.id);
    const record = jobOf(row);
    if (from.afterSeq > 0n) await refuseFuture(db, key, from.afterSeq);
    const tail = tailOf(key, record);
    const endsAt = performance.now() + from.ageMs;
    let seq = from.afterSeq;
    tail.join();
    try {
      for (;;) {
        const events = await tail.eventsBehind(seq);
        if (signal.aborted) return;
        if (events.length > 0) {
          yield { events };
          seq = events.at(-1)!.seq;
          if (events.some((event) => isEnd(event.type))) return;
          // A reader that never catches up is no reason to live for ever.
          if (from.follow && performance.now() >= endsAt) return;
          continue;
        }
        if (isTerminal(record.status) && seq >= record.eventSeq) return;
        const leftMs = endsAt - performance.now();
        if (!from.follow || leftMs <= 0 || signal.aborted) return;
        const hasNews = await tail.news(seq, Math.min(from.heartbeatMs, leftMs), signal);
        if (signal.aborted) return;
        if (!hasNews) yield { heartbeat: true };
      }
    } finally {
      tail.leave();
    }
  }
  return { watchJob };
}

/** An import may bring the same id to several tenants. */
function nameOf({ tenant, id }: JobKey): string {
  return `${tenant}\0${id}`;
}

async function refuseFuture(db: Database, key: JobKey, afterSeq: bigint): Promise<void> {
  const [last] = await eventsAfter(db, key, afterSeq - 1n, 1);
  if (last !== undefined) return;
  throw new Problem("SEQUENCE_IN_FUTURE", `Job "${key.id}" has no event ${afterSeq} yet: resume after one that was delivered`, {
    facts: { job_id: key.id, after_seq: afterSeq.toString() },
  });
}

/** The end of a job's log, kept up by one reader while anybody watches. */
class Tail {
  readonly #deps: { readonly db: Database; readonly bell: Bell };
  readonly key: JobKey;
  readonly #onEmpty: () => void;
  #record: Job;
  #recent: JobEvent[] = [];
  #waiting = new Set<() => void>();
  #subscription: Subscription | undefined;
  #watcherCount = 0;
  #seq = 0n;
  #nudge = new AbortController();
  #failure: unknown;

  constructor(deps: { readonly db: Database; readonly bell: Bell }, key: JobKey, record: Job, onEmpty: () => void) {
    this.#deps = deps;
    this.key = key;
    this.#record = record;
    this.#onEmpty = onEmpty;
  }

  join(): void {
    this.#watcherCount++;
  }

  leave(): void {
    if (--this.#watcherCount > 0) return;
    this.#subscription?.close();
    this.#subscription = undefined;
    this.#onEmpty();
  }

  /** Events behind `seq`: those the tail holds, or a page of the log for a watcher that is further back. */
  async eventsBehind(seq: bigint): Promise<JobEvent[]> {
    const first = this.#recent[0];
    if (first !== undefined && first.seq <= seq + 1n) return this.#recent.filter((event) => event.seq > seq);
    return await this.#read(seq);
  }

  /** Waits for an event behind `seq`; false when the time is up or the signal aborts first. */
  async news(seq: bigint, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    this.#follow(seq);
    if (this.#failure !== undefined) throw this.#failure;
    // The reader may have begun behind what this watcher has read: then the log has it.
    if (this.#seq > seq) return true;
    const rang = await new Promise<boolean>((resolve) => {
      const end = (hasNews: boolean) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", giveUp);
        this.#waiting.delete(wake);
        resolve(hasNews);
      };
      const wake = () => end(true);
      const giveUp = () => end(false);
      const timer = setTimeout(giveUp, timeoutMs);
      this.#waiting.add(wake);
      signal.addEventListener("abort", giveUp, { once: true });
    });
    if (this.#failure !== undefined) throw this.#failure;
    return rang;
  }

  /** Starts the one reader, at the place of the first watcher that ran out of events. */
  #follow(seq: bigint): void {
    if (this.#subscription !== undefined) return;
    this.#failure = undefined;
    this.#subscription = this.#deps.bell.subscribe(jobTopic(this.key.id));
    this.#seq = this.#recent.at(-1)?.seq ?? seq;
    void withSignal(undefined, () => this.#readAlong(this.#subscription!));
  }

  /** Wakes the reader when the log is known to have grown beyond what it read. */
  catchUp(lastSeq: bigint): void {
    if (this.#subscription !== undefined && lastSeq > this.#seq) this.#nudge.abort();
  }

  async #readAlong(subscription: Subscription): Promise<void> {
    try {
      while (this.#subscription === subscription) {
        if (this.#nudge.signal.aborted) this.#nudge = new AbortController();
        const events = await this.#read(this.#seq);
        if (events.length > 0) {
          this.#seq = events.at(-1)!.seq;
          this.#recent = [...this.#recent, ...events].slice(-PAGE_COUNT_MAX);
          this.#wakeAll();
        }
        if (events.length === PAGE_COUNT_MAX || this.#subscription !== subscription) continue;
        await subscription.next(UNTIL_RUNG_MS, this.#nudge.signal);
      }
    } catch (error) {
      // Each watcher is told; the first that comes back starts a new reader.
      this.#failure = error;
      this.#subscription = undefined;
      subscription.close();
      this.#wakeAll();
    }
  }

  #wakeAll(): void {
    const waiting = [...this.#waiting];
    for (const wake of waiting) wake();
  }

  async #read(seq: bigint): Promise<JobEvent[]> {
    const rows = await eventsAfter(this.#deps.db, this.key, seq, PAGE_COUNT_MAX);
    if (!isTerminal(this.#record.status) && rows.some((row) => isEnd(row.type))) {
      const row = await findJob(this.#deps.db, this.key);
      if (row !== undefined) this.#record = jobOf(row);
    }
    return rows.map((row) => eventOf(row, this.#record));
  }
}
