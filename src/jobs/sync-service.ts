/**
 * Keeps leases alive: what a worker declares is renewed with all that it reports, what is not there any more is told as
 * lost, and what it was given and never heard of is handed to it again.
 */
import { batched } from "../batch.ts";
import type { Bell } from "../db/bell.ts";
import { type Database, instant, withSignal } from "../db/database.ts";
import { jobTopic } from "./job-topic.ts";
import { type Lease, REDELIVERY_AGE_MS } from "./job.ts";
import type { JobKey } from "./job-store.ts";
import { leaseOf } from "./lease-service.ts";
import { findUndeclaredLeases } from "./lease-store.ts";
import { type DeclaredLease, PROGRESS_EVENT_MS, renewLeases, type RenewedRow, tellPendingProgress } from "./sync-store.ts";

const LANE_COUNT = 2;
const CALL_COUNT_MAX = 50;

/** What a worker says it runs. */
export interface SyncCall {
  readonly tenant: string;
  readonly workerId: string;
  readonly held: readonly DeclaredLease[];
}

/** What the server knows of one declared lease. */
export type SyncVerdict =
  | { readonly isHeld: true; readonly deadline: Date; readonly isCancelling: boolean; readonly reason: string }
  | { readonly isHeld: false };

/** The answer to a sync: verdicts in the order declared. */
export interface SyncAnswer {
  readonly verdicts: readonly SyncVerdict[];
  readonly redelivered: readonly Lease[];
  /** The shortest of the leases it holds, if it holds any. */
  readonly leaseMsMin: number | undefined;
}

/** Syncs workers. */
export interface SyncService {
  syncWorker(call: SyncCall): Promise<SyncAnswer>;
  stop(): void;
}

/** What syncing needs. */
export interface SyncDeps {
  readonly db: Database;
  readonly bell: Bell;
  readonly log: { warn(facts: object, message: string): void };
}

/** Opens the service. */
export function openSyncService({ db, bell, log }: SyncDeps): SyncService {
  const renewals = batched(
    (calls: SyncCall[]) => withSignal(undefined, () => renewAll(db, calls)),
    { laneCount: LANE_COUNT, itemCountMax: CALL_COUNT_MAX, keyOf: ({ tenant, workerId }) => `${tenant}\0${workerId}` },
  );
  const pending = new PendingProgress({ db, bell, log });

  return {
    async syncWorker(call) {
      const renewed = call.held.length === 0 ? [] : await renewals(call);
      const changed = call.held.filter((_, i) => renewed[i]?.has_events);
      bell.ring(changed.map(({ jobId }) => jobTopic(jobId)));
      pending.add(call.held.filter((_, i) => renewed[i]?.progress_pending));
      const undeclared = await findUndeclaredLeases(db, call, REDELIVERY_AGE_MS);
      const redelivered = undeclared.map((row) => leaseOf({ ...row, worker_id: call.workerId }));
      const spans = [...renewed.flatMap((row) => (row === undefined ? [] : [row.lease_ms])), ...redelivered.map((l) => l.leaseMs)];
      return {
        verdicts: call.held.map((_, i) => verdictOf(renewed[i])),
        redelivered,
        leaseMsMin: spans.length === 0 ? undefined : Math.min(...spans),
      };
    },
    stop: () => pending.stop(),
  };
}

/** Renews the leases of many workers in one statement; answers each with its rows in place. */
async function renewAll(db: Database, calls: readonly SyncCall[]): Promise<(RenewedRow | undefined)[][]> {
  const leases = calls.flatMap((call) => call.held);
  const rows: (RenewedRow | undefined)[] = leases.map(() => undefined);
  for (const row of await renewLeases(db, leases)) rows[Number(row.ord) - 1] = row;
  let next = 0;
  return calls.map(({ held }) => rows.slice(next, (next += held.length)));
}

function verdictOf(row: RenewedRow | undefined): SyncVerdict {
  if (row === undefined) return { isHeld: false };
  return {
    isHeld: true,
    deadline: instant(row.expires_at),
    isCancelling: row.is_cancelling,
    reason: row.cancel_reason ?? "",
  };
}

/** Tells progress that came too soon after the last: one timer for all jobs of this process, only while some wait. */
class PendingProgress {
  readonly #deps: SyncDeps;
  readonly #jobs = new Map<string, JobKey>();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(deps: SyncDeps) {
    this.#deps = deps;
  }

  add(leases: readonly DeclaredLease[]): void {
    for (const { tenant, jobId } of leases) this.#jobs.set(jobId, { tenant, id: jobId });
    if (this.#jobs.size > 0 && !this.#isStopped) this.#timer ??= setTimeout(() => void this.#tell(), PROGRESS_EVENT_MS + 1);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #tell(): Promise<void> {
    const { db, bell, log } = this.#deps;
    const keys = [...this.#jobs.values()];
    this.#jobs.clear();
    this.#timer = undefined;
    try {
      const told = await withSignal(undefined, () => tellPendingProgress(db, keys));
      bell.ring(told.map(({ id }) => jobTopic(id)));
    } catch (error) {
      // Nothing is lost: the value stands in the lease, and the reaper's round or the next sync tells it.
      log.warn({ err: error, jobCount: keys.length }, "Progress could not be told yet");
    }
  }
}
