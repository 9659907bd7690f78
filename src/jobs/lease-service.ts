/**
 * Hands out leases. Workers that ask for the same queues share one claim loop: it claims for the sum of what they want,
 * never more, and hands out in the order they came. A worker that finds nothing waits in memory, not in the database.
 */
import type { Bell, Subscription } from "../db/bell.ts";
import { type Database, instant, withSignal } from "../db/database.ts";
import { lockLeases, requeueJobs } from "./finish-store.ts";
import { jobTopic, queueTopic } from "./job-topic.ts";
import type { JobKind, Lease } from "./job.ts";
import { jobOf } from "./job-store.ts";
import { claimJobs, type ClaimedRow, type QueueFilter } from "./lease-store.ts";

// A lost ring costs a waiting worker at most this.
const POLL_MS = 1_000;
const CLAIM_COUNT_MAX = 1_000;

/** What a worker asks for. */
export interface LeaseAsk {
  readonly tenants: readonly string[];
  readonly kinds: readonly JobKind[];
  readonly names: readonly string[];
  readonly workerId: string;
  readonly leaseMs: number;
  readonly countMax: number;
  /** How long to wait for the first job; 0 asks once. */
  readonly waitMs: number;
}

/** Leases jobs. */
export interface LeaseService {
  /** Up to `countMax` leases, as soon as there is one; none after the wait, or when `signal` aborts first. */
  leaseJobs(ask: LeaseAsk, signal: AbortSignal): Promise<Lease[]>;
  /** Answers waiting workers with nothing, and leases no more. */
  stop(): void;
}

/** Opens the service. */
export function openLeaseService({ db, bell }: { readonly db: Database; readonly bell: Bell }): LeaseService {
  const desks = new Map<string, Desk>();
  let isStopped = false;
  return {
    leaseJobs(ask, signal) {
      if (isStopped || signal.aborted) return Promise.resolve([]);
      const filter = { tenants: [...ask.tenants].sort(), kinds: [...ask.kinds].sort(), names: [...ask.names].sort() };
      const key = JSON.stringify(filter);
      const desk = desks.get(key) ?? new Desk({ db, bell }, filter, () => desks.delete(key));
      desks.set(key, desk);
      return desk.serve(ask, signal);
    },
    stop() {
      isStopped = true;
      for (const desk of desks.values()) desk.close();
    },
  };
}

interface Waiting {
  readonly ask: LeaseAsk;
  readonly answer: (leases: Lease[]) => void;
  readonly refuse: (error: unknown) => void;
}

/** The workers that ask for the same queues, and the one loop that claims for them. */
class Desk {
  readonly #db: Database;
  readonly #bell: Bell;
  readonly #filter: QueueFilter;
  readonly #onEmpty: () => void;
  readonly #waiting = new Set<Waiting>();
  #subscriptions: Subscription[] = [];
  #isClaiming = false;
  /** Somebody asked, or the bell rang, since the last claim began. */
  #isStale = false;

  constructor({ db, bell }: { readonly db: Database; readonly bell: Bell }, filter: QueueFilter, onEmpty: () => void) {
    this.#db = db;
    this.#bell = bell;
    this.#filter = filter;
    this.#onEmpty = onEmpty;
  }

  serve(ask: LeaseAsk, signal: AbortSignal): Promise<Lease[]> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", giveUp);
        this.#waiting.delete(waiting);
        this.#rest();
      };
      const answer = (leases: Lease[]) => {
        leave();
        resolve(leases);
      };
      const refuse = (error: unknown) => {
        leave();
        reject(error);
      };
      const giveUp = () => answer([]);
      const waiting: Waiting = { ask, answer, refuse };
      const timer = ask.waitMs > 0 ? setTimeout(giveUp, ask.waitMs) : undefined;
      signal.addEventListener("abort", giveUp, { once: true });
      this.#waiting.add(waiting);
      this.#wake();
    });
  }

  close(): void {
    for (const { answer } of [...this.#waiting]) answer([]);
  }

  #wake(): void {
    this.#isStale = true;
    if (this.#isClaiming) return;
    this.#isClaiming = true;
    // What arrived in one read of the sockets shares the claim.
    setImmediate(() => void withSignal(undefined, () => this.#claimWhileStale()));
  }

  async #claimWhileStale(): Promise<void> {
    while (this.#isStale && this.#waiting.size > 0) {
      this.#isStale = false;
      const served = this.#nextInLine();
      try {
        const unwanted = this.#handOut(served, await claimJobs(this.#db, this.#filter, served.map(({ ask }) => ask)));
        if (unwanted.length > 0) await this.#giveBack(unwanted);
      } catch (error) {
        for (const { refuse } of served) refuse(error);
      }
    }
    this.#isClaiming = false;
    if (this.#waiting.size > 0) this.#listen();
  }

  #nextInLine(): Waiting[] {
    const served: Waiting[] = [];
    let countMax = 0;
    for (const waiting of this.#waiting) {
      if (countMax + waiting.ask.countMax > CLAIM_COUNT_MAX && served.length > 0) {
        this.#isStale = true;
        break;
      }
      countMax += waiting.ask.countMax;
      served.push(waiting);
    }
    return served;
  }

  /**
   * Rows come in the order of the shares; whoever got none goes on waiting, or leaves if it asked only once. Answers with
   * the shares of those who left while the claim was under way.
   */
  #handOut(served: readonly Waiting[], rows: readonly ClaimedRow[]): ClaimedRow[] {
    const unwanted: ClaimedRow[] = [];
    let next = 0;
    for (const waiting of served) {
      const share = rows.slice(next, next + waiting.ask.countMax);
      next += share.length;
      if (!this.#waiting.has(waiting)) unwanted.push(...share);
      else if (share.length > 0 || waiting.ask.waitMs === 0) waiting.answer(share.map(leaseOf));
    }
    return unwanted;
  }

  /** Puts jobs back that nobody waits for any more: a call that was given up takes nothing. */
  async #giveBack(rows: readonly ClaimedRow[]): Promise<void> {
    await this.#db.transaction(async (tx) => {
      const leases = rows.map(({ tenant, id, lease_token }) => ({ tenant, jobId: id, leaseToken: lease_token }));
      const back = { outcome: "yielded", message: "the worker went away before the answer", delayMs: 0 } as const;
      const requeues = (await lockLeases(tx, leases)).map((lease) => ({ lease, ...back, checkpoint: undefined, digest: undefined }));
      await requeueJobs(tx, requeues);
    });
    this.#bell.ring(new Set(rows.flatMap((row) => [queueTopic(row.tenant), jobTopic(row.id.replaceAll("-", ""))])));
  }

  #listen(): void {
    if (this.#subscriptions.length > 0) return;
    this.#subscriptions = this.#filter.tenants.map((tenant) => this.#bell.subscribe(queueTopic(tenant)));
    for (const subscription of this.#subscriptions) void this.#listenTo(subscription);
    // What became ready between the claim and the subscription was rung for nobody.
    this.#wake();
  }

  async #listenTo(subscription: Subscription): Promise<void> {
    for (;;) {
      await subscription.next(POLL_MS);
      if (!this.#subscriptions.includes(subscription)) return;
      this.#wake();
    }
  }

  /** Nobody waits: the desk costs nothing until somebody asks again. */
  #rest(): void {
    if (this.#waiting.size > 0) return;
    const subscriptions = this.#subscriptions;
    this.#subscriptions = [];
    for (const subscription of subscriptions) subscription.close();
    this.#onEmpty();
  }
}

/** The lease that a claimed row stands for. */
export function leaseOf(row: ClaimedRow): Lease {
  return {
    job: jobOf(row),
    leaseToken: row.lease_token.replaceAll("-", ""),
    leaseMs: row.lease_ms,
    deadline: instant(row.expires_at),
  };
}
