/**
 * The rules of a job: its states, what ends an attempt, what follows, and what progress and back-off mean.
 *
 * Pure: no clock, no database, no protobuf. `test/jobs/job.test.ts` tries every case.
 *
 * Invariants:
 *   - A terminal status has no way out.
 *   - Progress is a whole number from 0 to 100.
 *   - A job is running exactly while somebody holds its lease.
 */

/** The sorts of work, as stored. */
export const jobKinds = ["train", "backfill", "feature_refresh", "drift_compute"] as const;
export type JobKind = (typeof jobKinds)[number];

/** Where a job stands. */
export const jobStatuses = ["queued", "running", "completed", "failed", "cancelled"] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** How a job can end. */
export type JobOutcome = "completed" | "failed" | "cancelled";

// What Skardi calls two of the statuses.
const statusAliases: ReadonlyMap<string, JobStatus> = new Map([["pending", "queued"], ["succeeded", "completed"]]);

/** The status that a word means, `pending` and `succeeded` included; undefined for any other word. */
export function statusNamed(word: string): JobStatus | undefined {
  return jobStatuses.find((status) => status === word) ?? statusAliases.get(word);
}

/** Tells whether a status is final. */
export function isTerminal(status: JobStatus): status is JobOutcome {
  return status === "completed" || status === "failed" || status === "cancelled";
}

/** A model by name; version 0 is the newest, or the next. */
export interface ModelRef {
  readonly name: string;
  readonly version: number;
}

/** A job as it stands: its record, and its lease where one exists. Undefined means it has not happened or is not set. */
export interface Job {
  readonly tenant: string;
  /** 32 lower-case hex digits. */
  readonly id: string;
  readonly kind: JobKind;
  readonly name: string;
  readonly targetName: string;
  readonly status: JobStatus;
  readonly progress: number;
  readonly progressMessage: string;
  readonly specJson: string;
  readonly metricsJson: string | undefined;
  readonly errorMessage: string;
  readonly cancelReason: string;
  readonly rowsWritten: bigint | undefined;
  readonly snapshotId: string;
  readonly checkpoint: string;
  readonly priority: number;
  readonly held: boolean;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly workerId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly baseModel: ModelRef | undefined;
  readonly outputModel: ModelRef | undefined;
  readonly concurrencyKey: string;
  readonly requestId: string;
  readonly timeoutMs: number | undefined;
  readonly retryOf: string;
  readonly createdAt: Date;
  readonly runAfter: Date | undefined;
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  readonly leaseExpiresAt: Date | undefined;
  readonly eventSeq: bigint;
}

/** A right to run a job, as it is handed to a worker. */
export interface Lease {
  readonly job: Job;
  readonly leaseToken: string;
  readonly leaseMs: number;
  readonly deadline: Date;
}

/** Progress as it is stored: above 100 is 100. Negative numbers are refused before. */
export function storedProgress(progress: number): number {
  return Math.min(progress, 100);
}

/** The time a job took, in milliseconds: only when it started and ended, in that order. */
export function durationMs(startedAt: Date | undefined, finishedAt: Date | undefined): number | undefined {
  if (startedAt === undefined || finishedAt === undefined) return undefined;
  const span = finishedAt.getTime() - startedAt.getTime();
  return span < 0 ? undefined : span;
}

/** Why an attempt ended without a result. */
export type Loss =
  | { readonly cause: "reported"; readonly error: string; readonly isRetryable: boolean }
  | { readonly cause: "lease_expired" }
  | { readonly cause: "timed_out"; readonly timeoutMs: number };

/** What is known of the attempt that ended. */
export interface EndedAttempt {
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly isCancelRequested: boolean;
}

/** What becomes of a job whose attempt ended without a result. */
export type Aftermath =
  | { readonly next: "requeue"; readonly error: string }
  | { readonly next: "failed"; readonly error: string }
  | { readonly next: "cancelled" };

/** Decides whether an attempt that was lost is followed by another. */
export function afterLoss(loss: Loss, { attempt, maxAttempts, isCancelRequested }: EndedAttempt): Aftermath {
  if (isCancelRequested) return { next: "cancelled" };
  const isLast = attempt >= maxAttempts;
  if (loss.cause === "lease_expired") {
    return isLast
      ? { next: "failed", error: "lease expired after exhausting max attempts" }
      : { next: "requeue", error: "lease expired" };
  }
  const error = loss.cause === "timed_out" ? `job timed out after ${loss.timeoutMs}ms` : loss.error;
  const isFinal = isLast || (loss.cause === "reported" && !loss.isRetryable);
  return { next: isFinal ? "failed" : "requeue", error };
}

const BACKOFF_MS_MIN = 1_000;
const BACKOFF_MS_MAX = 300_000;

/**
 * How long a job waits before its next attempt: exponential in the attempts made, with full jitter (a uniform draw from
 * none to the whole span), so that jobs that failed together do not come back together.
 *
 * `draw` is a number from 0 to below 1.
 */
export function backoffMs(attempt: number, draw: number): number {
  return Math.floor(draw * Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(attempt - 1, 30)));
}

/**
 * How long a lease must have gone undeclared to count as lost on its way to the worker, at most a third of the lease.
 * Less, and a sync that crossed the answer on the wire would hand out work that is being finished.
 */
export const REDELIVERY_AGE_MS = 2_000;
