/**
 * Records results. Completions of all callers of a turn share one statement; every other end is a short transaction
 * that locks the leases, asks the rules what follows, and writes it. A result without a valid lease changes nothing:
 * an identical re-send is answered with the job, any other is noted in the log and refused.
 */
import { batched } from "../batch.ts";
import type { Bell } from "../db/bell.ts";
import { type Database, type Tx, withSignal } from "../db/database.ts";
import { Problem } from "../problem.ts";
import { lockRecord, type Remark, remarkOnEnded, remarkOnLease, remarkOnRecord } from "./event-store.ts";
import { jobTopic, queueTopic } from "./job-topic.ts";
import { afterLoss, backoffMs, type Job } from "./job.ts";
import { findJob, findJobs, type JobKey, jobOf, type JobRow } from "./job-store.ts";
import { lockWaiting } from "./dispatch-store.ts";
import {
  completeJobs,
  type Completion,
  type EndedLease,
  endJobs,
  findAttempt,
  type JobEnd,
  lockLeases,
  type LockedLease,
  type Requeue,
  requeueJobs,
} from "./finish-store.ts";

const LANE_COUNT = 2;
const BATCH_COUNT_MAX = 1_000;

/** How one job ended, as its worker says. */
export type Result =
  | (Completion & { readonly type: "completed" })
  | (EndedLease & {
      readonly type: "failed";
      readonly error: string;
      readonly isRetryable: boolean;
      /** Instead of the back-off. */
      readonly retryDelayMs: number | undefined;
    })
  | (EndedLease & { readonly type: "yielded"; readonly reason: string; readonly checkpoint: string | undefined })
  | (EndedLease & { readonly type: "cancelled" });

/** What became of one result: the job after it, or why it was not applied and the job as it stands. */
export interface FinishOutcome {
  readonly job: Job | undefined;
  readonly problem: Problem | undefined;
}

/** Finishes jobs. */
export interface FinishService {
  /** One outcome per result, in order; one that is refused does not touch the others. */
  finishJobs(results: readonly Result[]): Promise<FinishOutcome[]>;
}

/** Opens the service. */
export function openFinishService({ db, bell }: { readonly db: Database; readonly bell: Bell }): FinishService {
  const complete = batched((batch: readonly Completion[][]) => withSignal(undefined, () => completeAll(db, batch)), {
    laneCount: LANE_COUNT,
    itemCountMax: BATCH_COUNT_MAX,
  });

  return {
    async finishJobs(results) {
      const completions = results.filter((result) => result.type === "completed");
      const others = results.filter((result) => result.type !== "completed");
      const [completed, ended] = await Promise.all([
        completions.length === 0 ? [] : complete(completions),
        others.length === 0 ? [] : endLeases(db, others),
      ]);
      const applied = new Map<Result, JobRow | undefined>();
      completions.forEach((result, i) => applied.set(result, completed[i]));
      others.forEach((result, i) => applied.set(result, ended[i]));
      ringFor(bell, [...applied.values()]);
      return await Promise.all(
        results.map((result) => {
          const row = applied.get(result);
          return row === undefined ? withoutLease(db, bell, result) : { job: jobOf(row), problem: undefined };
        }),
      );
    },
  };
}

async function completeAll(db: Database, batch: readonly (readonly Completion[])[]): Promise<(JobRow | undefined)[][]> {
  const completions = batch.flat();
  const rows: (JobRow | undefined)[] = completions.map(() => undefined);
  for (const row of await completeJobs(db, completions)) rows[Number(row.ord) - 1] = row;
  let next = 0;
  return batch.map((part) => rows.slice(next, (next += part.length)));
}

type Ending = Exclude<Result, { type: "completed" }>;

/** Ends leases that did not complete, in one transaction; undefined where the lease is lost. */
async function endLeases(db: Database, results: readonly Ending[]): Promise<(JobRow | undefined)[]> {
  return await db.transaction(async (tx) => {
    const locked = new Map((await lockLeases(tx, results)).map((lease) => [lease.job_id.replaceAll("-", ""), lease]));
    const ends: JobEnd[] = [];
    const requeues: Requeue[] = [];
    for (const result of results) {
      const lease = locked.get(result.jobId);
      if (lease === undefined) continue;
      const next = afterResult(lease, result);
      if ("delayMs" in next) requeues.push(next);
      else ends.push(next);
    }
    await endJobs(tx, ends);
    await requeueJobs(tx, requeues);
    const keys = results.filter(({ jobId }) => locked.has(jobId)).map(({ tenant, jobId }) => ({ tenant, id: jobId }));
    const rows = new Map((await findJobs(tx, keys)).map((row) => [row.id.replaceAll("-", ""), row]));
    return results.map(({ jobId }) => rows.get(jobId));
  });
}

function afterResult(lease: LockedLease, result: Ending): JobEnd | Requeue {
  const { digest } = result;
  const cancelled = { lease, digest, outcome: "cancelled", errorMessage: undefined, cancelReason: lease.cancel_reason ?? "" } as const;
  if (result.type === "cancelled") return cancelled;
  if (result.type === "yielded") {
    if (lease.is_cancelling) return cancelled;
    return { lease, digest, outcome: "yielded", message: result.reason, delayMs: 0, checkpoint: result.checkpoint };
  }
  const aftermath = afterLoss(
    { cause: "reported", error: result.error, isRetryable: result.isRetryable },
    { attempt: lease.attempt, maxAttempts: lease.max_attempts, isCancelRequested: lease.is_cancelling },
  );
  if (aftermath.next === "cancelled") return cancelled;
  const { error } = aftermath;
  if (aftermath.next === "failed") return { lease, digest, outcome: "failed", errorMessage: error, cancelReason: undefined };
  const delayMs = result.retryDelayMs ?? backoffMs(lease.attempt, Math.random());
  return { lease, digest, outcome: "failed", message: error, delayMs, checkpoint: undefined };
}

/** Answers a result whose lease is gone. */
async function withoutLease(db: Database, bell: Bell, result: Result): Promise<FinishOutcome> {
  const key = { tenant: result.tenant, id: result.jobId };
  const row = await findJob(db, key);
  if (row === undefined) return { job: undefined, problem: jobNotFound(result.jobId) };
  const job = jobOf(row);
  const isLastLease = row.outcome !== null && row.lease_token?.replaceAll("-", "") === result.leaseToken;
  const attempt = isLastLease ? undefined : await findAttempt(db, result);
  const digest = isLastLease ? row.result_digest : attempt?.result_digest;
  if (digest && Buffer.from(digest).equals(result.digest)) return { job, problem: undefined };
  if (isLastLease && digest) return { job, problem: jobTerminal(job) };
  if (isLastLease || attempt !== undefined) {
    await remarkAnywhere(db, key, { type: "late_result_rejected", message: `A late result was rejected: ${result.type}` });
    bell.ring([jobTopic(job.id)]);
  }
  return { job, problem: leaseLost(job) };
}

/** Appends to a log wherever the job stands. It may move between two looks, so it is tried a few times. */
async function remarkAnywhere(db: Database, key: JobKey, remark: Remark): Promise<void> {
  await db.transaction(async (tx: Tx) => {
    for (let tries = 1; tries <= MOVES_MAX; tries++) {
      if (await remarkOnLease(tx, key, remark)) return;
      if ((await lockWaiting(tx, key)) && (await remarkOnRecord(tx, key, remark))) return;
      const record = await lockRecord(tx, key);
      if (record === undefined) return;
      if (record.is_ended) return await remarkOnEnded(tx, key, remark);
    }
  });
}

const MOVES_MAX = 8;

function ringFor(bell: Bell, rows: readonly (JobRow | undefined)[]): void {
  const topics = new Set<string>();
  for (const row of rows) {
    if (row === undefined) continue;
    topics.add(jobTopic(row.id.replaceAll("-", "")));
    // A requeued job is ready again; a finished one may have held back another of its concurrency key.
    if (row.outcome === null || row.concurrency_key !== null) topics.add(queueTopic(row.tenant));
  }
  bell.ring(topics);
}

/** The refusal of a job that is absent, or a peer's: the two look alike. */
export function jobNotFound(id: string): Problem {
  return new Problem("JOB_NOT_FOUND", `There is no job "${id}"`, { facts: { job_id: id } });
}

/** The refusal of a change to a job that has ended. */
export function jobTerminal(job: Job): Problem {
  return new Problem("JOB_TERMINAL", `Cannot change job "${job.id}": it is ${job.status}, and an ended job never changes again`, {
    facts: { job_id: job.id, status: job.status },
  });
}

function leaseLost(job: Job): Problem {
  return new Problem(
    "LEASE_LOST",
    `Cannot finish job "${job.id}": the lease is no longer held, and nothing was changed; stop this work`,
    { facts: { job_id: job.id, status: job.status } },
  );
}
