/**
 * Ends leases: the one statement that completes jobs, and the steps of a transaction for every other end.
 *
 * Deleting the lease by its token is the fence. Locks are taken lease first, record last.
 */
import { type SQL, sql } from "drizzle-orm";
import { array, type Runner, type Tx } from "../db/database.ts";
import { jobColumns, type JobKey, type JobRow } from "./job-store.ts";

/** A lease that a worker ends. */
export interface EndedLease {
  readonly tenant: string;
  readonly jobId: string;
  readonly leaseToken: string;
  /** Of the whole result: an identical re-send is known by it. */
  readonly digest: Uint8Array;
}

/** A completed job's results; undefined keeps what a sync stored. */
export interface Completion extends EndedLease {
  readonly metricsJson: string | undefined;
  readonly rowsWritten: bigint | undefined;
  readonly snapshotId: string;
}

// The last progress before an end is never lost (rule J40).
const pendingTold = sql.raw(`told AS (
  INSERT INTO job_events (tenant, job_id, seq, type, message, started_at, run_after, attempt, progress, held, worker_id,
    progress_message, checkpoint)
  SELECT e.tenant, e.job_id, e.event_seq + 1, 'progress', e.progress_message, e.started_at, j.run_after, e.attempt,
    e.progress, j.held, e.worker_id, e.progress_message, e.checkpoint
  FROM ended e JOIN jobs j ON j.tenant = e.tenant AND j.id = e.job_id WHERE e.progress_pending)`);

/**
 * Completes the jobs whose leases hold, in one statement; the others are left out of the answer.
 *
 * Progress that was not told yet is told before the end. Reads `job_leases_pkey` and `jobs_pkey` once per job.
 */
export async function completeJobs(runner: Runner, completions: readonly Completion[]): Promise<(JobRow & { ord: string })[]> {
  return await runner.run<JobRow & { ord: string }>(sql`
    WITH x AS MATERIALIZED (
      SELECT * FROM unnest(${completionColumns(completions)}) WITH ORDINALITY
        AS x(tenant, job_id, lease_token, digest, metrics_json, rows_written, snapshot_id, ord)
    ), ended AS (
      DELETE FROM job_leases l USING x
      WHERE l.tenant = x.tenant AND l.job_id = x.job_id AND l.lease_token = x.lease_token
      RETURNING l.*, x.ord, x.digest, x.metrics_json AS new_metrics_json, x.rows_written, x.snapshot_id
    ), ${pendingTold}
    UPDATE jobs j SET outcome = 'completed', progress = 100, finished_at = now(), attempt = e.attempt,
      event_seq = e.event_seq + 1 + e.progress_pending::int, leased_seq = e.leased_seq, started_at = e.started_at,
      worker_id = e.worker_id, lease_token = e.lease_token, result_digest = e.digest, checkpoint = e.checkpoint,
      progress_message = e.progress_message, metrics_json = coalesce(e.new_metrics_json, e.metrics_json, j.metrics_json),
      rows_written = e.rows_written, snapshot_id = e.snapshot_id, error_message = NULL
    FROM ended e
    WHERE j.tenant = e.tenant AND j.id = e.job_id
    RETURNING e.ord, j.tenant, j.id, j.kind, j.name, j.target_name, j.outcome, false AS is_leased, j.held, j.progress,
      j.priority, j.attempt, j.max_attempts, j.event_seq, j.created_at, j.run_after, j.started_at, j.finished_at,
      NULL AS expires_at, j.timeout_ms, j.lease_token, j.result_digest, j.retry_of, j.base_model_version,
      j.output_model_version, j.rows_written, j.worker_id, j.progress_message, j.error_message, j.cancel_reason,
      j.snapshot_id, j.checkpoint, j.concurrency_key, j.request_id, j.base_model_name, j.output_model_name, j.labels,
      j.spec_json, j.metrics_json`);
}

function completionColumns(completions: readonly Completion[]): SQL {
  return sql.join(
    [
      array(completions.map((one) => one.tenant), "text[]"),
      array(completions.map((one) => one.jobId), "uuid[]"),
      array(completions.map((one) => one.leaseToken), "uuid[]"),
      array(completions.map((one) => one.digest), "bytea[]"),
      array(completions.map((one) => one.metricsJson ?? null), "text[]"),
      // As text: there is no unsigned 64-bit type, and numeric takes any.
      sql`${array(completions.map((one) => one.rowsWritten?.toString() ?? null), "text[]")}::numeric[]`,
      array(completions.map((one) => one.snapshotId || null), "text[]"),
    ],
    sql`, `,
  );
}

/** A lease that is about to end, locked, with the facts of its job that decide what follows. */
export interface LockedLease extends JobRow {
  readonly job_id: string;
  readonly lease_token: string;
  readonly worker_id: string;
  readonly started_at: string;
  readonly leased_seq: string;
  readonly progress_pending: boolean;
  readonly is_cancelling: boolean;
  readonly is_expired: boolean;
  readonly is_timed_out: boolean;
  readonly is_cancel_overdue: boolean;
  /** What a sync said the worker must stop for. */
  readonly cancel_reason: string | null;
}

const lockedColumns = sql`${jobColumns}, l.job_id, l.leased_seq, l.progress_pending,
  l.cancel_deadline_at IS NOT NULL AS is_cancelling, l.expires_at < now() AS is_expired,
  coalesce(l.timeout_at < now(), false) AS is_timed_out,
  coalesce(l.cancel_deadline_at < now(), false) AS is_cancel_overdue`;

/** Locks leases by token, in the order of their jobs; those that are lost are left out. Reads `job_leases_pkey`. */
export async function lockLeases(tx: Tx, leases: readonly Omit<EndedLease, "digest">[]): Promise<LockedLease[]> {
  const tenants = array(leases.map((lease) => lease.tenant), "text[]");
  const ids = array(leases.map((lease) => lease.jobId), "uuid[]");
  const tokens = array(leases.map((lease) => lease.leaseToken), "uuid[]");
  return await tx.run<LockedLease>(sql`
    SELECT ${lockedColumns}
    FROM unnest(${tenants}, ${ids}, ${tokens}) AS x(tenant, job_id, lease_token)
    JOIN job_leases l ON l.tenant = x.tenant AND l.job_id = x.job_id AND l.lease_token = x.lease_token
    JOIN jobs j ON j.tenant = l.tenant AND j.id = l.job_id
    ORDER BY l.job_id FOR UPDATE OF l`);
}

/** Locks the lease of one job, whoever holds it. Reads `job_leases_pkey`. */
export async function lockLeaseOf(tx: Tx, { tenant, id }: JobKey): Promise<LockedLease | undefined> {
  const [lease] = await tx.run<LockedLease>(sql`
    SELECT ${lockedColumns}
    FROM job_leases l JOIN jobs j ON j.tenant = l.tenant AND j.id = l.job_id
    WHERE l.tenant = ${tenant} AND l.job_id = ${id}::uuid FOR UPDATE OF l`);
  return lease;
}

/**
 * Locks up to `countMax` leases that are over: expired, past their job's timeout, or past the grace of a cancel.
 *
 * Reads all of the small table of leases: an index on `expires_at` would cost every sync its in-place update. Rows that
 * others hold are skipped, and the condition is checked again on the row as locked.
 */
export async function lockOverdueLeases(tx: Tx, countMax: number): Promise<LockedLease[]> {
  return await tx.run<LockedLease>(sql`
    SELECT ${lockedColumns}
    FROM job_leases l JOIN jobs j ON j.tenant = l.tenant AND j.id = l.job_id
    WHERE l.expires_at < now() OR l.timeout_at < now() OR l.cancel_deadline_at < now()
    ORDER BY l.job_id LIMIT ${countMax} FOR UPDATE OF l SKIP LOCKED`);
}

/** An end of a job without a result. */
export interface JobEnd {
  readonly lease: LockedLease;
  readonly outcome: "failed" | "cancelled";
  readonly errorMessage: string | undefined;
  readonly cancelReason: string | undefined;
  /** Undefined when no worker's call ended it. */
  readonly digest: Uint8Array | undefined;
}

/** Ends jobs whose leases are locked: removes the lease, tells what was not told, writes the record for the last time. */
export async function endJobs(tx: Tx, ends: readonly JobEnd[]): Promise<void> {
  if (ends.length === 0) return;
  await tx.run(sql`
    WITH x AS MATERIALIZED (
      SELECT * FROM unnest(
        ${array(ends.map(({ lease }) => lease.tenant), "text[]")}, ${array(ends.map(({ lease }) => lease.job_id), "uuid[]")},
        ${array(ends.map((end) => end.outcome), "text[]")}, ${array(ends.map((end) => end.errorMessage ?? null), "text[]")},
        ${array(ends.map((end) => end.cancelReason ?? null), "text[]")},
        ${array(ends.map((end) => end.digest ?? null), "bytea[]")}) AS x(tenant, job_id, outcome, error, reason, digest)
    ), ended AS (
      DELETE FROM job_leases l USING x WHERE l.tenant = x.tenant AND l.job_id = x.job_id
      RETURNING l.*, x.outcome, x.error, x.reason, x.digest
    ), ${pendingTold}
    UPDATE jobs j SET outcome = e.outcome, error_message = e.error, cancel_reason = e.reason, finished_at = now(),
      event_seq = e.event_seq + 1 + e.progress_pending::int, leased_seq = e.leased_seq, attempt = e.attempt,
      started_at = e.started_at, worker_id = e.worker_id, lease_token = e.lease_token, result_digest = e.digest,
      progress = e.progress, progress_message = e.progress_message, checkpoint = e.checkpoint,
      metrics_json = coalesce(e.metrics_json, j.metrics_json)
    FROM ended e WHERE j.tenant = e.tenant AND j.id = e.job_id`);
}

/** A job that goes back to its queue. */
export interface Requeue {
  readonly lease: LockedLease;
  /** How the attempt ended. */
  readonly outcome: "failed" | "lease_expired" | "yielded" | "timed_out";
  readonly message: string;
  readonly delayMs: number;
  /** Replaces the lease's checkpoint when the worker handed one over with the job. */
  readonly checkpoint: string | undefined;
  readonly digest: Uint8Array | undefined;
}

const eventTypes: Record<Requeue["outcome"], string> = {
  failed: "retry_scheduled",
  timed_out: "retry_scheduled",
  lease_expired: "lease_expired",
  yielded: "yielded",
};

/**
 * Puts jobs whose leases are locked back into their queues: removes the lease, keeps the attempt, tells of it, and makes
 * the dispatch row: ready, scheduled when there is a delay, none while the job is held.
 *
 * A yielded attempt is not counted. Progress and start are reset; the newest checkpoint goes to the next worker.
 */
export async function requeueJobs(tx: Tx, requeues: readonly Requeue[]): Promise<void> {
  if (requeues.length === 0) return;
  await tx.run(sql`
    WITH x AS MATERIALIZED (
      SELECT * FROM unnest(${requeueColumns(requeues)}) AS x(tenant, job_id, outcome, type, message, delay_ms, checkpoint, digest)
    ), ended AS (
      DELETE FROM job_leases l USING x WHERE l.tenant = x.tenant AND l.job_id = x.job_id
      RETURNING l.*, x.outcome, x.type, x.message, x.digest, coalesce(x.checkpoint, l.checkpoint) AS last_checkpoint,
        CASE WHEN x.delay_ms > 0 THEN now() + x.delay_ms * interval '1 ms' END AS run_at,
        l.attempt - (x.outcome = 'yielded')::int AS attempts_spent
    ), ${pendingTold}, attempt AS (
      INSERT INTO job_attempts (tenant, job_id, leased_seq, attempt, lease_token, worker_id, started_at, outcome,
        last_progress, error_message, checkpoint, result_digest)
      SELECT tenant, job_id, leased_seq, attempt, lease_token, worker_id, started_at, outcome, progress, message,
        last_checkpoint, digest
      FROM ended
    ), record AS (
      UPDATE jobs j SET attempt = e.attempts_spent, event_seq = e.event_seq + 1 + e.progress_pending::int,
        checkpoint = e.last_checkpoint, run_after = coalesce(e.run_at, j.run_after), progress = 0, started_at = NULL,
        worker_id = NULL, progress_message = NULL, metrics_json = coalesce(e.metrics_json, j.metrics_json)
      FROM ended e WHERE j.tenant = e.tenant AND j.id = e.job_id
      RETURNING j.tenant, j.id, j.event_seq, j.kind, j.name, j.priority, j.concurrency_key, j.held, j.run_after, e.run_at, e.type,
        e.message, e.last_checkpoint, e.attempts_spent
    ), event AS (
      INSERT INTO job_events (tenant, job_id, seq, type, message, run_after, attempt, progress, held, checkpoint)
      SELECT tenant, id, event_seq, type, message, run_after, attempts_spent, 0, held, last_checkpoint FROM record
    ), scheduled AS (
      INSERT INTO scheduled_jobs (tenant, job_id, run_at)
      SELECT tenant, id, run_at FROM record WHERE run_at IS NOT NULL AND NOT held
    )
    INSERT INTO ready_jobs (tenant, job_id, kind, name, priority, concurrency_key)
    SELECT tenant, id, kind, name, priority, concurrency_key FROM record WHERE run_at IS NULL AND NOT held`);
}

function requeueColumns(requeues: readonly Requeue[]): SQL {
  return sql.join(
    [
      array(requeues.map(({ lease }) => lease.tenant), "text[]"),
      array(requeues.map(({ lease }) => lease.job_id), "uuid[]"),
      array(requeues.map((one) => one.outcome), "text[]"),
      array(requeues.map((one) => eventTypes[one.outcome]), "text[]"),
      array(requeues.map((one) => one.message), "text[]"),
      array(requeues.map((one) => one.delayMs), "bigint[]"),
      array(requeues.map((one) => one.checkpoint ?? null), "text[]"),
      array(requeues.map((one) => one.digest ?? null), "bytea[]"),
    ],
    sql`, `,
  );
}

/** An attempt that a token once stood for. */
export interface AttemptRow {
  readonly result_digest: Uint8Array | null;
}

/** Finds the ended attempt of a token. Reads `job_attempts_pkey` by job. */
export async function findAttempt(runner: Runner, lease: Omit<EndedLease, "digest">): Promise<AttemptRow | undefined> {
  const [row] = await runner.run<AttemptRow>(sql`
    SELECT result_digest FROM job_attempts
    WHERE tenant = ${lease.tenant} AND job_id = ${lease.jobId}::uuid AND lease_token = ${lease.leaseToken}::uuid`);
  return row;
}
