/** What operators do to many jobs, or to one that ended: retry, purge, reconcile. */
import type { Bell } from "../db/bell.ts";
import type { Database, Tx } from "../db/database.ts";
import { Problem } from "../problem.ts";
import { failWaiting, lockWaiting, removeWaiting } from "./dispatch-store.ts";
import { jobNotFound } from "./finish-service.ts";
import { endJobs, lockLeaseOf, requeueJobs } from "./finish-store.ts";
import { countPurged, findRunning, findWaiting, purgeJobs, type PurgeFilter } from "./history-store.ts";
import { jobTopic, queueTopic } from "./job-topic.ts";
import { isTerminal, type Job } from "./job.ts";
import { findJob, type JobKey, jobOf } from "./job-store.ts";
import { afterOverdue, isRequeue } from "./reaper.ts";
import type { SubmitService } from "./submit-service.ts";

const PURGE_BATCH_COUNT = 500;
const RECONCILE_PAGE_COUNT = 200;
const ORPHANED = "orphaned: its worker is gone";
const FIRST_ID = "0".repeat(32);

/** Which jobs to reconcile. */
export type ReconcileScope = "expired_leases" | "running" | "all_non_terminal";

/** Looks after jobs in bulk. */
export interface UpkeepService {
  /** Submits an ended job's work again. Refuses with `ILLEGAL_STATE_TRANSITION` when it has not ended. */
  retryJob(key: JobKey): Promise<Job>;
  /** Removes ended jobs for good, in batches; answers how many. */
  purgeJobs(filter: PurgeFilter, isDryRun: boolean): Promise<number>;
  /** Ends or requeues jobs whose workers are gone; answers with the ids, at most 10,000 a call. */
  reconcile(order: { tenant: string; scope: ReconcileScope; reason: string; isDryRun: boolean }): Promise<string[]>;
}

/** How many jobs one call reconciles at most. */
export const RECONCILE_COUNT_MAX = 10_000;

/** What upkeep needs. */
export interface UpkeepDeps {
  readonly db: Database;
  readonly bell: Bell;
  readonly submits: SubmitService;
}

/** Opens the service. */
export function openUpkeepService({ db, bell, submits }: UpkeepDeps): UpkeepService {
  return {
    async retryJob(key) {
      const row = await findJob(db, key);
      if (row === undefined) throw jobNotFound(key.id);
      const job = jobOf(row);
      if (!isTerminal(job.status)) throw notEnded(job);
      return await submits.submitJob({
        ...job,
        held: false,
        runAfter: undefined,
        requestId: "",
        outputModelName: job.outputModel?.name ?? "",
        retryOf: job.id,
      });
    },

    async purgeJobs(filter, isDryRun) {
      if (isDryRun) return await countPurged(db, filter);
      let count = 0;
      for (;;) {
        const purged = await purgeJobs(db, filter, PURGE_BATCH_COUNT);
        count += purged;
        if (purged < PURGE_BATCH_COUNT) return count;
      }
    },

    async reconcile({ tenant, scope, reason, isDryRun }) {
      const ids: string[] = [];
      for await (const id of orphans(db, tenant, scope)) {
        const key = { tenant, id };
        const isDone = isDryRun || (await db.transaction((tx) => reconcileOne(tx, key, { scope, reason })));
        if (isDone) ids.push(id);
        if (isDone && !isDryRun) bell.ring([jobTopic(id), queueTopic(tenant)]);
        if (ids.length >= RECONCILE_COUNT_MAX) break;
      }
      return ids;
    },
  };
}

/** The jobs that a scope means, page by page. */
async function* orphans(db: Database, tenant: string, scope: ReconcileScope): AsyncGenerator<string> {
  const isExpired = scope === "expired_leases";
  yield* paged((afterId) => findRunning(db, tenant, { isExpired, afterId, countMax: RECONCILE_PAGE_COUNT }));
  if (scope === "all_non_terminal") yield* paged((afterId) => findWaiting(db, tenant, afterId, RECONCILE_PAGE_COUNT));
}

async function* paged(find: (afterId: string) => Promise<string[]>): AsyncGenerator<string> {
  for (let page = await find(FIRST_ID); page.length > 0; page = await find(page.at(-1)!)) yield* page;
}

/** Reconciles one job as it stands now; false when it no longer needs it. */
async function reconcileOne(
  tx: Tx,
  key: JobKey,
  { scope, reason }: { readonly scope: ReconcileScope; readonly reason: string },
): Promise<boolean> {
  const lease = await lockLeaseOf(tx, key);
  if (lease !== undefined) {
    if (scope === "expired_leases" && !lease.is_expired) return false;
    const next = scope === "expired_leases" ? afterOverdue(lease) : undefined;
    if (next && isRequeue(next)) await requeueJobs(tx, [next]);
    else if (next?.outcome === "cancelled") await endJobs(tx, [next]);
    else await endJobs(tx, [failed(lease, reason || next?.errorMessage || ORPHANED)]);
    return true;
  }
  if (scope !== "all_non_terminal" || !(await lockWaiting(tx, key))) return false;
  await removeWaiting(tx, key);
  return await failWaiting(tx, key, reason || ORPHANED);
}

function failed(lease: Parameters<typeof afterOverdue>[0], errorMessage: string) {
  return { lease, outcome: "failed", errorMessage, cancelReason: undefined, digest: undefined } as const;
}

function notEnded(job: Job): Problem {
  return new Problem(
    "ILLEGAL_STATE_TRANSITION",
    `Cannot retry job "${job.id}": it is ${job.status}; only a job that has ended can be run again`,
    { facts: { job_id: job.id, status: job.status } },
  );
}
