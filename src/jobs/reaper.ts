/**
 * The round that every server makes each second, and that any one of them suffices for: leases that are over end, jobs
 * whose time has come become ready, progress that a lost server did not tell is told.
 *
 * Before anything is rescued the shared clock is touched. A gap in it means that no server ran, or that the database was
 * down: no worker could sync, so every lease is first extended by the gap and nothing healthy is lost to an outage.
 */
import type { Bell } from "../db/bell.ts";
import { type Database, withSignal } from "../db/database.ts";
import { beatClock, extendLeases, msUntilDue, promoteDueJobs } from "./dispatch-store.ts";
import { endJobs, type JobEnd, lockOverdueLeases, type LockedLease, type Requeue, requeueJobs } from "./finish-store.ts";
import { jobTopic, queueTopic } from "./job-topic.ts";
import { afterLoss, backoffMs, type Loss } from "./job.ts";
import { findStaleProgress, tellPendingProgress } from "./sync-store.ts";

const ROUND_MS = 1_000;
const OUTAGE_MS_MIN = 3_000;
const BATCH_COUNT_MAX = 100;
const PROMOTE_COUNT_MAX = 1_000;

/** What the reaper needs. */
export interface ReaperDeps {
  readonly db: Database;
  readonly bell: Bell;
  readonly log: { info(facts: object, message: string): void; warn(facts: object, message: string): void };
}

/** The running rounds. */
export interface Reaper {
  /** Ends after the round in progress. */
  stop(): Promise<void>;
}

/** Starts the rounds. */
export function openReaper(deps: ReaperDeps): Reaper {
  const stopped = new AbortController();
  const rounds = withSignal(undefined, () => reapUntil(deps, stopped.signal));
  return {
    async stop() {
      stopped.abort();
      await rounds;
    },
  };
}

async function reapUntil(deps: ReaperDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let pauseMs = ROUND_MS;
    try {
      pauseMs = await reapOnce(deps);
    } catch (error) {
      deps.log.warn({ err: error }, "A round of the reaper failed; the next one follows");
    }
    await pause(pauseMs, signal);
  }
}

/** Makes one round; answers how long to wait for the next, in milliseconds. */
export async function reapOnce(deps: ReaperDeps): Promise<number> {
  await outliveOutage(deps);
  while ((await rescue(deps)) === BATCH_COUNT_MAX);
  await promote(deps);
  await tellStaleProgress(deps);
  return Math.min(ROUND_MS, Math.max(10, (await msUntilDue(deps.db)) ?? ROUND_MS));
}

async function outliveOutage({ db, log }: ReaperDeps): Promise<void> {
  const { gapMs, leaseCount } = await db.transaction(async (tx) => {
    const gapMs = Math.ceil(await beatClock(tx));
    return { gapMs, leaseCount: gapMs > OUTAGE_MS_MIN ? await extendLeases(tx, gapMs) : 0 };
  });
  if (leaseCount > 0) log.info({ gapMs, leaseCount }, "No server ran for a while: all leases were extended by the gap");
}

/** Ends up to a batch of leases that are over; answers how many. */
async function rescue({ db, bell, log }: ReaperDeps): Promise<number> {
  const leases = await db.transaction(async (tx) => {
    const leases = await lockOverdueLeases(tx, BATCH_COUNT_MAX);
    const next = leases.map(afterOverdue);
    await endJobs(tx, next.filter((one): one is JobEnd => !isRequeue(one)));
    await requeueJobs(tx, next.filter(isRequeue));
    return leases;
  });
  if (leases.length > 0) log.info({ leaseCount: leases.length }, "Leases that were over have ended");
  bell.ring(leases.flatMap(({ tenant, id }) => [jobTopic(id.replaceAll("-", "")), queueTopic(tenant)]));
  return leases.length;
}

/** What becomes of a job whose lease is over. */
export function afterOverdue(lease: LockedLease): JobEnd | Requeue {
  const loss: Loss = lease.is_timed_out
    ? { cause: "timed_out", timeoutMs: Number(lease.timeout_ms) }
    : { cause: "lease_expired" };
  const { attempt, max_attempts: maxAttempts, is_cancelling: isCancelRequested } = lease;
  const aftermath = afterLoss(loss, { attempt, maxAttempts, isCancelRequested });
  const end = { lease, digest: undefined, errorMessage: undefined, cancelReason: undefined };
  if (aftermath.next === "cancelled") return { ...end, outcome: "cancelled", cancelReason: lease.cancel_reason ?? "" };
  if (aftermath.next === "failed") return { ...end, outcome: "failed", errorMessage: aftermath.error };
  return {
    lease,
    outcome: loss.cause === "timed_out" ? "timed_out" : "lease_expired",
    message: aftermath.error,
    delayMs: backoffMs(attempt, Math.random()),
    checkpoint: undefined,
    digest: undefined,
  };
}

/** Tells whether a job goes back to its queue rather than ends. */
export function isRequeue(next: JobEnd | Requeue): next is Requeue {
  return "delayMs" in next;
}

async function promote({ db, bell }: ReaperDeps): Promise<void> {
  for (;;) {
    const tenants = await promoteDueJobs(db, PROMOTE_COUNT_MAX);
    bell.ring(new Set(tenants.map(queueTopic)));
    if (tenants.length < PROMOTE_COUNT_MAX) return;
  }
}

async function tellStaleProgress({ db, bell }: ReaperDeps): Promise<void> {
  const stale = await findStaleProgress(db, BATCH_COUNT_MAX);
  if (stale.length === 0) return;
  const told = await tellPendingProgress(db, stale);
  bell.ring(told.map(({ id }) => jobTopic(id)));
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
  });
}
